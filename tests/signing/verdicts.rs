//! Each fault costs the verdict that it concerns, and no other.

use std::time::{Duration, SystemTime};

use mobileconfig::cms::{
    self, ChainProblem, ChainVerdict, Digest, SignatureVerdict, Signer, SignerVerdict, Signing,
    TimeVerdict, Trust, verify,
};

use crate::certificates::{Certificates, LEAF, assert_good, only, profile};

#[test]
fn a_tampered_byte_of_the_content_costs_the_signature_and_nothing_else() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let signed = profile().sign(&files.identity("p256")).unwrap();
    let at = signed
        .windows(11)
        .position(|window| window == b"com.okta.mo")
        .unwrap();
    let mut tampered = signed.clone();
    tampered[at] ^= 1;
    let verdicts = only(&tampered, &files.trust());
    assert_eq!(verdicts.signature, SignatureVerdict::ContentChanged);
    assert_eq!(
        (&verdicts.chain, &verdicts.time),
        (&ChainVerdict::Trusted, &TimeVerdict::Valid)
    );

    let mut tampered = signed.clone();
    *tampered.last_mut().unwrap() ^= 1;
    let verdicts = only(&tampered, &files.trust());
    assert_eq!(verdicts.signature, SignatureVerdict::Invalid);
    assert_eq!(
        (&verdicts.chain, &verdicts.time),
        (&ChainVerdict::Trusted, &TimeVerdict::Valid)
    );
}

#[test]
fn every_byte_that_is_changed_is_noticed() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let content = b"<plist/>";
    let signed = cms::sign(content, &files.identity("p256")).unwrap();
    for at in 0..signed.len() {
        let mut tampered = signed.clone();
        tampered[at] ^= 0x40;
        let Ok(verified) = verify(&tampered, &files.trust()) else {
            continue;
        };
        let unchanged = verified.content == content;
        for verdicts in &verified.signers {
            let good = verdicts.signature == SignatureVerdict::Valid
                && verdicts.chain == ChainVerdict::Trusted;
            // What nobody signed may change: the version, the list of digests, how the signer is named.
            assert!(!good || unchanged, "byte {at} was changed unnoticed");
        }
    }
}

#[test]
fn a_signature_taken_from_other_content_is_noticed() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let identity = files.identity("rsa");
    let unsigned = |content| {
        Signing::new()
            .prepare(content, identity.certificates())
            .unwrap()
    };
    let foreign = identity
        .key()
        .sign(Digest::Sha256, unsigned(b"other").message())
        .unwrap();
    assert!(
        unsigned(b"content")
            .finish(foreign)
            .unwrap_err()
            .is_signature()
    );
}

#[test]
fn a_wrong_root_costs_the_chain_and_nothing_else() {
    let Some(files) = Certificates::new() else {
        return;
    };
    files.root("stranger");
    let signed = profile().sign(&files.identity("rsa")).unwrap();
    let verdicts = only(&signed, &Trust::new(&[files.der("stranger")]));
    assert_eq!(verdicts.signature, SignatureVerdict::Valid);
    assert_eq!(verdicts.time, TimeVerdict::Valid);
    let problem = ChainProblem::IssuerNotFound("CN=root,O=Example".into());
    let subject = "CN=ca,O=Example".into();
    assert_eq!(verdicts.chain, ChainVerdict::Untrusted { subject, problem });

    let nobody: [&[u8]; 0] = [];
    assert_eq!(
        only(&signed, &Trust::new(&nobody)).chain,
        ChainVerdict::NoRoots
    );
}

#[test]
fn a_root_of_the_same_name_and_another_key_is_no_root() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let signed = profile().sign(&files.identity("rsa")).unwrap();
    files.root("root");
    let problem = ChainProblem::BadSignature;
    let subject = "CN=ca,O=Example".into();
    assert_eq!(
        only(&signed, &files.trust()).chain,
        ChainVerdict::Untrusted { subject, problem }
    );
}

#[test]
fn an_expired_leaf_costs_the_time_and_nothing_else() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let signed = profile().sign(&files.identity("p256")).unwrap();
    let days = |days: u64| Duration::from_secs(days * 24 * 3600);
    let later = only(&signed, &files.trust().at(SystemTime::now() + days(60)));
    assert_eq!(
        (&later.signature, &later.chain),
        (&SignatureVerdict::Valid, &ChainVerdict::Trusted)
    );
    assert!(
        matches!(&later.time, TimeVerdict::Expired { subject, .. } if subject == "CN=p256,O=Example"),
        "{later:?}"
    );
    let earlier = only(&signed, &files.trust().at(SystemTime::now() - days(60)));
    assert!(matches!(earlier.time, TimeVerdict::NotYetValid { .. }));
    assert_eq!(earlier.chain, ChainVerdict::Trusted);
    // OpenSSL agrees about the day.
    files.write("ours", &signed);
    let at = SystemTime::now() + days(60);
    let at = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        .to_string();
    let said = files.openssl_fails(&[
        "cms", "-verify", "-inform", "DER", "-in", "ours", "-CAfile", "root.pem", "-purpose",
        "any", "-attime", &at,
    ]);
    assert!(said.contains("expired"), "{said}");
}

#[test]
fn the_expected_signer_is_told_from_another() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let signed = profile().sign(&files.identity("p256")).unwrap();
    let signer = |trust| only(&signed, &trust).signer;
    assert_eq!(signer(files.trust()), SignerVerdict::NotAsked);
    assert_eq!(
        signer(files.trust().expect_signer(files.der("p256"))),
        SignerVerdict::Expected
    );
    assert_eq!(
        signer(files.trust().expect_signer(files.der("rsa"))),
        SignerVerdict::Other
    );
}

#[test]
fn without_the_signers_certificate_nothing_is_claimed() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let signed = files.signed_by_openssl("rsa", &["-nocerts"]);
    let verdicts = only(&signed, &files.trust());
    assert_eq!(verdicts.signature, SignatureVerdict::NoCertificate);
    assert_eq!(verdicts.chain, ChainVerdict::NoCertificate);
    assert_eq!(verdicts.time, TimeVerdict::NoCertificate);
    assert_eq!(verdicts.signer, SignerVerdict::NoCertificate);
    // The caller may have it.
    let known = files
        .trust()
        .intermediates(&[files.der("rsa"), files.der("ca")]);
    assert_good(&only(&signed, &known));
}

#[test]
fn two_signers_get_verdicts_of_their_own() {
    let Some(files) = Certificates::new() else {
        return;
    };
    files.root("stranger");
    files.issue("other", "stranger", &["rsa:2048"], LEAF, 30);
    let signed = files.signed_by_openssl(
        "rsa",
        &[
            "-certfile",
            "ca.pem",
            "-signer",
            "other.pem",
            "-inkey",
            "other.key",
        ],
    );
    let verified = verify(&signed, &files.trust()).unwrap();
    let trusted: Vec<_> = verified
        .signers
        .iter()
        .map(|one| one.chain == ChainVerdict::Trusted)
        .collect();
    assert_eq!(verified.signers.len(), 2);
    assert_eq!(trusted.iter().filter(|trusted| **trusted).count(), 1);
    assert!(
        verified
            .signers
            .iter()
            .all(|one| one.signature == SignatureVerdict::Valid)
    );
}
