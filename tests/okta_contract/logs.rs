//! The System Log, bounded and followed.

use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use okta_devtrust::logs::LogQuery;
use serde_json::json;

use crate::exchange::{Exchange, Ids};

const FILTER: &str = "eventType eq \"device.enrollment.create\"";

fn query(ids: &Ids) -> LogQuery {
    LogQuery::between(ids.since, ids.until)
        .filter(FILTER)
        .page_size(10)
}

pub(crate) fn exchanges(ids: &Ids) -> Vec<Exchange> {
    let [since, until] = [ids.since, ids.until].map(|at| format!("{at:.3}"));
    let event = json!([{"uuid": "1", "eventType": "device.enrollment.create", "published": "2026-11-24T12:00:00.000Z"}]);
    vec![
        Exchange::new("the log of a time", "GET", "/logs", |okta, ids| {
            async {
                let all: Vec<_> = okta.logs(&query(ids)).try_collect().await?;
                Ok(json!(
                    all.iter().map(|one| &one.event_type).collect::<Vec<_>>()
                ))
            }
            .boxed()
        })
        .query("since", &since)
        .query("until", &until)
        .query("sortOrder", "ASCENDING")
        .query("limit", "10")
        .query("filter", FILTER)
        .answers(200, event.clone())
        .becomes(json!(["device.enrollment.create"])),
        Exchange::new("the log followed", "GET", "/logs", |okta, ids| {
            async {
                let followed = okta.follow_logs(&query(ids), Duration::from_secs(600));
                let first: Vec<_> = followed.take(1).try_collect().await?;
                Ok(json!(first[0].event_type))
            }
            .boxed()
        })
        .query("since", &since)
        .query("sortOrder", "ASCENDING")
        .query("limit", "10")
        .query("filter", FILTER)
        .answers(200, event)
        .becomes(json!("device.enrollment.create")),
    ]
}
