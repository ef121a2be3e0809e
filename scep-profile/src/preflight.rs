//! Checks of a SCEP server **before** any Mac sees the profile: whatever fails here would fail on every Mac, with no
//! better text than `MDM-SCEP 15002`.
//!
//! [`check`] reads only. [`check_and_enroll`] also asks for a certificate, the one way to prove the challenge; it
//! leaves a certificate behind at the CA.

use crate::client::{Client, Enrollment, Error};
use crate::message::{
    self, CaCertificates, Capabilities, CertificateRequest, EnrollmentKey, Issued, TrustedCa,
};
use crate::{CaCertificate, FingerprintAlgorithm, ScepPayload};
use serde::Serialize;
use std::fmt;
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(86_400);

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
    /// The checks in the order they were made.
    pub checks: Vec<Check>,
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
    /// What it announces.
    Capabilities,
    /// It hands out CA certificates.
    CaCertificates,
    /// One of them has the fingerprint of the payload.
    Fingerprint,
    /// The CA or RA may sign and decrypt.
    KeyUsage,
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
            Self::Capabilities => "capabilities",
            Self::CaCertificates => "CA certificates",
            Self::Fingerprint => "CA fingerprint",
            Self::KeyUsage => "CA key usage",
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

    fn add(&mut self, subject: CheckSubject, status: Status, found: impl Into<String>, mend: &str) {
        self.checks.push(Check {
            subject,
            status,
            found: found.into(),
            mend: (!mend.is_empty()).then(|| mend.to_owned()),
        });
    }

    /// An error says itself what to do.
    fn fail(&mut self, subject: CheckSubject, error: &dyn fmt::Display) {
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
        Ok(())
    }
}

/// Checks the server of a payload without asking for a certificate.
pub async fn check(payload: &ScepPayload) -> Report {
    let mut report = started(payload);
    if read(payload, &mut report).await.is_some() {
        report.add(
            CheckSubject::Enrollment,
            Status::Skipped,
            "not asked for",
            "only a real enrolment proves the challenge: enrol once before the profile goes out",
        );
    }
    report
}

/// Checks the server of a payload, and enrols once with a throw-away key if all is well so far.
pub async fn check_and_enroll(payload: &ScepPayload) -> Report {
    let mut report = started(payload);
    let Some((client, ca)) = read(payload, &mut report).await else {
        return report;
    };
    if !report.passed() {
        report.add(
            CheckSubject::Enrollment,
            Status::Skipped,
            "an earlier check failed",
            "",
        );
        return report;
    }
    match enroll(payload, &client, &ca).await {
        Ok(Enrollment::Issued(issued)) => {
            report.add(
                CheckSubject::Enrollment,
                Status::Passed,
                "the challenge got a certificate",
                "",
            );
            judge(&issued, &mut report);
        }
        Ok(Enrollment::Pending(pending)) => report.add(
            CheckSubject::Enrollment,
            Status::Warning,
            format!(
                "PENDING: transaction {} waits for approval",
                pending.transaction_id()
            ),
            "Macs give up after their retries: let the CA approve by itself",
        ),
        Err(error) => report.fail(CheckSubject::Enrollment, &error),
    }
    report
}

fn started(payload: &ScepPayload) -> Report {
    Report {
        url: payload.url.to_string(),
        checks: Vec::new(),
    }
}

/// All checks that only read. `None` when the server gives nothing to go on with.
async fn read(payload: &ScepPayload, report: &mut Report) -> Option<(Client, TrustedCa)> {
    let server = async {
        let client = Client::for_payload(payload)?;
        let caps = client.get_ca_caps().await?;
        Ok::<_, Error>((client, caps))
    };
    let (client, caps) = match server.await {
        Ok(found) => found,
        Err(error) => {
            report.fail(CheckSubject::Server, &error);
            return None;
        }
    };
    if payload.url.is_secure() {
        report.add(CheckSubject::Server, Status::Passed, "it answers", "");
    } else {
        report.add(
            CheckSubject::Server,
            Status::Warning,
            "it answers, over http",
            "use https: over http the fingerprint is the only protection",
        );
    }
    judge_capabilities(&caps, report);
    match client.get_ca_certs().await {
        Ok(certificates) => {
            let names: Vec<_> = certificates
                .certificates()
                .iter()
                .map(CaCertificate::subject)
                .collect();
            report.add(
                CheckSubject::CaCertificates,
                Status::Passed,
                names.join("; "),
                "",
            );
            judge_ca(payload, &certificates, report).map(|ca| (client, ca))
        }
        Err(error) => {
            report.fail(CheckSubject::CaCertificates, &error);
            None
        }
    }
}

fn judge_capabilities(caps: &Capabilities, report: &mut Report) {
    let keywords = caps.keywords().collect::<Vec<_>>().join(", ");
    let found = if keywords.is_empty() {
        "none announced".to_owned()
    } else {
        keywords
    };
    let weaknesses = caps.weaknesses();
    if weaknesses.is_empty() {
        report.add(CheckSubject::Capabilities, Status::Passed, found, "");
    } else {
        let weak: Vec<_> = weaknesses.iter().map(ToString::to_string).collect();
        report.add(
            CheckSubject::Capabilities,
            Status::Warning,
            format!("{found}: it {}", weak.join(" and ")),
            "macOS falls back to triple DES and SHA-1: let the server announce AES and SHA-256",
        );
    }
}

fn judge_ca(
    payload: &ScepPayload,
    certificates: &CaCertificates,
    report: &mut Report,
) -> Option<TrustedCa> {
    let Some(pin) = &payload.ca_fingerprint else {
        let found: Vec<_> = certificates
            .fingerprints(FingerprintAlgorithm::Sha256)
            .iter()
            .map(ToString::to_string)
            .collect();
        report.add(
            CheckSubject::Fingerprint,
            Status::Failed,
            format!(
                "the payload has none; the server's are {}",
                found.join("; ")
            ),
            "set CAFingerprint from a CA certificate you got by another way than this server",
        );
        return None;
    };
    let ca = match certificates.pin(pin) {
        Ok(ca) => ca,
        Err(error) => {
            report.fail(CheckSubject::Fingerprint, &error);
            return None;
        }
    };
    report.add(
        CheckSubject::Fingerprint,
        Status::Passed,
        format!("{pin} is {}", ca.anchor().subject()),
        "",
    );
    judge_key_usage(&ca, certificates.certificates().len() > 1, report);
    judge_validity(&ca, report);
    Some(ca)
}

fn judge_key_usage(ca: &TrustedCa, chain: bool, report: &mut Report) {
    let recipient = ca.recipient();
    let suits = recipient
        .key_usage()
        .is_some_and(|usage| usage.digital_signature() && usage.key_encipherment());
    if suits {
        let found = format!("{} may sign and decrypt", recipient.subject());
        report.add(CheckSubject::KeyUsage, Status::Passed, found, "");
    } else {
        // macOS insists on it for the chain form of GetCACert only.
        let status = if chain {
            Status::Failed
        } else {
            Status::Warning
        };
        report.add(
            CheckSubject::KeyUsage,
            status,
            format!("{} lacks digitalSignature or keyEncipherment", recipient.subject()),
            "issue the CA or RA certificate anew with both (RFC 8894 section 2.1.2; macOS error -67731)",
        );
    }
}

fn judge_validity(ca: &TrustedCa, report: &mut Report) {
    let now = SystemTime::now();
    let soonest = ca
        .certificates()
        .iter()
        .min_by_key(|certificate| certificate.validity().1);
    let Some(soonest) = soonest else { return };
    let invalid = ca
        .certificates()
        .iter()
        .find(|certificate| !certificate.is_valid_at(now));
    if let Some(invalid) = invalid {
        report.add(
            CheckSubject::Validity,
            Status::Failed,
            format!("{} is not valid now", invalid.subject()),
            "compare the clock of this machine, then renew the certificate",
        );
        return;
    }
    let days = days_left(soonest, now);
    let found = format!("{} ends first, in {days} days", soonest.subject());
    if days < 365 {
        report.add(
            CheckSubject::Validity,
            Status::Warning,
            found,
            "certificates that live for a year outlast it: renew it, and pin the new one in time",
        );
    } else {
        report.add(CheckSubject::Validity, Status::Passed, found, "");
    }
}

async fn enroll(
    payload: &ScepPayload,
    client: &Client,
    ca: &TrustedCa,
) -> Result<Enrollment, Error> {
    let key = EnrollmentKey::generate(payload.key_size).map_err(Error::from)?;
    let pin = ca.anchor().fingerprint(FingerprintAlgorithm::Sha256);
    client
        .enroll(&key, &CertificateRequest::from_payload(payload), &pin)
        .await
}

fn judge(issued: &Issued, report: &mut Report) {
    let leaf = match CaCertificate::from_der(&issued.certificate) {
        Ok(leaf) => leaf,
        Err(error) => return report.fail(CheckSubject::Certificate, &error),
    };
    let days = days_left(&leaf, SystemTime::now());
    let found = format!(
        "{}, issued by {}, valid for {days} days",
        leaf.subject(),
        leaf.issuer()
    );
    let signs = leaf
        .key_usage()
        .is_none_or(|usage| usage.digital_signature());
    let weak: Vec<_> = issued
        .weaknesses
        .iter()
        .map(message::Weakness::to_string)
        .collect();
    if !signs {
        report.add(
            CheckSubject::Certificate,
            Status::Failed,
            format!("{found}; it may not sign"),
            "let the CA issue with digitalSignature: Okta Verify signs with the key",
        );
    } else if !weak.is_empty() {
        report.add(
            CheckSubject::Certificate,
            Status::Warning,
            format!("{found}; the server {}", weak.join(" and ")),
            "let the server use AES and SHA-256",
        );
    } else {
        report.add(CheckSubject::Certificate, Status::Passed, found, "");
    }
}

fn days_left(certificate: &CaCertificate, now: SystemTime) -> u64 {
    let left = certificate
        .validity()
        .1
        .duration_since(now)
        .unwrap_or_default();
    left.as_secs() / DAY.as_secs()
}
