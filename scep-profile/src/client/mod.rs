//! The RFC 8894 client: all of its operations over HTTP.
//!
//! | to | use |
//! |---|---|
//! | look at a server | [`Client::get_ca_caps`], [`Client::get_ca_certs`] |
//! | enrol | [`Client::enroll`], or [`Client::enroll_payload`] as a Mac does |
//! | wait for approval | [`Client::poll`] once, [`Client::wait`] until a [`Polling`] ends |
//! | renew | [`Client::renew`] |
//! | ask what was issued | [`Client::get_cert`], [`Client::get_crl`] |
//! | learn the CA that follows | [`Client::get_next_ca_certs`] |
//!
//! It sends no credentials (the challenge travels encrypted to the pinned CA), follows no redirect, and reads no
//! answer past 1 MiB.

mod error;
mod http;
mod polling;

pub use error::Error;
pub use polling::Polling;

use crate::message::{
    CaCertificates, Capabilities, CertificateRequest, EnrollmentKey, Issued, Lookup, Reply,
    Transaction, TransactionId, TrustedCa,
};
use crate::{Fingerprint, ScepPayload, ScepUrl};
use std::time::Duration;

/// A client of one SCEP server.
///
/// ```
/// use scep_profile::client::Client;
/// use scep_profile::ScepUrl;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Nothing listens on port 1: the error says which step failed, and what to look at.
/// let client = Client::new(ScepUrl::parse("http://127.0.0.1:1/scep")?)?;
/// let error = client.get_ca_certs().await.unwrap_err();
/// assert!(error.to_string().starts_with("GetCACert: http://127.0.0.1:1/scep"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    http: http::Http,
}

/// How far an enrolment got.
#[derive(Clone, Debug)]
pub enum Enrollment {
    /// The certificate is here.
    Issued(Issued),
    /// Someone has to approve; hand this to [`Client::poll`] later.
    Pending(Pending),
}

/// An enrolment that waits for approval. It holds the private key.
#[derive(Clone, Debug)]
pub struct Pending {
    transaction: Box<Transaction>,
    post: bool,
}

impl Pending {
    /// The transaction, as the administrator of the CA sees it.
    #[must_use]
    pub fn transaction_id(&self) -> &TransactionId {
        self.transaction.id()
    }
}

impl Client {
    /// A client with an HTTP client of its own: 10 seconds to connect, 30 for an answer, no redirects.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] when TLS cannot be set up.
    pub fn new(url: ScepUrl) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(30))
            .user_agent(concat!("scep-profile/", env!("CARGO_PKG_VERSION")));
        if url.as_url().scheme() == "http" {
            // A proxy would see what goes out in clear, and has no way to a loopback address of this machine.
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .map_err(|error| Error::transport("set-up", url.as_str(), error))?;
        Ok(Self::with_http(url, http))
    }

    /// A client on an HTTP client of the caller's, for a proxy or roots of its own. Its redirect policy and time-outs
    /// hold; following redirects lets a server choose who is asked for the CA certificates.
    #[must_use]
    pub fn with_http(url: ScepUrl, http: reqwest::Client) -> Self {
        Self {
            http: http::Http::new(url, http),
        }
    }

    /// Sets `Name` of the payload: the `message` that tells a server's instances apart in GetCACaps and GetCACert.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.http.name = Some(name.into());
        self
    }

    /// A client for the server that a payload names.
    ///
    /// # Errors
    ///
    /// As [`Client::new`].
    pub fn for_payload(payload: &ScepPayload) -> Result<Self, Error> {
        let client = Self::new(payload.url.clone())?;
        Ok(match &payload.name {
            Some(name) => client.name(name),
            None => client,
        })
    }

    /// What the server can do. One that does not know the operation (a status of 400 to 499, or no text) can do
    /// nothing special.
    ///
    /// # Errors
    ///
    /// [`Error`] when it cannot be reached or is broken.
    pub async fn get_ca_caps(&self) -> Result<Capabilities, Error> {
        match self.http.get("GetCACaps", None).await {
            Ok(answer) => Ok(Capabilities::parse(&String::from_utf8_lossy(&answer.body))),
            Err(Error::Status { status, .. }) if (400..500).contains(&status) => {
                Ok(Capabilities::default())
            }
            Err(error) => Err(error),
        }
    }

    /// The certificates the server hands out, **not to be trusted** before [`CaCertificates::pin`].
    ///
    /// # Errors
    ///
    /// [`Error`] when it cannot be reached, or answers something else.
    pub async fn get_ca_certs(&self) -> Result<CaCertificates, Error> {
        Ok(self.get_typed_ca_certs().await?.0)
    }

    /// The certificates, and the content type that the server gave them.
    pub(crate) async fn get_typed_ca_certs(
        &self,
    ) -> Result<(CaCertificates, Option<String>), Error> {
        let answer = self.http.get("GetCACert", None).await?;
        Ok((CaCertificates::parse(&answer.body)?, answer.content_type))
    }

    /// Enrols: asks for the capabilities and certificates, pins the CA, and sends the request by POST where the
    /// server takes it, else by GET.
    ///
    /// # Errors
    ///
    /// [`Error::Message`] with [`Refused`](crate::message::Error::Refused) when the CA says no,
    /// [`CaMismatch`](crate::message::Error::CaMismatch) when it is another CA; [`Error`] otherwise.
    pub async fn enroll(
        &self,
        key: &EnrollmentKey,
        request: &CertificateRequest,
        pin: &Fingerprint,
    ) -> Result<Enrollment, Error> {
        let (caps, ca) = self.trusted(pin).await?;
        let (transaction, message) = Transaction::enroll(key, request, &ca, &caps)?;
        self.exchange(transaction, &message, caps.post()).await
    }

    /// Renews with RenewalReq: a new key, signed for by the old one. Okta's CA refuses it.
    ///
    /// # Errors
    ///
    /// As [`Client::enroll`].
    pub async fn renew(
        &self,
        key: &EnrollmentKey,
        request: &CertificateRequest,
        old_key: &EnrollmentKey,
        old_certificate: &[u8],
        pin: &Fingerprint,
    ) -> Result<Enrollment, Error> {
        let (caps, ca) = self.trusted(pin).await?;
        let (transaction, message) =
            Transaction::renew(key, request, old_key, old_certificate, &ca, &caps)?;
        self.exchange(transaction, &message, caps.post()).await
    }

    /// Asks after a request that was answered PENDING.
    ///
    /// # Errors
    ///
    /// As [`Client::enroll`].
    pub async fn poll(&self, pending: Pending) -> Result<Enrollment, Error> {
        let Pending {
            mut transaction,
            post,
        } = pending;
        let message = transaction.poll()?;
        self.exchange(*transaction, &message, post).await
    }

    /// Asks after a request that was answered PENDING until it is granted, refused, or the patience ends. A server that
    /// cannot be reached meanwhile, or is in trouble, is asked again.
    ///
    /// # Errors
    ///
    /// [`Error::StillPending`] when nobody has approved by then, the last trouble when the server was in it at the end;
    /// otherwise as [`Client::enroll`].
    pub async fn wait(&self, pending: Pending, polling: &Polling) -> Result<Issued, Error> {
        let mut pending = pending;
        let mut trouble = None;
        for wait in polling.waits() {
            tokio::time::sleep(wait).await;
            trouble = match self.poll(pending.clone()).await {
                Ok(Enrollment::Issued(issued)) => return Ok(issued),
                Ok(Enrollment::Pending(still)) => {
                    pending = still;
                    None
                }
                Err(error) if error.is_passing() => Some(error),
                Err(error) => return Err(error),
            };
        }
        Err(trouble.unwrap_or_else(|| Error::StillPending {
            transaction_id: pending.transaction_id().clone(),
        }))
    }

    /// The certificates that will follow those of a CA, vouched for by it (GetNextCACert). Ask a server whose
    /// capabilities have [`next_ca`](Capabilities::next_ca), and take the fingerprints into the next profile.
    ///
    /// # Errors
    ///
    /// [`Error::Status`] when the server has none, [`Error::Message`] when the answer is not signed by `ca`.
    pub async fn get_next_ca_certs(&self, ca: &TrustedCa) -> Result<CaCertificates, Error> {
        Ok(ca.next(&self.http.get("GetNextCACert", None).await?.body)?)
    }

    /// A certificate (in DER) by its serial number (big-endian), asked for under a certificate (in DER) of the same
    /// CA and its key: GetCert.
    ///
    /// # Errors
    ///
    /// As [`Client::enroll`].
    pub async fn get_cert(
        &self,
        key: &EnrollmentKey,
        certificate: &[u8],
        serial: &[u8],
        pin: &Fingerprint,
    ) -> Result<Vec<u8>, Error> {
        let (caps, ca) = self.trusted(pin).await?;
        let (lookup, message) = Lookup::certificate(key, certificate, serial, &ca, &caps)?;
        Ok(lookup.read(&self.operate(&message, caps.post()).await?)?)
    }

    /// The revocation list (in DER) that covers a certificate (in DER), asked for under it and its key: GetCRL.
    ///
    /// # Errors
    ///
    /// As [`Client::enroll`].
    pub async fn get_crl(
        &self,
        key: &EnrollmentKey,
        certificate: &[u8],
        pin: &Fingerprint,
    ) -> Result<Vec<u8>, Error> {
        let (caps, ca) = self.trusted(pin).await?;
        let (lookup, message) = Lookup::crl(key, certificate, &ca, &caps)?;
        Ok(lookup.read(&self.operate(&message, caps.post()).await?)?)
    }

    /// Enrols as a Mac does that is handed this payload: its request, its fingerprint, its retries while PENDING
    /// (the first at once, the others after its delay).
    ///
    /// # Errors
    ///
    /// [`Error::NoFingerprint`] without one, [`Error::StillPending`] when the retries are used up; otherwise as
    /// [`Client::enroll`].
    pub async fn enroll_payload(
        payload: &ScepPayload,
        key: &EnrollmentKey,
    ) -> Result<Issued, Error> {
        let pin = payload
            .ca_fingerprint
            .as_ref()
            .ok_or(Error::NoFingerprint)?;
        let client = Self::for_payload(payload)?;
        let request = CertificateRequest::from_payload(payload);
        let mut enrollment = client.enroll(key, &request, pin).await?;
        for retry in 0..payload.retries {
            let Enrollment::Pending(pending) = enrollment else {
                break;
            };
            if retry > 0 {
                tokio::time::sleep(Duration::from_secs(payload.retry_delay.into())).await;
            }
            enrollment = client.poll(pending).await?;
        }
        match enrollment {
            Enrollment::Issued(issued) => Ok(issued),
            Enrollment::Pending(pending) => Err(Error::StillPending {
                transaction_id: pending.transaction_id().clone(),
            }),
        }
    }

    async fn trusted(&self, pin: &Fingerprint) -> Result<(Capabilities, TrustedCa), Error> {
        let caps = self.get_ca_caps().await?;
        let ca = self.get_ca_certs().await?.pin(pin)?;
        Ok((caps, ca))
    }

    async fn operate(&self, message: &[u8], post: bool) -> Result<Vec<u8>, Error> {
        let answer = if post {
            self.http.post("PKIOperation", message).await?
        } else {
            self.http.get("PKIOperation", Some(message)).await?
        };
        Ok(answer.body)
    }

    async fn exchange(
        &self,
        transaction: Transaction,
        message: &[u8],
        post: bool,
    ) -> Result<Enrollment, Error> {
        let reply = self.operate(message, post).await?;
        Ok(match transaction.read(&reply)? {
            Reply::Issued(issued) => Enrollment::Issued(issued),
            Reply::Pending => Enrollment::Pending(Pending {
                transaction: Box::new(transaction),
                post,
            }),
        })
    }
}
