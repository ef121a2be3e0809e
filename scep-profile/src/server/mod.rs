//! A certification authority that answers RFC 8894: bytes in, bytes out, so that any HTTP server can stand in front.
//!
//! It is made to test against, and behaves as Okta's static SCEP does where that is known: one challenge for all,
//! certificates for one year with clientAuth and digitalSignature, no renewal. A refusal is always the same failInfo
//! and is made from the unopened message, so that it tells nobody which check failed.

mod authority;
mod issued;
mod options;
mod outcome;
mod profile;
mod state;

pub use authority::Authority;
pub use issued::{IssuedCertificate, LeafError};
pub use options::AuthorityOptions;
pub use outcome::{Handled, Outcome};
pub use state::{AuthorityState, PendingRequest};
