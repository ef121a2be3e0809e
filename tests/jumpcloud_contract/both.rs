//! Runs the exchanges: against canned answers, and against the sandbox with its request log. The same calls must send
//! the same requests, and the answers become the same.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use device_trust_sandbox::{Options, RecordedRequest, Sandbox};
use jumpcloud_mdm::{JumpCloud, JumpCloudBuilder, Region};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use crate::{
    exchange::{Exchange, Ids, Seen, Sent, credentials, filled_in, holds},
    exchanges,
};

const KEY: &str = "key-of-the-contract";
const ACCOUNT: (&str, &str) = ("client-of-the-contract", "secret-of-the-contract");
/// What the canned token is.
pub const TOKEN: &str = "token-of-the-contract";

fn built(builder: JumpCloudBuilder, ids: &Ids) -> JumpCloud {
    builder
        .org_id(&ids["org"])
        .settle(Duration::ZERO)
        .build()
        .unwrap()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn checked(exchange: &Exchange, ids: &mut Ids, result: &Value, service: &str) {
    let name = exchange.name;
    for (id, at) in &exchange.learns {
        let found = result.pointer(at).and_then(Value::as_str);
        let found = found.unwrap_or_else(|| panic!("{service}: {name}: no id at {at} of {result}"));
        ids.insert((*id).to_owned(), found.to_owned());
    }
    let wanted = filled_in(&exchange.becomes, ids);
    assert!(
        holds(result, &wanted),
        "{service}: {name}: {result:#} does not hold {wanted:#}"
    );
}

/// Answers what comes as the script says, and names what does not fit.
#[derive(Default)]
struct Script {
    expected: VecDeque<Sent>,
    problems: Vec<String>,
}

struct Canned(Arc<Mutex<Script>>);

fn seen(request: &Request) -> Seen {
    let header = |name: &str| {
        request
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", ACCOUNT.0, ACCOUNT.1))
    );
    let bearer = format!("Bearer {TOKEN}");
    let authorization = header("authorization");
    let scheme = authorization.map(|sent| match sent {
        sent if sent == basic => "Basic",
        sent if sent == bearer => "Bearer",
        _ => "others",
    });
    let key = header("x-api-key");
    let right = key.is_none_or(|key| key == KEY);
    let scheme = if right {
        scheme
    } else {
        Some("of another key")
    };
    let form = header("content-type") == Some("application/x-www-form-urlencoded");
    let text = std::str::from_utf8(&request.body).unwrap();
    let body = match text {
        "" => None,
        text if form => Some(
            pairs(text)
                .into_iter()
                .map(|(name, value)| (name, Value::from(value)))
                .collect(),
        ),
        text => Some(serde_json::from_str(text).unwrap_or_else(|_| text.into())),
    };
    Seen {
        method: request.method.to_string(),
        path: request.url.path().to_owned(),
        query: pairs(request.url.query().unwrap_or_default()),
        body,
        organization: header("x-org-id").is_some(),
        credentials: credentials(key.is_some(), scheme),
        accept: header("accept").map(str::to_owned),
        agent: header("user-agent").map(str::to_owned),
    }
}

impl Respond for Canned {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let (mut script, seen) = (self.0.lock().unwrap(), seen(request));
        let Some(expected) = script.expected.pop_front() else {
            let what = format!(
                "{} {}?{:?} is not expected",
                seen.method, seen.path, seen.query
            );
            script.problems.push(what);
            return ResponseTemplate::new(501);
        };
        script.problems.extend(expected.differences(&seen));
        let answer = ResponseTemplate::new(expected.status);
        match expected.answer {
            Some(body) => answer.set_body_json(body),
            None => answer,
        }
    }
}

#[tokio::test]
async fn on_canned_answers() {
    let server = MockServer::start().await;
    let script = Arc::<Mutex<Script>>::default();
    let canned = Canned(Arc::clone(&script));
    Mock::given(any()).respond_with(canned).mount(&server).await;
    let mut ids: Ids = exchanges::NAMES
        .iter()
        .zip(1..)
        .map(|(name, number)| ((*name).to_owned(), format!("{number:024x}")))
        .collect();
    ids.insert("service".to_owned(), server.uri());
    let region = || Region::Url(server.uri());
    let by_key = built(JumpCloud::builder(region(), KEY.into()), &ids);
    let by_account = JumpCloud::service_account(region(), ACCOUNT.0, ACCOUNT.1.into());
    let by_account = built(by_account, &ids);
    for exchange in exchanges::all() {
        script.lock().unwrap().expected =
            exchange.sent.iter().map(|sent| sent.with(&ids)).collect();
        let client = if exchange.by_account {
            &by_account
        } else {
            &by_key
        };
        let result = (exchange.call)(client.clone(), ids.clone()).await;
        let name = exchange.name;
        {
            let script = script.lock().unwrap();
            assert!(script.problems.is_empty(), "{name}: {:#?}", script.problems);
            assert!(
                script.expected.is_empty(),
                "{name}: {:#?} was not sent",
                script.expected
            );
        }
        let result = result.unwrap_or_else(|error| panic!("{name}: {error}"));
        checked(&exchange, &mut ids, &result, "canned answers");
    }
}

fn logged(request: &RecordedRequest) -> Seen {
    Seen {
        method: request.method.clone(),
        path: request.path.clone(),
        query: pairs(&request.query),
        body: request.body.clone(),
        organization: request.organization.is_some(),
        // The sandbox keeps their kind; that it answers as wanted says that they were right.
        credentials: credentials(
            request.headers.contains_key("x-api-key"),
            request.headers.get("authorization").map(String::as_str),
        ),
        accept: request.headers.get("accept").cloned(),
        agent: request.headers.get("user-agent").cloned(),
    }
}

/// All of them: there is no call of the client whose route the sandbox does not serve.
#[tokio::test]
async fn on_the_sandbox() {
    let options = Options {
        fleet: false,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let mut ids = Ids::new();
    let (account, secret) = {
        let world = sandbox.shared().world();
        let state = &world.jumpcloud;
        ids.insert("org".to_owned(), state.organization_id().to_owned());
        ids.insert("system".to_owned(), state.system_ids().remove(0));
        state.service_account()
    };
    let region = || Region::Url(sandbox.jumpcloud_url().to_owned());
    let key = sandbox
        .secrets()
        .jumpcloud_api_key
        .expose_secret()
        .to_owned();
    let by_key = built(JumpCloud::builder(region(), key.into()), &ids);
    let by_account = built(JumpCloud::service_account(region(), account, secret), &ids);
    for exchange in exchanges::all() {
        if let Some(before) = exchange.before {
            before(&sandbox, &ids);
        }
        let known = sandbox.requests_of_this_run().len();
        let client = if exchange.by_account {
            &by_account
        } else {
            &by_key
        };
        let result = (exchange.call)(client.clone(), ids.clone()).await;
        let name = exchange.name;
        let result = result.unwrap_or_else(|error| panic!("the sandbox: {name}: {error}"));
        checked(&exchange, &mut ids, &result, "the sandbox");
        let requests = sandbox.requests_of_this_run().split_off(known);
        assert_eq!(requests.len(), exchange.sent.len(), "{name}: {requests:?}");
        for (sent, request) in exchange.sent.iter().zip(&requests) {
            let differences = sent.with(&ids).differences(&logged(request));
            assert!(
                differences.is_empty(),
                "the sandbox: {name}: {differences:#?}"
            );
            assert_eq!(
                request.status, sent.status,
                "the sandbox: {name}: {request:?}"
            );
        }
    }
}
