//! Verifying: four questions, four answers.

mod chain;
mod signer_info;
mod verdict;

pub use verdict::{
    CertificateSummary, ChainProblem, ChainVerdict, SignatureVerdict, SignerVerdict, TimeVerdict,
    Verdicts,
};

use der::Encode;

use self::chain::{Outcome, Parsed, build};
use crate::cms::Certificate;
use crate::cms::{Digest, Error, SignedData, SignerInfo, armour, from_ber, oid};
use std::time::SystemTime;

/// What a verifier brings along: roots, further certificates, the time to look at, the signer that is expected.
///
/// ```
/// use mobileconfig::cms::{ChainVerdict, SignatureVerdict, Trust, verify};
/// use std::time::{Duration, UNIX_EPOCH};
///
/// # let signed = include_bytes!("../../../tests/data/signed.der.mobileconfig");
/// # let roots = mobileconfig::cms::read_certificates(include_bytes!("../../../tests/data/ca.pem"))?;
/// let verified = verify(signed, &Trust::new(&roots).at(UNIX_EPOCH + Duration::from_secs(1_800_000_000)))?;
/// let signer = &verified.signers[0];
/// assert_eq!(signer.signature, SignatureVerdict::Valid);
/// assert!(matches!(signer.chain, ChainVerdict::Trusted | ChainVerdict::Untrusted { .. }));
/// # Ok::<(), mobileconfig::cms::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Trust {
    roots: Vec<Vec<u8>>,
    others: Vec<Vec<u8>>,
    time: Option<SystemTime>,
    expected: Option<Vec<u8>>,
}

impl Trust {
    /// Trusts the given certificates (DER) as roots, and nothing else: the system's roots are not asked.
    ///
    /// A certificate that is no certification authority is trusted for itself alone.
    pub fn new(roots: &[impl AsRef<[u8]>]) -> Self {
        Self {
            roots: roots.iter().map(|root| root.as_ref().to_vec()).collect(),
            others: Vec::new(),
            time: None,
            expected: None,
        }
    }

    /// Adds certificates (DER) that help to find a way to a root, and that nothing is believed of.
    pub fn intermediates(mut self, certificates: &[impl AsRef<[u8]>]) -> Self {
        self.others.extend(
            certificates
                .iter()
                .map(|certificate| certificate.as_ref().to_vec()),
        );
        self
    }

    /// Looks at the certificates as of this time; now, unless set.
    pub fn at(mut self, time: SystemTime) -> Self {
        self.time = Some(time);
        self
    }

    /// Expects the signer to have this certificate (DER).
    pub fn expect_signer(mut self, certificate: impl Into<Vec<u8>>) -> Self {
        self.expected = Some(certificate.into());
        self
    }
}

/// A signed message that was looked at.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The content. Whether to believe it is for the caller to say, after reading the verdicts.
    pub content: Vec<u8>,
    /// What was found out about each signer, in the order of the message; usually one, and none when nobody signed the
    /// content.
    pub signers: Vec<Verdicts>,
}

// The content of a signed profile holds the SCEP challenge.
impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified")
            .field("content", &format_args!("{} bytes", self.content.len()))
            .field("signers", &self.signers)
            .finish()
    }
}

/// Looks at a signed message (DER, BER or PEM) and gives separate verdicts; a bad signature is one of them and no error.
///
/// # Errors
///
/// When the message is no CMS, is not signed data, or has no content (a detached signature, or certificates only); when a
/// root or another certificate of the caller is none. [`Error::is_limit`] for a message with more than 16 signers, each of
/// whom would cost as much as a signed profile should.
pub fn verify(message: impl AsRef<[u8]>, trust: &Trust) -> Result<Verified, Error> {
    let message = armour::unwrap(message.as_ref())?;
    let signed: SignedData = from_ber(&message)?.decode(oid::ID_SIGNED_DATA)?;
    let content = signed.content()?;
    if signed.signer_infos.0.len() > MAX_SIGNERS {
        return Err(Error::too_many("it has more than 16 signers"));
    }
    let parse = |list: &[Vec<u8>]| {
        list.iter()
            .map(|der| Parsed::read(der))
            .collect::<der::Result<Vec<_>>>()
    };
    let roots = parse(&trust.roots)?;
    let mut others = parse(&trust.others)?;
    let brought = signed.certificates.iter().flat_map(|set| &set.0.0);
    for element in brought {
        // What is no certificate, or of a form that is not understood, helps nobody and spoils nothing else.
        if let Ok(certificate) = Parsed::read(&element.to_der()?) {
            others.push(certificate);
        }
    }
    let look = Look {
        signed: &signed,
        content,
        roots,
        others,
        time: trust.time.unwrap_or_else(SystemTime::now),
        expected: trust.expected.as_deref(),
    };
    let signers = signed.signer_infos.0.iter().map(|info| look.at(info));
    Ok(Verified {
        signers: signers.collect(),
        content: content.to_vec(),
    })
}

/// Profiles have one signer.
const MAX_SIGNERS: usize = 16;

/// Certificates tried for one signer. An authority that issues another one for the same key gives them the same identifier.
const MAX_NAMED: usize = 8;

struct Look<'a> {
    signed: &'a SignedData,
    content: &'a [u8],
    roots: Vec<Parsed>,
    others: Vec<Parsed>,
    time: SystemTime,
    expected: Option<&'a [u8]>,
}

impl Look<'_> {
    fn at(&self, info: &SignerInfo) -> Verdicts {
        let mut verdicts = Verdicts {
            signature: SignatureVerdict::NoCertificate,
            chain: ChainVerdict::NoCertificate,
            time: TimeVerdict::NoCertificate,
            signer: SignerVerdict::NoCertificate,
            digest: Digest::from_identifier(&info.digest_algorithm).ok(),
            signing_time: info.signing_time(),
            as_of: self.time,
            path: Vec::new(),
        };
        // Those of the message come last, so that they cannot keep the caller's from being tried.
        let mut named = self
            .roots
            .iter()
            .chain(&self.others)
            .filter(|known| info.sid.matches(&known.certificate))
            .take(MAX_NAMED);
        let Some(first) = named.next() else {
            return verdicts;
        };
        // Nobody has to give two certificates one name, but whoever forges one can.
        let signer = std::iter::once(first)
            .chain(named)
            .find(|known| self.signature(info, &known.certificate) == SignatureVerdict::Valid)
            .unwrap_or(first);
        let Outcome { path, problem } = build(signer, &self.roots, &self.others, self.time);
        verdicts.signature = self.signature(info, &signer.certificate);
        verdicts.chain = match problem {
            _ if self.roots.is_empty() => ChainVerdict::NoRoots,
            Some((subject, problem)) => ChainVerdict::Untrusted { subject, problem },
            None => ChainVerdict::Trusted,
        };
        verdicts.time = self.time(&path);
        verdicts.signer = match self.expected {
            None => SignerVerdict::NotAsked,
            Some(expected) if expected == signer.der => SignerVerdict::Expected,
            Some(_) => SignerVerdict::Other,
        };
        verdicts.path = path
            .into_iter()
            .map(|known| CertificateSummary::new(&known.der, &known.certificate))
            .collect();
        verdicts
    }

    fn signature(&self, info: &SignerInfo, certificate: &Certificate) -> SignatureVerdict {
        let key = certificate.tbs_certificate().subject_public_key_info();
        let content_type = self.signed.encap_content_info.content_type;
        let Err(error) = info.verify(content_type, self.content, key) else {
            return SignatureVerdict::Valid;
        };
        match error.unsupported_what() {
            Some(what) => SignatureVerdict::Unsupported {
                what: what.to_owned(),
            },
            None if error.is_content_changed() => SignatureVerdict::ContentChanged,
            None if error.is_signature() => SignatureVerdict::Invalid,
            None => SignatureVerdict::Malformed {
                problem: error.to_string(),
            },
        }
    }

    fn time(&self, path: &[&Parsed]) -> TimeVerdict {
        for certificate in path {
            if self.time < certificate.not_before() {
                return TimeVerdict::NotYetValid {
                    subject: certificate.subject(),
                    not_before: certificate.not_before(),
                };
            }
            if self.time > certificate.not_after() {
                return TimeVerdict::Expired {
                    subject: certificate.subject(),
                    not_after: certificate.not_after(),
                };
            }
        }
        TimeVerdict::Valid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: &[u8] = include_bytes!("../../../tests/data/signed.der.mobileconfig");

    /// The signer's certificate.
    fn signer() -> Parsed {
        let signed: SignedData = from_ber(SIGNED)
            .unwrap()
            .decode(oid::ID_SIGNED_DATA)
            .unwrap();
        let sid = &signed.signer_infos.0[0].sid;
        let certificates = signed.certificates.unwrap().certificates().unwrap();
        let mut parsed = certificates.iter().map(|der| Parsed::read(der).unwrap());
        parsed
            .find(|known| sid.matches(&known.certificate))
            .unwrap()
    }

    /// So many certificates of the signer's name and number for another key.
    fn forged(count: usize) -> Vec<Vec<u8>> {
        let Parsed {
            mut der,
            certificate,
        } = signer();
        let info = certificate.tbs_certificate().subject_public_key_info();
        let key = info.subject_public_key.raw_bytes();
        let at = der
            .windows(key.len())
            .position(|window| window == key)
            .unwrap();
        der[at + key.len() - 1] ^= 1;
        vec![der; count]
    }

    fn signature(trust: &Trust) -> SignatureVerdict {
        verify(SIGNED, trust).unwrap().signers.remove(0).signature
    }

    #[test]
    fn only_so_many_certificates_of_one_name_are_tried() {
        let none: [Vec<u8>; 0] = [];
        let beside = |count| Trust::new(&none).intermediates(&forged(count));
        assert_eq!(signature(&beside(MAX_NAMED - 1)), SignatureVerdict::Valid);
        assert_ne!(signature(&beside(MAX_NAMED)), SignatureVerdict::Valid);
    }

    #[test]
    fn forged_certificates_do_not_keep_a_root_from_being_tried() {
        let trust = Trust::new(&[signer().der]).intermediates(&forged(MAX_NAMED));
        assert_eq!(signature(&trust), SignatureVerdict::Valid);
    }
}
