//! The blueprint: all that an operator decides, read from TOML and checked whole before anything is sent.
//!
//! | section | what it says |
//! |---|---|
//! | top | organisation, profile identifier, generation |
//! | `okta` | org, groups, apps, how Okta Verify is enrolled |
//! | `jumpcloud` | tenant, policy name, device groups, the Okta Verify package |
//! | `scep` | the Okta CA and the payload's values |
//! | `wait` | how long to wait for the Macs |
//! | `tenants` | JumpCloud's organisations, each with where it differs from all that |
//!
//! Secrets are never part of it: it may name the files that hold them.

mod jumpcloud;
mod okta;
mod problems;
mod profile;
mod rings;
mod scep;
mod secrets;
mod section;
mod tenant_url;
mod tenants;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use toml::Table;

pub use self::jumpcloud::{JumpCloudSection, OktaVerifySection};
pub use self::okta::{OktaSection, ServiceAppSection};
pub use self::problems::{Problem, Problems};
pub use self::profile::ProfileBlueprint;
pub use self::rings::RingSection;
pub use self::scep::ScepSection;
pub use self::secrets::{Needs, SecretSource, Secrets};
pub use self::tenants::TenantBlueprint;
use self::{
    section::{Section, number, text},
    tenant_url::TenantUrl,
};

/// A checked blueprint.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Blueprint {
    /// The file it came from.
    pub file: PathBuf,
    /// `PayloadOrganization`, and one of the four things the UUIDs come from.
    pub organization: String,
    /// `PayloadIdentifier` of the profile.
    pub identifier: String,
    /// The SCEP payload's generation; raising it renews the certificates.
    pub generation: u32,
    /// Section `okta`.
    pub okta: OktaSection,
    /// Section `jumpcloud`.
    pub jumpcloud: JumpCloudSection,
    /// Section `scep`.
    pub scep: ScepSection,
    /// Section `wait`.
    pub wait: WaitSection,
}

/// Section `wait`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WaitSection {
    /// Between two looks at the results.
    pub poll: Duration,
    /// For the Macs to report, and again for their sign-ins.
    pub timeout: Duration,
}

/// What the command line says over the blueprint.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// In place of `okta.url`.
    pub okta_url: Option<String>,
    /// In place of `jumpcloud.url`.
    pub jumpcloud_url: Option<String>,
    /// In place of `jumpcloud.org_id`; where the blueprint has tenants, the one of them that is meant, by its id or name.
    pub jumpcloud_org: Option<String>,
}

impl Blueprint {
    /// Reads and checks the blueprint in `file`, and finds all secrets that it needs.
    ///
    /// `environment` looks up a variable; pass `|name| std::env::var(name).ok()`. Of a blueprint with tenants it is that
    /// of the one which [`Overrides::jumpcloud_org`] names.
    ///
    /// # Errors
    /// All [`Problems`] at once: an unreadable file, bad TOML, unknown, missing or wrong keys, files that do not
    /// hold what they should, secrets that are not set although real tenants are named.
    pub fn load(
        file: &Path,
        overrides: &Overrides,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, Secrets), Problems> {
        Self::load_for(Needs::ALL, file, overrides, environment)
    }

    /// The same for a program that uses only some of the secrets: of real tenants the others are not looked for.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_for(
        needs: Needs,
        file: &Path,
        overrides: &Overrides,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, Secrets), Problems> {
        let table = table(file)?;
        if tenants::are_in(&table) {
            return tenants::read_one(needs, file, &table, overrides, &environment);
        }
        let mut problems = Problems::none(file);
        let read = Self::read(needs, file, &table, overrides, &environment, &mut problems);
        problems.or(read)
    }

    /// The blueprint of each of its tenants, in their order; none where it has no tenants.
    ///
    /// A tenant's keys stand in place of the blueprint's, and its own secret files in place of the environment. What is
    /// wrong for all is told once.
    ///
    /// # Errors
    /// As for [`load`](Self::load), for all tenants at once.
    pub fn load_tenants(
        needs: Needs,
        file: &Path,
        overrides: &Overrides,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<TenantBlueprint>, Problems> {
        tenants::read_all(needs, file, &table(file)?, overrides, &environment)
    }

    /// Whether the job runs against the embedded sandbox: no tenant is named.
    pub fn uses_sandbox(&self) -> bool {
        self.okta.url.is_none()
    }

    fn read(
        needs: Needs,
        file: &Path,
        table: &Table,
        overrides: &Overrides,
        environment: &impl Fn(&str) -> Option<String>,
        problems: &mut Problems,
    ) -> Option<(Self, Secrets)> {
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut top = Section::root(table);
        let Name {
            organization,
            identifier,
            generation,
        } = Name::read(&mut top, problems);

        let mut okta_part = top.section("okta", "okta", problems);
        let mut jumpcloud_part = top.section("jumpcloud", "jumpcloud", problems);
        let okta_url = tenant_url::read(
            &mut okta_part,
            overrides.okta_url.as_deref(),
            okta::URL,
            problems,
        );
        let jumpcloud_url = tenant_url::read(
            &mut jumpcloud_part,
            overrides.jumpcloud_url.as_deref(),
            jumpcloud::URL,
            problems,
        );
        let overridden = overrides.jumpcloud_url.is_some();
        let jumpcloud_url =
            jumpcloud::region(&mut jumpcloud_part, jumpcloud_url, overridden, problems);
        let client_id = jumpcloud::client_id(&mut jumpcloud_part, problems);
        for (mine, other, key, example) in [
            (&okta_url, &jumpcloud_url, "okta.url", okta::URL),
            (&jumpcloud_url, &okta_url, "jumpcloud.url", jumpcloud::URL),
        ] {
            if *mine == TenantUrl::Absent && *other != TenantUrl::Absent {
                problems.add(
                    key,
                    "is missing although the other tenant is named; only both together can be left out, for the sandbox",
                    format!("url = {example}"),
                );
            }
        }
        let real = okta_url != TenantUrl::Absent || jumpcloud_url != TenantUrl::Absent;

        let service_app = okta::service_app(&mut okta_part, problems);
        let mut secrets = secrets::Finder {
            folder,
            environment,
            real,
            unused: real && !needs.okta,
            why: needs.why_okta,
            problems: &mut *problems,
        };
        secrets.real = real && service_app.is_none();
        let okta_api_token = secrets.find(&mut okta_part, "api_token_file", "OKTA_API_TOKEN");
        secrets.real = real && service_app.is_some();
        let okta_private_key = secrets.find(&mut okta_part, "private_key_file", "OKTA_PRIVATE_KEY");
        secrets.unused = real && !needs.jumpcloud;
        secrets.why = "";
        secrets.real = real && client_id.is_none();
        let jumpcloud_api_key =
            secrets.find(&mut jumpcloud_part, "api_key_file", "JUMPCLOUD_API_KEY");
        secrets.real = real && client_id.is_some();
        let jumpcloud_client_secret = secrets.find(
            &mut jumpcloud_part,
            "client_secret_file",
            "JUMPCLOUD_CLIENT_SECRET",
        );
        let okta = okta::read(okta_part, okta_url.given(), service_app, problems);
        let jumpcloud = jumpcloud::read(
            jumpcloud_part,
            jumpcloud_url.given(),
            client_id,
            overrides.jumpcloud_org.as_deref(),
            problems,
        );

        let mut scep_part = top.section("scep", "scep", problems);
        let mut secrets = secrets::Finder {
            folder,
            environment,
            real,
            unused: real && !needs.scep,
            why: "",
            problems: &mut *problems,
        };
        let scep_challenge = secrets.find(&mut scep_part, "challenge_file", "SCEP_CHALLENGE");
        let scep = scep::read(scep_part, folder, real, problems);

        let wait = WaitSection::read(top.section("wait", "wait", problems), problems);
        top.finish(problems);

        let blueprint = Self {
            file: file.to_owned(),
            organization: organization?,
            identifier: identifier?,
            generation,
            okta: okta?,
            jumpcloud: jumpcloud?,
            scep: scep?,
            wait,
        };
        Some((
            blueprint,
            Secrets {
                okta_api_token,
                okta_private_key,
                jumpcloud_api_key,
                jumpcloud_client_secret,
                scep_challenge,
            },
        ))
    }
}

impl WaitSection {
    fn read(mut part: Section<'_>, problems: &mut Problems) -> Self {
        let poll = part.or("poll_seconds", 15, "15", problems, number(1, 3600));
        let timeout = part.or(
            "timeout_seconds",
            900,
            "900",
            problems,
            number(1, 7 * 24 * 3600),
        );
        part.finish(problems);
        Self {
            poll: Duration::from_secs(poll.into()),
            timeout: Duration::from_secs(timeout.into()),
        }
    }
}

/// What the profile's identifiers and UUIDs follow from.
struct Name {
    organization: Option<String>,
    identifier: Option<String>,
    generation: u32,
}

impl Name {
    fn read(top: &mut Section<'_>, problems: &mut Problems) -> Self {
        Self {
            organization: top.required("organization", r#""Acme""#, problems, text),
            identifier: top.required(
                "identifier",
                r#""com.acme.device-trust""#,
                problems,
                reverse_dns,
            ),
            generation: top.or("generation", 0, "0", problems, number(0, u32::MAX)),
        }
    }
}

fn table(file: &Path) -> Result<Table, Problems> {
    let content = std::fs::read_to_string(file).map_err(|error| {
        Problems::whole(
            file,
            format!("cannot be read: {error}"),
            "name a blueprint with --blueprint, such as examples/device-trust.toml",
        )
    })?;
    parse(file, &content)
}

fn parse(file: &Path, content: &str) -> Result<Table, Problems> {
    content.parse().map_err(|error: toml::de::Error| {
        Problems::whole(
            file,
            toml_problem(content, &error),
            "TOML, as in examples/device-trust.toml",
        )
    })
}

/// Letters, digits and hyphens between dots, at least two parts.
fn reverse_dns(value: &toml::Value) -> Result<String, String> {
    let identifier = text(value)?;
    let good = identifier.split('.').count() > 1
        && identifier.split('.').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    if good {
        Ok(identifier)
    } else {
        Err(format!("is `{identifier}`, not a reverse-DNS name"))
    }
}

/// The parser's message with the place, without the line itself: it could hold a secret that does not belong there.
fn toml_problem(content: &str, error: &toml::de::Error) -> String {
    let place = error.span().map(|span| {
        let before = &content[..span.start.min(content.len())];
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |rest| rest.chars().count())
            + 1;
        format!(" at line {line}, column {column}")
    });
    format!(
        "is not TOML{}: {}",
        place.unwrap_or_default(),
        error.message()
    )
}
