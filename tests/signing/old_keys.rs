//! Encrypted PKCS#8 from before PBES2, as `openssl pkcs8 -v1` writes it.

use mobileconfig::cms::PrivateKey;
use secrecy::SecretString;

use crate::certificates::Certificates;

const PASSWORD: &str = "pass wörd";
const PASS: &str = "pass:pass wörd";
const LEGACY: [&str; 4] = ["-provider", "legacy", "-provider", "default"];

fn protect(files: &Certificates, scheme: &str) -> Vec<u8> {
    let mut arguments = vec![
        "pkcs8", "-topk8", "-v1", scheme, "-in", "p256.key", "-passout", PASS, "-out", "old",
    ];
    arguments.extend(LEGACY);
    files.openssl(&arguments);
    files.read("old")
}

#[test]
fn keys_under_sha1_and_des_or_rc2_are_read() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let public = files.identity("p256").key().public_key().clone();
    let password = SecretString::from(PASSWORD);
    for scheme in [
        "PBE-SHA1-3DES",
        "PBE-SHA1-2DES",
        "PBE-SHA1-RC2-40",
        "PBE-SHA1-RC2-128",
        "PBE-SHA1-DES",
        "PBE-SHA1-RC2-64",
    ] {
        let file = protect(&files, scheme);
        let key = PrivateKey::from_file(&file, Some(&password))
            .map_err(|error| format!("{scheme}: {error}"))
            .unwrap();
        assert_eq!(key.public_key(), &public, "{scheme}");
        for wrong in [None, Some(&SecretString::from("wrong"))] {
            assert!(
                PrivateKey::from_file(&file, wrong)
                    .unwrap_err()
                    .is_password(),
                "{scheme}"
            );
        }
    }
}

#[test]
fn others_are_named_with_the_command_that_converts_them() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let public = files.identity("p256").key().public_key().clone();
    let password = SecretString::from(PASSWORD);
    for scheme in [
        "PBE-MD5-DES",
        "PBE-MD5-RC2-64",
        "PBE-SHA1-RC4-128",
        "PBE-SHA1-RC4-40",
    ] {
        let file = protect(&files, scheme);
        let error = PrivateKey::from_file(&file, Some(&password)).unwrap_err();
        assert!(error.is_unsupported(), "{error}");
        let text = error.to_string();
        assert!(text.contains(scheme), "{text}");
        // The command in backquotes, with the passwords that a person would type.
        let command = text.split('`').nth(1).unwrap();
        let mut arguments: Vec<_> = command
            .strip_prefix("openssl ")
            .unwrap()
            .split_whitespace()
            .map(|word| match word {
                "OLD" => "old",
                "NEW" => "new",
                word => word,
            })
            .collect();
        arguments.extend(["-passin", PASS, "-passout", PASS]);
        files.openssl(&arguments);
        let key = PrivateKey::from_file(files.read("new"), Some(&password)).unwrap();
        assert_eq!(key.public_key(), &public, "{scheme}");
    }
}
