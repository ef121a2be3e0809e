//! An app as an OAuth client (`OPENID_CONNECT`), service apps among them. Okta writes most of these keys in snake_case.

use crate::{Field, Links, Secret, lossless::lossless};

lossless! {
    /// The credentials of an OAuth client.
    OauthClientCredentials {
        /// Whether keys are rotated by Okta.
        auto_key_rotation: Option<bool>,
        /// Its id.
        #[serde(rename = "client_id")]
        client_id: Option<String>,
        /// Its secret.
        #[serde(rename = "client_secret")]
        client_secret: Option<Secret>,
        /// Whether it must use PKCE.
        #[serde(rename = "pkce_required")]
        pkce_required: Option<bool>,
        /// How it signs in, such as `private_key_jwt`.
        #[serde(rename = "token_endpoint_auth_method")]
        token_endpoint_auth_method: Option<String>,
    }
}

lossless! {
    /// The settings of an OAuth client.
    OauthClientSettings {
        /// `web`, `native`, `browser` or `service`.
        #[serde(rename = "application_type")]
        application_type: Option<String>,
        /// The algorithm of its back-channel requests.
        #[serde(rename = "backchannel_authentication_request_signing_alg")]
        backchannel_authentication_request_signing_alg: Option<String>,
        /// The custom authenticator of its back-channel requests.
        #[serde(rename = "backchannel_custom_authenticator_id")]
        backchannel_custom_authenticator_id: Option<String>,
        /// How back-channel answers come.
        #[serde(rename = "backchannel_token_delivery_mode")]
        backchannel_token_delivery_mode: Option<String>,
        /// Its home page.
        #[serde(rename = "client_uri")]
        client_uri: Option<String>,
        /// Whether people are asked for consent.
        #[serde(rename = "consent_method")]
        consent_method: Option<String>,
        /// Whether its tokens are bound by DPoP.
        #[serde(rename = "dpop_bound_access_tokens")]
        dpop_bound_access_tokens: Option<bool>,
        /// Whether front-channel logout names the session.
        #[serde(rename = "frontchannel_logout_session_required")]
        frontchannel_logout_session_required: Option<bool>,
        /// Where front-channel logout goes.
        #[serde(rename = "frontchannel_logout_uri")]
        frontchannel_logout_uri: Option<String>,
        /// What it may ask tokens with.
        #[serde(rename = "grant_types")]
        grant_types: Option<Vec<String>>,
        /// How its ID tokens are encrypted.
        #[serde(rename = "id_token_encrypted_response_alg")]
        id_token_encrypted_response_alg: Option<String>,
        /// How Okta starts a sign-in to it.
        #[serde(rename = "idp_initiated_login")]
        idp_initiated_login: Option<IdpInitiatedLogin>,
        /// Where Okta starts a sign-in to it.
        #[serde(rename = "initiate_login_uri")]
        initiate_login_uri: Option<String>,
        /// Whose name its tokens carry as issuer.
        #[serde(rename = "issuer_mode")]
        issuer_mode: Option<String>,
        /// Its public keys.
        jwks: Option<ClientKeys>,
        /// Where its public keys are.
        #[serde(rename = "jwks_uri")]
        jwks_uri: Option<String>,
        /// Its logo.
        #[serde(rename = "logo_uri")]
        logo_uri: Option<String>,
        /// From where it may ask for tokens.
        network: Option<ClientNetwork>,
        /// Whether it takes part in single logout.
        #[serde(rename = "participate_slo")]
        participate_slo: Option<bool>,
        /// Its privacy policy.
        #[serde(rename = "policy_uri")]
        policy_uri: Option<String>,
        /// Where people go after signing out.
        #[serde(rename = "post_logout_redirect_uris")]
        post_logout_redirect_uris: Option<Vec<String>>,
        /// Where people come back to.
        #[serde(rename = "redirect_uris")]
        redirect_uris: Option<Vec<String>>,
        /// How refresh tokens are renewed.
        #[serde(rename = "refresh_token")]
        refresh_token: Option<RefreshToken>,
        /// The algorithm of its request objects.
        #[serde(rename = "request_object_signing_alg")]
        request_object_signing_alg: Option<String>,
        /// What answers it may ask for.
        #[serde(rename = "response_types")]
        response_types: Option<Vec<String>>,
        /// Where its sector is named.
        #[serde(rename = "sector_identifier_uri")]
        sector_identifier_uri: Option<String>,
        /// `public` or `pairwise`.
        #[serde(rename = "subject_type")]
        subject_type: Option<String>,
        /// Its terms of service.
        #[serde(rename = "tos_uri")]
        tos_uri: Option<String>,
        /// Whether places to come back to may have wildcards.
        #[serde(rename = "wildcard_redirect")]
        wildcard_redirect: Option<String>,
    }
}

lossless! {
    /// How Okta starts a sign-in to a client.
    IdpInitiatedLogin {
        /// The scopes that are asked for.
        #[serde(rename = "default_scope")]
        default_scope: Option<Vec<String>>,
        /// `DISABLED`, `SPEC` or `OKTA`.
        mode: Option<String>,
    }
}

lossless! {
    /// The public keys of a client.
    ClientKeys {
        /// The keys.
        keys: Option<Vec<ClientPublicKey>>,
    }
}

lossless! {
    /// A public key of a client: a JWK and its state in Okta.
    ClientPublicKey {
        /// Okta's id of it.
        id: Option<String>,
        /// The JWK's id.
        kid: Field<String>,
        /// Whether it is in use.
        status: Option<String>,
        /// `RSA` or `EC`.
        kty: Option<String>,
        /// `sig` or `enc`.
        #[serde(rename = "use")]
        usage: Option<String>,
        /// The algorithm.
        alg: Option<String>,
        /// The curve.
        crv: Option<String>,
        /// The exponent.
        e: Option<String>,
        /// The modulus.
        n: Option<String>,
        /// A coordinate.
        x: Option<String>,
        /// A coordinate.
        y: Option<String>,
        /// When it was made.
        created: Option<String>,
        /// When it was last changed.
        last_updated: Option<String>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

lossless! {
    /// From where a client may ask for tokens.
    ClientNetwork {
        /// `ANYWHERE` or `ZONE`.
        connection: Option<String>,
        /// Zone ids that are in.
        include: Option<Vec<String>>,
        /// Zone ids that are out.
        exclude: Option<Vec<String>>,
    }
}

lossless! {
    /// How refresh tokens are renewed.
    RefreshToken {
        /// How long the one before stays good, in seconds.
        leeway: Option<u32>,
        /// `STATIC` or `ROTATE`.
        #[serde(rename = "rotation_type")]
        rotation_type: Option<String>,
    }
}

#[cfg(test)]
mod tests {
    use crate::apps::App;

    #[test]
    fn a_client_secret_is_kept_and_never_shown() {
        let text =
            r#"{"credentials":{"oauthClient":{"client_id":"0oa1","client_secret":"canary"}}}"#;
        let app: App = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&app).unwrap(), text);
        assert!(!format!("{app:?}").contains("canary"));
    }
}
