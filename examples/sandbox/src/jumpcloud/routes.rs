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
///
/// ```
/// use device_trust_sandbox::{Seed, jumpcloud};
///
/// let mut state = jumpcloud::State::seeded(&Seed::default());
/// let call = jumpcloud::Call {
///     method: http::Method::GET,
///     path: "/api/v2/systemgroups".to_owned(),
///     query: vec![("filter".to_owned(), "name:eq:macOS pilot".to_owned())],
///     authorized: true,
///     org_id: None,
///     body: serde_json::Value::Null,
///     host: String::new(),
///     now: jiff::Timestamp::UNIX_EPOCH,
/// };
/// let answer = jumpcloud::answer(&mut state, &call);
/// assert_eq!(answer.body.unwrap()[0]["name"], "macOS pilot");
/// ```
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
        ("GET", ["organizations", ..]) if state.organization_is_hidden => Some(Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "the role of this key may not read the organization",
        ))),
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
    }?;
    match state.trouble.map(StatusCode::from_u16) {
        Some(Ok(status)) => Err(Refusal::new(
            status,
            status.canonical_reason().unwrap_or("Error"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::Value;

    use super::*;
    use crate::seed::Seed;

    fn call(method: &str, path: &str, body: Value) -> Call {
        Call {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            query: Vec::new(),
            authorized: true,
            org_id: None,
            body,
            host: String::new(),
            now: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_administrator_of_several_organizations_must_name_one() {
        let mut state = State::seeded(&Seed {
            multi_tenant: true,
            ..Seed::default()
        });
        let mut call = call("GET", "/api/v2/policies", Value::Null);
        assert_eq!(answer(&mut state, &call).status, StatusCode::UNAUTHORIZED);
        call.org_id = Some(state.organization_id().to_owned());
        assert_eq!(answer(&mut state, &call).status, StatusCode::OK);
    }

    #[test]
    fn a_deleted_group_takes_its_edges_along() {
        let mut state = State::seeded(&Seed::default());
        let group = state.system_groups[0]["id"].as_str().unwrap().to_owned();
        assert_eq!(state.graph.edges.len(), 3);
        answer(
            &mut state,
            &call(
                "DELETE",
                &format!("/api/v2/systemgroups/{group}"),
                Value::Null,
            ),
        );
        assert!(state.graph.edges.is_empty());
    }

    #[test]
    fn a_saved_state_answers_as_before() {
        let mut state = State::seeded(&Seed::default());
        let saved = serde_json::to_string(&state).unwrap();
        let mut loaded: State = serde_json::from_str(&saved).unwrap();
        let search = call("POST", "/api/search/systems", Value::Null);
        assert_eq!(answer(&mut loaded, &search), answer(&mut state, &search));
    }
}
