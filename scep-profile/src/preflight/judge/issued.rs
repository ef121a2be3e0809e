//! The certificate that a trial enrolment brought.

use super::{days_left, is_issued_by};
use crate::CaCertificate;
use crate::message::{self, Issued, TrustedCa, verify_issued};
use crate::preflight::report::{CheckSubject, Report, Status};
use std::time::SystemTime;

pub(in crate::preflight) fn judge_issued(issued: &Issued, ca: &TrustedCa, report: &mut Report) {
    let leaf = match CaCertificate::from_der(&issued.certificate) {
        Ok(leaf) => leaf,
        Err(error) => return report.fail(CheckSubject::Certificate, &error),
    };
    let now = SystemTime::now();
    let days = days_left(&leaf, now);
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
    } else if !leaf.is_valid_at(now) {
        report.add(
            CheckSubject::Certificate,
            Status::Failed,
            format!("{found}; it is not valid now"),
            "compare the clocks of the CA and of this machine",
        );
    } else if !issued_under(ca, issued, &leaf) {
        report.add(
            CheckSubject::Certificate,
            Status::Warning,
            format!("{found}; no certificate that the pinned one vouches for has issued it"),
            "compare the issuer with the CA that the consumer of the certificate trusts, and pin that one",
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

/// Whether a trusted certificate, or one of the reply that such a one has issued, is the issuer.
fn issued_under(ca: &TrustedCa, issued: &Issued, leaf: &CaCertificate) -> bool {
    let others = issued.others.iter();
    let mut between = others
        .filter_map(|der| CaCertificate::from_der(der).ok())
        .filter(|other| other.is_ca() && is_issued_by(ca, other));
    is_issued_by(ca, leaf) || between.any(|issuer| verify_issued(leaf.der(), issuer.x509()).is_ok())
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::message::{
        CaCertificates, Capabilities, CertificateRequest, EnrollmentKey, Reply, Transaction,
    };
    use crate::server::{Authority, AuthorityOptions};
    use crate::{FingerprintAlgorithm, KeySize, ScepPayload, ScepUrl};
    use std::time::Duration;

    fn authority(intermediate: bool) -> (Authority, TrustedCa) {
        let options = AuthorityOptions::new("Acme", "secret".into()).intermediate(intermediate);
        let authority = Authority::generate(options, SystemTime::now()).unwrap();
        let root = CaCertificate::from_der(authority.root_certificate()).unwrap();
        let certificates = CaCertificates::parse(&authority.get_ca_cert().1).unwrap();
        let ca = certificates
            .pin(&root.fingerprint(FingerprintAlgorithm::Sha256))
            .unwrap();
        (authority, ca)
    }

    #[test]
    fn a_certificate_that_is_over_or_that_another_ca_issued_is_told() {
        let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let request =
            CertificateRequest::new("CN=cert".parse().unwrap()).challenge("secret".into());
        let now = SystemTime::now();
        let two_years = Duration::from_secs(2 * 365 * 86_400);
        let (mut one, ca) = authority(true);
        let (_, another) = authority(true);
        let caps = Capabilities::parse(&one.get_ca_caps());
        let mut issued_at = |moment: SystemTime| {
            let (transaction, message) = Transaction::enroll(&key, &request, &ca, &caps).unwrap();
            match transaction
                .read(&one.pki_operation(&message, moment))
                .unwrap()
            {
                Reply::Issued(issued) => issued,
                Reply::Pending => panic!("not asked to wait"),
            }
        };
        let judged = |issued: &Issued, ca: &TrustedCa| {
            let url = ScepUrl::parse("https://ca.example.org/scep").unwrap();
            let mut report = crate::preflight::started(&ScepPayload::new(url, "secret".into()));
            judge_issued(issued, ca, &mut report);
            let check = report.check(CheckSubject::Certificate).unwrap();
            (check.status, check.found.clone())
        };
        let over = issued_at(now.checked_sub(two_years).unwrap());
        let (status, found) = judged(&over, &ca);
        assert_eq!(status, Status::Failed, "{found}");
        assert!(found.contains("not valid now"), "{found}");

        let good = issued_at(now);
        assert_eq!(judged(&good, &ca).0, Status::Passed);
        let (status, found) = judged(&good, &another);
        assert_eq!(status, Status::Warning, "{found}");
        assert!(found.contains("has issued it"), "{found}");
    }
}
