//! OpenSSL believes what we sign, and we believe what OpenSSL signs.

use std::time::SystemTime;

use mobileconfig::{
    Note, Profile,
    cms::{ChainVerdict, Digest, SignatureVerdict, Signing},
};

use crate::certificates::{Certificates, LEAF, LEAVES, assert_good, long_profile, only, profile};

#[test]
fn openssl_believes_what_we_sign_with_every_key_and_digest() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let content = profile().to_xml().unwrap();
    for (name, _) in LEAVES {
        let identity = files.identity(name);
        assert_eq!(
            files.verified_by_openssl(&profile().sign(&identity).unwrap()),
            content,
            "{name}"
        );
        for digest in [Digest::Sha256, Digest::Sha384, Digest::Sha512] {
            let signing = Signing::new().digest(digest).time(SystemTime::now());
            let signed = signing.sign(&content, &identity).unwrap();
            assert_eq!(
                files.verified_by_openssl(&signed),
                content,
                "{name} {digest}"
            );
            assert_good(&only(&signed, &files.trust()));
        }
    }
}

#[test]
fn what_we_sign_has_the_shape_of_the_field() {
    let Some(files) = Certificates::new() else {
        return;
    };
    files.write("ours", profile().sign(&files.identity("p256")).unwrap());
    let text = files.openssl(&[
        "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", "ours",
    ]);
    let (certificates, signer) = text.split_once("signerInfos:").unwrap();
    // The leaf and its issuer, no root; two attributes.
    assert_eq!(certificates.matches("d.certificate:").count(), 2);
    assert_eq!(signer.matches("d.issuerAndSerialNumber:").count(), 1);
    assert_eq!(signer.matches("object: ").count(), 2, "{signer}");
    assert_eq!(signer.matches("object: contentType").count(), 1);
    assert_eq!(signer.matches("object: messageDigest").count(), 1);
    assert!(signer.contains("algorithm: ecdsa-with-SHA256"));
    let again = files.openssl(&["asn1parse", "-inform", "DER", "-in", "ours"]);
    assert!(!again.contains("inf"), "indefinite lengths: {again}");
}

#[test]
fn what_openssl_signs_is_believed_with_every_key_digest_and_form() {
    let Some(files) = Certificates::new() else {
        return;
    };
    for signer in ["rsa", "p256"] {
        for digest in ["sha256", "sha384", "sha512"] {
            for form in [&[][..], &["-stream"], &["-nosmimecap"], &["-noattr"]] {
                let mut more = vec!["-md", digest, "-certfile", "ca.pem"];
                more.extend(form);
                for profile in [profile(), long_profile()] {
                    let signed = files.profile_signed_by_openssl(&profile, signer, &more);
                    let verdicts = only(&signed, &files.trust());
                    assert_good(&verdicts);
                    assert_eq!(verdicts.path.len(), 3);
                    assert_eq!(verdicts.path[0].subject, format!("CN={signer},O=Example"));
                    // OpenSSL adds signingTime whenever there are attributes.
                    assert_eq!(verdicts.signing_time.is_some(), !form.contains(&"-noattr"));
                    assert_eq!(
                        Profile::read(&signed).unwrap(),
                        (profile, vec![Note::Signed])
                    );
                }
            }
        }
    }
}

#[test]
fn a_long_profile_that_openssl_signs_as_a_stream_comes_in_pieces() {
    let Some(files) = Certificates::new() else {
        return;
    };
    files.profile_signed_by_openssl(&long_profile(), "p256", &["-stream"]);
    assert!(files.pieces("signed") > 10);
}

#[test]
fn pem_armour_and_key_identifiers_are_read() {
    let Some(files) = Certificates::new() else {
        return;
    };
    files.issue(
        "named",
        "ca",
        &["rsa:2048"],
        &format!("{LEAF}subjectKeyIdentifier=hash\n"),
        30,
    );
    files.signed_by_openssl("named", &["-md", "sha256", "-certfile", "ca.pem", "-keyid"]);
    files.openssl(&[
        "cms", "-cmsout", "-inform", "DER", "-in", "signed", "-outform", "PEM", "-out", "pem",
    ]);
    assert_good(&only(&files.read("pem"), &files.trust()));
}

#[test]
fn a_weak_or_foreign_signature_is_not_checked_and_says_why() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let pss = files.signed_by_openssl(
        "rsa",
        &["-certfile", "ca.pem", "-keyopt", "rsa_padding_mode:pss"],
    );
    let verdicts = only(&pss, &files.trust());
    assert!(
        matches!(verdicts.signature, SignatureVerdict::Unsupported { .. }),
        "{verdicts:?}"
    );
    assert_eq!(verdicts.chain, ChainVerdict::Trusted);
    let sha1 = only(
        &files.signed_by_openssl("rsa", &["-certfile", "ca.pem", "-md", "sha1"]),
        &files.trust(),
    );
    assert_eq!(
        (sha1.signature, sha1.digest),
        (SignatureVerdict::Valid, Some(Digest::Sha1))
    );
}
