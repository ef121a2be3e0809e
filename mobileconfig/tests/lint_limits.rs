//! Linting what nobody wrote by hand, and dictionaries that are open to everybody.
#![cfg(feature = "lint")]
#![allow(clippy::unwrap_used)]

use mobileconfig::lint::{Finding, Findings, Linter, Target, output};
use mobileconfig::{Limits, read_plist};

fn lint(payload_type: &str, keys: &str) -> Vec<Finding> {
    let xml = format!(
        "<plist><dict><key>PayloadType</key><string>Configuration</string><key>PayloadIdentifier</key>\
         <string>org.example</string><key>PayloadUUID</key><string>5D3BA154-4B1C-4B0E-9A3E-6A1E5A3C0A01</string>\
         <key>PayloadVersion</key><integer>1</integer><key>PayloadContent</key><array><dict><key>PayloadType</key>\
         <string>{payload_type}</string><key>PayloadIdentifier</key><string>org.example.a</string>\
         <key>PayloadUUID</key><string>5D3BA154-4B1C-4B0E-9A3E-6A1E5A3C0A02</string><key>PayloadVersion</key>\
         <integer>1</integer>{keys}</dict></array></dict></plist>"
    );
    let (value, _) = read_plist(xml, &Limits::default()).unwrap();
    Linter::new().lint_plist(&value, &"macos-15".parse::<Target>().unwrap())
}

#[test]
fn a_vendors_keys_are_its_own_and_those_apple_names_have_their_types() {
    let vpn = |vendor_keys: &str| {
        lint(
            "com.apple.vpn.managed",
            &format!(
                "<key>VPNType</key><string>VPN</string><key>UserDefinedName</key><string>Work</string>\
                 <key>VendorConfig</key><dict>{vendor_keys}</dict>"
            ),
        )
    };
    assert_eq!(
        vpn("<key>Groups</key><array/><key>profile</key><dict><key>a</key><true/></dict>"),
        []
    );
    let found = vpn("<key>Group</key><array/>");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, "wrong-type");
    assert_eq!(found[0].path, "PayloadContent[0].VendorConfig.Group");
}

#[test]
fn a_thousand_findings_are_enough_and_the_rest_is_counted() {
    let unknown: String = (0..5000)
        .map(|index| format!("<key>nobodys{index}</key><true/>"))
        .collect();
    let found = lint("com.apple.security.scep", &unknown);
    // First the one error, which came last: SCEP's own keys are missing.
    assert_eq!(found[0].code, "missing-key");
    let unknown = found.iter().filter(|finding| finding.code == "unknown-key");
    assert_eq!(unknown.count(), Findings::MAX_FINDINGS);
    let last = found.last().unwrap();
    assert_eq!(last.code, "more-findings");
    assert!(last.message.contains("4000 infos"), "{last}");
    // Those who read the report by machine are told as well.
    let sarif = output::sarif(&Linter::new(), Some("a.mobileconfig"), &found);
    assert!(sarif.contains("\"more-findings\""));
}

#[test]
fn a_slip_is_found_among_hundreds_of_names_and_after_thousands_no_more() {
    let names = |count: usize| -> String {
        (0..count)
            .map(|index| format!("<key>other{index}</key><true/>"))
            .collect()
    };
    let slip = "<key>PayloadContnet</key><dict/>";
    let is_seen = |count| {
        lint("com.apple.security.scep", &(names(count) + slip))
            .iter()
            .any(|finding| finding.code == "misspelt-key")
    };
    assert!(is_seen(900));
    assert!(!is_seen(3000));
}

#[test]
fn a_name_as_long_as_a_book_is_cut_in_every_finding() {
    let name = "n".repeat(100_000);
    let found = lint(
        "com.apple.security.root",
        &format!("<key>{name}</key><dict><key>password</key><string>x</string></dict>"),
    );
    assert!(found.len() >= 2);
    for finding in found {
        assert!(finding.to_string().len() < 1000, "{}", finding.code);
    }
}
