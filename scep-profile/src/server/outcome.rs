use crate::message::TransactionId;

/// The answer to a message, and what lies behind it. Only [`Handled::reply`] may go to the requester.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handled {
    /// The CertRep in DER.
    pub reply: Vec<u8>,
    /// What was decided.
    pub outcome: Outcome,
}

/// What an [`Authority`](super::Authority) decided, for its own log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// A certificate was issued, or handed out again; its serial number.
    Issued(String),
    /// The revocation list was handed out.
    Crl,
    /// The request waits for approval.
    Pending(TransactionId),
    /// The request was refused: why. No secret is part of it.
    Refused(String),
}
