//! The programs over a blueprint with tenants: several organisations of one JumpCloud account, in a sandbox.

use std::{fs, time::Duration};

use device_trust_sandbox::{
    Effect, Fault, PILOT_DEVICE_GROUP, RecordedRequest, Sandbox, Seed, Side,
};
use jumpcloud_mdm::{
    JumpCloud, Region,
    deploy::{self, Desired, DesiredProfile, DigestKey},
};
use sha2::{Digest as _, Sha256};

use crate::case::{Case, JUMPCLOUD, OKTA, Run, SCEP, outside};

/// The sandbox's first organisation, which `setup` set up, and three of its account: two that the client deployed in, and
/// one that the key does not reach.
struct Tenants {
    sandbox: Sandbox,
    case: Case,
    ids: [String; 4],
    locked: device_trust_sandbox::jumpcloud::State,
}

const NAMES: [&str; 4] = ["Acme", "Globex", "Initech", "Hooli"];

impl Tenants {
    async fn new() -> Self {
        let (sandbox, case) = outside().await;
        let ids = {
            let mut world = sandbox.shared().world();
            let seed = |name: &&str| Seed {
                org: (*name).to_owned(),
                ..Seed::default()
            };
            let more =
                [&NAMES[1], &NAMES[2], &NAMES[3]].map(|name| world.add_organization(&seed(name)));
            let [globex, initech, hooli] = more;
            [
                world.jumpcloud.organization_id().to_owned(),
                globex,
                initech,
                hooli,
            ]
        };
        let mut text = fs::read_to_string(case.path("b.toml")).unwrap();
        for (name, id) in NAMES.iter().zip(&ids) {
            text += &format!("[[tenants]]\nname = \"{name}\"\njumpcloud.org_id = \"{id}\"\n");
        }
        fs::write(case.path("b.toml"), text).unwrap();
        for id in &ids[1..] {
            deploy(&sandbox, id).await;
        }
        let locked = {
            let mut world = sandbox.shared().world();
            let state = world.more_organizations.get_mut(&ids[3]).unwrap();
            let before = state.clone();
            state.refuse_everything(403);
            before
        };
        let tenants = Self {
            sandbox,
            case,
            ids,
            locked,
        };
        let setup = env!("CARGO_BIN_EXE_setup");
        let unnamed = tenants.run(setup, &[]);
        assert_eq!(unnamed.exit_code, 2, "{unnamed:?}");
        assert!(
            unnamed
                .stderr
                .contains("--org, one of Acme, Globex, Initech, Hooli"),
            "{unnamed:?}"
        );
        let acme = tenants.run(setup, &["--org", "Acme"]);
        assert_eq!(acme.exit_code, 0, "{acme:?}");
        tenants
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Run {
        let arguments = match program.ends_with("readiness") {
            true => arguments.to_vec(),
            false => [arguments, &["--out", "out"]].concat(),
        };
        self.case
            .run_outside(program, &arguments, &[OKTA, JUMPCLOUD, SCEP])
    }

    /// The writes so far: the organisation, method and path of each.
    fn writes(&self) -> Vec<(Option<String>, String)> {
        let requests = self.sandbox.requests();
        let writes = requests.into_iter().filter(RecordedRequest::is_write);
        writes
            .map(|request| {
                let what = format!("{} {}", request.method, request.path);
                (request.organization, what)
            })
            .collect()
    }

    fn unlock(&self) {
        let mut world = self.sandbox.shared().world();
        world
            .more_organizations
            .insert(self.ids[3].clone(), self.locked.clone());
    }

    fn undo_records(&self, id: &str) -> usize {
        let Ok(files) = fs::read_dir(self.case.path("out").join(id)) else {
            return 0;
        };
        files.count()
    }
}

/// Deploys what `setup` deploys on JumpCloud, without its Macs.
async fn deploy(sandbox: &Sandbox, organization: &str) {
    let region = Region::Url(sandbox.jumpcloud_url().to_owned());
    let client = JumpCloud::builder(region, JUMPCLOUD.1.to_owned().into())
        .org_id(organization)
        .build()
        .unwrap();
    let trust = include_str!("../../../../jumpcloud-mdm/tests/fixtures/trust.mobileconfig");
    let profile = DesiredProfile::new("Okta device trust", trust).device_group(PILOT_DEVICE_GROUP);
    let desired = Desired::new("device-trust").profile(profile);
    let observed = deploy::observe(&client, &desired).await.unwrap();
    let key = DigestKey::new(Sha256::digest(JUMPCLOUD.1).to_vec()).unwrap();
    let plan = deploy::plan(&desired, &observed, &key).unwrap();
    deploy::apply(&client, &plan, &desired, &key, |_| {})
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn all_tenants_are_looked_at_renewed_and_withdrawn_and_one_that_fails_stops_no_other() {
    let tenants = Tenants::new().await;
    let readiness = tenants.run(env!("CARGO_BIN_EXE_readiness"), &[]);
    assert_eq!(readiness.exit_code, 1, "{readiness:?}");
    assert!(
        readiness.stderr.contains("1 of 4 tenants failed"),
        "{readiness:?}"
    );
    assert!(readiness.stderr.contains("Hooli"), "{readiness:?}");
    assert_eq!(
        readiness.stdout.matches(" ready").count(),
        3 * 4,
        "{readiness:?}"
    );

    let rotate = env!("CARGO_BIN_EXE_rotate");
    let before = tenants.writes().len();
    let listed = tenants.run(rotate, &["--generation", "1"]);
    assert_eq!(listed.stdout.matches("1 change").count(), 3, "{listed:?}");
    assert_eq!(tenants.writes().len(), before, "a list wrote");
    assert!(!tenants.case.path("out/rotate-tenants.jsonl").exists());

    let applied = tenants.run(rotate, &["--generation", "1", "--apply"]);
    assert_eq!(applied.exit_code, 1, "{applied:?}");
    let renewed = tenants.writes().split_off(before);
    for id in &tenants.ids[..3] {
        let own = |(organization, what): &&(Option<String>, String)| {
            organization.as_ref() == Some(id) && what.starts_with("PUT /api/v2/policies/")
        };
        assert_eq!(renewed.iter().filter(own).count(), 1, "{renewed:?}");
        assert_eq!(tenants.undo_records(id), 1, "{id}");
    }
    assert_eq!(renewed.len(), 3, "{renewed:?}");

    let other = tenants.run(rotate, &["--generation", "2", "--apply", "--resume"]);
    assert_eq!(other.exit_code, 2, "{other:?}");
    assert!(
        other.stderr.contains("it is of `rotate --generation 1`"),
        "{other:?}"
    );

    tenants.unlock();
    let reads = tenants.sandbox.requests().len();
    let resumed = tenants.run(rotate, &["--generation", "1", "--apply", "--resume"]);
    assert_eq!(resumed.exit_code, 0, "{resumed:?}");
    assert_eq!(
        resumed.stdout.matches("done by the earlier run").count(),
        3,
        "{resumed:?}"
    );
    let sent = tenants.sandbox.requests().split_off(reads);
    let elsewhere = |request: &&RecordedRequest| {
        let organization = request.organization.as_ref();
        organization.is_some_and(|id| *id != tenants.ids[3])
    };
    assert_eq!(
        sent.iter().find(elsewhere),
        None,
        "a tenant that is done was asked"
    );
    assert_eq!(tenants.writes().len(), before + 4);
    assert!(
        !tenants.case.path("out/rotate-tenants.jsonl").exists(),
        "all are done"
    );

    let withdraw = env!("CARGO_BIN_EXE_withdraw");
    let locked_out = tenants.run(withdraw, &["--apply"]);
    assert_eq!(locked_out.exit_code, 1, "{locked_out:?}");
    assert!(
        locked_out.stderr.contains("4 of 4 tenants failed"),
        "{locked_out:?}"
    );
    let before = tenants.writes().len();
    // Slow enough that all four would have looked before the first of them is through.
    let (rule, slow) = ("/api/v1/policies/*/rules/*", Duration::from_secs(2));
    let fault = Fault::on(Side::Okta, "PUT", rule, Effect::Delay(slow));
    tenants.sandbox.arm(fault.times(u64::MAX));
    let opened = tenants.run(withdraw, &["--apply", "--open"]);
    assert_eq!(opened.exit_code, 0, "{opened:?}");
    let made = tenants.writes().split_off(before);
    let in_okta = made
        .iter()
        .filter(|(organization, _)| organization.is_none());
    assert_eq!(
        in_okta.count(),
        1,
        "four tenants share the catch-all: {made:?}"
    );
    for id in &tenants.ids {
        let own = |(organization, what): &&(Option<String>, String)| {
            organization.as_ref() == Some(id) && what.starts_with("DELETE /api/v2/policies/")
        };
        assert_eq!(made.iter().filter(own).count(), 1, "{made:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tenant_is_chosen_by_name_or_id_and_bad_options_are_found_before_anything_is_sent() {
    let tenants = Tenants::new().await;
    for org in [NAMES[1], &tenants.ids[1]] {
        let readiness = tenants.run(env!("CARGO_BIN_EXE_readiness"), &["--org", org]);
        assert_eq!(readiness.exit_code, 0, "{readiness:?}");
        assert_eq!(
            readiness.stdout.matches(" ready").count(),
            4,
            "{readiness:?}"
        );
        assert!(
            !readiness.stdout.contains("Globex"),
            "one has no heading: {readiness:?}"
        );
    }
    let before = tenants.sandbox.requests().len();
    let sent = || {
        let requests = tenants.sandbox.requests().split_off(before);
        let by_admin = requests
            .iter()
            .filter(|one| one.actor == device_trust_sandbox::Actor::Admin);
        by_admin.count()
    };
    let rotate = env!("CARGO_BIN_EXE_rotate");
    for (arguments, part) in [
        (
            &["--generation", "1", "--ring", "moon"][..],
            "tenant Acme: --ring moon",
        ),
        (
            &["--generation", "1", "--org", "Umbrella"],
            "has no `Umbrella`",
        ),
        (&["--generation", "1", "--resume"], "--apply"),
        (&["--generation", "1", "--at-once", "0"], "--at-once"),
    ] {
        let run = tenants.run(rotate, arguments);
        assert_eq!(run.exit_code, 2, "{run:?}");
        assert!(run.stderr.contains(part), "{run:?}");
        assert_eq!(sent(), 0, "{arguments:?}");
    }
}
