//! `POST /oauth2/v1/token` for a service app with `private_key_jwt`, and DPoP on token and resource.
//!
//! The dance, as recorded: a proof without nonce gets 400 `use_dpop_nonce` and a `dpop-nonce` header,
//! the second one a token of type `DPoP`; resources ask for no nonce. Every proof is good once.

use std::collections::BTreeSet;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    SERVICE_APP_CLIENT_ID,
    answer::Failure,
    jwt::{self, Jwt},
    scopes,
};
use crate::{random, shared::Shared};

/// Access tokens live one hour, always.
const LIFETIME: i64 = 3600;
/// Nonces rotate daily; the one before stays good three days.
const NONCE_ROTATES: i64 = 86_400;
const NONCE_GOOD: i64 = 4 * 86_400;
/// How far a proof's `iat` may be off.
const SKEW: i64 = 300;

/// The service app, its tokens and what has been used up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Oauth {
    /// JWK or JWKS of the service app.
    pub(crate) keys: Option<Value>,
    nonces: Vec<(String, i64)>,
    used: BTreeSet<String>,
    tokens: Vec<Token>,
}

/// An access token, kept as its digest.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Token {
    digest: String,
    thumbprint: String,
    scopes: Vec<String>,
    expires: i64,
}

/// An OAuth error, which has another shape than all other errors of Okta.
struct Refusal(StatusCode, &'static str, String);

pub(crate) fn router() -> Router<Shared> {
    Router::new().route("/oauth2/v1/token", post(token))
}

impl Oauth {
    fn nonce(&mut self, now: i64) -> String {
        self.nonces.retain(|(_, made)| now - made < NONCE_GOOD);
        if self
            .nonces
            .last()
            .is_none_or(|(_, made)| now - made >= NONCE_ROTATES)
        {
            self.nonces.push((random::alphanumeric(32), now));
        }
        self.nonces
            .last()
            .map(|(nonce, _)| nonce.clone())
            .unwrap_or_default()
    }

    fn knows(&self, nonce: &str, now: i64) -> bool {
        self.nonces
            .iter()
            .any(|(have, made)| have == nonce && now - made < NONCE_GOOD)
    }

    /// Checks a proof for a request; the nonce is the caller's to check.
    fn check_proof(
        &mut self,
        proof: &Jwt<'_>,
        method: &str,
        url: &str,
        now: i64,
    ) -> Result<(), String> {
        let key = proof.header.get("jwk").cloned().unwrap_or_default();
        let fresh = proof
            .number("iat")
            .is_some_and(|iat| (now - iat).abs() <= SKEW);
        let jti = proof.claim("jti");
        if proof.header("typ") != "dpop+jwt" || key.get("d").is_some() || !proof.is_signed_by(&key)
        {
            return Err("The DPoP proof JWT is not signed by the key in its header.".to_owned());
        }
        if proof.claim("htm") != method || proof.claim("htu") != url {
            return Err("The DPoP proof JWT is for another method or URL.".to_owned());
        }
        if !fresh {
            return Err("The DPoP proof JWT is too old or from the future.".to_owned());
        }
        if jti.is_empty() || !self.used.insert(jwt::digest(jti)) {
            return Err("The DPoP proof JWT has already been used.".to_owned());
        }
        Ok(())
    }
}

async fn token(State(shared): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let mut world = shared.world();
    let now = Timestamp::now().as_second();
    let oauth = &mut world.okta.oauth;
    let nonce = oauth.nonce(now);
    let url = format!("{}/oauth2/v1/token", shared.okta_url());
    let mut response = match grant(oauth, &headers, &body, &url, now) {
        Ok(answer) => Json(answer).into_response(),
        Err(Refusal(status, error, description)) => (
            status,
            Json(json!({ "error": error, "error_description": description })),
        )
            .into_response(),
    };
    if let Ok(nonce) = HeaderValue::from_str(&nonce) {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
    response
}

fn grant(
    oauth: &mut Oauth,
    headers: &HeaderMap,
    body: &str,
    url: &str,
    now: i64,
) -> Result<Value, Refusal> {
    let bad = |error, description: &str| {
        Err(Refusal(
            StatusCode::BAD_REQUEST,
            error,
            description.to_owned(),
        ))
    };
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let field = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    };
    if field("grant_type") != "client_credentials" {
        return bad(
            "unsupported_grant_type",
            "Only client_credentials is offered.",
        );
    }
    let proof = headers
        .get("dpop")
        .and_then(|value| value.to_str().ok())
        .and_then(Jwt::decode);
    let Some(proof) = proof else {
        return bad(
            "invalid_dpop_proof",
            "The DPoP proof JWT header is missing.",
        );
    };
    let given = proof.claim("nonce");
    if given.is_empty() || !oauth.knows(given, now) {
        return bad(
            "use_dpop_nonce",
            "Authorization server requires nonce in DPoP proof.",
        );
    }
    oauth
        .check_proof(&proof, "POST", url, now)
        .map_err(|why| Refusal(StatusCode::BAD_REQUEST, "invalid_dpop_proof", why))?;
    check_assertion(oauth, &proof, field("client_assertion"), url, now)?;
    let scopes: Vec<String> = field("scope")
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    if let Some(unknown) = scopes
        .iter()
        .find(|scope| !scopes::GRANTED.contains(&scope.as_str()))
    {
        return bad(
            "invalid_scope",
            &format!("The scope {unknown} is not granted to this app."),
        );
    }
    if scopes.is_empty() {
        return bad("invalid_scope", "At least one scope is needed.");
    }
    let header =
        URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"application/okta-internal-at+jwt"}"#);
    let token = format!(
        "{header}.{}.{}",
        random::alphanumeric(120),
        random::alphanumeric(86)
    );
    oauth.tokens.retain(|token| token.expires > now);
    oauth.tokens.push(Token {
        digest: jwt::digest(&token),
        thumbprint: jwt::thumbprint(&proof.header["jwk"]),
        scopes: scopes.clone(),
        expires: now + LIFETIME,
    });
    Ok(json!({
        "token_type": "DPoP", "expires_in": LIFETIME, "access_token": token,
        "scope": scopes.join(" "),
    }))
}

fn check_assertion(
    oauth: &mut Oauth,
    proof: &Jwt<'_>,
    assertion: &str,
    url: &str,
    now: i64,
) -> Result<(), Refusal> {
    let refuse = |why: &str| {
        Err(Refusal(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            why.to_owned(),
        ))
    };
    let Some(keys) = oauth.keys.clone() else {
        return refuse("Invalid value for 'client_id' parameter.");
    };
    let Some(assertion) = Jwt::decode(assertion) else {
        return refuse("The client_assertion is not a JWT.");
    };
    if assertion.claim("iss") != SERVICE_APP_CLIENT_ID
        || assertion.claim("sub") != SERVICE_APP_CLIENT_ID
    {
        return refuse("The issuer and subject of the client_assertion must be the client id.");
    }
    if assertion.claim("aud") != url {
        return refuse("The audience claim for client_assertion must be the endpoint.");
    }
    match assertion.number("exp") {
        Some(exp) if exp > now && exp <= now + LIFETIME => {}
        _ => return refuse("The client_assertion token must expire within one hour."),
    }
    if !assertion.is_signed_by(&keys) {
        return refuse("The client_assertion signature is invalid.");
    }
    if assertion.is_signed_by(&proof.header["jwk"]) {
        return refuse("The DPoP key must differ from the client's key.");
    }
    let jti = assertion.claim("jti");
    if !jti.is_empty() && !oauth.used.insert(jwt::digest(jti)) {
        return refuse("The client_assertion has already been used.");
    }
    Ok(())
}

/// Admits a resource call with an access token and gives its scopes.
pub(crate) fn admit(
    shared: &Shared,
    scheme: &str,
    token: &str,
    request: &Request,
) -> Result<Vec<String>, Failure> {
    // Every token here is bound to a key: as a bearer it is worth nothing.
    if !scheme.eq_ignore_ascii_case("DPoP") {
        return Err(Failure::invalid_token());
    }
    let proof = request
        .headers()
        .get("dpop")
        .and_then(|value| value.to_str().ok());
    let proof = proof
        .and_then(Jwt::decode)
        .ok_or_else(Failure::invalid_token)?;
    let now = Timestamp::now().as_second();
    let url = format!("{}{}", shared.okta_url(), request.uri().path());
    let mut world = shared.world();
    let oauth = &mut world.okta.oauth;
    oauth
        .check_proof(&proof, request.method().as_str(), &url, now)
        .map_err(|why| Failure::invalid_token().cause(why))?;
    let digest = jwt::digest(token);
    let thumbprint = jwt::thumbprint(&proof.header["jwk"]);
    let known = oauth.tokens.iter().find(|known| {
        known.digest == digest && known.thumbprint == thumbprint && known.expires > now
    });
    match known {
        Some(known) if proof.claim("ath") == digest => Ok(known.scopes.clone()),
        _ => Err(Failure::invalid_token()),
    }
}
