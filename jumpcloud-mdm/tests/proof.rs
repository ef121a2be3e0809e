//! The proofs of a Mac, side by side.
#![allow(clippy::unwrap_used)]

mod support;

use jumpcloud_mdm::{
    Verdict,
    proof::{self, Finding, ProofQuery},
};
use serde_json::json;
use support::{World, desired, status};

#[tokio::test]
async fn each_proof_stands_by_itself() {
    let world = World::start().await;
    let client = world.client();
    support::deploy(&client, &desired()).await.unwrap();
    {
        let mut state = world.state();
        state.statuses = vec![status("r1", "s1", "success"), status("r2", "s2", "success")];
        let row = |system: &str, issuer: &str, serial: &str, until: &str| json!({"system_id": system, "issuer": issuer, "serial": serial, "not_valid_after": until, "ca": 0});
        state.certificates = vec![
            row("s1", "/O=Okta/CN=Okta MTLS", "01", "1795564800"),
            row("s1", "/O=Okta/CN=Okta MTLS", "02", "1827014400"),
            row("s1", "/O=Other", "03", "1827014400"),
            row("s2", "/O=Other", "04", "1827014400"),
        ];
        state.insights_apps = vec![
            json!({"system_id": "s2", "bundle_identifier": "com.okta.mobile", "bundle_short_version": "9.52.0"}),
        ];
        state.software_statuses = vec![
            json!({"systemId": "s2", "state": "SOMETHING_NEW", "code": 7, "version": "9.52.0"}),
        ];
        state.systems[2]["systemInsights"]["state"] = json!("disabled");
    }
    let query = ProofQuery::default()
        .policy("Okta device trust")
        .certificate_issued_by("okta mtls")
        .app("com.okta.mobile")
        .software("Okta Verify");
    let ids = ["s1", "s2", "s3", "gone"].map(String::from);
    let proofs = proof::collect(&client, &query, &ids).await.unwrap();
    let by = |id: &str| proofs.iter().find(|proof| proof.system_id == id).unwrap();

    let certificates = by("s1").certificates.found().unwrap();
    assert_eq!(certificates[0].serial.as_deref(), Some("02"));
    assert_eq!(certificates.len(), 2);
    assert_eq!(
        certificates[0].not_valid_after,
        "2027-11-24T00:00:00Z".parse().ok()
    );
    assert_eq!(by("s1").app, Finding::Absent);

    assert_eq!(by("s2").policy.found().unwrap().verdict, Verdict::Success);
    assert_eq!(by("s2").certificates, Finding::Absent);
    assert_eq!(
        by("s2").app.found().unwrap().version.as_deref(),
        Some("9.52.0")
    );
    assert_eq!(
        by("s2").software.found().unwrap().state.as_deref(),
        Some("SOMETHING_NEW")
    );

    assert!(matches!(by("s3").certificates, Finding::NotCollected(_)));
    assert!(matches!(by("gone").app, Finding::NotCollected(_)));
    assert_eq!(by("gone").policy, Finding::Absent);
    world.assert_all_known();
}

#[tokio::test]
async fn a_name_that_nothing_has_is_an_error_and_proves_no_absence() {
    let world = World::start().await;
    let client = world.client();
    support::deploy(&client, &desired()).await.unwrap();
    let collect = async |query: ProofQuery| {
        let ids = ["s1".to_owned()];
        proof::collect(&client, &query, &ids).await
    };
    let known = || ProofQuery::default().policy("Okta device trust");
    let proofs = collect(known().software("Okta Verify")).await.unwrap();
    assert_eq!(proofs[0].policy, Finding::Absent, "it has not reported");
    assert_eq!(proofs[0].software, Finding::Absent);
    for (query, text) in [
        (
            known().policy("Okta trust").policy("other"),
            "policy: there is none of the name `Okta trust`, `other`; deploy it first, or mend the name",
        ),
        (
            known().software("Okta verify"),
            "software: there is none of the name `Okta verify`; deploy it first, or mend the name",
        ),
    ] {
        let error = collect(query).await.unwrap_err();
        assert_eq!(error.to_string(), text);
    }
}

#[tokio::test]
async fn what_cannot_be_read_of_one_piece_leaves_the_others() {
    let world = World::start().await;
    world.refuse("GET", "/systeminsights/certificates", 403);
    let query = ProofQuery::default()
        .certificate_issued_by("okta")
        .app("com.okta.mobile");
    let proofs = proof::collect(&world.client(), &query, &["s1".to_owned()])
        .await
        .unwrap();
    assert!(matches!(&proofs[0].certificates, Finding::Failed(why) if why.contains("403")));
    assert_eq!(proofs[0].app, Finding::Absent);
    assert_eq!(proofs[0].policy, Finding::NotAsked);
}
