//! Going back: a plan undone, a deployment withdrawn, and what changed meanwhile left alone.
#![allow(clippy::unwrap_used)]

mod support;

use jumpcloud_mdm::{
    Error, JumpCloud,
    deploy::{self, Desired, Plan, UndoRecord},
};
use serde_json::{Value, json};
use support::{CHALLENGE, PROFILE, World, desired, desired_with, key};

async fn deploy(client: &JumpCloud, desired: &Desired) -> UndoRecord {
    let observed = deploy::observe(client, desired).await.unwrap();
    let plan = deploy::plan(desired, &observed, &key()).unwrap();
    let mut kept = None;
    let keep = |record: &UndoRecord| {
        kept = Some(record.clone());
        Ok(())
    };
    deploy::apply_recorded(client, &plan, desired, &observed, &key(), keep, |_| {})
        .await
        .unwrap();
    kept.unwrap()
}

async fn back(client: &JumpCloud, record: &UndoRecord) -> Result<Plan, Error> {
    let before = record.desired();
    let observed = deploy::observe(client, &before).await?;
    let plan = record.plan(&observed, &key())?;
    deploy::apply(client, &plan, &before, &key(), |_| {}).await?;
    Ok(plan)
}

fn stored(world: &World) -> (Vec<Value>, Vec<Value>, String) {
    let state = world.state();
    (
        state.policies.clone(),
        state.apps.clone(),
        format!("{:?}", state.edges),
    )
}

#[tokio::test]
async fn what_a_plan_created_is_deleted_and_a_second_undo_writes_nothing() {
    let world = World::start().await;
    let client = world.client();
    let record = deploy(&client, &desired()).await;
    back(&client, &record).await.unwrap();
    assert!(world.state().policies.is_empty() && world.state().apps.is_empty());
    world.take_writes();
    assert!(back(&client, &record).await.unwrap().is_empty());
    assert!(world.take_writes().is_empty());
    world.assert_all_known();
}

#[tokio::test]
async fn a_binding_of_software_that_has_another_name_by_now_is_said_to_stay() {
    let world = World::start().await;
    let client = world.client();
    let record = deploy(&client, &desired()).await;
    let mut record = serde_json::to_value(record).unwrap();
    record["entries"] =
        json!([{"undo": "software_bound", "software": "Okta Verify", "group_id": "g1"}]);
    let record: UndoRecord = serde_json::from_value(record).unwrap();
    world.state().apps[0]["displayName"] = "Okta Verify (ABM)".into();
    let plan = back(&client, &record).await.unwrap();
    assert!(plan.is_empty());
    assert!(
        plan.unchanged[0].starts_with("software `Okta Verify`: not there by this name"),
        "{plan}"
    );
}

#[tokio::test]
async fn an_updated_policy_is_set_back_exactly_with_one_put() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await;
    let before = stored(&world);
    let renewed = PROFILE.replace("7C9E6679", "7C9E667A");
    let record = deploy(&client, &desired_with(&renewed)).await;
    assert_ne!(stored(&world), before);
    world.take_writes();
    back(&client, &record).await.unwrap();
    assert_eq!(stored(&world), before);
    assert_eq!(world.take_writes(), ["PUT /api/v2/policies/p1"]);
}

#[tokio::test]
async fn a_record_from_a_file_holds_no_secret_and_needs_the_earlier_bytes_again() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await;
    let renewed = PROFILE.replace("7C9E6679", "7C9E667A");
    let record = deploy(&client, &desired_with(&renewed)).await;
    let file = serde_json::to_string(&record).unwrap();
    assert!(!format!("{file}{record:?}").contains(CHALLENGE));
    let read: UndoRecord = serde_json::from_str(&file).unwrap();
    let message = back(&client, &read).await.unwrap_err().to_string();
    assert!(message.contains("give the bytes"), "{message}");
    let wrong = read.clone().profile("Okta device trust", renewed);
    let message = back(&client, &wrong).await.unwrap_err().to_string();
    assert!(message.contains("not the one before"), "{message}");
    let given = read.profile("Okta device trust", PROFILE);
    assert_eq!(back(&client, &given).await.unwrap().steps.len(), 1);
}

#[tokio::test]
async fn an_administrators_later_change_is_not_undone() {
    let world = World::start().await;
    let client = world.client();
    let record = deploy(&client, &desired()).await;
    world.state().policies[0]["notes"] = json!("changed by Ann");
    world.take_writes();
    let error = back(&client, &record).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert!(world.take_writes().is_empty());
}

#[tokio::test]
async fn nothing_is_written_when_the_record_cannot_be_kept() {
    let world = World::start().await;
    let (client, desired) = (world.client(), desired());
    let observed = deploy::observe(&client, &desired).await.unwrap();
    let plan = deploy::plan(&desired, &observed, &key()).unwrap();
    let full = |_: &UndoRecord| Err("the disk is full".to_owned());
    let error =
        deploy::apply_recorded(&client, &plan, &desired, &observed, &key(), full, |_| {}).await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "undo record: the disk is full"
    );
    assert!(world.take_writes().is_empty());
}

#[tokio::test]
async fn a_withdrawal_deletes_its_own_and_leaves_what_another_made() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await;
    world.state().apps[0]["settings"][0]["description"] = json!("by hand");
    let observed = deploy::observe(&client, &desired()).await.unwrap();
    let plan = deploy::withdraw(&desired(), &observed, &key()).unwrap();
    assert_eq!(plan.steps.len(), 1);
    assert!(plan.remarks[0].contains("left alone"));
    // The answer to the deletion is lost: it is sent again and found done.
    world.lose_answer("DELETE", "/policies/p1", 503);
    deploy::apply(&client, &plan, &desired(), &key(), |_| {})
        .await
        .unwrap();
    assert!(world.state().policies.is_empty());
    assert_eq!(world.state().apps.len(), 1);
    let observed = deploy::observe(&client, &desired()).await.unwrap();
    assert!(
        deploy::withdraw(&desired(), &observed, &key())
            .unwrap()
            .is_empty()
    );
}
