//! Uploads of packages where something is there already, or an answer is lost: nothing of another is touched, and nothing
//! is there twice.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use jumpcloud_mdm::{Error, JumpCloud, PackageUpload, SoftwareApp, UploadRecord};
use serde_json::{Value, json};
use support::World;

fn package(bytes: &'static [u8]) -> PackageUpload {
    PackageUpload::new("Okta Verify", "OktaVerify.pkg", bytes).unwrap()
}

async fn upload(client: &JumpCloud, earlier: Option<UploadRecord>) -> Result<SoftwareApp, Error> {
    let timeout = Duration::from_millis(50);
    client
        .upload_package_recorded(&package(b"abc"), timeout, earlier, |_| Ok(()))
        .await
}

/// A software app that holds `abc`, as a server tells it that names no status.
fn app_without_status(description: &str) -> Value {
    let record = UploadRecord::new(&package(b"abc"));
    json!({"id": "a9", "displayName": "Okta Verify", "settings": [{"packageManager": "APPLE_CUSTOM",
        "description": description, "storedPackage": {"versions": [{"version": 1, "sha256sum": record.sha256}]}}]})
}

#[tokio::test]
async fn a_package_whose_status_is_not_told_is_waited_for_and_gets_no_second_app() {
    let world = World::start().await;
    let by_hand = app_without_status("by hand");
    world.state().apps.push(by_hand.clone());
    let error = upload(&world.client(), None).await.unwrap_err().to_string();
    assert!(
        error.contains("does not say how far it is with software app a9"),
        "{error}"
    );
    assert!(world.take_writes().is_empty());
    assert_eq!(world.state().apps, [by_hand]);
}

#[tokio::test]
async fn an_announcement_whose_answer_is_lost_is_read_back_and_made_once() {
    let world = World::start().await;
    world.lose_answer("POST", "/softwareapps", 503);
    // This JumpCloud gives no address.
    let error = upload(&world.client(), None).await.unwrap_err().to_string();
    assert!(error.contains("gave no https address"), "{error}");
    assert_eq!(
        world.take_writes(),
        [
            "POST /api/v2/softwareapps",
            "DELETE /api/v2/softwareapps/a1",
            "POST /api/v2/softwareapps"
        ]
    );
    assert_eq!(world.state().apps.len(), 1);

    // One that is not to be seen may still be made, so it is not made again.
    let world = World::start().await;
    world.refuse("POST", "/softwareapps", 503);
    let error = upload(&world.client(), None).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(world.take_writes(), ["POST /api/v2/softwareapps"]);
}

#[tokio::test]
async fn what_an_earlier_run_announced_is_begun_anew_only_when_its_record_says_that_it_was_not_sent()
 {
    let mut record = UploadRecord::new(&package(b"abc"));
    for (sent, writes) in [
        (true, vec![]),
        (
            false,
            vec![
                "DELETE /api/v2/softwareapps/a9",
                "POST /api/v2/softwareapps",
            ],
        ),
    ] {
        let world = World::start().await;
        let announced = app_without_status(&format!("upload: {}", record.mark));
        world.state().apps.push(announced);
        record.sent = sent;
        // A record survives its file, and holds no address.
        let file = serde_json::to_string(&record).unwrap();
        let earlier = serde_json::from_str(&file).unwrap();
        upload(&world.client(), Some(earlier)).await.unwrap_err();
        assert_eq!(world.take_writes(), writes, "sent: {sent}");
        assert_eq!(world.state().apps.len(), 1, "sent: {sent}");
    }
}

#[tokio::test]
async fn nothing_is_written_without_a_record_that_is_kept_and_of_this_package() {
    let world = World::start().await;
    let (client, timeout) = (world.client(), Duration::from_millis(50));
    let full = |_: &UploadRecord| Err("the disk is full".to_owned());
    let error = client
        .upload_package_recorded(&package(b"abc"), timeout, None, full)
        .await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "upload record: the disk is full"
    );
    let other = UploadRecord::new(&package(b"abd"));
    let error = upload(&client, Some(other)).await.unwrap_err();
    assert!(
        matches!(&error, Error::Input { field, .. } if field == "upload record"),
        "{error}"
    );
    assert!(world.take_writes().is_empty());
}

#[tokio::test]
async fn the_record_says_not_sent_before_the_announcement_and_sent_before_the_bytes() {
    let world = World::start().await;
    let mut kept = Vec::new();
    let keep = |record: &UploadRecord| {
        kept.push((record.sent, world.state().apps.len()));
        Ok(())
    };
    let (client, timeout) = (world.client(), Duration::from_millis(50));
    client
        .upload_package_recorded(&package(b"abc"), timeout, None, keep)
        .await
        .unwrap_err();
    // Without an address they are certainly not sent, and the record says so again.
    assert_eq!(kept, [(false, 0), (true, 1), (false, 1)]);
}
