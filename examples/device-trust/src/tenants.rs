//! The two tenants and the CA that the job works on: real ones, or those of a sandbox. The stages do not know which.

use std::sync::Arc;

use jumpcloud_mdm::{JumpCloud, Region, deploy::DigestKey};
use okta_devtrust::{
    Okta,
    oauth::{ClientKey, ServiceApp},
};
use scep_profile::{CaCertificate, ScepUrl};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use crate::{
    Blueprint, Error,
    blueprint::{Needs, SecretSource, Secrets, ServiceAppSection},
    embedded::Embedded,
};

/// Clients with their credentials, and the Okta CA as the operator knows it.
#[derive(Debug)]
pub struct Tenants {
    pub(crate) okta: Okta,
    /// Held while something of Okta is looked at and then changed: tenants of several JumpCloud organisations can share
    /// one Okta org.
    pub(crate) okta_turn: Arc<Mutex<()>>,
    pub(crate) jumpcloud: JumpCloud,
    pub(crate) scep_url: ScepUrl,
    pub(crate) ca_certificates: Vec<CaCertificate>,
    pub(crate) challenge: SecretString,
    /// Keys the digests in plans: who could try guesses against one could read the policy itself.
    pub(crate) digest_key: Arc<DigestKey>,
    /// Where each secret came from, for the plan.
    pub(crate) references: [(&'static str, String); 3],
}

impl Tenants {
    /// The tenants that the blueprint names.
    ///
    /// # Errors
    /// [`Error::Input`] when a secret cannot be sent as a header, or the blueprint names no tenants.
    pub fn real(blueprint: &Blueprint, secrets: &Secrets) -> Result<Self, Error> {
        Self::real_for(Needs::ALL, blueprint, secrets)
    }

    /// The same for a program that uses only some of the secrets: what needs another one is refused by its tenant.
    ///
    /// # Errors
    /// As for [`real`](Self::real).
    pub fn real_for(needs: Needs, blueprint: &Blueprint, secrets: &Secrets) -> Result<Self, Error> {
        let account = Account::real(needs, blueprint, secrets)?;
        Self::real_in(needs, blueprint, secrets, account)
    }

    /// The same in an account that is signed in to already.
    pub(crate) fn real_in(
        needs: Needs,
        blueprint: &Blueprint,
        secrets: &Secrets,
        account: Account,
    ) -> Result<Self, Error> {
        let missing = |what: &str| missing(blueprint, what);
        let scep = &blueprint.scep;
        let url = blueprint.okta.url.as_ref();
        let okta = match &blueprint.okta.service_app {
            _ if !needs.okta() => OktaAccess::Token(SecretSource::unused()),
            None => OktaAccess::Token(given(blueprint, &secrets.okta_api_token, "OKTA_API_TOKEN")?),
            Some(app) => OktaAccess::App(
                app.clone(),
                given(blueprint, &secrets.okta_private_key, "OKTA_PRIVATE_KEY")?,
            ),
        };
        Self::connect(
            okta.client(url.ok_or_else(|| missing("okta.url"))?)?,
            account,
            scep.url.clone().ok_or_else(|| missing("scep.url"))?,
            scep.ca_certificates.clone(),
            if needs.scep() {
                given(blueprint, &secrets.scep_challenge, "SCEP_CHALLENGE")?
            } else {
                SecretSource::unused()
            },
        )
    }

    /// The tenants and the CA of the embedded sandbox, with its secrets. A secret that the operator gave keeps the
    /// reference of where it came from.
    ///
    /// # Errors
    /// [`Error::Input`] when a secret that was given to the sandbox cannot be sent as a header.
    pub fn sandbox(blueprint: &Blueprint, embedded: &Embedded) -> Result<Self, Error> {
        Self::sandbox_in(embedded, Account::sandbox(blueprint, embedded)?)
    }

    /// The same in an account that is signed in to already.
    pub(crate) fn sandbox_in(embedded: &Embedded, account: Account) -> Result<Self, Error> {
        let sandbox = embedded.sandbox();
        let (given, secrets) = (embedded.given(), sandbox.secrets());
        let broken = |error: scep_profile::Error| Error::refused("sandbox", error);
        let mut ca_certificates = Vec::new();
        for der in sandbox.ca_certificates() {
            ca_certificates.push(CaCertificate::from_der(&der).map_err(broken)?);
        }
        let token = of_sandbox(
            given.okta_api_token.as_ref(),
            &secrets.okta_api_token,
            "OKTA_API_TOKEN",
        );
        Self::connect(
            OktaAccess::Token(token).client(sandbox.okta_url())?,
            account,
            ScepUrl::parse(&sandbox.scep_url()).map_err(broken)?,
            ca_certificates,
            of_sandbox(
                given.scep_challenge.as_ref(),
                &secrets.scep_challenge,
                "SCEP_CHALLENGE",
            ),
        )
    }

    /// Where a secret came from, `env:NAME` or `file:PATH`.
    pub(crate) fn reference(&self, secret: &str) -> &str {
        let found = self.references.iter().find(|(name, _)| *name == secret);
        found.map_or("nowhere", |(_, reference)| reference)
    }

    fn connect(
        (okta, okta_reference): (Okta, (&'static str, String)),
        account: Account,
        scep_url: ScepUrl,
        ca_certificates: Vec<CaCertificate>,
        scep_challenge: SecretSource,
    ) -> Result<Self, Error> {
        Ok(Self {
            okta,
            okta_turn: Arc::default(),
            jumpcloud: account.client,
            scep_url,
            ca_certificates,
            challenge: scep_challenge.secret,
            digest_key: account.digest_key,
            references: [
                okta_reference,
                account.reference,
                ("scep_challenge", scep_challenge.reference),
            ],
        })
    }
}

/// JumpCloud's side: one key or service account, which may reach several organisations. A clone shares the connections.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    client: JumpCloud,
    digest_key: Arc<DigestKey>,
    reference: (&'static str, String),
}

impl Account {
    /// That of the blueprint, in its organisation.
    pub(crate) fn real(
        needs: Needs,
        blueprint: &Blueprint,
        secrets: &Secrets,
    ) -> Result<Self, Error> {
        let section = &blueprint.jumpcloud;
        let url = section.url.as_ref();
        let source = match &section.client_id {
            _ if !needs.jumpcloud() => SecretSource::unused(),
            None => given(blueprint, &secrets.jumpcloud_api_key, "JUMPCLOUD_API_KEY")?,
            Some(_) => given(
                blueprint,
                &secrets.jumpcloud_client_secret,
                "JUMPCLOUD_CLIENT_SECRET",
            )?,
        };
        Self::connect(
            blueprint,
            url.ok_or_else(|| missing(blueprint, "jumpcloud.url"))?,
            section.client_id.as_deref(),
            source,
        )
    }

    /// That of the sandbox, which is reached by its key, whatever the blueprint says of an account.
    pub(crate) fn sandbox(blueprint: &Blueprint, embedded: &Embedded) -> Result<Self, Error> {
        let sandbox = embedded.sandbox();
        let source = of_sandbox(
            embedded.given().jumpcloud_api_key.as_ref(),
            &sandbox.secrets().jumpcloud_api_key,
            "JUMPCLOUD_API_KEY",
        );
        Self::connect(blueprint, sandbox.jumpcloud_url(), None, source)
    }

    fn connect(
        blueprint: &Blueprint,
        url: &str,
        client_id: Option<&str>,
        source: SecretSource,
    ) -> Result<Self, Error> {
        let input = |error: &dyn std::fmt::Display| {
            Error::input(
                &source.reference,
                error.to_string(),
                "the token or key as its console showed it",
            )
        };
        let region = url.parse::<Region>().map_err(|error| input(&error))?;
        let secret = source.secret.clone();
        let (mut builder, name) = match client_id {
            None => (JumpCloud::builder(region, secret), "jumpcloud_api_key"),
            Some(id) => (
                JumpCloud::service_account(region, id, secret),
                "jumpcloud_client_secret",
            ),
        };
        if let Some(id) = &blueprint.jumpcloud.org_id {
            builder = builder.org_id(id);
        }
        let client = builder.build().map_err(|error| input(&error))?;
        // Hashed, because a key's shape is JumpCloud's affair and a digest key has a least length.
        let digest_key = DigestKey::new(Sha256::digest(source.secret.expose_secret()).to_vec())
            .map_err(|error| input(&error))?;
        Ok(Self {
            client,
            digest_key: Arc::new(digest_key),
            reference: (name, source.reference),
        })
    }

    /// The client, in the organisation that was chosen.
    pub(crate) fn client(&self) -> &JumpCloud {
        &self.client
    }

    /// The same account with a client for one of its organisations.
    pub(crate) fn with(self, client: JumpCloud) -> Self {
        Self { client, ..self }
    }
}

fn missing(blueprint: &Blueprint, what: &str) -> Error {
    let problem = format!("{what} is missing");
    Error::input(&blueprint.file, problem, "as in examples/device-trust.toml")
}

fn given(
    blueprint: &Blueprint,
    found: &Option<SecretSource>,
    what: &str,
) -> Result<SecretSource, Error> {
    found.clone().ok_or_else(|| missing(blueprint, what))
}

/// A secret of the sandbox, with the reference of the operator's where there is one.
fn of_sandbox(given: Option<&SecretSource>, secret: &SecretString, name: &str) -> SecretSource {
    let reference = given.map(|source| source.reference.clone());
    SecretSource {
        secret: secret.clone(),
        reference: reference.unwrap_or_else(|| format!("sandbox:{name}")),
    }
}

/// What the programs sign in to Okta with.
enum OktaAccess {
    Token(SecretSource),
    App(ServiceAppSection, SecretSource),
}

impl OktaAccess {
    /// The client, and the name of the secret with where it came from.
    fn client(self, url: &str) -> Result<(Okta, (&'static str, String)), Error> {
        match self {
            Self::Token(token) => {
                let okta = Okta::ssws(url, &token.secret).map_err(|error| {
                    let mend = "the token as its console showed it";
                    Error::input(&token.reference, error.to_string(), mend)
                })?;
                Ok((okta, ("okta_api_token", token.reference)))
            }
            Self::App(app, source) => {
                let okta = ClientKey::parse(source.secret.expose_secret())
                    .map(|key| match app.key_id {
                        Some(id) => key.id(id),
                        None => key,
                    })
                    .and_then(|key| Okta::service_app(url, ServiceApp::new(app.client_id, key)))
                    .map_err(|error| {
                        let mend = "the service app's private key, in PEM or as a JWK";
                        Error::input(&source.reference, error.to_string(), mend)
                    })?;
                Ok((okta, ("okta_private_key", source.reference)))
            }
        }
    }
}
