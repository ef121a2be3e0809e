//! Plans as values: what they say to people and to machines.
#![allow(clippy::unwrap_used)]

mod support;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jumpcloud_mdm::{
    Error, PackageStatus,
    deploy::{
        self, Desired, DesiredSoftware, Observed, ObservedPolicy, ObservedSoftware, Package, Plan,
        Problem, Template,
    },
};
use serde_json::json;
use support::{PACKAGE, PROFILE, desired, key};

fn observed() -> Observed {
    Observed {
        organization: Some("5f00000000000000000000aa".into()),
        template: Some(Template::new("t1", "f1").redispatch_field("f2")),
        groups: [("macOS pilot".to_owned(), "g1".to_owned())].into(),
        ..Observed::default()
    }
}

/// The world after a deployment of another generation, from another URL, bound to another group too.
fn deployed_before() -> Observed {
    let old = PROFILE.replace("7C9E6679", "8C9E6679");
    Observed {
        policies: vec![ObservedPolicy {
            policy: serde_json::from_value(json!({"id": "p1", "name": "Okta device trust", "template": {"id": "t1"},
                "notes": "deployed-by: device-trust", "values": [
                    {"configFieldID": "f1", "configFieldName": "payload", "value": STANDARD.encode(old)},
                    {"configFieldID": "f2", "configFieldName": "redispatchPolicy", "value": true}]}))
            .unwrap(),
            groups: ["g1".to_owned(), "g7".to_owned()].into(),
            systems: ["s9".to_owned()].into(),
        }],
        software: vec![ObservedSoftware {
            app: serde_json::from_value(json!({"id": "a1", "displayName": "Okta Verify", "settings": [
                {"packageManager": "APPLE_CUSTOM", "packageId": "okta-verify", "desiredState": "Install",
                 "location": "https://example.com/old.pkg", "description": "deployed-by: device-trust"}]}))
            .unwrap(),
            groups: ["g1".to_owned()].into(),
        }],
        ..observed()
    }
}

#[test]
fn a_plan_reads_well_and_survives_json() {
    let plan = deploy::plan(&desired(), &deployed_before(), &key()).unwrap();
    insta::assert_snapshot!(plan);
    insta::assert_json_snapshot!(plan);
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    plan.check(&desired(), &key()).unwrap();
}

#[test]
fn an_app_store_app_is_bound_and_never_created() {
    let desired = Desired::new("device-trust").software(
        DesiredSoftware::new("Okta Verify", Package::vpp("490179405")).device_group("macOS pilot"),
    );
    let error = deploy::plan(&desired, &observed(), &key()).unwrap_err();
    assert!(
        error.to_string().contains("Apple Business Manager"),
        "{error}"
    );

    let mut world = observed();
    world.software.push(ObservedSoftware {
        app: serde_json::from_value(json!({"id": "a1", "displayName": "Okta Verify (ABM)",
            "settings": [{"packageManager": "APPLE_VPP", "packageId": "490179405"}]}))
        .unwrap(),
        groups: Default::default(),
    });
    let plan = deploy::plan(&desired, &world, &key()).unwrap();
    insta::assert_snapshot!(plan);
}

#[test]
fn a_stored_package_is_bound_when_jumpcloud_has_checked_it_and_never_created() {
    let desired = Desired::new("device-trust").software(
        DesiredSoftware::new("Okta Verify", Package::stored("AA00")).device_group("macOS pilot"),
    );
    let planned = |sum: &str, status: Option<&str>| {
        let mut world = observed();
        world.software.push(ObservedSoftware {
            app: serde_json::from_value(
                json!({"id": "a1", "displayName": "Okta Verify", "settings": [{
                "packageManager": "APPLE_CUSTOM", "storedPackage": {"versions": [
                    {"version": 1, "sha256sum": "aa00", "status": "AVAILABLE"},
                    {"version": 2, "sha256sum": sum, "status": status}]}}]}),
            )
            .unwrap(),
            groups: Default::default(),
        });
        deploy::plan(&desired, &world, &key())
    };
    let problems = |planned: Result<Plan, Error>| match planned {
        Err(Error::Refused { problems }) => problems,
        other => panic!("{other:?}"),
    };
    let (software, sha256) = ("Okta Verify".to_owned(), "AA00".to_owned());
    let absent = [Problem::NotStored {
        software: software.clone(),
        sha256,
    }];
    assert_eq!(
        problems(deploy::plan(&desired, &observed(), &key())),
        absent
    );
    // The newest version is another file.
    assert_eq!(problems(planned("bb00", Some("AVAILABLE"))), absent);
    for status in [
        Some(PackageStatus::Pending),
        Some(PackageStatus::Rejected),
        None,
    ] {
        let text = status.as_ref().map(PackageStatus::as_str);
        let found = problems(planned("aa00", text));
        let software = software.clone();
        assert_eq!(found, [Problem::NotAvailable { software, status }]);
    }
    let plan = planned("aa00", Some("AVAILABLE")).unwrap();
    let steps: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
    assert_eq!(
        steps,
        ["+ software `Okta Verify`: bind to device group `macOS pilot`"]
    );
    assert_eq!(plan.unchanged, ["software `Okta Verify`"]);
}

#[test]
fn a_desired_read_back_from_json_needs_its_profile_again() {
    let json = serde_json::to_string(&desired()).unwrap();
    let back: Desired = serde_json::from_str(&json).unwrap();
    let error = deploy::plan(&back, &observed(), &key()).unwrap_err();
    assert!(error.to_string().contains("give them again"), "{error}");
}

#[test]
fn a_signed_url_does_not_reach_the_plan() {
    let mut desired = desired();
    desired.software[0].package = Package::custom("x", format!("{PACKAGE}?signature=canary"));
    let plan = deploy::plan(&desired, &observed(), &key()).unwrap();
    let shown = format!("{plan} {plan:?} {}", serde_json::to_string(&plan).unwrap());
    assert!(!shown.contains("canary"));
}

#[test]
fn two_desires_of_one_name_and_a_template_of_another_kind_are_refused_together() {
    let mut twice = desired();
    twice.profiles.push(twice.profiles[0].clone());
    let mut world = deployed_before();
    world.policies[0].policy.template.as_mut().unwrap().id = "t9".into();
    let error = deploy::plan(&twice, &world, &key())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("desired twice") && error.contains("another template"),
        "{error}"
    );
}
