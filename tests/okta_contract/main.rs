//! One contract, kept twice: each exchange of the client with canned answers, where a request that none of them expects
//! is named, and the same with the sandbox, which keeps state and answers in its own words.
//!
//! What goes over the wire is compared whole: method, path, query, body, and the headers that every request has. What
//! only canned answers can show (pages, links away from the org, odd bodies, every error) is in the crate's own suite.
//! The OAuth token route, which takes a new proof with each request, is in suites of its own: the crate's with canned
//! answers, `okta_oauth` with the sandbox.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod apps;
mod authenticators;
mod calls;
mod devices;
mod exchange;
mod logs;
mod people;
mod policies;

use std::{collections::BTreeMap, path::Path};

use calls::Call;
use device_trust_sandbox::{PILOT_USER_GROUP, RecordedRequest, Sandbox};
use device_trust_tests::okta::{self, desired, stored};
use exchange::{Exchange, Ids, Sent};
use jiff::{SignedDuration, Timestamp};
use okta_devtrust::{Okta, trust};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use url::form_urlencoded;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

const GROUP: &str = PILOT_USER_GROUP;
const POLICY: &str = "Contract";
const RULE: &str = "Contract rule";
const LABEL: &str = "Contract app";
const ASSURANCE: &str = "Contract assurance";
const TOKEN: &str = "00contract-token";

/// The contract, in an order in which an org that keeps state can serve it.
fn contract(ids: &Ids) -> Vec<Exchange> {
    [
        people::exchanges,
        authenticators::exchanges,
        policies::exchanges,
        apps::exchanges,
        policies::of_an_app,
        devices::exchanges,
        logs::exchanges,
        apps::removals,
        policies::removals,
    ]
    .into_iter()
    .flat_map(|part| part(ids))
    .collect()
}

/// The answers of a server that holds what the contract is about.
fn canned_ids() -> Ids {
    let kinds = ["ACCESS_POLICY", "MFA_ENROLL", "OKTA_SIGN_ON"];
    Ids {
        group: "00g1".into(),
        user: "00u1".into(),
        okta_verify: "aut1".into(),
        policies: kinds
            .map(|kind| (kind, (format!("rst-{kind}"), format!("rul-{kind}"))))
            .into(),
        app: "0oa1".into(),
        device: "guo1".into(),
        assurance: "dae1".into(),
        integration: "dvi1".into(),
        since: "2026-11-24T12:00:00Z".parse().unwrap(),
        until: "2026-11-24T13:00:00Z".parse().unwrap(),
    }
}

/// Fails unless an exchange sent exactly what it should, and became what it should.
fn kept(exchange: &Exchange, sent: &[Sent], became: &Value) {
    let Exchange { name, sends, .. } = exchange;
    assert_eq!(sent, std::slice::from_ref(sends), "{name}: {became}");
    let error = |value: &Value| value["error"].clone();
    if error(&exchange.becomes).is_null() {
        assert_eq!(*became, exchange.becomes, "{name}");
    } else {
        assert_eq!(error(became), error(&exchange.becomes), "{name}: {became}");
    }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

#[tokio::test]
async fn each_exchange_is_kept_with_canned_answers() {
    let server = MockServer::start().await;
    let okta = okta::client(&server.uri(), TOKEN).unwrap();
    let ids = canned_ids();
    let contract = contract(&ids);
    for exchange in &contract {
        server.reset().await;
        unmatched_is_named().mount(&server).await;
        let (status, body) = &exchange.answer;
        let mut answer = ResponseTemplate::new(*status);
        if !body.is_null() {
            answer = answer.set_body_json(body);
        }
        let wanted = exchange.sends.clone();
        Mock::given(move |request: &wiremock::Request| received(request) == wanted)
            .respond_with(answer)
            .with_priority(1)
            .mount(&server)
            .await;
        let became = exchange.made_of(&okta, &ids).await;
        let requests = server.received_requests().await.unwrap();
        for request in &requests {
            assert_eq!(
                request.headers["authorization"],
                format!("SSWS {TOKEN}").as_str()
            );
            if request.body.is_empty() && request.method != "GET" && request.method != "DELETE" {
                assert_eq!(request.headers["content-length"], "0", "{}", exchange.name);
            }
        }
        let sent: Vec<Sent> = requests.iter().map(received).collect();
        kept(exchange, &sent, &became);
    }
    println!("{} exchanges kept with canned answers", contract.len());
}

/// The answer to a request that no exchange expects: it says which.
fn unmatched_is_named() -> Mock {
    Mock::given(any())
        .respond_with(|request: &wiremock::Request| {
            let text = format!("unmatched: {} {}", request.method, request.url);
            let body = json!({"errorCode": "UNMATCHED", "errorSummary": text, "errorId": "oae1", "errorCauses": []});
            ResponseTemplate::new(400).set_body_json(body)
        })
        .with_priority(255)
}

fn received(request: &wiremock::Request) -> Sent {
    let header = |name: &str| Some(request.headers.get(name)?.to_str().ok()?.to_owned());
    let mut headers = BTreeMap::new();
    for name in ["accept", "user-agent"] {
        headers.extend(header(name).map(|value| (name.to_owned(), value)));
    }
    let scheme = header("authorization").and_then(|all| Some(all.split_once(' ')?.0.to_owned()));
    headers.extend(scheme.map(|scheme| ("authorization".to_owned(), scheme)));
    Sent {
        method: request.method.to_string(),
        path: request.url.path().to_owned(),
        query: pairs(request.url.query().unwrap_or_default()),
        body: (!request.body.is_empty()).then(|| request.body_json().unwrap()),
        headers,
    }
}

#[tokio::test]
async fn a_request_that_no_exchange_expects_is_named() {
    let server = MockServer::start().await;
    unmatched_is_named().mount(&server).await;
    let okta = okta::client(&server.uri(), TOKEN).unwrap();
    let error = okta.policy("rst1").await.unwrap_err();
    assert!(error.to_string().contains("unmatched: GET"), "{error}");
    assert!(
        error.to_string().contains("/api/v1/policies/rst1"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_exchange_is_kept_with_the_sandbox() {
    let (sandbox, okta) = org().await;
    let many = contract(&found_ids(&sandbox)).len();
    for n in 0..many {
        // What an earlier exchange made is there by now.
        let ids = found_ids(&sandbox);
        let exchange = contract(&ids).swap_remove(n);
        let earlier = sandbox.requests_of_this_run().len();
        let became = exchange.made_of(&okta, &ids).await;
        let sent = sandbox.requests_of_this_run().split_off(earlier);
        let sent: Vec<Sent> = sent.into_iter().map(recorded).collect();
        kept(&exchange, &sent, &became);
    }
    println!("{many} exchanges kept with the sandbox, which serves them all");
}

fn recorded(request: RecordedRequest) -> Sent {
    Sent {
        method: request.method,
        path: request.path,
        query: pairs(&request.query),
        body: request.body,
        headers: request.headers,
    }
}

/// A sandbox with everything applied and a Mac that is registered.
async fn org() -> (Sandbox, Okta) {
    let sandbox = okta::start(None).await.unwrap();
    let token = sandbox.secrets().okta_api_token;
    let okta = okta::client(sandbox.okta_url(), token.expose_secret()).unwrap();
    let observed = trust::observe(&okta, &desired()).await.unwrap();
    let plan = trust::plan(&desired(), &observed).unwrap();
    trust::apply(&okta, &plan, |_| {}).await.unwrap();
    let now = stored::org(sandbox.shared());
    let http = reqwest::Client::new();
    let user = first_member(&now);
    let enrolled = http
        .post(format!("{}/sandbox/okta-verify/enroll", sandbox.okta_url()))
        .json(&json!({"user": user, "profile": {
            "displayName": "Contract Mac", "serialNumber": "C02CONTRACT", "udid": "U1"}}))
        .send()
        .await
        .unwrap();
    assert!(enrolled.status().is_success(), "{enrolled:?}");
    // The index of devices lags behind by one read.
    let _ = futures::TryStreamExt::try_collect::<Vec<_>>(okta.devices(None)).await;
    (sandbox, okta)
}

fn first_member(org: &Value) -> String {
    let members = stored::group(org, GROUP).unwrap();
    let first = org["users"].as_array().unwrap().iter().find(|user| {
        let members = members["members"].as_array().unwrap();
        members.contains(&user["id"])
    });
    first.unwrap()["id"].as_str().unwrap().to_owned()
}

/// The ids in the sandbox by what they name; `none` for what is not there yet.
fn found_ids(sandbox: &Sandbox) -> Ids {
    let org = stored::org(sandbox.shared());
    let id = |found: Option<&Value>| {
        let id = found.and_then(|one| one["id"].as_str());
        id.unwrap_or("none").to_owned()
    };
    let in_list = |list: &str, key: &str, value: &str| {
        let mut all = org[list].as_array().unwrap().iter();
        all.find(|one| one[key] == value).cloned()
    };
    let mut policies = BTreeMap::new();
    for kind in ["ACCESS_POLICY", "MFA_ENROLL", "OKTA_SIGN_ON"] {
        let mut all = org["policies"].as_array().unwrap().iter();
        let policy = all.rfind(|one| one["body"]["type"] == kind && one["body"]["name"] == POLICY);
        let rules = policy.and_then(|policy| policy["rules"].as_array());
        let rule = rules.and_then(|rules| rules.iter().find(|rule| rule["name"] == RULE));
        policies.insert(kind, (id(policy.map(|one| &one["body"])), id(rule)));
    }
    let verify = org["authenticators"].as_array().unwrap().iter();
    let verify = verify
        .map(|one| &one["body"])
        .find(|one| one["key"] == "okta_verify");
    Ids {
        group: id(stored::group(&org, GROUP).map(|group| &group["body"])),
        user: first_member(&org),
        okta_verify: id(verify),
        policies,
        app: id(stored::app(&org, LABEL).map(|app| &app["body"])),
        device: id(org["devices"]
            .as_array()
            .unwrap()
            .first()
            .map(|one| &one["body"])),
        assurance: id(in_list("assurances", "name", ASSURANCE).as_ref()),
        integration: id(org["integrations"].as_array().unwrap().first()),
        since: Timestamp::now() - SignedDuration::from_hours(1),
        until: Timestamp::now() + SignedDuration::from_hours(1),
    }
}

/// A call that the client gains needs an exchange, and one that it loses leaves none behind.
#[test]
fn the_contract_has_an_exchange_of_every_request_that_the_client_can_make() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../okta-devtrust/src");
    let calls = calls::all(&source);
    let contract = contract(&canned_ids());
    let of = |call: &Call| {
        let mut all = contract.iter();
        all.any(|exchange| call.is_of(&exchange.sends, &calls))
    };
    let lacking: Vec<String> = calls
        .iter()
        .filter(|call| !of(call))
        .map(Call::to_string)
        .collect();
    assert!(lacking.is_empty(), "no exchange of {lacking:#?}");
    let known = |sent: &Sent| calls.iter().any(|call| call.is_of(sent, &calls));
    // The path of another route, by the escape hatch, is the caller's.
    let own = |exchange: &&Exchange| !exchange.name.starts_with("another route");
    for Exchange { name, sends, .. } in contract.iter().filter(own) {
        assert!(
            known(sends),
            "{name}: the client's source does not build it"
        );
    }
    println!("{} requests, each with an exchange", calls.len());
}
