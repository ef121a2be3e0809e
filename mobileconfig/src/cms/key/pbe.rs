//! What a password protects: by PBES2 (RFC 8018 section 6.2), PBES1 (section 6.1) or the older schemes of PKCS#12 (RFC
//! 7292 appendix C).
//!
//! All but PBES2 are weak and only read: key files outlive the tools that wrote them.

use crate::cms::{Digest, Error};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, InnerIvInit, KeyIvInit};
use der::asn1::{ObjectIdentifier, OctetString};
use der::{Decode, Encode, Sequence};
use pkcs5::EncryptionScheme;
use pkcs5::pbes2::{Kdf, ScryptParams};
use secrecy::{ExposeSecret, SecretString};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");

/// Enough for every tool, and not enough to hang on a malicious file. A fuzzer has no seconds to spend on one input.
const MAX_ITERATIONS: u32 = if cfg!(fuzzing) { 2048 } else { 10_000_000 };

/// Bytes of memory that scrypt may take. OpenSSL writes keys that take 16 MiB, and reads none that take more than 32.
const MAX_SCRYPT_MEMORY: u64 = if cfg!(fuzzing) { 1 << 16 } else { 64 << 20 };

/// How many times scrypt may fill its memory; OpenSSL writes 1.
const MAX_SCRYPT_PARALLELIZATION: u16 = 16;

/// The command that protects a key anew by PBES2, for errors to name. OpenSSL 3 keeps the old ciphers apart.
pub(super) const CONVERT_PKCS8: &str = "convert the file with `openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW \
     -provider legacy -provider default`";
/// The same for PKCS#12.
pub(super) const CONVERT_PKCS12: &str = "convert the file with `openssl pkcs12 -legacy -in OLD -out PEM`, then `openssl \
     pkcs12 -export -in PEM -out NEW`, and delete PEM";

/// A scheme older than PBES2.
#[derive(Clone, Copy)]
enum Scheme {
    /// The key derivation of PKCS#12 with SHA-1.
    Pkcs12(Cipher),
    /// PBKDF1 with SHA-1: eight bytes of key, and eight of initialisation vector.
    Pbes1(Cipher),
    /// Known by openssl's name for it, and not supported.
    Named(&'static str),
}

#[derive(Clone, Copy)]
enum Cipher {
    Des,
    /// Triple DES with the first key used twice.
    TwoKeyDes,
    TripleDes,
    /// RC2 with so many bytes of key.
    Rc2(usize),
}

impl Scheme {
    /// By the object identifiers of RFC 8018 appendix C and RFC 7292 appendix C.
    fn of(algorithm: ObjectIdentifier) -> Option<Self> {
        let name = algorithm.to_string();
        let scheme = match name.strip_prefix("1.2.840.113549.1.")? {
            "5.1" => Self::Named("PBE-MD2-DES"),
            "5.3" => Self::Named("PBE-MD5-DES"),
            "5.4" => Self::Named("PBE-MD2-RC2-64"),
            "5.6" => Self::Named("PBE-MD5-RC2-64"),
            "5.10" => Self::Pbes1(Cipher::Des),
            "5.11" => Self::Pbes1(Cipher::Rc2(8)),
            "12.1.1" => Self::Named("PBE-SHA1-RC4-128"),
            "12.1.2" => Self::Named("PBE-SHA1-RC4-40"),
            "12.1.3" => Self::Pkcs12(Cipher::TripleDes),
            "12.1.4" => Self::Pkcs12(Cipher::TwoKeyDes),
            "12.1.5" => Self::Pkcs12(Cipher::Rc2(16)),
            "12.1.6" => Self::Pkcs12(Cipher::Rc2(5)),
            _ => return None,
        };
        Some(scheme)
    }
}

/// `PBEParameter` (RFC 8018 appendix A.3); `pkcs-12PbeParams` (RFC 7292 appendix C) has the same form.
#[derive(Sequence)]
struct Parameters {
    salt: OctetString,
    iterations: u32,
}

/// What a password protects in a file. `convert` says how to convert a file whose scheme is not supported.
pub(super) fn decrypt(
    algorithm: &AlgorithmIdentifierOwned,
    encrypted: &[u8],
    password: &SecretString,
    convert: &str,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let unsupported = |name: &str| Error::unsupported(format!("encryption by {name}; {convert}"));
    if algorithm.oid == PBES2 {
        let rare = || unsupported("a cipher or key derivation that PBES2 rarely has");
        let scheme = EncryptionScheme::from_der(&algorithm.to_der()?).map_err(|_| rare())?;
        match scheme.pbes2().map(|parameters| &parameters.kdf) {
            Some(Kdf::Pbkdf2(derivation)) => drop(checked(derivation.iteration_count)?),
            Some(Kdf::Scrypt(derivation)) => check_scrypt(derivation)?,
            _ => return Err(rare()),
        }
        return scheme
            .decrypt(password.expose_secret(), encrypted)
            .map(Zeroizing::new)
            .map_err(|_| wrong_password());
    }
    let scheme = Scheme::of(algorithm.oid);
    let parameters = algorithm.parameters.as_ref();
    let parameters = || {
        parameters
            .and_then(|any| any.decode_as::<Parameters>().ok())
            .ok_or_else(|| Error::key("its encryption has no salt and iterations"))
    };
    match scheme {
        None => Err(unsupported(&algorithm.oid.to_string())),
        Some(Scheme::Named(name)) => Err(unsupported(name)),
        Some(Scheme::Pbes1(cipher)) => {
            let derived = pbkdf1(password, &parameters()?)?;
            cipher.decrypt(&derived[..8], &derived[8..16], encrypted)
        }
        Some(Scheme::Pkcs12(cipher)) => {
            let Parameters { salt, iterations } = parameters()?;
            let derive = |purpose, len| {
                derive(
                    Digest::Sha1,
                    purpose,
                    password,
                    salt.as_bytes(),
                    iterations,
                    len,
                )
            };
            let key = derive(Purpose::Key, cipher.key_len())?;
            cipher.decrypt(&key, &derive(Purpose::Iv, 8)?, encrypted)
        }
    }
}

impl Cipher {
    fn key_len(self) -> usize {
        match self {
            Self::Des => 8,
            Self::TwoKeyDes => 16,
            Self::TripleDes => 24,
            Self::Rc2(len) => len,
        }
    }

    /// In CBC mode with PKCS#7 padding.
    fn decrypt(self, key: &[u8], iv: &[u8], encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        fn cbc<C: BlockModeDecrypt + KeyIvInit>(
            key: &[u8],
            iv: &[u8],
            encrypted: &[u8],
        ) -> Option<Vec<u8>> {
            let cipher = C::new_from_slices(key, iv).ok()?;
            cipher.decrypt_padded_vec::<Pkcs7>(encrypted).ok()
        }
        let plain = match self {
            Self::Des => cbc::<cbc::Decryptor<des::Des>>(key, iv, encrypted),
            Self::TwoKeyDes => cbc::<cbc::Decryptor<des::TdesEde2>>(key, iv, encrypted),
            Self::TripleDes => cbc::<cbc::Decryptor<des::TdesEde3>>(key, iv, encrypted),
            Self::Rc2(len) => iv.try_into().ok().and_then(|iv| {
                // The length of the key is not in its type, so the mode is put around the cipher by hand.
                let cipher = rc2::Rc2::new_with_eff_key_len(key, 8 * len);
                cbc::Decryptor::inner_iv_init(cipher, iv)
                    .decrypt_padded_vec::<Pkcs7>(encrypted)
                    .ok()
            }),
        };
        plain.map(Zeroizing::new).ok_or_else(wrong_password)
    }
}

pub(super) fn wrong_password() -> Error {
    Error::password("the password is wrong, or the file is damaged")
}

fn checked(iterations: u32) -> Result<u32, Error> {
    if (1..=MAX_ITERATIONS).contains(&iterations) {
        return Ok(iterations);
    }
    Err(Error::unsupported(format!(
        "a key derivation of {iterations} iterations"
    )))
}

/// The costs of scrypt (RFC 7914 section 2): a power of two above 1, within what a file may ask for.
fn check_scrypt(derivation: &ScryptParams) -> Result<(), Error> {
    let ScryptParams {
        cost_parameter: n,
        block_size: r,
        parallelization: p,
        ..
    } = *derivation;
    let blocks = n.checked_add(p.into());
    let memory = blocks.and_then(|blocks| blocks.checked_mul(128 * u64::from(r)));
    let is_bearable = memory.is_some_and(|memory| memory <= MAX_SCRYPT_MEMORY)
        && (1..=MAX_SCRYPT_PARALLELIZATION).contains(&p);
    if n.is_power_of_two() && n > 1 && r > 0 && is_bearable {
        return Ok(());
    }
    Err(Error::unsupported(format!(
        "a key derivation by scrypt with N={n}, r={r} and p={p}: N has to be a power of two above 1, 128 r (N + p) at most \
         {MAX_SCRYPT_MEMORY}, and p at most {MAX_SCRYPT_PARALLELIZATION}"
    )))
}

/// PBKDF1 (RFC 8018 section 5.1) with SHA-1.
fn pbkdf1(password: &SecretString, parameters: &Parameters) -> Result<Zeroizing<Vec<u8>>, Error> {
    let salted = [
        password.expose_secret().as_bytes(),
        parameters.salt.as_bytes(),
    ];
    let mut hash = Zeroizing::new(Digest::Sha1.hash(&Zeroizing::new(salted.concat())));
    for _ in 1..checked(parameters.iterations)? {
        hash = Zeroizing::new(Digest::Sha1.hash(&hash));
    }
    Ok(hash)
}

/// What derived bytes are for (RFC 7292 appendix B.3).
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// The key derivation of PKCS#12 (RFC 7292 appendix B.2).
pub(super) fn derive(
    digest: Digest,
    purpose: Purpose,
    password: &SecretString,
    salt: &[u8],
    iterations: u32,
    len: usize,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let iterations = checked(iterations)?;
    let block = digest.algorithm().block_len();
    // BMPString with a final NUL (appendix B.1).
    let password: Zeroizing<Vec<u8>> = Zeroizing::new(
        password
            .expose_secret()
            .encode_utf16()
            .chain([0])
            .flat_map(u16::to_be_bytes)
            .collect(),
    );
    let diversifier = vec![purpose as u8; block];
    let mut input = Zeroizing::new([fill(salt, block), fill(&password, block)].concat());
    let mut derived = Zeroizing::new(Vec::new());
    loop {
        let mut hash =
            Zeroizing::new(digest.hash(&Zeroizing::new([&diversifier[..], &input].concat())));
        for _ in 1..iterations {
            hash = Zeroizing::new(digest.hash(&hash));
        }
        derived.extend_from_slice(&hash);
        if derived.len() >= len {
            derived.truncate(len);
            return Ok(derived);
        }
        let addend = fill(&hash, block);
        for chunk in input.chunks_mut(block) {
            add_one_more(chunk, &addend);
        }
    }
}

/// `bytes` repeated up to the next multiple of `block`.
fn fill(bytes: &[u8], block: usize) -> Vec<u8> {
    let len = bytes.len().div_ceil(block) * block;
    bytes.iter().copied().cycle().take(len).collect()
}

/// `number + addend + 1`, both big-endian and of one length, without the overflow.
fn add_one_more(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1;
    for (digit, added) in number.iter_mut().zip(addend).rev() {
        let sum = u16::from(*digit) + u16::from(*added) + carry;
        *digit = sum as u8;
        carry = sum >> 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addition_carries_and_drops_the_overflow() {
        let mut number = [0xff, 0x00, 0xff];
        add_one_more(&mut number, &[0x00, 0x00, 0x00]);
        assert_eq!(number, [0xff, 0x01, 0x00]);
        let mut number = [0xff, 0xff, 0xff];
        add_one_more(&mut number, &[0x00, 0x00, 0x01]);
        assert_eq!(number, [0x00, 0x00, 0x01]);
    }

    #[test]
    fn absurd_iterations_are_refused() {
        let password = "x".into();
        for iterations in [0, u32::MAX] {
            let derived = derive(
                Digest::Sha1,
                Purpose::Key,
                &password,
                b"salt",
                iterations,
                8,
            );
            assert!(derived.unwrap_err().is_unsupported());
        }
    }

    fn decrypt_pbes2(kdf: Kdf) -> Error {
        let encryption = pkcs5::pbes2::EncryptionScheme::Aes256Cbc { iv: [0; 16] };
        let scheme = EncryptionScheme::from(pkcs5::pbes2::Parameters { kdf, encryption });
        let algorithm = AlgorithmIdentifierOwned::from_der(&scheme.to_der().unwrap()).unwrap();
        decrypt(&algorithm, &[0; 32], &"x".into(), CONVERT_PKCS8).unwrap_err()
    }

    #[test]
    fn absurd_costs_of_scrypt_are_refused() {
        let derivation = |cost_parameter, block_size, parallelization| {
            decrypt_pbes2(Kdf::Scrypt(ScryptParams {
                salt: b"saltsalt"[..].try_into().unwrap(),
                cost_parameter,
                block_size,
                parallelization,
                key_length: None,
            }))
        };
        for (n, r, p) in [
            (0, 8, 1),
            (1, 8, 1),
            (3, 8, 1),
            (1 << 40, 8, 1),
            (u64::MAX, 8, 1),
            (1 << 63, u16::MAX, 1),
            (1 << 14, u16::MAX, 1),
            (1 << 14, 0, 1),
            (1 << 14, 8, 0),
            (2, 8, u16::MAX),
            (2, 8, 17),
        ] {
            let error = derivation(n, r, p);
            assert!(error.is_unsupported(), "{n} {r} {p}: {error}");
        }
        // OpenSSL's costs, and the most that is borne.
        assert!(derivation(1 << 14, 8, 1).is_password());
        assert!(derivation(1 << 15, 8, 16).is_password());
    }

    #[test]
    fn absurd_iterations_of_pbkdf2_are_refused() {
        let derivation = |iteration_count| {
            decrypt_pbes2(Kdf::Pbkdf2(pkcs5::pbes2::Pbkdf2Params {
                salt: b"saltsalt"[..].try_into().unwrap(),
                iteration_count,
                key_length: None,
                prf: pkcs5::pbes2::Pbkdf2Prf::HmacWithSha256,
            }))
        };
        for iterations in [0, MAX_ITERATIONS + 1, u32::MAX] {
            assert!(derivation(iterations).is_unsupported(), "{iterations}");
        }
        assert!(derivation(2048).is_password());
    }
}
