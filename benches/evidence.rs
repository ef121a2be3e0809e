//! The program `evidence`, as it is released, on a sandbox whose System Log holds a thousand, ten thousand and a hundred
//! thousand events, each of them another: listed, and folded to verdicts. Its peak of memory does not grow with them.
//!
//! The peak is the kernel's (`VmHWM` of `/proc/PID/status`), of the program alone: the sandbox is in this process.
//! Elsewhere than on Linux it is not measured.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use device_trust_sandbox::{
    BREAK_GLASS_GROUP, Options, PILOT_USER_GROUP, RateLimits, Sandbox, Secrets,
};
use jiff::{SignedDuration, Timestamp};
use okta_devtrust::{
    Okta,
    evidence::RuleIds,
    trust::{self, AccessDesired, BreakGlass, Desired, ManagedRule},
};
use scep_profile::CaCertificate;
use serde_json::{Value, json};

const EXAMPLE: &str = include_str!("../examples/device-trust.toml");
const TOKEN: &str = "00bench";
/// The app sign-in policy that the program knows the blueprint's rules by.
const POLICY: &str = "Device trust: managed Macs";
const DEVICES: usize = 250;
const EVENTS: [usize; 3] = [1_000, 10_000, 100_000];

/// An event as Okta writes them: about 2 KB.
fn event(n: usize, at: Timestamp, rules: &RuleIds) -> Value {
    let device = n % DEVICES;
    json!({
        "actor": {"id": format!("00u{device:017}"), "type": "User", "alternateId": format!("user-{device}@acme.example"),
                  "displayName": format!("User {device}"), "detailEntry": null},
        "authenticationContext": {"authenticationProvider": null, "authenticationStep": 0, "credentialProvider": null,
            "credentialType": null, "externalSessionId": format!("idx{n:020}"), "interface": null, "issuer": null,
            "rootSessionId": format!("idx{n:020}")},
        "client": {"device": "Computer", "geographicalContext": {"city": "Berlin", "country": "Germany",
            "geolocation": {"lat": 52.52, "lon": 13.405}, "postalCode": "10115", "state": "Berlin"}, "id": null,
            "ipAddress": "192.0.2.7", "userAgent": {"browser": "SAFARI", "os": "Mac OS X",
            "rawUserAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.6"},
            "zone": "null"},
        "debugContext": {"debugData": {"authnRequestId": format!("a{n:024}"), "risk": "{level=LOW}",
            "behaviors": "{New Geo-Location=NEGATIVE, New Device=NEGATIVE, New IP=NEGATIVE}", "url": "/idp/idx/identify"}},
        "device": {"id": format!("guo{device:017}"), "name": format!("Mac {device}"), "os_platform": "OSX",
            "os_version": "15.6.1", "managed": true, "registered": true, "device_integrator": null,
            "disk_encryption_type": "ALL_INTERNAL_VOLUMES", "screen_lock_type": "BIOMETRIC", "jailbreak": null,
            "secure_hardware_present": true},
        "displayMessage": "Evaluation of sign-on policy", "eventType": "policy.evaluate_sign_on",
        "legacyEventType": null, "outcome": {"result": "ALLOW", "reason": "Sign-on policy evaluation resulted in AUTHENTICATED"},
        "published": format!("{at:.3}"), "severity": "INFO",
        "request": {"ipChain": [{"ip": "192.0.2.7", "version": "V4", "source": null, "geographicalContext": null}]},
        "securityContext": {"asNumber": 64500, "asOrg": "acme", "domain": "acme.example", "isProxy": false, "isp": "acme"},
        "target": [
            {"id": rules.policy, "type": "PolicyEntity", "alternateId": "unknown", "displayName": POLICY, "detailEntry": null},
            {"id": rules.managed, "type": "Rule", "alternateId": "unknown", "displayName": "Managed macOS", "detailEntry": null},
            {"id": format!("0oa{}", n % 3), "type": "AppInstance", "alternateId": "Payroll", "displayName": "Payroll",
             "detailEntry": {"signOnModeEvaluationResult": "AUTHENTICATED"}}],
        "transaction": {"detail": {}, "id": format!("t{n:026}"), "type": "WEB"},
        "uuid": format!("00000000-0000-4000-8000-{n:012}"), "version": "0"
    })
}

/// A sandbox with the blueprint's access policy and so many sign-ins under it, spread over the last hours.
async fn sandbox(events: usize) -> Sandbox {
    let sandbox = Sandbox::start(Options {
        secrets: Secrets {
            okta_api_token: Some(TOKEN.to_owned().into()),
            ..Secrets::default()
        },
        fleet: false,
        rate_limits: RateLimits::unlimited(),
        ..Options::default()
    })
    .await
    .unwrap();
    let okta = Okta::ssws(sandbox.okta_url(), &TOKEN.to_owned().into()).unwrap();
    let desired = Desired::new(AccessDesired {
        name: POLICY.into(),
        break_glass: BreakGlass::new(BREAK_GLASS_GROUP),
        managed: ManagedRule::new([PILOT_USER_GROUP]),
    });
    let observed = trust::observe(&okta, &desired).await.unwrap();
    let plan = trust::plan(&desired, &observed).unwrap();
    trust::apply(&okta, &plan, |_| {}).await.unwrap();
    let observed = trust::observe(&okta, &desired).await.unwrap();
    let rules = observed.rule_ids(&desired).unwrap();
    let first = Timestamp::now() - SignedDuration::from_hours(6);
    let log = (0..events).map(|n| {
        let later = SignedDuration::from_millis(200 * i64::try_from(n).unwrap());
        event(n, first + later, &rules)
    });
    let mut world = sandbox.shared().world();
    let mut org = serde_json::to_value(&world.okta).unwrap();
    // What the apply logged is no sign-in.
    org["log"] = log.collect::<Vec<_>>().into();
    world.okta = serde_json::from_value(org).unwrap();
    drop(world);
    sandbox
}

/// Builds the program as it is released, and says where Cargo put it.
fn program() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--locked", "--message-format=json"])
        .args(["--package", "device-trust", "--bin", "evidence"])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(built.status.success(), "the program is not built");
    let messages = String::from_utf8(built.stdout).unwrap();
    let mut messages = messages
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let is_program = |message: &Value| message["target"]["name"] == "evidence";
    let message: Value = messages.rfind(is_program).unwrap();
    message["executable"].as_str().unwrap().into()
}

/// The example's blueprint, for the sandbox as if it were real tenants.
fn blueprint(folder: &Path, sandbox: &Sandbox) -> PathBuf {
    let certificates = sandbox.ca_certificates().into_iter();
    let pem: String = certificates
        .map(|der| CaCertificate::from_der(&der).unwrap().pem())
        .collect();
    fs::write(folder.join("ca.pem"), pem).unwrap();
    let mut text = EXAMPLE.to_owned();
    for (section, url) in [
        ("[okta]", sandbox.okta_url()),
        ("[jumpcloud]", sandbox.jumpcloud_url()),
        ("[scep]", &sandbox.scep_url()),
    ] {
        text = text.replace(section, &format!("{section}\nurl = \"{url}\""));
    }
    text = text.replace("[scep]", "[scep]\nca_certificates = [\"ca.pem\"]");
    let file = folder.join("blueprint.toml");
    fs::write(&file, text).unwrap();
    file
}

struct Run {
    lines: usize,
    seconds: f64,
    peak_mib: f64,
}

fn run(mut command: Command) -> Run {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let ended = Arc::new(AtomicBool::new(false));
    let watching = thread::spawn({
        let ended = ended.clone();
        move || {
            let mut peak = 0.0;
            while !ended.load(Ordering::Relaxed) {
                peak = f64::max(peak, peak_kib(&status).unwrap_or_default());
                thread::sleep(Duration::from_millis(1));
            }
            peak
        }
    });
    let mut out = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    assert!(child.wait().unwrap().success());
    let seconds = started.elapsed().as_secs_f64();
    ended.store(true, Ordering::Relaxed);
    Run {
        lines: out.lines().count(),
        seconds,
        peak_mib: watching.join().unwrap() / 1024.0,
    }
}

/// The most that a process had in memory so far.
fn peak_kib(status: &str) -> Option<f64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// A way to run the program.
struct Way {
    name: &'static str,
    arguments: &'static [&'static str],
    /// How many lines it prints of so many events.
    lines: fn(usize) -> usize,
}

const WAYS: [Way; 2] = [
    Way {
        name: "a list",
        arguments: &["--format", "json"],
        lines: |events| events,
    },
    Way {
        name: "verdicts",
        arguments: &["--verdicts", "--format", "json"],
        // One for each device, which is one user's, and each of the three apps.
        lines: |_| DEVICES * 3,
    },
];

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (program, folder) = (program(), tempfile::tempdir().unwrap());
    println!(
        "{:>9}  {:<10}  {:>8}  {:>10}  {:>12}",
        "events", "evidence", "seconds", "events/s", "peak RSS MiB"
    );
    let mut peaks = WAYS.map(|_| Vec::new());
    for events in EVENTS {
        let sandbox = runtime.block_on(sandbox(events));
        let blueprint = blueprint(folder.path(), &sandbox);
        for (way, peaks) in WAYS.iter().zip(&mut peaks) {
            let mut command = Command::new(&program);
            command
                .arg("--blueprint")
                .arg(&blueprint)
                .args(way.arguments)
                .env("OKTA_API_TOKEN", TOKEN);
            let run = run(command);
            let name = way.name;
            assert_eq!(run.lines, (way.lines)(events), "{name} of {events} events");
            let (seconds, peak) = (run.seconds, run.peak_mib);
            let rate = events as f64 / seconds;
            println!("{events:>9}  {name:<10}  {seconds:>8.2}  {rate:>10.0}  {peak:>12.1}");
            peaks.push(peak);
        }
        runtime.block_on(sandbox.stop());
    }
    for (Way { name, .. }, peaks) in WAYS.iter().zip(peaks) {
        assert!(
            peaks[2] < peaks[1] * 1.25 || cfg!(not(target_os = "linux")),
            "{name}: memory grows with the number of events: {peaks:?} MiB"
        );
    }
}
