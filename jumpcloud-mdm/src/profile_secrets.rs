//! The secrets inside a profile. What is secret is judged in one place, by [`mobileconfig::Profile::redacted`]: what
//! it masks is what is collected here, so that a server that quotes it can be silenced.

use mobileconfig::{Profile, plist::Value};

/// The secret texts of a profile, data as base64; none when it is no profile.
pub(crate) fn texts(profile: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(profile) = Profile::from_bytes(profile) {
        collect(
            &profile.to_value(),
            profile.redacted().to_value(),
            &mut found,
        );
    }
    found
}

fn collect(clear: &Value, masked: &Value, found: &mut Vec<String>) {
    match (clear, masked) {
        (Value::Dictionary(clear), Value::Dictionary(masked)) => {
            for (key, value) in clear {
                if let Some(masked) = masked.get(key) {
                    collect(value, masked, found);
                }
            }
        }
        (Value::Array(clear), Value::Array(masked)) => {
            for (value, masked) in clear.iter().zip(masked) {
                collect(value, masked, found);
            }
        }
        (Value::String(text), masked) if masked.as_string() != Some(text) => {
            found.push(text.clone());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::PROFILE;

    #[test]
    fn the_challenge_is_found_and_nothing_else() {
        assert_eq!(texts(PROFILE.as_bytes()), ["canary-challenge"]);
        assert!(texts(b"not a profile").is_empty());
    }
}
