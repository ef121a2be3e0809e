//! Privacy preferences: `com.apple.TCC.configuration-profile-policy`.

use plist::{Dictionary, Value};

use crate::Error;
use crate::fields::{Field, keys, payload, texts};

/// `com.apple.TCC.configuration-profile-policy` (macOS 10.14, device channel, user-approved MDM): what apps may reach without
/// asking the user.
///
/// ```
/// use mobileconfig::privacy::{Authorization, Identity, PrivacyPolicy};
///
/// let requirement = "anchor apple generic and identifier \"com.example.agent\"";
/// let agent = Identity::bundle("com.example.agent", requirement, Authorization::Allow);
/// let policy = PrivacyPolicy::new().rule("SystemPolicyAllFiles", &agent);
/// assert_eq!(policy.identities("SystemPolicyAllFiles")?.len(), 1);
/// # Ok::<(), mobileconfig::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct PrivacyPolicy {
    /// `Services`: by the name of the service (`SystemPolicyAllFiles`, `Camera`…) an array of identities.
    pub services: Dictionary,
    /// Other keys.
    pub extra: Dictionary,
}

keys!(PrivacyPolicy {
    services: "Services"
});
payload!(
    PrivacyPolicy = "com.apple.TCC.configuration-profile-policy",
    check = Self::check
);

impl PrivacyPolicy {
    /// No rule yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule for a service, named as in Apple's schema.
    #[must_use]
    pub fn rule(mut self, service: &str, identity: &Identity) -> Self {
        let list = self.services.remove(service).and_then(Value::into_array);
        let mut list = list.unwrap_or_default();
        list.push(identity.write());
        self.services.insert(service.to_owned(), list.into());
        self
    }

    /// The rules of a service; empty if there is none.
    ///
    /// # Errors
    /// [`Error::is_wrong_type`] or [`Error::is_missing_key`] if the payload was read and does not fit Apple's schema.
    pub fn identities(&self, service: &str) -> Result<Vec<Identity>, Error> {
        let Some(list) = self.services.get(service) else {
            return Ok(Vec::new());
        };
        Vec::read(list).map_err(|error| error.within(service).within("Services"))
    }

    fn check(&self) -> Result<(), Error> {
        for service in self.services.keys() {
            for (index, identity) in self.identities(service)?.iter().enumerate() {
                identity
                    .check(service)
                    .map_err(|error| error.within(&format!("Services.{service}[{index}]")))?;
            }
        }
        Ok(())
    }
}

/// One rule of a service.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Identity {
    /// `Identifier`: a bundle identifier or a path, in exact spelling.
    pub identifier: String,
    /// `IdentifierType`.
    pub identifier_type: IdentifierType,
    /// `CodeRequirement`, as `codesign -display -r -` prints it.
    pub code_requirement: String,
    /// `Authorization` (macOS 11). Exactly one of this and [`allowed`](Self::allowed) is set.
    pub authorization: Option<Authorization>,
    /// `Allowed`: the older spelling of `Authorization`.
    pub allowed: Option<bool>,
    /// `StaticCode`, default false: check the requirement against the file.
    pub static_code: Option<bool>,
    /// `AEReceiverIdentifier`: who receives the events; for the service `AppleEvents` only.
    pub receiver_identifier: Option<String>,
    /// `AEReceiverIdentifierType`.
    pub receiver_identifier_type: Option<IdentifierType>,
    /// `AEReceiverCodeRequirement`.
    pub receiver_code_requirement: Option<String>,
    /// Other keys.
    pub extra: Dictionary,
}

keys!(Identity {
    identifier: "Identifier",
    identifier_type: "IdentifierType",
    code_requirement: "CodeRequirement",
    authorization: "Authorization",
    allowed: "Allowed",
    static_code: "StaticCode",
    receiver_identifier: "AEReceiverIdentifier",
    receiver_identifier_type: "AEReceiverIdentifierType",
    receiver_code_requirement: "AEReceiverCodeRequirement",
});

texts! {
    /// `IdentifierType`.
    pub enum IdentifierType {
        /// A bundle identifier.
        BundleId = "bundleID",
        /// The path of a binary outside a bundle.
        Path = "path",
    }
}

texts! {
    /// `Authorization`.
    pub enum Authorization {
        /// Access without asking.
        Allow = "Allow",
        /// No access.
        Deny = "Deny",
        /// A user without administrator rights may decide; only for `ListenEvent` and `ScreenCapture`.
        AllowStandardUserToSetSystemService = "AllowStandardUserToSetSystemService",
    }
}

impl Identity {
    /// A rule for an app bundle.
    pub fn bundle(
        identifier: impl Into<String>,
        code_requirement: impl Into<String>,
        authorization: Authorization,
    ) -> Self {
        Self::new(
            IdentifierType::BundleId,
            identifier.into(),
            code_requirement.into(),
            authorization,
        )
    }

    /// A rule for a binary outside a bundle.
    pub fn path(
        path: impl Into<String>,
        code_requirement: impl Into<String>,
        authorization: Authorization,
    ) -> Self {
        Self::new(
            IdentifierType::Path,
            path.into(),
            code_requirement.into(),
            authorization,
        )
    }

    fn new(
        identifier_type: IdentifierType,
        identifier: String,
        code_requirement: String,
        authorization: Authorization,
    ) -> Self {
        Self {
            identifier,
            identifier_type,
            code_requirement,
            authorization: Some(authorization),
            allowed: None,
            static_code: None,
            receiver_identifier: None,
            receiver_identifier_type: None,
            receiver_code_requirement: None,
            extra: Dictionary::new(),
        }
    }

    /// The app that receives the events, which the service `AppleEvents` needs.
    #[must_use]
    pub fn receiver(
        mut self,
        bundle_identifier: impl Into<String>,
        code_requirement: impl Into<String>,
    ) -> Self {
        self.receiver_identifier = Some(bundle_identifier.into());
        self.receiver_identifier_type = Some(IdentifierType::BundleId);
        self.receiver_code_requirement = Some(code_requirement.into());
        self
    }

    fn check(&self, service: &str) -> Result<(), Error> {
        if self.authorization.is_some() == self.allowed.is_some() {
            return Err(Error::invalid_value(
                "Authorization",
                "exactly one of Authorization and Allowed is needed",
            ));
        }
        let grants = self.allowed == Some(true) || self.authorization == Some(Authorization::Allow);
        if grants && NEVER_GRANTED.contains(&service) {
            return Err(Error::invalid_value(
                "Authorization",
                format!("a profile can only deny {service}"),
            ));
        }
        let standard_user =
            self.authorization == Some(Authorization::AllowStandardUserToSetSystemService);
        if standard_user && !STANDARD_USER_SERVICES.contains(&service) {
            let message =
                "AllowStandardUserToSetSystemService is for ListenEvent and ScreenCapture only";
            return Err(Error::invalid_value("Authorization", message));
        }
        if service == "AppleEvents" && self.receiver_identifier.is_none() {
            return Err(Error::invalid_value(
                "AEReceiverIdentifier",
                "AppleEvents needs a receiver",
            ));
        }
        Ok(())
    }
}

/// Services of which Apple's schema says that a profile can deny and not give access.
pub(crate) const NEVER_GRANTED: [&str; 4] =
    ["Camera", "Microphone", "ListenEvent", "ScreenCapture"];

/// Services that a user without administrator rights may be let decide about.
pub(crate) const STANDARD_USER_SERVICES: [&str; 2] = ["ListenEvent", "ScreenCapture"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PayloadContent;

    fn refused(service: &str, identity: &Identity) -> String {
        PrivacyPolicy::new()
            .rule(service, identity)
            .to_dictionary()
            .unwrap_err()
            .path()
            .to_owned()
    }

    fn agent(authorization: Authorization) -> Identity {
        Identity::bundle("com.example.agent", "anchor apple", authorization)
    }

    #[test]
    fn what_a_profile_cannot_do_is_refused() {
        assert_eq!(
            refused("Camera", &agent(Authorization::Allow)),
            "Services.Camera[0].Authorization"
        );
        assert_eq!(
            refused("AppleEvents", &agent(Authorization::Allow)),
            "Services.AppleEvents[0].AEReceiverIdentifier"
        );
        let standard_user = Authorization::AllowStandardUserToSetSystemService;
        assert_eq!(
            refused("Camera", &agent(standard_user)),
            "Services.Camera[0].Authorization"
        );
    }

    #[test]
    fn allowed_and_authorization_exclude_each_other() {
        let mut identity = agent(Authorization::Deny);
        identity.allowed = Some(false);
        assert_eq!(
            refused("Camera", &identity),
            "Services.Camera[0].Authorization"
        );
    }

    #[test]
    fn a_rule_survives_the_dictionary() {
        let identity =
            agent(Authorization::Allow).receiver("com.apple.systemevents", "anchor apple");
        let keys = PrivacyPolicy::new()
            .rule("AppleEvents", &identity)
            .to_dictionary()
            .unwrap();
        assert_eq!(
            PrivacyPolicy::from_dictionary(&keys)
                .unwrap()
                .identities("AppleEvents")
                .unwrap(),
            [identity]
        );
    }
}
