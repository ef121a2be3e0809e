use crate::{CaCertificate, Fingerprint, FingerprintAlgorithm};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;

/// The outcome of all checks, in order.
///
/// ```
/// use scep_profile::{ScepPayload, ScepUrl, preflight};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let payload = ScepPayload::new(ScepUrl::parse("http://127.0.0.1:1/scep")?, "secret".into());
/// let report = preflight::check(&payload).await;
/// assert!(!report.passed());
/// println!("{report}");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The SCEP URL.
    pub url: String,
    /// What the server announces.
    pub capabilities: Vec<String>,
    /// The certificates it hands out, in its order.
    pub certificates: Vec<ServerCertificate>,
    /// How long the enrolment took, with GetCACaps and GetCACert before it and without making the key, in
    /// milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<u64>,
    /// The checks in the order they were made.
    pub checks: Vec<Check>,
}

/// A certificate that a server hands out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ServerCertificate {
    /// What it is.
    pub role: Role,
    /// Its subject as RFC 4514 text.
    pub subject: String,
    /// Its issuer as RFC 4514 text.
    pub issuer: String,
    /// Whether the pinned certificate vouches for it, as an authority that a Mac may talk to; absent when none is pinned.
    /// The issuer of the pinned one need not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted: Option<bool>,
    /// Its SHA-256 fingerprint.
    pub sha256: Fingerprint,
    /// Its SHA-1 fingerprint, for macOS 12 and earlier.
    pub sha1: Fingerprint,
    /// The first moment it is valid at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The last moment it is valid at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
}

/// What a certificate of a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// A root.
    Root,
    /// A CA below a root.
    Intermediate,
    /// No CA: a registration authority.
    Registration,
}

impl ServerCertificate {
    pub(super) fn of(certificate: &CaCertificate) -> Self {
        let (from, to) = certificate.validity();
        Self {
            role: match (certificate.is_root(), certificate.is_ca()) {
                (true, _) => Role::Root,
                (false, true) => Role::Intermediate,
                (false, false) => Role::Registration,
            },
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            trusted: None,
            sha256: certificate.fingerprint(FingerprintAlgorithm::Sha256),
            sha1: certificate.fingerprint(FingerprintAlgorithm::Sha1),
            not_before: Timestamp::try_from(from).ok(),
            not_after: Timestamp::try_from(to).ok(),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "root",
            Self::Intermediate => "intermediate",
            Self::Registration => "registration authority",
        })
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// What was checked.
    pub subject: CheckSubject,
    /// How it went.
    pub status: Status,
    /// What was found.
    pub found: String,
    /// What to do about it, unless it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// What a [`Check`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckSubject {
    /// The URL answers to GetCACaps.
    Server,
    /// Nobody on the way can listen: TLS, with a certificate that this machine trusts.
    Tls,
    /// What it announces.
    Capabilities,
    /// It hands out CA certificates.
    CaCertificates,
    /// One of them has the fingerprint of the payload.
    Fingerprint,
    /// The pinned one vouches for every registration authority that is handed out.
    Chain,
    /// The CA or RA may sign and decrypt.
    KeyUsage,
    /// The CA and RA certificates are signed and keyed as they should be.
    Algorithms,
    /// The CA and RA certificates are valid for long enough.
    Validity,
    /// The challenge gets a certificate.
    Enrollment,
    /// The certificate suits device trust.
    Certificate,
}

impl fmt::Display for CheckSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server answers",
            Self::Tls => "TLS",
            Self::Capabilities => "capabilities",
            Self::CaCertificates => "CA certificates",
            Self::Fingerprint => "CA fingerprint",
            Self::Chain => "CA chain",
            Self::KeyUsage => "CA key usage",
            Self::Algorithms => "CA algorithms",
            Self::Validity => "CA validity",
            Self::Enrollment => "enrolment",
            Self::Certificate => "certificate",
        })
    }
}

/// How a [`Check`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Passed,
    /// It will work, and should be better.
    Warning,
    /// Not checked, since an earlier check failed or it was not asked for.
    Skipped,
    /// Macs will fail.
    Failed,
}

impl Report {
    /// Whether no check failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.checks
            .iter()
            .all(|check| check.status != Status::Failed)
    }

    /// The check about something, if it was made.
    #[must_use]
    pub fn check(&self, subject: CheckSubject) -> Option<&Check> {
        self.checks.iter().find(|check| check.subject == subject)
    }

    pub(super) fn add(
        &mut self,
        subject: CheckSubject,
        status: Status,
        found: impl Into<String>,
        mend: &str,
    ) {
        self.checks.push(Check {
            subject,
            status,
            found: found.into(),
            mend: (!mend.is_empty()).then(|| mend.to_owned()),
        });
    }

    /// An error says itself what to do.
    pub(super) fn fail(&mut self, subject: CheckSubject, error: &dyn fmt::Display) {
        let text = error.to_string();
        let (found, mend) = text.rsplit_once(": ").unwrap_or((&text, ""));
        self.add(subject, Status::Failed, found, mend);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "SCEP server {}", self.url)?;
        for check in &self.checks {
            let status = match check.status {
                Status::Passed => "ok",
                Status::Warning => "warning",
                Status::Skipped => "skipped",
                Status::Failed => "FAILED",
            };
            writeln!(f, "  {status:<8} {}: {}", check.subject, check.found)?;
            if let Some(mend) = &check.mend {
                writeln!(f, "           -> {mend}")?;
            }
        }
        for certificate in &self.certificates {
            let until = certificate.not_after.map_or_else(String::new, |until| {
                format!(", until {}", until.strftime("%Y-%m-%d"))
            });
            writeln!(f, "  {} {}{until}", certificate.role, certificate.subject)?;
            writeln!(f, "           {}", certificate.sha256)?;
            writeln!(f, "           {}", certificate.sha1)?;
        }
        Ok(())
    }
}
