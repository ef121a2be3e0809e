//! A fresh Integrator-like Identity Engine org.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    SERVICE_APP_CLIENT_ID, State,
    apps::App,
    authenticators::Authenticator,
    fields::object,
    integrations,
    log::Log,
    normalise,
    oauth::Oauth,
    people::{Group, new_user},
    policy::{ACCESS_POLICY, MFA_ENROLL, OKTA_SIGN_ON, Policy, new_rule},
    priorities,
};
use crate::{
    random,
    seed::{BREAK_GLASS_GROUP, PILOT_USER_GROUP, Seed},
};

/// The default app sign-in policy.
const DEFAULT_POLICY: &str = "Any two factors";

impl State {
    /// A fresh org: Everyone, the pilot users (one per Mac) and the break-glass admins; default policies;
    /// Okta Verify with FastPass off; the apps Payroll and Wiki assigned to the pilot users; no device.
    ///
    /// `service_app_key` is the JWK or JWKS of a service app with DPoP; without it there is no such app.
    #[must_use]
    pub fn seeded(seed: &Seed, service_app_key: Option<Value>) -> Self {
        let now = Timestamp::now();
        let (users, groups) = people(seed, now);
        let everyone = groups[0].id().to_owned();
        let authenticators = authenticators(now);
        let mut org = Self {
            id: random::okta_id("00o"),
            admin: users.last().map_or_else(String::new, |admin| {
                super::fields::text(admin, "id").to_owned()
            }),
            users,
            groups,
            apps: Vec::new(),
            policies: Vec::new(),
            authenticators,
            devices: Vec::new(),
            assurances: Vec::new(),
            integrations: integrations::seeded(),
            certificates: Vec::new(),
            sign_ins: Vec::new(),
            log: Log::default(),
            oauth: Oauth::default(),
        };
        org.policies = policies(&everyone, &org.authenticator_keys(), now);
        org.apps = org.seeded_apps(now);
        if let Some(key) = service_app_key {
            org.set_service_app_key(key);
        }
        org
    }

    /// Sets the public key of the service app, making the app when there is none yet.
    pub(crate) fn set_service_app_key(&mut self, key: Value) {
        self.oauth.keys = Some(key);
        if self
            .apps
            .iter()
            .any(|app| app.id() == SERVICE_APP_CLIENT_ID)
        {
            return;
        }
        let settings = json!({ "oauthClient": {
            "application_type": "service",
            "grant_types": ["client_credentials"],
            "dpop_bound_access_tokens": true,
        }});
        let now = Timestamp::now();
        let label = "Device trust service";
        let mut app = App::new("oidc_client", label, "OPENID_CONNECT", &settings, None, now);
        app.body.insert("id".into(), SERVICE_APP_CLIENT_ID.into());
        self.apps.push(app);
    }

    fn seeded_apps(&mut self, now: Timestamp) -> Vec<App> {
        let default = self
            .default_policy(ACCESS_POLICY)
            .map(|policy| policy.id().to_owned());
        let owned = |org: &Self, app: &str| {
            org.policies
                .iter()
                .find(|policy| policy.belongs_to.as_deref() == Some(app))
                .map(|policy| policy.id().to_owned())
        };
        let bookmark = |url: &str| json!({ "app": { "requestIntegration": false, "url": url } });
        let oidc = json!({ "oauthClient": {
            "application_type": "web",
            "redirect_uris": ["https://wiki.sandbox.example/callback"],
            "response_types": ["code"], "grant_types": ["authorization_code"],
        }});
        let mut payroll = App::new(
            "bookmark",
            "Payroll",
            "BOOKMARK",
            &bookmark("https://payroll.sandbox.example"),
            default.clone(),
            now,
        );
        let mut wiki = App::new("oidc_client", "Wiki", "OPENID_CONNECT", &oidc, default, now);
        let mut console = App::new(
            "saasure",
            "Okta Admin Console",
            "OPENID_CONNECT",
            &json!({}),
            owned(self, "Okta Admin Console"),
            now,
        );
        let dashboard = App::new(
            "okta_enduser",
            "Okta Dashboard",
            "OPENID_CONNECT",
            &json!({}),
            owned(self, "Okta Dashboard"),
            now,
        );
        let pilot = self.groups[1].id().to_owned();
        payroll.groups.push(pilot.clone());
        wiki.groups.push(pilot);
        console.groups.push(self.groups[2].id().to_owned());
        vec![console, dashboard, payroll, wiki]
    }
}

/// Users and the three groups, in this order: Everyone, pilot users, break-glass admins. The last
/// user is the administrator who owns the API token.
fn people(seed: &Seed, now: Timestamp) -> (Vec<super::fields::Object>, Vec<Group>) {
    let mut users: Vec<_> = seed
        .macs
        .iter()
        .map(|mac| new_user(&mac.user, &mac.first_name, &mac.last_name, now))
        .collect();
    let id = |user: &super::fields::Object| super::fields::text(user, "id").to_owned();
    let pilots: Vec<String> = users.iter().map(id).collect();
    users.push(new_user("admin@sandbox.example", "Sandbox", "Admin", now));
    let admins: Vec<String> = users.last().map(id).into_iter().collect();
    let mut everyone = Group::new(
        "BUILT_IN",
        "Everyone",
        "All users in your organization",
        now,
    );
    everyone.members = users.iter().map(id).collect();
    let mut pilot = Group::new(
        "OKTA_GROUP",
        PILOT_USER_GROUP,
        "Users of the pilot Macs",
        now,
    );
    pilot.members = pilots;
    let mut break_glass = Group::new(
        "OKTA_GROUP",
        BREAK_GLASS_GROUP,
        "Never locked out by device trust",
        now,
    );
    break_glass.members = admins;
    (users, vec![everyone, pilot, break_glass])
}

fn authenticators(now: Timestamp) -> Vec<Authenticator> {
    let with = |kind: &str, key: &str, name: &str, method: &str, status: &str| {
        let mut authenticator = Authenticator::new(kind, key, name, status, now);
        authenticator
            .methods
            .push(object(json!({ "type": method, "status": status })));
        authenticator
    };
    vec![
        with("email", "okta_email", "Email", "email", "ACTIVE"),
        Authenticator::okta_verify(now),
        with(
            "password",
            "okta_password",
            "Password",
            "password",
            "ACTIVE",
        ),
        with("phone", "phone_number", "Phone", "sms", "INACTIVE"),
        with(
            "security_key",
            "webauthn",
            "Passkeys",
            "webauthn",
            "INACTIVE",
        ),
    ]
}

fn policies(everyone: &str, keys: &[&str], now: Timestamp) -> Vec<Policy> {
    let for_everyone = json!({ "people": { "groups": { "include": [everyone] } } });
    let legacy = |kind: &str, description: &str| {
        let body = object(json!({
            "name": "Default Policy", "description": description,
            "conditions": for_everyone, "priority": 1,
        }));
        Policy::new(kind, body, true, now)
    };
    let mut session = legacy(
        OKTA_SIGN_ON,
        "The default policy applies in all situations if no other policy applies.",
    );
    session
        .rules
        .push(new_rule(normalise::default_rule(), true, 1, true, now));

    let mut enrolment = legacy(
        MFA_ENROLL,
        "The default policy applies in all situations if no other policy applies.",
    );
    let listed = [
        json!({ "key": "okta_email", "enroll": { "self": "OPTIONAL" } }),
        json!({ "key": "okta_password", "enroll": { "self": "REQUIRED" } }),
    ];
    // That a fresh org's default policy leaves Okta Verify out is not confirmed; the job is to offer it.
    enrolment.body.insert(
        "settings".into(),
        normalise::list_all_authenticators(&listed, keys),
    );
    let rule = object(json!({
        "type": MFA_ENROLL, "name": "Default Rule",
        "conditions": {
            "people": { "users": { "exclude": [] } }, "network": { "connection": "ANYWHERE" },
        },
        "actions": { "enroll": { "self": "CHALLENGE" } },
    }));
    enrolment.rules.push(new_rule(rule, true, 1, true, now));

    let access = |name: &str, system: bool| {
        let body = object(json!({ "name": name, "description": name, "conditions": null }));
        let mut policy = Policy::new(ACCESS_POLICY, body, system, now);
        let rule = normalise::catch_all();
        policy
            .rules
            .push(new_rule(rule, true, priorities::CATCH_ALL, true, now));
        policy
    };
    let first_party = |name: &str| {
        let mut policy = access(name, false);
        policy.belongs_to = Some(name.to_owned());
        policy
    };
    let mut account_management = access("Okta Account Management Policy", false);
    account_management.body.insert(
        "_embedded".into(),
        json!({ "resourceType": "END_USER_ACCOUNT_MANAGEMENT" }),
    );
    vec![
        session,
        enrolment,
        access(DEFAULT_POLICY, true),
        first_party("Okta Admin Console"),
        first_party("Okta Dashboard"),
        account_management,
    ]
}
