//! From a call to its handler: authentication, the organisation header, and the three APIs on one listener.

use http::StatusCode;
use serde_json::json;

use super::call::{Answer, Call, Outcome, Refusal};
use super::state::State;
use super::{
    apple_mdm, events, groups, insights, object_id, policies, policy_groups, results, software,
    systems, templates,
};

/// Answers one call; the state changes where the call writes.
///
/// An unknown route is 404 like an unknown object. `x-org-id` follows JumpCloud's documented failures: 400 malformed,
/// 401 missing for an administrator of several organisations, 403 on a route that does not take it, 404 unknown.
pub fn answer(state: &mut State, call: &Call) -> Answer {
    let segments: Vec<&str> = call
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    if let ["object-storage", object] = segments.as_slice() {
        return software::upload(state, call, object).unwrap_or_else(Refusal::into_v2);
    }
    let v1 = segments.first() == Some(&"api") && segments.get(1) != Some(&"v2");
    let outcome = admit(state, call, &segments).and_then(|()| {
        let handled = match segments.as_slice() {
            ["api", "v2", rest @ ..] => v2(state, call, rest),
            ["api", rest @ ..] => v1_route(state, call, rest),
            ["insights", "directory", "v1", "events"] if call.method == http::Method::POST => {
                Some(events::search(state, call))
            }
            _ => None,
        };
        handled.unwrap_or_else(|| Err(Refusal::not_found()))
    });
    outcome.unwrap_or_else(|refusal| {
        if v1 {
            refusal.into_v1()
        } else {
            refusal.into_v2()
        }
    })
}

fn v2(state: &mut State, call: &Call, rest: &[&str]) -> Option<Outcome> {
    match rest {
        ["policytemplates"] if call.method == http::Method::GET => {
            Some(templates::all(state, call))
        }
        ["policytemplates", id] if call.method == http::Method::GET => {
            Some(templates::get(state, id))
        }
        ["usergroups"] if call.method == http::Method::GET => {
            Some(groups::user_groups(state, call))
        }
        ["policies", rest @ ..] => policies::route(state, call, rest),
        ["policygroups", rest @ ..] => policy_groups::route(state, call, rest),
        ["policyresults", rest @ ..] => results::route(state, call, rest),
        ["systemgroups", rest @ ..] => groups::route(state, call, rest),
        ["systems", rest @ ..] => systems::v2(state, call, rest),
        ["applemdms", rest @ ..] => apple_mdm::route(state, call, rest),
        ["softwareapps", rest @ ..] => software::route(state, call, rest),
        ["systeminsights", rest @ ..] => insights::route(state, call, rest),
        _ => None,
    }
}

fn v1_route(state: &mut State, call: &Call, rest: &[&str]) -> Option<Outcome> {
    match (call.method.as_str(), rest) {
        ("GET", ["organizations"]) => {
            let own = &state.organization;
            Some(Ok(Answer::ok(json!({ "totalCount": 1, "results": [own] }))))
        }
        ("GET", ["organizations", id]) => Some(if *id == state.organization_id() {
            Ok(Answer::ok(state.organization.clone()))
        } else {
            Err(Refusal::not_found())
        }),
        ("POST", ["search", "systems"]) => Some(systems::search(state, call)),
        (_, ["systems", rest @ ..]) => systems::v1(state, call, rest),
        _ => None,
    }
}

fn admit(state: &State, call: &Call, segments: &[&str]) -> Result<(), Refusal> {
    if !call.authorized {
        return Err(Refusal::unauthorized());
    }
    let takes_organization = !matches!(
        segments,
        ["api", "organizations", ..]
            | ["api", "search", "organizations"]
            | ["api", "v2", "organizations" | "providers", ..]
            | [
                "api",
                "v2",
                "softwareapps",
                _,
                "reclaim-licenses" | "retry-installation"
            ]
    );
    match (call.org_id.as_deref(), takes_organization) {
        (None, true) if state.multi_tenant => Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "x-org-id is required for an administrator of several organizations",
        )),
        (None, _) => Ok(()),
        (Some(_), false) => Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "x-org-id is not taken by this route",
        )),
        (Some(id), true) if !object_id::is_valid(id) => {
            Err(Refusal::invalid("x-org-id is malformed"))
        }
        (Some(id), true) if id != state.organization_id() => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "organization not found",
        )),
        (Some(_), true) => Ok(()),
    }
}
