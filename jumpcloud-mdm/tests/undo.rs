//! Going back: a plan undone, a deployment withdrawn, and what changed meanwhile left alone.
#![allow(clippy::unwrap_used)]

mod support;

use jumpcloud_mdm::{
    Error, JumpCloud,
    deploy::{self, Desired, DesiredSoftware, Package, Plan, Step, UndoRecord},
};
use serde_json::{Value, json};
use support::{CHALLENGE, PROFILE, State, World, desired, desired_with, key};

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
async fn a_binding_is_undone_by_the_apps_id_whatever_its_name_is_by_now() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await;
    add_group(&world);
    let mut wider = desired();
    wider.software[0].device_groups.push("macOS".into());
    let record = deploy(&client, &wider).await;
    let file = serde_json::to_value(&record).unwrap();
    assert_eq!(
        file["entries"],
        json!([{"undo": "software_bound", "software": "Okta Verify", "id": "a2", "manager": "APPLE_CUSTOM",
            "group_id": "g2"}])
    );
    let record: UndoRecord = serde_json::from_value(file).unwrap();
    world.state().apps[0]["displayName"] = "Okta Verify (renamed)".into();
    world.take_writes();
    back(&client, &record).await.unwrap();
    assert_eq!(
        world.take_writes(),
        ["POST /api/v2/softwareapps/a2/associations"]
    );
    assert_eq!(world.state().edges["a2"], ["g1".to_owned()].into());

    world.state().apps.clear();
    let plan = back(&client, &record).await.unwrap();
    assert_eq!(
        plan.unchanged,
        ["software `Okta Verify`: the software app a2 is not there any more"]
    );
    world.assert_all_known();
}

#[tokio::test]
async fn software_that_another_made_meanwhile_is_unbound_and_not_deleted() {
    let world = World::start().await;
    let (client, desired) = (world.client(), desired());
    let observed = deploy::observe(&client, &desired).await.unwrap();
    let plan = deploy::plan(&desired, &observed, &key()).unwrap();
    let by_hand = json!({"id": "hand", "displayName": "Okta Verify", "settings": [{"packageManager": "APPLE_CUSTOM",
        "packageId": "okta-verify", "location": support::PACKAGE}]});
    world.state().apps.push(by_hand);
    let mut kept = None;
    let keep = |record: &UndoRecord| {
        kept = Some(record.clone());
        Ok(())
    };
    deploy::apply_recorded(&client, &plan, &desired, &observed, &key(), keep, |_| {})
        .await
        .unwrap();
    assert_eq!(world.state().edges["hand"], ["g1".to_owned()].into());
    let plan = back(&client, &kept.unwrap()).await.unwrap();
    assert!(
        plan.unchanged.contains(
            &"software `Okta Verify`: not deployed by `device-trust`, left alone".to_owned()
        ),
        "{plan}"
    );
    assert_eq!(world.state().apps.len(), 1);
    assert!(world.state().edges["hand"].is_empty());
}

/// An App Store app that has another name in JumpCloud than in the deployment.
fn licensed() -> Desired {
    Desired::new("device-trust").software(
        DesiredSoftware::new("Okta Verify", Package::vpp("490179405")).device_group("macOS pilot"),
    )
}

fn add_group(world: &World) {
    let group = json!({"id": "g2", "name": "macOS", "type": "system_group"});
    world.state().groups.push(group);
}

async fn with_licensed() -> World {
    let world = World::start().await;
    add_group(&world);
    let app = json!({"id": "v1", "displayName": "Okta Verify (ABM)", "settings": [{"packageManager": "APPLE_VPP",
        "packageId": "490179405"}]});
    world.state().apps.push(app);
    world
}

const BINDING: &str = "POST /api/v2/softwareapps/v1/associations";

#[tokio::test]
async fn the_bindings_of_an_app_store_app_are_undone_though_it_has_another_name() {
    let world = with_licensed().await;
    let client = world.client();
    let first = deploy(&client, &licensed()).await;
    let mut moved = licensed();
    moved.software[0] = DesiredSoftware::new("Okta Verify", Package::vpp("490179405"))
        .device_group("macOS")
        .only_these_groups();
    let second = deploy(&client, &moved).await;
    assert_eq!(world.state().edges["v1"], ["g2".to_owned()].into());
    world.take_writes();
    for (record, left) in [(second, vec!["g1".to_owned()]), (first, vec![])] {
        let file = serde_json::to_string(&record).unwrap();
        let record: UndoRecord = serde_json::from_str(&file).unwrap();
        back(&client, &record).await.unwrap();
        assert_eq!(world.state().edges["v1"], left.into_iter().collect());
        assert!(back(&client, &record).await.unwrap().is_empty());
    }
    assert_eq!(world.take_writes(), [BINDING; 3]);
    assert_eq!(world.state().apps.len(), 1);
    world.assert_all_known();
}

#[tokio::test]
async fn a_withdrawal_unbinds_an_app_store_app_and_leaves_it_and_others_bindings() {
    let world = with_licensed().await;
    let client = world.client();
    deploy(&client, &licensed()).await;
    let edges = |world: &World| world.state().edges["v1"].clone();
    world
        .state()
        .edges
        .get_mut("v1")
        .unwrap()
        .insert("g2".into());
    world.take_writes();
    let observed = deploy::observe(&client, &licensed()).await.unwrap();
    let plan = deploy::withdraw(&licensed(), &observed, &key()).unwrap();
    assert_eq!(
        plan.to_string(),
        "JumpCloud, organisation 5f00000000000000000000aa, owner device-trust: 1 change\n  \
         - software `Okta Verify`: unbind from device group g1\n  \
         = software `Okta Verify (ABM)`: not created by the deployment, stays in JumpCloud\n  \
         ! software `Okta Verify (ABM)`: also bound to device group g2, left alone\n"
    );
    let record = UndoRecord::of(&plan, &observed, &key());
    deploy::apply(&client, &plan, &licensed(), &key(), |_| {})
        .await
        .unwrap();
    assert_eq!(world.take_writes(), [BINDING]);
    assert_eq!(edges(&world), ["g2".to_owned()].into());
    let observed = deploy::observe(&client, &licensed()).await.unwrap();
    let again = deploy::withdraw(&licensed(), &observed, &key()).unwrap();
    assert!(again.is_empty(), "{again}");
    back(&client, &record).await.unwrap();
    assert_eq!(edges(&world), ["g1".to_owned(), "g2".to_owned()].into());
    assert_eq!(world.state().apps.len(), 1);
}

#[tokio::test]
async fn a_stored_package_is_withdrawn_when_the_owner_uploaded_it_and_else_unbound() {
    let desired = Desired::new("device-trust").software(
        DesiredSoftware::new("Okta Verify", Package::stored("AA00")).device_group("macOS pilot"),
    );
    for (description, writes) in [
        (
            "deployed-by: device-trust\nupload: 1",
            ["DELETE /api/v2/softwareapps/s1"],
        ),
        ("upload: 1", ["POST /api/v2/softwareapps/s1/associations"]),
    ] {
        let world = World::start().await;
        let client = world.client();
        world.state().apps.push(json!({"id": "s1", "displayName": "Okta Verify", "settings": [{
            "packageManager": "APPLE_CUSTOM", "description": description,
            "storedPackage": {"versions": [{"version": 1, "sha256sum": "aa00", "status": "AVAILABLE"}]}}]}));
        let record = deploy(&client, &desired).await;
        assert_eq!(
            world.take_writes(),
            ["POST /api/v2/softwareapps/s1/associations"]
        );
        back(&client, &record).await.unwrap();
        assert!(world.state().edges["s1"].is_empty(), "{description}");
        deploy(&client, &desired).await;
        world.take_writes();
        let observed = deploy::observe(&client, &desired).await.unwrap();
        let plan = deploy::withdraw(&desired, &observed, &key()).unwrap();
        deploy::apply(&client, &plan, &desired, &key(), |_| {})
            .await
            .unwrap();
        assert_eq!(world.take_writes(), writes, "{description}");
    }
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

#[tokio::test]
async fn a_deletion_of_unknown_outcome_is_sent_again_only_when_nothing_was_edited_in_between() {
    let deletions = [
        ("/policies/p1", "DELETE /api/v2/policies/p1"),
        ("/softwareapps/a2", "DELETE /api/v2/softwareapps/a2"),
    ];
    for (path, line) in deletions {
        for edited in [false, true] {
            let world = World::start().await;
            let client = world.client();
            deploy(&client, &desired()).await;
            let observed = deploy::observe(&client, &desired()).await.unwrap();
            let mut plan = deploy::withdraw(&desired(), &observed, &key()).unwrap();
            world.take_writes();
            plan.steps.retain(|step| deletes(step, path));
            match edited {
                true => world.refuse_amid("DELETE", path, 503, edit_all),
                false => world.refuse("DELETE", path, 503),
            }
            let ended = deploy::apply(&client, &plan, &desired(), &key(), |_| {}).await;
            let sent = if edited { 1 } else { 2 };
            assert_eq!(world.take_writes(), vec![line; sent], "edited: {edited}");
            match edited {
                true => assert!(matches!(ended, Err(Error::Stale { .. })), "{ended:?}"),
                false => drop(ended.unwrap()),
            }
        }
    }
}

fn edit_all(state: &mut State) {
    for policy in &mut state.policies {
        policy["notes"] = json!("changed by Ann");
    }
    for app in &mut state.apps {
        app["settings"][0]["location"] = json!("https://example.com/ann.pkg");
    }
}

/// Whether a step deletes what has this path.
fn deletes(step: &Step, path: &str) -> bool {
    match step {
        Step::DeletePolicy { id, .. } | Step::DeleteSoftware { id, .. } => path.ends_with(id),
        _ => false,
    }
}
