use super::chain::{self, Chain};
use super::state::PendingRequest;
use super::waiting::asked_by;
use super::{
    AuthorityOptions, AuthorityState, ChainState, Handled, IssuedCertificate, LeafError, Outcome,
    crl, profile,
};
use crate::CaCertificate;
use crate::message::{
    Answer, Body, Error, FailInfo, MessageType, ReceivedRequest, Request, TransactionId, signer_of,
    verify_issued,
};
use der::Decode;
use mobileconfig::cms::Certificate;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::SystemTime;
use subtle::ConstantTimeEq;

/// A certification authority: pure, so that time and transport are the caller's.
///
/// An example stands with [`Transaction`](crate::message::Transaction).
pub struct Authority {
    pub(super) options: AuthorityOptions,
    pub(super) chain: Chain,
    pub(super) next: Option<Chain>,
    /// Those that issued before a roll-over.
    pub(super) former: Vec<CaCertificate>,
    pub(super) issued: Vec<IssuedCertificate>,
    pub(super) pending: Vec<PendingRequest>,
}

impl Authority {
    /// A new authority with keys of its own. Its certificates are valid for ten years from `now`.
    ///
    /// # Errors
    ///
    /// [`Error`] when a key or certificate cannot be made, for instance for an empty organisation.
    pub fn generate(options: AuthorityOptions, now: impl Into<SystemTime>) -> Result<Self, Error> {
        Ok(Self {
            chain: Chain::generate(&options, 1, now.into())?,
            options,
            next: None,
            former: Vec::new(),
            issued: Vec::new(),
            pending: Vec::new(),
        })
    }

    /// The authority saved earlier.
    ///
    /// # Errors
    ///
    /// [`Error`] when a certificate or a key in it cannot be read, or they do not belong together.
    pub fn from_state(state: AuthorityState) -> Result<Self, Error> {
        let chain = ChainState {
            root_certificate: state.root_certificate,
            issuer_certificate: state.issuer_certificate,
            issuer_key: state.issuer_key,
            registration: state.registration,
        };
        let former = state.former_issuers.iter().map(|pem| chain::read(pem));
        Ok(Self {
            chain: Chain::from_state(&chain)?,
            next: state.next.as_ref().map(Chain::from_state).transpose()?,
            former: former.collect::<Result<_, _>>()?,
            options: state.options,
            issued: state.issued,
            pending: state.pending,
        })
    }

    /// All that has to be kept, **with the private keys and the challenge**.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] when a key cannot be encoded.
    pub fn state(&self) -> Result<AuthorityState, Error> {
        let chain = self.chain.state()?;
        Ok(AuthorityState {
            options: self.options.clone(),
            root_certificate: chain.root_certificate,
            issuer_certificate: chain.issuer_certificate,
            issuer_key: chain.issuer_key,
            registration: chain.registration,
            next: self.next.as_ref().map(Chain::state).transpose()?,
            former_issuers: self.former.iter().map(CaCertificate::pem).collect(),
            issued: self.issued.clone(),
            pending: self.pending.clone(),
        })
    }

    /// The root certificate in DER: the one to pin and to put into the profile.
    #[must_use]
    pub fn root_certificate(&self) -> &[u8] {
        self.chain.root.der()
    }

    /// The certificate that issues, in DER; the root without an intermediate. Requests are encrypted to it unless a
    /// registration authority stands before it.
    #[must_use]
    pub fn issuer_certificate(&self) -> &[u8] {
        self.chain.issuer.der()
    }

    /// The CA certificates in DER, the issuing one first, the root last.
    #[must_use]
    pub fn ca_certificates(&self) -> Vec<Vec<u8>> {
        self.chain.authorities()
    }

    /// The answer to GetCACaps, `text/plain`. Lines end in LF alone: Apple's client compares a keyword with its CR.
    #[must_use]
    pub fn get_ca_caps(&self) -> String {
        // strongSwan before 5.9.11 takes AES only from a server that announces SHA-384 and DES3 as well.
        let mut caps =
            "AES\nDES3\nSHA-256\nSHA-384\nSHA-512\nPOSTPKIOperation\nSCEPStandard\n".to_owned();
        if self.options.legacy {
            caps.push_str("SHA-1\n");
        }
        if self.options.renewal {
            caps.push_str("Renewal\n");
        }
        if self.next.is_some() {
            caps.push_str("GetNextCACert\n");
        }
        caps
    }

    /// The answer to GetCACert: content type and body.
    #[must_use]
    pub fn get_ca_cert(&self) -> (&'static str, Vec<u8>) {
        self.chain.get_ca_cert()
    }

    /// The answer to PKIOperation: a CertRep, `application/x-pki-message`.
    pub fn pki_operation(&mut self, message: &[u8], now: impl Into<SystemTime>) -> Vec<u8> {
        self.handle(message, now).reply
    }

    /// As [`Authority::pki_operation`], with what was decided.
    pub fn handle(&mut self, message: &[u8], now: impl Into<SystemTime>) -> Handled {
        let refusal = match self.decide(message, now.into()) {
            Ok(handled) => return handled,
            Err(refusal) => refusal,
        };
        let answer = Answer::refused(message, FailInfo::BadRequest);
        Handled {
            // Signing with a key that was checked when the authority was made does not fail.
            reply: self.sign(&answer).unwrap_or_default(),
            outcome: Outcome::Refused(refusal),
        }
    }

    fn decide(&mut self, message: &[u8], now: SystemTime) -> Result<Handled, String> {
        // Before the envelope is looked at, and whatever is in it: all refusals cost the same work.
        let signer = signer_of(message)
            .ok_or(LeafError::Malformed)
            .and_then(|signer| self.verify_leaf(&signer, now).map(drop));
        let (recipient, key) = self.chain.recipient();
        let request =
            Request::open(message, recipient.x509(), key).map_err(|error| error.to_string())?;
        let weaknesses = request.weaknesses();
        if let (Some(weakness), false) = (weaknesses.first(), self.options.legacy) {
            return Err(format!("the requester {weakness}"));
        }
        match &request.body {
            Body::Certificate(csr) => {
                self.authorise(&request, csr, signer)?;
                if let Some(earlier) = self.issued_in(&request.transaction_id, csr, now) {
                    return self.hand_out(&request, &earlier);
                }
                if self.options.manual_approval {
                    return self.hold(&request, csr);
                }
                self.issue(&request, csr, now)
            }
            Body::Poll { .. } => self.poll(&request, now),
            // Whoever holds no certificate of this CA has no business with those of others.
            Body::Named(_) if signer.is_err() => {
                Err("only a device with a certificate of this CA may ask".to_owned())
            }
            Body::Named(id) if request.message_type == MessageType::GetCert => {
                let serial = hex::encode_upper(id.serial_number.as_bytes());
                let ours = id.issuer == *self.chain.issuer.x509().tbs_certificate().subject();
                let found = self
                    .issued
                    .iter()
                    .find(|issued| ours && issued.serial == serial);
                let found = found.cloned().ok_or("no such certificate")?;
                self.hand_out(&request, &found)
            }
            Body::Named(_) => {
                let crl = self.crl(now).map_err(|error| error.to_string())?;
                Ok(Handled {
                    reply: self.sign(&Answer::crl(&request, crl))?,
                    outcome: Outcome::Crl,
                })
            }
            Body::Other => Err(format!(
                "messageType {} is not offered",
                request.message_type.as_str()
            )),
        }
    }

    fn authorise(
        &self,
        request: &Request,
        csr: &ReceivedRequest,
        signer: Result<(), LeafError>,
    ) -> Result<(), String> {
        if request.message_type == MessageType::RenewalReq {
            if !self.options.renewal {
                return Err("renewal is not offered".to_owned());
            }
            signer.map_err(|error| format!("the certificate to be renewed: {error}"))?;
            let old = Certificate::from_der(&request.signer).map_err(|error| error.to_string())?;
            return if old.tbs_certificate().subject() == csr.subject() {
                Ok(())
            } else {
                Err("the renewal asks for another subject than the certificate has".to_owned())
            };
        }
        check_signer(request, csr, signer)?;
        let challenge = csr.challenge().ok_or("the request brings no challenge")?;
        // Of equal length, so that not even the length of the secret can be measured.
        let digest = |secret: &SecretString| Sha256::digest(secret.expose_secret());
        if bool::from(digest(challenge).ct_eq(&digest(&self.options.challenge))) {
            Ok(())
        } else {
            Err("the challenge is wrong".to_owned())
        }
    }

    /// A certificate issued in the same transaction for the same key: the device missed the first answer. One that has
    /// expired, was revoked or is of a former CA is no answer any more.
    fn issued_in(
        &self,
        transaction_id: &TransactionId,
        csr: &ReceivedRequest,
        now: SystemTime,
    ) -> Option<IssuedCertificate> {
        self.issued
            .iter()
            .filter(|issued| issued.transaction_id == transaction_id.as_str())
            .find(|issued| {
                let der = issued.der();
                let same = Certificate::from_der(&der).is_ok_and(|certificate| {
                    let tbs = certificate.tbs_certificate();
                    tbs.subject_public_key_info() == csr.public_key()
                        && tbs.subject() == csr.subject()
                });
                same && self.verify_leaf(&der, now).is_ok()
                    && verify_issued(&der, self.chain.issuer.x509()).is_ok()
            })
            .cloned()
    }

    pub(super) fn issue(
        &mut self,
        request: &Request,
        csr: &ReceivedRequest,
        now: SystemTime,
    ) -> Result<Handled, String> {
        let der = profile::leaf(csr, self.options.validity, now)
            .and_then(|spec| spec.issue(self.chain.issuer.x509(), &self.chain.issuer_key))
            .map_err(|error| error.to_string())?;
        let certificate = chain::parse(&der).map_err(|error| error.to_string())?;
        let issued = IssuedCertificate {
            serial: hex::encode_upper(
                certificate
                    .x509()
                    .tbs_certificate()
                    .serial_number()
                    .as_bytes(),
            ),
            subject: certificate.subject(),
            certificate: certificate.pem(),
            transaction_id: request.transaction_id.as_str().to_owned(),
            asked_by: Some(asked_by(request)?),
            revoked: false,
            revoked_at: None,
        };
        let handled = self.hand_out(request, &issued)?;
        self.issued.push(issued);
        Ok(handled)
    }

    pub(super) fn hand_out(
        &self,
        request: &Request,
        issued: &IssuedCertificate,
    ) -> Result<Handled, String> {
        let mut certificates = vec![issued.der()];
        certificates.extend(self.ca_certificates());
        Ok(Handled {
            reply: self.sign(&Answer::issued(request, certificates))?,
            outcome: Outcome::Issued(issued.serial.clone()),
        })
    }

    pub(super) fn sign(&self, answer: &Answer) -> Result<Vec<u8>, String> {
        let (certificate, key) = self.chain.recipient();
        answer
            .sign(certificate.der(), key)
            .map_err(|error| error.to_string())
    }

    /// The certificates issued, oldest first.
    #[must_use]
    pub fn issued(&self) -> &[IssuedCertificate] {
        &self.issued
    }

    /// Revokes a certificate by its serial number in hex, without a date: the revocation list says it never was valid.
    /// False when there is no such certificate.
    pub fn revoke(&mut self, serial: &str) -> bool {
        self.mark_revoked(serial, None)
    }

    /// Revokes a certificate by its serial number in hex. False when there is no such certificate.
    pub fn revoke_at(&mut self, serial: &str, now: impl Into<SystemTime>) -> bool {
        self.mark_revoked(serial, Some(now.into()))
    }

    fn mark_revoked(&mut self, serial: &str, at: Option<SystemTime>) -> bool {
        let issued = self
            .issued
            .iter_mut()
            .find(|issued| issued.serial.eq_ignore_ascii_case(serial));
        issued
            .map(|issued| (issued.revoked, issued.revoked_at) = (true, at))
            .is_some()
    }

    /// The revocation list in DER (RFC 5280 section 5), for a week from `now`. GetCRL answers with it as well.
    ///
    /// # Errors
    ///
    /// [`Error`] when it cannot be signed.
    pub fn crl(&self, now: impl Into<SystemTime>) -> Result<Vec<u8>, Error> {
        crl::make(&self.chain, &self.issued, now.into())
    }

    /// Replaces the challenge, as an administrator does when it has leaked. Certificates issued stay valid.
    pub fn reset_challenge(&mut self, challenge: SecretString) {
        self.options.challenge = challenge;
    }

    /// Whether a certificate (DER) proves enrolment at a moment: issued here, in time, not revoked. That its holder
    /// has the key is for [`verify_signature`](crate::message::verify_signature) to show.
    ///
    /// # Errors
    ///
    /// [`LeafError`].
    pub fn verify_leaf(
        &self,
        der: &[u8],
        now: impl Into<SystemTime>,
    ) -> Result<&IssuedCertificate, LeafError> {
        let certificate = CaCertificate::from_der(der).map_err(|_| LeafError::Malformed)?;
        std::iter::once(&self.chain.issuer)
            .chain(&self.former)
            .find(|issuer| verify_issued(der, issuer.x509()).is_ok())
            .ok_or(LeafError::NotIssuedHere)?;
        let serial = hex::encode_upper(
            certificate
                .x509()
                .tbs_certificate()
                .serial_number()
                .as_bytes(),
        );
        let issued = self.issued.iter().find(|issued| issued.serial == serial);
        let issued = issued.ok_or(LeafError::NotIssuedHere)?;
        let (now, (from, to)) = (now.into(), certificate.validity());
        if now < from {
            Err(LeafError::NotYetValid)
        } else if now > to {
            Err(LeafError::Expired)
        } else if issued.revoked {
            Err(LeafError::Revoked)
        } else {
            Ok(issued)
        }
    }
}

// Neither key nor challenge.
impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("issuer", &self.chain.issuer)
            .field("issued", &self.issued.len())
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}

/// RFC 8894 section 2.3: the key asked for signs, or (as Apple's client renews) that of a certificate issued here.
/// Otherwise anyone could sign the envelope of another anew and be sent the answer.
fn check_signer(
    request: &Request,
    csr: &ReceivedRequest,
    known: Result<(), LeafError>,
) -> Result<(), String> {
    let signer = Certificate::from_der(&request.signer).map_err(|error| error.to_string())?;
    if signer.tbs_certificate().subject_public_key_info() == csr.public_key() || known.is_ok() {
        Ok(())
    } else {
        Err("the message is signed by another key than the request is for".to_owned())
    }
}
