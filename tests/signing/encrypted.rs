//! Encrypted payloads, ours and OpenSSL's.

use mobileconfig::{Profile, cms::Cipher};

use crate::certificates::{Certificates, LEAF, long_profile, profile};

#[test]
fn openssl_decrypts_our_payloads_and_we_decrypt_its_own() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let device = files.identity("rsa");
    let payloads = {
        let bare = Profile::builder("Example Org", "org.example.companions")
            .build()
            .unwrap();
        assert!(bare.payloads.is_empty());
        profile()
    };
    for cipher in [Cipher::Aes256, Cipher::Aes128] {
        let encrypted = payloads.encrypt(&[files.der("rsa")], cipher).unwrap();
        let xml = String::from_utf8(encrypted.to_xml().unwrap()).unwrap();
        assert!(!xml.contains("<key>PayloadContent</key>") && !xml.contains("com.okta.mobile"));
        files.write("envelope", encrypted.encrypted_content.as_ref().unwrap());
        let recipient: &[&str] = &[
            "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "envelope", "-inkey", "rsa.key",
            "-recip", "rsa.pem", "-out", "content",
        ];
        files.openssl(recipient);
        let content = files.read("content");
        // The array alone, as Apple asks.
        assert!(
            String::from_utf8(content)
                .unwrap()
                .contains("<plist version=\"1.0\">\n<array>\n")
        );
        assert_eq!(encrypted.decrypt(&device).unwrap(), profile());
    }
    for cipher in ["-aes256", "-aes192", "-aes128", "-des3"] {
        for stream in [&[][..], &["-stream"]] {
            let mut arguments = vec![
                "cms", "-encrypt", "-binary", cipher, "-outform", "DER", "-in", "content", "-out",
                "theirs",
            ];
            arguments.extend(stream);
            arguments.push("rsa.pem");
            files.openssl(&arguments);
            let mut theirs = profile();
            theirs.payloads.clear();
            theirs.encrypted_content = Some(files.read("theirs"));
            assert_eq!(
                theirs.decrypt(&device).unwrap(),
                profile(),
                "{cipher} {stream:?}"
            );
        }
    }
}

#[test]
fn a_long_envelope_that_openssl_makes_as_a_stream_is_decrypted_from_its_pieces() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let payloads = long_profile().to_value().into_dictionary().unwrap();
    let payloads = payloads.get("PayloadContent").unwrap().clone();
    files.write("content", mobileconfig::to_xml(payloads).unwrap());
    files.openssl(&[
        "cms", "-encrypt", "-binary", "-stream", "-aes256", "-outform", "DER", "-in", "content",
        "-out", "theirs", "rsa.pem",
    ]);
    assert!(files.pieces("theirs") > 10);
    let mut theirs = long_profile();
    theirs.payloads.clear();
    theirs.encrypted_content = Some(files.read("theirs"));
    assert_eq!(
        theirs.decrypt(&files.identity("rsa")).unwrap(),
        long_profile()
    );
}

#[test]
fn each_of_several_devices_decrypts_and_no_other() {
    let Some(files) = Certificates::new() else {
        return;
    };
    files.issue("second", "ca", &["rsa:2048"], LEAF, 30);
    files.issue("third", "ca", &["rsa:2048"], LEAF, 30);
    let encrypted = profile()
        .encrypt(&[files.der("rsa"), files.der("second")], Cipher::Aes256)
        .unwrap();
    for device in ["rsa", "second"] {
        assert_eq!(
            encrypted.decrypt(&files.identity(device)).unwrap(),
            profile()
        );
    }
    let other = encrypted.decrypt(&files.identity("third")).unwrap_err();
    assert!(
        other.is_cms() && other.path() == "EncryptedPayloadContent",
        "{other}"
    );
    let single = profile()
        .encrypt(&[files.der("rsa")], Cipher::Aes256)
        .unwrap();
    let other = single.decrypt(&files.identity("third")).unwrap_err();
    assert_eq!(
        other.to_string().split(" (").next(),
        single
            .decrypt(&files.identity("second"))
            .unwrap_err()
            .to_string()
            .split(" (")
            .next()
    );
    let ec = profile()
        .encrypt(&[files.der("p256")], Cipher::Aes256)
        .unwrap_err();
    assert!(ec.to_string().contains("RSA"), "{ec}");
}

#[test]
fn an_encrypted_profile_is_signed_over_the_envelope() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let encrypted = profile()
        .encrypt(&[files.der("rsa")], Cipher::Aes256)
        .unwrap();
    let signed = encrypted.sign(&files.identity("p256")).unwrap();
    let content = files.verified_by_openssl(&signed);
    let read = Profile::from_bytes(&content).unwrap();
    assert_eq!(read.decrypt(&files.identity("rsa")).unwrap(), profile());
}
