//! What is good and what is bad about what was found.

use super::report::{CheckSubject, Report, Status};
use crate::message::{self, CaCertificates, Capabilities, Issued, TrustedCa};
use crate::{CaCertificate, FingerprintAlgorithm, ScepPayload};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn judge_tls(payload: &ScepPayload, report: &mut Report) {
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

pub(super) fn judge_capabilities(caps: &Capabilities, report: &mut Report) {
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

pub(super) fn judge_ca(
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
    judge_algorithms(&ca, report);
    judge_validity(&ca, report);
    Some(ca)
}

/// SHA-1 under a certificate that is neither pinned nor a root, and keys that are too short.
fn judge_algorithms(ca: &TrustedCa, report: &mut Report) {
    let mut weak = Vec::new();
    for certificate in ca.certificates() {
        let vouched_for = certificate != ca.anchor() && !certificate.is_root();
        if vouched_for && certificate.is_signed_with_sha1() {
            weak.push(format!("{} is signed with SHA-1", certificate.subject()));
        }
        if let Some(bits @ ..2048) = certificate.rsa_bits() {
            weak.push(format!(
                "{} has a key of {bits} bits",
                certificate.subject()
            ));
        }
    }
    if weak.is_empty() {
        let found = "no signature with SHA-1 that counts, no key below 2048 bits";
        report.add(CheckSubject::Algorithms, Status::Passed, found, "");
    } else {
        report.add(
            CheckSubject::Algorithms,
            Status::Warning,
            weak.join("; "),
            "issue it anew with SHA-256 and an RSA key of 2048 bits or more",
        );
    }
}

fn judge_key_usage(ca: &TrustedCa, chain: bool, report: &mut Report) {
    let recipient = ca.recipient();
    if ca.is_unmarked() && ca.signs_and_decrypts() {
        let found = format!(
            "{} {}",
            recipient.subject(),
            message::Weakness::UnmarkedRegistrationAuthority
        );
        let mend = "issue it with the extended key usage id-kp-cmcRA, or let the CA itself decrypt";
        report.add(CheckSubject::KeyUsage, Status::Warning, found, mend);
    } else if ca.signs_and_decrypts() {
        let found = format!(
            "{} may decrypt, and replies may be signed",
            recipient.subject()
        );
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
            format!("{} lacks keyEncipherment, or nobody has digitalSignature", recipient.subject()),
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

pub(super) fn judge_issued(issued: &Issued, report: &mut Report) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ScepUrl, preflight::Report};

    /// The report on what a server hands out, its last certificate being the pinned root.
    fn judged(certificates: &str) -> (Report, Option<TrustedCa>) {
        let certificates = CaCertificates::parse(certificates.as_bytes()).unwrap();
        let root = certificates.certificates().last().unwrap();
        let url = ScepUrl::parse("https://ca.example.org/scep").unwrap();
        let payload = ScepPayload::new(url, "hunter2".into())
            .ca_fingerprint(root.fingerprint(FingerprintAlgorithm::Sha256));
        let mut report = Report {
            url: payload.url.to_string(),
            capabilities: Vec::new(),
            certificates: Vec::new(),
            round_trip_ms: None,
            checks: Vec::new(),
        };
        let ca = judge_ca(&payload, &certificates, &mut report);
        (report, ca)
    }

    #[test]
    fn a_short_key_and_sha1_below_the_pinned_root_are_warned_about() {
        let (report, _) = judged(include_str!("../../tests/data/weak-ra.pem"));
        let check = report.check(CheckSubject::Algorithms).unwrap();
        assert_eq!(check.status, Status::Warning, "{report}");
        for part in ["CN=RA,O=Acme is signed with SHA-1", "a key of 1024 bits"] {
            assert!(check.found.contains(part), "{part}: {report}");
        }
        assert!(!check.found.contains("Root"), "{report}");
    }

    /// macOS takes one certificate for each of the two, as it takes one for both.
    #[test]
    fn a_pair_of_registration_authorities_signs_and_decrypts_and_half_of_it_does_not() {
        let pair = include_str!("../../tests/data/ra-pair.pem");
        let (report, ca) = judged(pair);
        let usage = |report: &Report| report.check(CheckSubject::KeyUsage).unwrap().status;
        // Nothing but their key usage tells what they are.
        assert_eq!(usage(&report), Status::Warning, "{report}");
        let ca = ca.unwrap();
        assert_eq!(ca.recipient().subject(), "CN=Encrypting-RA,O=Acme");
        assert_eq!(
            ca.weaknesses(SystemTime::now()),
            [message::Weakness::UnmarkedRegistrationAuthority]
        );

        let (_, half) = pair.split_once("-----END CERTIFICATE-----\n").unwrap();
        let (report, ca) = judged(half);
        assert_eq!(usage(&report), Status::Failed, "{report}");
        assert_eq!(
            ca.unwrap().weaknesses(SystemTime::now()),
            [
                message::Weakness::CaKeyUsage,
                message::Weakness::UnmarkedRegistrationAuthority
            ]
        );
    }
}
