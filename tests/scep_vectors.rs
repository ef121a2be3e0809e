//! Messages whose every signature and envelope is OpenSSL's work, in the forms that servers and clients have sent
//! SCEP in since the last century. Only the shell around them is put together here, byte by byte, since OpenSSL's
//! command line cannot sign attributes of SCEP.
#![allow(clippy::unwrap_used, missing_docs)]

use der::{Encode, asn1::ObjectIdentifier};
use device_trust_tests::{openssl, peer};
use scep_profile::message::{
    CaCertificates, Capabilities, CertificateRequest, EnrollmentKey, Issued, Reply, Request,
    Transaction, Weakness,
};
use scep_profile::server::{Authority, AuthorityOptions, Outcome};
use scep_profile::{CaCertificate, FingerprintAlgorithm, KeySize, Subject};
use std::path::Path;
use std::time::SystemTime;

fn read(at: &Path, file: &str) -> Vec<u8> {
    std::fs::read(at.join(file)).unwrap()
}

/// How a message is written.
#[derive(Clone, Copy)]
struct Form {
    cipher: &'static str,
    digest: &'static str,
    /// Indefinite lengths and content in pieces, as programs that stream write it.
    streamed: bool,
    /// No parameters where NULL belongs.
    absent_parameters: bool,
    /// The signature is named by digest and key together, in place of the key alone.
    combined: bool,
}

const FORMS: [(Form, &[Weakness]); 6] = [
    (
        Form {
            cipher: "-aes-256-cbc",
            digest: "sha512",
            streamed: true,
            absent_parameters: false,
            combined: true,
        },
        &[],
    ),
    (
        Form {
            cipher: "-aes-128-cbc",
            digest: "sha256",
            streamed: false,
            absent_parameters: true,
            combined: false,
        },
        &[],
    ),
    (
        Form {
            cipher: "-aes-192-cbc",
            digest: "sha384",
            streamed: true,
            absent_parameters: true,
            combined: false,
        },
        &[],
    ),
    (
        Form {
            cipher: "-des3",
            digest: "sha256",
            streamed: false,
            absent_parameters: false,
            combined: true,
        },
        &[Weakness::TripleDesContent],
    ),
    (
        Form {
            cipher: "-des-cbc",
            digest: "sha1",
            streamed: false,
            absent_parameters: true,
            combined: true,
        },
        &[Weakness::Sha1Signature, Weakness::DesContent],
    ),
    (
        Form {
            cipher: "-des-cbc",
            digest: "sha1",
            streamed: true,
            absent_parameters: false,
            combined: false,
        },
        &[Weakness::Sha1Signature, Weakness::DesContent],
    ),
];

impl Form {
    fn name(self) -> String {
        let Self {
            cipher,
            digest,
            streamed,
            absent_parameters,
            combined,
        } = self;
        format!(
            "{cipher} {digest} streamed={streamed} absent={absent_parameters} combined={combined}"
        )
    }

    /// The content encrypted by OpenSSL to the certificate in `to`.
    fn seal(self, at: &Path, content: &[u8], to: &str) -> Vec<u8> {
        std::fs::write(at.join("content"), content).unwrap();
        let legacy = if self.cipher == "-des-cbc" {
            " -provider legacy -provider default"
        } else {
            ""
        };
        let stream = if self.streamed { " -stream" } else { "" };
        openssl(
            at,
            &format!(
                "cms -encrypt -binary -outform DER{stream} {}{legacy} -in content -out sealed {to}",
                self.cipher
            ),
        );
        let sealed = read(at, "sealed");
        // The vector is what it says: OpenSSL streams with an indefinite length.
        assert_eq!(sealed[1] == 0x80, self.streamed);
        sealed
    }

    fn algorithm(self, oid_: &str) -> Vec<u8> {
        let parameters = if self.absent_parameters {
            Vec::new()
        } else {
            vec![5, 0]
        };
        sequence(&[oid(oid_), parameters])
    }

    fn digest_oid(self) -> &'static str {
        match self.digest {
            "sha1" => "1.3.14.3.2.26",
            "sha256" => "2.16.840.1.101.3.4.2.1",
            "sha384" => "2.16.840.1.101.3.4.2.2",
            _ => "2.16.840.1.101.3.4.2.3",
        }
    }

    fn signature_oid(self) -> &'static str {
        match (self.combined, self.digest) {
            (false, _) => "1.2.840.113549.1.1.1",
            (true, "sha1") => "1.2.840.113549.1.1.5",
            (true, "sha256") => "1.2.840.113549.1.1.11",
            (true, "sha384") => "1.2.840.113549.1.1.12",
            (true, _) => "1.2.840.113549.1.1.13",
        }
    }

    /// Signed by OpenSSL with the key in `key`, whose certificate is given.
    fn sign(
        self,
        at: &Path,
        content: &[u8],
        attributes: &[(&str, Vec<u8>)],
        signer: &CaCertificate,
        key: &str,
    ) -> Vec<u8> {
        std::fs::write(at.join("content"), content).unwrap();
        openssl(
            at,
            &format!("dgst -{} -binary -out digest content", self.digest),
        );
        let mut all: Vec<Vec<u8>> = attributes
            .iter()
            .map(|(suffix, value)| attribute(&format!("2.16.840.1.113733.1.9.{suffix}"), value))
            .collect();
        all.push(attribute(
            "1.2.840.113549.1.9.3",
            &oid("1.2.840.113549.1.7.1"),
        ));
        all.push(attribute(
            "1.2.840.113549.1.9.4",
            &tlv(4, &read(at, "digest")),
        ));
        all.sort();
        std::fs::write(at.join("attributes"), tlv(0x31, &all.concat())).unwrap();
        openssl(
            at,
            &format!(
                "dgst -{} -sign {key} -out signature attributes",
                self.digest
            ),
        );

        let tbs = signer.x509().tbs_certificate();
        let id = sequence(&[
            tbs.issuer().to_der().unwrap(),
            tbs.serial_number().to_der().unwrap(),
        ]);
        let signer_info = sequence(&[
            tlv(2, &[1]),
            id,
            self.algorithm(self.digest_oid()),
            tlv(0xa0, &all.concat()),
            self.algorithm(self.signature_oid()),
            tlv(4, &read(at, "signature")),
        ]);
        let wrap = |tag: u8, content: &[u8]| {
            if self.streamed {
                indefinite(tag, content)
            } else {
                tlv(tag, content)
            }
        };
        let octets = if self.streamed {
            let pieces: Vec<u8> = content
                .chunks(100)
                .flat_map(|piece| tlv(4, piece))
                .collect();
            indefinite(0x24, &pieces)
        } else {
            tlv(4, content)
        };
        let encapsulated = wrap(
            0x30,
            &[oid("1.2.840.113549.1.7.1"), wrap(0xa0, &octets)].concat(),
        );
        let signed = [
            tlv(2, &[1]),
            tlv(0x31, &self.algorithm(self.digest_oid())),
            encapsulated,
            wrap(0xa0, signer.der()),
            tlv(0x31, &signer_info),
        ];
        let signed = wrap(0x30, &signed.concat());
        wrap(
            0x30,
            &[oid("1.2.840.113549.1.7.2"), wrap(0xa0, &signed)].concat(),
        )
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = match u8::try_from(content.len()) {
        Ok(short @ 0..=127) => vec![short],
        Ok(one) => vec![0x81, one],
        Err(_) => [
            vec![0x82],
            u16::try_from(content.len()).unwrap().to_be_bytes().to_vec(),
        ]
        .concat(),
    };
    [vec![tag], length, content.to_vec()].concat()
}

fn indefinite(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x80][..], content, &[0, 0]].concat()
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn oid(dotted: &str) -> Vec<u8> {
    ObjectIdentifier::new(dotted).unwrap().to_der().unwrap()
}

fn attribute(dotted: &str, value: &[u8]) -> Vec<u8> {
    sequence(&[oid(dotted), tlv(0x31, value)])
}

fn printable(text: &str) -> Vec<u8> {
    tlv(0x13, text.as_bytes())
}

#[test]
fn replies_of_every_form_are_read_and_their_weaknesses_named() {
    if peer("openssl").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    openssl(
        at,
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /O=Acme/CN=CA -days 3650 \
         -addext keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign",
    );
    let ca = CaCertificate::read(&read(at, "ca.pem")).unwrap();
    let pin = ca.fingerprint(FingerprintAlgorithm::Sha256);
    let trusted = CaCertificates::parse(ca.der()).unwrap().pin(&pin).unwrap();
    let caps = Capabilities::parse("AES\nSHA-256\nPOSTPKIOperation\n");
    let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
    let request = CertificateRequest::new(Subject::default()).challenge("right".into());
    let (transaction, message) = Transaction::enroll(&key, &request, &trusted, &caps).unwrap();

    let ca_key = String::from_utf8(read(at, "ca.key")).unwrap();
    let ca_key = EnrollmentKey::from_pkcs8_pem(&ca_key.into()).unwrap();
    let asked = Request::open(&message, ca.x509(), &ca_key).unwrap();
    let signer = CaCertificate::from_der(&asked.signer).unwrap();
    std::fs::write(at.join("signer.pem"), signer.pem()).unwrap();
    std::fs::write(at.join("csr.der"), request.to_der(&key).unwrap()).unwrap();
    openssl(
        at,
        "x509 -req -inform DER -in csr.der -CA ca.pem -CAkey ca.key -days 365 -out leaf.pem",
    );
    openssl(
        at,
        "crl2pkcs7 -nocrl -certfile leaf.pem -certfile ca.pem -outform DER -out chain.p7",
    );
    let leaf = CaCertificate::read(&read(at, "leaf.pem")).unwrap();

    let nonce = asked.sender_nonce.unwrap();
    for (form, expected) in FORMS {
        let sealed = form.seal(at, &read(at, "chain.p7"), "signer.pem");
        let attributes = [
            ("2", printable("3")),
            ("3", printable("0")),
            ("5", tlv(4, &[9; 16])),
            ("6", tlv(4, nonce.as_bytes())),
            ("7", printable(asked.transaction_id.as_str())),
        ];
        let reply = form.sign(at, &sealed, &attributes, &ca, "ca.key");
        match transaction.read(&reply) {
            Ok(Reply::Issued(Issued {
                certificate,
                others,
                weaknesses,
                ..
            })) => {
                assert_eq!(certificate, leaf.der(), "{}", form.name());
                assert_eq!(others, [ca.der()], "{}", form.name());
                assert_eq!(weaknesses, expected, "{}", form.name());
            }
            other => panic!("{}: {other:?}", form.name()),
        }
        // The same message with another status is not what OpenSSL signed.
        let mut forged = reply.clone();
        let status = printable("0");
        let place = forged
            .windows(3)
            .position(|window| window == status)
            .unwrap();
        forged[place + 2] = b'3';
        assert!(transaction.read(&forged).is_err(), "{}", form.name());
    }
}

#[test]
fn requests_of_every_form_get_a_certificate_where_old_algorithms_are_taken() {
    if peer("openssl").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let options = AuthorityOptions::new("Acme", "right".into()).legacy(true);
    let mut authority = Authority::generate(options, SystemTime::now()).unwrap();
    let ca = CaCertificate::from_der(authority.root_certificate()).unwrap();
    std::fs::write(at.join("ca.pem"), ca.pem()).unwrap();
    std::fs::write(
        at.join("req.cnf"),
        "[req]\nprompt=no\ndistinguished_name=dn\nattributes=attrs\n[dn]\nCN=cert\n[attrs]\nchallengePassword=right\n",
    )
    .unwrap();
    for (index, (form, weaknesses)) in FORMS.into_iter().enumerate() {
        openssl(
            at,
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out dev.key",
        );
        openssl(
            at,
            "req -new -config req.cnf -key dev.key -outform DER -out csr.der",
        );
        openssl(
            at,
            "req -x509 -key dev.key -subj /CN=temporary -days 2 -out dev.pem",
        );
        let signer = CaCertificate::read(&read(at, "dev.pem")).unwrap();
        let sealed = form.seal(at, &read(at, "csr.der"), "ca.pem");
        let attributes = [
            ("2", printable("19")),
            ("5", tlv(4, &[7; 16])),
            // Base64 with `=`, as micromdm's client makes it.
            ("7", printable(&format!("dHJhbnNhY3Rpb24{index}="))),
        ];
        let message = form.sign(at, &sealed, &attributes, &signer, "dev.key");
        let handled = authority.handle(&message, SystemTime::now());
        assert!(
            matches!(handled.outcome, Outcome::Issued(_)),
            "{}: {:?}",
            form.name(),
            handled.outcome
        );

        let state = authority.state().unwrap();
        let issuer_key = EnrollmentKey::from_pkcs8_pem(&state.issuer_key).unwrap();
        let opened = Request::open(&message, ca.x509(), &issuer_key).unwrap();
        assert_eq!(opened.weaknesses(), weaknesses, "{}", form.name());
        let der = opened.signer.clone();
        assert_eq!(der, signer.der());
        // And OpenSSL opens the answer, with the key that asked.
        std::fs::write(at.join("reply.der"), &handled.reply).unwrap();
        openssl(
            at,
            "cms -verify -inform DER -binary -in reply.der -CAfile ca.pem -purpose any -out sealed.der",
        );
        let legacy = if form.cipher == "-des3" {
            " -provider legacy -provider default"
        } else {
            ""
        };
        openssl(
            at,
            &format!(
                "cms -decrypt -inform DER -binary -in sealed.der -inkey dev.key -recip dev.pem{legacy} -out chain.der"
            ),
        );
        let chain = openssl(at, "pkcs7 -inform DER -in chain.der -print_certs -noout");
        assert!(chain.contains("CN = cert"), "{chain}");
    }
    assert_eq!(authority.issued().len(), FORMS.len());
}
