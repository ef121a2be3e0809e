//! The System Log folded to verdicts, a tenth and the whole of 100,000 events, with the peak of the heap: it does not
//! grow with the number of events. The server is in the same process, so its page is part of both numbers.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, header},
    response::IntoResponse,
    routing::get,
};
use okta_devtrust::{
    Okta,
    evidence::{self, RuleIds},
};
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const PAGE: usize = 1000;
const DEVICES: usize = 250;

/// An event as Okta writes them: about 2 KB.
fn event(n: usize) -> Value {
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
        "published": "2026-11-24T12:30:00.000Z", "severity": "INFO",
        "request": {"ipChain": [{"ip": "192.0.2.7", "version": "V4", "source": null, "geographicalContext": null}]},
        "securityContext": {"asNumber": 64500, "asOrg": "acme", "domain": "acme.example", "isProxy": false, "isp": "acme"},
        "target": [
            {"id": "rst1", "type": "PolicyEntity", "alternateId": "unknown", "displayName": "Managed Macs", "detailEntry": null},
            {"id": "rul1", "type": "Rule", "alternateId": "unknown", "displayName": "Managed macOS", "detailEntry": null},
            {"id": format!("0oa{}", n % 3), "type": "AppInstance", "alternateId": "Payroll", "displayName": "Payroll",
             "detailEntry": {"signOnModeEvaluationResult": "AUTHENTICATED"}}],
        "transaction": {"detail": {}, "id": format!("t{n:026}"), "type": "WEB"},
        "uuid": format!("00000000-0000-4000-8000-{n:012}"), "version": "0"
    })
}

struct Log {
    page: String,
    pages: usize,
}

#[derive(serde::Deserialize)]
struct After {
    #[serde(default)]
    after: usize,
}

async fn logs(
    State(log): State<Arc<Log>>,
    headers: HeaderMap,
    Query(After { after }): Query<After>,
) -> impl IntoResponse {
    let host = headers[header::HOST].to_str().unwrap().to_owned();
    let mut out = HeaderMap::new();
    out.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    if after + 1 < log.pages {
        let next = format!(
            "<http://{host}/api/v1/logs?after={}>; rel=\"next\"",
            after + 1
        );
        out.insert(header::LINK, next.parse().unwrap());
    }
    (out, log.page.clone())
}

async fn fold(events: usize) -> (f64, f32) {
    let log = Log {
        page: serde_json::to_string(&(0..PAGE).map(event).collect::<Vec<_>>()).unwrap(),
        pages: events / PAGE,
    };
    let router = Router::new()
        .route("/api/v1/logs", get(logs))
        .with_state(Arc::new(log));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let okta = Okta::ssws(&url, &"00token".to_owned().into()).unwrap();
    let rules = RuleIds {
        policy: "rst1".into(),
        managed: "rul1".into(),
        break_glass: "rul0".into(),
        catch_all: "rul9".into(),
    };
    let at = |text: &str| text.parse().unwrap();
    HEAP.reset_peak_usage();
    let started = Instant::now();
    let seen = evidence::read(
        &okta,
        rules,
        at("2026-11-24T12:00:00Z"),
        at("2026-11-24T13:00:00Z"),
    )
    .await
    .unwrap();
    let seconds = started.elapsed().as_secs_f64();
    let peak = HEAP.peak_usage_as_mb();
    assert_eq!(seen.events, events as u64);
    assert_eq!(seen.managed_successes(), events as u64);
    assert_eq!(seen.devices().count(), DEVICES);
    server.abort();
    (seconds, peak)
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // The first run warms up what is kept for all later ones.
    runtime.block_on(fold(PAGE));
    println!(
        "{:>9}  {:>8}  {:>10}  {:>9}",
        "events", "seconds", "events/s", "peak MiB"
    );
    let mut peaks = Vec::new();
    for events in [10_000, 100_000] {
        let (seconds, peak) = runtime.block_on(fold(events));
        let rate = events as f64 / seconds;
        println!("{events:>9}  {seconds:>8.2}  {rate:>10.0}  {peak:>9.1}");
        peaks.push(peak);
    }
    assert!(
        peaks[1] < peaks[0] * 1.25,
        "memory grows with the number of events: {peaks:?} MiB"
    );
}
