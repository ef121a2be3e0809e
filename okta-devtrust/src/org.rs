//! What the org says of itself (`/.well-known/okta-organization`): its id, and which engine it runs.

use crate::{
    Error, Links, Okta, Request,
    lossless::{lossless, open_enum},
};

open_enum! {
    /// The engine of an org.
    Pipeline {
        IdentityEngine = "idx",
        Classic = "v1",
    }
}

lossless! {
    /// The org's public description (schema `WellKnownOrgMetadata`).
    Org {
        /// The org's id.
        id: String,
        /// The engine; device trust needs the Identity Engine.
        pipeline: Option<Pipeline>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

/// `GET /.well-known/okta-organization`
pub fn get() -> Request {
    Request::get([".well-known", "okta-organization"])
}

impl Okta {
    /// The org's id and engine.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn org(&self) -> Result<Org, Error> {
        self.read(&get()).await
    }
}
