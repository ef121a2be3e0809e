//! Differences between profiles: by payload, masked, and with what servers rewrite kept apart.
#![allow(missing_docs, clippy::unwrap_used)]

use mobileconfig::diff::{ChangeKind, Diff, Rewrite, Rules};
use mobileconfig::identity_preference::IdentityPreference;
use mobileconfig::notifications::{AppNotifications, NotificationSettings};
use mobileconfig::pkcs12::Pkcs12;
use mobileconfig::service_management::{Rule, ServiceManagement};
use mobileconfig::{Payload, Profile};
use plist::{Dictionary, Value};
use proptest::prelude::*;

fn profile() -> Profile {
    let builder = Profile::builder("Example Org", "org.example.trust");
    let identity = builder.payload_uuid("identity", 0);
    builder
        .display_name("Trust")
        .add("identity", &Pkcs12::new(vec![0x30; 9]).password("hunter2"))
        .add(
            "login-items",
            &ServiceManagement::new([Rule::team_identifier("B7F62B65BN")]),
        )
        .add(
            "notifications",
            &NotificationSettings::new([AppNotifications::new("com.okta.mobile")]),
        )
        .add(
            "preference",
            &IdentityPreference::new("https://example.org", identity),
        )
        .build()
        .unwrap()
}

/// As a server may store it: new identifiers and UUIDs with the reference following, another order, more keys.
fn rewritten() -> Profile {
    let mut stored = profile();
    stored.identifier = "4C5A".into();
    stored.uuid = "4c5a".into();
    stored.organization = Some("Example MDM".into());
    stored.removal_disallowed = Some(true);
    for (index, payload) in stored.payloads.iter_mut().enumerate() {
        payload.identifier = format!("4C5A.{index}");
        payload.uuid = format!("uuid-{index}");
        payload.content.insert("PayloadEnabled".into(), true.into());
    }
    stored.payloads[3]
        .content
        .insert("PayloadCertificateUUID".into(), "UUID-0".into());
    stored.payloads.reverse();
    stored
}

#[test]
fn equal_profiles_do_not_differ_in_whatever_order() {
    let mut turned = profile();
    turned.payloads.reverse();
    assert_eq!(
        Diff::of(&profile(), &profile(), &Rules::exact()),
        Diff::default()
    );
    assert!(Diff::of(&profile(), &turned, &Rules::strict()).is_empty());
    let exact = Diff::of(&profile(), &turned, &Rules::exact());
    assert!(!exact.is_empty());
    assert!(
        exact
            .changes
            .iter()
            .all(|change| change.kind == ChangeKind::Moved)
    );
}

#[test]
fn one_payload_at_another_place_is_one_move() {
    let mut moved = profile();
    let first = moved.payloads.remove(0);
    moved.payloads.push(first);
    let diff = Diff::of(&profile(), &moved, &Rules::exact());
    assert_eq!(
        diff.to_string(),
        "com.apple.security.pkcs12 (org.example.trust.identity)\n  moved from place 1 to 4\n"
    );
}

#[test]
fn what_an_mdm_server_rewrites_is_kept_apart_and_references_follow() {
    let diff = Diff::of(&profile(), &rewritten(), &Rules::mdm());
    assert!(diff.is_empty(), "{diff}");
    let reference = diff
        .rewrites
        .iter()
        .find(|change| change.path == "PayloadCertificateUUID")
        .unwrap();
    assert_eq!(reference.rewrite, Some(Rewrite::Uuid));
    assert!(format!("{diff:#}").contains("put down to the MDM server"));
}

#[test]
fn a_forbidden_rewrite_counts() {
    let rules = Rules::mdm().forbid(Rewrite::RemovalDisallowed);
    let diff = Diff::of(&profile(), &rewritten(), &rules);
    assert_eq!(diff.to_string(), "+ PayloadRemovalDisallowed: true\n");
}

#[test]
fn a_real_change_is_found_among_rewrites() {
    let mut stored = rewritten();
    let items = stored
        .payloads
        .iter_mut()
        .find(|payload| payload.payload_type == "com.apple.servicemanagement")
        .unwrap();
    let Some(Value::Array(rules)) = items.content.get_mut("Rules") else {
        panic!("no rules");
    };
    let Some(Value::Dictionary(rule)) = rules.get_mut(0) else {
        panic!("no rule");
    };
    rule.insert("RuleValue".into(), "OTHERTEAM1".into());
    assert_eq!(
        Diff::of(&profile(), &stored, &Rules::mdm()).to_string(),
        "com.apple.servicemanagement (4C5A.1)\n  ~ Rules[0].RuleValue: \"B7F62B65BN\" -> \"OTHERTEAM1\"\n"
    );
}

#[test]
fn a_reference_to_another_payload_is_a_change() {
    let mut stored = rewritten();
    let preference = &mut stored.payloads[0];
    preference
        .content
        .insert("PayloadCertificateUUID".into(), "UUID-1".into());
    let diff = Diff::of(&profile(), &stored, &Rules::mdm());
    assert_eq!(diff.changes.len(), 1);
    assert_eq!(diff.changes[0].path, "PayloadCertificateUUID");
}

#[test]
fn another_identifier_is_another_payload_to_a_device() {
    let mut renamed = profile();
    renamed.payloads[1].identifier = "org.example.trust.other".into();
    let diff = Diff::of(&profile(), &renamed, &Rules::strict());
    let kinds: Vec<_> = diff
        .changes
        .iter()
        .map(|change| match change.kind {
            ChangeKind::Added { .. } => "added",
            ChangeKind::Removed { .. } => "removed",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["removed", "added"]);
}

#[test]
fn secrets_that_differ_show_that_and_nothing_more() {
    let mut other = profile();
    other.payloads[0]
        .content
        .insert("Password".into(), "swordfish".into());
    let diff = Diff::of(&profile(), &other, &Rules::strict());
    let json = serde_json::to_string(&diff).unwrap();
    let shown = format!("{diff}{diff:#}{diff:?}{json}");
    assert!(
        diff.to_string()
            .contains("~ Password: [redacted] -> [redacted] (another)")
    );
    assert!(!shown.contains("hunter2") && !shown.contains("swordfish"));

    other.payloads.remove(0);
    let removed = Diff::of(&profile(), &other, &Rules::strict());
    assert!(!format!("{removed} {removed:?}").contains("hunter2"));
}

#[test]
fn json_names_payload_path_and_kind() {
    let mut other = profile();
    other.payloads[2].display_name = Some("Notes".into());
    let diff = Diff::of(&profile(), &other, &Rules::strict());
    let json: serde_json::Value = serde_json::to_value(&diff).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "changes": [{
                "payload": {
                    "type": "com.apple.notificationsettings",
                    "identifier": "org.example.trust.notifications",
                    "display_name": "Notes",
                    "old_index": 2,
                    "new_index": 2,
                },
                "path": "PayloadDisplayName",
                "change": "added",
                "new": "Notes",
            }],
            "rewrites": [],
        })
    );
}

#[test]
fn a_list_that_grew_at_the_front_is_compared_from_both_ends() {
    let team = Rule::team_identifier;
    let with = |rules: Vec<Rule>| {
        Profile::builder("Example Org", "org.example.trust")
            .add("login-items", &ServiceManagement::new(rules))
            .build()
            .unwrap()
    };
    let diff = Diff::of(
        &with(vec![team("AAAAAAAAAA")]),
        &with(vec![team("BBBBBBBBBB"), team("AAAAAAAAAA")]),
        &Rules::strict(),
    );
    assert_eq!(diff.changes.len(), 1);
    assert_eq!(diff.changes[0].path, "Rules[0]");
}

#[test]
fn a_signed_document_differs_by_its_envelope() {
    let plain = include_bytes!("data/plain.mobileconfig");
    let signed = include_bytes!("data/signed.der.mobileconfig");
    let diff = Diff::of_documents(plain, signed, &Rules::strict()).unwrap();
    assert_eq!(
        diff.to_string(),
        "~ (envelope): \"not signed\" -> \"signed\"\n"
    );
    assert!(
        Diff::of_documents(plain, signed, &Rules::mdm())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_value_cannot_pretend_to_be_a_line() {
    let mut other = profile();
    other.display_name = Some("x\n+ Forged: true".into());
    other.extra.insert("Key\n- Forged".into(), "[a\nb]".into());
    let text = Diff::of(&profile(), &other, &Rules::strict()).to_string();
    assert_eq!(text.lines().count(), 2, "{text}");
}

fn payloads() -> impl Strategy<Value = Vec<Payload>> {
    let payload = (0..3_u8, 0..3_u8, 0..3_u8, 0..3_u8).prop_map(|(kind, id, uuid, value)| {
        let mut content = Dictionary::new();
        content.insert("Value".into(), i64::from(value).into());
        Payload::new(
            format!("type-{kind}"),
            format!("id-{id}"),
            format!("uuid-{uuid}"),
            content,
        )
    });
    prop::collection::vec(payload, 0..5)
}

proptest! {
    #[test]
    fn nothing_differs_exactly_when_the_profiles_are_semantically_equal(
        old in payloads(),
        new in payloads(),
    ) {
        let with = |payloads| {
            let mut profile = profile();
            profile.payloads = payloads;
            profile
        };
        let (old, new) = (with(old), with(new));
        prop_assert_eq!(Diff::of(&old, &new, &Rules::strict()).is_empty(), old.semantic_eq(&new));
        prop_assert!(Diff::of(&old, &old, &Rules::exact()).is_empty());
        // No payload is lost: each is in a pair, or reported as added or removed.
        let diff = Diff::of(&old, &new, &Rules::mdm());
        let count = |wanted: fn(&ChangeKind) -> bool| {
            diff.changes.iter().filter(|change| change.path.is_empty() && wanted(&change.kind)).count()
        };
        let added = count(|kind| matches!(kind, ChangeKind::Added { .. }));
        let removed = count(|kind| matches!(kind, ChangeKind::Removed { .. }));
        prop_assert_eq!(old.payloads.len() - removed, new.payloads.len() - added);
    }
}
