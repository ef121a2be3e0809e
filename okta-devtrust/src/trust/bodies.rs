//! The policies and rules that a [`Desired`] asks for, as Okta's own objects.

use std::collections::BTreeMap;

use super::{BookmarkDesired, Desired, EnrollmentDesired, SessionDesired, desired::Possession};
use crate::{
    Field, Status,
    apps::App,
    policies::{
        Access, Actions, Assurance, AuthContextCondition, AuthType, AuthenticatorEnroll,
        AuthenticatorSetting, Conditions, Constraint, Constraints, DeviceCondition, EnrollAction,
        EnrollPrompt, EnrollSelf, EnrollmentSettings, FactorMode, NetworkCondition,
        PeopleCondition, Platform, PlatformCondition, Policy, PolicyType, PrimaryFactor, Rule,
        RuleType, Session, SettingsType, SignOn, VerificationMethod, VerificationType,
    },
};

/// Group ids by name.
pub(super) type GroupIds = BTreeMap<String, String>;

/// The place of the break-glass rule; app sign-in rules start at 0.
pub(super) const FIRST: i64 = 0;

/// An app sign-in policy of this name.
pub(super) fn access_policy(desired: &Desired, name: &str) -> Policy {
    let mut policy = owned(desired, PolicyType::AccessPolicy, name);
    policy.conditions = Field::Null;
    policy
}

pub(super) fn bookmark(desired: &Desired, wanted: &BookmarkDesired) -> App {
    App::bookmark(&wanted.label, &wanted.url, desired.note())
}

/// Only the action changes; Okta refuses anything else on a catch-all.
pub(crate) fn catch_all(observed: &Rule, access: Access) -> Rule {
    let mut rule = observed.clone();
    rule.app_sign_on_mut().access = Some(access);
    rule
}

pub(super) fn break_glass_rule(desired: &Desired, ids: &GroupIds) -> Rule {
    let wanted = &desired.access.break_glass;
    let mut rule = Rule::new(RuleType::AccessPolicy, desired.rule_name(&wanted.name));
    rule.priority = FIRST.into();
    rule.conditions = Field::Value(Conditions {
        people: people(std::slice::from_ref(&wanted.group), ids),
        network: Some(NetworkCondition::anywhere()),
        ..Conditions::default()
    });
    let action = rule.app_sign_on_mut();
    action.access = Some(Access::Allow);
    action.verification_method = Some(VerificationMethod {
        kind: Some(VerificationType::Assurance),
        factor_mode: Some(FactorMode::TwoFactors),
        reauthenticate_in: Some(wanted.reauthenticate_in.clone()),
        ..VerificationMethod::default()
    });
    rule
}

pub(super) fn managed_rule(desired: &Desired, ids: &GroupIds) -> Rule {
    let wanted = &desired.access.managed;
    let mut rule = Rule::new(RuleType::AccessPolicy, desired.rule_name(&wanted.name));
    rule.priority = (FIRST + 1).into();
    rule.conditions = Field::Value(Conditions {
        people: people(&wanted.groups, ids),
        network: Some(NetworkCondition::anywhere()),
        platform: Some(PlatformCondition {
            include: Some(vec![Platform::macos()]),
            ..PlatformCondition::default()
        }),
        device: Some(DeviceCondition {
            registered: Some(true),
            managed: Some(true),
            assurance: (!wanted.assurance.is_empty()).then(|| Assurance {
                include: Some(wanted.assurance.clone()),
                ..Assurance::default()
            }),
            ..DeviceCondition::default()
        }),
        ..Conditions::default()
    });
    let action = rule.app_sign_on_mut();
    action.access = Some(Access::Allow);
    action.verification_method = Some(VerificationMethod {
        kind: Some(VerificationType::Assurance),
        factor_mode: Some(FactorMode::OneFactor),
        reauthenticate_in: Some(wanted.reauthenticate_in.clone()),
        constraints: Some(vec![Constraints {
            possession: Some(possession(wanted.possession)),
            ..Constraints::default()
        }]),
        ..VerificationMethod::default()
    });
    rule
}

fn possession(wanted: Possession) -> Constraint {
    Constraint {
        device_bound: Some(wanted.device_bound.into()),
        phishing_resistant: Some(wanted.phishing_resistant.into()),
        hardware_protection: Some(wanted.hardware_protection.into()),
        user_presence: Some(wanted.user_presence.into()),
        user_verification: Some(wanted.user_verification.into()),
        ..Constraint::default()
    }
}

/// The enrolment policy of its own. What the default policy lets people enrol is carried over: Okta would set
/// everything that is left out to `NOT_ALLOWED`.
pub(super) fn enrollment_policy(
    desired: &Desired,
    wanted: &EnrollmentDesired,
    default: Option<&Policy>,
    ids: &GroupIds,
) -> Option<Policy> {
    let EnrollmentDesired::Own {
        name,
        groups,
        okta_verify,
        ..
    } = wanted
    else {
        return None;
    };
    let mut policy = owned(desired, PolicyType::MfaEnroll, name);
    policy.priority = Some(1);
    policy.conditions = Field::Value(Conditions {
        people: people(groups, ids),
        ..Conditions::default()
    });
    let inherited = default
        .and_then(|policy| policy.settings.as_ref()?.authenticators.clone())
        .unwrap_or_default();
    policy.settings = Some(EnrollmentSettings {
        kind: Some(SettingsType::Authenticators),
        authenticators: Some(with_okta_verify(inherited, okta_verify)),
        ..EnrollmentSettings::default()
    });
    Some(policy)
}

/// Just Okta Verify's entry, to compare with and to lay over a policy that is there.
pub(super) fn okta_verify_only(own: &EnrollSelf) -> EnrollmentSettings {
    EnrollmentSettings {
        authenticators: Some(with_okta_verify(Vec::new(), own)),
        ..EnrollmentSettings::default()
    }
}

fn with_okta_verify(
    mut settings: Vec<AuthenticatorSetting>,
    own: &EnrollSelf,
) -> Vec<AuthenticatorSetting> {
    let enroll = AuthenticatorEnroll {
        own: Some(own.clone()),
        ..AuthenticatorEnroll::default()
    };
    let key = crate::authenticators::OKTA_VERIFY;
    match settings
        .iter_mut()
        .find(|setting| setting.key.as_deref() == Some(key))
    {
        Some(setting) => setting.enroll = Some(enroll),
        None => settings.push(AuthenticatorSetting {
            key: Some(key.into()),
            enroll: Some(enroll),
            ..AuthenticatorSetting::default()
        }),
    }
    settings
}

pub(super) fn enrollment_rule(desired: &Desired, prompt: &EnrollPrompt) -> Rule {
    let mut rule = Rule::new(RuleType::MfaEnroll, desired.rule_name("Enrol Okta Verify"));
    rule.priority = 1.into();
    rule.conditions = Field::Value(Conditions {
        network: Some(NetworkCondition::anywhere()),
        ..Conditions::default()
    });
    rule.actions = Some(Actions {
        enroll: Some(EnrollAction {
            own: Some(prompt.clone()),
            ..EnrollAction::default()
        }),
        ..Actions::default()
    });
    rule
}

pub(super) fn session_policy(desired: &Desired, wanted: &SessionDesired, ids: &GroupIds) -> Policy {
    let mut policy = owned(desired, PolicyType::OktaSignOn, &wanted.name);
    policy.priority = Some(1);
    policy.conditions = Field::Value(Conditions {
        people: people(&wanted.groups, ids),
        ..Conditions::default()
    });
    policy
}

/// `primaryFactor` is always sent: what Okta makes of its absence has changed over the years. Conditions on identity
/// provider and risk are never sent: orgs without the features refuse them.
pub(super) fn session_rule(desired: &Desired, wanted: &SessionDesired) -> Rule {
    let mut rule = Rule::new(RuleType::SignOn, desired.rule_name(&wanted.rule));
    rule.priority = 1.into();
    rule.conditions = Field::Value(Conditions {
        network: Some(NetworkCondition::anywhere()),
        auth_context: Some(AuthContextCondition {
            auth_type: Some(AuthType::Any),
            ..AuthContextCondition::default()
        }),
        ..Conditions::default()
    });
    rule.actions = Some(Actions {
        signon: Some(SignOn {
            access: Some(Access::Allow),
            primary_factor: Some(PrimaryFactor::PasswordIdpAnyFactor),
            require_factor: Some(false),
            remember_device_by_default: Some(false),
            session: Some(Session {
                max_session_idle_minutes: Some(wanted.max_idle_minutes),
                max_session_lifetime_minutes: Some(wanted.max_lifetime_minutes),
                use_persistent_cookie: Some(false),
                ..Session::default()
            }),
            ..SignOn::default()
        }),
        ..Actions::default()
    });
    rule
}

fn owned(desired: &Desired, kind: PolicyType, name: &str) -> Policy {
    let mut policy = Policy::new(kind, name);
    policy.description = Some(desired.note());
    policy.status = Some(Status::Active);
    policy
}

fn people(groups: &[String], ids: &GroupIds) -> Option<PeopleCondition> {
    if groups.is_empty() {
        return None;
    }
    let ids = groups.iter().filter_map(|name| ids.get(name));
    Some(PeopleCondition::groups(ids.cloned()))
}
