//! What an authority does beyond handing out certificates: RA, approval, revocation, roll-over.

#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, missing_docs)]

use scep_profile::message::{
    CaCertificates, Capabilities, CertificateRequest, EnrollmentKey, Error, Issued, Lookup, Reply,
    Transaction, TrustedCa,
};
use scep_profile::server::{Authority, AuthorityOptions, LeafError};
use scep_profile::{CaCertificate, Fingerprint, KeySize, Subject};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

static KEY: LazyLock<EnrollmentKey> =
    LazyLock::new(|| EnrollmentKey::generate(KeySize::Rsa2048).unwrap());

fn authority(change: impl Fn(AuthorityOptions) -> AuthorityOptions) -> Authority {
    let options = change(AuthorityOptions::new("Acme", "right".into()));
    Authority::generate(options, SystemTime::now()).unwrap()
}

fn caps(authority: &Authority) -> Capabilities {
    Capabilities::parse(&authority.get_ca_caps())
}

fn trusted(authority: &Authority) -> TrustedCa {
    let pin = Fingerprint::sha256_of_der(authority.root_certificate()).unwrap();
    let body = authority.get_ca_cert().1;
    CaCertificates::parse(&body).unwrap().pin(&pin).unwrap()
}

fn begin(authority: &Authority) -> (Transaction, Vec<u8>) {
    let request = CertificateRequest::new(Subject::default()).challenge("right".into());
    Transaction::enroll(&KEY, &request, &trusted(authority), &caps(authority)).unwrap()
}

fn enroll(authority: &mut Authority) -> Issued {
    let (transaction, message) = begin(authority);
    match transaction.read(&authority.pki_operation(&message, SystemTime::now())) {
        Ok(Reply::Issued(issued)) => issued,
        other => panic!("{other:?}"),
    }
}

fn serial(certificate: &[u8]) -> Vec<u8> {
    let certificate = CaCertificate::from_der(certificate).unwrap();
    let tbs = certificate.x509().tbs_certificate();
    tbs.serial_number().as_bytes().to_vec()
}

#[test]
fn every_single_bit_of_a_reply_counts_or_changes_nothing() {
    let mut authority = authority(|options| options);
    let (transaction, message) = begin(&authority);
    let reply = authority.pki_operation(&message, SystemTime::now());
    let Reply::Issued(genuine) = transaction.read(&reply).unwrap() else {
        panic!()
    };
    let mut refused = 0;
    for position in 0..reply.len() {
        for flip in [1, 2, 4, 8, 16, 32, 64, 128, 0xff] {
            let mut changed = reply.clone();
            changed[position] ^= flip;
            match transaction.read(&changed) {
                Err(_) => refused += 1,
                Ok(Reply::Issued(issued)) => {
                    let place = format!("byte {position} ^ {flip}");
                    assert_eq!(issued.certificate, genuine.certificate, "{place}");
                    assert_eq!(issued.others, genuine.others, "{place}");
                }
                Ok(Reply::Pending) => panic!("byte {position} ^ {flip}"),
            }
        }
    }
    // The CA's certificate rides along unsigned and unused; all else is signed.
    let unsigned = authority.issuer_certificate().len() + 100;
    assert!(refused > (reply.len() - unsigned) * 9, "{refused}");
}

#[test]
fn behind_a_registration_authority_the_ca_itself_is_never_encrypted_to() {
    for intermediate in [false, true] {
        let mut authority = authority(|options| {
            options
                .registration_authority(true)
                .intermediate(intermediate)
        });
        assert_eq!(authority.get_ca_cert().0, CaCertificates::CHAIN);
        let ca = trusted(&authority);
        assert!(!ca.recipient().is_ca());
        assert_eq!(ca.issuer().der(), authority.issuer_certificate());
        let issued = enroll(&mut authority);
        let leaf = CaCertificate::from_der(&issued.certificate).unwrap();
        assert_eq!(leaf.issuer(), ca.issuer().subject());

        let saved = serde_json::to_string(&authority.state().unwrap()).unwrap();
        let mut again = Authority::from_state(serde_json::from_str(&saved).unwrap()).unwrap();
        assert_eq!(trusted(&again), ca);
        assert_eq!(enroll(&mut again).certificate, issued.certificate);
    }
}

#[test]
fn a_registration_authority_may_not_appoint_the_next_ca() {
    use scep_profile::message::next_ca_certificates;
    let authority = authority(|options| options.registration_authority(true));
    let ca = trusted(&authority);
    let saved = authority.state().unwrap().registration.unwrap();
    let key = EnrollmentKey::from_pkcs8_pem(&saved.key).unwrap();
    let next = [authority.root_certificate().to_vec()];
    let by_ra = next_ca_certificates(&next, ca.recipient().der(), &key).unwrap();
    assert_eq!(ca.next(&by_ra), Err(Error::UntrustedSigner));
}

#[test]
fn a_key_whose_certificate_has_expired_or_was_revoked_is_given_a_new_one() {
    let mut authority = authority(|options| options);
    let now = SystemTime::now();
    let first = enroll(&mut authority).certificate;
    let (_, message) = begin(&authority);
    authority.pki_operation(&message, now + Duration::from_secs(366 * 86_400));
    assert_eq!(authority.issued().len(), 2);
    assert!(authority.revoke_at(&hex::encode(serial(&first)), now));
    assert!(enroll(&mut authority).certificate != first);
}

#[test]
fn a_rejected_request_is_refused_at_the_next_poll() {
    let mut authority = authority(|options| options.manual_approval(true));
    let now = SystemTime::now();
    let (mut transaction, message) = begin(&authority);
    let first = transaction.read(&authority.pki_operation(&message, now));
    assert_eq!(first, Ok(Reply::Pending));
    assert!(authority.reject(transaction.id()));
    assert!(!authority.reject(transaction.id()));
    let poll = transaction.poll().unwrap();
    let reply = transaction.read(&authority.pki_operation(&poll, now));
    assert!(matches!(reply, Err(Error::Refused { .. })), "{reply:?}");
}

#[test]
fn a_certificate_and_the_revocation_list_can_be_asked_for() {
    let mut authority = authority(|options| options.intermediate(true));
    let now = SystemTime::now();
    let leaf = enroll(&mut authority).certificate;
    let (ca, caps) = (trusted(&authority), caps(&authority));

    let (lookup, message) = Lookup::certificate(&KEY, &leaf, &serial(&leaf), &ca, &caps).unwrap();
    let found = lookup
        .read(&authority.pki_operation(&message, now))
        .unwrap();
    assert_eq!(found, leaf);
    let (lookup, message) = Lookup::certificate(&KEY, &leaf, &[1, 2, 3], &ca, &caps).unwrap();
    let missing = lookup.read(&authority.pki_operation(&message, now));
    assert!(matches!(missing, Err(Error::Refused { .. })), "{missing:?}");

    let (lookup, message) = Lookup::crl(&KEY, &leaf, &ca, &caps).unwrap();
    let crl = lookup
        .read(&authority.pki_operation(&message, now))
        .unwrap();
    assert_eq!(crl, authority.crl(now).unwrap());
    // Any other authority's list is not believed.
    let other = Authority::generate(AuthorityOptions::new("Acme", "right".into()), now).unwrap();
    assert!(other.crl(now).unwrap() != crl);

    // Whoever has no valid certificate learns nothing.
    assert!(authority.revoke_at(&hex::encode(serial(&leaf)), now));
    let (lookup, message) = Lookup::crl(&KEY, &leaf, &ca, &caps).unwrap();
    let refused = lookup.read(&authority.pki_operation(&message, now));
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
}

#[test]
fn the_next_ca_is_announced_by_the_present_one_and_then_takes_over() {
    let mut authority = authority(|options| options.intermediate(true));
    let now = SystemTime::now();
    let before = enroll(&mut authority).certificate;
    let ca = trusted(&authority);
    assert!(!caps(&authority).next_ca());
    assert!(authority.get_next_ca_cert().is_none());

    authority.prepare_next(now).unwrap();
    assert!(caps(&authority).next_ca());
    let saved = serde_json::to_string(&authority.state().unwrap()).unwrap();
    let mut authority = Authority::from_state(serde_json::from_str(&saved).unwrap()).unwrap();
    let (content_type, body) = authority.get_next_ca_cert().unwrap();
    assert_eq!(content_type, "application/x-x509-next-ca-cert");
    let next = ca.next(&body).unwrap();
    let pin = Fingerprint::sha256_of_der(authority.next_root_certificate().unwrap()).unwrap();
    let next = next.pin(&pin).unwrap();
    // Another CA cannot announce it.
    let other = Authority::generate(AuthorityOptions::new("Acme", "right".into()), now).unwrap();
    assert_eq!(trusted(&other).next(&body), Err(Error::UntrustedSigner));
    let mut changed = body.clone();
    let middle = body.len() / 2;
    changed[middle] ^= 1;
    assert!(ca.next(&changed).is_err());

    assert!(authority.roll_over());
    assert!(!authority.roll_over());
    assert_eq!(trusted(&authority), next);
    let after = enroll(&mut authority).certificate;
    assert!(before != after);
    for leaf in [&before, &after] {
        authority.verify_leaf(leaf, now).unwrap();
    }
    let year = Duration::from_secs(366 * 86_400);
    // Each list answers for the certificates of its own CA.
    let list = |authority: &Authority| authority.crl(now).unwrap().len();
    let empty = list(&authority);
    assert!(authority.revoke_at(&hex::encode(serial(&before)), now));
    assert_eq!(list(&authority), empty);
    assert!(authority.revoke_at(&hex::encode(serial(&after)), now));
    assert!(list(&authority) > empty);
    let expired = authority.verify_leaf(&before, now + year);
    assert_eq!(expired, Err(LeafError::Expired));
}
