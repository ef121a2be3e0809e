//! What the program makes of inputs that are not as they should be: `-`, profiles that are not whole, odd documents.

use crate::{Folder, profile};

/// The profile without its `PayloadIdentifier` and without the `PayloadUUID` of its first payload.
fn rough() -> Vec<u8> {
    let mut value = profile().to_value();
    let keys = value.as_dictionary_mut().unwrap();
    keys.remove("PayloadIdentifier");
    let payloads = keys.get_mut("PayloadContent").unwrap();
    let first = payloads.as_array_mut().unwrap()[0].as_dictionary_mut();
    first.unwrap().remove("PayloadUUID");
    mobileconfig::to_xml(value).unwrap()
}

#[test]
fn a_dash_is_the_standard_input() {
    let folder = Folder::new();
    let xml = profile().to_xml().unwrap();
    for (arguments, code) in [
        (&["show", "-"][..], 0),
        (&["lint", "-"], 0),
        (&["diff", "-", "profile"], 0),
        (&["diff", "profile", "-"], 0),
        (
            &["sign", "-", "--identity", "signer.pem", "-o", "signed"],
            0,
        ),
        (
            &["encrypt", "-", "--recipient", "device.crt", "-o", "sealed"],
            0,
        ),
        (&["diff", "-", "-"], 2),
        (&["verify", "-"], 2),
        (&["sign", "-", "--identity", "-"], 2),
        (&["verify", "-", "--root", "-"], 2),
        (&["verify", "-", "--signer", "-"], 2),
    ] {
        let run = folder.run_with(&xml, arguments);
        assert_eq!(run.code, code, "{arguments:?} {run:?}");
        if code == 2 {
            assert!(run.err.contains("standard input"), "{run:?}");
        }
    }
    let signed = std::fs::read(folder.path("signed")).unwrap();
    let run = folder.run_with(signed, &["verify", "-", "--root", "signer.crt"]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn show_prints_what_is_there_and_notes_what_is_missing() {
    let folder = Folder::new();
    folder.write("rough", rough());
    let run = folder.run(&["show", "rough"]);
    assert_eq!(run.code, 0, "{run:?}");
    for line in [
        "note: PayloadIdentifier is missing\n",
        "note: PayloadContent[0].PayloadUUID is missing\n",
        "com.apple.security.pkcs12 (org.example.demo.identity)\n",
        "PayloadOrganization: Example Org\n",
    ] {
        assert!(run.out.contains(line), "{line}: {}", run.out);
    }
    assert!(!run.out.contains("\nPayloadIdentifier:"), "{}", run.out);
    assert!(!run.out.contains("hunter2"));
    for form in ["--xml", "--json"] {
        let run = folder.run(&["show", "rough", form]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.contains("[redacted]") && !run.out.contains("hunter2"));
        assert!(
            run.err
                .contains("rough: note: PayloadIdentifier is missing"),
            "{run:?}"
        );
    }
}

#[test]
fn lint_reports_what_is_missing_and_ends_with_1() {
    let folder = Folder::new();
    let run = folder.run_with(rough(), &["lint", "-"]);
    assert_eq!(run.code, 1, "{run:?}");
    for path in ["PayloadIdentifier", "PayloadContent[0].PayloadUUID"] {
        assert!(
            run.out.contains(&format!("error[missing-key] {path}:")),
            "{run:?}"
        );
    }
}

#[test]
fn diff_compares_what_is_there() {
    let folder = Folder::new();
    folder.write("rough", rough());
    let run = folder.run(&["diff", "profile", "rough"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(run.out.lines().count(), 3, "{run:?}");
    assert!(
        run.out
            .starts_with("- PayloadIdentifier: \"org.example.demo\"\n"),
        "{run:?}"
    );
    assert!(
        run.err
            .contains("rough: note: PayloadIdentifier is missing\n"),
        "{run:?}"
    );
    assert_eq!(folder.run(&["diff", "rough", "rough"]).code, 0);

    let json = folder.run(&["diff", "profile", "rough", "--json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["changes"].as_array().unwrap().len(), 2);
    assert_eq!(json["missing"]["old"], serde_json::json!([]));
    assert_eq!(
        json["missing"]["new"],
        serde_json::json!(["PayloadIdentifier", "PayloadContent[0].PayloadUUID"])
    );
}

#[test]
fn the_secret_of_a_payload_without_type_stays_masked() {
    let folder = Folder::new();
    let payload = |identifier: &str| {
        format!(
            "<plist><dict><key>PayloadType</key><string>Configuration</string><key>PayloadContent</key><array><dict>\
             <key>ClientIdentifier</key><string>{identifier}</string><key>Password</key><string>{identifier}</string>\
             </dict></array></dict></plist>"
        )
    };
    folder.write("a", payload("hunter2"));
    folder.write("b", payload("swordfish"));
    for command in [
        &["show", "a"][..],
        &["show", "a", "--xml"],
        &["show", "a", "--json"],
        &["diff", "a", "b"],
        &["diff", "a", "b", "--json"],
        &["lint", "a"],
    ] {
        let run = folder.run(command);
        assert!(run.out.contains("ClientIdentifier") || command[0] == "lint");
        for secret in ["hunter2", "swordfish"] {
            assert!(
                !run.out.contains(secret) && !run.err.contains(secret),
                "{run:?}"
            );
        }
    }
}

#[test]
fn each_kind_of_rewriting_is_forgiven_by_name() {
    let folder = Folder::new();
    let mut stored = profile();
    stored.uuid = "4C5A154A-4B1C-4B0E-9A3E-6A1E5A3C0A01".into();
    stored.organization = Some("Example MDM".into());
    stored.payloads.reverse();
    folder.write("stored", stored.to_xml().unwrap());
    for (arguments, lines) in [
        (&[][..], 2),
        (&["--allow", "uuid"], 1),
        (&["--allow", "uuid,organization"], 0),
        (&["--exact", "--allow", "uuid,organization"], 2),
        (&["--exact", "--allow", "uuid,organization,order"], 0),
        (&["--mdm"], 0),
    ] {
        let run = folder.run(&[&["diff", "profile", "stored"], arguments].concat());
        assert_eq!(run.out.lines().count(), lines, "{arguments:?} {run:?}");
        assert_eq!(run.code, i32::from(lines > 0));
    }
    for bad in [
        &["--mdm", "--allow", "uuid"][..],
        &["--allow", "name"],
        &["--mdm", "--exact"],
    ] {
        assert_eq!(
            folder
                .run(&[&["diff", "profile", "stored"], bad].concat())
                .code,
            2
        );
    }
}

#[test]
fn what_is_no_profile_at_all_ends_with_2() {
    let folder = Folder::new();
    folder.write("list", "<plist><array/></plist>");
    folder.write("other", "<plist><dict><key>A</key><true/></dict></plist>");
    for command in [
        &["show", "list"][..],
        &["show", "other"],
        &["diff", "profile", "list"],
        &["diff", "other", "profile"],
        &["sign", "other", "--identity", "signer.pem"],
    ] {
        let run = folder.run(command);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{command:?} {run:?}");
    }
}

#[test]
fn an_item_that_is_no_payload_is_shown_and_compared_as_it_is() {
    let folder = Folder::new();
    let mut value = profile().to_value();
    let keys = value.as_dictionary_mut().unwrap();
    let payloads = keys
        .get_mut("PayloadContent")
        .unwrap()
        .as_array_mut()
        .unwrap();
    payloads.push("stray".into());
    folder.write("stray", mobileconfig::to_xml(value).unwrap());
    let show = folder.run(&["show", "stray"]);
    assert!(
        show.code == 0 && show.out.contains("PayloadContent[2]: stray"),
        "{show:?}"
    );
    let diff = folder.run(&["diff", "profile", "stray"]);
    assert_eq!(diff.code, 1);
    assert!(
        diff.out.contains("stray") && !diff.out.contains("hunter2"),
        "{diff:?}"
    );
    assert_eq!(folder.run(&["diff", "stray", "stray"]).code, 0);
    assert_eq!(folder.run(&["lint", "stray"]).code, 1);
}

#[test]
fn lint_says_what_is_odd_about_the_document() {
    let folder = Folder::new();
    let odd = [b"\xef\xbb\xbf", &profile().to_xml().unwrap()[..]].concat();
    folder.write("odd", odd);
    let people = folder.run(&["lint", "odd"]);
    assert!(
        people.code == 0 && people.out.contains("info[byte-order-mark] profile: "),
        "{people:?}"
    );
    let json = folder.run(&["lint", "odd", "--json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let codes: Vec<_> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["code"])
        .collect();
    assert!(codes.contains(&&"byte-order-mark".into()), "{codes:?}");
    let sarif = folder.run(&["lint", "odd", "--sarif"]).out;
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let mark = results
        .iter()
        .find(|result| result["ruleId"] == "byte-order-mark");
    assert_eq!(mark.unwrap()["level"], "note");
}

#[test]
fn encrypted_payloads_do_not_pass_for_checked_ones() {
    let folder = Folder::new();
    let seal = [
        "encrypt",
        "profile",
        "--recipient",
        "device.crt",
        "-o",
        "sealed",
    ];
    assert_eq!(folder.run(&seal).code, 0);
    let run = folder.run(&["lint", "sealed"]);
    assert!(
        run.code == 0
            && run
                .out
                .contains("info[payloads-encrypted] EncryptedPayloadContent: "),
        "{run:?}"
    );
    let show = folder.run(&["show", "sealed"]);
    assert!(
        show.code == 0 && !show.out.contains("is missing"),
        "{show:?}"
    );
}
