//! Certificates, keys and signatures made by OpenSSL, and what tests do with them again and again.

use std::{fs, path::PathBuf, sync::LazyLock};

use device_trust_tests::{peer, run};
use mobileconfig::{
    Profile,
    cms::{
        ChainVerdict, Identity, SignatureVerdict, TimeVerdict, Trust, Verdicts, read_certificates,
        verify,
    },
    notifications::{AppNotifications, NotificationSettings},
};
use tempfile::TempDir;

/// A folder with certificates made by OpenSSL: `root` > `ca` > the leaves.
pub(crate) struct Certificates(TempDir);

/// How OpenSSL makes a key on P-256.
pub(crate) const P256: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

/// How OpenSSL makes a leaf: its name and key.
pub(crate) const LEAVES: [(&str, &[&str]); 4] = [
    ("rsa", &["rsa:2048"]),
    ("p256", P256),
    ("p384", &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]),
    ("p521", &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"]),
];

pub(crate) const AUTHORITY: &str =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";
pub(crate) const LEAF: &str =
    "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\n";

impl Certificates {
    /// `None` without OpenSSL, where that may be left out.
    pub(crate) fn new() -> Option<Self> {
        /// Made once and then copied: making keys is what takes time.
        static FILES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
            let folder = Certificates::empty();
            folder.root("root");
            folder.issue("ca", "root", P256, AUTHORITY, 3650);
            for (name, key) in LEAVES {
                folder.issue(name, "ca", key, LEAF, 30);
            }
            let files = fs::read_dir(folder.0.path()).unwrap();
            files
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .map(|name| (name.clone(), folder.read(&name)))
                .collect()
        });
        peer("openssl")?;
        let folder = Self::empty();
        for (name, content) in FILES.iter() {
            folder.write(name, content);
        }
        Some(folder)
    }

    fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path(name), content).unwrap();
        self
    }

    pub(crate) fn openssl(&self, arguments: &[&str]) -> String {
        let mut openssl = peer("openssl").unwrap();
        run(openssl.args(arguments).current_dir(self.0.path()))
    }

    pub(crate) fn openssl_fails(&self, arguments: &[&str]) -> String {
        let mut openssl = peer("openssl").unwrap();
        let output = openssl
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        assert!(!output.status.success(), "openssl {arguments:?} succeeded");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// A root with `NAME.pem` and `NAME.key`.
    pub(crate) fn root(&self, name: &str) {
        let subject = format!("/O=Example/CN={name}");
        self.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-384",
            "-nodes",
            "-keyout",
            &format!("{name}.key"),
            "-out",
            &format!("{name}.pem"),
            "-subj",
            &subject,
            "-days",
            "3650",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        ]);
    }

    pub(crate) fn issue(
        &self,
        name: &str,
        issuer: &str,
        key: &[&str],
        extensions: &str,
        days: i64,
    ) {
        self.issue_as(name, name, issuer, key, extensions, days);
    }

    /// A certificate `FILE.pem` of the subject `name`; negative days make an expired one.
    pub(crate) fn issue_as(
        &self,
        file: &str,
        name: &str,
        issuer: &str,
        key: &[&str],
        extensions: &str,
        days: i64,
    ) {
        let (key_file, request) = (format!("{file}.key"), format!("{file}.csr"));
        let subject = format!("/O=Example/CN={name}");
        let mut arguments = vec!["req", "-new", "-newkey"];
        arguments.extend(key);
        arguments.extend([
            "-nodes", "-keyout", &key_file, "-out", &request, "-subj", &subject,
        ]);
        self.openssl(&arguments);
        let extension_file = format!("{file}.ext");
        self.write(&extension_file, extensions);
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            &format!("{issuer}.pem"),
            "-CAkey",
            &format!("{issuer}.key"),
            "-CAcreateserial",
            "-out",
            &format!("{file}.pem"),
            "-days",
            &days.to_string(),
            "-extfile",
            &extension_file,
        ]);
    }

    /// A key with its certificate and the intermediate.
    pub(crate) fn identity(&self, name: &str) -> Identity {
        let files = [
            format!("{name}.key"),
            format!("{name}.pem"),
            "ca.pem".to_owned(),
        ];
        let bundle: Vec<u8> = files.iter().flat_map(|file| self.read(file)).collect();
        Identity::from_file(bundle, None).unwrap()
    }

    pub(crate) fn der(&self, name: &str) -> Vec<u8> {
        read_certificates(self.read(&format!("{name}.pem")))
            .unwrap()
            .remove(0)
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::new(&[self.der("root")])
    }

    /// Signs the profile with OpenSSL.
    pub(crate) fn signed_by_openssl(&self, signer: &str, more: &[&str]) -> Vec<u8> {
        self.profile_signed_by_openssl(&profile(), signer, more)
    }

    pub(crate) fn profile_signed_by_openssl(
        &self,
        profile: &Profile,
        signer: &str,
        more: &[&str],
    ) -> Vec<u8> {
        self.write("in", profile.to_xml().unwrap());
        let (certificate, key) = (format!("{signer}.pem"), format!("{signer}.key"));
        let mut arguments = vec![
            "cms",
            "-sign",
            "-binary",
            "-nodetach",
            "-outform",
            "DER",
            "-signer",
            &certificate,
            "-inkey",
            &key,
            "-in",
            "in",
            "-out",
            "signed",
        ];
        arguments.extend(more);
        self.openssl(&arguments);
        self.read("signed")
    }

    /// How many octet strings of 4 KiB a message has.
    pub(crate) fn pieces(&self, name: &str) -> usize {
        let text = self.openssl(&["asn1parse", "-inform", "DER", "-in", name]);
        text.matches(" l=4096 prim: OCTET STRING").count()
    }

    /// What OpenSSL takes out of a signed message that it believes.
    pub(crate) fn verified_by_openssl(&self, signed: &[u8]) -> Vec<u8> {
        self.write("ours", signed);
        self.openssl(&[
            "cms", "-verify", "-binary", "-inform", "DER", "-in", "ours", "-CAfile", "root.pem",
            "-purpose", "any", "-out", "content",
        ]);
        self.read("content")
    }
}

pub(crate) fn profile() -> Profile {
    Profile::builder("Example Org", "org.example.companions")
        .add(
            "notifications",
            &NotificationSettings::new([AppNotifications::new("com.okta.mobile")]),
        )
        .build()
        .unwrap()
}

/// The profile with a payload so long that OpenSSL, when it streams, writes the content in pieces of 4 KiB.
pub(crate) fn long_profile() -> Profile {
    let mut long = profile();
    long.payloads[0].description = Some("0123456789".repeat(6_000));
    long
}

pub(crate) fn only(signed: &[u8], trust: &Trust) -> Verdicts {
    let mut verified = verify(signed, trust).unwrap();
    assert_eq!(verified.signers.len(), 1);
    verified.signers.remove(0)
}

pub(crate) fn assert_good(verdicts: &Verdicts) {
    assert_eq!(verdicts.signature, SignatureVerdict::Valid);
    assert_eq!(verdicts.chain, ChainVerdict::Trusted);
    assert_eq!(verdicts.time, TimeVerdict::Valid);
}
