//! The ways people and programs write a fingerprint.

use super::{Fingerprint, FingerprintAlgorithm};
use crate::error::{Error, Field};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

pub(super) fn parse(text: &str) -> Result<Fingerprint, Error> {
    let (named, digits) = split_label(text.trim());
    let fingerprint = match digits_to_bytes(digits, named) {
        Some(bytes) => Fingerprint::from_bytes(&bytes)?,
        None if digits.is_empty() => {
            return Err(refuse("it is empty", "give it, or leave the option out"));
        }
        None => {
            return Err(refuse(
                "neither hex nor base64",
                "paste what `openssl x509 -noout -fingerprint -sha256 -in ca.pem` prints",
            ));
        }
    };
    match named {
        Some(named) if named != fingerprint.algorithm => Err(refuse(
            &format!(
                "labelled {named}, which has {} bytes, but {} follow",
                named.len(),
                fingerprint.bytes.len()
            ),
            "check that nothing was cut off when it was copied",
        )),
        _ => Ok(fingerprint),
    }
}

/// Splits off a label like `sha256 Fingerprint=` or `SHA-1:`; a base64 text that begins alike is left whole.
fn split_label(text: &str) -> (Option<FingerprintAlgorithm>, &str) {
    let strip = |text: &'_ str, word: &str| -> Option<usize> {
        text.get(..word.len())
            .filter(|head| head.eq_ignore_ascii_case(word))
            .map(|_| word.len())
    };
    let named = [
        ("sha1", FingerprintAlgorithm::Sha1),
        ("sha-1", FingerprintAlgorithm::Sha1),
        ("sha224", FingerprintAlgorithm::Sha224),
        ("sha-224", FingerprintAlgorithm::Sha224),
        ("sha256", FingerprintAlgorithm::Sha256),
        ("sha-256", FingerprintAlgorithm::Sha256),
        ("sha384", FingerprintAlgorithm::Sha384),
        ("sha-384", FingerprintAlgorithm::Sha384),
        ("sha512", FingerprintAlgorithm::Sha512),
        ("sha-512", FingerprintAlgorithm::Sha512),
    ]
    .into_iter()
    .find_map(|(word, algorithm)| strip(text, word).map(|len| (algorithm, len)));
    let after_name = named.map_or(text, |(_, len)| &text[len..]);
    let trimmed = after_name.trim_start();
    let after_word =
        strip(trimmed, "fingerprint").map_or(trimmed, |len| trimmed[len..].trim_start());
    let labelled = after_word.len() < text.len();
    match after_word.strip_prefix(['=', ':']) {
        Some(digits) if labelled => (named.map(|(algorithm, _)| algorithm), digits.trim_start()),
        // A blank is label enough after an algorithm: `SHA-256 AA:BB`, our own Display form.
        None if named.is_some() && after_name.starts_with(char::is_whitespace) => {
            (named.map(|(algorithm, _)| algorithm), after_word)
        }
        _ => (None, text),
    }
}

/// Hex comes first: 64 hex digits are also base64 for 48 bytes, but nobody means that unless the label says SHA-384.
fn digits_to_bytes(digits: &str, named: Option<FingerprintAlgorithm>) -> Option<Vec<u8>> {
    if digits.is_empty() {
        return None;
    }
    let separator = |character: char| character.is_whitespace() || matches!(character, ':' | '-');
    let hex: String = digits
        .chars()
        .filter(|character| !separator(*character))
        .collect();
    let from_hex = hex::decode(&hex).ok();
    match (from_hex, named) {
        (Some(bytes), Some(named)) if bytes.len() != named.len() => {
            let meant = from_base64(digits).filter(|bytes| bytes.len() == named.len());
            meant.or(Some(bytes))
        }
        (Some(bytes), _) => Some(bytes),
        (None, _) => from_base64(digits),
    }
}

fn from_base64(digits: &str) -> Option<Vec<u8>> {
    let base64: String = digits
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(false);
    [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(&base64).ok())
}

fn refuse(problem: &str, mend: &str) -> Error {
    Error::new(Field::Fingerprint, problem, mend)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_fingerprint() -> impl Strategy<Value = Fingerprint> {
        prop::sample::select(FingerprintAlgorithm::ALL.to_vec())
            .prop_flat_map(|algorithm| prop::collection::vec(any::<u8>(), algorithm.len()))
            .prop_map(|bytes| Fingerprint::from_bytes(&bytes).unwrap())
    }

    proptest! {
        #[test]
        fn every_spelling_gives_the_same_fingerprint(fingerprint in any_fingerprint()) {
            let name = fingerprint.algorithm().to_string();
            let bare = name.replace('-', "");
            let (colon, hex, base64) = (fingerprint.colon_hex(), fingerprint.hex(), fingerprint.base64());
            for spelling in [
                format!("{} Fingerprint={colon}\n", bare.to_lowercase()),
                format!("{bare} Fingerprint={colon}"),
                format!("{name}: {hex}"),
                format!("Fingerprint={colon}"),
                format!("{name}:{base64}"),
                format!(" {} ", colon.to_lowercase()),
                colon.replace(':', " "),
                hex.to_uppercase(),
                base64.trim_end_matches('=').to_owned(),
                base64.replace('+', "-").replace('/', "_"),
                fingerprint.to_string(),
                hex,
                base64,
            ] {
                prop_assert_eq!(parse(&spelling).unwrap(), fingerprint.clone(), "{}", spelling);
            }
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "(sha1|SHA-256|sha512)?( Fingerprint)?[=: ]?.*") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn what_cannot_match_is_refused_with_the_mend() {
        let error = |text: &str| parse(text).unwrap_err().to_string();
        assert!(error(&"ab".repeat(16)).contains("MD5"));
        assert!(
            error(&"ab".repeat(31))
                .starts_with("CAFingerprint: 31 bytes; a SHA-256 fingerprint has 32")
        );
        assert!(error("").contains("empty"));
        assert!(error("not a fingerprint").contains("openssl x509"));
        assert!(error(&format!("sha1 Fingerprint={}", "ab".repeat(32))).contains("labelled SHA-1"));
    }

    /// Found by fuzzing: 48 bytes whose base64 has 64 characters, all of them hex digits.
    #[test]
    fn base64_of_sha_384_that_looks_like_hex_of_sha_256_is_told_by_its_label() {
        let sha384 = Fingerprint::from_bytes(&[0x77; 48]).unwrap();
        let base64 = sha384.base64();
        assert_eq!(parse(&format!("SHA-384: {base64}")).unwrap(), sha384);
        let unlabelled = parse(&base64).unwrap();
        assert_eq!(unlabelled.algorithm(), FingerprintAlgorithm::Sha256);
    }

    #[test]
    fn base64_of_the_hex_text_is_not_taken_for_sha_512() {
        use base64::engine::general_purpose::STANDARD;
        let text = STANDARD.encode("ab".repeat(32));
        assert!(
            parse(&text)
                .unwrap_err()
                .to_string()
                .contains("spell a fingerprint in hex")
        );
    }
}
