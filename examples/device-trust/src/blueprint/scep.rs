//! Section `scep`: the Okta CA as its console shows it, and the payload's values.

use std::path::Path;

use scep_profile::{CaCertificate, Fingerprint, KeySize, ScepUrl, Subject};

use super::{
    Problems,
    section::{Section, flag, number, text, texts},
};

const URL: &str = r#""https://acme.okta.com/pki/0123456789ABCDEF0123456789ABCDEF01234567/scep/rac0123456789abcdefg""#;
const FINGERPRINT: &str = r#""0F1E2D3C4B5A69788796A5B4C3D2E1F00F1E2D3C4B5A69788796A5B4C3D2E1F0""#;

/// Section `scep`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ScepSection {
    /// The CA's URL; absent with the embedded sandbox, which brings its own CA.
    pub url: Option<ScepUrl>,
    /// The CA's certificates, read from their files.
    pub ca_certificates: Vec<CaCertificate>,
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

pub(super) fn read(
    mut part: Section<'_>,
    folder: &Path,
    real: bool,
    problems: &mut Problems,
) -> Option<ScepSection> {
    let scep_url = |value: &toml::Value| {
        text(value).and_then(|url| ScepUrl::parse(&url).map_err(|error| error.to_string()))
    };
    let certificates = |value: &toml::Value| {
        let mut all = Vec::new();
        for name in texts(value)? {
            all.extend(read_certificates(&folder.join(name))?);
        }
        Ok(all)
    };
    let (url, ca_certificates) = if real {
        (
            part.required("url", URL, problems, scep_url),
            part.required(
                "ca_certificates",
                r#"["okta-ca.pem"]"#,
                problems,
                certificates,
            ),
        )
    } else {
        (
            part.optional("url", URL, problems, scep_url),
            part.optional(
                "ca_certificates",
                r#"["okta-ca.pem"]"#,
                problems,
                certificates,
            ),
        )
    };
    if !real && (url.is_some() || ca_certificates.is_some()) {
        problems.add(
            if url.is_some() {
                "scep.url"
            } else {
                "scep.ca_certificates"
            },
            "is set although no tenant is named: the embedded sandbox brings its own CA",
            "leave it out, or name the tenants with okta.url and jumpcloud.url",
        );
    }
    let ca_fingerprint = part.optional("ca_fingerprint", FINGERPRINT, problems, |value| {
        text(value).and_then(|t| Fingerprint::parse(&t).map_err(|error| error.to_string()))
    });
    let name = part.or("name", "Okta CA".into(), r#""Okta CA""#, problems, text);
    let subject = part.or(
        "subject",
        Subject::default(),
        r#""CN=cert""#,
        problems,
        |value| text(value).and_then(|t| Subject::parse(&t).map_err(|error| error.to_string())),
    );
    let retries = part.or("retries", 3, "3", problems, number(0, 100));
    let retry_delay_seconds = part.or("retry_delay_seconds", 10, "10", problems, number(0, 3600));
    let key_size = part.or(
        "key_size",
        KeySize::Rsa2048,
        "2048",
        problems,
        |value| match number(0, u32::MAX)(value)? {
            2048 => Ok(KeySize::Rsa2048),
            4096 => Ok(KeySize::Rsa4096),
            other => Err(format!("is {other}; RSA keys have 2048 or 4096 bits here")),
        },
    );
    let rfc822_name = part.optional("rfc822_name", r#""mac@acme.example""#, problems, |value| {
        let name = text(value)?;
        match name.split_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() => Ok(name),
            _ => Err(format!("is `{name}`, not an RFC 822 address")),
        }
    });
    let expiry_notification_days = part.or(
        "expiry_notification_days",
        14,
        "14",
        problems,
        number(1, 365),
    );
    let prove_challenge = part.or("prove_challenge", true, "true", problems, flag);
    part.finish(problems);
    Some(ScepSection {
        url,
        ca_certificates: ca_certificates.unwrap_or_default(),
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

/// The certificates in a file, DER or PEM.
fn read_certificates(file: &Path) -> Result<Vec<CaCertificate>, String> {
    let content = std::fs::read(file)
        .map_err(|error| format!("names {}, which cannot be read: {error}", file.display()))?;
    CaCertificate::read_all(&content).map_err(|error| format!("names {}: {error}", file.display()))
}
