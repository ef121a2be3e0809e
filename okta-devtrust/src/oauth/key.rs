//! A private key that signs JWTs, from PEM or JWK.

use std::fmt;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _,
        RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
    },
};
use der::{Decode as _, SecretDocument, asn1::UintRef};
use serde_json::{Value, json};

use super::{jwk::Jwk, jwt::base64url};
use crate::Error;

/// A signature algorithm of JWTs (RFC 7518 section 3.1): those that Okta takes from a service app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
}

impl Algorithm {
    pub(super) const ALL: [Self; 6] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
    ];

    /// The name in a JWT's header, such as `ES256`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
        }
    }

    fn rsa(self) -> Option<&'static dyn RsaEncoding> {
        match self {
            Self::Rs256 => Some(&RSA_PKCS1_SHA256),
            Self::Rs384 => Some(&RSA_PKCS1_SHA384),
            Self::Rs512 => Some(&RSA_PKCS1_SHA512),
            Self::Es256 | Self::Es384 | Self::Es512 => None,
        }
    }

    /// The curve's parameters, its JWK name and the length of a coordinate in bytes.
    pub(super) fn curve(self) -> Option<(&'static EcdsaSigningAlgorithm, &'static str, usize)> {
        match self {
            Self::Es256 => Some((&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256", 32)),
            Self::Es384 => Some((&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384", 48)),
            Self::Es512 => Some((&ECDSA_P521_SHA512_FIXED_SIGNING, "P-521", 66)),
            Self::Rs256 | Self::Rs384 | Self::Rs512 => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A private key that signs JWTs: RSA of 2048 to 8192 bits, or ECDSA on P-256, P-384 or P-521.
///
/// `Debug` shows algorithm and key id only.
///
/// ```
/// use okta_devtrust::oauth::{Algorithm, ClientKey};
///
/// let key = ClientKey::generate()?.id("key-1");
/// assert_eq!(key.algorithm(), Algorithm::Es256);
/// // What the app's settings in Okta take.
/// assert_eq!(key.public_jwk()["kid"], "key-1");
/// # Ok::<(), okta_devtrust::Error>(())
/// ```
pub struct ClientKey {
    pair: Pair,
    algorithm: Algorithm,
    id: Option<String>,
}

pub(super) enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl ClientKey {
    /// The key of a file: a JWK if it starts with `{`, else PEM.
    ///
    /// # Errors
    /// As [`from_jwk`](Self::from_jwk) and [`from_pem`](Self::from_pem).
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.trim_start().starts_with('{') {
            Self::from_jwk(text)
        } else {
            Self::from_pem(text)
        }
    }

    /// A key in PEM: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC 1 (`EC PRIVATE KEY`). An RSA key signs
    /// by RS256 until [`signing_by`](Self::signing_by) says otherwise; a curve has one algorithm.
    ///
    /// # Errors
    /// [`Error::Setup`] for anything else, such as a public key, an encrypted key, or one of another kind or size.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        // `openssl ecparam -genkey` writes the curve's parameters first.
        let block = text
            .match_indices("-----BEGIN ")
            .map(|(at, _)| &text[at..])
            .find(|block| !block.starts_with("-----BEGIN EC PARAMETERS"))
            .ok_or_else(|| unusable("it is neither PEM nor a JWK"))?;
        if block.contains("ENCRYPTED") {
            return Err(unusable(
                "it is encrypted; decrypt it first, for example with `openssl pkcs8 -in … -out …`",
            ));
        }
        let broken = |_| unusable("its PEM is broken");
        let label =
            der::pem::decode_label(block.as_bytes()).map_err(|_| unusable("its PEM is broken"))?;
        if !label.ends_with("PRIVATE KEY") {
            return Err(unusable(format!("it holds a {label}")));
        }
        let (label, der) = SecretDocument::from_pem(block).map_err(broken)?;
        let der = der.as_bytes();
        let pair = match label {
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(der).ok().map(Pair::Rsa),
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(der)
                .ok()
                .map(Pair::Rsa)
                .or_else(|| Pair::ec(der)),
            "EC PRIVATE KEY" => Pair::ec(der),
            other => return Err(unusable(format!("it holds a {other}"))),
        };
        let pair = pair.ok_or_else(|| unusable("it is of another kind or size"))?;
        Ok(Self::new(pair))
    }

    /// A key as a private JWK. Its `kid` and `alg` are taken over.
    ///
    /// # Errors
    /// [`Error::Setup`] when it is no private JWK of type `RSA` or `EC`, or its parts do not fit together.
    pub fn from_jwk(text: &str) -> Result<Self, Error> {
        // serde's message can quote a value, so it is left out.
        let jwk: Jwk = serde_json::from_str(text)
            .map_err(|_| unusable("it is not a JWK object with a `kty`"))?;
        let mut key = Self::new(jwk.pair()?);
        key.id = jwk.kid;
        match jwk.alg {
            None => Ok(key),
            Some(name) => {
                let known = Algorithm::ALL.into_iter().find(|a| a.as_str() == name);
                let algorithm = known.ok_or_else(|| {
                    unusable("its `alg` is none of RS256, RS384, RS512, ES256, ES384, ES512")
                })?;
                key.signing_by(algorithm)
            }
        }
    }

    /// A new key on P-256.
    ///
    /// # Errors
    /// [`Error::Setup`] when the system gives no random numbers.
    pub fn generate() -> Result<Self, Error> {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map(|pair| Self::new(Pair::Ec(pair)))
            .map_err(|_| Error::setup("the system gives no random numbers for a key"))
    }

    fn new(pair: Pair) -> Self {
        Self {
            algorithm: pair.default_algorithm(),
            pair,
            id: None,
        }
    }

    /// Names the key (`kid`). Needed when the app has more than one.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Signs by this algorithm.
    ///
    /// # Errors
    /// [`Error::Setup`] when the key cannot sign by it.
    pub fn signing_by(mut self, algorithm: Algorithm) -> Result<Self, Error> {
        let fits = match &self.pair {
            Pair::Rsa(_) => algorithm.rsa().is_some(),
            Pair::Ec(_) => algorithm == self.pair.default_algorithm(),
        };
        if !fits {
            return Err(unusable(format!(
                "it signs by {}, not by {algorithm}",
                self.pair.default_algorithm()
            )));
        }
        self.algorithm = algorithm;
        Ok(self)
    }

    /// The algorithm that it signs by.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name (`kid`).
    pub fn key_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The public half as a JWK with `use`, `alg` and `kid`: what is registered with the app.
    pub fn public_jwk(&self) -> Value {
        let mut jwk = self.bare_jwk();
        jwk["use"] = json!("sig");
        jwk["alg"] = json!(self.algorithm.as_str());
        if let Some(id) = &self.id {
            jwk["kid"] = json!(id);
        }
        jwk
    }

    /// The public half with the required members only.
    pub(super) fn bare_jwk(&self) -> Value {
        match &self.pair {
            Pair::Rsa(pair) => {
                // `RSAPublicKey` (RFC 8017 appendix A.1.1): modulus and exponent.
                let der = pair.public_key().as_ref();
                let numbers = Vec::<UintRef<'_>>::from_der(der).unwrap_or_default();
                let mut jwk = json!({"kty": "RSA"});
                for (name, number) in ["n", "e"].into_iter().zip(numbers) {
                    jwk[name] = json!(base64url(number.as_bytes()));
                }
                jwk
            }
            Pair::Ec(pair) => {
                let (name, length) = self
                    .algorithm
                    .curve()
                    .map_or(("", 0), |(_, name, length)| (name, length));
                // An uncompressed point: 4, x, y.
                let point = pair.public_key().as_ref();
                let (x, y) = point.split_at(1).1.split_at(length);
                json!({"kty": "EC", "crv": name, "x": base64url(x), "y": base64url(y)})
            }
        }
    }

    /// The signature over `message`, in the form that JWTs carry.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |_| unusable("it does not sign");
        match &self.pair {
            Pair::Rsa(pair) => {
                let encoding = self
                    .algorithm
                    .rsa()
                    .ok_or_else(|| unusable("it does not sign"))?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Pair::Ec(pair) => Ok(pair
                .sign(&SystemRandom::new(), message)
                .map_err(failed)?
                .as_ref()
                .to_vec()),
        }
    }
}

impl Pair {
    fn ec(der: &[u8]) -> Option<Self> {
        Algorithm::ALL
            .into_iter()
            .filter_map(Algorithm::curve)
            .find_map(|(curve, ..)| EcdsaKeyPair::from_private_key_der(curve, der).ok())
            .map(Self::Ec)
    }

    /// RS256, or the one algorithm of the curve.
    fn default_algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::Rs256,
            Self::Ec(pair) => match pair.public_key().as_ref().len() {
                65 => Algorithm::Es256,
                97 => Algorithm::Es384,
                _ => Algorithm::Es512,
            },
        }
    }
}

pub(super) fn unusable(why: impl fmt::Display) -> Error {
    Error::setup(format!(
        "the service app's private key cannot be used: {why}"
    ))
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientKey")
            .field("algorithm", &self.algorithm)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA384, UnparsedPublicKey,
    };

    use super::*;

    const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQqixVF2V3NWArB/u
IAZAYUHnzaDPtRLcdouiQywaC82hRANCAASCs+gpna2QCJUxWUxve7pMjEDDna0R
uF9xe1V8slhVp7cPOyCuhtvx+HiGdEK3M4seWet68f7Z1hUkVk0b4BMc
-----END PRIVATE KEY-----
";

    /// The same key as a JWK.
    fn p256_jwk() -> Value {
        let key = ClientKey::from_pem(P256).unwrap();
        let mut jwk = key.bare_jwk();
        jwk["d"] = json!("QqixVF2V3NWArB_uIAZAYUHnzaDPtRLcdouiQywaC80");
        jwk
    }

    #[test]
    fn a_key_is_the_same_from_pem_and_from_jwk_and_its_signature_verifies() {
        let mut jwk = p256_jwk();
        jwk["kid"] = json!("key-1");
        let key = ClientKey::parse(&jwk.to_string()).unwrap();
        assert_eq!(key.key_id(), Some("key-1"));
        assert_eq!(key.algorithm(), Algorithm::Es256);
        let Pair::Ec(pair) = &ClientKey::parse(P256).unwrap().pair else {
            panic!("an EC key");
        };
        let signature = key.sign(b"message").unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())
            .verify(b"message", &signature)
            .unwrap();
    }

    #[test]
    fn an_rsa_key_signs_by_the_algorithm_it_is_told() {
        use aws_lc_rs::{encoding::AsDer as _, rsa};
        let pair = RsaKeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
        let der = pair.as_der().unwrap();
        let public = pair.public_key().as_ref().to_vec();
        let document = SecretDocument::try_from(der.as_ref()).unwrap();
        let pem = document
            .to_pem("PRIVATE KEY", der::pem::LineEnding::LF)
            .unwrap();
        let key = ClientKey::from_pem(&pem).unwrap();
        assert_eq!(key.algorithm(), Algorithm::Rs256);
        let key = key.signing_by(Algorithm::Rs384).unwrap();
        let signature = key.sign(b"message").unwrap();
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA384, public)
            .unwrap()
            .verify_sig(b"message", &signature)
            .unwrap();
        assert!(key.signing_by(Algorithm::Es256).is_err());
    }

    #[test]
    fn a_key_that_cannot_be_used_is_said_to_be_so_without_a_byte_of_it() {
        let public = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n";
        let encrypted = P256.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let broken = P256.replace("QqixVF2V", "!!!");
        let other = P256.replace("PRIVATE KEY", "RSA PRIVATE KEY");
        let jwk = |change: fn(&mut Value)| {
            let mut jwk = p256_jwk();
            change(&mut jwk);
            jwk.to_string()
        };
        for (text, why) in [
            (String::new(), "neither PEM nor a JWK"),
            ("QqixVF2V".into(), "neither PEM nor a JWK"),
            (public.into(), "PUBLIC KEY"),
            (encrypted, "decrypt it first"),
            (broken, "PEM is broken"),
            (other, "of another kind or size"),
            (r#"{"d": "QqixVF2V"}"#.into(), "not a JWK object"),
            (jwk(|jwk| jwk["kty"] = json!("oct")), "neither RSA nor EC"),
            (jwk(|jwk| jwk["crv"] = json!("P-192")), "`crv`"),
            (jwk(|jwk| jwk["d"] = Value::Null), "`d` is missing"),
            (
                jwk(|jwk| jwk["d"] = json!("QqixVF2V*")),
                "`d` is not base64url",
            ),
            (
                jwk(|jwk| jwk["d"] = json!("QqixVF2V")),
                "do not fit together",
            ),
            (
                jwk(|jwk| jwk["alg"] = json!("RS256")),
                "signs by ES256, not by RS256",
            ),
            (jwk(|jwk| jwk["alg"] = json!("PS256")), "its `alg`"),
        ] {
            let error = ClientKey::parse(&text).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains(why), "{text}");
            assert!(!text.contains("QqixVF2V"), "{text}");
        }
        let key = ClientKey::parse(P256).unwrap();
        assert!(!format!("{key:?}").contains("Qqix"));
    }
}
