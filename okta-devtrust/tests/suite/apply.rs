//! Acting on plans, against an org that keeps state.
use crate::support::{desired, org::Org};
use okta_devtrust::{
    Error,
    trust::{Plan, StepState, apply, observe, plan},
};
use serde_json::json;

async fn planned(org: &Org) -> Plan {
    let observed = observe(&org.okta, &desired()).await.unwrap();
    plan(&desired(), &observed).unwrap()
}

#[tokio::test]
async fn a_plan_is_applied_in_order_and_then_nothing_is_left() {
    let org = Org::start().await;
    let first = planned(&org).await;
    let mut seen = Vec::new();
    let applied = apply(&org.okta, &first, |step| {
        seen.push((step.number, step.state));
    })
    .await
    .unwrap();
    assert_eq!(applied.writes(), first.len());
    assert_eq!(
        seen[..2],
        [(1, StepState::Starting), (1, StepState::Written)]
    );
    insta::assert_snapshot!(org.writes().join("\n"));

    let second = planned(&org).await;
    assert!(second.is_empty(), "{second}");
    let (requests, writes) = (org.requests().await, org.writes().len());
    apply(&org.okta, &second, |_| {}).await.unwrap();
    assert_eq!(
        (org.requests().await, org.writes().len()),
        (requests, writes)
    );
}

#[tokio::test]
async fn a_plan_stopped_at_any_write_is_finished_by_the_next_without_duplicates() {
    let whole = Org::start().await;
    let all = planned(&whole).await.len();
    apply(&whole.okta, &planned(&whole).await, |_| {})
        .await
        .unwrap();
    for number in 1..=all {
        let org = Org::start().await;
        org.fail_write(Some(number));
        let halted = apply(&org.okta, &planned(&org).await, |_| {})
            .await
            .unwrap_err();
        assert_eq!(halted.applied.steps.len(), number - 1);
        org.fail_write(None);
        apply(&org.okta, &planned(&org).await, |_| {})
            .await
            .unwrap();
        assert!(planned(&org).await.is_empty());
        assert_eq!(org.count(), whole.count());
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_read_back_and_not_repeated() {
    let all = planned(&Org::start().await).await.len();
    for number in 1..=all {
        let org = Org::start().await;
        org.lose_answer_of_write(number);
        let plan = planned(&org).await;
        let applied = apply(&org.okta, &plan, |_| {}).await.unwrap();
        assert_eq!(applied.writes(), all);
        assert_eq!(org.writes().len(), all);
    }
}

#[tokio::test]
async fn a_key_that_okta_drops_is_an_error_that_names_it() {
    let org = Org::start().await;
    org.drop_key("phishingResistant");
    let halted = apply(&org.okta, &planned(&org).await, |_| {})
        .await
        .unwrap_err();
    let Error::Echo { differences, .. } = &halted.error else {
        panic!("{halted}");
    };
    assert_eq!(
        differences[0].path,
        "actions.appSignOn.verificationMethod.constraints[0].possession.phishingResistant"
    );
    assert!(halted.to_string().contains("request id req1"), "{halted}");
}

/// The note of an app is what tells later runs whose it is.
#[tokio::test]
async fn a_note_that_okta_drops_from_an_app_is_an_error_that_names_it() {
    let org = Org::start().await;
    org.drop_key("notes");
    let halted = apply(&org.okta, &planned(&org).await, |_| {})
        .await
        .unwrap_err();
    let Error::Echo { differences, .. } = &halted.error else {
        panic!("{halted}");
    };
    assert_eq!(differences[0].path, "settings.notes.admin");
}

#[tokio::test]
async fn a_rule_that_an_admin_changed_after_the_plan_is_not_overwritten() {
    let org = Org::start().await;
    apply(&org.okta, &planned(&org).await, |_| {})
        .await
        .unwrap();
    let name = "device-trust: Managed macOS";
    org.edit_rule(name, |rule| {
        rule["conditions"]["device"]["managed"] = json!(false);
    });
    let plan = planned(&org).await;
    assert_eq!(plan.len(), 1);
    org.edit_rule(name, |rule| {
        rule["conditions"]["network"] = json!({"connection": "ZONE", "include": ["nzo1"]});
    });
    let before = org.writes().len();
    let halted = apply(&org.okta, &plan, |_| {}).await.unwrap_err();
    assert!(matches!(&halted.error, Error::Stale { .. }), "{halted}");
    assert!(
        halted.to_string().contains("conditions.network"),
        "{halted}"
    );
    assert_eq!(org.writes().len(), before);
}

#[tokio::test]
async fn a_rule_put_right_keeps_its_place_and_what_okta_added() {
    let org = Org::start().await;
    apply(&org.okta, &planned(&org).await, |_| {})
        .await
        .unwrap();
    let name = "device-trust: Managed macOS";
    org.edit_rule(name, |rule| {
        rule["conditions"]["device"]["managed"] = json!(false);
        rule["newKey"] = json!({"kept": true});
    });
    let plan = planned(&org).await;
    org.edit_rule(name, |rule| rule["priority"] = json!(4));
    apply(&org.okta, &plan, |_| {}).await.unwrap();
    let rule = org.rule(name);
    assert_eq!(rule["conditions"]["device"]["managed"], true);
    assert_eq!(rule["priority"], 4);
    assert_eq!(rule["newKey"], json!({"kept": true}));
}

#[tokio::test]
async fn a_plan_applied_twice_makes_no_duplicate() {
    let org = Org::start().await;
    let plan = planned(&org).await;
    apply(&org.okta, &plan, |_| {}).await.unwrap();
    let count = org.count();
    let halted = apply(&org.okta, &plan, |_| {}).await.unwrap_err();
    assert!(matches!(halted.error, Error::Stale { .. }), "{halted}");
    assert_eq!(org.count(), count);
}

#[tokio::test]
async fn a_plan_for_another_org_is_refused() {
    let org = Org::start().await;
    let mut plan = planned(&org).await;
    plan.org = "00o2".into();
    let halted = apply(&org.okta, &plan, |_| {}).await.unwrap_err();
    assert!(matches!(halted.error, Error::Stale { .. }), "{halted}");
    assert!(org.writes().is_empty());
}

#[tokio::test]
async fn no_secret_is_observed_planned_or_shown() {
    let org = Org::start().await;
    let observed = observe(&org.okta, &desired()).await.unwrap();
    let plan = plan(&desired(), &observed).unwrap();
    let shown = format!(
        "{:?} {observed:?} {plan:?} {plan} {} {}",
        org.okta,
        serde_json::to_string(&observed).unwrap(),
        serde_json::to_string(&plan).unwrap()
    );
    assert!(!shown.contains("canary"), "{shown}");
}
