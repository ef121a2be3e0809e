//! Hand-made values, and a small org that keeps what is written to it.

pub(crate) mod authority;
pub(crate) mod org;
pub(crate) mod trace;

use okta_devtrust::policies::Access;
use okta_devtrust::trust::{
    AccessDesired, Action, BookmarkDesired, BreakGlass, Desired, EnrollmentDesired, Made,
    ManagedRule, Observed, ObservedApp, ObservedBookmark, ObservedPolicy, Plan, SessionDesired,
    plan,
};
use serde_json::{Value, json};

/// Everything that can be wanted.
pub(crate) fn desired() -> Desired {
    let mut desired = Desired::new(AccessDesired {
        name: "Managed Macs".into(),
        break_glass: BreakGlass::new("Break glass admins"),
        managed: ManagedRule::new(["macOS pilot users"]),
    });
    desired.apps = vec!["Wiki".into()];
    desired.enrollment_app = Some(BookmarkDesired::new("Enrol", "https://acme.example/enrol"));
    desired.pilot = Some(BookmarkDesired::new("Pilot", "https://acme.example/pilot"));
    desired.enrollment = Some(own_enrollment());
    desired.session = Some(SessionDesired::new("Pilot sessions", ["macOS pilot users"]));
    desired
}

pub(crate) fn own_enrollment() -> EnrollmentDesired {
    serde_json::from_value(json!({
        "policy": "own", "name": "Okta Verify", "groups": ["macOS pilot users"]
    }))
    .unwrap()
}

/// An org in which nothing has been done yet.
pub(crate) fn fresh() -> Observed {
    serde_json::from_value(json!({
        "org": {"id": "00o1", "pipeline": "idx"},
        "groups": {
            "Break glass admins": [{"id": "00g-glass", "has_members": true}],
            "macOS pilot users": [{"id": "00g-pilot", "has_members": true}]
        },
        "okta_verify": {
            "authenticator": {"id": "aut1", "key": "okta_verify", "type": "app", "status": "ACTIVE"},
            "methods": [
                {"type": "totp", "status": "ACTIVE"},
                {"type": "signed_nonce", "status": "INACTIVE",
                 "settings": {"algorithms": ["ES256", "RS256"], "keyProtection": "ANY", "showSignInWithOV": "NEVER"}}
            ]
        },
        "access": [], "enrollment": [], "session": [],
        "default_enrollment": {
            "id": "00p-default", "type": "MFA_ENROLL", "name": "Default Policy", "system": true, "status": "ACTIVE",
            "priority": 1,
            "settings": {"type": "AUTHENTICATORS", "authenticators": [
                {"key": "okta_password", "enroll": {"self": "REQUIRED"}, "constraints": null},
                {"key": "okta_verify", "enroll": {"self": "NOT_ALLOWED"}, "constraints": null}]}
        },
        "apps": {"Wiki": [{
            "id": "0oa-wiki", "label": "Wiki", "name": "oidc_client", "status": "ACTIVE", "access_policy": "rst-any-two"}]},
        "assigned": [], "default_access": "rst-any-two"
    }))
    .unwrap()
}

/// The org after the plan was applied, with what Okta adds to its answers.
pub(crate) fn applied() -> Observed {
    let mut observed = fresh();
    let made = plan(&desired(), &observed).unwrap();
    let mut policies: Vec<(Made, ObservedPolicy)> = Vec::new();
    let mut bookmark = ObservedBookmark::default();
    let mut bookmarks = Vec::new();
    for (n, change) in made.changes.iter().enumerate() {
        match &change.action {
            Action::CreatePolicy { made, policy } => {
                let mut policy = policy.clone();
                policy.id = format!("policy-{n}");
                let mut rules = Vec::new();
                if serde_json::to_value(&policy).unwrap()["type"] == "ACCESS_POLICY" {
                    let mut rule = catch_all();
                    rule["id"] = json!(format!("rule-catch-all-{n}"));
                    rules.push(serde_json::from_value(rule).unwrap());
                }
                let policy = *policy;
                policies.push((*made, ObservedPolicy { policy, rules }));
            }
            Action::CreateRule { rule, .. } => {
                let mut stored = serde_json::to_value(rule).unwrap();
                stored["id"] = json!(format!("rule-{n}"));
                stored["status"] = json!("ACTIVE");
                stored["system"] = json!(false);
                add_defaults(&mut stored);
                let rules = &mut policies.last_mut().unwrap().1.rules;
                rules.insert(
                    rules.len().saturating_sub(1),
                    serde_json::from_value(stored).unwrap(),
                );
            }
            Action::DenyPilot { .. } => {
                let rules = &mut policies.last_mut().unwrap().1.rules;
                rules.last_mut().unwrap().app_sign_on_mut().access = Some(Access::Deny);
            }
            Action::CreateApp { app, .. } => {
                let policy = policies.last().unwrap().1.clone();
                bookmark.apps = vec![ObservedApp {
                    id: format!("0oa-{n}"),
                    label: app.label.clone(),
                    name: app.name.clone(),
                    status: Some("ACTIVE".into()),
                    access_policy: Some(policy.policy.id.clone()),
                    owner: Some("device-trust".into()),
                }];
                bookmark.under.clone_from(&bookmark.apps);
                bookmark.policies = vec![policy];
            }
            Action::AssignGroup { group, .. } => {
                bookmark.groups.insert(group.clone());
                bookmarks.push(std::mem::take(&mut bookmark));
            }
            _ => {}
        }
    }
    let mut bookmarks = bookmarks.into_iter();
    observed.enrollment_app = bookmarks.next().unwrap();
    observed.pilot = bookmarks.next().unwrap();
    let mut of = |wanted: Made| {
        let at = policies
            .iter()
            .position(|(made, _)| *made == wanted)
            .unwrap();
        policies.remove(at).1
    };
    observed.enrollment = vec![of(Made::Enrollment)];
    observed.session = vec![of(Made::Session)];
    let access = of(Made::Access);

    let verify = observed.okta_verify.as_mut().unwrap();
    verify.methods[1].status = Some(okta_devtrust::Status::Active);
    let wiki = &mut observed.apps.get_mut("Wiki").unwrap()[0];
    wiki.access_policy = Some(access.policy.id.clone());
    observed.assigned = vec![wiki.clone()];
    observed.access = vec![access];
    observed
}

/// What Okta adds to the answer of an app sign-in rule.
pub(crate) fn add_defaults(rule: &mut Value) {
    if rule["type"] != "ACCESS_POLICY" || rule["system"] == true {
        return;
    }
    let conditions = &mut rule["conditions"];
    conditions["people"]["users"] = json!({"exclude": []});
    conditions["userType"] = json!({"include": [], "exclude": []});
    conditions["riskScore"] = json!({"level": "ANY"});
    if !conditions["platform"].is_null() {
        conditions["platform"]["exclude"] = json!([]);
    }
    rule["actions"]["appSignOn"]["keepMeSignedIn"] = json!({"postAuth": "NOT_ALLOWED"});
    let constraints = &mut rule["actions"]["appSignOn"]["verificationMethod"]["constraints"];
    for constraint in constraints.as_array_mut().into_iter().flatten() {
        constraint["possession"]["required"] = json!(true);
    }
}

/// The rule that Okta gives every new app sign-in policy.
pub(crate) fn catch_all() -> Value {
    json!({
        "id": "rule-catch-all", "name": "Catch-all Rule", "type": "ACCESS_POLICY", "priority": 99,
        "status": "ACTIVE", "system": true, "conditions": null,
        "actions": {"appSignOn": {"access": "ALLOW", "verificationMethod": {
            "factorMode": "2FA", "type": "ASSURANCE", "reauthenticateIn": "PT12H"},
            "keepMeSignedIn": {"postAuth": "NOT_ALLOWED"}}},
        "_links": {"self": {"href": "https://acme.okta.com/x", "hints": {"allow": ["GET", "PUT"]}}}
    })
}

/// The titles of a plan's changes.
pub(crate) fn titles(plan: &Plan) -> Vec<String> {
    plan.changes
        .iter()
        .map(|change| change.action.to_string())
        .collect()
}
