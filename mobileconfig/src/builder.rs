//! Building a profile from typed contents.

use std::collections::HashSet;
use std::fmt;

use plist::{Dictionary, Value};

use crate::{Error, Payload, PayloadContent, Profile, Scope, deterministic_uuid, identity, keys};

/// Collects payloads; [`build`](Self::build) checks everything at once.
///
/// Each payload has a *role*, its short name within the profile (`scep`, `root-ca`): its `PayloadIdentifier` is
/// `{identifier}.{role}` and its `PayloadUUID` is [`deterministic_uuid`] of organisation, identifier, role and
/// generation. The same calls give the same bytes on every machine.
///
/// ```
/// use mobileconfig::{Profile, Scope, service_management::{Rule, ServiceManagement}};
///
/// let login_items = ServiceManagement::new([Rule::team_identifier("B7F62B65BN")]);
/// let profile = Profile::builder("Example Org", "org.example.companions")
///     .display_name("Okta Verify companions")
///     .scope(Scope::System)
///     .add_named("login-items", 0, "Okta Verify login items", &login_items)
///     .build()?;
/// assert_eq!(profile.payloads[0].identifier, "org.example.companions.login-items");
/// # Ok::<(), mobileconfig::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct ProfileBuilder {
    organization: String,
    identifier: String,
    display_name: Option<String>,
    description: Option<String>,
    scope: Option<Scope>,
    removal_disallowed: Option<bool>,
    payloads: Vec<Payload>,
    extra: Dictionary,
    problems: Vec<String>,
}

impl ProfileBuilder {
    pub(crate) fn new(organization: String, identifier: String) -> Self {
        Self {
            organization,
            identifier,
            display_name: None,
            description: None,
            scope: None,
            removal_disallowed: None,
            payloads: Vec::new(),
            extra: Dictionary::new(),
            problems: Vec::new(),
        }
    }

    /// `PayloadDisplayName` of the profile: the name System Settings shows.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// `PayloadDescription` of the profile.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// `PayloadScope`.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// `PayloadRemovalDisallowed`.
    pub fn removal_disallowed(mut self, disallowed: bool) -> Self {
        self.removal_disallowed = Some(disallowed);
        self
    }

    /// A top-level key without a method of its own, such as `TargetDeviceType` or `ConsentText`.
    pub fn extra(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }

    /// Adds a payload of generation 0.
    pub fn add(self, role: &str, content: &impl PayloadContent) -> Self {
        self.add_generation(role, 0, content)
    }

    /// Adds a payload of the given generation. A new generation is a new `PayloadUUID`: devices remove the payload
    /// and install it again, which for a SCEP payload means a new certificate.
    pub fn add_generation(
        self,
        role: &str,
        generation: u32,
        content: &impl PayloadContent,
    ) -> Self {
        self.push(role, generation, None, content)
    }

    /// Adds a payload with a `PayloadDisplayName` of its own.
    pub fn add_named(
        self,
        role: &str,
        generation: u32,
        display_name: impl Into<String>,
        content: &impl PayloadContent,
    ) -> Self {
        self.push(role, generation, Some(display_name.into()), content)
    }

    /// The `PayloadUUID` that a payload of this role and generation has, for contents that refer to another payload.
    #[must_use]
    pub fn payload_uuid(&self, role: &str, generation: u32) -> String {
        identity::upper_case(deterministic_uuid(
            &self.organization,
            &self.identifier,
            role,
            generation,
        ))
    }

    fn push(
        mut self,
        role: &str,
        generation: u32,
        display_name: Option<String>,
        content: &impl PayloadContent,
    ) -> Self {
        let dictionary = match content.to_dictionary() {
            Ok(dictionary) => dictionary,
            Err(error) => {
                self.problems.push(format!("payload `{role}`: {error}"));
                return self;
            }
        };
        for key in keys::OF_EVERY_PAYLOAD {
            if dictionary.contains_key(key) {
                self.problems.push(format!(
                    "payload `{role}`: {key} belongs to the payload, not to its content"
                ));
            }
        }
        let mut payload = Payload::new(
            content.payload_type(),
            format!("{}.{role}", self.identifier),
            self.payload_uuid(role, generation),
            dictionary,
        );
        payload.display_name = display_name;
        self.check_role(role);
        self.payloads.push(payload);
        self
    }

    fn check_role(&mut self, role: &str) {
        if !is_identifier(role) {
            self.problems.push(format!(
                "role `{role}`: use letters, digits, `-`, `_` and `.`, at least one of them"
            ));
        }
    }

    /// The profile.
    ///
    /// # Errors
    /// One [`Error::is_build`] that lists every problem: an empty organisation, an identifier or role that is empty
    /// or has other characters than letters, digits, `-`, `_` and `.`, two payloads of one role, a content that
    /// refused to be written.
    pub fn build(self) -> Result<Profile, Error> {
        let mut problems = Vec::new();
        if self.organization.trim().is_empty() {
            problems.push("the organization is empty: give the name people know it by".to_owned());
        }
        if !is_identifier(&self.identifier) {
            problems.push(format!(
                "identifier `{}`: use letters, digits, `-`, `_` and `.`, such as `org.example.trust`",
                self.identifier
            ));
        }
        problems.extend(self.problems.iter().cloned());
        let mut seen = HashSet::new();
        for payload in &self.payloads {
            if !seen.insert(&payload.identifier) {
                problems.push(format!(
                    "two payloads have the identifier {}: give each its own role",
                    payload.identifier
                ));
            }
        }
        if !problems.is_empty() {
            return Err(Error::build(&problems));
        }
        Ok(Profile {
            uuid: self.payload_uuid("", 0),
            identifier: self.identifier,
            version: 1,
            display_name: self.display_name,
            description: self.description,
            organization: Some(self.organization),
            scope: self.scope,
            removal_disallowed: self.removal_disallowed,
            payloads: self.payloads,
            encrypted_content: None,
            extra: self.extra,
        })
    }
}

impl fmt::Debug for ProfileBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProfileBuilder")
            .field("organization", &self.organization)
            .field("identifier", &self.identifier)
            .field("payloads", &self.payloads)
            .field("extra_keys", &self.extra.keys().collect::<Vec<_>>())
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifications::{AppNotifications, NotificationSettings};

    fn settings() -> NotificationSettings {
        NotificationSettings::new([AppNotifications::new("com.okta.mobile")])
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let error = Profile::builder("", "org example")
            .add("a", &settings())
            .add("a", &settings())
            .add("", &settings())
            .build()
            .unwrap_err();
        assert!(error.is_build());
        let text = error.to_string();
        for part in [
            "organization is empty",
            "identifier `org example`",
            "role ``",
            "two payloads have the identifier",
        ] {
            assert!(text.contains(part), "{part} missing in: {text}");
        }
    }

    #[test]
    fn a_new_generation_changes_the_uuid_of_its_payload_alone() {
        let build = |generation| {
            Profile::builder("Example Org", "org.example.trust")
                .add("stays", &settings())
                .add_generation("rotates", generation, &settings())
                .build()
                .unwrap()
        };
        let (before, after) = (build(0), build(1));
        assert_eq!(before.uuid, after.uuid);
        assert_eq!(before.payloads[0], after.payloads[0]);
        assert_eq!(before.payloads[1].identifier, after.payloads[1].identifier);
        assert_ne!(before.payloads[1].uuid, after.payloads[1].uuid);
    }

    #[test]
    fn a_payload_can_refer_to_another_before_both_are_built() {
        let builder = Profile::builder("Example Org", "org.example.trust");
        let uuid = builder.payload_uuid("scep", 2);
        let profile = builder
            .add_generation("scep", 2, &settings())
            .build()
            .unwrap();
        assert_eq!(profile.payloads[0].uuid, uuid);
        assert_eq!(uuid, uuid.to_uppercase());
    }
}
