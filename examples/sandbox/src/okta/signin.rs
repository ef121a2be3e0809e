//! `POST /sandbox/sign-in/begin` and `…/answer`: a Mac signs in to an app. Not part of Okta's API: the
//! two calls stand for the browser and Okta Verify talking to Okta's servers.
//!
//! The decision is the stored policies' (see [`evaluate`]), the proof of management is a signature
//! over the nonce (see [`attestation`]), and everything is written to the System Log.

use axum::{Router, extract::State, routing::post};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    State as Org,
    answer::{Answer, Document, Failure, Reply},
    apps::App,
    assurance::{self, Factors},
    attestation::{self, Attestation, BoundCertificate},
    evaluate::{self, Context},
    fields::{Object, text},
    log,
    policy::{OKTA_SIGN_ON, Policy},
    verdict::{self, Journey, Step},
};
use crate::{random, scep, shared::Shared};

/// A sign-in that waits for its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pending {
    transaction: String,
    nonce: String,
}

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/sandbox/sign-in/begin", post(begin))
        .route("/sandbox/sign-in/answer", post(answer))
}

/// Body: empty object. Answer: `transaction`, `nonce`.
async fn begin(State(shared): State<Shared>, Document(_): Document) -> Answer {
    let mut world = shared.world();
    let pending = Pending {
        transaction: random::alphanumeric(27),
        nonce: random::alphanumeric(43),
    };
    let answer = json!({ "transaction": pending.transaction, "nonce": pending.nonce });
    world.okta.sign_ins.push(pending);
    Ok(Reply::ok(answer))
}

/// Body: `transaction`, `user` (id or login), `app` (id); `password`: whether the user typed it;
/// `deviceId`: the device Okta Verify answers from with FastPass; `userVerification` (default true):
/// whether Touch ID or the Mac's password was given; `certificate` and `signature` (standard base64 of
/// the DER and of RSASSA-PKCS1-v1_5 with SHA-256 over the nonce's text): the proof of management.
///
/// Answer: `outcome` (`ALLOW`, `DENY` or, where the rule asks for more than was shown, `CHALLENGE`),
/// `policyId`, `policyName`, `ruleId`, `ruleName`, `registered`, `managed`, and `attestation`: how the
/// certificate fared.
async fn answer(State(shared): State<Shared>, Document(sent): Document) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let world = &mut *world;
    let org = &mut world.okta;
    let transaction = text(&sent, "transaction");
    let at = org
        .sign_ins
        .iter()
        .position(|pending| pending.transaction == transaction)
        .ok_or_else(|| Failure::not_found(transaction, "Transaction"))?;
    let nonce = org.sign_ins.remove(at).nonce;
    let user = org.user(text(&sent, "user"))?.clone();
    let app = org.app(text(&sent, "app"))?.clone();
    let user_id = text(&user, "id").to_owned();
    if !org
        .apps_of(&user_id)
        .iter()
        .any(|have| have.id() == app.id())
    {
        return Err(Failure::validation(
            "app",
            "The user is not assigned to this application.",
        ));
    }
    let shown = org.inspect(&sent, &nonce, &user_id, &world.scep, now)?;
    let decision = org.decide(&user, &app, &shown, now);
    if decision["outcome"] == "ALLOW" {
        org.bind(&shown, &user, now);
    }
    Ok(Reply::ok(decision))
}

/// What a sign-in brought, checked.
struct Shown {
    device: Option<String>,
    fingerprint: Option<String>,
    attestation: String,
    factors: Factors,
    context: Context,
    event_device: Value,
}

impl Org {
    fn inspect(
        &mut self,
        sent: &Object,
        nonce: &str,
        user: &str,
        authority: &scep::State,
        now: Timestamp,
    ) -> Result<Shown, Failure> {
        let flag = |key: &str, default| sent.get(key).and_then(Value::as_bool).unwrap_or(default);
        let bytes = |key: &str| {
            STANDARD
                .decode(text(sent, key))
                .ok()
                .filter(|b| !b.is_empty())
        };
        let mut shown = Shown {
            device: None,
            fingerprint: None,
            attestation: "not shown".to_owned(),
            factors: Factors {
                password: flag("password", false),
                ..Factors::default()
            },
            context: Context {
                user: Some(user.to_owned()),
                groups: self.groups_of(user),
                platform: Some("MACOS".to_owned()),
                registered: Some(false),
                managed: Some(false),
                risk: Some("LOW".to_owned()),
                expressions: true,
                ..Context::default()
            },
            event_device: Value::Null,
        };
        let id = text(sent, "deviceId");
        if id.is_empty() {
            return Ok(shown);
        }
        let fastpass = self.fastpass_is_active();
        let device = self.device(id)?;
        let tied = device.users.iter().any(|tie| tie.user == user);
        // A suspended device cannot answer; nor can FastPass that is switched off.
        if !fastpass || !tied || device.status() != "ACTIVE" {
            shown.attestation = "FastPass did not answer".to_owned();
            return Ok(shown);
        }
        let device = device.clone();
        shown.device = Some(id.to_owned());
        if let Some((certificate, signature)) = bytes("certificate").zip(bytes("signature")) {
            let attestation = Attestation {
                certificate,
                signature,
            };
            match attestation::check(&attestation, nonce, id, &self.certificates, authority, now) {
                Ok(fingerprint) => {
                    shown.fingerprint = Some(fingerprint);
                    shown.attestation = "accepted".to_owned();
                }
                Err(why) => shown.attestation = why,
            }
        }
        let managed = shown.fingerprint.is_some();
        shown.factors.fastpass = true;
        shown.factors.user_presence = true;
        shown.factors.user_verification = flag("userVerification", true);
        shown.factors.hardware_protected =
            *device.profile("secureHardwarePresent") == Value::Bool(true);
        shown.context.registered = Some(true);
        shown.context.managed = Some(managed);
        shown.context.assurances = self.assurances_met_by(&device);
        shown.event_device = verdict::device_context(&device, managed);
        // Management is what the last FastPass sign-in showed.
        let device = self.device(id)?;
        for tie in device.users.iter_mut().filter(|tie| tie.user == user) {
            tie.managed = managed;
        }
        Ok(shown)
    }

    /// Global session policy first, then the app's own; logs every step.
    fn decide(&mut self, user: &Object, app: &App, shown: &Shown, now: Timestamp) -> Value {
        let journey = Journey::new(user, shown.event_device.clone());
        let Self { policies, log, .. } = self;
        let session = evaluate::first(policies, OKTA_SIGN_ON, &shown.context);
        let session = session
            .as_ref()
            .and_then(|found| Some((found.policy, found.decisive()?.rule)));
        let refused = match session {
            None => Some("DENY"),
            Some((_, rule)) => session_refuses(rule, shown.factors),
        };
        let start = |result| Step::new("user.session.start", "User login to Okta", result);
        if let Some(outcome) = refused {
            let result = if outcome == "DENY" {
                "FAILURE"
            } else {
                "CHALLENGE"
            };
            journey.store(log, now, start(result), vec![log::user(user)]);
            return outcome_of(outcome, session, shown);
        }
        journey.store(log, now, start("SUCCESS"), vec![log::user(user)]);
        if shown.factors.fastpass {
            let name = "Okta Verify";
            let enrolled =
                log::target("AuthenticatorEnrollment", "okta_verify", name, &Value::Null);
            let kind = "user.authentication.auth_via_mfa";
            let step = Step::new(kind, "Authentication of user via MFA", "SUCCESS");
            journey.store(log, now, step, vec![log::user(user), enrolled]);
        }
        let policy = app.policy.as_deref();
        let policy = policy.and_then(|id| policies.iter().find(|policy| policy.id() == id));
        let verdict = policy.map(|policy| evaluate::policy(policy, &shown.context));
        let decisive = verdict
            .as_ref()
            .and_then(|verdict| Some((verdict.policy, verdict.decisive()?.rule)));
        let Some((policy, rule)) = decisive else {
            return outcome_of("DENY", None, shown);
        };
        let access = rule["actions"]
            .pointer("/appSignOn/access")
            .and_then(Value::as_str);
        let outcome = match access {
            Some("DENY") => "DENY",
            _ if assurance::met(rule, shown.factors) => "ALLOW",
            _ => "CHALLENGE",
        };
        let result = match outcome {
            "ALLOW" => "AUTHENTICATED",
            "DENY" => "DENIED",
            _ => "UNSATISFIABLE",
        };
        let app_target = log::app_target(app, &verdict::app_detail(app, result));
        let rule_target = verdict::rule_target(policy, rule);
        match outcome {
            "DENY" => journey.deny(log, app_target, rule_target, now),
            "ALLOW" => {
                journey.evaluated(log, outcome, app_target.clone(), rule_target, now);
                let kind = "user.authentication.sso";
                let step = Step::new(kind, "User single sign on to app", "SUCCESS");
                journey.store(log, now, step, vec![app_target, log::user(user)]);
            }
            _ => journey.evaluated(log, outcome, app_target, rule_target, now),
        }
        outcome_of(outcome, Some((policy, rule)), shown)
    }

    /// The first successful sign-in with a certificate binds it to the device, once.
    fn bind(&mut self, shown: &Shown, user: &Object, now: Timestamp) {
        let (Some(fingerprint), Some(id)) = (&shown.fingerprint, &shown.device) else {
            return;
        };
        if let Some(known) = self
            .certificates
            .iter_mut()
            .find(|known| known.fingerprint == *fingerprint)
        {
            known.last_used = now;
            return;
        }
        self.certificates.push(BoundCertificate {
            fingerprint: fingerprint.clone(),
            device: id.clone(),
            last_used: now,
            revoked: false,
        });
        let Ok(device) = self.device(id) else { return };
        let certificate = log::target(
            "PKICertificate",
            fingerprint,
            "Client certificate",
            &Value::Null,
        );
        let targets = vec![log::device_target(device), certificate];
        let journey = Journey::new(user, Value::Null);
        let step = Step::new("pki.cert.bind", "Bind certificate to device", "SUCCESS");
        journey.store(&mut self.log, now, step, targets);
    }
}

/// What the session rule says to the factors shown: `None` lets pass.
fn session_refuses(rule: &Object, factors: Factors) -> Option<&'static str> {
    let signon = &rule["actions"]["signon"];
    if signon["access"] == "DENY" {
        return Some("DENY");
    }
    let primary = if signon["primaryFactor"] == "PASSWORD_IDP" {
        factors.password
    } else {
        factors.password || factors.fastpass
    };
    let second = signon["requireFactor"] != true
        || (factors.password && factors.fastpass)
        || (factors.fastpass && factors.user_verification);
    if primary && second {
        None
    } else {
        Some("CHALLENGE")
    }
}

fn outcome_of(outcome: &str, decisive: Option<(&Policy, &Object)>, shown: &Shown) -> Value {
    json!({
        "outcome": outcome,
        "policyId": decisive.map(|(policy, _)| policy.id()),
        "policyName": decisive.map(|(policy, _)| policy.name()),
        "ruleId": decisive.map(|(_, rule)| text(rule, "id")),
        "ruleName": decisive.map(|(_, rule)| text(rule, "name")),
        "registered": shown.context.registered,
        "managed": shown.context.managed,
        "attestation": shown.attestation,
    })
}
