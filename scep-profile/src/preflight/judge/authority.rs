//! The certificates of the CA and its registration authorities.

use super::{Form, days_left, is_issued_by};
use crate::message::{self, CaCertificates, TrustedCa};
use crate::preflight::report::{CheckSubject, Report, Status};
use crate::{CaCertificate, FingerprintAlgorithm, ScepPayload};
use std::time::SystemTime;

pub(in crate::preflight) fn judge_ca(
    payload: &ScepPayload,
    certificates: &CaCertificates,
    form: Form,
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
    for (certificate, reported) in certificates
        .certificates()
        .iter()
        .zip(&mut report.certificates)
    {
        reported.trusted = Some(ca.certificates().contains(certificate));
    }
    judge_chain(&ca, certificates, report);
    judge_key_usage(&ca, form, report);
    judge_algorithms(&ca, report);
    judge_validity(&ca, report);
    Some(ca)
}

/// Certificates that are no CA's and that [`CaCertificates::pin`] left out. macOS looks for the registration authority by
/// key usage among all that it is handed, and only then asks whether the pinned one vouches for it.
fn judge_chain(ca: &TrustedCa, certificates: &CaCertificates, report: &mut Report) {
    let candidate = |certificate: &CaCertificate| {
        !certificate.is_ca()
            && !ca.certificates().contains(certificate)
            && certificate
                .key_usage()
                .is_some_and(|usage| usage.key_encipherment() || usage.digital_signature())
    };
    let (marked_otherwise, unknown): (Vec<_>, Vec<_>) = certificates
        .certificates()
        .iter()
        .filter(|certificate| candidate(certificate))
        .partition(|certificate| is_issued_by(ca, certificate));
    let names = |certificates: &[&CaCertificate]| {
        let names: Vec<_> = certificates.iter().map(|one| one.subject()).collect();
        names.join("; ")
    };
    if !unknown.is_empty() {
        report.add(
            CheckSubject::Chain,
            Status::Failed,
            format!(
                "the pinned certificate does not vouch for {}",
                names(&unknown)
            ),
            "let the server hand out the CA certificates between the two, or take what is not its own out",
        );
    } else if !marked_otherwise.is_empty() {
        report.add(
            CheckSubject::Chain,
            Status::Warning,
            format!(
                "{} is no registration authority by its extended key usage, which macOS does not look at",
                names(&marked_otherwise)
            ),
            "take it out of the answer, or issue it with the extended key usage id-kp-cmcRA",
        );
    } else {
        let found = "the pinned certificate vouches for every registration authority";
        report.add(CheckSubject::Chain, Status::Passed, found, "");
    }
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

fn judge_key_usage(ca: &TrustedCa, form: Form, report: &mut Report) {
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
        let status = match form {
            Form::Chain => Status::Failed,
            Form::Single => Status::Warning,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScepUrl;
    use crate::preflight::ServerCertificate;

    /// The report on what a server hands out, its last certificate being the pinned root.
    fn judged(certificates: &str) -> (Report, Option<TrustedCa>) {
        let certificates = CaCertificates::parse(certificates.as_bytes()).unwrap();
        let root = certificates.certificates().last().unwrap();
        let url = ScepUrl::parse("https://ca.example.org/scep").unwrap();
        let payload = ScepPayload::new(url, "hunter2".into())
            .ca_fingerprint(root.fingerprint(FingerprintAlgorithm::Sha256));
        let mut report = crate::preflight::started(&payload);
        let reported = certificates.certificates().iter();
        report.certificates = reported.map(ServerCertificate::of).collect();
        let ca = judge_ca(&payload, &certificates, Form::Chain, &mut report);
        (report, ca)
    }

    #[cfg(feature = "server")]
    #[test]
    fn a_registration_authority_that_nothing_leads_to_is_told_from_one_that_is_marked_otherwise() {
        use crate::server::{Authority, AuthorityOptions};

        let options = AuthorityOptions::new("Acme", "secret".into()).intermediate(true);
        let options = options.registration_authority(true);
        let authority = Authority::generate(options, SystemTime::now()).unwrap();
        let handed_out = CaCertificates::parse(&authority.get_ca_cert().1).unwrap();
        let is_intermediate =
            |certificate: &CaCertificate| certificate.is_ca() && !certificate.is_root();
        let pem = |keep: &dyn Fn(&CaCertificate) -> bool| {
            // The root last, as `judged` pins it.
            let mut kept: Vec<_> = handed_out.certificates().iter().collect();
            kept.retain(|certificate| keep(certificate));
            kept.sort_by_key(|certificate| certificate.is_root());
            kept.iter()
                .map(|certificate| certificate.pem())
                .collect::<String>()
        };

        let (report, _) = judged(&pem(&|_| true));
        let chain = report.check(CheckSubject::Chain).unwrap();
        assert_eq!(chain.status, Status::Passed, "{report}");
        assert!(
            report
                .certificates
                .iter()
                .all(|one| one.trusted == Some(true))
        );

        let (report, _) = judged(&pem(&|certificate| !is_intermediate(certificate)));
        let chain = report.check(CheckSubject::Chain).unwrap();
        assert_eq!(chain.status, Status::Failed, "{report}");
        let lost = report
            .certificates
            .iter()
            .find(|one| one.trusted == Some(false));
        assert!(chain.found.contains(&lost.unwrap().subject), "{report}");

        // A web server's certificate of the same CA, with the key usages of a registration authority.
        let web = include_str!("../../../tests/data/web-server.pem");
        let (report, _) = judged(web);
        let chain = report.check(CheckSubject::Chain).unwrap();
        assert_eq!(chain.status, Status::Warning, "{report}");
        assert!(chain.found.starts_with("CN=www.acme.example"), "{report}");
    }

    #[test]
    fn a_short_key_and_sha1_below_the_pinned_root_are_warned_about() {
        let (report, _) = judged(include_str!("../../../tests/data/weak-ra.pem"));
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
        let pair = include_str!("../../../tests/data/ra-pair.pem");
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
