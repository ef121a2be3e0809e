//! Writes to one policy take turns: Okta answers two at once with 500. Each write is held long enough that another would
//! meet it, and before each is sent all earlier ones to the same policy must have been answered.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use device_trust_sandbox::{Effect, Fault, Sandbox, Shared, Side};
use device_trust_tests::okta::{self, Job, SignIns, quick};
use http::{HeaderMap, Method};
use okta_devtrust::{Credentials, CredentialsError, Okta, policies::PolicyType, ssws};

/// Credentials that are asked before each request is sent, and note a write that does not wait for its turn.
#[derive(Debug)]
struct Watch {
    shared: Shared,
    credentials: Arc<dyn Credentials>,
    /// How many writes to each policy were sent.
    sent: Mutex<BTreeMap<String, usize>>,
    overlapping: Mutex<BTreeSet<String>>,
}

/// The policy that a request writes to: its own routes, its rules', and an app's that is put under it.
fn written(method: &str, path: &str) -> Option<String> {
    let (_, rest) = path.split_once("/policies/")?;
    let id = rest.split('/').next()?;
    (method != "GET" && id != "simulate").then(|| id.to_owned())
}

impl Watch {
    fn answered(&self, policy: &str) -> usize {
        let world = self.shared.world();
        let writes = world.requests.iter().filter(|one| {
            one.status != 0 && written(&one.method, &one.path).as_deref() == Some(policy)
        });
        writes.count()
    }
}

#[async_trait]
impl Credentials for Watch {
    async fn authorize(
        &self,
        method: &Method,
        url: &url::Url,
        headers: &mut HeaderMap,
    ) -> Result<(), CredentialsError> {
        if let Some(policy) = written(method.as_str(), url.path()) {
            let mut sent = self.sent.lock().unwrap();
            let sent = sent.entry(policy.clone()).or_default();
            if *sent != self.answered(&policy) {
                let write = format!("{method} {}", url.path());
                self.overlapping.lock().unwrap().insert(write);
            }
            *sent += 1;
        }
        self.credentials.authorize(method, url, headers).await
    }
}

/// A sandbox whose writes take long, a client of it, and who watches.
async fn slow() -> (Sandbox, Okta, Arc<Watch>) {
    let sandbox = okta::start(None).await.unwrap();
    for method in ["POST", "PUT", "DELETE"] {
        let delay = Effect::Delay(Duration::from_millis(20));
        sandbox.arm(Fault::on(Side::Okta, method, "/**", delay).times(u64::MAX));
    }
    let watch = Arc::new(Watch {
        shared: sandbox.shared().clone(),
        credentials: ssws(&sandbox.secrets().okta_api_token).unwrap(),
        sent: Mutex::default(),
        overlapping: Mutex::default(),
    });
    let okta = Okta::with(sandbox.okta_url(), watch.clone(), quick()).unwrap();
    (sandbox, okta, watch)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_job_has_two_writes_to_one_policy_under_way() {
    let (sandbox, okta, watch) = slow().await;
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().to_owned();
    for job in [
        Job::Apply(records.clone()),
        Job::Enforce(records.clone()),
        Job::Rollback(records.clone()),
        Job::Apply(records.clone()),
        Job::Teardown(records),
    ] {
        if matches!(job, Job::Enforce(_)) {
            SignIns::ENOUGH.write(sandbox.shared());
        }
        let earlier = sandbox.requests_of_this_run().len();
        okta::run(&okta, &job).await.unwrap();
        let requests = sandbox.requests_of_this_run().split_off(earlier);
        let writes =
            |one: &device_trust_sandbox::RecordedRequest| written(&one.method, &one.path).is_some();
        assert!(requests.iter().any(writes), "{job:?} writes to a policy");
        let overlapping = watch.overlapping.lock().unwrap().clone();
        assert_eq!(overlapping, BTreeSet::new(), "{job:?}");
    }
}

/// The watch sees what it is there for.
#[tokio::test(flavor = "multi_thread")]
async fn two_writes_to_one_policy_at_once_are_seen() {
    let (_sandbox, okta, watch) = slow().await;
    let policies = okta.policies(&PolicyType::AccessPolicy).await.unwrap();
    let id = &policies[0].id;
    let _ = futures::join!(okta.activate_policy(id), okta.activate_policy(id));
    let overlapping = watch.overlapping.lock().unwrap().clone();
    assert_eq!(overlapping.len(), 1, "{overlapping:?}");
}
