//! `CAFingerprint`: bytes, and how many of them.

use super::{Found, Place, codes, is_modern};
use crate::Fingerprint;
use mobileconfig::lint::{Finding, Severity, Target};
use mobileconfig::schema::Os;
use plist::Value;

const KEY: &str = "CAFingerprint";
const MEND: &str = "write the bytes of the SHA-256 fingerprint, 32 of them, in base64";

pub(super) fn check(place: &Place<'_>, target: &Target, findings: &mut Found) {
    match place.keys.get(KEY) {
        Some(Value::String(text)) => {
            findings.supersede(&place.path(KEY));
            findings.add(of_text(place, text, "it stands in <string>"));
        }
        Some(Value::Data(bytes)) => match text_of(bytes) {
            Some(text) => {
                let found = format!("<data> holds {} bytes of text", bytes.len());
                findings.add(of_text(place, text, &found));
            }
            None => check_length(place, bytes.len(), target, findings),
        },
        _ => {}
    }
}

/// The text of a fingerprint that somebody put into `<data>`: hex digits, with colons or not, or once more base64.
/// Thirty-two of them are the text of MD5: as the bytes of SHA-256 nobody will ever see only hex digits.
fn text_of(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let digit = |byte: u8| byte.is_ascii_hexdigit() || b": -\r\n".contains(&byte);
    let hex = text.len() > 20 && text.bytes().all(digit);
    (hex || Fingerprint::parse(text).is_ok()).then_some(text)
}

fn of_text(place: &Place<'_>, text: &str, found: &str) -> Finding {
    let mend = Fingerprint::parse(text).map_or_else(
        |_| MEND.to_owned(),
        |meant| format!("write <data>{}</data>", meant.base64()),
    );
    Finding::new(
        codes::FINGERPRINT_TEXT,
        place.path(KEY),
        format!("{found}, and macOS compares bytes: no CA ever matches"),
        mend,
    )
}

fn check_length(place: &Place<'_>, length: usize, target: &Target, findings: &mut Found) {
    let modern = is_modern(target);
    let system = format!("{} {}", target.os, target.version);
    let of_length = |message: String, mend: &str| {
        Finding::new(codes::FINGERPRINT_LENGTH, place.path(KEY), message, mend)
    };
    findings.add(match length {
        32 if modern => return,
        20 if !modern || target.os != Os::MacOs => return,
        20 => Finding::new(
            codes::FINGERPRINT_SHA1,
            place.path(KEY),
            "20 bytes: SHA-1, which only macOS 12 and earlier need",
            "use SHA-256 unless older Macs get the same profile",
        ),
        16 => of_length("16 bytes: MD5, which can be forged".to_owned(), MEND),
        28 | 48 | 64 if modern => of_length(
            format!("{length} bytes: {system} takes them, other systems and servers may not"),
            MEND,
        )
        .severity(Severity::Info),
        28 | 32 | 48 | 64 => of_length(
            format!("{length} bytes: {system} takes SHA-1 only"),
            "write the 20 bytes of the SHA-1 fingerprint for these",
        ),
        other => of_length(format!("{other} bytes are of no digest"), MEND),
    });
}
