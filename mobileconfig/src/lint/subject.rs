//! What a rule looks at.

use plist::{Dictionary, Value};

use super::{Target, path};
use crate::schema::{Part, PayloadType, Schema};
use crate::{Error, Payload, keys};

/// A profile under check, as the property list it is: rules see what is there, even if it is no valid profile.
pub struct Subject<'a> {
    profile: &'a Dictionary,
    payloads: Vec<SubjectPayload<'a>>,
    target: &'a Target,
}

/// A payload of the profile under check.
pub struct SubjectPayload<'a> {
    index: usize,
    keys: &'a Dictionary,
}

impl<'a> Subject<'a> {
    pub(super) fn new(profile: &'a Dictionary, target: &'a Target) -> Self {
        let items = profile.get(keys::CONTENT).and_then(Value::as_array);
        let payloads = items
            .into_iter()
            .flatten()
            .enumerate()
            .filter_map(|(index, item)| {
                Some(SubjectPayload {
                    index,
                    keys: item.as_dictionary()?,
                })
            })
            .collect();
        Self {
            profile,
            payloads,
            target,
        }
    }

    /// The top-level keys.
    #[must_use]
    pub fn profile(&self) -> &'a Dictionary {
        self.profile
    }

    /// The payloads, in order; items of `PayloadContent` that are no dictionaries are left out.
    #[must_use]
    pub fn payloads(&self) -> &[SubjectPayload<'a>] {
        &self.payloads
    }

    /// The payloads of one `PayloadType`, in order.
    pub fn payloads_of_type(
        &self,
        payload_type: &str,
    ) -> impl Iterator<Item = &SubjectPayload<'a>> {
        self.payloads
            .iter()
            .filter(move |payload| payload.payload_type() == Some(payload_type))
    }

    /// Where the profile is meant to go.
    #[must_use]
    pub fn target(&self) -> &'a Target {
        self.target
    }
}

impl<'a> SubjectPayload<'a> {
    /// `PayloadType`, if it is a text.
    #[must_use]
    pub fn payload_type(&self) -> Option<&'a str> {
        self.keys.get(keys::TYPE).and_then(Value::as_string)
    }

    /// All keys of the payload, the common ones among them.
    #[must_use]
    pub fn keys(&self) -> &'a Dictionary {
        self.keys
    }

    /// The place of the payload: `PayloadContent[0]`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}[{}]", keys::CONTENT, self.index)
    }

    /// The place of a key below the payload: `PayloadContent[0].URL`. A name of more than 128 bytes is cut.
    #[must_use]
    pub fn path_to(&self, key: &str) -> String {
        path::join(&self.path(), key)
    }

    /// The payload as a value of the crate, for rules that want its typed content.
    ///
    /// # Errors
    /// When a common key is missing or of the wrong type; other rules report that.
    pub fn to_payload(&self) -> Result<Payload, Error> {
        Payload::from_value(Value::Dictionary(self.keys.clone()))
    }

    /// What Apple's schema says about the type.
    pub(super) fn schema(&self) -> Option<PayloadType> {
        Schema::apple().payload(self.payload_type()?)
    }

    /// The parts of the schema that apply. Where Apple describes a type in several files, a file whose first required key has one
    /// allowed value is for payloads with that value, and excludes the others.
    pub(super) fn parts(&self) -> Vec<Part> {
        let parts: Vec<_> = self
            .schema()
            .into_iter()
            .flat_map(|schema| schema.parts())
            .collect();
        if parts.len() == 1 {
            return parts;
        }
        let selects = |part: &Part| {
            let selector = part.keys().next().filter(|key| key.allowed().len() == 1)?;
            let value = self.keys.get(selector.name());
            Some(value.is_some_and(|value| selector.allowed()[0].is(value)))
        };
        match parts.iter().find(|part| selects(part) == Some(true)) {
            Some(part) => vec![*part],
            None => parts
                .into_iter()
                .filter(|part| selects(part).is_none())
                .collect(),
        }
    }
}

impl std::fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject")
            .field("payloads", &self.payloads)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SubjectPayload<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubjectPayload")
            .field("path", &self.path())
            .field("payload_type", &self.payload_type())
            .finish_non_exhaustive()
    }
}
