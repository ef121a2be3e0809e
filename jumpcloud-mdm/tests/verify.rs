//! Whether what is there is as it is desired, read anew.
#![allow(clippy::unwrap_used)]

mod support;

use jumpcloud_mdm::{
    Error,
    deploy::{self, Desired},
};
use serde_json::json;
use support::{World, desired, key};

#[tokio::test]
async fn a_verification_says_what_differs_and_writes_nothing() {
    let world = World::start().await;
    let client = world.client();
    let verify = async |desired: &Desired| deploy::verify(&client, desired, &key()).await.unwrap();
    let before = verify(&desired()).await;
    assert!(!before.holds());
    assert_eq!(before.plan.as_ref().map(|plan| plan.steps.len()), Some(4));
    assert!(
        before.to_string().starts_with("left to apply: "),
        "{before}"
    );
    assert!(world.take_writes().is_empty());

    let plan = before.plan.unwrap();
    deploy::apply(&client, &plan, &desired(), &key(), |_| {})
        .await
        .unwrap();
    world.take_writes();
    let after = verify(&desired()).await;
    assert!(after.holds() && after.refusal.is_none(), "{after}");
    assert!(
        after.to_string().starts_with("everything is as desired\n"),
        "{after}"
    );

    world.state().policies[0]["values"][1]["value"] = json!(true);
    let edited = verify(&desired()).await;
    assert!(!edited.holds());
    assert!(
        edited
            .to_string()
            .contains("because the re-apply switch differs"),
        "{edited}"
    );

    let mut unknown = desired();
    unknown.profiles[0].device_groups = vec!["nowhere".into()];
    let refused = verify(&unknown).await;
    assert!(!refused.holds() && refused.plan.is_none());
    assert!(matches!(refused.refusal, Some(Error::Refused { .. })));
    assert!(refused.to_string().contains("nowhere"), "{refused}");
    assert!(world.take_writes().is_empty());

    // What cannot be read proves nothing.
    world.refuse("GET", "/systemgroups", 403);
    deploy::verify(&client, &desired(), &key())
        .await
        .unwrap_err();
}
