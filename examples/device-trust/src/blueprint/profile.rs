//! The part of a blueprint that makes the profile, for those who only want the profile.

use std::path::Path;

use mobileconfig::Profile;
use scep_profile::ScepUrl;
use secrecy::SecretString;

use super::{
    Name, Problems, ScepSection, WaitSection, jumpcloud, okta, parse, scep, secrets,
    section::{Section, text},
    tenant_url, tenants,
};
use crate::{Error, Stage, desired};

/// What a blueprint says about the profile: `organization`, `identifier`, `generation` and section `scep`. No tenant has to
/// be named, and no token is read.
///
/// ```
/// use device_trust::blueprint::ProfileBlueprint;
///
/// let text = r#"
///     organization = "Acme"
///     identifier = "com.acme.device-trust"
///     [scep]
///     url = "https://acme.okta.com/pki/01234567/scep/rac0"
///     ca_certificates = ["root.pem"]
/// "#;
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scep-profile/tests/data/blueprint.toml");
/// let challenge = |name: &str| (name == "SCEP_CHALLENGE").then(|| "one two three".to_owned());
/// let profile = ProfileBlueprint::read(folder.as_ref(), text, challenge)?.profile()?;
/// assert_eq!(profile.identifier, "com.acme.device-trust");
/// assert_eq!(profile.payloads_of_type("com.apple.security.scep").count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProfileBlueprint {
    /// `PayloadOrganization`.
    pub organization: String,
    /// `PayloadIdentifier` of the profile.
    pub identifier: String,
    /// The SCEP payload's generation.
    pub generation: u32,
    /// Section `scep`.
    pub scep: ScepSection,
    /// `scep.url`.
    pub url: ScepUrl,
    /// The challenge.
    pub challenge: SecretString,
}

impl ProfileBlueprint {
    /// Reads and checks a blueprint's text. `file` is its name in messages, and the files it names are relative to the
    /// folder of that. `environment` looks up a variable, here only `SCEP_CHALLENGE`.
    ///
    /// The sections `okta`, `jumpcloud` and `wait` may be there, wholly or in part, so that the blueprint of the job does as
    /// well: what they say is checked and not used. So may `tenants`, which is not looked at.
    ///
    /// # Errors
    /// All [`Problems`] at once, as [`Blueprint::load`](super::Blueprint::load).
    pub fn read(
        file: &Path,
        content: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Problems> {
        let table = parse(file, content)?;
        let mut problems = Problems::none(file);
        let folder = file.parent().unwrap_or(Path::new(""));
        let table = tenants::without(table);
        let mut top = Section::root(&table);
        let name = Name::read(&mut top, &mut problems);
        unused(&mut top, &mut problems);

        let mut part = top.section("scep", "scep", &mut problems);
        let challenge = secrets::Finder {
            folder,
            environment: &environment,
            real: true,
            unused: false,
            why: "",
            problems: &mut problems,
        }
        .find(&mut part, "challenge_file", "SCEP_CHALLENGE");
        let scep = scep::read(part, folder, true, &mut problems);
        top.finish(&mut problems);

        let url = scep.as_ref().and_then(|scep| scep.url.clone());
        let read = || {
            Some(Self {
                organization: name.organization?,
                identifier: name.identifier?,
                generation: name.generation,
                scep: scep?,
                url: url?,
                challenge: challenge?.secret,
            })
        };
        problems.or(read())
    }

    /// The profile: the CA's certificates and the SCEP payload. The same as that of the whole job.
    ///
    /// # Errors
    /// [`Error::Refused`] when the values and the CA's certificates make no profile.
    pub fn profile(&self) -> Result<Profile, Error> {
        desired::profile_of(
            (&self.organization, &self.identifier, self.generation),
            &self.scep,
            (&self.url, &self.challenge, &self.scep.ca_certificates),
        )
        .map_err(|error| Error::refused(Stage::Profile.name(), error))
    }
}

/// What the rest of a blueprint says has to be right, and nothing of it has to be there.
fn unused(top: &mut Section<'_>, problems: &mut Problems) {
    let mut part = top.section("okta", "okta", problems).partial();
    tenant_url::read(&mut part, None, okta::URL, problems);
    let service_app = okta::service_app(&mut part, problems);
    for (key, example) in [
        ("api_token_file", r#""okta-api-token""#),
        ("private_key_file", r#""okta-private-key.pem""#),
    ] {
        part.optional(key, example, problems, text);
    }
    okta::read(part, None, service_app, problems);

    let mut part = top.section("jumpcloud", "jumpcloud", problems).partial();
    let url = tenant_url::read(&mut part, None, jumpcloud::URL, problems);
    jumpcloud::region(&mut part, url, false, problems);
    let client_id = jumpcloud::client_id(&mut part, problems);
    for (key, example) in [
        ("api_key_file", r#""jumpcloud-api-key""#),
        ("client_secret_file", r#""jumpcloud-client-secret""#),
    ] {
        part.optional(key, example, problems, text);
    }
    jumpcloud::read(part, None, client_id, None, problems);

    WaitSection::read(top.section("wait", "wait", problems), problems);
}
