//! The global session policy lifts the password: each write of it looks at the app sign-in policies once more.
#![allow(missing_docs, clippy::unwrap_used)]

use device_trust_sandbox::{RecordedRequest, Sandbox};
use device_trust_tests::okta::{self, desired, stored};
use okta_devtrust::{
    Error, Okta,
    enforcement::Waive,
    trust::{
        Applied, Change, Desired, Halted, Plan, Reason, Step, StepState, apply, observe, plan,
    },
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

const SESSION: &str = "Pilot sessions";

async fn start() -> (Sandbox, Okta) {
    let sandbox = okta::start(None).await.unwrap();
    let token = sandbox.secrets().okta_api_token;
    let okta = okta::client(sandbox.okta_url(), token.expose_secret()).unwrap();
    (sandbox, okta)
}

async fn planned(okta: &Okta, desired: &Desired) -> Plan {
    plan(desired, &observe(okta, desired).await.unwrap()).unwrap()
}

/// How many factors the policy asks for that lets people register their Mac.
fn ask_for(sandbox: &Sandbox, factors: &str) {
    stored::change(sandbox.shared(), |org, now| {
        let rule = stored::rule_mut(org, stored::ENROL, stored::CATCH_ALL, now).unwrap();
        rule["actions"]["appSignOn"]["verificationMethod"]["factorMode"] = factors.into();
    });
}

/// Applies a plan; when change `number` is about to be made, somebody lets one factor do.
async fn weakened_at(
    sandbox: &Sandbox,
    okta: &Okta,
    plan: &Plan,
    number: usize,
) -> Result<Applied, Box<Halted>> {
    let weaken = |step: &Step| {
        if step.number == number && step.state == StepState::Starting {
            ask_for(sandbox, "1FA");
        }
    };
    apply(okta, plan, weaken).await
}

fn is_weaker(halted: &Halted) -> bool {
    let Error::Guarded { refusal, .. } = &halted.error else {
        return false;
    };
    matches!(&refusal.reasons[..], [Reason::WeakerThanPassword { weak }] if weak.policy == stored::ENROL)
}

/// The numbers of the changes that make the session policy and its rule.
fn of_session(plan: &Plan) -> [usize; 2] {
    let title = |change: &Change| change.action.to_string();
    let first = plan
        .changes
        .iter()
        .map(title)
        .position(|title| title == format!("create the global session policy `{SESSION}`"));
    let first = first.unwrap() + 1;
    assert_eq!(plan.len(), first + 1, "they come last: {plan}");
    [first, first + 1]
}

fn session_rules(sandbox: &Sandbox) -> Option<usize> {
    let org = stored::org(sandbox.shared());
    let rules = stored::policy(&org, SESSION)?["rules"].as_array()?;
    let ours = |rule: &&Value| {
        rule["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("device-trust: "))
    };
    Some(rules.iter().filter(ours).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_weakened_during_an_apply_stops_it_before_the_password_is_lifted() {
    for (n, left) in [None, Some(0)].into_iter().enumerate() {
        let (sandbox, okta) = start().await;
        let plan = planned(&okta, &desired()).await;
        let number = of_session(&plan)[n];
        let halted = weakened_at(&sandbox, &okta, &plan, number)
            .await
            .unwrap_err();
        assert!(is_weaker(&halted), "{halted}");
        assert_eq!(halted.applied.steps.len(), number - 1);
        assert_eq!(session_rules(&sandbox), left, "{halted}");

        ask_for(&sandbox, "2FA");
        let rest = planned(&okta, &desired()).await;
        apply(&okta, &rest, |_| {}).await.unwrap();
        assert_eq!(session_rules(&sandbox), Some(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_policy_that_is_there_is_not_changed_while_an_app_asks_for_less() {
    let (sandbox, okta) = start().await;
    apply(&okta, &planned(&okta, &desired()).await, |_| {})
        .await
        .unwrap();
    type Edit = fn(&mut Value);
    let edits: [(&str, Edit); 4] = [
        ("change the global session policy", |policy| {
            policy["body"]["conditions"]["people"]["groups"]["include"] = json!([]);
        }),
        ("activate the policy", |policy| {
            policy["body"]["status"] = "INACTIVE".into();
        }),
        ("change the rule", |policy| {
            policy["rules"][0]["actions"]["signon"]["primaryFactor"] = "PASSWORD_IDP".into();
        }),
        ("activate the rule", |policy| {
            policy["rules"][0]["status"] = "INACTIVE".into();
        }),
    ];
    for (title, edit) in edits {
        stored::change(sandbox.shared(), |org, _| {
            edit(stored::policy_mut(org, SESSION).unwrap());
        });
        let plan = planned(&okta, &desired()).await;
        assert_eq!(plan.len(), 1, "{plan}");
        assert!(
            plan.changes[0].action.to_string().starts_with(title),
            "{plan}"
        );
        let earlier = sandbox.requests().len();
        let halted = weakened_at(&sandbox, &okta, &plan, 1).await.unwrap_err();
        assert!(is_weaker(&halted), "{title}: {halted}");
        let requests = sandbox.requests().split_off(earlier);
        assert!(!requests.iter().any(RecordedRequest::is_write), "{title}");

        ask_for(&sandbox, "2FA");
        apply(&okta, &plan, |_| {}).await.unwrap();
        assert!(planned(&okta, &desired()).await.is_empty(), "{title}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_keeps_that_the_strength_of_sessions_was_waived_by_its_name() {
    let (sandbox, okta) = start().await;
    let mut desired = desired();
    desired.guard.waive.insert(Waive::SessionStrength);
    let plan = planned(&okta, &desired).await;
    let kept: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    let [number, _] = of_session(&kept);
    weakened_at(&sandbox, &okta, &kept, number).await.unwrap();
    assert_eq!(session_rules(&sandbox), Some(1));
}
