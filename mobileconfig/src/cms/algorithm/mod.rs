//! The algorithms of signatures and envelopes: how identifiers name them, and what they do.

mod cipher;
mod digest;
mod signature;

pub use cipher::Cipher;
pub use digest::Digest;
pub(super) use signature::rsa_encryption;
pub use signature::{KeyType, SignedObject, verify_signature};
