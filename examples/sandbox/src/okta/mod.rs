//! The embedded Okta org: an Identity Engine org that remembers.
//!
//! One file per concept of Okta's API. Every request is read as plain JSON, with no type of any
//! client, so that the sandbox cannot agree with a client's mistake. What no recording confirms is
//! said where it is decided.
//!
//! Beside the management API the listener serves what a Mac talks to: SCEP under `/pki/…`, and
//! `/sandbox/…`, which is no API of Okta's:
//!
//! | call | what it stands for |
//! |---|---|
//! | `GET /sandbox/users/{id or login}/apps` | the apps on the user's dashboard: `[{id, label}]` |
//! | `POST /sandbox/okta-verify/enroll` | Okta Verify registers a device: `user`, `profile`, optional `app` → `deviceId` |
//! | `POST /sandbox/sign-in/begin` | a sign-in starts: `{}` → `transaction`, `nonce` |
//! | `POST /sandbox/sign-in/answer` | `transaction`, `user`, `app`, `password`, `deviceId`, `userVerification`, `certificate`, `signature` → `outcome` and the rule that decided |

mod answer;
mod apps;
mod assignment;
mod assurance;
mod assurances;
mod attestation;
mod authenticators;
mod devices;
mod enrol;
mod entry;
mod evaluate;
mod fields;
mod filter;
mod integrations;
mod jwt;
mod log;
mod logs;
mod normalise;
mod oauth;
mod overlap;
mod params;
mod people;
mod policies;
mod policy;
mod priorities;
mod rules;
mod scopes;
mod seed;
mod signin;
mod simulate;
mod verdict;

use axum::{Router, extract, middleware, routing::get};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{scep, shared::Shared};
use answer::{Answer, Failure, Reply};
pub(crate) use entry::refuse;

/// The client id of the service app that
/// [`Options::service_app_key`](crate::Options::service_app_key) seeds.
pub const SERVICE_APP_CLIENT_ID: &str = "0oasandboxservice001";

/// The org's state. Its shape is the sandbox's own affair: look at it through the API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    id: String,
    /// The user the API token belongs to.
    admin: String,
    users: Vec<fields::Object>,
    groups: Vec<people::Group>,
    apps: Vec<apps::App>,
    policies: Vec<policy::Policy>,
    authenticators: Vec<authenticators::Authenticator>,
    devices: Vec<devices::Device>,
    assurances: Vec<fields::Object>,
    integrations: Vec<fields::Object>,
    certificates: Vec<attestation::BoundCertificate>,
    sign_ins: Vec<signin::Pending>,
    log: log::Log,
    oauth: oauth::Oauth,
}

/// All routes of the Okta listener.
pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/.well-known/okta-organization", get(organization))
        .merge(policies::router().merge(rules::router()).route_layer(
            middleware::from_fn_with_state(overlap::Writing::default(), overlap::refuse),
        ))
        .merge(assignment::router())
        .merge(simulate::router())
        .merge(apps::router())
        .merge(people::router())
        .merge(authenticators::router())
        .merge(devices::router())
        .merge(assurances::router())
        .merge(integrations::router())
        .merge(logs::router())
        .merge(oauth::router())
        .merge(enrol::router())
        .merge(signin::router())
        .merge(scep::router())
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(shared.clone(), entry::admit))
        .with_state(shared)
}

/// Needs no credentials; `pipeline` is `idx` on Identity Engine.
async fn organization(extract::State(shared): extract::State<Shared>) -> Answer {
    let world = shared.world();
    Ok(Reply::ok(json!({
        "id": world.okta.id,
        "cell": "ok0",
        "pipeline": "idx",
        "settings": {
            "analyticsCollectionEnabled": false, "bugReportingEnabled": false, "omEnabled": false,
        },
        "_links": { "organization": { "href": shared.okta_url() } },
    })))
}

async fn unknown(request: extract::Request) -> Failure {
    Failure::not_found(request.uri().path(), "Endpoint")
}

async fn wrong_method() -> Failure {
    Failure::method_not_allowed()
}
