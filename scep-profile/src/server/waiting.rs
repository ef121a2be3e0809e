//! Requests that wait for someone to approve them, and the polls for them.

use super::state::PendingRequest;
use super::{Authority, Handled, Outcome};
use crate::message::{Answer, ReceivedRequest, Request, TransactionId};
use der::{Decode, Encode};
use mobileconfig::cms::Certificate;
use mobileconfig::cms::armour;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use std::time::SystemTime;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

impl Authority {
    pub(super) fn hold(
        &mut self,
        request: &Request,
        csr: &ReceivedRequest,
    ) -> Result<Handled, String> {
        let answer = Answer::pending(request);
        let handled = Handled {
            reply: self.sign(&answer)?,
            outcome: Outcome::Pending(request.transaction_id.clone()),
        };
        let known = |held: &PendingRequest| held.transaction_id == request.transaction_id.as_str();
        if !self.pending.iter().any(known) {
            self.pending.push(PendingRequest {
                transaction_id: request.transaction_id.as_str().to_owned(),
                request: armour::encode("CERTIFICATE REQUEST", csr.der()).into(),
                asked_by: Some(asked_by(request)?),
                approved: false,
            });
        }
        Ok(handled)
    }

    /// The answer to CertPoll. Only who signed the request may ask after it: the key asked for, or the old one of a
    /// renewal, which signs until the new certificate is there.
    pub(super) fn poll(&mut self, request: &Request, now: SystemTime) -> Result<Handled, String> {
        let id = request.transaction_id.as_str();
        let same = |held: &PendingRequest| held.transaction_id == id;
        if let Some(index) = self.pending.iter().position(same) {
            let held = &self.pending[index];
            let csr = held.parse()?;
            if !may_ask(request, held.asked_by.as_deref(), csr.public_key())? {
                return Err("the poll is signed by another key than the request".to_owned());
            }
            if !held.approved {
                return self.hold(request, &csr);
            }
            let handled = self.issue(request, &csr, now)?;
            self.pending.remove(index);
            return Ok(handled);
        }
        let earlier = self
            .issued
            .iter()
            .filter(|issued| issued.transaction_id == id && !issued.revoked);
        let earlier = earlier.rev().find(|issued| {
            Certificate::from_der(&issued.der()).is_ok_and(|certificate| {
                let key = certificate.tbs_certificate().subject_public_key_info();
                may_ask(request, issued.asked_by.as_deref(), key).unwrap_or(false)
            })
        });
        let earlier = earlier.cloned().ok_or("no such transaction")?;
        self.hand_out(request, &earlier)
    }

    /// Approves a request that was answered PENDING; the certificate is issued at the next poll. False when there is
    /// no such request.
    pub fn approve(&mut self, transaction_id: &TransactionId) -> bool {
        let held = self
            .pending
            .iter_mut()
            .find(|held| held.transaction_id == transaction_id.as_str());
        held.map(|held| held.approved = true).is_some()
    }

    /// Rejects a request that was answered PENDING; the next poll is refused. False when there is no such request.
    pub fn reject(&mut self, transaction_id: &TransactionId) -> bool {
        let before = self.pending.len();
        self.pending
            .retain(|held| held.transaction_id != transaction_id.as_str());
        self.pending.len() < before
    }

    /// The transactions that wait for approval.
    pub fn pending(&self) -> impl Iterator<Item = TransactionId> {
        self.pending
            .iter()
            .filter(|held| !held.approved)
            .map(|held| TransactionId::from_text(held.transaction_id.as_str()))
    }
}

impl PendingRequest {
    fn parse(&self) -> Result<ReceivedRequest, String> {
        let blocks = armour::blocks(self.request.expose_secret().as_bytes())
            .map_err(|error| error.to_string())?;
        let block = blocks.first().ok_or("the held request is empty")?;
        ReceivedRequest::from_der(&block.bytes).map_err(|error| error.to_string())
    }
}

/// The key that signs a message, as the hex of its SHA-256.
pub(super) fn asked_by(request: &Request) -> Result<String, String> {
    let signer = Certificate::from_der(&request.signer).map_err(|error| error.to_string())?;
    digest(signer.tbs_certificate().subject_public_key_info())
}

/// Whether a message is signed by the key that a request was signed by, or by the key it is for.
fn may_ask(
    message: &Request,
    asked_by_then: Option<&str>,
    key: &SubjectPublicKeyInfoOwned,
) -> Result<bool, String> {
    let now = asked_by(message)?;
    Ok(asked_by_then == Some(now.as_str()) || digest(key)? == now)
}

fn digest(key: &SubjectPublicKeyInfoOwned) -> Result<String, String> {
    let der = key.to_der().map_err(|error| error.to_string())?;
    Ok(hex::encode(Sha256::digest(der)))
}
