//! Several organisations behind one key: `x-org-id` says which one a call is for.
//!
//! The routes that take no `x-org-id` speak for all of them: the list of organisations, and the presigned addresses of
//! uploads. Not publicly confirmed, and chosen here: the list's order is that of the ids.

use std::collections::BTreeMap;

use super::call::{Answer, Call, Refusal};
use super::query::list_v1;
use super::routes;
use super::state::State;

/// The organisations beside the first, by id.
pub type Others = BTreeMap<String, State>;

/// Answers one call of an administrator of several organisations: `first` and `others`.
///
/// ```
/// use device_trust_sandbox::{Seed, jumpcloud};
///
/// let mut first = jumpcloud::State::seeded(&Seed { multi_tenant: true, ..Seed::default() });
/// let second = jumpcloud::State::seeded(&Seed::default());
/// let id = second.organization_id().to_owned();
/// let mut others = jumpcloud::Others::from([(id.clone(), second)]);
/// let call = jumpcloud::Call {
///     method: http::Method::GET,
///     path: "/api/v2/systemgroups".to_owned(),
///     query: Vec::new(),
///     authorized: true,
///     org_id: Some(id.clone()),
///     body: serde_json::Value::Null,
///     host: String::new(),
///     now: jiff::Timestamp::UNIX_EPOCH,
/// };
/// let answer = jumpcloud::answer_among(&mut first, &mut others, &call);
/// assert_eq!(answer.body.unwrap()[0]["organizationObjectId"], id);
/// ```
pub fn answer_among(first: &mut State, others: &mut Others, call: &Call) -> Answer {
    let segments: Vec<&str> = call
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    match segments.as_slice() {
        ["api", "organizations", rest @ ..]
            if !others.is_empty() && call.authorized && call.org_id.is_none() =>
        {
            organizations(first, others, call, rest)
        }
        ["object-storage", ..] => {
            let mut answer = routes::answer(first, call);
            for other in others.values_mut() {
                if answer.status != http::StatusCode::NOT_FOUND {
                    break;
                }
                answer = routes::answer(other, call);
            }
            answer
        }
        _ => match call.org_id.as_ref().and_then(|id| others.get_mut(id)) {
            Some(other) => routes::answer(other, call),
            None => routes::answer(first, call),
        },
    }
}

fn organizations(first: &State, others: &Others, call: &Call, rest: &[&str]) -> Answer {
    let mut all = vec![first.organization.clone()];
    all.extend(others.values().map(|other| other.organization.clone()));
    all.sort_by_key(|one| one["id"].to_string());
    let outcome = match (call.method.as_str(), rest) {
        _ if first.organization_is_hidden => Err(Refusal::new(
            http::StatusCode::FORBIDDEN,
            "the role of this key may not read the organization",
        )),
        ("GET", []) => list_v1(all, call),
        ("GET", [id]) => all
            .into_iter()
            .find(|one| one["id"] == *id)
            .map(Answer::ok)
            .ok_or_else(Refusal::not_found),
        _ => Err(Refusal::not_found()),
    };
    outcome.unwrap_or_else(Refusal::into_v1)
}
