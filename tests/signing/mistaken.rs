//! Files that people take for a signed profile, and signed profiles in unusual clothes.

use mobileconfig::{
    Error, Note, Profile,
    cms::{Identity, PrivateKey, SignatureVerdict, Trust, read_certificates, sign, verify},
};

use crate::certificates::{Certificates, profile};

fn refused(file: impl AsRef<[u8]>) -> Error {
    let error = Profile::from_bytes(file).unwrap_err();
    assert!(error.is_cms(), "{error}");
    error
}

#[test]
fn certificates_only_are_no_profile_and_no_signature() {
    let Some(files) = Certificates::new() else {
        return;
    };
    for form in ["DER", "PEM"] {
        files.openssl(&[
            "crl2pkcs7",
            "-nocrl",
            "-certfile",
            "ca.pem",
            "-outform",
            form,
            "-out",
            "ca.p7b",
        ]);
        let bundle = files.read("ca.p7b");
        let error = refused(&bundle);
        assert!(
            error.to_string().contains("certificates only (.p7b)"),
            "{error}"
        );
        let root = read_certificates(files.read("root.pem")).unwrap();
        let error = verify(&bundle, &Trust::new(&root)).unwrap_err();
        assert!(error.is_content(), "{error}");
        assert!(
            error.to_string().contains("certificates only (.p7b)"),
            "{error}"
        );
        // What it is good for works.
        assert_eq!(read_certificates(&bundle).unwrap().len(), 1);
    }
}

#[test]
fn a_signed_message_in_a_signed_message_is_verified_and_not_taken_for_a_profile() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let inner = profile().sign(&files.identity("rsa")).unwrap();
    let outer = sign(&inner, &files.identity("p256")).unwrap();
    let error = refused(&outer);
    assert!(error.to_string().contains("another CMS message"), "{error}");

    let root = read_certificates(files.read("root.pem")).unwrap();
    let verified = verify(&outer, &Trust::new(&root)).unwrap();
    assert_eq!(verified.signers[0].signature, SignatureVerdict::Valid);
    assert_eq!(verified.content, inner);
    assert_eq!(Profile::from_bytes(&verified.content).unwrap(), profile());

    // The command that the error names takes the outer one off.
    files.write("OUTER", &outer);
    let text = error.to_string();
    let command = text.split('`').nth(1).unwrap();
    let arguments: Vec<_> = command
        .strip_prefix("openssl ")
        .unwrap()
        .split_whitespace()
        .collect();
    files.openssl(&[&arguments[..], &["-binary"]].concat());
    assert_eq!(files.read("INNER"), inner);
}

#[test]
fn an_encrypted_message_is_said_to_be_one() {
    let Some(files) = Certificates::new() else {
        return;
    };
    files.write("plain", profile().to_xml().unwrap()).openssl(&[
        "cms", "-encrypt", "-binary", "-in", "plain", "-outform", "DER", "-out", "sealed",
        "rsa.pem",
    ]);
    let error = refused(files.read("sealed"));
    assert!(
        error.to_string().contains("encrypted and not signed"),
        "{error}"
    );
    let signed = sign(&files.read("sealed"), &files.identity("p256")).unwrap();
    let error = refused(signed);
    assert!(error.to_string().contains("another CMS message"), "{error}");
}

#[test]
fn a_certificate_or_key_in_pem_is_said_to_be_one() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let error = refused(files.read("rsa.pem"));
    assert!(error.to_string().contains("is a certificate"), "{error}");
    let error = refused(files.read("rsa.key"));
    assert!(error.to_string().contains("is a key"), "{error}");
}

#[test]
fn attributes_before_the_armour_are_passed_over() {
    const BAG: &str = "Bag Attributes\n    friendlyName: Profile signing: 2026\n    localKeyID: 01 02 03 \n\
                       subject=O = Example, CN = rsa\n\nissuer=O = Example, CN = ca\n\n";
    let Some(files) = Certificates::new() else {
        return;
    };
    files.write("plain", profile().to_xml().unwrap()).openssl(&[
        "cms",
        "-sign",
        "-nodetach",
        "-binary",
        "-in",
        "plain",
        "-signer",
        "rsa.pem",
        "-inkey",
        "rsa.key",
        "-certfile",
        "ca.pem",
        "-outform",
        "PEM",
        "-out",
        "signed",
    ]);
    let signed = [BAG.as_bytes(), &files.read("signed")].concat();
    assert_eq!(
        Profile::read(&signed).unwrap(),
        (profile(), vec![Note::Signed])
    );
    let root = read_certificates(files.read("root.pem")).unwrap();
    let verified = verify(&signed, &Trust::new(&root)).unwrap();
    assert_eq!(verified.signers[0].signature, SignatureVerdict::Valid);

    // As openssl writes them itself.
    files.openssl(&[
        "pkcs12",
        "-export",
        "-in",
        "rsa.pem",
        "-inkey",
        "rsa.key",
        "-name",
        "signing",
        "-passout",
        "pass:x",
        "-out",
        "identity.p12",
    ]);
    files.openssl(&[
        "pkcs12",
        "-in",
        "identity.p12",
        "-nodes",
        "-passin",
        "pass:x",
        "-out",
        "identity.pem",
    ]);
    let identity = files.read("identity.pem");
    assert!(identity.starts_with(b"Bag Attributes"));
    let key = PrivateKey::from_file(&identity, None).unwrap();
    assert_eq!(key.public_key(), files.identity("rsa").key().public_key());
    assert!(Identity::from_file(&identity, None).is_ok());
}

#[test]
fn a_plist_with_armour_in_a_text_is_a_plist() {
    let armour = "-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n";
    let mut profile = profile();
    profile.description = Some(armour.to_owned());
    let xml = String::from_utf8(profile.to_xml().unwrap()).unwrap();
    for start in ["", "\u{feff}", "\n "] {
        assert_eq!(
            Profile::from_bytes(format!("{start}{xml}")).unwrap(),
            profile
        );
    }
    let mut binary = Vec::new();
    profile.to_value().to_writer_binary(&mut binary).unwrap();
    assert_eq!(Profile::from_bytes(binary).unwrap(), profile);
}
