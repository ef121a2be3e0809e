//! Linting ends, and what it gives can be rendered, whatever the property list is and whatever it is meant for.
//!
//! The first byte says for what: system (bits 0 to 2), user channel (3), supervised (4), signed (5), delivery (6 and 7);
//! the second is the version. The property list follows.
#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use mobileconfig::lint::{Channel, Delivery, Findings, Linter, Target, output};
use mobileconfig::schema::Os;
use scep_profile::lint::{Mdm, ScepRule};

fn target(first: u8, version: u8) -> Target {
    let system = Os::ALL[usize::from(first & 7) % Os::ALL.len()];
    let version = version.to_string().parse().expect("a number is a version");
    let channel = if first & 8 == 0 {
        Channel::Device
    } else {
        Channel::User
    };
    let delivery = match first >> 6 {
        0 => Delivery::Mdm,
        1 => Delivery::Manual,
        _ => Delivery::UserApprovedMdm,
    };
    Target::new(system, version)
        .channel(channel)
        .supervised(first & 16 != 0)
        .signed(first & 32 != 0)
        .delivery(delivery)
        // The same input gives the same findings at any time.
        .at(UNIX_EPOCH + Duration::from_secs(1_893_456_000))
}

fuzz_target!(|bytes: &[u8]| {
    let [first, version, bytes @ ..] = bytes else {
        return;
    };
    let linter = Linter::new().rule(ScepRule::new().mdm(Mdm::JumpCloud));
    let Ok(findings) = linter.lint_document(bytes, &target(*first, *version)) else {
        return;
    };
    // One that counts the others, and one for each note of the reader.
    assert!(findings.len() <= 3 * Findings::MAX_FINDINGS + 1 + 8);
    let _ = output::text(&findings)
        + &output::json(&findings)
        + &output::sarif(&linter, Some("a"), &findings);
});
