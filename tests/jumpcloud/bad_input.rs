//! Bad input and a world that refuses: each gives a typed error that says what to do, and writes nothing.

use std::time::Duration;

use device_trust_sandbox::{Effect, Fault, PILOT_DEVICE_GROUP, Sandbox, Seed, Side};
use device_trust_tests::jumpcloud::{POLICY, desired};
use jumpcloud_mdm::{
    CUSTOM_MDM_PROFILE_DARWIN, Error, Filter, JumpCloud, NewDeviceGroup, NewPolicy, PackageUpload,
    PolicyValue, Region,
    deploy::{self, Desired, DesiredProfile, DesiredSoftware, Package},
};
use serde_json::json;

use crate::support::{generation, key, quick, region, sandbox, sandbox_with, writes};

async fn deploy(client: &JumpCloud, desired: &Desired) -> Result<(), Error> {
    let observed = deploy::observe(client, desired).await?;
    let plan = deploy::plan(desired, &observed, &key())?;
    deploy::apply(client, &plan, desired, &key(), |_| {}).await?;
    Ok(())
}

/// Deploys, and gives the error after looking that nothing was written.
async fn refused(sandbox: &Sandbox, client: &JumpCloud, desired: &Desired) -> Error {
    let before = writes(sandbox);
    let error = deploy(client, desired).await.unwrap_err();
    assert_eq!(writes(sandbox), before, "{error}");
    error
}

fn the_only_problem(error: &Error) -> String {
    match error {
        Error::Refused { problems } if problems.len() == 1 => problems[0].to_string(),
        other => panic!("{other}"),
    }
}

#[test]
fn an_unknown_region_is_refused_and_the_known_ones_are_named() {
    let error = "mars".parse::<Region>().unwrap_err();
    assert!(matches!(&error, Error::Input { field, .. } if field == "region"));
    for part in ["mars", "us, eu or in"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    for (name, region) in Region::ALL {
        assert_eq!(name.to_uppercase().parse::<Region>().unwrap(), region);
        for url in [
            region.console_url(),
            region.insights_url(),
            region.token_url(),
        ] {
            assert_eq!(url.contains(".in."), region == Region::In, "{url}");
            assert_eq!(url.contains(".eu."), region == Region::Eu, "{url}");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_unauthorized_and_is_not_shown() {
    let (sandbox, _) = sandbox().await;
    let client = JumpCloud::new(region(&sandbox), "canary-key".into()).unwrap();
    let error = refused(&sandbox, &client, &desired(1)).await;
    assert!(matches!(error, Error::Unauthorized { .. }), "{error}");
    assert!(
        error.to_string().contains("check the key, the region"),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[tokio::test]
async fn an_organisation_that_the_key_does_not_reach_is_forbidden_and_an_unknown_one_not_found() {
    let (sandbox, client) = sandbox().await;
    let id = sandbox.shared().world().add_organization(&Seed::default());
    sandbox
        .shared()
        .world()
        .more_organizations
        .get_mut(&id)
        .unwrap()
        .refuse_everything(403);
    let denied = client.for_organization(&id).unwrap();
    let error = refused(&sandbox, &denied, &desired(1)).await;
    assert!(matches!(error, Error::Forbidden { .. }), "{error}");
    assert!(
        error.to_string().contains("check the organisation id"),
        "{error}"
    );
    let unknown = client.for_organization("5f00000000000000000000aa").unwrap();
    let error = refused(&sandbox, &unknown, &desired(1)).await;
    assert!(error.is_not_found(), "{error}");
    let malformed = client.for_organization("Globex").unwrap_err();
    assert!(matches!(&malformed, Error::Input { field, .. } if field == "org_id"));
    // Without one, an administrator of several is told to choose.
    let error = refused(&sandbox, &client, &desired(1)).await;
    assert!(
        matches!(&error, Error::Input { field, message } if field == "org_id" && message.contains(&id)),
        "{error}"
    );
}

#[tokio::test]
async fn without_apple_mdm_the_template_is_missing_and_the_error_says_where_to_set_it_up() {
    let (sandbox, client) = sandbox_with(Seed {
        apple_mdm: false,
        ..Seed::default()
    })
    .await;
    let error = refused(&sandbox, &client, &desired(1)).await;
    assert!(
        matches!(&error, Error::TemplateMissing { name } if name == CUSTOM_MDM_PROFILE_DARWIN),
        "{error}"
    );
    assert!(
        error.to_string().contains("Device Management > MDM"),
        "{error}"
    );
}

#[tokio::test]
async fn a_name_clash_is_refused_before_and_during_the_run() {
    let (sandbox, client) = sandbox().await;
    let template = client
        .policy_template_named(CUSTOM_MDM_PROFILE_DARWIN)
        .await
        .unwrap();
    let by_hand = NewPolicy {
        name: POLICY.into(),
        template_id: template.id.clone(),
        values: vec![PolicyValue::new(
            template.field("payload").unwrap(),
            "PHBsaXN0Lz4=",
        )],
        notes: None,
    };
    let wanted = desired(1);
    let observed = deploy::observe(&client, &wanted).await.unwrap();
    let plan = deploy::plan(&wanted, &observed, &key()).unwrap();
    client.create_policy(&by_hand).await.unwrap();
    // It came after the plan.
    let error = deploy::apply(&client, &plan, &wanted, &key(), |_| {})
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Stale { object, .. } if object.contains(POLICY)),
        "{error}"
    );
    let error = refused(&sandbox, &client, &wanted).await;
    let problem = the_only_problem(&error);
    assert!(
        problem.contains("choose another name or adopt it"),
        "{problem}"
    );
    let error = client.create_policy(&by_hand).await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
}

#[tokio::test]
async fn a_comma_in_a_name_is_no_filter_and_is_deployed_all_the_same() {
    let error = Filter::eq("name", "Berlin, Munich").unwrap_err();
    assert!(matches!(&error, Error::Input { field, .. } if field == "filter"));
    let (sandbox, client) = sandbox().await;
    let group = "Macs: Berlin, Munich";
    client
        .create_device_group(&NewDeviceGroup::new(group))
        .await
        .unwrap();
    let comma = Desired::new("device-trust")
        .profile(DesiredProfile::new("Trust: Berlin, Munich*", generation(1)).device_group(group));
    deploy(&client, &comma).await.unwrap();
    let before = writes(&sandbox).len();
    deploy(&client, &comma).await.unwrap();
    assert_eq!(writes(&sandbox).len(), before);
}

#[tokio::test]
async fn a_missing_device_group_is_named() {
    let (sandbox, client) = sandbox().await;
    let mut wanted = desired(1);
    wanted.profiles[0].device_groups = vec!["macOS Pilot".into()];
    let error = refused(&sandbox, &client, &wanted).await;
    assert!(the_only_problem(&error).contains("device group `macOS Pilot`: there is none"));
}

#[tokio::test]
async fn a_profile_that_is_too_large_is_told_with_its_size() {
    let (sandbox, client) = sandbox().await;
    sandbox.arm(Fault::on(
        Side::JumpCloud,
        "POST",
        "/api/v2/policies",
        Effect::Status(413),
    ));
    let error = deploy(&client, &desired(1)).await.unwrap_err();
    let Error::TooLarge { bytes, .. } = &error else {
        panic!("{error}")
    };
    assert!(*bytes > generation(1).len());
    assert!(error.is_invalid() && !error.is_ambiguous());
    assert!(
        error.to_string().contains("make the profile smaller"),
        "{error}"
    );
}

#[tokio::test]
async fn a_package_that_is_not_https_is_refused_and_its_address_not_shown() {
    let (sandbox, client) = sandbox().await;
    for url in [
        "http://example.com/OktaVerify.pkg?sig=canary",
        "ftp://example.com/a.pkg",
        "OktaVerify.pkg",
    ] {
        let software = DesiredSoftware::new("Okta Verify", Package::custom("okta-verify", url))
            .device_group(PILOT_DEVICE_GROUP);
        let wanted = Desired::new("device-trust").software(software);
        let error = refused(&sandbox, &client, &wanted).await;
        let problem = the_only_problem(&error);
        assert!(problem.contains("must be https"), "{problem}");
        assert!(!problem.contains("canary"), "{problem}");
    }
}

#[tokio::test]
async fn an_upload_that_jumpcloud_rejects_says_why_and_what_a_package_must_be() {
    let (sandbox, client) = sandbox().await;
    sandbox
        .shared()
        .world()
        .jumpcloud
        .reject_uploads("the package is not signed");
    let package =
        PackageUpload::new("Okta Verify", "OktaVerify.pkg", b"unsigned".to_vec()).unwrap();
    for _ in 0..2 {
        let error = client
            .upload_package(&package, Duration::from_secs(60))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, Error::UploadRejected { reason, .. } if reason == "the package is not signed"),
            "{error}"
        );
        assert!(
            error.to_string().contains("product archive signed"),
            "{error}"
        );
    }
    let error = PackageUpload::new("Okta Verify", "OktaVerify.dmg", b"x".to_vec()).unwrap_err();
    assert!(matches!(&error, Error::Input { field, .. } if field == "package"));
    let uploads = sandbox
        .requests()
        .iter()
        .filter(|one| one.path.starts_with("/object-storage/"))
        .count();
    assert_eq!(uploads, 1, "a rejected file is not sent again");
}

#[tokio::test]
async fn an_upload_carries_no_key_and_survives_a_storage_in_trouble() {
    for effect in [Effect::Status(503), Effect::Reset, Effect::LoseAnswer] {
        let (sandbox, client) = sandbox().await;
        let path = "/object-storage/*";
        sandbox.arm(Fault::on(Side::JumpCloud, "PUT", path, effect.clone()));
        let package =
            PackageUpload::new("Okta Verify", "OktaVerify.pkg", b"bytes".to_vec()).unwrap();
        // The sandbox's storage refuses a request with a key.
        let app = client
            .upload_package(&package, Duration::from_secs(60))
            .await
            .unwrap_or_else(|error| panic!("{effect:?}: {error}"));
        let version = app.settings.as_deref().unwrap()[0]
            .stored_version()
            .unwrap();
        assert_eq!(version.size, Some(5));
        let apps = client.software_apps_named("Okta Verify").await.unwrap();
        assert_eq!(apps.len(), 1, "{effect:?}");
    }
    let (sandbox, client) = sandbox().await;
    let path = "/object-storage/*";
    sandbox.arm(Fault::on(Side::JumpCloud, "PUT", path, Effect::Status(403)));
    let package = PackageUpload::new("Okta Verify", "OktaVerify.pkg", b"bytes".to_vec()).unwrap();
    let error = client
        .upload_package(&package, Duration::from_secs(60))
        .await
        .unwrap_err();
    assert!(matches!(&error, Error::Upload { .. }), "{error}");
    assert!(error.to_string().contains("answers 403"), "{error}");
}

/// SHA-256 of `bytes`.
const SUM: &str = "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9";

#[tokio::test]
async fn a_package_that_another_announced_is_waited_for_told_of_and_not_touched() {
    let (sandbox, client) = sandbox().await;
    let by_hand = json!({"displayName": "Okta Verify", "settings": [{"packageManager": "APPLE_CUSTOM",
        "desiredState": "INSTALL", "storedPackage": {"versions": [{"name": "OktaVerify.pkg", "version": 1, "size": 5,
        "sha256sum": SUM}]}}]});
    let announced = client.create_software_app(&by_hand).await.unwrap();
    let before = writes(&sandbox);
    let package = PackageUpload::new("Okta Verify", "OktaVerify.pkg", b"bytes".to_vec()).unwrap();
    let upload = async || {
        client
            .upload_package(&package, Duration::from_millis(300))
            .await
    };
    let error = upload().await.unwrap_err();
    let said = format!("waits for the bytes of software app {}", announced.id);
    for part in [said.as_str(), "delete it in the console"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(writes(&sandbox), before, "{error}");

    let address = announced.extra["uploadUrl"].as_str().unwrap();
    let sent = reqwest::Client::new().put(address).body("bytes").send();
    assert!(sent.await.unwrap().status().is_success());
    assert_eq!(upload().await.unwrap().id, announced.id);
    let apps = client.software_apps_named("Okta Verify").await.unwrap();
    assert_eq!(apps.len(), 1);
}

#[tokio::test]
async fn an_upload_to_a_storage_that_never_answers_ends_in_time() {
    let (sandbox, client) = sandbox().await;
    let path = "/object-storage/*";
    sandbox.arm(Fault::on(Side::JumpCloud, "PUT", path, Effect::Hold));
    let package = PackageUpload::new("Okta Verify", "OktaVerify.pkg", b"bytes".to_vec()).unwrap();
    let upload = client.upload_package(&package, Duration::from_secs(2));
    let error = tokio::time::timeout(Duration::from_secs(60), upload)
        .await
        .expect("it waits for ever")
        .unwrap_err();
    assert!(matches!(&error, Error::Upload { .. }), "{error}");
    assert!(error.to_string().contains("in time"), "{error}");
}

#[tokio::test]
async fn a_gateway_that_keeps_timing_out_is_unavailable_after_all_attempts() {
    let (sandbox, client) = sandbox().await;
    sandbox.arm(
        Fault::on(
            Side::JumpCloud,
            "GET",
            "/api/v2/policies",
            Effect::Status(504),
        )
        .from_nth_on(1),
    );
    let error = refused(&sandbox, &client, &desired(1)).await;
    assert!(matches!(&error, Error::Unavailable { .. }), "{error}");
    assert_eq!(error.context().unwrap().attempts, quick().max_attempts);
}
