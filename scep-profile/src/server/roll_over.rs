//! A CA that follows the present one (RFC 8894 section 4.6).

use super::Authority;
use super::chain::Chain;
use crate::message::{CaCertificates, Error, next_ca_certificates};
use std::time::SystemTime;

impl Authority {
    /// Makes the CA that will follow, which GetNextCACert then announces. It issues from [`Authority::roll_over`] on.
    ///
    /// # Errors
    ///
    /// As [`Authority::generate`].
    pub fn prepare_next(&mut self, now: impl Into<SystemTime>) -> Result<(), Error> {
        let number = self.former.len() + 2;
        self.next = Some(Chain::generate(&self.options, number, now.into())?);
        Ok(())
    }

    /// The root certificate that will follow, in DER: the one to pin in the next profile.
    #[must_use]
    pub fn next_root_certificate(&self) -> Option<&[u8]> {
        self.next.as_ref().map(|next| next.root.der())
    }

    /// The answer to GetNextCACert: content type and body, signed by the present CA. `None` before
    /// [`Authority::prepare_next`]; the HTTP server answers 404 then.
    #[must_use]
    pub fn get_next_ca_cert(&self) -> Option<(&'static str, Vec<u8>)> {
        let certificates = self.next.as_ref()?.certificates();
        let chain = &self.chain;
        let body = next_ca_certificates(&certificates, chain.issuer.der(), &chain.issuer_key);
        Some((CaCertificates::NEXT, body.ok()?))
    }

    /// Puts the prepared CA in place of the present one; certificates issued before stay valid. The key of the former one
    /// is dropped, so that revoked ones of its certificates are in no later list; [`Authority::verify_leaf`] knows them.
    /// False when none was prepared.
    pub fn roll_over(&mut self) -> bool {
        let Some(next) = self.next.take() else {
            return false;
        };
        let former = std::mem::replace(&mut self.chain, next);
        self.former.push(former.issuer);
        true
    }
}
