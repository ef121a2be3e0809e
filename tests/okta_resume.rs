//! Faults at every request of an apply, and the way back: the next run ends where a run without faults ends, nothing
//! is there twice, and a rollback leaves the org as it was.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Duration;

use device_trust_sandbox::{
    BREAK_GLASS_GROUP, Effect, Fault, Options, PILOT_USER_GROUP, Ports, RateLimits, Sandbox, Side,
    World,
};
use okta_devtrust::{
    Error, Okta, Retry,
    policies::PolicyType,
    ssws,
    trust::{
        AccessDesired, BreakGlass, Desired, EnrollmentDesired, ManagedRule, SessionDesired, Undo,
        apply, apply_recorded, observe, plan, rollback,
    },
};
use serde_json::{Value, json};

fn desired() -> Desired {
    let mut desired = Desired::new(AccessDesired {
        name: "Managed Macs".into(),
        break_glass: BreakGlass::new(BREAK_GLASS_GROUP),
        managed: ManagedRule::new([PILOT_USER_GROUP]),
    });
    desired.apps = vec!["Wiki".into(), "Payroll".into()];
    desired.enrollment = Some(EnrollmentDesired::Own {
        name: "Okta Verify".into(),
        groups: vec![PILOT_USER_GROUP.into()],
        okta_verify: okta_devtrust::policies::EnrollSelf::Optional,
        prompt: okta_devtrust::policies::EnrollPrompt::Login,
    });
    desired.session = Some(SessionDesired::new("Pilot sessions", [PILOT_USER_GROUP]));
    desired
}

async fn start(world: Option<&World>) -> (Sandbox, Okta) {
    let world = world.cloned().map(|mut world| {
        world.ports = Ports::default();
        world.requests.clear();
        world
    });
    let sandbox = Sandbox::start(Options {
        world,
        fleet: false,
        rate_limits: RateLimits::unlimited(),
        ..Options::default()
    })
    .await
    .unwrap();
    let retry = Retry {
        base: Duration::from_millis(1),
        ..Retry::default()
    };
    let token = sandbox.secrets().okta_api_token;
    let okta = Okta::with(sandbox.okta_url(), ssws(&token).unwrap(), retry).unwrap();
    (sandbox, okta)
}

/// The org without ids and times: policies, their rules, apps and FastPass.
async fn state(okta: &Okta) -> Value {
    let mut shown = Vec::new();
    let mut names = std::collections::BTreeMap::new();
    for kind in [
        PolicyType::AccessPolicy,
        PolicyType::MfaEnroll,
        PolicyType::OktaSignOn,
    ] {
        for policy in okta.policies(&kind).await.unwrap() {
            names.insert(policy.id.clone(), policy.name.clone());
            let rules = okta.rules(&policy.id).await.unwrap();
            shown.push(without_ids(&json!({"policy": policy, "rules": rules})));
        }
    }
    for label in ["Wiki", "Payroll"] {
        let app = &okta.apps_by_label(label).await.unwrap()[0];
        shown.push(json!([label, names[app.access_policy().unwrap()]]));
    }
    let all = okta.authenticators().await.unwrap();
    let verify = all
        .iter()
        .find(|found| found.key.as_deref() == Some("okta_verify"))
        .unwrap();
    let methods = okta.authenticator_methods(&verify.id).await.unwrap();
    shown.push(without_ids(&json!([verify, methods])));
    json!(shown)
}

fn without_ids(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| {
                !matches!(
                    key.as_str(),
                    "id" | "created" | "lastUpdated" | "_links" | "_embedded"
                )
            })
            .map(|(key, value)| (key.clone(), without_ids(value)))
            .collect(),
        // Okta does not keep the order of such lists.
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let mut items = items.clone();
            items.sort_by_key(|item| item.as_str().map(str::to_owned));
            items.into()
        }
        Value::Array(items) => items.iter().map(without_ids).collect(),
        other => other.clone(),
    }
}

/// One run as an operator would start it; whether nothing is left to do.
async fn run(okta: &Okta) -> Result<bool, String> {
    let observed = observe(okta, &desired()).await.map_err(|e| e.to_string())?;
    let plan = plan(&desired(), &observed).map_err(|e| e.to_string())?;
    if plan.is_empty() {
        return Ok(true);
    }
    apply(okta, &plan, |_| {})
        .await
        .map_err(|e| e.to_string())?;
    Ok(false)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_at_any_request_of_an_apply_ends_where_a_run_without_faults_ends() {
    let (sandbox, okta) = start(None).await;
    let observed = observe(&okta, &desired()).await.unwrap();
    let reads = sandbox.requests_of_this_run().len() as u64;
    let first = plan(&desired(), &observed).unwrap();
    let world = sandbox.shared().world().clone();
    apply(&okta, &first, |_| {}).await.unwrap();
    let requests = sandbox.requests_of_this_run().len() as u64 - reads;
    let whole = state(&okta).await;
    drop(sandbox);

    let effects = [
        Effect::RetryAfter(429, 0),
        Effect::Status(500),
        Effect::Status(503),
        Effect::Reset,
        Effect::LoseAnswer,
        Effect::StaleRead,
    ];
    let mut runs = 0;
    for effect in &effects {
        for nth in 1..=requests {
            let (sandbox, okta) = start(Some(&world)).await;
            let observed = observe(&okta, &desired()).await.unwrap();
            let plan = plan(&desired(), &observed).unwrap();
            sandbox.arm(Fault::on(Side::Okta, "*", "/**", effect.clone()).nth(nth));
            let _ = apply(&okta, &plan, |_| {}).await;
            let mut done = false;
            for _ in 0..4 {
                done = run(&okta).await.unwrap_or(false);
                if done {
                    break;
                }
            }
            assert!(done, "{effect:?} at request {nth} is not finished");
            assert_eq!(state(&okta).await, whole, "{effect:?} at request {nth}");
            runs += 1;
        }
    }
    println!(
        "{runs} faults: each of {requests} requests of apply, {} kinds; no duplicate, every final state equal",
        effects.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_from_a_record_on_disk_leaves_the_org_as_it_was() {
    let (sandbox, okta) = start(None).await;
    let before = state(&okta).await;
    let observed = observe(&okta, &desired()).await.unwrap();
    let plan = plan(&desired(), &observed).unwrap();
    let record = tempfile::NamedTempFile::new().unwrap();
    let writes = |sandbox: &Sandbox| {
        let requests = sandbox.requests_of_this_run();
        requests.iter().filter(|r| r.method != "GET").count()
    };
    let save = |undo: &Undo| {
        assert_eq!(
            writes(&sandbox),
            0,
            "the record comes before the first write"
        );
        std::fs::write(record.path(), serde_json::to_vec(undo).unwrap())
    };
    apply_recorded(&okta, &plan, save, |_| {}).await.unwrap();
    assert_ne!(state(&okta).await, before);

    let undo: Undo = serde_json::from_slice(&std::fs::read(record.path()).unwrap()).unwrap();
    rollback(&okta, &undo, |_| {}).await.unwrap();
    assert_eq!(state(&okta).await, before);

    let after = writes(&sandbox);
    rollback(&okta, &undo, |_| {}).await.unwrap();
    assert_eq!(writes(&sandbox), after, "a second rollback writes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_after_an_apply_stopped_anywhere_leaves_the_org_as_it_was() {
    let (sandbox, okta) = start(None).await;
    let before = state(&okta).await;
    let world = sandbox.shared().world().clone();
    let observed = observe(&okta, &desired()).await.unwrap();
    let changes = plan(&desired(), &observed).unwrap().len() as u64;
    for nth in 1..=changes {
        for method in ["POST", "PUT"] {
            let (sandbox, okta) = start(Some(&world)).await;
            let observed = observe(&okta, &desired()).await.unwrap();
            let plan = plan(&desired(), &observed).unwrap();
            sandbox.arm(Fault::on(Side::Okta, method, "/**", Effect::Status(500)).nth(nth));
            let _ = apply(&okta, &plan, |_| {}).await;
            sandbox.disarm();
            rollback(&okta, &Undo::of(&plan), |_| {}).await.unwrap();
            assert_eq!(state(&okta).await, before, "stopped at {method} {nth}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_does_not_overwrite_what_an_admin_changed_since() {
    let (_sandbox, okta) = start(None).await;
    let observed = observe(&okta, &desired()).await.unwrap();
    let plan = plan(&desired(), &observed).unwrap();
    apply(&okta, &plan, |_| {}).await.unwrap();
    let observed = observe(&okta, &desired()).await.unwrap();
    let access = observed.access_policy(&desired()).unwrap();
    let mut rule = access.rule("device-trust: Managed macOS").unwrap().clone();
    rule.conditions = okta_devtrust::Field::Null;
    okta.replace_rule(&access.policy.id, &rule.id, &rule)
        .await
        .unwrap();
    let changed = state(&okta).await;

    let halted = rollback(&okta, &Undo::of(&plan), |_| {}).await.unwrap_err();
    assert!(matches!(halted.error, Error::Stale { .. }), "{halted}");
    assert!(halted.applied.steps.is_empty());
    assert_eq!(state(&okta).await, changed);
}
