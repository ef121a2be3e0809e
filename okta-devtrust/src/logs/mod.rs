//! The System Log, as streams of typed events: bounded, or following as events come.
//!
//! | | [`Okta::logs`] | [`Okta::follow_logs`] |
//! |---|---|---|
//! | ends | at the end of the window | never: drop it |
//! | order | by the time of publication | by the time of storage |
//! | late arrivals | can be missing: leave some seconds between the end and now | come when they arrive |
//!
//! A page is held at a time, so memory does not grow with the number of events. Okta keeps events for 90 days. What an
//! event holds beyond the typed fields is in `extra`; serialised again it is what Okta wrote.

mod event;
mod event_type;
mod origin;

use std::time::Duration;

use devtrust_transport::{next_link, pages};
use futures::Stream;

pub use event::{
    LogActor, LogAuthenticationContext, LogChange, LogDebugContext, LogDevice, LogEvent, LogIssuer,
    LogOutcome, LogResult, LogSeverity, LogTarget, LogTransaction,
};
pub use event_type::EventType;
pub use origin::{
    LogAddress, LogBehavior, LogBotProtection, LogClient, LogCoordinates, LogIpDetails,
    LogIpService, LogPlace, LogRequest, LogRisk, LogSecurityContext, LogUserAgent,
};

use crate::{Error, Okta, Request};

/// Which events: those published between two times, or from a time on, narrowed by a filter.
///
/// ```
/// use okta_devtrust::logs::{self, LogQuery};
///
/// let query = LogQuery::between("2026-11-24T12:00:00Z".parse()?, "2026-11-24T13:00:00Z".parse()?)
///     .filter("eventType eq \"policy.evaluate_sign_on\"");
/// let request = logs::list(&query);
/// assert_eq!(request.query_pairs()[0], ("since".into(), "2026-11-24T12:00:00.000Z".into()));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    since: jiff::Timestamp,
    until: Option<jiff::Timestamp>,
    filter: Option<String>,
    text: Option<String>,
    limit: u32,
}

impl LogQuery {
    /// The events published from `since` to `until`.
    pub fn between(since: jiff::Timestamp, until: jiff::Timestamp) -> Self {
        Self {
            until: Some(until),
            ..Self::since(since)
        }
    }

    /// The events published from `since` on.
    pub fn since(since: jiff::Timestamp) -> Self {
        Self {
            since,
            until: None,
            filter: None,
            text: None,
            limit: 1000,
        }
    }

    /// Narrows by a SCIM filter, such as `outcome.result eq "FAILURE"`.
    #[must_use]
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// Narrows by words (`q`): at most 10, each at most 40 characters.
    #[must_use]
    pub fn text(mut self, words: impl Into<String>) -> Self {
        self.text = Some(words.into());
        self
    }

    /// Sets the page size, from 1 to 1000. Default 1000.
    #[must_use]
    pub fn page_size(mut self, limit: u32) -> Self {
        self.limit = limit.clamp(1, 1000);
        self
    }
}

/// `GET /api/v1/logs`
pub fn list(query: &LogQuery) -> Request {
    let mut request = Request::get(["api", "v1", "logs"]).query("since", milliseconds(query.since));
    if let Some(until) = query.until {
        request = request.query("until", milliseconds(until));
    }
    request = request
        .query("sortOrder", "ASCENDING")
        .query("limit", query.limit.to_string());
    if let Some(filter) = &query.filter {
        request = request.query("filter", filter);
    }
    if let Some(text) = &query.text {
        request = request.query("q", text);
    }
    request
}

/// Okta writes times to the millisecond.
fn milliseconds(at: jiff::Timestamp) -> String {
    format!("{at:.3}")
}

impl Okta {
    /// The events of a query, oldest first, page by page. Without an end in the query it ends at the first page that
    /// has nothing new.
    pub fn logs(&self, query: &LogQuery) -> impl Stream<Item = Result<LogEvent, Error>> + use<> {
        self.pages(list(query))
    }

    /// The events of a query and those that come after, in the order in which Okta stores them. An end in the query is
    /// left out. When nothing new is there, it waits `pause` before it asks again; 10 s is a good value. It ends with
    /// an error, and never without.
    pub fn follow_logs(
        &self,
        query: &LogQuery,
        pause: Duration,
    ) -> impl Stream<Item = Result<LogEvent, Error>> + use<> {
        let first = list(&LogQuery {
            until: None,
            ..query.clone()
        });
        let okta = self.clone();
        let start = (first, false);
        pages::stream(start, move |(request, idle)| {
            let okta = okta.clone();
            async move {
                if idle {
                    okta.sleep(pause).await;
                }
                let response = okta.send(&request).await?;
                let items: Vec<LogEvent> = response.json()?;
                // Okta always gives a next link here. Without one, the same page again is the only way on.
                let next = next_link(response.0.headers())
                    .and_then(|link| okta.link(&link))
                    .unwrap_or(request);
                Ok(pages::Page {
                    next: Some((next, items.is_empty())),
                    items,
                })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_both_ends_and_following_has_only_the_start() {
        let at = |text: &str| text.parse().unwrap();
        let query = LogQuery::between(at("2026-11-24T12:00:00Z"), at("2026-11-24T13:00:00Z"))
            .filter("outcome.result eq \"FAILURE\"")
            .text("mac")
            .page_size(5000);
        let pairs = list(&query).query_pairs().to_vec();
        let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["since", "until", "sortOrder", "limit", "filter", "q"]
        );
        assert_eq!(pairs[3].1, "1000");
        let pairs = list(&LogQuery::since(at("2026-11-24T12:00:00Z")))
            .query_pairs()
            .to_vec();
        assert!(pairs.iter().all(|(name, _)| name != "until"));
    }
}
