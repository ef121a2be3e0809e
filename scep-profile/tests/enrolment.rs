//! Device and authority talk to each other, without a network.

#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, missing_docs)]

use proptest::prelude::*;
use scep_profile::message::{
    CaCertificates, Capabilities, CertificateRequest, EnrollmentKey, Error, FailInfo, Issued,
    Reply, Transaction, TrustedCa, verify_signature,
};
use scep_profile::server::{Authority, AuthorityOptions, AuthorityState, LeafError, Outcome};
use scep_profile::{CaCertificate, Fingerprint, FingerprintAlgorithm, KeySize, KeyUsage, Subject};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, SystemTime};

const SECRET: &str = "correct-horse-battery";
const YEAR: Duration = Duration::from_secs(365 * 86_400);
const HOUR: Duration = Duration::from_secs(3600);

/// Generating RSA keys is the slow part of every test, so they share two.
static KEY: LazyLock<EnrollmentKey> =
    LazyLock::new(|| EnrollmentKey::generate(KeySize::Rsa2048).unwrap());
static OTHER_KEY: LazyLock<EnrollmentKey> =
    LazyLock::new(|| EnrollmentKey::generate(KeySize::Rsa2048).unwrap());

fn authority(change: impl Fn(AuthorityOptions) -> AuthorityOptions) -> Authority {
    let options = change(AuthorityOptions::new("Acme", SECRET.into()));
    Authority::generate(options, SystemTime::now()).unwrap()
}

fn caps(authority: &Authority) -> Capabilities {
    Capabilities::parse(&authority.get_ca_caps())
}

fn trusted(authority: &Authority) -> TrustedCa {
    let pin = Fingerprint::sha256_of_der(authority.root_certificate()).unwrap();
    CaCertificates::parse(&authority.get_ca_cert().1)
        .unwrap()
        .pin(&pin)
        .unwrap()
}

fn request(challenge: &str) -> CertificateRequest {
    CertificateRequest::new(Subject::default()).challenge(challenge.to_owned().into())
}

fn begin(authority: &Authority, request: &CertificateRequest) -> (Transaction, Vec<u8>) {
    Transaction::enroll(&KEY, request, &trusted(authority), &caps(authority)).unwrap()
}

fn enroll(authority: &mut Authority, request: &CertificateRequest) -> Result<Issued, Error> {
    let (transaction, message) = begin(authority, request);
    match transaction.read(&authority.pki_operation(&message, SystemTime::now()))? {
        Reply::Issued(issued) => Ok(issued),
        Reply::Pending => panic!("not asked to wait"),
    }
}

/// The certificate of a device that somebody has approved.
fn enroll_by_hand(authority: &mut Authority, key: &EnrollmentKey) -> Vec<u8> {
    let now = SystemTime::now();
    let (trusted, caps) = (trusted(authority), caps(authority));
    let (mut transaction, message) =
        Transaction::enroll(key, &request(SECRET), &trusted, &caps).unwrap();
    authority.pki_operation(&message, now);
    assert!(authority.approve(transaction.id()));
    let message = transaction.poll().unwrap();
    match transaction
        .read(&authority.pki_operation(&message, now))
        .unwrap()
    {
        Reply::Issued(issued) => issued.certificate,
        Reply::Pending => panic!("approved"),
    }
}

fn refused(result: Result<Issued, Error>) -> FailInfo {
    match result {
        Err(Error::Refused { fail_info, .. }) => fail_info,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn the_right_challenge_gives_a_certificate_for_our_key() {
    for intermediate in [false, true] {
        let mut authority = authority(|options| options.intermediate(intermediate));
        let issued = enroll(
            &mut authority,
            &request(SECRET).rfc822_name("a@example.com"),
        )
        .unwrap();
        assert_eq!(issued.weaknesses, []);
        let leaf = CaCertificate::from_der(&issued.certificate).unwrap();
        assert_eq!(leaf.subject(), "CN=cert");
        let usage = leaf.key_usage().unwrap();
        assert!(usage.digital_signature() && !usage.key_encipherment() && !leaf.is_ca());
        let (from, to) = leaf.validity();
        let days = to.duration_since(from).unwrap().as_secs() / 86_400;
        assert_eq!(days, 365);
        let nonce = b"sign this";
        verify_signature(&issued.certificate, nonce, &KEY.sign(nonce).unwrap()).unwrap();
        assert!(
            verify_signature(&issued.certificate, nonce, &OTHER_KEY.sign(nonce).unwrap()).is_err()
        );
        assert_eq!(authority.issued().len(), 1);
        assert!(
            issued
                .others
                .contains(&authority.issuer_certificate().to_vec())
        );
    }
}

#[test]
fn a_wrong_or_missing_challenge_is_refused_and_issues_nothing() {
    let mut authority = authority(|options| options);
    assert_eq!(
        refused(enroll(&mut authority, &request("wrong"))),
        FailInfo::BadRequest
    );
    assert_eq!(
        refused(enroll(
            &mut authority,
            &CertificateRequest::new(Subject::default())
        )),
        FailInfo::BadRequest
    );
    assert_eq!(authority.issued(), []);
}

#[test]
fn every_refusal_looks_the_same() {
    let mut authority = authority(|options| options);
    let (transaction, wrong_challenge) = begin(&authority, &request("wrong"));
    // To another authority: its envelope cannot be opened here, and the padding of the wrapped key is wrong.
    let elsewhere = Authority::generate(
        AuthorityOptions::new("Other", SECRET.into()),
        SystemTime::now(),
    )
    .unwrap();
    let (other, undecryptable) = begin(&elsewhere, &request(SECRET));
    let now = SystemTime::now();
    let one = authority.handle(&wrong_challenge, now);
    let two = authority.handle(&undecryptable, now);
    assert!(matches!(&one.outcome, Outcome::Refused(why) if why.contains("challenge")));
    assert!(matches!(&two.outcome, Outcome::Refused(why) if why.contains("decrypted")));
    assert_eq!(one.reply.len(), two.reply.len());
    assert!(matches!(
        transaction.read(&one.reply),
        Err(Error::Refused {
            fail_info: FailInfo::BadRequest,
            ..
        })
    ));
    // The other device pinned the other authority, so it does not even believe the refusal.
    assert_eq!(other.read(&two.reply), Err(Error::UntrustedSigner));
    assert!(!authority.handle(b"rubbish", now).reply.is_empty());
}

#[test]
fn another_ca_than_the_pinned_one_is_not_spoken_to() {
    let (ours, theirs) = (authority(|options| options), authority(|options| options));
    let pin = Fingerprint::sha256_of_der(ours.root_certificate()).unwrap();
    let error = CaCertificates::parse(&theirs.get_ca_cert().1)
        .unwrap()
        .pin(&pin)
        .unwrap_err();
    assert!(
        matches!(&error, Error::CaMismatch { pinned, .. } if *pinned == pin),
        "{error}"
    );
    let seen = Fingerprint::sha256_of_der(theirs.root_certificate()).unwrap();
    assert!(error.to_string().contains(&seen.colon_hex()), "{error}");
}

#[test]
fn pinning_the_root_trusts_the_intermediate_and_encrypts_to_it() {
    let authority = authority(|options| options.intermediate(true));
    for algorithm in FingerprintAlgorithm::ALL {
        let pin = Fingerprint::of_der(algorithm, authority.root_certificate()).unwrap();
        let ca = CaCertificates::parse(&authority.get_ca_cert().1)
            .unwrap()
            .pin(&pin)
            .unwrap();
        assert_eq!(ca.anchor().der(), authority.root_certificate());
        assert_eq!(ca.recipient().der(), authority.issuer_certificate());
        assert_eq!(ca.weaknesses(SystemTime::now()), []);
    }
}

#[test]
fn a_device_certificate_slipped_into_getcacert_does_not_pass_for_the_ra() {
    let mut authority = authority(|options| options);
    let leaf = enroll(&mut authority, &request(SECRET))
        .unwrap()
        .certificate;
    let ca = slipped_in(authority.root_certificate(), &leaf);
    assert_eq!(ca.certificates().len(), 1);
    assert_eq!(ca.recipient().der(), authority.root_certificate());
}

/// What becomes of an answer to GetCACert with a certificate beside the pinned one.
fn slipped_in(root: &[u8], other: &[u8]) -> TrustedCa {
    use der::Encode;
    use mobileconfig::cms::{self, ContentInfo, SignedData};
    let signed = SignedData::certificates_only(&[other, root]).unwrap();
    let answer = ContentInfo::wrap(cms::oid::ID_SIGNED_DATA, &signed)
        .unwrap()
        .to_der()
        .unwrap();
    let pin = Fingerprint::sha256_of_der(root).unwrap();
    CaCertificates::parse(&answer).unwrap().pin(&pin).unwrap()
}

#[test]
fn a_changed_reply_is_never_believed() {
    let mut authority = authority(|options| options);
    let (transaction, message) = begin(&authority, &request(SECRET));
    let reply = authority.pki_operation(&message, SystemTime::now());
    let Reply::Issued(genuine) = transaction.read(&reply).unwrap() else {
        panic!()
    };
    for position in (0..reply.len()).step_by(7) {
        let mut changed = reply.clone();
        changed[position] ^= 0x41;
        match transaction.read(&changed) {
            Err(_) => {}
            // Not all of a reply is signed: the certificates it brings along are not, and are not used.
            Ok(Reply::Issued(issued)) => {
                assert_eq!(issued.certificate, genuine.certificate, "byte {position}");
            }
            Ok(Reply::Pending) => panic!("byte {position}"),
        }
    }
}

#[test]
fn a_changed_request_gets_no_other_certificate() {
    let mut authority = authority(|options| options);
    let (_, message) = begin(&authority, &request(SECRET));
    let mut refused = 0;
    for position in (0..message.len()).step_by(11) {
        let mut changed = message.clone();
        changed[position] ^= 0x41;
        let handled = authority.handle(&changed, SystemTime::now());
        refused += usize::from(matches!(handled.outcome, Outcome::Refused(_)));
    }
    // Nothing signs the list of digests, or the signature of the temporary certificate: a change there goes unnoticed
    // and changes nothing.
    for issued in authority.issued() {
        let leaf = CaCertificate::from_der(&issued.der()).unwrap();
        let key = leaf.x509().tbs_certificate().subject_public_key_info();
        assert_eq!(key.subject_public_key.raw_bytes(), KEY.public_key_pkcs1());
        assert_eq!(issued.subject, "CN=cert");
    }
    assert!(
        refused > message.len() / 11 / 2,
        "{refused} of {}",
        message.len() / 11
    );
}

/// An authority, a transaction with it, the request and the reply.
type Messages = (Mutex<Authority>, Transaction, Vec<u8>, Vec<u8>);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn cut_or_garbled_messages_are_refused_without_panic(
        at in any::<prop::sample::Index>(),
        garbage in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        static MESSAGES: LazyLock<Messages> = LazyLock::new(|| {
            let mut authority = authority(|options| options.intermediate(true));
            let (transaction, message) = begin(&authority, &request(SECRET));
            let reply = authority.pki_operation(&message, SystemTime::now());
            (Mutex::new(authority), transaction, message, reply)
        });
        let (authority, transaction, message, reply) = &*MESSAGES;
        let mut authority = authority.lock().unwrap();
        let spoil = |bytes: &[u8]| [&bytes[..at.index(bytes.len())], &garbage].concat();
        prop_assert!(transaction.read(&spoil(reply)).is_err());
        let outcome = authority.handle(&spoil(message), SystemTime::now()).outcome;
        prop_assert!(matches!(outcome, Outcome::Refused(_)));
        prop_assert!(CaCertificates::parse(&spoil(&authority.get_ca_cert().1)).is_err());
    }
}

#[test]
fn a_reply_to_another_request_is_refused() {
    let mut authority = authority(|options| options);
    let (first, message) = begin(&authority, &request(SECRET));
    let (second, _) = begin(&authority, &request(SECRET));
    let (other_key, _) = Transaction::enroll(
        &OTHER_KEY,
        &request(SECRET),
        &trusted(&authority),
        &caps(&authority),
    )
    .unwrap();
    let reply = authority.pki_operation(&message, SystemTime::now());
    assert!(first.read(&reply).is_ok());
    assert_eq!(second.read(&reply), Err(Error::NonceMismatch));
    assert_eq!(other_key.read(&reply), Err(Error::TransactionMismatch));
}

#[test]
fn a_repeated_request_gets_the_same_certificate() {
    let mut authority = authority(|options| options);
    let first = enroll(&mut authority, &request(SECRET)).unwrap();
    let second = enroll(&mut authority, &request(SECRET)).unwrap();
    assert_eq!(first.certificate, second.certificate);
    assert_eq!(authority.issued().len(), 1);
}

#[test]
fn approval_by_hand_is_pending_until_approved() {
    let mut authority = authority(|options| options.manual_approval(true));
    let now = SystemTime::now();
    let (mut transaction, message) = begin(&authority, &request(SECRET));
    let id = transaction.id().clone();
    assert_eq!(
        transaction.read(&authority.pki_operation(&message, now)),
        Ok(Reply::Pending)
    );
    let poll = transaction.poll().unwrap();
    assert_eq!(
        transaction.read(&authority.pki_operation(&poll, now)),
        Ok(Reply::Pending)
    );
    assert!(authority.pending().eq([id.clone()]));

    // A world that is saved and loaded in between forgets nothing.
    let saved = serde_json::to_string(&authority.state().unwrap()).unwrap();
    let mut authority = Authority::from_state(serde_json::from_str(&saved).unwrap()).unwrap();
    assert!(authority.approve(&id));
    let poll = transaction.poll().unwrap();
    assert!(matches!(
        transaction.read(&authority.pki_operation(&poll, now)),
        Ok(Reply::Issued(_))
    ));
    assert_eq!(authority.pending().count(), 0);
}

#[test]
fn renewal_is_refused_unless_configured() {
    for renewal in [false, true] {
        let mut authority = authority(|options| options.renewal(renewal));
        assert_eq!(caps(&authority).renewal(), renewal);
        let old = enroll(&mut authority, &request(SECRET)).unwrap();
        let asked = CertificateRequest::new(Subject::default());
        let (transaction, message) = Transaction::renew(
            &OTHER_KEY,
            &asked,
            &KEY,
            &old.certificate,
            &trusted(&authority),
            &caps(&authority),
        )
        .unwrap();
        let reply = transaction.read(&authority.pki_operation(&message, SystemTime::now()));
        assert_eq!(matches!(reply, Ok(Reply::Issued(_))), renewal, "{reply:?}");
        assert_eq!(authority.issued().len(), if renewal { 2 } else { 1 });
    }
}

/// The old key signs until the new certificate is there, the polls too.
#[test]
fn a_renewal_that_waits_for_approval_is_polled_for_with_the_old_key() {
    let mut authority = authority(|options| options.renewal(true).manual_approval(true));
    let now = SystemTime::now();
    let old = enroll_by_hand(&mut authority, &KEY);
    let third = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
    let third_leaf = enroll_by_hand(&mut authority, &third);

    let asked = CertificateRequest::new(Subject::default());
    let (mut renewal, message) = Transaction::renew(
        &OTHER_KEY,
        &asked,
        &KEY,
        &old,
        &trusted(&authority),
        &caps(&authority),
    )
    .unwrap();
    let reply = authority.pki_operation(&message, now);
    assert!(matches!(renewal.read(&reply), Ok(Reply::Pending)));
    let state = serde_json::to_string(&authority.state().unwrap()).unwrap();
    let mut authority = Authority::from_state(serde_json::from_str(&state).unwrap()).unwrap();
    assert!(authority.approve(renewal.id()));

    // Another device that knows the transaction does not get it.
    let (trusted, caps) = (trusted(&authority), caps(&authority));
    let (mut stranger, _) =
        Transaction::renew(&OTHER_KEY, &asked, &third, &third_leaf, &trusted, &caps).unwrap();
    assert_eq!(stranger.id(), renewal.id());
    let reply = authority.pki_operation(&stranger.poll().unwrap(), now);
    assert!(matches!(stranger.read(&reply), Err(Error::Refused { .. })));

    let message = renewal.poll().unwrap();
    let Reply::Issued(new) = renewal
        .read(&authority.pki_operation(&message, now))
        .unwrap()
    else {
        panic!("approved")
    };
    authority.verify_leaf(&new.certificate, now).unwrap();
    assert_ne!(new.certificate, old);
    // The answer got lost: the same poll brings the same certificate.
    let message = renewal.poll().unwrap();
    let again = renewal
        .read(&authority.pki_operation(&message, now))
        .unwrap();
    let Reply::Issued(again) = again else {
        panic!()
    };
    assert_eq!(again.certificate, new.certificate);
    assert_eq!(authority.issued().len(), 3);
}

#[test]
fn a_renewal_does_not_give_a_device_another_name() {
    let mut authority = authority(|options| options.renewal(true));
    let old = enroll(&mut authority, &request(SECRET)).unwrap();
    let other = CertificateRequest::new("CN=another".parse().unwrap());
    let (transaction, message) = Transaction::renew(
        &OTHER_KEY,
        &other,
        &KEY,
        &old.certificate,
        &trusted(&authority),
        &caps(&authority),
    )
    .unwrap();
    let reply = transaction.read(&authority.pki_operation(&message, SystemTime::now()));
    assert!(matches!(reply, Err(Error::Refused { .. })), "{reply:?}");
    assert_eq!(authority.issued().len(), 1);
}

#[test]
fn a_leaf_counts_only_while_valid_and_from_this_authority() {
    let (mut authority, other) = (authority(|options| options), authority(|options| options));
    let now = SystemTime::now();
    let leaf = enroll(&mut authority, &request(SECRET))
        .unwrap()
        .certificate;
    let serial = authority.verify_leaf(&leaf, now).unwrap().serial.clone();
    assert_eq!(other.verify_leaf(&leaf, now), Err(LeafError::NotIssuedHere));
    assert_eq!(authority.verify_leaf(b"x", now), Err(LeafError::Malformed));
    assert_eq!(
        authority.verify_leaf(&leaf, now + YEAR + HOUR),
        Err(LeafError::Expired)
    );
    assert_eq!(
        authority.verify_leaf(&leaf, now - YEAR),
        Err(LeafError::NotYetValid)
    );
    // Its own root is signed by it, and is still no device.
    assert_eq!(
        authority.verify_leaf(authority.root_certificate(), now),
        Err(LeafError::NotIssuedHere)
    );
    assert!(authority.revoke(&serial));
    assert_eq!(authority.verify_leaf(&leaf, now), Err(LeafError::Revoked));
}

#[test]
fn a_new_challenge_shuts_the_old_one_out() {
    let mut authority = authority(|options| options);
    authority.reset_challenge("new".into());
    assert_eq!(
        refused(enroll(&mut authority, &request(SECRET))),
        FailInfo::BadRequest
    );
    assert!(enroll(&mut authority, &request("new")).is_ok());
}

#[test]
fn secrets_are_in_no_debug_output() {
    let mut authority = authority(|options| options.manual_approval(true));
    let (transaction, message) = begin(&authority, &request(SECRET));
    authority.pki_operation(&message, SystemTime::now());
    let state: AuthorityState = authority.state().unwrap();
    let text = format!(
        "{authority:?} {state:?} {transaction:?} {:?} {:?}",
        request(SECRET),
        *KEY
    );
    assert!(!text.contains(SECRET), "{text}");
    assert!(
        !text.contains("PRIVATE KEY") && !text.contains("CERTIFICATE REQUEST"),
        "{text}"
    );
    // The saved state does hold them: it is the one place that has to.
    assert!(serde_json::to_string(&state).unwrap().contains(SECRET));
}

#[test]
fn key_usage_of_the_payload_becomes_the_extension() {
    for (usage, der) in [
        (KeyUsage::SIGNING, "03020780"),
        (KeyUsage::BOTH, "030205a0"),
        (KeyUsage::ENCRYPTION, "03020520"),
    ] {
        let csr = hex::encode(request(SECRET).key_usage(usage).to_der(&KEY).unwrap());
        assert!(csr.contains(der), "{usage:?}");
    }
}
