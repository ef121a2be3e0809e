//! The System Log, as a bounded stream of typed events.
//!
//! A bounded query (with both ends) is finite and ordered by the time an event was published; events that arrive late
//! can be missing, so leave some seconds between the end and now. Okta keeps events for 90 days.

mod event;

use futures::Stream;

pub use event::{
    LogActor, LogAuthenticationContext, LogClient, LogDebugContext, LogDevice, LogEvent,
    LogOutcome, LogResult, LogSeverity, LogTarget, LogTransaction,
};

use crate::{Error, Okta, Request};

/// Which events: those published between two times, narrowed by a filter.
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
    until: jiff::Timestamp,
    filter: Option<String>,
    text: Option<String>,
    limit: u32,
}

impl LogQuery {
    /// The events published from `since` to `until`.
    pub fn between(since: jiff::Timestamp, until: jiff::Timestamp) -> Self {
        Self {
            since,
            until,
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
    let mut request = Request::get(["api", "v1", "logs"])
        .query("since", milliseconds(query.since))
        .query("until", milliseconds(query.until))
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
    /// The events of a query, oldest first, page by page.
    pub fn logs(&self, query: &LogQuery) -> impl Stream<Item = Result<LogEvent, Error>> + use<> {
        self.pages(list(query))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_always_has_both_ends() {
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
    }
}
