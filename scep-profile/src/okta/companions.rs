use super::{OKTA_TEAM, OKTA_VERIFY, SSO_EXTENSION, VerifyPreferences};
use crate::error::{Error, Field};
use mobileconfig::extensible_sso::ExtensibleSso;
use mobileconfig::notifications::{AlertType, AppNotifications, NotificationSettings};
use mobileconfig::service_management::{Rule, ServiceManagement};
use mobileconfig::{Profile, Scope};
use url::Url;

/// The companions profile: what Okta Verify needs beside the certificate, each part optional.
///
/// | method | payload | what it is for | confirmed by Okta |
/// |---|---|---|---|
/// | [`sso_extension`](Self::sso_extension) | `com.apple.extensiblesso` | FastPass without a prompt in Safari and web views | yes: extension, team, type Credential, realm `Okta Device`, hosts |
/// | [`preferences`](Self::preferences) | the two preference domains | the organisation's address is there at first start | the domains; the key `OktaVerify.OrgUrl` is from community manifests, where its value is a host or an address with `https://`; see [`VerifyPreferences`] |
/// | [`login_item`](Self::login_item) | `com.apple.servicemanagement` | Okta Verify starts at login, as Chrome and Firefox need | that it should, not by which payload |
/// | [`notifications`](Self::notifications) | `com.apple.notificationsettings` | its prompts are seen | no |
///
/// ```
/// use scep_profile::okta::{CompanionsProfile, VerifyPreferences};
///
/// let profile = CompanionsProfile::new("Acme", "com.acme.okta-verify", "acme.okta.com")
///     .custom_domain("login.acme.com")
///     .sso_extension()
///     .preferences(VerifyPreferences::new())
///     .login_item()
///     .build()?;
/// let types: Vec<_> = profile.payloads.iter().map(|payload| payload.payload_type.as_str()).collect();
/// assert_eq!(types, [
///     "com.apple.extensiblesso",
///     "com.okta.mobile",
///     "com.okta.mobile.auth-service-extension",
///     "com.apple.servicemanagement",
/// ]);
/// # Ok::<(), mobileconfig::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct CompanionsProfile {
    organization: String,
    identifier: String,
    display_name: String,
    org_host: String,
    custom_domains: Vec<String>,
    sso_extension: bool,
    preferences: Option<VerifyPreferences>,
    login_item: bool,
    notifications: bool,
}

impl CompanionsProfile {
    /// A profile with nothing in it yet. `org` is the host of the Okta organisation, or its `https` address.
    pub fn new(
        organization: impl Into<String>,
        identifier: impl Into<String>,
        org: impl Into<String>,
    ) -> Self {
        Self {
            organization: organization.into(),
            identifier: identifier.into(),
            display_name: "Okta Verify".to_owned(),
            org_host: org.into(),
            custom_domains: Vec::new(),
            sso_extension: false,
            preferences: None,
            login_item: false,
            notifications: false,
        }
    }

    /// Adds every part, with the defaults of each.
    pub fn everything(self) -> Self {
        self.sso_extension()
            .preferences(VerifyPreferences::new())
            .login_item()
            .notifications()
    }

    /// Adds a domain of your own that people sign in at, for the SSO extension.
    pub fn custom_domain(mut self, host: impl Into<String>) -> Self {
        self.custom_domains.push(host.into());
        self
    }

    /// Sets the name people see in System Settings; `Okta Verify` unless set.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }

    /// Adds the SSO extension of FastPass: type Credential, realm `Okta Device`, for the organisation's host and the
    /// custom domains. It serves Safari and web views; Chrome and Firefox ask the running app.
    pub fn sso_extension(mut self) -> Self {
        self.sso_extension = true;
        self
    }

    /// Adds the managed preferences, one payload for each of the two domains.
    pub fn preferences(mut self, preferences: VerifyPreferences) -> Self {
        self.preferences = Some(preferences);
        self
    }

    /// Adds a rule for Okta's team to the managed login items, so that Okta Verify starts at login and nobody switches
    /// it off (macOS 13). Okta asks for a login item without naming the payload: **this one is inferred from Apple's
    /// schema, not confirmed by Okta.**
    pub fn login_item(mut self) -> Self {
        self.login_item = true;
        self
    }

    /// Adds notifications that stay until they are dismissed. **No source at Okta asks for this payload**: it is here
    /// because a prompt nobody sees looks like a failed sign-in.
    pub fn notifications(mut self) -> Self {
        self.notifications = true;
        self
    }

    /// The profile.
    ///
    /// # Errors
    ///
    /// All problems at once: no part at all, a host that is none, the address of the admin console, and those of the
    /// profile.
    pub fn build(&self) -> Result<Profile, mobileconfig::Error> {
        let mut problems = Vec::new();
        let mut hosts = Vec::new();
        for text in std::iter::once(&self.org_host).chain(&self.custom_domains) {
            match host(text) {
                Ok(host) if hosts.contains(&host) => {}
                Ok(host) => hosts.push(host),
                Err(error) => problems.push(error),
            }
        }
        let nothing = !self.sso_extension && !self.login_item && !self.notifications;
        if nothing && self.preferences.is_none() {
            problems.push(Error::new(
                Field::Profile,
                "nothing is in it",
                "add a part, or leave the profile out",
            ));
        }
        if let Some(error) = Error::all(problems) {
            return Err(mobileconfig::Error::invalid_value("", error.to_string()));
        }
        let mut builder = Profile::builder(&self.organization, &self.identifier)
            .display_name(&self.display_name)
            .scope(Scope::System);
        let org_url = format!("https://{}", hosts[0]);
        if self.sso_extension {
            let extension =
                ExtensibleSso::credential(SSO_EXTENSION, OKTA_TEAM, "Okta Device", hosts);
            builder = builder.add_named(
                "sso-extension",
                0,
                "Okta FastPass (SSO extension)",
                &extension,
            );
        }
        if let Some(preferences) = &self.preferences {
            let [app, extension] = preferences.payloads(&org_url);
            builder = builder
                .add_named("preferences", 0, "Okta Verify preferences", &app)
                .add_named(
                    "extension-preferences",
                    0,
                    "Okta Verify extension preferences",
                    &extension,
                );
        }
        if self.login_item {
            let rule = Rule::team_identifier(OKTA_TEAM).comment("Okta Verify");
            let items = ServiceManagement::new([rule]);
            builder = builder.add_named("login-item", 0, "Okta Verify at login", &items);
        }
        if self.notifications {
            let app = AppNotifications::new(OKTA_VERIFY)
                .enabled(true)
                .alert_type(AlertType::Persistent);
            let settings = NotificationSettings::new([app]);
            builder = builder.add_named("notifications", 0, "Okta Verify notifications", &settings);
        }
        builder.build()
    }
}

/// A host name out of a host name or an `https` address without a path.
fn host(text: &str) -> Result<String, Error> {
    let refuse = |problem: String, mend: &str| Error::new(Field::Profile, problem, mend);
    let mend = "write the host, like acme.okta.com";
    let address = if text.contains("://") {
        text.trim().to_owned()
    } else {
        format!("https://{}", text.trim())
    };
    let url =
        Url::parse(&address).map_err(|error| refuse(format!("host `{text}`: {error}"), mend))?;
    let bare = url.scheme() == "https"
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.port().is_none()
        && url.username().is_empty();
    match url.host_str() {
        Some(host) if host.contains("-admin.okta") => Err(refuse(
            format!("host `{text}` is that of the admin console"),
            "people sign in at the host without `-admin`",
        )),
        Some(host) if bare && host.contains('.') => Ok(host.to_owned()),
        _ => Err(refuse(format!("host `{text}` is no bare host"), mend)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mobileconfig::managed_preferences::DomainPreferences;

    fn companions(org: &str) -> CompanionsProfile {
        CompanionsProfile::new("Acme", "com.acme.okta-verify", org)
    }

    #[test]
    fn the_sso_extension_has_oktas_values_and_bare_hosts() {
        let profile = companions("https://acme.okta.com/")
            .custom_domain("login.acme.com")
            .custom_domain("acme.okta.com")
            .sso_extension()
            .build()
            .unwrap();
        let sso: ExtensibleSso = profile.payloads[0].decode().unwrap();
        assert_eq!(
            sso.extension_identifier,
            "com.okta.mobile.auth-service-extension"
        );
        assert_eq!(sso.team_identifier.as_deref(), Some("B7F62B65BN"));
        assert_eq!(sso.realm.as_deref(), Some("Okta Device"));
        assert_eq!(sso.hosts.unwrap(), ["acme.okta.com", "login.acme.com"]);
    }

    #[test]
    fn both_domains_get_the_address_and_only_the_extension_its_own_keys() {
        let preferences = VerifyPreferences::new()
            .silent_enrollment(true)
            .set_extension_only("PlatformSSO.ProtocolVersion", "2.0");
        let profile = companions("acme.okta.com")
            .preferences(preferences)
            .build()
            .unwrap();
        let keys = |index: usize| {
            let payload: DomainPreferences = profile.payloads[index].decode().unwrap();
            assert_eq!(
                payload.settings["OktaVerify.OrgUrl"],
                "https://acme.okta.com".into()
            );
            (payload.domain, payload.settings.len())
        };
        assert_eq!(keys(0), ("com.okta.mobile".to_owned(), 2));
        assert_eq!(
            keys(1),
            ("com.okta.mobile.auth-service-extension".to_owned(), 3)
        );
    }

    #[test]
    fn each_part_is_optional_and_changes_no_other() {
        let all = companions("acme.okta.com").everything().build().unwrap();
        let without = companions("acme.okta.com")
            .sso_extension()
            .preferences(VerifyPreferences::new())
            .notifications()
            .build()
            .unwrap();
        assert_eq!(all.payloads.len(), 5);
        let kept: Vec<_> = all
            .payloads
            .iter()
            .filter(|payload| payload.payload_type != "com.apple.servicemanagement")
            .map(|payload| (&payload.identifier, &payload.uuid))
            .collect();
        let there: Vec<_> = without
            .payloads
            .iter()
            .map(|payload| (&payload.identifier, &payload.uuid))
            .collect();
        assert_eq!(kept, there);
    }

    #[test]
    fn what_is_no_sign_in_host_is_refused() {
        for (org, text) in [
            ("acme-admin.okta.com", "admin console"),
            ("https://acme.okta.com/app", "no bare host"),
            ("http://acme.okta.com", "no bare host"),
            ("acme", "no bare host"),
            ("", "host ``"),
        ] {
            let error = companions(org)
                .everything()
                .build()
                .unwrap_err()
                .to_string();
            assert!(error.contains(text), "{org}: {error}");
        }
        let error = companions("acme.okta.com").build().unwrap_err().to_string();
        assert!(error.contains("nothing is in it"), "{error}");
    }
}
