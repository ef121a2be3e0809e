//! The blueprint: all that an operator decides, read from TOML and checked whole before anything is sent.
//!
//! | section | what it says |
//! |---|---|
//! | top | organisation, profile identifier, generation |
//! | `okta` | org, groups, apps, how Okta Verify is enrolled |
//! | `jumpcloud` | tenant, policy name, device groups, the Okta Verify package |
//! | `scep` | the Okta CA and the payload's values |
//! | `wait` | how long to wait for the Macs |
//!
//! Secrets are never part of it: it may name the files that hold them.

mod problems;
mod secrets;
mod section;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use scep_profile::{Fingerprint, KeySize, ScepUrl, Subject};
use toml::Table;

pub use self::problems::{Problem, Problems};
pub use self::secrets::{SecretSource, Secrets};
use self::section::{Section, flag, number, text, texts};

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

/// Section `okta`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OktaSection {
    /// The org's URL; absent with the embedded sandbox.
    pub url: Option<String>,
    /// The group whose users need a managed Mac.
    pub users_group: String,
    /// The group that gets in from anywhere.
    pub break_glass_group: String,
    /// Labels of the apps that the access policy is assigned to.
    pub apps: Vec<String>,
    /// Whether the org's default enrolment policy is edited instead of making one of our own.
    pub edit_default_enrollment: bool,
    /// `reauthenticateIn` of the managed rule, an ISO 8601 duration.
    pub reauthenticate_in: String,
}

/// Section `jumpcloud`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JumpCloudSection {
    /// The console's URL; absent with the embedded sandbox.
    pub url: Option<String>,
    /// The organisation's id, for an administrator of several.
    pub org_id: Option<String>,
    /// The policy's name.
    pub policy: String,
    /// Names of the device groups that get it.
    pub device_groups: Vec<String>,
    /// Whether JumpCloud sends the profile again at each OS update.
    pub redispatch_on_os_update: bool,
    /// The Okta Verify package.
    pub okta_verify: OktaVerifySection,
}

/// Section `jumpcloud.okta_verify`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OktaVerifySection {
    /// The software app's display name.
    pub name: String,
    /// `packageId`.
    pub package_id: String,
    /// `location`: where the package is downloaded from, https.
    pub package_url: String,
}

/// Section `scep`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ScepSection {
    /// The CA's URL; absent with the embedded sandbox, which brings its own CA.
    pub url: Option<ScepUrl>,
    /// The CA's certificates as read from their files, DER or PEM.
    pub ca_certificates: Vec<Vec<u8>>,
    /// The CA's fingerprint; by default that of the root among `ca_certificates`.
    pub ca_fingerprint: Option<Fingerprint>,
    /// `Name`.
    pub name: String,
    /// `Subject`.
    pub subject: Subject,
    /// `Retries`.
    pub retries: u32,
    /// `RetryDelay` in seconds.
    pub retry_delay_seconds: u32,
    /// `Keysize`.
    pub key_size: KeySize,
    /// `SubjectAltName.rfc822Name`.
    pub rfc822_name: Option<String>,
    /// `CertificateRenewalTimeInterval` in days.
    pub expiry_notification_days: u32,
    /// Whether one real enrolment proves the challenge before anything is written.
    pub prove_challenge: bool,
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
}

impl Blueprint {
    /// Reads and checks the blueprint in `file`, and finds the secrets that it needs.
    ///
    /// `environment` looks up a variable; pass `|name| std::env::var(name).ok()`.
    ///
    /// # Errors
    /// All [`Problems`] at once: an unreadable file, bad TOML, unknown, missing or wrong keys, files that do not
    /// hold what they should, secrets that are not set although real tenants are named.
    pub fn load(
        file: &Path,
        overrides: &Overrides,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, Secrets), Problems> {
        let content = std::fs::read_to_string(file).map_err(|error| {
            Problems::whole(
                file,
                format!("cannot be read: {error}"),
                "name a blueprint with --blueprint, such as examples/device-trust.toml",
            )
        })?;
        let table: Table = content.parse().map_err(|error: toml::de::Error| {
            Problems::whole(file, toml_problem(&content, &error), "TOML, as in examples/device-trust.toml")
        })?;
        let mut problems = Problems::none(file);
        let read = Self::read(file, &table, overrides, &environment, &mut problems);
        problems.or(read)
    }

    /// Whether the job runs against the embedded sandbox: no tenant is named.
    pub fn uses_sandbox(&self) -> bool {
        self.okta.url.is_none()
    }

    fn read(
        file: &Path,
        table: &Table,
        overrides: &Overrides,
        environment: &impl Fn(&str) -> Option<String>,
        problems: &mut Problems,
    ) -> Option<(Self, Secrets)> {
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut top = Section::root(table);
        let organization = top.required("organization", r#""Acme""#, problems, text);
        let identifier =
            top.required("identifier", r#""com.acme.device-trust""#, problems, reverse_dns);
        let generation = top.or("generation", 0, "0", problems, number(0, u32::MAX));

        let mut okta_part = top.section("okta", "okta", problems);
        let mut jumpcloud_part = top.section("jumpcloud", "jumpcloud", problems);
        let okta_url =
            tenant_url(&mut okta_part, overrides.okta_url.as_deref(), OKTA_URL, problems);
        let jumpcloud_url = tenant_url(
            &mut jumpcloud_part,
            overrides.jumpcloud_url.as_deref(),
            JUMPCLOUD_URL,
            problems,
        );
        for (mine, other, key, example) in [
            (&okta_url, &jumpcloud_url, "okta.url", OKTA_URL),
            (&jumpcloud_url, &okta_url, "jumpcloud.url", JUMPCLOUD_URL),
        ] {
            if *mine == Tenant::Absent && *other != Tenant::Absent {
                problems.add(
                    key,
                    "is missing although the other tenant is named; only both together can be left out, for the sandbox",
                    format!("url = {example}"),
                );
            }
        }
        let real = okta_url != Tenant::Absent || jumpcloud_url != Tenant::Absent;

        let mut secrets =
            secrets::Finder { folder, environment, real, problems: &mut *problems };
        let okta_api_token = secrets.find(&mut okta_part, "api_token_file", "OKTA_API_TOKEN");
        let jumpcloud_api_key =
            secrets.find(&mut jumpcloud_part, "api_key_file", "JUMPCLOUD_API_KEY");
        let okta = read_okta(okta_part, okta_url.given(), problems);
        let jumpcloud = read_jumpcloud(jumpcloud_part, jumpcloud_url.given(), problems);

        let mut scep_part = top.section("scep", "scep", problems);
        let mut secrets =
            secrets::Finder { folder, environment, real, problems: &mut *problems };
        let scep_challenge = secrets.find(&mut scep_part, "challenge_file", "SCEP_CHALLENGE");
        let scep = read_scep(scep_part, folder, real, problems);

        let mut part = top.section("wait", "wait", problems);
        let poll = part.or("poll_seconds", 15, "15", problems, number(1, 3600));
        let timeout = part.or("timeout_seconds", 900, "900", problems, number(1, 7 * 24 * 3600));
        part.finish(problems);
        top.finish(problems);

        let blueprint = Self {
            file: file.to_owned(),
            organization: organization?,
            identifier: identifier?,
            generation,
            okta: okta?,
            jumpcloud: jumpcloud?,
            scep: scep?,
            wait: WaitSection {
                poll: Duration::from_secs(poll.into()),
                timeout: Duration::from_secs(timeout.into()),
            },
        };
        Some((blueprint, Secrets { okta_api_token, jumpcloud_api_key, scep_challenge }))
    }
}

const OKTA_URL: &str = r#""https://acme.okta.com""#;
const JUMPCLOUD_URL: &str = r#""https://console.jumpcloud.com""#;
const SCEP_URL: &str = r#""https://acme.okta.com/pki/0123456789ABCDEF0123456789ABCDEF01234567/scep/rac0123456789abcdefg""#;

/// A tenant's URL: a bad one counts as named, so that it is not reported as missing as well.
#[derive(PartialEq, Eq)]
enum Tenant {
    Absent,
    Bad,
    Named(String),
}

impl Tenant {
    fn given(self) -> Option<String> {
        match self {
            Self::Named(url) => Some(url),
            Self::Absent | Self::Bad => None,
        }
    }
}

fn tenant_url(
    part: &mut Section<'_>,
    over: Option<&str>,
    example: &str,
    problems: &mut Problems,
) -> Tenant {
    let before = problems.list.len();
    let in_file = part.optional("url", example, problems, |value| {
        text(value).and_then(|url| origin(&url))
    });
    let url = match over {
        None => in_file,
        Some(over) => match origin(over) {
            Ok(url) => Some(url),
            Err(what) => {
                problems.add(format!("{} (command line)", part.full("url")), what, example);
                None
            }
        },
    };
    match url {
        Some(url) => Tenant::Named(url),
        None if problems.list.len() > before => Tenant::Bad,
        None => Tenant::Absent,
    }
}

fn origin(url: &str) -> Result<String, String> {
    devtrust_transport::Origin::parse(url)
        .map(|origin| origin.to_string())
        .map_err(|error| error.to_string())
}

fn read_okta(
    mut part: Section<'_>,
    url: Option<String>,
    problems: &mut Problems,
) -> Option<OktaSection> {
    let users_group = part.required("users_group", r#""macOS pilot users""#, problems, text);
    let break_glass_group =
        part.required("break_glass_group", r#""Break glass admins""#, problems, text);
    let apps = part.required("apps", r#"["Payroll"]"#, problems, texts);
    let edit_default_enrollment =
        part.or("enrollment", false, r#""own-policy""#, problems, |value| {
            match text(value)?.as_str() {
                "own-policy" => Ok(false),
                "org-default" => Ok(true),
                other => Err(format!("is `{other}`, neither own-policy nor org-default")),
            }
        });
    let reauthenticate_in =
        part.or("reauthenticate_in", "PT12H".into(), r#""PT12H""#, problems, |value| {
            let duration = text(value)?;
            duration
                .parse::<jiff::Span>()
                .map(|_| duration.clone())
                .map_err(|_| format!("is `{duration}`, not an ISO 8601 duration"))
        });
    if let (Some(users), Some(break_glass)) = (&users_group, &break_glass_group)
        && users == break_glass
    {
        problems.add(
            part.full("break_glass_group"),
            "is the same group as users_group: then every user gets in without a managed Mac",
            r#"break_glass_group = "Break glass admins""#,
        );
    }
    part.finish(problems);
    Some(OktaSection {
        url,
        users_group: users_group?,
        break_glass_group: break_glass_group?,
        apps: apps?,
        edit_default_enrollment,
        reauthenticate_in,
    })
}

fn read_jumpcloud(
    mut part: Section<'_>,
    url: Option<String>,
    problems: &mut Problems,
) -> Option<JumpCloudSection> {
    let org_id = part.optional("org_id", r#""5f0000000000000000000000""#, problems, |value| {
        let id = text(value)?;
        if id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(id)
        } else {
            Err(format!("is `{id}`, not 24 hexadecimal digits"))
        }
    });
    let policy = part.required("policy", r#""Okta device trust""#, problems, text);
    let device_groups = part.required("device_groups", r#"["macOS pilot"]"#, problems, texts);
    let redispatch_on_os_update =
        part.or("redispatch_on_os_update", false, "false", problems, flag);

    let mut package =
        part.section("okta_verify", "jumpcloud.okta_verify", problems);
    let name = package.or("name", "Okta Verify".into(), r#""Okta Verify""#, problems, text);
    let package_id = package.required("package_id", r#""com.okta.mobile""#, problems, text);
    let package_url = package.required(
        "package_url",
        r#""https://acme.okta.com/artifacts/OKTA_VERIFY_MACOS/9.50.0/OktaVerify-9.50.0.pkg""#,
        problems,
        |value| {
            let url = text(value)?;
            match url::Url::parse(&url) {
                Ok(parsed) if parsed.scheme() == "https" => Ok(url),
                Ok(_) => Err(format!("is `{url}`; JumpCloud fetches packages by https only")),
                Err(error) => Err(format!("is `{url}`, not a URL: {error}")),
            }
        },
    );
    package.finish(problems);
    part.finish(problems);
    Some(JumpCloudSection {
        url,
        org_id,
        policy: policy?,
        device_groups: device_groups?,
        redispatch_on_os_update,
        okta_verify: OktaVerifySection { name, package_id: package_id?, package_url: package_url? },
    })
}

fn read_scep(
    mut part: Section<'_>,
    folder: &Path,
    real: bool,
    problems: &mut Problems,
) -> Option<ScepSection> {
    let scep_url = |value: &toml::Value| {
        text(value).and_then(|url| ScepUrl::parse(&url).map_err(|error| error.to_string()))
    };
    let certificates = |value: &toml::Value| {
        texts(value)?.iter().map(|name| read_certificates(&folder.join(name))).collect()
    };
    let (url, ca_certificates): (_, Option<Vec<Vec<u8>>>) = if real {
        (
            part.required("url", SCEP_URL, problems, scep_url),
            part.required("ca_certificates", r#"["okta-ca.pem"]"#, problems, certificates),
        )
    } else {
        (
            part.optional("url", SCEP_URL, problems, scep_url),
            part.optional("ca_certificates", r#"["okta-ca.pem"]"#, problems, certificates),
        )
    };
    if !real && (url.is_some() || ca_certificates.is_some()) {
        problems.add(
            if url.is_some() { "scep.url" } else { "scep.ca_certificates" },
            "is set although no tenant is named: the embedded sandbox brings its own CA",
            "leave it out, or name the tenants with okta.url and jumpcloud.url",
        );
    }
    let ca_fingerprint = part.optional(
        "ca_fingerprint",
        r#""sha256 Fingerprint=" and 32 bytes in hexadecimal, as openssl x509 -noout -fingerprint -sha256 prints them"#,
        problems,
        |value| text(value).and_then(|t| Fingerprint::parse(&t).map_err(|error| error.to_string())),
    );
    let name = part.or("name", "Okta CA".into(), r#""Okta CA""#, problems, text);
    let subject = part.or("subject", Subject::default(), r#""CN=cert""#, problems, |value| {
        text(value).and_then(|t| Subject::parse(&t).map_err(|error| error.to_string()))
    });
    let retries = part.or("retries", 3, "3", problems, number(0, 100));
    let retry_delay_seconds = part.or("retry_delay_seconds", 10, "10", problems, number(0, 3600));
    let key_size = part.or("key_size", KeySize::Rsa2048, "2048", problems, |value| {
        match number(0, u32::MAX)(value)? {
            2048 => Ok(KeySize::Rsa2048),
            4096 => Ok(KeySize::Rsa4096),
            other => Err(format!("is {other}; RSA keys have 2048 or 4096 bits here")),
        }
    });
    let rfc822_name = part.optional("rfc822_name", r#""mac@acme.example""#, problems, |value| {
        let name = text(value)?;
        match name.split_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() => Ok(name),
            _ => Err(format!("is `{name}`, not an RFC 822 address")),
        }
    });
    let expiry_notification_days =
        part.or("expiry_notification_days", 14, "14", problems, number(1, 365));
    let prove_challenge = part.or("prove_challenge", true, "true", problems, flag);
    part.finish(problems);
    Some(ScepSection {
        url,
        ca_certificates: ca_certificates.unwrap_or_default().into_iter().collect(),
        ca_fingerprint,
        name,
        subject,
        retries,
        retry_delay_seconds,
        key_size,
        rfc822_name,
        expiry_notification_days,
        prove_challenge,
    })
}

/// The file's content, once it is known to hold certificates.
fn read_certificates(file: &Path) -> Result<Vec<u8>, String> {
    let content = std::fs::read(file)
        .map_err(|error| format!("names {}, which cannot be read: {error}", file.display()))?;
    Fingerprint::sha256_of_bundle(&content)
        .map(|_| content)
        .map_err(|error| format!("names {}: {error}", file.display()))
}

/// Letters, digits and hyphens between dots, at least two parts.
fn reverse_dns(value: &toml::Value) -> Result<String, String> {
    let identifier = text(value)?;
    let good = identifier.split('.').count() > 1
        && identifier.split('.').all(|part| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
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
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
        format!(" at line {line}, column {column}")
    });
    format!("is not TOML{}: {}", place.unwrap_or_default(), error.message())
}
