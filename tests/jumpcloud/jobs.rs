//! The jobs that the suites disturb, each with the world it starts in, and what a job without trouble leaves behind.

use std::time::Duration;

use device_trust_sandbox::{Options, Ports, RecordedRequest, Sandbox, World};
use device_trust_tests::jumpcloud::{self, Job, LICENSED, POLICY, RINGS};
use jumpcloud_mdm::{JumpCloud, deploy::ring_policy_name};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Macs, api_key, client, fill_rings, sandbox};

/// A job in the world it starts in.
pub struct Scenario {
    pub job: Job,
    /// The world before it.
    pub world: World,
    /// The writes that it makes without trouble, without ids, in their order.
    writes: &'static [&'static str],
    /// The records that it undoes, or writes.
    _records: TempDir,
}

/// The writes of an upload, in their order.
pub const UPLOAD: [&str; 2] = ["POST /api/v2/softwareapps", "PUT /object-storage/*"];

/// What a job leaves behind.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    /// The policies, the software and what they are bound to, without ids and times.
    pub state: Value,
    /// The writes that were committed, without ids, in their order.
    pub committed: Vec<String>,
    /// The requests that it took, without ids.
    pub requests: Vec<String>,
    /// How many requests it had sent when the last of its writes had been made.
    pub last_write: u64,
}

impl Scenario {
    /// `job` after the jobs `before`, all with a folder for their records, and the writes that it makes.
    async fn of(
        before: impl Fn(&TempDir) -> Vec<Job>,
        job: impl Fn(&TempDir) -> Job,
        writes: &'static [&'static str],
    ) -> Self {
        let records = tempfile::tempdir().unwrap();
        let (sandbox, client) = sandbox().await;
        fill_rings(&sandbox, &client).await;
        let synchronised = json!({"displayName": "Okta Verify (ABM)", "settings": [{"packageManager": "APPLE_VPP",
            "packageId": LICENSED, "desiredState": "INSTALL"}]});
        client.create_software_app(&synchronised).await.unwrap();
        let _macs = Macs::running(&sandbox, OFTEN);
        for job in before(&records) {
            run(&client, &job).await.unwrap();
        }
        let mut world = sandbox.shared().world().clone();
        world.ports = Ports::default();
        world.requests.clear();
        Self {
            job: job(&records),
            world,
            writes,
            _records: records,
        }
    }

    /// Forgets how far an upload got, which belongs to the world that is put back.
    fn forget(&self) {
        if let Job::Upload { record } = &self.job
            && record.exists()
        {
            std::fs::remove_file(record).unwrap();
        }
    }

    /// What is committed when the job is stopped right after one of its writes, and run again: each write once. But the
    /// address of an announced package dies with its run, so the announcement is taken back and made again.
    pub fn committed_around(&self, all: &[String], write: &str) -> Vec<String> {
        match self.job {
            Job::Upload { .. } if write == UPLOAD[0] => begun_anew(all),
            _ => all.to_vec(),
        }
    }

    /// A place to do the job in, again and again.
    pub async fn bench(&self) -> Bench {
        self.forget();
        let options = Options {
            world: Some(self.world.clone()),
            fleet: false,
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let key = api_key(&sandbox);
        Bench {
            patient: jumpcloud::client(sandbox.jumpcloud_url(), key.expose_secret()).unwrap(),
            impatient: client(&sandbox),
            macs: Macs::having_all(&sandbox, OFTEN),
            sandbox,
        }
    }

    /// What the job leaves behind without trouble. It makes the writes of the scenario, and a second run of it none.
    pub async fn untroubled(&self) -> Outcome {
        let bench = self.bench().await;
        bench.run(&self.job).await.unwrap();
        let requests = bench.sandbox.requests();
        let last_write = requests.iter().rposition(RecordedRequest::is_write);
        let outcome = Outcome {
            state: end_state(&bench.sandbox),
            committed: committed(&bench.sandbox),
            requests: requests.iter().map(without_ids).collect(),
            last_write: last_write.unwrap() as u64 + 1,
        };
        assert_eq!(outcome.committed, self.writes, "{:?}", self.job);
        bench.run(&self.job).await.unwrap();
        let again = committed(&bench.sandbox);
        assert_eq!(again, outcome.committed, "{:?}", self.job);
        outcome
    }
}

/// A sandbox with Macs, and two clients of it.
pub struct Bench {
    pub sandbox: Sandbox,
    macs: Macs,
    patient: JumpCloud,
    impatient: JumpCloud,
}

/// How often the Macs look at JumpCloud.
const OFTEN: Duration = Duration::from_millis(2);

impl Bench {
    /// Puts the world back to where the job starts.
    pub fn restore(&mut self, scenario: &Scenario) {
        scenario.forget();
        self.sandbox.restore(&scenario.world);
        self.macs = Macs::having_all(&self.sandbox, OFTEN);
    }

    /// Runs a job in this process.
    pub async fn run(&self, job: &Job) -> Result<(), String> {
        run(&self.patient, job).await
    }

    /// Runs a job with the patience of a test: a second for each request.
    pub async fn run_impatiently(&self, job: &Job) -> Result<(), String> {
        run(&self.impatient, job).await
    }
}

async fn run(client: &JumpCloud, job: &Job) -> Result<(), String> {
    let done = Box::pin(jumpcloud::run(client, job, || 0)).await;
    done.map(drop).map_err(|error| error.to_string())
}

fn deploy(generation: u32) -> Job {
    Job::Deploy { generation }
}

fn recorded(records: &TempDir, generation: u32) -> Job {
    Job::Recorded {
        generation,
        record: records.path().join(format!("{generation}.json")),
    }
}

fn license_at(records: &TempDir, generation: u32) -> Job {
    Job::License {
        generation,
        record: records.path().join(format!("{generation}.json")),
    }
}

fn rings(through: usize) -> Job {
    Job::Rings {
        generation: 1,
        through: RINGS[through].0.to_owned(),
    }
}

fn rollback(records: &TempDir, generation: u32) -> Job {
    Job::Rollback {
        record: records.path().join(format!("{generation}.json")),
        before: generation - 1,
    }
}

/// Policy, software and their bindings where nothing is.
pub async fn deployment() -> Scenario {
    let writes = &[
        "POST /api/v2/policies",
        "POST /api/v2/policies/*/associations add",
        "POST /api/v2/softwareapps",
        "POST /api/v2/softwareapps/*/associations add",
    ];
    Scenario::of(|_| vec![], |_| deploy(1), writes).await
}

/// Another profile, another package and one more device group.
pub async fn change() -> Scenario {
    let writes = &[
        "PUT /api/v2/policies/*",
        "POST /api/v2/policies/*/associations add",
        "PUT /api/v2/softwareapps/*",
        "POST /api/v2/softwareapps/*/associations add",
    ];
    Scenario::of(|_| vec![deploy(1)], |_| deploy(2), writes).await
}

/// The second ring after the first.
pub async fn next_ring() -> Scenario {
    let writes = &[
        "POST /api/v2/policies",
        "POST /api/v2/policies/*/associations add",
        "POST /api/v2/softwareapps/*/associations add",
    ];
    Scenario::of(|_| vec![rings(0)], |_| rings(1), writes).await
}

/// The first of two rings is due.
pub async fn renewal() -> Scenario {
    let renew = Job::Renew {
        policy: ring_policy_name(POLICY, RINGS[0].0),
        generation: 2,
    };
    let writes = &["PUT /api/v2/policies/*"];
    Scenario::of(|_| vec![rings(1)], |_| renew.clone(), writes).await
}

/// Everything off again.
pub async fn withdrawal() -> Scenario {
    let writes = &["DELETE /api/v2/policies/*", "DELETE /api/v2/softwareapps/*"];
    Scenario::of(|_| vec![deploy(2)], |_| Job::Withdraw, writes).await
}

/// The change undone.
pub async fn rollback_of_a_change() -> Scenario {
    let before = |records: &TempDir| vec![recorded(records, 1), recorded(records, 2)];
    let writes = &[
        "POST /api/v2/softwareapps/*/associations remove",
        "PUT /api/v2/softwareapps/*",
        "POST /api/v2/policies/*/associations remove",
        "PUT /api/v2/policies/*",
    ];
    Scenario::of(before, |records| rollback(records, 2), writes).await
}

/// The first deployment undone.
pub async fn rollback_of_a_deployment() -> Scenario {
    Scenario::of(
        |records| vec![recorded(records, 1)],
        |records| rollback(records, 1),
        &["DELETE /api/v2/softwareapps/*", "DELETE /api/v2/policies/*"],
    )
    .await
}

/// An App Store app onto its first device group.
pub async fn license() -> Scenario {
    let writes = &["POST /api/v2/softwareapps/*/associations add"];
    Scenario::of(|_| vec![], |records| license_at(records, 1), writes).await
}

/// An App Store app from one device group to another.
pub async fn license_elsewhere() -> Scenario {
    let before = |records: &TempDir| vec![license_at(records, 1)];
    let writes = &[
        "POST /api/v2/softwareapps/*/associations add",
        "POST /api/v2/softwareapps/*/associations remove",
    ];
    Scenario::of(before, |records| license_at(records, 2), writes).await
}

/// An App Store app off again.
pub async fn license_withdrawal() -> Scenario {
    let before = |records: &TempDir| vec![license_at(records, 1)];
    let writes = &["POST /api/v2/softwareapps/*/associations remove"];
    Scenario::of(before, |_| Job::Unlicense, writes).await
}

/// The move to another device group undone.
pub async fn rollback_of_license_elsewhere() -> Scenario {
    let before = |records: &TempDir| vec![license_at(records, 1), license_at(records, 2)];
    let writes = &[
        "POST /api/v2/softwareapps/*/associations add",
        "POST /api/v2/softwareapps/*/associations remove",
    ];
    Scenario::of(before, |records| rollback(records, 2), writes).await
}

/// A package into JumpCloud's storage.
pub async fn upload() -> Scenario {
    let job = |records: &TempDir| Job::Upload {
        record: records.path().join("upload.json"),
    };
    Scenario::of(|_| vec![], job, &UPLOAD).await
}

/// The writes of an upload whose announcement was made, taken back, and made again.
pub fn begun_anew(all: &[String]) -> Vec<String> {
    let first = [
        UPLOAD[0].to_owned(),
        "DELETE /api/v2/softwareapps/*".to_owned(),
    ];
    first.into_iter().chain(all.iter().cloned()).collect()
}

/// The policies, the software and what they are bound to, without ids and times.
pub fn end_state(sandbox: &Sandbox) -> Value {
    let state = serde_json::to_value(&sandbox.shared().world().jumpcloud).unwrap();
    let list = |key: &str| state[key].as_array().unwrap();
    let name = |node: &Value| {
        let found = ["policies", "system_groups", "software", "systems"]
            .iter()
            .flat_map(|key| list(key))
            .find(|one| one["id"] == node["id"] || one["_id"] == node["id"])
            .unwrap_or_else(|| panic!("an edge to {node}, which is not there"));
        let names = ["name", "displayName"].map(|key| found[key].as_str());
        names.into_iter().flatten().next().map(str::to_owned)
    };
    let policies = list("policies").iter().map(|policy| {
        let notes = policy["notes"].as_str().unwrap_or_default().lines();
        // The time of the last result before an update.
        let notes: Vec<&str> = notes
            .filter(|line| !line.starts_with("results-until: "))
            .collect();
        json!([policy["name"], policy["values"], notes])
    });
    let software = list("software").iter().map(|app| {
        let mut settings = app["settings"].clone();
        if let Some(version) = settings.pointer_mut("/0/storedPackage/versions/0/metadata") {
            version.take();
        }
        // The mark of an upload is another each time.
        let description = settings.pointer_mut("/0/description");
        if let Some(text) = description.filter(|text| text.to_string().contains("upload: ")) {
            text.take();
        }
        json!([app["displayName"], settings])
    });
    let edges = list("graph")
        .iter()
        .map(|edge| json!([edge["relation"], name(&edge["from"]), name(&edge["to"])]));
    let mut all: Vec<Value> = policies.chain(software).chain(edges).collect();
    // The order in which they were made is no part of the state.
    all.sort_by_key(Value::to_string);
    all.into()
}

/// The writes that were committed, without ids and, where they bind, with the operation: those whose answer was lost are
/// among them.
pub fn committed(sandbox: &Sandbox) -> Vec<String> {
    sandbox
        .requests()
        .iter()
        .filter(|one| one.is_write() && (200..300).contains(&one.status))
        .map(without_ids)
        .collect()
}

fn without_ids(request: &RecordedRequest) -> String {
    let parts: Vec<&str> = request
        .path
        .split('/')
        .map(|part| if part.len() == 24 { "*" } else { part })
        .collect();
    let line = format!("{} {}", request.method, parts.join("/"));
    let operation = request.body.as_ref().and_then(|body| body["op"].as_str());
    operation.map_or(line.clone(), |operation| format!("{line} {operation}"))
}
