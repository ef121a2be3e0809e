//! A certification authority that answers RFC 8894: bytes in, bytes out, so that any HTTP server can stand in front.
//!
//! It is made to test against, and behaves as Okta's static SCEP does where that is known: one challenge for all,
//! certificates for one year with clientAuth and digitalSignature, no renewal. A refusal is always the same failInfo
//! and is made from the unopened message, and costs the same work, so that it tells nobody which check failed.
//!
//! | to show how a client copes with | use |
//! |---|---|
//! | a chain, a registration authority | [`AuthorityOptions::intermediate`], [`AuthorityOptions::registration_authority`] |
//! | approval by hand | [`AuthorityOptions::manual_approval`], [`Authority::approve`], [`Authority::reject`] |
//! | revocation | [`Authority::revoke_at`], [`Authority::crl`], GetCRL |
//! | a CA that is about to expire | [`Authority::prepare_next`], [`Authority::roll_over`] |
//! | old clients | [`AuthorityOptions::legacy`] |

mod authority;
mod chain;
mod crl;
mod issued;
mod options;
mod outcome;
mod profile;
mod roll_over;
mod state;
mod waiting;

pub use authority::Authority;
pub use issued::{IssuedCertificate, LeafError};
pub use options::AuthorityOptions;
pub use outcome::{Handled, Outcome};
pub use state::{AuthorityState, ChainState, PendingRequest, RegistrationState};
