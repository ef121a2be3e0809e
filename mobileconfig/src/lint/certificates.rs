//! Certificate payloads: the right encoding, one certificate, within its time.

use std::time::SystemTime;

use der::{Decode, Encode};
use plist::Value;
use x509_cert::Certificate;

use super::{Code, Finding, Findings, Rule, Subject, SubjectPayload, codes, codes_of};
use crate::cms::armour;
use crate::keys::CONTENT;

pub(super) struct Certificates;

impl Rule for Certificates {
    fn codes(&self) -> Vec<Code> {
        codes_of![
            PEM_IN_DER,
            DER_IN_PEM,
            NOT_A_CERTIFICATE,
            SEVERAL_CERTIFICATES,
            CERTIFICATE_EXPIRED,
            CERTIFICATE_NOT_YET_VALID,
        ]
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
        let at = subject.target().at;
        for payload in subject.payloads() {
            match payload.payload_type() {
                Some(DER_ROOT | DER_OTHER) => check(payload, false, at, findings),
                Some(PEM) => check(payload, true, at, findings),
                _ => {}
            }
        }
    }
}

const DER_ROOT: &str = "com.apple.security.root";
const DER_OTHER: &str = "com.apple.security.pkcs1";
const PEM: &str = "com.apple.security.pem";

fn check(payload: &SubjectPayload<'_>, wants_pem: bool, at: SystemTime, findings: &mut Findings) {
    let Some(bytes) = payload.keys().get(CONTENT).and_then(Value::as_data) else {
        return;
    };
    let path = payload.path_to(CONTENT);
    let is_pem = armour::is_armoured(bytes);
    let Some((certificate, others)) = read(bytes, is_pem) else {
        findings.add(Finding::new(
            codes::NOT_A_CERTIFICATE,
            path,
            format!("these {} bytes are no X.509 certificate", bytes.len()),
            format!(
                "write the {} of one certificate",
                if wants_pem { "PEM text" } else { "DER bytes" }
            ),
        ));
        return;
    };
    if others {
        findings.add(Finding::new(
            codes::SEVERAL_CERTIFICATES,
            path.as_str(),
            "something follows the first certificate, which devices ignore",
            "give each certificate a payload of its own",
        ));
    }
    match (wants_pem, is_pem) {
        (false, true) => findings.add(Finding::new(
            codes::PEM_IN_DER,
            path.as_str(),
            "PEM text, where this payload type has DER",
            "write the DER bytes, or use com.apple.security.pem",
        )),
        (true, false) => findings.add(Finding::new(
            codes::DER_IN_PEM,
            path.as_str(),
            "DER bytes, where this payload type has PEM",
            "write the PEM text, or use com.apple.security.root or com.apple.security.pkcs1",
        )),
        _ => {}
    }
    let validity = certificate.tbs_certificate().validity();
    if validity.not_after.to_system_time() < at {
        findings.add(Finding::new(
            codes::CERTIFICATE_EXPIRED,
            path,
            format!("the certificate expired on {}", validity.not_after),
            "replace it with the current one",
        ));
    } else if at < validity.not_before.to_system_time() {
        findings.add(Finding::new(
            codes::CERTIFICATE_NOT_YET_VALID,
            path,
            format!("the certificate is valid from {}", validity.not_before),
            "send the profile after that, or check the clock of the CA",
        ));
    }
}

/// The first certificate, and whether more follows.
fn read(bytes: &[u8], is_pem: bool) -> Option<(Certificate, bool)> {
    if is_pem {
        let blocks = armour::blocks(bytes).ok()?;
        let mut certificates = blocks.iter().filter(|block| block.label == "CERTIFICATE");
        let first = Certificate::from_der(&certificates.next()?.bytes).ok()?;
        return Some((first, certificates.next().is_some()));
    }
    let mut reader = der::SliceReader::new(bytes).ok()?;
    let certificate: Certificate = der::Reader::decode(&mut reader).ok()?;
    let length = usize::try_from(u32::from(certificate.encoded_len().ok()?)).ok()?;
    Some((certificate, length < bytes.len()))
}
