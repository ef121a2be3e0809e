//! Keys from files of every form, and keys held elsewhere.

use mobileconfig::cms::{Digest, Error, Identity, KeyType, PrivateKey, Signer, Signing, verify};
use secrecy::SecretString;

use crate::certificates::{Certificates, profile};

/// A key held elsewhere, behind a service that answers as it is told.
struct Service<'a>(&'a PrivateKey, fn(Vec<u8>) -> Vec<u8>);

impl Signer for Service<'_> {
    fn sign(&self, digest: Digest, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.0.sign(digest, message).map(self.1)
    }
}

#[test]
fn a_key_held_elsewhere_signs_and_its_wrong_answers_are_refused() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let identity = files.identity("p256");
    let sign = |key, answer| {
        Signing::new().sign_with(b"content", identity.certificates(), &Service(key, answer))
    };
    let signed = sign(identity.key(), |signature| signature).unwrap();
    assert_eq!(files.verified_by_openssl(&signed), b"content");
    assert!(
        sign(identity.key(), |signature| signature[2..].to_vec())
            .unwrap_err()
            .is_signature()
    );
    let other = PrivateKey::generate(KeyType::P256).unwrap();
    assert!(
        sign(&other, |signature| signature)
            .unwrap_err()
            .is_signature()
    );
}

#[test]
fn every_form_of_key_file_is_read() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let password = SecretString::from("pass wörd");
    let pass = "pass:pass wörd";
    for (name, traditional) in [
        ("rsa", "RSA PRIVATE KEY"),
        ("p256", "EC PRIVATE KEY"),
        ("p384", "EC PRIVATE KEY"),
    ] {
        let key = format!("{name}.key");
        let public = files.identity(name).key().public_key().clone();
        let check = |what: &str, password: Option<&SecretString>| {
            let read = PrivateKey::from_file(files.read("out"), password);
            assert_eq!(
                read.map_err(|error| format!("{what}: {error}"))
                    .unwrap()
                    .public_key(),
                &public
            );
        };
        let kind = if name == "rsa" { "rsa" } else { "ec" };
        let mut arguments = vec![kind, "-in", &key, "-out", "out"];
        if name == "rsa" {
            arguments.push("-traditional");
        }
        files.openssl(&arguments);
        assert!(
            String::from_utf8(files.read("out"))
                .unwrap()
                .contains(traditional)
        );
        check("traditional PEM", None);
        arguments.extend(["-outform", "DER"]);
        files.openssl(&arguments);
        check("traditional DER", None);
        files.openssl(&[
            "pkcs8", "-topk8", "-nocrypt", "-in", &key, "-outform", "DER", "-out", "out",
        ]);
        check("PKCS#8 DER", None);
        for protection in [
            &["-v2", "aes-256-cbc"][..],
            &["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"],
            &["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"],
            &["-v2", "des3"],
            &["-scrypt"],
        ] {
            let mut arguments = vec![
                "pkcs8", "-topk8", "-in", &key, "-passout", pass, "-out", "out",
            ];
            arguments.extend(protection);
            files.openssl(&arguments);
            check(&format!("{protection:?}"), Some(&password));
            assert!(
                PrivateKey::from_file(files.read("out"), None)
                    .unwrap_err()
                    .is_password()
            );
            let wrong = PrivateKey::from_file(files.read("out"), Some(&"wrong".into()));
            assert!(wrong.unwrap_err().is_password());
        }
        let mut arguments = vec![
            kind, "-in", &key, "-aes128", "-passout", pass, "-out", "out",
        ];
        if name == "rsa" {
            arguments.push("-traditional");
        }
        files.openssl(&arguments);
        let error = PrivateKey::from_file(files.read("out"), Some(&password)).unwrap_err();
        assert!(
            error.is_key() && error.to_string().contains("openssl pkcs8 -topk8"),
            "{error}"
        );
    }
}

#[test]
fn pkcs12_files_new_and_old_are_read() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let password = SecretString::from("pass wörd");
    // Once without protection of the certificates, and then as Keychain Access and OpenSSL 1 write it.
    for form in [
        &[][..],
        &["-macalg", "sha512"],
        &["-certpbe", "NONE"],
        &["-keypbe", "NONE"],
        &["-legacy"],
        &[
            "-legacy",
            "-keypbe",
            "PBE-SHA1-3DES",
            "-certpbe",
            "PBE-SHA1-3DES",
        ],
    ] {
        for name in ["rsa", "p256"] {
            let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
            let chain = [files.read("ca.pem"), files.read("root.pem")].concat();
            files.write("chain.pem", chain);
            let mut arguments = vec![
                "pkcs12",
                "-export",
                "-inkey",
                &key,
                "-in",
                &certificate,
                "-certfile",
                "chain.pem",
                "-passout",
                "pass:pass wörd",
                "-out",
                "out",
            ];
            arguments.extend(form);
            files.openssl(&arguments);
            let identity = Identity::from_file(files.read("out"), Some(&password))
                .map_err(|error| format!("{form:?}: {error}"))
                .unwrap();
            assert_eq!(
                identity.key().public_key(),
                files.identity(name).key().public_key()
            );
            assert_eq!(
                identity.certificates(),
                files.identity(name).certificates(),
                "without the root"
            );
            let wrong = Identity::from_file(files.read("out"), Some(&"wrong".into()));
            assert!(wrong.unwrap_err().is_password());
            assert!(
                Identity::from_file(files.read("out"), None)
                    .unwrap_err()
                    .is_password()
            );
        }
    }
}

#[test]
fn a_key_and_a_strangers_certificate_are_no_identity() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let bundle = [files.read("rsa.key"), files.read("p256.pem")].concat();
    let error = Identity::from_file(bundle, None).unwrap_err();
    assert!(error.is_key() && error.to_string().contains("none of the certificates"));
    let bundle = [
        files.read("rsa.key"),
        files.read("rsa.pem"),
        files.read("p256.pem"),
    ]
    .concat();
    let error = Identity::from_file(bundle, None).unwrap_err();
    assert!(error.to_string().contains("CN=p256"), "{error}");
}

#[test]
fn no_debug_text_shows_a_key_or_content() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let identity = files.identity("rsa");
    let signed = profile().sign(&identity).unwrap();
    let verified = verify(&signed, &files.trust()).unwrap();
    let unsigned = Signing::new()
        .prepare(b"hunter2", identity.certificates())
        .unwrap();
    let text = format!("{identity:?} {verified:?} {unsigned:?}");
    assert!(
        !text.contains("hunter2") && !text.contains("com.okta.mobile"),
        "{text}"
    );
    assert!(text.contains("PrivateKey(RSA 2048)"));
}
