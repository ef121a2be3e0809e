//! What every org of this suite has beside a fresh sandbox's: another app, people who join and leave, and a device
//! assurance policy that the managed rule names.

use device_trust_sandbox::{PILOT_USER_GROUP, Shared};
use device_trust_tests::okta::{self, stored};
use okta_devtrust::trust::Desired;
use serde_json::{Value, json};

/// Who comes into a group of the managed rule.
pub(crate) const JOINER: &str = "00ujoiner00000000001";
/// Who is in it and leaves.
pub(crate) const LEAVER: &str = "00uleaver00000000001";
/// The device assurance policy.
const ASSURANCE: &str = "daemacs0000000000001";

/// What is wanted.
pub(crate) fn desired() -> Desired {
    let mut desired = okta::desired();
    desired.access.managed.assurance = vec![ASSURANCE.into()];
    desired
}

/// Makes the org.
pub(crate) fn seed(shared: &Shared) {
    stored::change(shared, |okta, _| {
        let mut app = stored::app(okta, "Wiki").unwrap().clone();
        app["body"]["id"] = json!("0oaintranet000000001");
        app["body"]["label"] = json!("Intranet");
        app["policy"] = stored::policy_id(okta, "Any two factors").into();
        push(&mut okta["apps"], app);
        for id in [JOINER, LEAVER] {
            let mut user = okta["users"][0].clone();
            user["id"] = json!(id);
            user["status"] = json!("ACTIVE");
            user["profile"]["login"] = json!(format!("{id}@acme.example"));
            push(&mut okta["users"], user);
        }
        let group = stored::group_mut(okta, PILOT_USER_GROUP).unwrap();
        push(&mut group["members"], json!(LEAVER));
        let assurance = json!({
            "id": ASSURANCE, "name": "Macs", "platform": "MACOS", "osVersion": {"minimum": "15.0.0"}});
        push(&mut okta["assurances"], assurance);
    });
}

fn push(list: &mut Value, one: Value) {
    list.as_array_mut().unwrap().push(one);
}
