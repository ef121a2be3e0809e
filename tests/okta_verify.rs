//! `verify` on an org that keeps state: what holds, and each kind of what does not.
#![allow(missing_docs, clippy::unwrap_used)]

use device_trust_sandbox::{BREAK_GLASS_GROUP, Sandbox};
use device_trust_tests::okta::{self, SignIns, desired, stored};
use jiff::{SignedDuration, Timestamp};
use okta_devtrust::{
    Okta,
    enforcement::{Verified, verify},
    trust::{Reason, apply, observe, plan},
};
use secrecy::ExposeSecret as _;

async fn verified(okta: &Okta) -> Verified {
    let to = Timestamp::now() + SignedDuration::from_mins(1);
    let from = to - SignedDuration::from_hours(1);
    verify(okta, &desired(), from, to).await.unwrap()
}

async fn fresh() -> (Sandbox, Okta) {
    let sandbox = okta::start(None).await.unwrap();
    let token = sandbox.secrets().okta_api_token;
    let okta = okta::client(sandbox.okta_url(), token.expose_secret()).unwrap();
    (sandbox, okta)
}

/// Everything applied, proved and closed.
async fn closed() -> (Sandbox, Okta) {
    let (sandbox, okta) = fresh().await;
    let setup = plan(&desired(), &observe(&okta, &desired()).await.unwrap()).unwrap();
    apply(&okta, &setup, |_| {}).await.unwrap();
    SignIns::ENOUGH.write(sandbox.shared());
    let closing = okta::closing(&okta).await.unwrap();
    apply(&okta, &closing, |_| {}).await.unwrap();
    (sandbox, okta)
}

fn writes(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests_of_this_run();
    requests.iter().filter(|one| one.is_write()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_is_as_wanted_holds_and_looking_writes_nothing() {
    let (sandbox, okta) = closed().await;
    let earlier = writes(&sandbox);
    let found = verified(&okta).await;
    assert!(found.holds(), "{found}");
    assert!(found.is_closed && found.proof.is_some() && found.notes.is_empty());
    // What was found can be kept.
    let text = serde_json::to_string(&found).unwrap();
    let kept: Verified = serde_json::from_str(&text).unwrap();
    assert!(kept.holds());
    assert_eq!(serde_json::to_string(&kept).unwrap(), text);
    assert_eq!(writes(&sandbox), earlier);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_without_the_policy_has_everything_left_to_apply() {
    let (_sandbox, okta) = fresh().await;
    let found = verified(&okta).await;
    assert!(!found.holds() && !found.is_closed && found.proof.is_none());
    assert!(!found.plan.as_ref().unwrap().is_empty());
    assert!(
        matches!(found.unmet.as_slice(), [Reason::NotApplied { .. }]),
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catch_all_that_somebody_opened_is_told_though_all_else_is_met() {
    let (sandbox, okta) = closed().await;
    stored::change(sandbox.shared(), |org, now| {
        let rule = stored::rule_mut(org, stored::ACCESS, stored::CATCH_ALL, now).unwrap();
        rule["actions"]["appSignOn"]["access"] = "ALLOW".into();
    });
    let found = verified(&okta).await;
    assert!(!found.holds() && !found.is_closed);
    assert!(
        found.to_string().starts_with("the catch-all allows"),
        "{found}"
    );
    assert!(
        found.plan.as_ref().unwrap().is_empty() && found.unmet.is_empty(),
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_somebody_changed_and_a_group_that_lost_its_members_are_told_together() {
    let (sandbox, okta) = closed().await;
    stored::change(sandbox.shared(), |org, now| {
        let rule = stored::rule_mut(org, stored::ACCESS, stored::MANAGED, now).unwrap();
        rule["conditions"]["device"]["managed"] = false.into();
        stored::set_member_states(org, BREAK_GLASS_GROUP, "SUSPENDED").unwrap();
    });
    let found = verified(&okta).await;
    assert!(!found.holds() && found.is_closed, "{found}");
    // To put the rule right would be a change under a catch-all that denies.
    assert!(found.plan.is_none(), "{found}");
    let has = |is: fn(&Reason) -> bool| found.unmet.iter().any(is);
    assert!(
        has(|reason| matches!(reason, Reason::CatchAllClosed { .. })),
        "{found}"
    );
    assert!(
        has(|reason| matches!(reason, Reason::BreakGlassEmpty { .. })),
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_became_weaker_than_the_password_that_is_lifted_is_told() {
    let (sandbox, okta) = closed().await;
    stored::change(sandbox.shared(), |org, now| {
        let rule = stored::rule_mut(org, stored::ENROL, stored::CATCH_ALL, now).unwrap();
        rule["actions"]["appSignOn"]["verificationMethod"]["factorMode"] = "1FA".into();
    });
    let found = verified(&okta).await;
    assert!(
        matches!(found.unmet.as_slice(), [Reason::WeakerThanPassword { weak }] if weak.policy == stored::ENROL),
        "{found}"
    );
    assert!(found.plan.as_ref().unwrap().is_empty() && !found.holds());
}
