//! The answers of an authority to bad messages, compared: they must not tell which check failed.

use super::algorithm::counted;
use super::certificate::CertificateSpec;
use super::pki::{Head, Received};
use super::{
    CaCertificates, CertificateRequest, Digest, EnrollmentKey, FailInfo, MessageType, Nonce,
    PkiStatus, TransactionId, envelope,
};
use crate::server::{Authority, AuthorityOptions, Outcome};
use crate::{CaCertificate, KeySize, Subject};
use der::asn1::OctetString;
use der::{Decode, Encode};
use mobileconfig::cms::Certificate;
use mobileconfig::cms::{self, Cipher, ContentInfo, EnvelopedData, RecipientInfo, SignedObject};
use std::time::{Duration, SystemTime};
use x509_cert::name::Name;

struct Bench {
    authority: Authority,
    ca: Certificate,
    /// The key asked for.
    key: EnrollmentKey,
    /// The key that signs the messages, and its certificate.
    signer: EnrollmentKey,
    certificate: Vec<u8>,
}

impl Bench {
    /// Messages signed by the key asked for, or by another that someone has chosen for what it costs.
    fn new(signer: Option<KeySize>) -> Self {
        let now = SystemTime::now();
        let authority =
            Authority::generate(AuthorityOptions::new("Acme", "right".into()), now).unwrap();
        let body = authority.get_ca_cert().1;
        let ca = CaCertificates::parse(&body).unwrap().certificates()[0].clone();
        let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let signer = signer.map_or_else(
            || key.clone(),
            |size| EnrollmentKey::generate(size).unwrap(),
        );
        let spec = CertificateSpec {
            subject: Name::default(),
            public_key: signer.spki().clone(),
            not_before: now - Duration::from_secs(60),
            not_after: now + Duration::from_secs(3600),
            extensions: Vec::new(),
        };
        let certificate = spec.self_sign(&signer).unwrap();
        Self {
            authority,
            ca: ca.x509().clone(),
            key,
            signer,
            certificate,
        }
    }

    fn request(&self, challenge: Option<&str>) -> Vec<u8> {
        let request = CertificateRequest::new(Subject::default());
        let request = match challenge {
            Some(challenge) => request.challenge(challenge.to_owned().into()),
            None => request,
        };
        request.to_der(&self.key).unwrap()
    }

    fn seal(&self, content: &[u8]) -> Vec<u8> {
        envelope::seal(content, &self.ca, Cipher::Aes128).unwrap()
    }

    fn sign(&self, message_type: &str, envelope: &[u8]) -> Vec<u8> {
        let head = Head {
            message_type: MessageType::from_text(message_type),
            transaction_id: TransactionId::from_text("T"),
            sender_nonce: Nonce::from_bytes(&[7; 16]),
            recipient_nonce: None,
            status: None,
            fail_info: None,
        };
        head.sign(
            Some(envelope),
            &self.certificate,
            &self.signer,
            Digest::Sha256,
        )
        .unwrap()
    }
}

/// An envelope with something changed in it.
fn changed(envelope: &[u8], change: impl Fn(&mut EnvelopedData)) -> Vec<u8> {
    let info = cms::from_ber(envelope).unwrap();
    let mut enveloped: EnvelopedData = info.decode(cms::oid::ID_ENVELOPED_DATA).unwrap();
    change(&mut enveloped);
    ContentInfo::wrap(cms::oid::ID_ENVELOPED_DATA, &enveloped)
        .unwrap()
        .to_der()
        .unwrap()
}

fn wrapped_key(enveloped: &mut EnvelopedData, key: &[u8]) {
    let RecipientInfo::KeyTransport(transport) = &mut enveloped.recipient_infos.0[0] else {
        panic!()
    };
    transport.encrypted_key = OctetString::new(key).unwrap();
}

fn ciphertext(enveloped: &mut EnvelopedData) -> &mut Vec<u8> {
    let content = &mut enveloped.encrypted_content_info.encrypted_content;
    content.as_mut().unwrap()
}

/// A CSR whose own signature is spoilt, everything else being well.
fn unsigned(csr: &[u8]) -> Vec<u8> {
    let mut signed = SignedObject::from_der(csr).unwrap();
    let mut signature = signed.signature.raw_bytes().to_vec();
    signature[9] ^= 1;
    signed.signature = der::asn1::BitString::from_bytes(&signature).unwrap();
    signed.to_der().unwrap()
}

#[test]
fn answers_to_bad_messages_differ_in_nothing_and_cost_the_same() {
    let mut bench = Bench::new(None);
    compare_refusals(&mut bench, None);
    // The table tests something only if the same bench, with nothing wrong, gets its certificate.
    let message = bench.sign("19", &bench.seal(&bench.request(Some("right"))));
    let handled = bench.authority.handle(&message, SystemTime::now());
    assert!(matches!(handled.outcome, Outcome::Issued(_)), "{handled:?}");
}

/// Whoever signs the envelope of another anew with a key that is slow to verify must not be able to measure, by the
/// verifications that use another key, how far it was read.
#[test]
fn a_signer_with_a_large_key_measures_no_more() {
    let mut bench = Bench::new(Some(KeySize::Rsa4096));
    let stolen = bench.seal(&bench.request(Some("right")));
    compare_refusals(&mut bench, Some(("signed by another", "19", stolen)));
}

fn compare_refusals(bench: &mut Bench, one_more: Option<(&'static str, &'static str, Vec<u8>)>) {
    let good = bench.seal(&bench.request(Some("right")));
    let mut bad = vec![
        (
            "the challenge is wrong",
            "19",
            bench.seal(&bench.request(Some("wrong"))),
        ),
        ("no challenge", "19", bench.seal(&bench.request(None))),
        (
            "the request's signature is spoilt",
            "19",
            bench.seal(&unsigned(&bench.request(Some("right")))),
        ),
        ("the content is no request", "19", bench.seal(b"rubbish")),
        ("the content is empty", "19", bench.seal(b"")),
        (
            "the RSA padding is wrong",
            "19",
            changed(&good, |data| wrapped_key(data, &[1; 256])),
        ),
        (
            "the wrapped key is no RSA block",
            "19",
            changed(&good, |data| wrapped_key(data, b"short")),
        ),
        ("the wrapped key is that of another cipher", "19", {
            let other = envelope::seal(b"x", &bench.ca, Cipher::Aes256).unwrap();
            let mut key = Vec::new();
            let info = cms::from_ber(&other).unwrap();
            let data: EnvelopedData = info.decode(cms::oid::ID_ENVELOPED_DATA).unwrap();
            if let RecipientInfo::KeyTransport(transport) = &data.recipient_infos.0[0] {
                key.extend_from_slice(transport.encrypted_key.as_bytes());
            }
            changed(&good, |data| wrapped_key(data, &key))
        }),
        (
            "the CBC padding is wrong",
            "19",
            changed(&good, |data| {
                let content = ciphertext(data);
                let last_block_but_one = content.len() - 17;
                content[last_block_but_one] ^= 0xff;
            }),
        ),
        (
            "a block is missing",
            "19",
            changed(&good, |data| {
                let content = ciphertext(data);
                content.truncate(content.len() - 16);
            }),
        ),
        (
            "the ciphertext is no multiple of a block",
            "19",
            changed(&good, |data| {
                ciphertext(data).pop();
            }),
        ),
        ("renewal is not offered", "17", good.clone()),
        ("the type is unknown", "99", good.clone()),
        ("the poll is for nothing", "20", good.clone()),
        ("GetCert for a request", "21", good.clone()),
    ];
    bad.extend(one_more);

    let now = SystemTime::now();
    let mut seen = Vec::new();
    for (what, message_type, envelope) in &bad {
        let message = bench.sign(message_type, envelope);
        counted::take();
        let handled = bench.authority.handle(&message, now);
        let verifications = counted::take();
        assert!(
            matches!(handled.outcome, Outcome::Refused(_)),
            "{what}: {handled:?}"
        );
        seen.push((*what, essence(&handled.reply), verifications));
    }
    let (first, essence_of_first, work) = &seen[0];
    for (what, essence, verifications) in &seen {
        assert_eq!(
            essence, essence_of_first,
            "{what} is answered otherwise than {first}"
        );
        assert_eq!(verifications, work, "{what} costs other work than {first}");
    }
    assert!(bench.authority.issued().is_empty());
}

/// All of a reply that is not random by design: fresh nonce, and the signature over it.
fn essence(reply: &[u8]) -> (usize, String) {
    let received = Received::parse(reply).unwrap();
    let text = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        received.message_type(),
        received.transaction_id(),
        received.recipient_nonce(),
        received.status(),
        received.fail_info(),
        received.envelope(),
    );
    (reply.len(), text)
}

#[test]
fn a_message_of_no_transaction_gets_the_same_failure() {
    let mut bench = Bench::new(None);
    let now = SystemTime::now();
    let signed = bench.sign("19", &bench.seal(&bench.request(Some("wrong"))));
    for message in [&b"rubbish"[..], b"", &signed[..signed.len() / 2], &signed] {
        let reply = bench.authority.handle(message, now).reply;
        let received = Received::parse(&reply).unwrap();
        assert_eq!(received.status(), Ok(PkiStatus::Failure));
        assert_eq!(received.fail_info(), FailInfo::BadRequest);
        assert!(received.envelope().is_empty() && received.fail_info_text().is_none());
    }
    // Whoever reads the reply sees the authority's own certificate, and nothing of the requester's.
    let signer = Received::parse(&bench.authority.handle(b"", now).reply).unwrap();
    assert_eq!(
        signer.own_signer().unwrap(),
        CaCertificate::from_der(bench.authority.issuer_certificate())
            .unwrap()
            .der()
    );
}
