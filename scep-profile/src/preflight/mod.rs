//! Checks of a SCEP server **before** any Mac sees the profile: whatever fails here would fail on every Mac, with no
//! better text than `MDM-SCEP 15002`.
//!
//! [`check`] reads only. [`check_and_enroll`] also asks for a certificate, the one way to prove the challenge; it
//! leaves a certificate behind at the CA.

mod judge;
mod report;

pub use report::{Check, CheckSubject, Report, Role, ServerCertificate, Status};

use crate::client::{Client, Enrollment, Error};
use crate::message::{CertificateRequest, EnrollmentKey, TrustedCa};
use crate::{FingerprintAlgorithm, ScepPayload};
use std::time::Instant;

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
    match enroll(payload, &client, &ca, &mut report).await {
        Ok(Enrollment::Issued(issued)) => {
            let took = report.round_trip_ms.unwrap_or_default();
            report.add(
                CheckSubject::Enrollment,
                Status::Passed,
                format!("the challenge got a certificate in {took} ms"),
                "",
            );
            judge::judge_issued(&issued, &ca, &mut report);
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
        capabilities: Vec::new(),
        certificates: Vec::new(),
        round_trip_ms: None,
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
            let subject = match error {
                Error::Tls { .. } => CheckSubject::Tls,
                _ => CheckSubject::Server,
            };
            report.fail(subject, &error);
            return None;
        }
    };
    report.add(CheckSubject::Server, Status::Passed, "it answers", "");
    judge::judge_tls(payload, report);
    report.capabilities = caps.keywords().map(str::to_owned).collect();
    judge::judge_capabilities(&caps, report);
    match client.get_typed_ca_certs().await {
        Ok((certificates, content_type)) => {
            let reported = certificates.certificates().iter();
            report.certificates = reported.map(ServerCertificate::of).collect();
            let form = judge::judge_form(&certificates, content_type.as_deref(), report);
            judge::judge_ca(payload, &certificates, form, report).map(|ca| (client, ca))
        }
        Err(error) => {
            report.fail(CheckSubject::CaCertificates, &error);
            None
        }
    }
}

async fn enroll(
    payload: &ScepPayload,
    client: &Client,
    ca: &TrustedCa,
    report: &mut Report,
) -> Result<Enrollment, Error> {
    let key = EnrollmentKey::generate(payload.key_size).map_err(Error::from)?;
    let pin = ca.anchor().fingerprint(FingerprintAlgorithm::Sha256);
    let request = CertificateRequest::from_payload(payload);
    let begun = Instant::now();
    let enrollment = client.enroll(&key, &request, &pin).await?;
    report.round_trip_ms = u64::try_from(begun.elapsed().as_millis()).ok();
    Ok(enrollment)
}
