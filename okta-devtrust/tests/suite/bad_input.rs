//! What an org refuses or lacks: each a typed error that says what to do, and nothing half done without being said.

use okta_devtrust::{
    Error, Missing,
    trust::{Halted, Plan, Reason, apply, observe, plan},
};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::{
    desired,
    org::{Org, okta_error},
};

fn ok(body: impl serde::Serialize) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

async fn planned(org: &Org) -> Plan {
    let observed = observe(&org.okta, &desired()).await.unwrap();
    plan(&desired(), &observed).unwrap()
}

/// Why there is no plan.
async fn reasons(org: &Org) -> Vec<Reason> {
    let observed = observe(&org.okta, &desired()).await.unwrap();
    let refusal = plan(&desired(), &observed).unwrap_err();
    for reason in &refusal.reasons {
        assert!(!reason.mend().is_empty());
        assert!(refusal.to_string().contains(&reason.to_string()));
    }
    assert!(org.writes().is_empty());
    refusal.reasons
}

/// How applying a plan stopped.
async fn halted(org: &Org) -> Box<Halted> {
    let plan = planned(org).await;
    let halted = apply(&org.okta, &plan, |_| {}).await.unwrap_err();
    let text = halted.to_string();
    assert!(text.contains(&halted.step), "{text}");
    assert!(text.contains(&halted.error.mend()), "{text}");
    assert!(text.contains("req-err"), "{text}");
    halted
}

#[tokio::test]
async fn a_wrong_token_is_told_before_anything_is_planned() {
    let org = Org::start().await;
    org.answer(
        "GET",
        "/groups",
        okta_error(401, "E0000011", "Invalid token provided"),
    );
    let error = observe(&org.okta, &desired()).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error}");
    assert!(error.to_string().contains("API token"), "{error}");
}

#[tokio::test]
async fn a_role_that_may_not_write_is_named_at_the_step_that_needs_it() {
    let org = Org::start().await;
    org.answer(
        "POST",
        "/policies",
        okta_error(403, "E0000006", "You do not have permission"),
    );
    let halted = halted(&org).await;
    let Error::Forbidden { missing, .. } = &halted.error else {
        panic!("{halted}");
    };
    assert_eq!(*missing, Missing::Role("change policies".into()));
    assert!(
        halted
            .to_string()
            .contains("an admin role that may change policies is missing")
    );
}

#[tokio::test]
async fn a_classic_org_gets_no_plan() {
    let org = Org::start().await;
    org.answer(
        "GET",
        "/okta-organization",
        ok(json!({"id": "00o1", "pipeline": "v1"})),
    );
    let classic = Reason::NotIdentityEngine {
        pipeline: "v1".into(),
    };
    assert_eq!(reasons(&org).await, [classic]);
}

#[tokio::test]
async fn an_org_without_okta_verify_that_cannot_get_it_is_told_so() {
    let org = Org::start().await;
    org.answer("GET", "/authenticators", ok(json!([])));
    let first = planned(&org).await.changes[0].action.to_string();
    assert_eq!(first, "add the authenticator Okta Verify");
    org.answer(
        "POST",
        "/authenticators",
        okta_error(401, "E0000015", "no access to the feature"),
    );
    let halted = halted(&org).await;
    assert_eq!(halted.step, first);
    assert!(
        matches!(halted.error, Error::FeatureDisabled { .. }),
        "{halted}"
    );
    assert!(halted.applied.steps.is_empty());
}

#[tokio::test]
async fn fastpass_that_policies_are_in_the_way_of_names_them() {
    let org = Org::start().await;
    org.answer(
        "POST",
        "/signed_nonce/lifecycle/activate",
        okta_error(403, "E0000148", "in use by policies"),
    );
    let halted = halted(&org).await;
    let Error::Conflict { code, causes, .. } = &halted.error else {
        panic!("{halted}");
    };
    assert_eq!(
        (code.as_str(), causes.as_slice()),
        ("E0000148", &["the cause".to_owned()][..])
    );
    assert!(halted.to_string().contains("the cause"));
}

#[tokio::test]
async fn a_full_list_of_policies_is_told_in_oktas_own_words() {
    let org = Org::start().await;
    org.answer(
        "POST",
        "/policies",
        okta_error(400, "E0000001", "Api validation failed: limit of policies"),
    );
    let halted = halted(&org).await;
    assert!(matches!(halted.error, Error::Invalid { .. }), "{halted}");
    assert!(
        halted.to_string().contains("limit of policies; the cause"),
        "{halted}"
    );
}

#[tokio::test]
async fn an_unknown_group_is_named() {
    let org = Org::start().await;
    org.answer(
        "GET",
        "/groups",
        ok(json!([{"id": "00g-x", "profile": {"name": "macOS pilot users of old"}}])),
    );
    let names: Vec<String> = reasons(&org)
        .await
        .into_iter()
        .map(|reason| match reason {
            Reason::NoGroup { name } => name,
            other => panic!("{other}"),
        })
        .collect();
    assert!(names.contains(&"macOS pilot users".to_owned()), "{names:?}");
    assert!(
        names.contains(&"Break glass admins".to_owned()),
        "{names:?}"
    );
}

#[tokio::test]
async fn an_app_without_a_policy_is_named() {
    let org = Org::start().await;
    org.answer(
        "GET",
        "/apps",
        ok(json!([{"id": "0oa1", "label": "Wiki", "name": "oidc_client", "status": "ACTIVE"}])),
    );
    let without = Reason::NoAppPolicy {
        label: "Wiki".into(),
    };
    assert_eq!(reasons(&org).await, [without]);
}
