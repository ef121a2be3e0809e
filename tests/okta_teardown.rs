//! Device trust off an org again, against an org that keeps state.
#![allow(missing_docs, clippy::unwrap_used)]

use device_trust_sandbox::{RecordedRequest, Sandbox, World};
use device_trust_tests::okta::{self, desired, state, stored};
use okta_devtrust::{
    Error, Okta,
    apps::App,
    bookmark,
    enforcement::Waive,
    policies::{Access, FactorMode, Policy, PolicyType, Rule},
    trust::{
        Desired, Halted, ObservedPolicy, Owned, Reason, Refusal, Step, StepState, Undo, apply,
        apply_recorded, observe, observe_owned, plan, rollback, teardown,
    },
};
use secrecy::ExposeSecret as _;
use serde_json::Value;

async fn start(world: Option<&World>) -> (Sandbox, Okta) {
    let sandbox = okta::start(world).await.unwrap();
    let token = sandbox.secrets().okta_api_token;
    let okta = okta::client(sandbox.okta_url(), token.expose_secret()).unwrap();
    (sandbox, okta)
}

/// An org with everything applied; its state before, with FastPass on, and the record of how to undo it.
async fn applied() -> (Sandbox, Okta, Value, Undo) {
    let (sandbox, okta) = start(None).await;
    let before = state(&okta).await.unwrap();
    let plan = plan(&desired(), &observe(&okta, &desired()).await.unwrap()).unwrap();
    apply(&okta, &plan, |_| {}).await.unwrap();
    (sandbox, okta, with_fastpass(before), Undo::of(&plan))
}

/// FastPass stays on: other policies may use it.
fn with_fastpass(mut state: Value) -> Value {
    for entry in state.as_array_mut().unwrap() {
        let methods = entry.pointer_mut("/1").and_then(Value::as_array_mut);
        for method in methods.into_iter().flatten() {
            if method["type"] == "signed_nonce" {
                method["status"] = "ACTIVE".into();
            }
        }
    }
    state
}

async fn close(okta: &Okta) {
    let observed = observe(okta, &desired()).await.unwrap();
    let access = observed.access_policy(&desired()).unwrap();
    let mut rule = access.catch_all().unwrap().clone();
    rule.app_sign_on_mut().access = Some(Access::Deny);
    okta.replace_rule(&access.policy.id, &rule.id, &rule)
        .await
        .unwrap();
}

async fn owned(okta: &Okta) -> Owned {
    observe_owned(okta, &desired()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teardown_opens_the_door_first_and_leaves_the_org_as_it_was() {
    let (sandbox, okta, before, _) = applied().await;
    close(&okta).await;
    let foreign = Policy::new(PolicyType::AccessPolicy, "By hand");
    okta.create_policy(&foreign).await.unwrap();
    let plan = teardown(&desired(), &owned(&okta).await, None).unwrap();
    let earlier = sandbox.requests().len();
    apply(&okta, &plan, |_| {}).await.unwrap();

    let requests = sandbox.requests().split_off(earlier);
    let first = requests.iter().find(|one| one.is_write()).unwrap();
    assert_eq!(first.method, "PUT");
    assert_eq!(
        first.body.as_ref().unwrap()["actions"]["appSignOn"]["access"],
        "ALLOW"
    );
    let mut after = state(&okta).await.unwrap();
    let by_hand = |entry: &Value| entry["policy"]["name"] == "By hand";
    assert!(
        after.as_array().unwrap().iter().any(by_hand),
        "a foreign policy stays"
    );
    after
        .as_array_mut()
        .unwrap()
        .retain(|entry| !by_hand(entry));
    assert_eq!(after, before);

    let again = teardown(&desired(), &owned(&okta).await, None).unwrap();
    assert!(again.is_empty(), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teardown_is_undone_from_its_record_with_the_door_open() {
    let (_sandbox, okta, _, _) = applied().await;
    let open = state(&okta).await.unwrap();
    close(&okta).await;
    let plan = teardown(&desired(), &owned(&okta).await, None).unwrap();
    let mut kept = None;
    let keep = |undo: &Undo| {
        kept = Some(serde_json::to_string(undo)?);
        Ok::<_, serde_json::Error>(())
    };
    apply_recorded(&okta, &plan, keep, |_| {}).await.unwrap();
    let undo: Undo = serde_json::from_str(&kept.unwrap()).unwrap();
    rollback(&okta, &undo, |_| {}).await.unwrap();
    // A bookmark app is made again by the next plan, and nothing else is.
    let observed = observe(&okta, &desired()).await.unwrap();
    let rest = crate::plan(&desired(), &observed).unwrap();
    apply(&okta, &rest, |_| {}).await.unwrap();
    assert_eq!(state(&okta).await.unwrap(), open);
    let titles: Vec<String> = rest
        .changes
        .iter()
        .map(|change| change.action.to_string())
        .collect();
    assert!(
        titles.iter().all(|title| title.contains("pilot")
            || title.contains("Pilot")
            || title.contains("Enrol")),
        "{titles:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_changed_is_not_removed() {
    let (_sandbox, okta, _, _) = applied().await;
    let plan = teardown(&desired(), &owned(&okta).await, None).unwrap();
    let access = owned(&okta).await.observed;
    let access: &ObservedPolicy = access.access_policy(&desired()).unwrap();
    let mut rule = access.rule("device-trust: Managed macOS").unwrap().clone();
    rule.conditions = okta_devtrust::Field::Null;
    okta.replace_rule(&access.policy.id, &rule.id, &rule)
        .await
        .unwrap();

    let refused: Refusal = teardown(&desired(), &owned(&okta).await, None).unwrap_err();
    assert!(
        refused.to_string().contains("device-trust: Managed macOS"),
        "{refused}"
    );
    // A plan from before the change stops there too.
    let halted = apply(&okta, &plan, |_| {}).await.unwrap_err();
    assert!(matches!(halted.error, Error::Stale { .. }), "{halted}");
    let kept = okta.rule(&access.policy.id, &rule.id).await.unwrap();
    assert_eq!(
        kept.conditions.value().and_then(|one| one.device.clone()),
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_does_not_take_rules_away_under_a_catch_all_that_denies() {
    let (_sandbox, okta, _, undo) = applied().await;
    close(&okta).await;
    let closed = state(&okta).await.unwrap();
    // An app that the record knows nothing of depends on the rules.
    let observed = observe(&okta, &desired()).await.unwrap();
    let policy = observed
        .access_policy(&desired())
        .unwrap()
        .policy
        .id
        .clone();
    let kept: Undo = {
        let mut text = serde_json::to_value(&undo).unwrap();
        let steps = text["steps"].as_array_mut().unwrap();
        steps.retain(|step| step["label"] != "Payroll");
        serde_json::from_value(text).unwrap()
    };
    let halted = rollback(&okta, &kept, |_| {}).await.unwrap_err();
    assert!(matches!(halted.error, Error::Guarded { .. }), "{halted}");
    assert_eq!(state(&okta).await.unwrap(), closed);
    assert_eq!(okta.policy_mappings(&policy).await.unwrap().len(), 2);

    // With every app in the record nobody is left under the policy.
    rollback(&okta, &undo, |_| {}).await.unwrap();
}

/// An app sign-in policy of somebody else's with a catch-all that takes any one factor, and the app under it.
async fn weak_policy_for(okta: &Okta, label: &str) -> (String, Rule) {
    let policy = Policy::new(PolicyType::AccessPolicy, "By hand");
    let policy = okta.create_policy(&policy).await.unwrap();
    let rules = okta.rules(&policy.id).await.unwrap();
    let mut rule = rules.into_iter().find(Rule::is_system).unwrap();
    let strong = rule.clone();
    let method = &mut rule.app_sign_on_mut().verification_method;
    method.as_mut().unwrap().factor_mode = Some(FactorMode::OneFactor);
    okta.replace_rule(&policy.id, &rule.id, &rule)
        .await
        .unwrap();
    Box::pin(put_under(okta, label, &policy.id)).await;
    (policy.id, strong)
}

/// Makes the app if it is not there.
async fn put_under(okta: &Okta, label: &str, policy: &str) {
    let app = match okta.apps_by_label(label).await.unwrap().pop() {
        Some(app) => app,
        None => {
            let app = App::bookmark(label, "https://acme.example/by-hand", "");
            let made = okta.send(&bookmark::create(&app)).await.unwrap();
            made.json().unwrap()
        }
    };
    okta.assign_policy(&app.id, policy).await.unwrap();
}

/// Everything off again, and the record of how to undo that.
async fn torn_down(okta: &Okta, desired: &Desired, record: Option<&Undo>) -> Undo {
    let owned = observe_owned(okta, desired).await.unwrap();
    let plan = teardown(desired, &owned, record).unwrap();
    apply(okta, &plan, |_| {}).await.unwrap();
    Undo::of(&plan)
}

fn is_weaker(halted: &Halted) -> bool {
    let Error::Guarded { refusal, .. } = &halted.error else {
        return false;
    };
    let weaker = |reason: &Reason| matches!(reason, Reason::WeakerThanPassword { weak } if weak.policy == "By hand");
    refusal.reasons.iter().all(weaker)
}

async fn has_session_policy(okta: &Okta) -> bool {
    let all = okta.policies(&PolicyType::OktaSignOn).await.unwrap();
    all.iter().any(|policy| policy.name == "Pilot sessions")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teardown_is_not_undone_while_an_app_asks_for_less_than_the_password_that_it_lifts() {
    let (sandbox, okta, ..) = applied().await;
    let undo = torn_down(&okta, &desired(), None).await;
    let (policy, strong) = Box::pin(weak_policy_for(&okta, "Intranet")).await;
    let weak = state(&okta).await.unwrap();
    let writes = || {
        let requests = sandbox.requests();
        requests.iter().filter(|one| one.is_write()).count()
    };
    let earlier = writes();

    let halted = rollback(&okta, &undo, |_| {}).await.unwrap_err();
    assert!(is_weaker(&halted), "{halted}");
    assert_eq!(writes(), earlier);
    assert_eq!(state(&okta).await.unwrap(), weak);

    okta.replace_rule(&policy, &strong.id, &strong)
        .await
        .unwrap();
    rollback(&okta, &undo, |_| {}).await.unwrap();
    assert!(has_session_policy(&okta).await);
    // It is there already, so nothing lifts the password now.
    Box::pin(weak_policy_for(&okta, "Another")).await;
    let earlier = writes();
    rollback(&okta, &undo, |_| {}).await.unwrap();
    assert_eq!(writes(), earlier);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_weakened_during_a_rollback_stops_it_before_the_password_is_lifted() {
    let (sandbox, okta, ..) = applied().await;
    let undo = torn_down(&okta, &desired(), None).await;
    let (policy, strong) = Box::pin(weak_policy_for(&okta, "Intranet")).await;
    okta.replace_rule(&policy, &strong.id, &strong)
        .await
        .unwrap();
    let weaken = |step: &Step| {
        if step.title.contains("Pilot sessions") && step.state == StepState::Starting {
            stored::change(sandbox.shared(), |org, now| {
                let rule = stored::rule_mut(org, "By hand", stored::CATCH_ALL, now).unwrap();
                rule["actions"]["appSignOn"]["verificationMethod"]["factorMode"] = "1FA".into();
            });
        }
    };
    let halted = rollback(&okta, &undo, weaken).await.unwrap_err();
    assert!(is_weaker(&halted), "{halted}");
    for policy in okta.policies(&PolicyType::OktaSignOn).await.unwrap() {
        let rules = okta.rules(&policy.id).await.unwrap();
        let ours = |rule: &Rule| rule.name.starts_with("device-trust: ");
        assert!(!rules.iter().any(ours), "{rules:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_the_rollback_takes_from_a_weak_policy_is_no_reason_against_it() {
    let (_sandbox, okta) = start(None).await;
    Box::pin(weak_policy_for(&okta, "Wiki")).await;
    let mut desired = desired();
    desired.guard.waive.insert(Waive::SessionStrength);
    let setup = plan(&desired, &observe(&okta, &desired).await.unwrap()).unwrap();
    apply(&okta, &setup, |_| {}).await.unwrap();
    let undo = torn_down(&okta, &desired, Some(&Undo::of(&setup))).await;
    assert!(!has_session_policy(&okta).await);

    rollback(&okta, &undo, |_| {}).await.unwrap();
    assert!(has_session_policy(&okta).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_rule_that_the_rollback_itself_makes_again_is_a_reason_before_the_first_write() {
    let (sandbox, okta) = start(None).await;
    let mut desired = desired();
    desired.access.managed.possession.phishing_resistant = false;
    desired.access.managed.possession.user_verification = false;
    desired.guard.waive.insert(Waive::SessionStrength);
    let setup = plan(&desired, &observe(&okta, &desired).await.unwrap()).unwrap();
    apply(&okta, &setup, |_| {}).await.unwrap();
    let undo = torn_down(&okta, &desired, None).await;
    let earlier = sandbox.requests().len();

    let halted = rollback(&okta, &undo, |_| {}).await.unwrap_err();
    assert!(
        halted.to_string().contains("device-trust: Managed macOS"),
        "{halted}"
    );
    let requests = sandbox.requests().split_off(earlier);
    assert!(!requests.iter().any(RecordedRequest::is_write), "{halted}");
    // Waived by its name, a plan makes it all again.
    let again = plan(&desired, &observe(&okta, &desired).await.unwrap()).unwrap();
    apply(&okta, &again, |_| {}).await.unwrap();
    assert!(has_session_policy(&okta).await);
}
