//! What the contract does not say of the resources: what is found, what is refused, and what is proven of a Mac.

use std::time::Duration;

use device_trust_tests::jumpcloud::Job;
use futures::TryStreamExt as _;
use jumpcloud_mdm::{
    Bindable, Error, EventQuery, ListOptions, MDM_COMMAND_RESULT, ObjectType, PackageUpload,
    SystemFilter, SystemOperator, SystemSearch,
    deploy::{self, Desired, DesiredSoftware, Package},
    proof::{self, Finding, ProofQuery},
};
use serde_json::json;

use crate::{
    child,
    support::{Macs, RINGS, fill_rings, key, sandbox, writes},
};

#[tokio::test]
async fn an_uploaded_package_is_deployed_by_its_sum_and_withdrawn() {
    let (sandbox, client) = sandbox().await;
    let upload = PackageUpload::new("Okta Verify", "OktaVerify.pkg", b"a package".to_vec())
        .unwrap()
        .description("deployed-by: device-trust");
    let package = Package::stored(upload.sha256());
    let software = DesiredSoftware::new("Okta Verify", package).device_group(RINGS[0].1);
    let desired = Desired::new("device-trust").software(software);
    let planned = async || {
        let observed = deploy::observe(&client, &desired).await.unwrap();
        deploy::plan(&desired, &observed, &key())
    };
    let error = planned().await.unwrap_err().to_string();
    assert!(error.contains("upload it first"), "{error}");

    let time = Duration::from_secs(60);
    let app = client.upload_package(&upload, time).await.unwrap();
    let plan = planned().await.unwrap();
    deploy::apply(&client, &plan, &desired, &key(), |_| {})
        .await
        .unwrap();
    let group = client.device_group_named(RINGS[0].1).await.unwrap();
    let bound: Vec<_> = client
        .associations(&Bindable::SoftwareApp(app.id), &ObjectType::SystemGroup)
        .map_ok(|edge| edge.to.id)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(bound, [group.unwrap().id]);
    assert!(planned().await.unwrap().is_empty());

    let observed = deploy::observe(&client, &desired).await.unwrap();
    let plan = deploy::withdraw(&desired, &observed, &key()).unwrap();
    deploy::apply(&client, &plan, &desired, &key(), |_| {})
        .await
        .unwrap();
    let left = client.software_apps_named("Okta Verify").await.unwrap();
    assert!(left.is_empty());
    assert_eq!(
        writes(&sandbox).len(),
        4,
        "announced, sent, bound and deleted"
    );
}

#[tokio::test]
async fn systems_are_found_by_filters_and_by_searches_and_a_wild_card_is_no_match() {
    let (_sandbox, client) = sandbox().await;
    let names = async |filters: Vec<SystemFilter>| -> Vec<String> {
        client
            .systems_where(filters)
            .map_ok(|system| system.label().to_owned())
            .try_collect()
            .await
            .unwrap()
    };
    let eq = |field: &str, value: &str| SystemFilter::eq(field, value).unwrap();
    assert_eq!(names(vec![]).await.len(), 4);
    assert_eq!(names(vec![eq("osFamily", "darwin")]).await.len(), 4);
    assert_eq!(
        names(vec![
            eq("mdm.vendor", "internal"),
            eq("serialNumber", "SBX0000002")
        ])
        .await,
        ["Grace's MacBook Pro"]
    );
    // The server reads `*` as a wild card; equality is judged here.
    assert!(names(vec![eq("displayName", "Grace*")]).await.is_empty());
    let ne = SystemFilter::new("serialNumber", SystemOperator::Ne, "SBX0000002").unwrap();
    assert_eq!(names(vec![ne]).await.len(), 3);

    let search = SystemSearch::any_of()
        .condition("serialNumber", SystemOperator::Eq, "SBX0000001")
        .condition("serialNumber", SystemOperator::Eq, "SBX0000003")
        .text(["emmy", "grace"], ["displayName"]);
    let found: Vec<String> = client
        .search_systems(&search)
        .map_ok(|system| system.label().to_owned())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(found, ["Emmy's MacBook Pro"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_profile_is_proven_by_apples_error_chain_beside_the_other_proofs() {
    let (sandbox, client) = sandbox().await;
    fill_rings(&sandbox, &client).await;
    let since = jiff::Timestamp::now() - Duration::from_secs(60);
    let macs = Macs::running(&sandbox, Duration::from_millis(5));
    let systems = sandbox.shared().world().jumpcloud.system_ids();
    macs.refuse(&systems[1], true);
    let rings = Job::Rings {
        generation: 1,
        through: RINGS[0].0.into(),
    };
    let output = child::run(&sandbox, &rings).await;
    assert!(!output.status.success(), "one of two refuses");

    let query = EventQuery::of("mdm", since)
        .event_type(MDM_COMMAND_RESULT)
        .page_size(1);
    let events: Vec<_> = client.events(&query).try_collect().await.unwrap();
    assert_eq!(events.len(), 2, "all pages were read");
    assert!(
        events
            .iter()
            .all(|event| event.request_type.as_deref() == Some("InstallProfile"))
    );

    let query = ProofQuery::default()
        .policy("Okta device trust (pilot)")
        .certificate_issued_by("Okta")
        .refused_commands_since(since);
    let proofs = proof::collect(&client, &query, &systems).await.unwrap();
    let by = |id: &str| proofs.iter().find(|proof| proof.system_id == id).unwrap();
    let refused = by(&systems[1]).refused_commands.found().unwrap();
    assert_eq!(refused.len(), 1);
    assert_eq!(
        refused[0].error_chain,
        ["MDM-SCEP 15001: The enrolment was refused."]
    );
    assert_eq!(by(&systems[0]).refused_commands, Finding::Absent);
    assert_eq!(by(&systems[3]).refused_commands, Finding::Absent);
    // Three proofs that are told apart: the profile was acknowledged, and there is no certificate.
    assert_eq!(
        by(&systems[0]).policy.found().unwrap().verdict,
        jumpcloud_mdm::Verdict::Success
    );
    assert_eq!(by(&systems[0]).certificates, Finding::Absent);
    assert_eq!(by(&systems[0]).app, Finding::NotAsked);
}

#[tokio::test]
async fn organisations_are_listed_for_an_administrator_of_several() {
    let (sandbox, client) = sandbox().await;
    for n in 0..120 {
        let seed = device_trust_sandbox::Seed {
            org: format!("tenant {n}"),
            macs: Vec::new(),
            ..Default::default()
        };
        sandbox.shared().world().add_organization(&seed);
    }
    let all: Vec<_> = client.organizations().try_collect().await.unwrap();
    assert_eq!(all.len(), 121);
    let id = all[7].any_id().unwrap();
    let one = client.organization(id).await.unwrap();
    assert_eq!(one.display_name, all[7].display_name);
    // The organisation goes by header only where the route takes it.
    let tenant = client.for_organization(id).unwrap();
    assert_eq!(tenant.organization(id).await.unwrap(), one);
    let groups: Vec<_> = tenant
        .device_groups(ListOptions::default())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(groups[0].organization_object_id.as_deref(), Some(id));
}

#[tokio::test]
async fn a_second_installation_is_for_apps_of_the_app_store_only() {
    let (_sandbox, client) = sandbox().await;
    let settings = json!([{"packageManager": "APPLE_CUSTOM", "packageId": "490179405"}]);
    let custom = json!({"displayName": "by URL", "settings": settings});
    let custom = client.create_software_app(&custom).await.unwrap();
    let error = client
        .retry_installation(&custom.id, &[])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
}
