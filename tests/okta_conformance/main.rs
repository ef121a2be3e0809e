//! What `okta-devtrust` sends and reads, against Okta's published specification. The oracle is the OpenAPI file, not
//! this workspace: where the file is known to differ from Okta, `openapi` names it.
#![allow(missing_docs, clippy::unwrap_used)]

mod bodies;
mod openapi;
mod typed;

use std::collections::BTreeSet;

use device_trust_sandbox::{Options, Sandbox};
use okta_devtrust::{
    Okta,
    apps::App,
    assurances::DeviceAssurance,
    authenticators::{Authenticator, Method},
    devices::{Device, DeviceUser},
    groups::Group,
    integrations::DeviceIntegration,
    logs::LogEvent,
    org::Org,
    policies::{Policy, PolicyMapping, Rule},
    simulate::{Evaluation, Simulation},
    users::User,
};
use openapi::OpenApi;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use typed::untyped;

/// The type that reads a schema, by the schema's name.
type Check = fn(&OpenApi, &str, &Value) -> Vec<String>;

/// Decodes as `T`, asks for the same back, and gives the documented keys that `T` has no typed field for.
fn check<T: Serialize + DeserializeOwned>(
    openapi: &OpenApi,
    name: &str,
    value: &Value,
) -> Vec<String> {
    let decoded: T = serde_json::from_value(value.clone())
        .unwrap_or_else(|error| panic!("{name}: {error}\n{value:#}"));
    let encoded = serde_json::to_value(&decoded).unwrap();
    let mut problems: Vec<String> = difference(value, &encoded, name);
    let schema = openapi.schema(name);
    problems.extend(
        untyped(&decoded)
            .into_iter()
            .filter(|path| !openapi.at(schema, path).is_empty())
            .map(|path| format!("{name}{path} is documented and not typed")),
    );
    problems
}

/// Where two values differ.
fn difference(sent: &Value, back: &Value, at: &str) -> Vec<String> {
    match (sent, back) {
        (Value::Object(sent), Value::Object(back)) => {
            let keys: BTreeSet<&String> = sent.keys().chain(back.keys()).collect();
            keys.into_iter()
                .flat_map(|key| match (sent.get(key), back.get(key)) {
                    (Some(sent), Some(back)) => difference(sent, back, &format!("{at}/{key}")),
                    (Some(lost), None) => vec![format!("{at}/{key} is lost: {lost}")],
                    (None, _) => vec![format!("{at}/{key} is added")],
                })
                .collect()
        }
        (Value::Array(sent), Value::Array(back)) if sent.len() == back.len() => sent
            .iter()
            .zip(back)
            .flat_map(|(sent, back)| difference(sent, back, &format!("{at}/*")))
            .collect(),
        _ if sent == back => Vec::new(),
        _ => vec![format!("{at}: {sent} came back as {back}")],
    }
}

/// Every schema that the crate covers, with the type that reads it.
const COVERED: &[(&str, Check)] = &[
    ("WellKnownOrgMetadata", check::<Org>),
    ("AccessPolicy", check::<Policy>),
    ("OktaSignOnPolicy", check::<Policy>),
    ("AuthenticatorEnrollmentPolicy", check::<Policy>),
    ("AccessPolicyRule", check::<Rule>),
    ("OktaSignOnPolicyRule", check::<Rule>),
    ("AuthenticatorEnrollmentPolicyRule", check::<Rule>),
    ("PolicyMapping", check::<PolicyMapping>),
    ("AuthenticatorBase", check::<Authenticator>),
    ("AuthenticatorKeyOktaVerify", check::<Authenticator>),
    ("AuthenticatorKeyCustomApp", check::<Authenticator>),
    ("AuthenticatorKeyCustomOtp", check::<Authenticator>),
    ("AuthenticatorKeyDuo", check::<Authenticator>),
    ("AuthenticatorKeyEmail", check::<Authenticator>),
    ("AuthenticatorKeyGoogleOtp", check::<Authenticator>),
    ("AuthenticatorKeyExternalIdp", check::<Authenticator>),
    ("AuthenticatorKeyPassword", check::<Authenticator>),
    ("AuthenticatorKeyOnprem", check::<Authenticator>),
    ("AuthenticatorKeyPhone", check::<Authenticator>),
    ("AuthenticatorKeySecurityKey", check::<Authenticator>),
    ("AuthenticatorKeySecurityQuestion", check::<Authenticator>),
    ("AuthenticatorKeySmartCard", check::<Authenticator>),
    ("AuthenticatorKeySymantecVip", check::<Authenticator>),
    ("AuthenticatorKeyTac", check::<Authenticator>),
    ("AuthenticatorKeyWebauthn", check::<Authenticator>),
    ("AuthenticatorKeyYubikey", check::<Authenticator>),
    ("AuthenticatorMethodSignedNonce", check::<Method>),
    ("AuthenticatorMethodPush", check::<Method>),
    ("AuthenticatorMethodTotp", check::<Method>),
    ("AuthenticatorMethodOtp", check::<Method>),
    ("AuthenticatorMethodSimple", check::<Method>),
    ("AuthenticatorMethodTac", check::<Method>),
    ("AuthenticatorMethodWebAuthn", check::<Method>),
    (
        "AuthenticatorMethodWithVerifiableProperties",
        check::<Method>,
    ),
    ("Application", check::<App>),
    ("AutoLoginApplication", check::<App>),
    ("BasicAuthApplication", check::<App>),
    ("BookmarkApplication", check::<App>),
    ("BrowserPluginApplication", check::<App>),
    ("OpenIdConnectApplication", check::<App>),
    ("Saml11Application", check::<App>),
    ("SamlApplication", check::<App>),
    ("SecurePasswordStoreApplication", check::<App>),
    ("WsFederationApplication", check::<App>),
    ("Group", check::<Group>),
    ("User", check::<User>),
    ("DeviceList", check::<Device>),
    ("Device", check::<Device>),
    ("DeviceUser", check::<DeviceUser>),
    ("DeviceAssurance", check::<DeviceAssurance>),
    ("DeviceAssuranceMacOSPlatform", check::<DeviceAssurance>),
    ("DeviceAssuranceIOSPlatform", check::<DeviceAssurance>),
    ("DeviceAssuranceAndroidPlatform", check::<DeviceAssurance>),
    ("DeviceAssuranceChromeOSPlatform", check::<DeviceAssurance>),
    ("DeviceAssuranceWindowsPlatform", check::<DeviceAssurance>),
    ("DeviceIntegrations", check::<DeviceIntegration>),
    ("LogEvent", check::<LogEvent>),
    ("SimulatePolicyBody", check::<Simulation>),
    ("SimulatePolicyEvaluations", check::<Evaluation>),
];

/// A full example. The kinds of app give some keys of their own settings different types, so `Application` is tried
/// without its kinds, which are covered one by one.
fn example(openapi: &OpenApi, name: &str, null: bool) -> Value {
    let schema = openapi.schema(name);
    if name == "Application" {
        let mut alone = schema.clone();
        alone.as_object_mut().unwrap().remove("discriminator");
        return openapi.example(&alone, null);
    }
    openapi.example(schema, null)
}

#[test]
fn no_documented_property_of_a_covered_schema_is_untyped_and_none_is_lost() {
    let Some(openapi) = OpenApi::load() else {
        return;
    };
    let mut problems = Vec::new();
    let mut checked = 0;
    for (name, check) in COVERED {
        for null in [false, true] {
            let example = example(&openapi, name, null);
            openapi::each_path(&example, "", &mut |_| checked += 1);
            problems.extend(check(&openapi, name, &example));
        }
    }
    problems.dedup();
    assert!(problems.is_empty(), "{problems:#?}");
    // Fewer would mean that the examples have become hollow.
    assert!(checked > 2500, "{checked} keys");
}

#[test]
fn a_full_example_is_what_its_schema_allows() {
    let Some(openapi) = OpenApi::load() else {
        return;
    };
    let mut problems = Vec::new();
    for (name, _) in COVERED {
        for null in [false, true] {
            let example = example(&openapi, name, null);
            for problem in openapi.problems(openapi.schema(name), &example) {
                problems.push(format!("{name}: {problem}"));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    // The oracle is awake: a wrong type is found, and a key that nobody documents.
    let rule = openapi.schema("AccessPolicyRule");
    let wrong = json!({"name": 7, "conditions": {"people": {"group": {}}}});
    assert_eq!(openapi.problems(rule, &wrong).len(), 1);
    assert_eq!(
        openapi.undocumented(rule, &wrong),
        ["/conditions/people/group"]
    );
}

#[test]
fn the_examples_that_the_file_gives_come_back_as_they_are() {
    let Some(openapi) = OpenApi::load() else {
        return;
    };
    let mut problems = Vec::new();
    let mut given = 0;
    for (name, check) in COVERED {
        // The file's own slip: its example of this kind of app gives a state where its schema has an object.
        if *name == "AutoLoginApplication" {
            continue;
        }
        if let Some(example) = openapi.given_example(openapi.schema(name)) {
            given += 1;
            problems.extend(check(&openapi, name, &mended(example)));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(given > 12, "{given} examples");
}

/// The file's examples are made by a program that wrote `null` for each value of an enum in a list, and a text for
/// conditions that are always `null`.
fn mended(example: &Value) -> Value {
    match example {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match key.as_str() {
                "conditions" if value.is_string() => (key.clone(), Value::Null),
                _ => (key.clone(), mended(value)),
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .map(|item| {
                if item.is_null() {
                    json!("X")
                } else {
                    mended(item)
                }
            })
            .collect(),
        other => other.clone(),
    }
}

/// Okta writes `null` for what it has nothing to say of, also where the file does not allow it; the metadata of an
/// integration that is not set up is empty in the sandbox, and not known of Okta.
fn without_nulls(answer: &Value) -> Value {
    match answer {
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, value)| !value.is_null() && (*key != "metadata" || **value != json!({})))
            .map(|(key, value)| (key.clone(), without_nulls(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// The answers of an org with a history: what the sandbox keeps is of recorded shape.
#[tokio::test]
async fn answers_of_recorded_shape_fit_the_schema_and_lose_nothing() {
    let Some(openapi) = OpenApi::load() else {
        return;
    };
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let token = sandbox.secrets().okta_api_token;
    let okta = Okta::ssws(sandbox.okta_url(), &token).unwrap();
    bodies::write_everything(&okta).await;
    let mut problems = Vec::new();
    let mut read = 0;
    for (request, name, check) in bodies::reads(&okta).await {
        let path = request.path();
        let answer: Value = okta.send(&request).await.unwrap().json().unwrap();
        let schema = openapi
            .of_route("GET", &path, true)
            .unwrap_or_else(|| panic!("{path} is not documented"));
        for problem in openapi.problems(schema, &without_nulls(&answer)) {
            problems.push(format!("{request}: {problem}"));
        }
        let items = answer.as_array().cloned().unwrap_or_else(|| vec![answer]);
        for item in &items {
            read += 1;
            problems.extend(check(&openapi, name, item));
        }
    }
    problems.sort();
    problems.dedup();
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(read > 40, "{read} objects");
}

/// What real orgs answer with and the file does not document. A PUT must bring it back, or it is lost.
const SEEN_ON_THE_WIRE: [&str; 2] = [
    "/settings/userVerificationMethods",
    "/settings/enrollmentSecurityLevel",
];

#[tokio::test]
async fn every_request_body_is_as_the_specification_says() {
    let Some(openapi) = OpenApi::load() else {
        return;
    };
    let options = Options {
        fleet: false,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let token = sandbox.secrets().okta_api_token;
    let okta = Okta::ssws(sandbox.okta_url(), &token).unwrap();
    bodies::write_everything(&okta).await;
    let mut written = BTreeSet::new();
    let mut problems = Vec::new();
    for request in sandbox.requests() {
        let simulated = request.path.ends_with("/simulate");
        if !request.is_write() && !simulated {
            continue;
        }
        let name = format!("{} {}", request.method, request.path);
        if !openapi.knows(&request.method, &request.path) {
            problems.push(format!("{name} is not documented"));
        }
        let Some(body) = &request.body else { continue };
        let Some(schema) = openapi.of_route(&request.method, &request.path, false) else {
            problems.push(format!("{name} takes no body"));
            continue;
        };
        // The file asks for a list; a real org refused it, and Okta's guide sends the object.
        let schema = if simulated { &schema["items"] } else { schema };
        problems.extend(
            openapi
                .problems(schema, body)
                .iter()
                .map(|p| format!("{name}: {p}")),
        );
        let mut unknown = openapi.undocumented(schema, body);
        unknown.retain(|path| !SEEN_ON_THE_WIRE.iter().any(|known| path.starts_with(known)));
        problems.extend(
            unknown
                .iter()
                .map(|path| format!("{name}: {path} is not documented")),
        );
        let segments: Vec<&str> = request.path.split('/').skip(3).collect();
        let short = segments
            .iter()
            .map(|part| if part.len() == 20 { "{id}" } else { part });
        written.insert(format!(
            "{} {}",
            request.method,
            short.collect::<Vec<_>>().join("/")
        ));
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!(
        written.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "POST apps",
            "POST authenticators",
            "POST device-assurances",
            "POST policies",
            "POST policies/simulate",
            "POST policies/{id}/rules",
            "PUT authenticators/{id}",
            "PUT authenticators/{id}/methods/signed_nonce",
            "PUT device-assurances/{id}",
            "PUT policies/{id}",
            "PUT policies/{id}/rules/{id}",
        ]
    );
}
