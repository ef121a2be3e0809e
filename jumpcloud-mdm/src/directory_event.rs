//! Directory Insights: what administrators changed and what devices answered, for the last 90 days. The event
//! `mdm_command_result` has the best account of why a profile was refused.

use std::fmt;

use devtrust_transport::pages::{self, Page};
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::{Number, Value, json};

use crate::{Error, Items, JumpCloud, Method, Request, wire::resource};

/// The event that a device's answer to an MDM command leaves.
pub const MDM_COMMAND_RESULT: &str = "mdm_command_result";

resource! {
    /// An event (`POST /insights/directory/v1/events`). Services add fields of their own, which are in `extra`, save
    /// those of [`MDM_COMMAND_RESULT`]. `Debug` shows neither them nor the texts of errors: they can quote the profile,
    /// and with it the challenge.
    pub struct DirectoryEvent {
        /// The id.
        pub id: Option<String>,
        /// The service, such as `directory` or `mdm`.
        pub service: Option<String>,
        /// The kind of the event.
        pub event_type: Option<String>,
        /// When, RFC 3339.
        pub timestamp: Option<String>,
        /// The organisation's id.
        pub organization: Option<String>,
        /// Whether it went well.
        pub success: Option<bool>,
        /// The command's id.
        pub command_uuid: Option<String>,
        /// The command, in Apple's spelling: `InstallProfile`.
        pub request_type: Option<String>,
        /// `Acknowledged`, `Error`, `CommandFormatError` or `Idle`.
        pub status: Option<String>,
        /// Why it was refused, from the outside in.
        pub error_chain: Option<Vec<CommandError>>,
        /// The Apple MDM device's id: a system's `mdm.internal.deviceId`.
        pub device_object_id: Option<String>,
        /// The Apple MDM's id.
        pub device_manager_object_id: Option<String>,
        /// `apple`, for one.
        pub mdm_type: Option<String>,
    }
}

resource! {
    /// One link of Apple's error chain. `Debug` shows no text, as that of [`DirectoryEvent`].
    pub struct CommandError {
        /// The code in its domain.
        pub error_code: Option<Number>,
        /// The domain, such as `MDM-SCEP`.
        pub error_domain: Option<String>,
        /// What it says, in the device's language.
        pub localized_description: Option<String>,
        /// What it says, in English.
        pub us_english_description: Option<String>,
    }
}

impl fmt::Debug for DirectoryEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectoryEvent")
            .field("id", &self.id)
            .field("service", &self.service)
            .field("event_type", &self.event_type)
            .field("timestamp", &self.timestamp)
            .field("organization", &self.organization)
            .field("success", &self.success)
            .field("command_uuid", &self.command_uuid)
            .field("request_type", &self.request_type)
            .field("status", &self.status)
            .field("error_chain", &self.error_chain)
            .field("device_object_id", &self.device_object_id)
            .field("device_manager_object_id", &self.device_manager_object_id)
            .field("mdm_type", &self.mdm_type)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandError")
            .field("error_code", &self.error_code)
            .field("error_domain", &self.error_domain)
            .finish_non_exhaustive()
    }
}

/// Which events to read.
///
/// ```
/// use jumpcloud_mdm::{EventQuery, MDM_COMMAND_RESULT};
///
/// let since = "2026-11-24T12:00:00Z".parse()?;
/// let query = EventQuery::of("mdm", since).event_type(MDM_COMMAND_RESULT);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EventQuery {
    service: String,
    start: Timestamp,
    end: Option<Timestamp>,
    event_type: Option<String>,
    limit: u32,
}

impl EventQuery {
    /// The events of a service (`all` for every one) from a time on, the oldest first.
    pub fn of(service: impl Into<String>, start: Timestamp) -> Self {
        Self {
            service: service.into(),
            start,
            end: None,
            event_type: None,
            limit: 1000,
        }
    }

    /// Until a time.
    #[must_use]
    pub fn until(mut self, end: Timestamp) -> Self {
        self.end = Some(end);
        self
    }

    /// Of one kind only. It is compared again here.
    #[must_use]
    pub fn event_type(mut self, kind: impl Into<String>) -> Self {
        self.event_type = Some(kind.into());
        self
    }

    /// Events a page, up to 10,000. Default 1,000.
    #[must_use]
    pub fn page_size(mut self, events: u32) -> Self {
        self.limit = events.clamp(1, 10_000);
        self
    }

    fn page(&self, after: Option<&Value>) -> Request {
        let mut body = json!({
            "service": [self.service],
            "start_time": self.start.to_string(),
            "sort": "ASC",
            "limit": self.limit,
        });
        if let Some(end) = self.end {
            body["end_time"] = json!(end.to_string());
        }
        if let Some(kind) = &self.event_type {
            body["search_term"] = json!({"and": [{"event_type": kind}]});
        }
        if let Some(after) = after {
            body["search_after"] = after.clone();
        }
        Request::insights(Method::POST, ["events"])
            .reading()
            .body(body)
    }

    fn fits(&self, event: &DirectoryEvent) -> bool {
        self.event_type
            .as_ref()
            .is_none_or(|kind| event.event_type.as_ref() == Some(kind))
    }
}

impl JumpCloud {
    /// The events that a query finds, fetched as they are asked for.
    /// `POST {insights host}/insights/directory/v1/events`
    pub fn events(&self, query: &EventQuery) -> Items<DirectoryEvent> {
        let (client, query) = (self.clone(), query.clone());
        pages::stream(None::<Value>, move |after| {
            let (client, query) = (client.clone(), query.clone());
            async move {
                let request = query.page(after.as_ref());
                let response = client.exchange(&request).await?;
                let mut items: Vec<DirectoryEvent> = client.decode(&request, &response)?;
                // The header is always there: a page that is not full is the last.
                let full = items.len() >= query.limit as usize;
                let next = response
                    .headers()
                    .get("x-search_after")
                    .and_then(|value| serde_json::from_slice(value.as_bytes()).ok())
                    .filter(|next| full && Some(next) != after.as_ref());
                items.retain(|event| query.fits(event));
                Ok::<_, Error>(Page {
                    items,
                    next: next.map(Some),
                })
            }
        })
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::shown;

    #[test]
    fn events_are_asked_for_by_service_time_and_kind() {
        let query = EventQuery::of("mdm", "2026-11-24T12:00:00Z".parse().unwrap())
            .event_type(MDM_COMMAND_RESULT)
            .page_size(50_000);
        insta::assert_snapshot!(
            shown(&query.page(Some(&json!(["t", "id"])))),
            @r#"POST /insights/directory/v1/events {"limit":10000,"search_after":["t","id"],"search_term":{"and":[{"event_type":"mdm_command_result"}]},"service":["mdm"],"sort":"ASC","start_time":"2026-11-24T12:00:00Z"}"#
        );
        assert!(query.page(None).takes_org_id());
    }
}
