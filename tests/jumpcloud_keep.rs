//! After the set-up: readiness, renewal and withdrawal against the sandbox, by the requests that they cause.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use device_trust::{Blueprint, Job, Output, Overrides, Silent, Tenants, embedded::Embedded, keep};
use device_trust_sandbox::Sandbox;

fn writes(sandbox: &Sandbox) -> Vec<String> {
    sandbox
        .requests()
        .iter()
        .filter(|request| request.is_write())
        .map(|request| format!("{} {}", request.method, request.path))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_is_one_put_a_repeated_one_none_and_a_withdrawal_leaves_nothing() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/device-trust.toml");
    let (mut blueprint, secrets) = Blueprint::load(&file, &Overrides::default(), |_| None).unwrap();
    let embedded = Embedded::start(&secrets, None).await.unwrap();
    let sandbox = embedded.sandbox();
    let tenants = || Tenants::sandbox(&blueprint, &embedded).unwrap();

    let readiness = keep::readiness(&tenants()).await.unwrap();
    assert!(readiness.is_ready(), "{readiness:?}");
    assert_eq!(readiness.macs.len(), 4);
    let early = keep::rotate(&blueprint, &tenants(), true)
        .await
        .unwrap_err();
    assert!(early.to_string().contains("run setup first"), "{early}");
    assert!(writes(sandbox).is_empty());

    let folder = tempfile::tempdir().unwrap();
    let job = Job::new(blueprint.clone(), tenants(), Output::new(folder.path()));
    job.run(&Silent, |_| {}).await.unwrap();
    let tenants = tenants();

    let set_up = writes(sandbox).len();
    assert!(
        keep::rotate(&blueprint, &tenants, true)
            .await
            .unwrap()
            .is_empty()
    );
    blueprint.generation += 1;
    let listed = keep::rotate(&blueprint, &tenants, false).await.unwrap();
    assert_eq!(writes(sandbox).len(), set_up, "a list of changes wrote");
    assert_eq!(
        keep::rotate(&blueprint, &tenants, true).await.unwrap(),
        listed
    );
    assert!(
        keep::rotate(&blueprint, &tenants, true)
            .await
            .unwrap()
            .is_empty()
    );
    let renewed = writes(sandbox).split_off(set_up);
    assert_eq!(renewed.len(), 1, "{renewed:?}");
    assert!(
        renewed[0].starts_with("PUT /api/v2/policies/"),
        "{renewed:?}"
    );

    keep::withdraw(&blueprint, &tenants, true).await.unwrap();
    let gone: Vec<String> = writes(sandbox).split_off(set_up + 1);
    assert_eq!(gone.len(), 2, "{gone:?}");
    assert!(
        gone.iter().all(|write| write.starts_with("DELETE ")),
        "{gone:?}"
    );
    assert!(
        keep::withdraw(&blueprint, &tenants, true)
            .await
            .unwrap()
            .is_empty()
    );
}
