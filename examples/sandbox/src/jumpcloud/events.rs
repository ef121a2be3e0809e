//! Directory Insights: what administrators changed and what the devices answered.
//!
//! `POST /insights/directory/v1/events` takes `{service, start_time, …}` and answers an array, with the headers
//! `X-Result-Count`, `X-Limit` and `X-Search_after`. The default sort order is not publicly confirmed: ascending here.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::clock;

use super::call::{Answer, Call, Outcome, Refusal};
use super::object_id;
use super::query::{at, printed};
use super::state::{State, only, text};

/// Appends an event; `details` are its own members beside the common ones.
pub(crate) fn record(
    state: &mut State,
    service: &str,
    event_type: &str,
    details: &Value,
    now: Timestamp,
) {
    let mut event = Map::from_iter([
        ("id".to_owned(), json!(object_id::new())),
        ("service".to_owned(), json!(service)),
        ("event_type".to_owned(), json!(event_type)),
        ("timestamp".to_owned(), json!(clock::jumpcloud(now))),
        ("organization".to_owned(), json!(state.organization_id())),
        ("@version".to_owned(), json!("1")),
    ]);
    if let Value::Object(details) = details {
        event.extend(details.clone());
    }
    state.events.push(event.into());
}

/// `POST /insights/directory/v1/events`.
pub(crate) fn search(state: &State, call: &Call) -> Outcome {
    let body = &call.body;
    let services: Vec<&str> = body["service"]
        .as_array()
        .map(|services| services.iter().filter_map(Value::as_str).collect())
        .filter(|services: &Vec<&str>| !services.is_empty())
        .ok_or_else(|| Refusal::invalid("service is required and must be a list of strings"))?;
    let start =
        time(body, "start_time")?.ok_or_else(|| Refusal::invalid("start_time is required"))?;
    let end = time(body, "end_time")?;
    let descending = body["sort"]
        .as_str()
        .is_some_and(|sort| sort.eq_ignore_ascii_case("desc"));
    let limit = body["limit"].as_u64().unwrap_or(1000).clamp(1, 10_000);

    let mut events: Vec<&Value> = state
        .events
        .iter()
        .filter(|event| services.contains(&"all") || services.contains(&text(event, "service")))
        .filter(|event| {
            let at: Option<Timestamp> = text(event, "timestamp").parse().ok();
            at.is_some_and(|at| at >= start && end.is_none_or(|end| at <= end))
        })
        .filter(|event| {
            body.get("search_term")
                .is_none_or(|term| term_holds(term, event))
        })
        .collect();
    if descending {
        events.reverse();
    }
    if let Some(after) = body["search_after"]
        .as_array()
        .and_then(|key| key.last()?.as_str())
        && let Some(at) = events.iter().position(|event| event["id"] == after)
    {
        events.drain(..=at);
    }
    let skip = usize::try_from(body["skip"].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
    let page: Vec<&Value> = events
        .into_iter()
        .skip(skip)
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .collect();
    let last = page
        .last()
        .map_or(json!([]), |event| json!([event["timestamp"], event["id"]]));
    let count = page.len();
    let page: Vec<Value> = match fields(body) {
        Some(fields) => page.into_iter().map(|event| only(event, &fields)).collect(),
        None => page.into_iter().cloned().collect(),
    };
    Ok(Answer::ok(page)
        .with_header("x-result-count", count.to_string())
        .with_header("x-limit", limit.to_string())
        .with_header("x-search_after", last.to_string()))
}

fn fields(body: &Value) -> Option<Vec<&str>> {
    let fields = body["fields"].as_array()?;
    (!fields.is_empty()).then(|| fields.iter().filter_map(Value::as_str).collect())
}

fn time(body: &Value, key: &str) -> Result<Option<Timestamp>, Refusal> {
    body[key]
        .as_str()
        .map(|text| {
            text.parse()
                .map_err(|_| Refusal::invalid(format!("{key} must be an RFC 3339 time")))
        })
        .transpose()
}

/// `{and: […]}`, `{or: […]}`, `{not: […]}`, each of `{field: value}`.
fn term_holds(term: &Value, event: &Value) -> bool {
    let Some(term) = term.as_object() else {
        return true;
    };
    term.iter().all(|(key, value)| {
        let list = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        match key.as_str() {
            "and" => list.iter().all(|term| term_holds(term, event)),
            "or" => list.iter().any(|term| term_holds(term, event)),
            "not" => !list.iter().any(|term| term_holds(term, event)),
            field => list
                .iter()
                .any(|wanted| printed(at(event, field)) == printed(wanted)),
        }
    })
}
