//! The deployment against a small JumpCloud: what is written, what is not, and what happens when it goes wrong.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jumpcloud_mdm::{
    Error,
    deploy::{self, Desired, DeviceState, Event, Outcome, WaitOptions},
};
use serde_json::json;
use support::{PROFILE, State, World, deploy, desired, desired_with, key, planned, status};

const FIRST_RUN: [&str; 4] = [
    "POST /api/v2/policies",
    "POST /api/v2/policies/p1/associations",
    "POST /api/v2/softwareapps",
    "POST /api/v2/softwareapps/a2/associations",
];

/// Another generation of the profile.
fn renewed() -> String {
    PROFILE.replace("7C9E6679", "8C9E6679")
}

#[tokio::test]
async fn the_first_run_creates_and_binds_and_the_second_writes_nothing() {
    let world = World::start().await;
    let client = world.client();
    let mut events = Vec::new();
    let plan = planned(&client, &desired()).await.unwrap();
    deploy::apply(&client, &plan, &desired(), &key(), |event| {
        events.push(match event {
            Event::Started { index, .. } => format!("start {index}"),
            Event::Finished { index, outcome, .. } => format!("end {index} {outcome:?}"),
            other => format!("{other:?}"),
        });
    })
    .await
    .unwrap();
    assert_eq!(events.len(), 8);
    assert_eq!(events[7], "end 3 Done");
    assert_eq!(world.take_writes(), FIRST_RUN);

    let policy = world.state().policies[0].clone();
    let value = policy["values"][0]["value"].as_str().unwrap();
    assert_eq!(STANDARD.decode(value).unwrap(), PROFILE.as_bytes());
    assert_eq!(policy["values"][1]["value"], json!(false));

    let plan = planned(&client, &desired()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
    deploy::apply(&client, &plan, &desired(), &key(), |_| {})
        .await
        .unwrap();
    assert_eq!(world.take_writes(), [""; 0]);
    world.assert_all_known();
}

#[tokio::test]
async fn a_profile_that_only_reads_otherwise_costs_no_put() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await.unwrap();
    let spelt_otherwise = desired_with(&PROFILE.replace('\t', "  "));
    assert!(planned(&client, &spelt_otherwise).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_new_generation_is_one_put_that_keeps_other_values_and_notes() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await.unwrap();
    {
        let mut state = world.state();
        let policy = &mut state.policies[0];
        policy["notes"] = json!(format!(
            "call Ann first\n{}",
            policy["notes"].as_str().unwrap()
        ));
        let values = policy["values"].as_array_mut().unwrap();
        values.push(json!({"configFieldID": "f9", "value": null, "future": [1]}));
    }
    world.take_writes();
    deploy(&client, &desired_with(&renewed())).await.unwrap();
    assert_eq!(world.take_writes(), ["PUT /api/v2/policies/p1"]);
    let policy = world.state().policies[0].clone();
    assert!(
        policy["notes"]
            .as_str()
            .unwrap()
            .starts_with("call Ann first\n")
    );
    assert_eq!(policy["values"][2]["future"], json!([1]));
}

#[tokio::test]
async fn an_administrators_change_since_the_plan_is_named_and_not_overwritten() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await.unwrap();
    let desired = desired_with(&renewed());
    let plan = planned(&client, &desired).await.unwrap();
    world.state().policies[0]["values"][1]["value"] = json!(true);
    world.take_writes();
    let error = deploy::apply(&client, &plan, &desired, &key(), |_| {})
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Stale { differences, .. } if differences == &["redispatchPolicy"]),
        "{error}"
    );
    assert_eq!(world.take_writes(), [""; 0]);

    world.state().policies.clear();
    let error = deploy::apply(&client, &plan, &desired, &key(), |_| {})
        .await
        .unwrap_err();
    assert!(error.to_string().contains("it is gone"), "{error}");
}

#[tokio::test]
async fn a_policy_of_another_is_refused_unless_adopted() {
    let world = World::start().await;
    let client = world.client();
    world.state().policies.push(json!({"id": "p9", "name": "Okta device trust", "template": {"id": "t1"},
        "values": [{"configFieldID": "f1", "value": STANDARD.encode(renewed())}], "notes": "by hand"}));
    let error = deploy(&client, &desired()).await.unwrap_err();
    assert!(
        matches!(&error, Error::Refused { problems } if matches!(problems[0], deploy::Problem::Foreign { .. })),
        "{error}"
    );
    assert_eq!(world.take_writes(), [""; 0]);

    let mut adopting = desired();
    adopting.profiles[0].adopt = true;
    deploy(&client, &adopting).await.unwrap();
    assert_eq!(world.take_writes()[0], "PUT /api/v2/policies/p9");
}

#[tokio::test]
async fn a_run_cut_short_anywhere_is_finished_by_the_next_without_duplicates() {
    for cut in [
        ("POST", "/policies"),
        ("POST", "/p1/associations"),
        ("POST", "/softwareapps"),
        ("POST", "/a2/associations"),
    ] {
        let world = World::start().await;
        let client = world.client();
        world.refuse(cut.0, cut.1, 400);
        let error = deploy(&client, &desired()).await.unwrap_err();
        assert!(error.is_invalid(), "{cut:?}: {error}");
        deploy(&client, &desired()).await.unwrap();
        assert!(planned(&client, &desired()).await.unwrap().is_empty());
        let state = world.state();
        assert_eq!((state.policies.len(), state.apps.len()), (1, 1), "{cut:?}");
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_read_back_and_not_repeated() {
    for (method, path) in [
        ("POST", "/policies"),
        ("POST", "/p1/associations"),
        ("POST", "/softwareapps"),
        ("POST", "/a2/associations"),
    ] {
        for status in [500, 504] {
            let world = World::start().await;
            world.lose_answer(method, path, status);
            deploy(&world.client(), &desired()).await.unwrap();
            assert_eq!(world.take_writes(), FIRST_RUN, "{path} {status}");
        }
    }
}

#[tokio::test]
async fn a_write_that_may_still_happen_is_left_to_the_next_run() {
    for (method, path) in [("POST", "/policies"), ("POST", "/softwareapps")] {
        let world = World::start().await;
        world.refuse(method, path, 502);
        let error = deploy(&world.client(), &desired()).await.unwrap_err();
        assert!(error.is_ambiguous(), "{error}");
        let sent = world.take_writes();
        let times = sent.iter().filter(|line| line.ends_with(path)).count();
        assert_eq!(times, 1, "{sent:?}");
        deploy(&world.client(), &desired()).await.unwrap();
        assert!(
            planned(&world.client(), &desired())
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_put_that_may_still_happen_is_not_sent_again_in_the_same_run() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await.unwrap();
    world.take_writes();
    world.refuse("PUT", "/p1", 504);
    let error = deploy(&client, &desired_with(&renewed()))
        .await
        .unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(world.take_writes(), ["PUT /api/v2/policies/p1"]);
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_not_sent_again() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await.unwrap();
    world.take_writes();
    world.lose_answer("PUT", "/p1", 504);
    deploy(&client, &desired_with(&renewed())).await.unwrap();
    assert_eq!(world.take_writes(), ["PUT /api/v2/policies/p1"]);
}

/// A deployment whose software app is there a second time, as of a creation that JumpCloud carried out late.
async fn with_twin() -> World {
    let world = World::start().await;
    deploy(&world.client(), &desired()).await.unwrap();
    let mut twin = world.state().apps[0].clone();
    twin["id"] = json!("a0");
    world.state().apps.push(twin);
    world.take_writes();
    world
}

#[tokio::test]
async fn a_software_app_that_was_made_twice_is_kept_where_it_is_bound_and_deleted_where_not() {
    let world = with_twin().await;
    let client = world.client();
    let plan = planned(&client, &desired()).await.unwrap();
    assert_eq!(
        plan.steps[0].to_string(),
        "- software `Okta Verify`: delete a0, which is there twice and bound to nothing; a2 stays"
    );
    deploy(&client, &desired()).await.unwrap();
    assert_eq!(world.take_writes(), ["DELETE /api/v2/softwareapps/a0"]);
    assert!(planned(&client, &desired()).await.unwrap().is_empty());

    // Where none is bound the first stays.
    let world = with_twin().await;
    world.state().edges.clear();
    deploy(&world.client(), &desired()).await.unwrap();
    let left = world.state().apps.clone();
    assert_eq!((left.len(), &left[0]["id"]), (1, &json!("a0")));
}

#[tokio::test]
async fn of_two_software_apps_of_a_name_none_is_deleted_that_may_be_more_than_a_twin() {
    let edits: [fn(&mut State); 3] = [
        |state| state.apps[1]["settings"][0]["description"] = json!("by hand"),
        |state| state.apps[1]["settings"][0]["location"] = json!("https://example.com/2.pkg"),
        |state| {
            state.edges.insert("a0".into(), ["g7".into()].into());
        },
    ];
    for (number, edit) in edits.iter().enumerate() {
        let world = with_twin().await;
        edit(&mut world.state());
        let error = planned(&world.client(), &desired()).await.unwrap_err();
        assert!(
            error.to_string().contains("rename all but one"),
            "{number}: {error}"
        );
    }
    // It was bound after the plan was made.
    let world = with_twin().await;
    let client = world.client();
    let plan = planned(&client, &desired()).await.unwrap();
    edits[2](&mut world.state());
    let error = deploy::apply(&client, &plan, &desired(), &key(), |_| {})
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Stale { .. }), "{error}");
    assert!(world.take_writes().is_empty());
}

#[tokio::test]
async fn an_edge_that_another_added_meanwhile_is_as_good_as_ours() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await.unwrap();
    world.state().edges.clear();
    let plan = planned(&client, &desired()).await.unwrap();
    world
        .state()
        .edges
        .insert("p1".into(), ["g1".into()].into());
    let applied = deploy::apply(&client, &plan, &desired(), &key(), |_| {})
        .await
        .unwrap();
    assert_eq!(applied.outcomes, [Outcome::AlreadyThere, Outcome::Done]);
}

#[tokio::test]
async fn a_conflict_that_the_edges_do_not_bear_out_is_an_error() {
    let world = World::start().await;
    world.refuse("POST", "/p1/associations", 409);
    let error = deploy(&world.client(), &desired()).await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
}

#[tokio::test]
async fn other_groups_are_left_alone_unless_asked() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await.unwrap();
    world
        .state()
        .edges
        .get_mut("p1")
        .unwrap()
        .insert("g7".into());
    let plan = planned(&client, &desired()).await.unwrap();
    assert!(plan.is_empty());
    assert!(plan.remarks[0].contains("g7"));
    let mut only = desired();
    only.profiles[0].only_these_groups = true;
    deploy(&client, &only).await.unwrap();
    assert!(!world.state().edges["p1"].contains("g7"));
}

#[tokio::test]
async fn a_masked_payload_is_vouched_for_by_the_notes_and_costs_no_put() {
    let world = World::start().await;
    let client = world.client();
    world.state().mask_payload = true;
    deploy(&client, &desired()).await.unwrap();
    let plan = planned(&client, &desired()).await.unwrap();
    assert!(
        plan.is_empty() && plan.remarks[0].contains("cannot be read back"),
        "{plan}"
    );
    assert!(
        !planned(&client, &desired_with(&renewed()))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn without_the_template_the_error_says_what_is_missing() {
    let world = World::start().await;
    world.state().no_template = true;
    let error = planned(&world.client(), &desired()).await.unwrap_err();
    assert!(matches!(error, Error::TemplateMissing { .. }));
    assert!(
        error.to_string().contains("Apple MDM is not set up"),
        "{error}"
    );
    assert_eq!(world.take_writes(), [""; 0]);
}

#[tokio::test]
async fn a_plan_is_applied_only_to_what_it_was_made_for() {
    let world = World::start().await;
    let client = world.client();
    let plan = planned(&client, &desired()).await.unwrap();
    let other_key = deploy::DigestKey::new([8; 32]).unwrap();
    for (desired, key) in [
        (desired_with(&renewed()), key()),
        (desired(), other_key),
        (Desired::new("someone"), key()),
    ] {
        let error = deploy::apply(&client, &plan, &desired, &key, |_| {})
            .await
            .unwrap_err();
        assert!(matches!(error, Error::PlanMismatch { .. }), "{error}");
    }
    world.state().org_id = Some("5f00000000000000000000bb");
    let error = deploy::apply(&client, &plan, &desired(), &key(), |_| {})
        .await
        .unwrap_err();
    assert!(error.to_string().contains("organisation"), "{error}");
    assert_eq!(world.take_writes(), [""; 0]);
}

#[tokio::test]
async fn waiting_joins_each_device_and_ends_when_all_have_reported() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await.unwrap();
    world
        .state()
        .members
        .insert("g1".into(), ["s1", "s2", "s4"].map(String::from).into());
    world
        .state()
        .systems
        .push(json!({"_id": "s4", "displayName": "tux", "osFamily": "linux"}));
    world.state().statuses = vec![status("r1", "s1", "success"), status("r2", "s2", "pending")];
    let options = WaitOptions::default().interval(Duration::from_millis(1));
    let mut looks = 0;
    let rollout = deploy::wait(&client, &desired(), &options, |rollout| {
        looks += 1;
        if looks == 1 {
            assert_eq!(rollout.devices[1].state, DeviceState::Pending);
            world.state().statuses[1] = status("r2", "s2", "failed");
        }
    })
    .await
    .unwrap();
    assert!(!rollout.timed_out && !rollout.all_succeeded());
    let states: Vec<_> = rollout
        .devices
        .iter()
        .map(|device| (device.name.as_str(), &device.state))
        .collect();
    assert_eq!(states[0], ("mac-1", &DeviceState::Success));
    assert_eq!(states[1], ("mac-2", &DeviceState::Failed));
    assert!(matches!(states[2], ("tux", DeviceState::OutOfReach { .. })));
    assert_eq!(rollout.devices[0].serial_number.as_deref(), Some("SN-s1"));
}

#[tokio::test]
async fn a_result_from_before_the_update_does_not_count() {
    let world = World::start().await;
    let client = world.client();
    deploy(&client, &desired()).await.unwrap();
    world.state().statuses = vec![status("r1", "s1", "success"), status("r2", "s2", "success")];
    let desired = desired_with(&renewed());
    let applied = deploy(&client, &desired).await.unwrap();
    world.state().statuses[0] = status("r3", "s1", "success");
    let options = WaitOptions::default()
        .timeout(Duration::ZERO)
        .after(&applied);
    let rollout = deploy::wait(&client, &desired, &options, |_| {})
        .await
        .unwrap();
    assert!(rollout.timed_out);
    assert_eq!(rollout.devices[0].state, DeviceState::Success);
    assert_eq!(rollout.devices[1].state, DeviceState::Unreported);
}

#[tokio::test]
async fn all_problems_come_at_once_and_nothing_is_sent() {
    let world = World::start().await;
    let mut desired = desired();
    desired.profiles[0].device_groups = vec!["Berlin, Munich".into()];
    desired.profiles[0].profile = b"no profile".to_vec();
    desired.software[0].package = deploy::Package::custom("x", "http://example.com/a.pkg");
    let error = planned(&world.client(), &desired).await.unwrap_err();
    let Error::Refused { problems } = error else {
        panic!("{error}")
    };
    assert!(
        matches!(
            problems[..],
            [
                deploy::Problem::Absent { .. },
                deploy::Problem::Profile { .. },
                deploy::Problem::PackageUrl { .. }
            ]
        ),
        "{problems:#?}"
    );
    assert_eq!(world.take_writes(), [""; 0]);
    world.assert_all_known();
}
