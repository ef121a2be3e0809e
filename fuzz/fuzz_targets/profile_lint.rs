//! Linting ends, and what it gives can be rendered, whatever the property list is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mobileconfig::lint::{Linter, Target, output};
use scep_profile::lint::{Mdm, ScepRule};

fuzz_target!(|bytes: &[u8]| {
    let (linter, target) = (
        Linter::new().rule(ScepRule::new().mdm(Mdm::JumpCloud)),
        "macos-15".parse::<Target>().expect("a target"),
    );
    let Ok(findings) = linter.lint_document(bytes, &target) else {
        return;
    };
    let _ = output::text(&findings)
        + &output::json(&findings)
        + &output::sarif(&linter, Some("a"), &findings);
});
