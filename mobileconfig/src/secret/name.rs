//! Keys outside of Apple's schema, told by their names.

/// Parts of names, in lower case and without punctuation, whose values are secrets.
const PARTS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "challenge",
    "token",
    "credential",
    "privatekey",
    "presharedkey",
    "sharedkey",
    "apikey",
    "authkey",
    "authenticationkey",
    "accesskey",
    "accountkey",
    "activationkey",
    "connectkey",
    "encryptionkey",
    "enrollmentkey",
    "enrolmentkey",
    "installkey",
    "licencekey",
    "licensekey",
    "masterkey",
    "recoverykey",
    "registrationkey",
    "signingkey",
    "wepkey",
    "wpakey",
    "sessioncookie",
];

/// Ends of names.
const ENDS: &[&str] = &[
    "header",
    "headers",
    "headerfields",
    "authorization",
    "authorisation",
    "psk",
];

/// Words of names.
const WORDS: &[&str] = &["psk", "otp", "jwt", "bearer", "cookie", "cookies"];

/// Last words of names.
const LAST_WORDS: &[&str] = &["pass", "pin"];

/// True if a key's name says that its value is a secret.
pub(super) fn is_secret(key: &str) -> bool {
    // No name is that long; a text that stands for one is not worth its time.
    let key = match key.char_indices().nth(256) {
        Some((end, _)) => &key[..end],
        None => key,
    };
    let folded: String = key
        .chars()
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let words = words(key);
    let is_one_of = |word: &str, list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w));
    PARTS.iter().any(|part| folded.contains(part))
        || ENDS.iter().any(|end| folded.ends_with(end))
        || words.iter().any(|word| is_one_of(word, WORDS))
        || words.last().is_some_and(|word| is_one_of(word, LAST_WORDS))
}

/// The words of a name, which punctuation parts and capitals begin: `userPIN` has two, `VPNPIN` one.
fn words(key: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for part in key.split(|char: char| !char.is_alphanumeric()) {
        let (mut start, mut before) = (0, None);
        for (at, char) in part.char_indices() {
            if char.is_uppercase() && before.is_some_and(|before: char| !before.is_uppercase()) {
                words.push(&part[start..at]);
                start = at;
            }
            before = Some(char);
        }
        if start < part.len() {
            words.push(&part[start..]);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_spelling() {
        for key in [
            "Challenge",
            "XAuthPassword",
            "passwd",
            "adminPwd",
            "pwd",
            "psk",
            "WPAPSK",
            "wifi-psk",
            "SharedSecret",
            "client_secret",
            "RegistrationToken",
            "auth_key",
            "x-api-key",
            "AuthKey",
            "credential",
            "header",
            "HTTPHeaders",
            "Authorization",
            "userPIN",
            "smtp_pass",
            "OTP",
        ] {
            assert!(is_secret(key), "{key}");
        }
    }

    #[test]
    fn names_that_only_hold_the_letters_are_left_alone() {
        for key in [
            "PinnedCertificates",
            "domainRealmMapping",
            "Shipping",
            "Passive",
            "PassThrough",
            "HeaderColor",
            "PublicKey",
            "sortKey",
            "Authentication",
            "KeyUsage",
            "",
            "ключ",
        ] {
            assert!(!is_secret(key), "{key}");
        }
    }
}
