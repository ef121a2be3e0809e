//! The two tenants and the CA that the job works on: real ones, or those of a sandbox. The stages do not know which.

use jumpcloud_mdm::{JumpCloud, Region, deploy::DigestKey};
use okta_devtrust::{
    Okta,
    oauth::{ClientKey, ServiceApp},
};
use scep_profile::{CaCertificate, ScepUrl};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::{
    Blueprint, Error,
    blueprint::{Needs, SecretSource, Secrets, ServiceAppSection},
    embedded::Embedded,
};

/// Clients with their credentials, and the Okta CA as the operator knows it.
#[derive(Debug)]
pub struct Tenants {
    pub(crate) okta: Okta,
    pub(crate) jumpcloud: JumpCloud,
    pub(crate) scep_url: ScepUrl,
    pub(crate) ca_certificates: Vec<CaCertificate>,
    pub(crate) challenge: SecretString,
    /// Keys the digests in plans: who could try guesses against one could read the policy itself.
    pub(crate) digest_key: DigestKey,
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
        let missing = |what: &str| {
            let problem = format!("{what} is missing");
            Error::input(&blueprint.file, problem, "as in examples/device-trust.toml")
        };
        let secret =
            |found: &Option<SecretSource>, what| found.clone().ok_or_else(|| missing(what));
        let scep = &blueprint.scep;
        Self::connect(
            blueprint,
            Urls {
                okta: blueprint
                    .okta
                    .url
                    .clone()
                    .ok_or_else(|| missing("okta.url"))?,
                jumpcloud: blueprint
                    .jumpcloud
                    .url
                    .clone()
                    .ok_or_else(|| missing("jumpcloud.url"))?,
                scep: scep.url.clone().ok_or_else(|| missing("scep.url"))?,
            },
            scep.ca_certificates.clone(),
            match &blueprint.okta.service_app {
                _ if !needs.okta() => OktaAccess::Token(SecretSource::unused()),
                None => OktaAccess::Token(secret(&secrets.okta_api_token, "OKTA_API_TOKEN")?),
                Some(app) => OktaAccess::App(
                    app.clone(),
                    secret(&secrets.okta_private_key, "OKTA_PRIVATE_KEY")?,
                ),
            },
            [
                match &blueprint.jumpcloud.client_id {
                    _ if !needs.jumpcloud() => SecretSource::unused(),
                    None => secret(&secrets.jumpcloud_api_key, "JUMPCLOUD_API_KEY")?,
                    Some(_) => secret(&secrets.jumpcloud_client_secret, "JUMPCLOUD_CLIENT_SECRET")?,
                },
                if needs.scep() {
                    secret(&secrets.scep_challenge, "SCEP_CHALLENGE")?
                } else {
                    SecretSource::unused()
                },
            ],
        )
    }

    /// The tenants and the CA of the embedded sandbox, with its secrets. A secret that the operator gave keeps the
    /// reference of where it came from.
    ///
    /// # Errors
    /// [`Error::Input`] when a secret that was given to the sandbox cannot be sent as a header.
    pub fn sandbox(blueprint: &Blueprint, embedded: &Embedded) -> Result<Self, Error> {
        let sandbox = embedded.sandbox();
        let (given, secrets) = (embedded.given(), sandbox.secrets());
        let of_sandbox = |given: &Option<SecretSource>, secret: &SecretString, name: &str| {
            let reference = given.as_ref().map(|source| source.reference.clone());
            SecretSource {
                secret: secret.clone(),
                reference: reference.unwrap_or_else(|| format!("sandbox:{name}")),
            }
        };
        let broken = |error: scep_profile::Error| Error::refused("sandbox", error);
        let mut ca_certificates = Vec::new();
        for der in sandbox.ca_certificates() {
            ca_certificates.push(CaCertificate::from_der(&der).map_err(broken)?);
        }
        Self::connect(
            blueprint,
            Urls {
                okta: sandbox.okta_url().to_owned(),
                jumpcloud: sandbox.jumpcloud_url().to_owned(),
                scep: ScepUrl::parse(&sandbox.scep_url()).map_err(broken)?,
            },
            ca_certificates,
            OktaAccess::Token(of_sandbox(
                &given.okta_api_token,
                &secrets.okta_api_token,
                "OKTA_API_TOKEN",
            )),
            [
                of_sandbox(
                    &given.jumpcloud_api_key,
                    &secrets.jumpcloud_api_key,
                    "JUMPCLOUD_API_KEY",
                ),
                of_sandbox(
                    &given.scep_challenge,
                    &secrets.scep_challenge,
                    "SCEP_CHALLENGE",
                ),
            ],
        )
    }

    /// Where a secret came from, `env:NAME` or `file:PATH`.
    pub(crate) fn reference(&self, secret: &str) -> &str {
        let found = self.references.iter().find(|(name, _)| *name == secret);
        found.map_or("nowhere", |(_, reference)| reference)
    }

    fn connect(
        blueprint: &Blueprint,
        urls: Urls,
        ca_certificates: Vec<CaCertificate>,
        okta: OktaAccess,
        [jumpcloud_api_key, scep_challenge]: [SecretSource; 2],
    ) -> Result<Self, Error> {
        let input = |source: &SecretSource, error: &dyn std::fmt::Display| {
            Error::input(
                &source.reference,
                error.to_string(),
                "the token or key as its console showed it",
            )
        };
        let (okta, okta_reference) = okta.client(&urls.okta)?;
        let region = urls
            .jumpcloud
            .parse::<Region>()
            .map_err(|error| input(&jumpcloud_api_key, &error))?;
        let secret = jumpcloud_api_key.secret.clone();
        // The sandbox is reached by its key, whatever the blueprint says of an account.
        let account = blueprint.jumpcloud.client_id.as_ref();
        let account = account.filter(|_| !blueprint.uses_sandbox());
        let (mut builder, name) = match account {
            None => (JumpCloud::builder(region, secret), "jumpcloud_api_key"),
            Some(id) => (
                JumpCloud::service_account(region, id, secret),
                "jumpcloud_client_secret",
            ),
        };
        if let Some(id) = &blueprint.jumpcloud.org_id {
            builder = builder.org_id(id);
        }
        let jumpcloud = builder
            .build()
            .map_err(|error| input(&jumpcloud_api_key, &error))?;
        // Hashed, because a key's shape is JumpCloud's affair and a digest key has a least length.
        let digest_key =
            DigestKey::new(Sha256::digest(jumpcloud_api_key.secret.expose_secret()).to_vec())
                .map_err(|error| input(&jumpcloud_api_key, &error))?;
        Ok(Self {
            okta,
            jumpcloud,
            scep_url: urls.scep,
            ca_certificates,
            challenge: scep_challenge.secret,
            digest_key,
            references: [
                okta_reference,
                (name, jumpcloud_api_key.reference),
                ("scep_challenge", scep_challenge.reference),
            ],
        })
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

struct Urls {
    okta: String,
    jumpcloud: String,
    scep: ScepUrl,
}
