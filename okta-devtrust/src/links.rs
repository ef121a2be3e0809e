//! The `_links` of an object: where related objects are, and what may be done to this one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lossless::lossless;

/// The `_links` of an object, by relation.
///
/// ```
/// let links: okta_devtrust::Links = serde_json::from_str(
///     r#"{"accessPolicy": {"href": "https://acme.okta.com/api/v1/policies/rst1"}, "logo": [{"href": "x"}]}"#,
/// )?;
/// assert_eq!(links.id("accessPolicy"), Some("rst1"));
/// assert_eq!(links.href("logo"), Some("x"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Links(BTreeMap<String, Target>);

impl Links {
    /// The target of the first link of this relation.
    pub fn href(&self, relation: &str) -> Option<&str> {
        self.link(relation)?.href.as_deref()
    }

    /// The id at the end of the relation's target: its last path segment.
    pub fn id(&self, relation: &str) -> Option<&str> {
        let path = self.href(relation)?.split(['?', '#']).next()?;
        path.rsplit('/').next().filter(|id| !id.is_empty())
    }

    /// The first link of this relation.
    pub fn link(&self, relation: &str) -> Option<&Link> {
        match self.0.get(relation)? {
            Target::One(link) => Some(link),
            Target::Many(links) => links.first(),
            Target::Unknown(_) => None,
        }
    }
}

/// Okta writes one link or a list of them under a relation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Target {
    One(Box<Link>),
    Many(Vec<Link>),
    Unknown(Value),
}

lossless! {
    /// One link (schema `HrefObject`).
    Link {
        /// Where it points.
        href: Option<String>,
        /// What may be done there.
        hints: Option<Hints>,
        /// Its name.
        name: Option<String>,
        /// Whether `href` is a template.
        templated: Option<bool>,
        /// The media type of the target.
        #[serde(rename = "type")]
        kind: Option<String>,
    }
}

lossless! {
    /// The methods that a link allows.
    Hints {
        /// HTTP methods.
        allow: Option<Vec<String>>,
    }
}
