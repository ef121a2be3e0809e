//! Authenticators and their methods.

use futures::FutureExt as _;
use okta_devtrust::authenticators::{self, Authenticator, Method, MethodType};
use serde_json::{Value, json};

use crate::exchange::{Exchange, Ids, error};

const FASTPASS: &str = "signed_nonce";

fn renamed() -> Value {
    json!({"key": "okta_verify", "name": "Okta Verify for Macs", "type": "app",
           "settings": {"compliance": {"fips": "OPTIONAL"}, "userVerification": "PREFERRED"}})
}

fn fastpass() -> Value {
    json!({"type": FASTPASS, "status": "ACTIVE",
           "settings": {"algorithms": ["ES256", "RS256"], "keyProtection": "ANY", "showSignInWithOV": "ALWAYS"}})
}

pub(crate) fn exchanges(ids: &Ids) -> Vec<Exchange> {
    let id = &ids.okta_verify;
    let at = |rest: &str| format!("/authenticators/{id}{rest}");
    let one = json!({"id": id, "key": "okta_verify", "name": "Okta Verify", "type": "app", "status": "ACTIVE"});
    let method = json!({"type": FASTPASS, "status": "ACTIVE"});
    vec![
        Exchange::new("all authenticators", "GET", "/authenticators", |okta, _| {
            async {
                let all = okta.authenticators().await?;
                let found = all
                    .iter()
                    .find(|one| one.key.as_deref() == Some("okta_verify"));
                Ok(json!(found.map(|one| &one.id)))
            }
            .boxed()
        })
        .answers(200, json!([{"id": "aut0", "key": "okta_password"}, one]))
        .becomes(json!(id)),
        Exchange::new("an authenticator", "GET", &at(""), |okta, ids| {
            async {
                Ok(json!(
                    okta.authenticator(&ids.okta_verify).await?.is_active()
                ))
            }
            .boxed()
        })
        .answers(200, one.clone())
        .becomes(json!(true)),
        Exchange::new(
            "Okta Verify, which is there already",
            "POST",
            "/authenticators",
            |okta, _| {
                async {
                    let made = okta.send(&authenticators::create_okta_verify()).await?;
                    Ok(json!(made.status()))
                }
                .boxed()
            },
        )
        .query("activate", "true")
        .body(json!({"key": "okta_verify", "name": "Okta Verify"}))
        .refuses(409, "E0000157")
        .becomes(error("Conflict")),
        Exchange::new("an authenticator replaced", "PUT", &at(""), |okta, ids| {
            async {
                let wanted: Authenticator = serde_json::from_value(renamed()).unwrap();
                let made = okta
                    .replace_authenticator(&ids.okta_verify, &wanted)
                    .await?;
                Ok(json!(made.name))
            }
            .boxed()
        })
        .body(renamed())
        .answers(200, renamed())
        .becomes(json!("Okta Verify for Macs")),
        Exchange::new(
            "an authenticator activated",
            "POST",
            &at("/lifecycle/activate"),
            |okta, ids| {
                async {
                    Ok(json!(
                        okta.activate_authenticator(&ids.okta_verify)
                            .await?
                            .is_active()
                    ))
                }
                .boxed()
            },
        )
        .answers(200, one.clone())
        .becomes(json!(true)),
        Exchange::new(
            "an authenticator in use",
            "POST",
            &at("/lifecycle/deactivate"),
            |okta, ids| {
                async {
                    let done = okta
                        .send(&authenticators::deactivate(&ids.okta_verify))
                        .await?;
                    Ok(json!(done.status()))
                }
                .boxed()
            },
        )
        .refuses(403, "E0000148")
        .becomes(error("Conflict")),
        Exchange::new("all methods", "GET", &at("/methods"), |okta, ids| {
            async {
                let all = okta.authenticator_methods(&ids.okta_verify).await?;
                Ok(json!(
                    all.iter()
                        .any(|one| one.kind == Some(MethodType::SignedNonce))
                ))
            }
            .boxed()
        })
        .answers(200, json!([{"type": "totp", "status": "ACTIVE"}, method]))
        .becomes(json!(true)),
        Exchange::new(
            "a method activated",
            "POST",
            &at("/methods/signed_nonce/lifecycle/activate"),
            |okta, ids| {
                async {
                    let done = okta
                        .activate_method(&ids.okta_verify, &MethodType::SignedNonce)
                        .await?;
                    Ok(json!(done.is_active()))
                }
                .boxed()
            },
        )
        .answers(200, method.clone())
        .becomes(json!(true)),
        Exchange::new(
            "a method",
            "GET",
            &at("/methods/signed_nonce"),
            |okta, ids| {
                async {
                    let one = okta
                        .authenticator_method(&ids.okta_verify, &MethodType::SignedNonce)
                        .await?;
                    Ok(json!(one.is_active()))
                }
                .boxed()
            },
        )
        .answers(200, method)
        .becomes(json!(true)),
        Exchange::new(
            "a method replaced",
            "PUT",
            &at("/methods/signed_nonce"),
            |okta, ids| {
                async {
                    let wanted: Method = serde_json::from_value(fastpass()).unwrap();
                    let kind = MethodType::SignedNonce;
                    let made = okta
                        .replace_method(&ids.okta_verify, &kind, &wanted)
                        .await?;
                    Ok(json!(made)["settings"]["showSignInWithOV"].clone())
                }
                .boxed()
            },
        )
        .body(fastpass())
        .answers(200, fastpass())
        .becomes(json!("ALWAYS")),
        Exchange::new(
            "a method deactivated",
            "POST",
            &at("/methods/signed_nonce/lifecycle/deactivate"),
            |okta, ids| {
                async {
                    let request = authenticators::deactivate_method(
                        &ids.okta_verify,
                        &MethodType::SignedNonce,
                    );
                    Ok(json!(okta.send(&request).await?.status()))
                }
                .boxed()
            },
        )
        .refuses(403, "E0000148")
        .becomes(error("Conflict")),
    ]
}
