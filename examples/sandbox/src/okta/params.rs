//! Query parameters, and lists cut into pages with `Link` headers.

use axum::{extract::FromRequestParts, http::request::Parts};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::answer::{Answer, Failure, Reply};

/// The query of a request, repeated keys kept, with the path it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Params {
    path: String,
    pairs: Vec<(String, String)>,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        Ok(Self {
            path: parts.uri.path().to_owned(),
            pairs,
        })
    }
}

impl Params {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// `limit`, within bounds.
    pub(crate) fn limit(
        &self,
        default: usize,
        least: usize,
        most: usize,
    ) -> Result<usize, Failure> {
        let Some(limit) = self.get("limit") else {
            return Ok(default);
        };
        limit
            .parse()
            .ok()
            .filter(|limit| (least..=most).contains(limit))
            .ok_or_else(|| {
                Failure::validation(
                    "limit",
                    format!("limit: must be between {least} and {most}"),
                )
            })
    }

    /// The position in `after`, of a cursor that [`Params::cursor`] made.
    pub(crate) fn after(&self, kind: char) -> Result<Option<usize>, Failure> {
        let Some(after) = self.get("after").filter(|after| !after.is_empty()) else {
            return Ok(None);
        };
        let bytes = URL_SAFE_NO_PAD
            .decode(after)
            .map_err(|_| Failure::invalid_cursor())?;
        std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.strip_prefix(kind)?.parse().ok())
            .map(Some)
            .ok_or_else(Failure::invalid_cursor)
    }

    /// An opaque cursor.
    pub(crate) fn cursor(kind: char, position: usize) -> String {
        URL_SAFE_NO_PAD.encode(format!("{kind}{position}"))
    }

    /// The request's own URL.
    pub(crate) fn own_url(&self, base: &str) -> String {
        self.url(base, None)
    }

    /// The URL of the page after a cursor.
    pub(crate) fn next_url(&self, base: &str, cursor: &str) -> String {
        self.url(base, Some(cursor))
    }

    fn url(&self, base: &str, after: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.pairs {
            if !(after.is_some() && name == "after") {
                query.append_pair(name, value);
            }
        }
        if let Some(after) = after {
            query.append_pair("after", after);
        }
        match query.finish() {
            query if query.is_empty() => format!("{base}{}", self.path),
            query => format!("{base}{}?{query}", self.path),
        }
    }

    /// One page of a list, with `self` and, unless it is the last, `next`.
    pub(crate) fn page(
        &self,
        base: &str,
        items: Vec<Value>,
        default: usize,
        most: usize,
    ) -> Answer {
        let limit = self.limit(default, 1, most)?;
        let start = self.after('i')?.unwrap_or(0);
        let end = start.saturating_add(limit).min(items.len());
        let more = end < items.len();
        let page: Vec<Value> = items.into_iter().skip(start).take(limit).collect();
        let reply = Reply::ok(page).link("self", self.own_url(base));
        Ok(if more {
            reply.link("next", self.next_url(base, &Self::cursor('i', end)))
        } else {
            reply
        })
    }
}
