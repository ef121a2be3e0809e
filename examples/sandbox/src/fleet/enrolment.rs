//! One enrolment over HTTP, with the settings of a SCEP payload: a new key pair, a request, a certificate.

use std::time::Duration;

use scep_profile::client::{Client, Enrollment};
use scep_profile::message::{CertificateRequest, EnrollmentKey};
use scep_profile::{Fingerprint, KeySize, KeyUsage, ScepUrl, Subject};
use secrecy::ExposeSecret as _;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::failure::Failure;
use super::mac::Identity;
use super::scep_payload::ScepPayload;

/// Obtains a certificate. A PENDING answer is asked after as often as the payload says: at once the first time,
/// then after its delay.
pub(crate) async fn enrol(payload_uuid: &str, scep: &ScepPayload) -> Result<Identity, Failure> {
    let client = client(scep)?;
    let pin = pin(&client, scep).await?;
    let request = request(scep)?;
    let size = KeySize::from_bits(scep.key_size.unsigned_abs()).unwrap_or_default();
    let key = spawn_blocking(move || EnrollmentKey::generate(size))
        .await
        .map_err(failed)?
        .map_err(failed)?;
    let mut enrollment = client.enroll(&key, &request, &pin).await.map_err(failed)?;
    for retry in 0..scep.retries {
        let Enrollment::Pending(pending) = enrollment else {
            break;
        };
        sleep(if retry == 0 {
            Duration::ZERO
        } else {
            scep.retry_delay
        })
        .await;
        enrollment = client.poll(pending).await.map_err(failed)?;
    }
    let Enrollment::Issued(issued) = enrollment else {
        return Err(Failure::scep(
            "the request is still pending after all retries",
        ));
    };
    Ok(Identity {
        payload_uuid: payload_uuid.to_owned(),
        certificate: hex::encode(issued.certificate),
        private_key: key
            .to_pkcs8_pem()
            .map_err(failed)?
            .expose_secret()
            .to_owned(),
        extractable: scep.extractable,
        all_apps_access: scep.all_apps_access,
        enrolled_at: jiff::Timestamp::UNIX_EPOCH,
    })
}

fn client(scep: &ScepPayload) -> Result<Client, Failure> {
    let url = ScepUrl::parse_allowing_http(&scep.url).map_err(failed)?;
    let client = Client::new(url).map_err(failed)?;
    Ok(match &scep.name {
        Some(name) => client.name(name),
        None => client,
    })
}

/// The payload's fingerprint. Without one, macOS takes the CA that the server shows.
async fn pin(client: &Client, scep: &ScepPayload) -> Result<Fingerprint, Failure> {
    if let Some(digest) = &scep.ca_fingerprint {
        return Fingerprint::from_bytes(digest).map_err(failed);
    }
    let shown = client.get_ca_certs().await.map_err(failed)?;
    let first = shown
        .certificates()
        .first()
        .ok_or_else(|| Failure::scep("the server shows no CA"))?;
    Fingerprint::sha256_of_der(first.der()).map_err(failed)
}

fn request(scep: &ScepPayload) -> Result<CertificateRequest, Failure> {
    let subject = Subject::from_pairs(scep.subject.iter().cloned()).map_err(failed)?;
    let usage = KeyUsage::from_bits(scep.key_usage.unsigned_abs()).unwrap_or(KeyUsage::NONE);
    let mut request = CertificateRequest::new(subject).key_usage(usage);
    if scep.subject.is_empty() {
        request.subject = None;
    }
    for name in &scep.rfc822_names {
        request = request.rfc822_name(name);
    }
    Ok(match &scep.challenge {
        Some(challenge) => request.challenge(challenge.clone()),
        None => request,
    })
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::scep(error.to_string())
}
