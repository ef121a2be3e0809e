//! `GET /api/v1/logs`: bounded and polling queries over the System Log.
//!
//! Bounded: `since`/`until`, by time of publication, finite. Polling: no `until`, ascending, in the
//! order of storage, always with a next link.

use axum::{Router, extract::State, routing::get};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    answer::{Answer, Failure, Reply},
    filter::Filter,
    params::Params,
};
use crate::shared::Shared;

const DAY: i64 = 86_400;

pub(crate) fn router() -> Router<Shared> {
    Router::new().route("/api/v1/logs", get(list))
}

async fn list(State(shared): State<Shared>, params: Params) -> Answer {
    let world = shared.world();
    let now = world.now();
    let base = shared.okta_url();
    let limit = params.limit(100, 0, 1000)?;
    let descending = match params.get("sortOrder") {
        None | Some("ASCENDING") => false,
        Some("DESCENDING") => true,
        Some(_) => return Err(Failure::validation("sortOrder", "ASCENDING or DESCENDING")),
    };
    let until = time(&params, "until")?;
    let since = match time(&params, "since")? {
        Some(since) => since,
        None => back(until.unwrap_or(now), 7 * DAY),
    };
    if since < back(now, 180 * DAY) {
        return Err(Failure::invalid_filter("since: at most 180 days ago"));
    }
    let wanted = Wanted::read(&params)?;
    let events = &world.okta.log.0;
    let polling = until.is_none() && !descending;
    let start = params.after(if polling { 'p' } else { 'b' })?;

    if polling {
        // A cursor stands for everything stored before it, so `since` no longer matters.
        let from = start.unwrap_or(0);
        let mut next = from;
        let mut page = Vec::new();
        for (at, event) in events.iter().enumerate().skip(from) {
            if page.len() == limit {
                break;
            }
            next = at + 1;
            if (start.is_some() || published(event) > since) && wanted.matches(event) {
                page.push(event.clone());
            }
        }
        let next = params.next_url(base, &Params::cursor('p', next));
        return Ok(Reply::ok(page)
            .link("self", params.own_url(base))
            .link("next", next));
    }

    let until = until.unwrap_or(now);
    let mut found: Vec<&Value> = events
        .iter()
        .filter(|event| (since..until).contains(&published(event)) && wanted.matches(event))
        .collect();
    found.sort_by_key(|event| published(event));
    if descending {
        found.reverse();
    }
    let from = start.unwrap_or(0);
    let end = from.saturating_add(limit).min(found.len());
    let page: Vec<Value> = found
        .get(from..end)
        .unwrap_or_default()
        .iter()
        .copied()
        .cloned()
        .collect();
    let reply = Reply::ok(page).link("self", params.own_url(base));
    Ok(if end < found.len() {
        reply.link("next", params.next_url(base, &Params::cursor('b', end)))
    } else {
        reply
    })
}

/// `filter` and `q`.
struct Wanted {
    filter: Option<Filter>,
    words: Vec<String>,
}

impl Wanted {
    fn read(params: &Params) -> Result<Self, Failure> {
        let filter = params
            .get("filter")
            .filter(|text| !text.is_empty())
            .map(Filter::parse);
        let filter = filter.transpose().map_err(Failure::invalid_filter)?;
        if filter
            .iter()
            .flat_map(Filter::tests)
            .any(|(path, _)| path == "published")
        {
            return Err(Failure::invalid_filter("published: use since and until"));
        }
        let words: Vec<String> = params
            .get("q")
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        if words.len() > 10 || words.iter().any(|word| word.chars().count() > 40) {
            return Err(Failure::validation(
                "q",
                "q: at most 10 words of at most 40 characters",
            ));
        }
        Ok(Self { filter, words })
    }

    fn matches(&self, event: &Value) -> bool {
        self.filter
            .as_ref()
            .is_none_or(|filter| filter.matches(event))
            && (self.words.is_empty() || {
                let text = event.to_string().to_lowercase();
                self.words.iter().all(|word| text.contains(word))
            })
    }
}

fn time(params: &Params, key: &str) -> Result<Option<Timestamp>, Failure> {
    params
        .get(key)
        .map(|text| {
            text.parse().map_err(|_| {
                Failure::validation(key, format!("{key}: must be a date-time as in ISO 8601"))
            })
        })
        .transpose()
}

fn published(event: &Value) -> Timestamp {
    event["published"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

fn back(from: Timestamp, seconds: i64) -> Timestamp {
    from.checked_sub(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
