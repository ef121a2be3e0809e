//! Identifiers and secrets of the shapes the vendors use.

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Random bytes from the system's generator.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "aws-lc aborts rather than fail to give random bytes"
    )]
    rand::fill(&mut bytes).expect("the system's random generator");
    bytes
}

/// `length` characters of `[0-9A-Za-z]`.
pub(crate) fn alphanumeric(length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        // 62 × 4 = 248: bytes above are dropped so that no character is likelier.
        text.extend(
            bytes::<32>()
                .into_iter()
                .filter(|byte| *byte < 248)
                .map(|byte| char::from(ALPHANUMERIC[usize::from(byte % 62)])),
        );
    }
    text.truncate(length);
    text
}

/// An identifier of Okta's shape: a three-letter prefix and 17 alphanumerics.
pub(crate) fn okta_id(prefix: &str) -> String {
    format!("{prefix}{}", alphanumeric(20 - prefix.len().min(20)))
}

/// 40 upper-case hexadecimal digits: the CA's id in a SCEP URL.
pub(crate) fn ca_id() -> String {
    hex::encode_upper(bytes::<20>())
}

/// 256 bits in base64url: 43 characters, as Okta's SCEP secret keys.
pub(crate) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<32>())
}
