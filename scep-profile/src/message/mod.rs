//! The messages of SCEP (RFC 8894), both directions, without any network.
//!
//! | step | requester | authority |
//! |---|---|---|
//! | GetCACaps | [`Capabilities::parse`] | text of its own |
//! | GetCACert | [`CaCertificates::parse`], then [`CaCertificates::pin`] | DER or certs-only |
//! | PKCSReq, RenewalReq, CertPoll | [`Transaction::enroll`], [`Transaction::renew`], [`Transaction::poll`] | [`Request::open`] |
//! | GetCert, GetCRL | [`Lookup::certificate`], [`Lookup::crl`] | [`Request::open`] |
//! | CertRep | [`Transaction::read`], [`Lookup::read`] | [`Answer`] |
//! | GetNextCACert | [`TrustedCa::next`] | [`next_ca_certificates`] |
//!
//! Reading is tolerant in form (BER, constructed content, absent algorithm parameters, SHA-1 and DES of old servers:
//! each met one is reported as a [`Weakness`]) and strict in meaning: the CA is the pinned one, the signer is that CA
//! or its RA, the signature verifies, transaction and nonce are those of the request, and the certificate is for the
//! key it was asked for.

mod algorithm;
mod ca;
mod capabilities;
mod certificate;
mod csr;
mod envelope;
mod error;
mod exchange;
mod key;
mod lookup;
mod next_ca;
mod pki;
#[cfg(all(test, feature = "server"))]
mod refusals;
mod reply;
mod request;
mod transaction;
mod types;

pub use algorithm::{Cipher, Digest};
pub use ca::{CaCertificates, TrustedCa};
pub use capabilities::Capabilities;
pub use certificate::verify_signature;
pub use csr::{CertificateRequest, ReceivedRequest};
pub use error::{Error, Weakness};
pub use key::EnrollmentKey;
pub use lookup::Lookup;
pub use next_ca::next_ca_certificates;
pub use reply::Answer;
pub use request::{Body, Request};
pub use transaction::{Issued, Reply, Transaction};
pub use types::{FailInfo, MessageType, Nonce, PkiStatus, TransactionId};

#[cfg(feature = "server")]
pub(crate) use {
    ca::CMC_RA,
    certificate::{CertificateSpec, extension, key_identifier, sign_crl, verify_issued},
    csr::name,
    request::signer_of,
};
