//! The whole job against the sandbox, seen from the sandbox's side: what was asked of the tenants, in which order, with
//! which bodies, and what the System Log says.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use device_trust::{
    Blueprint, Job, MacReport, Output, Overrides, Report, Secrets, Silent, Tenants, Verdict,
    embedded::Embedded,
};
use device_trust_sandbox::{Actor, RecordedRequest, Side};
use serde_json::{Value, json};
use tempfile::TempDir;

const CANARIES: [(&str, &str); 3] = [
    ("OKTA_API_TOKEN", "00canary-okta-token-0815"),
    ("JUMPCLOUD_API_KEY", "jca_canary-jumpcloud-key-0815"),
    ("SCEP_CHALLENGE", "canary-scep-challenge-0815"),
];

/// A sandbox with the canaries as its secrets, and a folder for the job's files.
struct World {
    embedded: Embedded,
    blueprint: Blueprint,
    secrets: Secrets,
    folder: TempDir,
}

impl World {
    async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    async fn start_with(edit: impl FnOnce(&mut Blueprint)) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/device-trust.toml");
        let (mut blueprint, secrets) = Blueprint::load(&file, &Overrides::default(), |name| {
            CANARIES
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
        .unwrap();
        edit(&mut blueprint);
        Self {
            embedded: Embedded::start(&secrets, None).await.unwrap(),
            blueprint,
            secrets,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Runs the job; gives its report and the requests of administrators that it caused.
    async fn run(&self) -> (Report, Vec<RecordedRequest>) {
        let sandbox = self.embedded.sandbox();
        let before = sandbox.requests().len();
        let tenants = Tenants::sandbox(&self.blueprint, &self.embedded).unwrap();
        let job = Job::new(
            self.blueprint.clone(),
            tenants,
            Output::new(self.folder.path()),
        );
        no_canary_in(&format!("{job:?}"));
        let report = job
            .run(&Silent, |planned| {
                no_canary_in(&format!("{planned} {planned:?}"));
            })
            .await
            .unwrap();
        let mut requests = sandbox.requests().split_off(before);
        requests.retain(|request| request.actor == Actor::Admin);
        (report, requests)
    }

    fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }
}

fn no_canary_in(text: &str) {
    for (name, canary) in CANARIES {
        assert!(!text.contains(canary), "{name} is in {text}");
    }
}

/// Ids stand for themselves only within one world: they are replaced by what they name.
fn shape(request: &RecordedRequest) -> String {
    let path: Vec<&str> = request
        .path
        .split('/')
        .map(|segment| {
            let id =
                segment.len() >= 17 && segment.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if id { "{id}" } else { segment }
        })
        .collect();
    format!("{:?} {} {}", request.side, request.method, path.join("/"))
}

fn writes(requests: &[RecordedRequest]) -> Vec<&RecordedRequest> {
    requests
        .iter()
        .filter(|request| request.is_write())
        .collect()
}

fn body(request: &RecordedRequest) -> &Value {
    request.body.as_ref().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_writes_what_is_needed_in_the_safe_order_and_the_second_run_nothing() {
    let world = World::start().await;
    let (report, requests) = world.run().await;
    let written = writes(&requests);
    let shapes: Vec<String> = written.iter().map(|request| shape(request)).collect();
    assert_eq!(
        shapes,
        [
            "Okta POST /api/v1/authenticators/{id}/methods/signed_nonce/lifecycle/activate",
            "Okta POST /api/v1/policies",
            "Okta POST /api/v1/policies/{id}/rules",
            // The app that stays open, for the first registration.
            "Okta POST /api/v1/policies",
            "Okta POST /api/v1/apps",
            "Okta PUT /api/v1/apps/{id}/policies/{id}",
            "Okta PUT /api/v1/apps/{id}/groups/{id}",
            // The pilot app, whose catch-all denies before the app is under it.
            "Okta POST /api/v1/policies",
            "Okta POST /api/v1/policies/{id}/rules",
            "Okta POST /api/v1/policies/{id}/rules",
            "Okta PUT /api/v1/policies/{id}/rules/{id}",
            "Okta POST /api/v1/apps",
            "Okta PUT /api/v1/apps/{id}/policies/{id}",
            "Okta PUT /api/v1/apps/{id}/groups/{id}",
            "Okta POST /api/v1/policies",
            "Okta POST /api/v1/policies/{id}/rules",
            "Okta POST /api/v1/policies/{id}/rules",
            "Okta PUT /api/v1/apps/{id}/policies/{id}",
            "Okta POST /api/v1/policies",
            "Okta POST /api/v1/policies/{id}/rules",
            "JumpCloud POST /api/v2/policies",
            "JumpCloud POST /api/v2/policies/{id}/associations",
            "JumpCloud POST /api/v2/softwareapps",
            "JumpCloud POST /api/v2/softwareapps/{id}/associations",
            "Okta PUT /api/v1/policies/{id}/rules/{id}",
        ]
    );
    bodies_are_right(&world, &written);
    log_agrees(&world, &report);
    denial_was_predicted_before_it_was_made(&world, &report).await;

    let (report, requests) = world.run().await;
    assert_eq!(report.changes, 0);
    assert_eq!(writes(&requests), Vec::<&RecordedRequest>::new());
    assert!(!requests.is_empty());
    log_agrees(&world, &report);

    for name in ["plan.json", "evidence.json", "report.html"] {
        no_canary_in(&String::from_utf8(world.file(name)).unwrap());
    }
    no_canary_in(&format!(
        "{report:?} {:?} {:?}",
        world.secrets, world.blueprint
    ));
    no_canary_in(&format!("{:?} {requests:?}", world.embedded));
}

fn bodies_are_right(world: &World, written: &[&RecordedRequest]) {
    let [
        fastpass,
        enrollment,
        enrollment_rule,
        open_policy,
        open_app,
        _,
        _,
        pilot_policy,
        _,
        pilot_managed,
        pilot_catch_all,
        pilot_app,
        _,
        _,
        access,
        break_glass,
        managed,
        assignment,
        session,
        session_rule,
        policy,
        policy_group,
        software,
        software_group,
        catch_all,
    ] = written
    else {
        panic!("{} writes", written.len())
    };
    assert_eq!(fastpass.body, None);
    assert_eq!(body(enrollment)["type"], "MFA_ENROLL");
    assert_eq!(
        body(enrollment)["settings"]["authenticators"]
            .as_array()
            .unwrap()
            .iter()
            .find(|authenticator| authenticator["key"] == "okta_verify")
            .unwrap()["enroll"]["self"],
        "OPTIONAL"
    );
    assert_eq!(body(enrollment_rule)["type"], "MFA_ENROLL");
    for policy in [open_policy, pilot_policy, access] {
        assert_eq!(body(policy)["type"], "ACCESS_POLICY");
        let description = body(policy)["description"].as_str().unwrap();
        assert!(
            description.contains("[owner: device-trust]"),
            "{description}"
        );
    }
    for app in [open_app, pilot_app] {
        assert_eq!(body(app)["signOnMode"], "BOOKMARK");
        let note = body(app)["settings"]["notes"]["admin"].as_str().unwrap();
        assert!(note.contains("[owner: device-trust]"), "{note}");
    }
    assert_eq!(
        body(pilot_catch_all)["actions"]["appSignOn"]["access"],
        "DENY"
    );
    for rule in [
        enrollment_rule,
        pilot_managed,
        break_glass,
        managed,
        session_rule,
    ] {
        let name = body(rule)["name"].as_str().unwrap();
        assert!(name.starts_with("device-trust: "), "{name}");
    }
    assert_eq!(body(break_glass)["actions"]["appSignOn"]["access"], "ALLOW");
    assert!(
        body(break_glass)["priority"].as_i64().unwrap()
            < body(managed)["priority"].as_i64().unwrap(),
        "the break-glass rule stands above the managed rule"
    );
    assert_eq!(
        body(managed)["conditions"]["device"],
        json!({"registered": true, "managed": true})
    );
    assert_eq!(
        body(managed)["conditions"]["platform"]["include"],
        json!([{"type": "DESKTOP", "os": {"type": "MACOS"}}])
    );
    assert_eq!(assignment.body, None);
    assert_eq!(body(session)["type"], "OKTA_SIGN_ON");
    let sign_on = &body(session_rule)["actions"]["signon"];
    assert_eq!(sign_on["primaryFactor"], "PASSWORD_IDP_ANY_FACTOR");
    assert_eq!(sign_on["requireFactor"], false);

    let values = body(policy)["values"].as_array().unwrap();
    let carried = values
        .iter()
        .find_map(|value| STANDARD.decode(value["value"].as_str()?).ok());
    assert!(
        carried == Some(world.file("device-trust.mobileconfig")),
        "the policy carries other bytes than the file"
    );
    assert!(
        values.iter().any(|value| value["value"] == false),
        "redispatchPolicy is not written as false"
    );
    no_canary_in(body(policy)["notes"].as_str().unwrap());
    for group in [policy_group, software_group] {
        assert_eq!(body(group)["op"], "add");
        assert_eq!(body(group)["type"], "system_group");
    }
    assert_eq!(
        body(software)["settings"][0]["packageManager"],
        "APPLE_CUSTOM"
    );
    assert_eq!(body(catch_all)["actions"]["appSignOn"]["access"], "DENY");
    assert_eq!(body(catch_all)["priority"], 99);
    assert_eq!(body(catch_all)["system"], true);
}

fn log_agrees(world: &World, report: &Report) {
    let (managed, others): (Vec<&MacReport>, Vec<&MacReport>) =
        report.macs.iter().partition(|mac| mac.in_group);
    assert_eq!(managed.len(), 3);
    assert!(
        managed.iter().all(|mac| mac.verdict == Verdict::Success),
        "{managed:?}"
    );
    assert_eq!(others.len(), 1);
    assert_eq!(others[0].verdict, Verdict::Failure, "{others:?}");
    for mac in &managed {
        let found = mac.jumpcloud.as_ref().unwrap();
        assert_eq!(found.certificates.found().unwrap().len(), 1, "{mac:?}");
    }
    // The report is ours; the certificates are counted where the CA keeps them. The proof of the challenge took one.
    let sandbox = world.embedded.sandbox();
    let enrolments = sandbox
        .requests()
        .iter()
        .filter(|request| request.side == Side::Scep && request.method == "POST")
        .count();
    assert_eq!(enrolments, 4);
}

/// The System Log itself, not the report: before the catch-all's write it let the unmanaged Mac in, after it no more.
async fn denial_was_predicted_before_it_was_made(world: &World, report: &Report) {
    for mac in &report.macs {
        let before = mac.before.as_ref().unwrap();
        if mac.in_group {
            assert!(before.managed_success > 0, "{mac:?}");
        } else {
            assert!(before.predicted_denial > 0 && before.denied == 0, "{mac:?}");
        }
    }
    let sandbox = world.embedded.sandbox();
    let closed = sandbox
        .requests()
        .iter()
        .rfind(|request| request.is_write())
        .unwrap()
        .at;
    let events: Vec<Value> = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(format!("{}/api/v1/logs?limit=1000", sandbox.okta_url()))
        .header("authorization", format!("SSWS {}", CANARIES[0].1))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let decisions = |device: &str, after: bool, result: &str, rule: &str| {
        let of = |event: &&Value| {
            let at: jiff::Timestamp = event["published"].as_str().unwrap().parse().unwrap();
            let targets = event["target"].as_array().unwrap();
            event["eventType"] == "policy.evaluate_sign_on"
                && event["device"]["id"] == device
                && (at > closed) == after
                && event["outcome"]["result"] == result
                && targets
                    .iter()
                    .any(|target| target["type"] == "Rule" && target["id"] == rule)
        };
        events.iter().filter(of).count()
    };
    let rules = &report.rules;
    for mac in &report.macs {
        let device = mac.okta_device.as_deref().unwrap();
        if mac.in_group {
            for after in [false, true] {
                assert!(
                    decisions(device, after, "ALLOW", &rules.managed) > 0,
                    "{after} {mac:?}"
                );
            }
        } else {
            assert!(
                decisions(device, false, "ALLOW", &rules.catch_all) > 0,
                "{mac:?}"
            );
            assert_eq!(
                decisions(device, false, "DENY", &rules.catch_all),
                0,
                "{mac:?}"
            );
            assert!(
                decisions(device, true, "DENY", &rules.catch_all) > 0,
                "{mac:?}"
            );
            assert_eq!(
                decisions(device, true, "ALLOW", &rules.catch_all),
                0,
                "{mac:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admins_catch_all_edit_in_between_is_kept() {
    let world = World::start().await;
    let sandbox = world.embedded.sandbox();
    world.run().await;
    // An administrator opens the catch-all again. The next run sees an open door and proves anew before it closes it.
    let (policy, rule) = catch_all_of(sandbox);
    let token = CANARIES[0].1;
    let url = format!(
        "{}/api/v1/policies/{policy}/rules/{rule}",
        sandbox.okta_url()
    );
    let http = reqwest::Client::new();
    let mut body: Value = http
        .get(&url)
        .header("authorization", format!("SSWS {token}"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    body["actions"]["appSignOn"]["access"] = json!("ALLOW");
    let answer = http
        .put(&url)
        .header("authorization", format!("SSWS {token}"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success());

    let (report, requests) = world.run().await;
    assert_eq!(report.changes, 1);
    assert!(report.before.is_some(), "it was not proven again");
    let shapes: Vec<String> = writes(&requests).into_iter().map(shape).collect();
    assert_eq!(shapes, ["Okta PUT /api/v1/policies/{id}/rules/{id}"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_orgs_default_enrolment_policy_is_edited_only_when_asked() {
    let world = World::start_with(|blueprint| blueprint.okta.edit_default_enrollment = true).await;
    let (report, requests) = world.run().await;
    log_agrees(&world, &report);
    let enrolment: Vec<&RecordedRequest> = writes(&requests)
        .into_iter()
        .filter(|request| {
            request
                .body
                .as_ref()
                .is_some_and(|body| body["type"] == "MFA_ENROLL")
        })
        .collect();
    let [edit] = enrolment.as_slice() else {
        panic!("{enrolment:?}")
    };
    assert_eq!(shape(edit), "Okta PUT /api/v1/policies/{id}");
    assert_eq!(body(edit)["system"], true);

    let (report, requests) = world.run().await;
    assert_eq!(report.changes, 0);
    assert_eq!(writes(&requests), Vec::<&RecordedRequest>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_mac_that_is_kept_out_is_named_and_the_job_does_not_end_well() {
    let mut world = World::start().await;
    world.run().await;
    let name = {
        let mut state = world.embedded.sandbox().shared().world();
        let mac = &mut state.fleet.macs[0];
        mac.profiles.clear();
        mac.name.clone()
    };
    // Its next sign-ins come without a certificate; the earlier ones prove nothing any more.
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    world.blueprint.wait.timeout = std::time::Duration::from_secs(2);
    let tenants = Tenants::sandbox(&world.blueprint, &world.embedded).unwrap();
    let job = Job::new(
        world.blueprint.clone(),
        tenants,
        Output::new(world.folder.path()),
    );
    let error = job.run(&Silent, |_| {}).await.unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(
        error
            .to_string()
            .contains(&format!("{name} fell to the catch-all")),
        "{error}"
    );
}

/// The ids in the last write of a run that closed a catch-all.
fn catch_all_of(sandbox: &device_trust_sandbox::Sandbox) -> (String, String) {
    let requests = sandbox.requests();
    let last = requests.iter().rfind(|request| request.is_write()).unwrap();
    let ids: Vec<&str> = last.path.rsplit('/').collect();
    (ids[2].to_owned(), ids[0].to_owned())
}
