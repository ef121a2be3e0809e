//! The server as such: how it is reached, what it announces, and what it hands out.

use crate::message::{CaCertificates, Capabilities};
use crate::preflight::report::{CheckSubject, Report, Status};
use crate::{CaCertificate, ScepPayload};

pub(in crate::preflight) fn judge_tls(payload: &ScepPayload, report: &mut Report) {
    let url = payload.url.as_url();
    if url.scheme() == "https" {
        let found = "https, with a certificate that this machine trusts";
        report.add(CheckSubject::Tls, Status::Passed, found, "");
    } else if payload.url.is_secure() {
        report.add(
            CheckSubject::Tls,
            Status::Passed,
            "http, within this machine",
            "",
        );
    } else {
        report.add(
            CheckSubject::Tls,
            Status::Warning,
            "http",
            "use https: over http the fingerprint is the only protection",
        );
    }
}

pub(in crate::preflight) fn judge_capabilities(caps: &Capabilities, report: &mut Report) {
    let keywords = caps.keywords().collect::<Vec<_>>().join(", ");
    let found = if keywords.is_empty() {
        "none announced".to_owned()
    } else {
        keywords
    };
    let weaknesses = caps.weaknesses_for_apple();
    if weaknesses.is_empty() {
        report.add(CheckSubject::Capabilities, Status::Passed, found, "");
        return;
    }
    let weak: Vec<_> = weaknesses.iter().map(ToString::to_string).collect();
    let weak = weak.join(" and ");
    let (found, mend) = if caps.weaknesses().is_empty() {
        (
            format!("{found}: to macOS, which compares each line exactly, it {weak}"),
            "macOS falls back to triple DES and SHA-1: let the server write AES and SHA-256 on lines of their own that end \
             in LF alone",
        )
    } else {
        (
            format!("{found}: it {weak}"),
            "macOS falls back to triple DES and SHA-1: let the server announce AES and SHA-256",
        )
    };
    report.add(CheckSubject::Capabilities, Status::Warning, found, mend);
}

/// What the server gives its certificates out as, and so which rules a Mac judges them by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::preflight) enum Form {
    /// A certificate alone.
    Single,
    /// A chain, in which macOS looks for a registration authority by key usage.
    Chain,
}

/// The certificates handed out, and whether their content type says what they are.
pub(in crate::preflight) fn judge_form(
    certificates: &CaCertificates,
    content_type: Option<&str>,
    report: &mut Report,
) -> Form {
    let names: Vec<_> = certificates
        .certificates()
        .iter()
        .map(CaCertificate::subject)
        .collect();
    let names = names.join("; ");
    let due = certificates.content_type();
    let media_type = content_type
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase());
    if media_type.as_deref() == Some(due) {
        report.add(CheckSubject::CaCertificates, Status::Passed, names, "");
    } else {
        let given = media_type.as_deref().unwrap_or("without a content type");
        report.add(
            CheckSubject::CaCertificates,
            Status::Warning,
            format!("{names}; sent as {given}"),
            &format!("macOS goes by the content type: let the server say {due}"),
        );
    }
    match media_type.as_deref().unwrap_or(due) {
        CaCertificates::CHAIN => Form::Chain,
        _ => Form::Single,
    }
}
