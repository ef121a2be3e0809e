//! Organisations: which one a key works on.

use crate::{
    Error, Items, JumpCloud, ListOptions, Method, Request, list::ListRoute, wire::resource,
};

resource! {
    /// An organisation (`GET /api/organizations`, v1).
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct Organization {
        /// The id; `_id` on the wire.
        #[serde(rename = "_id")]
        pub object_id: Option<String>,
        /// The id again.
        pub id: Option<String>,
        /// The name.
        pub display_name: Option<String>,
        /// When it was made, RFC 3339.
        pub created: Option<String>,
        /// The logo.
        pub logo_url: Option<String>,
    }
}

impl Organization {
    /// The id, whichever key carries it.
    pub fn any_id(&self) -> Option<&str> {
        self.object_id.as_deref().or(self.id.as_deref())
    }
}

impl JumpCloud {
    /// The organisations that the key sees: the cheapest check of a key (401 wrong, 403 without permission).
    /// `GET /api/organizations`
    pub fn organizations(&self) -> Items<Organization> {
        self.list(ListRoute::v1(["organizations"]), ListOptions::default())
    }

    /// An organisation. `GET /api/organizations/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn organization(&self, id: &str) -> Result<Organization, Error> {
        self.send_as(&Request::v1(Method::GET, ["organizations", id]))
            .await
    }
}
