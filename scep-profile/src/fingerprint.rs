mod spelling;

use crate::certificate::CaCertificate;
use crate::error::{Error, Field};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use std::fmt;
use std::str::FromStr;
use subtle::ConstantTimeEq;

/// The fingerprint of a certificate: the digest of its DER form, `CAFingerprint` of the payload.
///
/// macOS 13 and later take SHA-1 and SHA-224/256/384/512 and tell them apart by length; macOS 12 takes SHA-1 only.
/// In a profile it stands as raw bytes in `<data>`; a string, or the bytes of a hex text, never matches, which is
/// why it is a type of its own here.
///
/// ```
/// use scep_profile::Fingerprint;
///
/// let typed = Fingerprint::parse(
///     "sha256 Fingerprint=\
///      E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55",
/// )?;
/// let bare = Fingerprint::parse("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")?;
/// assert_eq!(typed, bare);
/// assert_eq!(typed.base64(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
/// # Ok::<(), scep_profile::Error>(())
/// ```
///
/// Equality takes the same time wherever the bytes differ.
#[derive(Clone)]
pub struct Fingerprint {
    algorithm: FingerprintAlgorithm,
    bytes: Vec<u8>,
}

/// The digest a [`Fingerprint`] is made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FingerprintAlgorithm {
    /// 20 bytes; needed where Macs run macOS 12 or earlier.
    Sha1,
    /// 28 bytes.
    Sha224,
    /// 32 bytes: the usual one.
    #[default]
    Sha256,
    /// 48 bytes.
    Sha384,
    /// 64 bytes.
    Sha512,
}

impl FingerprintAlgorithm {
    /// All of them, by length.
    pub const ALL: [Self; 5] = [
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
    ];

    /// The length of the digest in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Always false: no digest is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        false
    }

    fn of_len(len: usize) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.len() == len)
    }

    fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha224 => Sha224::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha384 => Sha384::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }
}

impl fmt::Display for FingerprintAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

impl Fingerprint {
    /// The SHA-256 fingerprint of one certificate in DER.
    ///
    /// # Errors
    ///
    /// [`Error::is_certificate`] when the bytes are no certificate.
    pub fn sha256_of_der(der: impl AsRef<[u8]>) -> Result<Self, Error> {
        Self::of_der(FingerprintAlgorithm::Sha256, der)
    }

    /// The fingerprint of one certificate in DER.
    ///
    /// # Errors
    ///
    /// [`Error::is_certificate`] when the bytes are no certificate.
    pub fn of_der(algorithm: FingerprintAlgorithm, der: impl AsRef<[u8]>) -> Result<Self, Error> {
        CaCertificate::from_der(der.as_ref()).map(|certificate| certificate.fingerprint(algorithm))
    }

    /// The SHA-256 fingerprint of the one certificate in a PEM text.
    ///
    /// # Errors
    ///
    /// [`Error::is_certificate`] when there is no certificate in the text, or several: see
    /// [`Fingerprint::of_bundle`].
    pub fn sha256_of_pem(pem: impl AsRef<[u8]>) -> Result<Self, Error> {
        Self::of_pem(FingerprintAlgorithm::Sha256, pem)
    }

    /// The fingerprint of the one certificate in a PEM text.
    ///
    /// # Errors
    ///
    /// As [`Fingerprint::sha256_of_pem`].
    pub fn of_pem(algorithm: FingerprintAlgorithm, pem: impl AsRef<[u8]>) -> Result<Self, Error> {
        CaCertificate::read(pem.as_ref()).map(|certificate| certificate.fingerprint(algorithm))
    }

    /// The fingerprints of all certificates in a file, in its order: PEM, DER, or PKCS#7.
    ///
    /// # Errors
    ///
    /// [`Error::is_certificate`] when there is no certificate in it, or something else.
    pub fn of_bundle(
        algorithm: FingerprintAlgorithm,
        bundle: impl AsRef<[u8]>,
    ) -> Result<Vec<Self>, Error> {
        let certificates = CaCertificate::read_all(bundle.as_ref())?;
        Ok(certificates
            .iter()
            .map(|certificate| certificate.fingerprint(algorithm))
            .collect())
    }

    /// The digest of bytes already known to be one certificate.
    pub(crate) fn digest_of(algorithm: FingerprintAlgorithm, der: &[u8]) -> Self {
        Self {
            algorithm,
            bytes: algorithm.digest(der),
        }
    }

    /// A fingerprint from its raw bytes; the length tells the algorithm, as it does for macOS.
    ///
    /// # Errors
    ///
    /// [`Error::is_fingerprint`] when no supported digest has that length, or the bytes are the *text* of a
    /// fingerprint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let text = bytes
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || *byte == b':');
        let refuse =
            |problem: String, mend: &str| Err(Error::new(Field::Fingerprint, problem, mend));
        match FingerprintAlgorithm::of_len(bytes.len()) {
            _ if text && bytes.len() >= 40 => refuse(
                format!("{} bytes that spell a fingerprint in hex", bytes.len()),
                "give the bytes themselves, or parse the text",
            ),
            Some(algorithm) => Ok(Self {
                algorithm,
                bytes: bytes.to_vec(),
            }),
            None if bytes.len() == 16 => refuse(
                "16 bytes, an MD5 fingerprint".to_owned(),
                "MD5 can be forged: use SHA-256 (openssl x509 -noout -fingerprint -sha256)",
            ),
            None => {
                let (name, wanted) = match bytes.len() {
                    17..=22 => (FingerprintAlgorithm::Sha1, "20"),
                    _ => (FingerprintAlgorithm::Sha256, "32"),
                };
                refuse(
                    format!("{} bytes; a {name} fingerprint has {wanted}", bytes.len()),
                    "check that nothing was cut off when it was copied",
                )
            }
        }
    }

    /// A fingerprint from text in any usual spelling: what `openssl x509 -fingerprint` prints
    /// (`sha256 Fingerprint=AA:BB…`), colon-separated or bare hex in either case, base64 (also URL-safe or unpadded).
    ///
    /// # Errors
    ///
    /// [`Error::is_fingerprint`] with the mend.
    pub fn parse(text: &str) -> Result<Self, Error> {
        spelling::parse(text)
    }

    /// The digest it was made with.
    #[must_use]
    pub fn algorithm(&self) -> FingerprintAlgorithm {
        self.algorithm
    }

    /// The raw bytes, as a profile has them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is the fingerprint of this certificate (in DER).
    #[must_use]
    pub fn is_of(&self, certificate: impl AsRef<[u8]>) -> bool {
        *self == Self::digest_of(self.algorithm, certificate.as_ref())
    }

    /// Upper-case hex with colons: `AA:BB:…`, as OpenSSL and Keychain Access show it.
    #[must_use]
    pub fn colon_hex(&self) -> String {
        let pairs: Vec<String> = self
            .bytes
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        pairs.join(":")
    }

    /// Lower-case hex without separators.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(&self.bytes)
    }

    /// Base64 with padding, as JumpCloud's SCEP form wants it.
    #[must_use]
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.bytes)
    }
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && bool::from(self.bytes.ct_eq(&other.bytes))
    }
}

impl Eq for Fingerprint {}

/// The algorithm and the colon hex.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.algorithm, self.colon_hex())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// As colon hex.
impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.colon_hex())
    }
}

/// From any spelling that [`Fingerprint::parse`] reads.
impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
