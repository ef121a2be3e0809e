//! Section `okta`: the org, whose users and apps are meant, how Okta Verify is enrolled, and what closing the catch-all
//! takes.

use std::collections::BTreeSet;

use okta_devtrust::{enforcement::Waive, trust::GuardDesired};

use super::{
    Problems,
    section::{Section, number, text, texts},
};

pub(super) const URL: &str = r#""https://acme.okta.com""#;

/// Section `okta`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OktaSection {
    /// The org's URL; absent with the embedded sandbox.
    pub url: Option<String>,
    /// The service app to sign in as; absent for an API token.
    pub service_app: Option<ServiceAppSection>,
    /// The group whose users need a managed Mac.
    pub users_group: String,
    /// The group that gets in from anywhere.
    pub break_glass_group: String,
    /// Labels of the apps that the access policy is assigned to.
    pub apps: Vec<String>,
    /// Whether the org's default enrolment policy is edited instead of making one of our own.
    pub edit_default_enrollment: bool,
    /// `reauthenticateIn` of the managed rule, an ISO 8601 duration.
    pub reauthenticate_in: String,
    /// The label of the bookmark app that stays open, so that people can register a Mac.
    pub enrollment_app: String,
    /// The label of the bookmark app that denies from the start, on which the denial is proved.
    pub pilot_app: String,
    /// How much proof closing the catch-all takes, who is expected to be kept out, and what is waived.
    pub guard: GuardDesired,
}

/// The OAuth service app that the programs sign in to Okta as, in place of an API token. Its private key is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceAppSection {
    /// Its client id.
    pub client_id: String,
    /// The id of the key (`kid`), where the app has more than one.
    pub key_id: Option<String>,
}

/// The keys `client_id` and `key_id`.
pub(super) fn service_app(
    part: &mut Section<'_>,
    problems: &mut Problems,
) -> Option<ServiceAppSection> {
    let client_id = part.optional("client_id", r#""0oa1b2c3d4""#, problems, text);
    let key_id = part.optional("key_id", r#""key-2026""#, problems, text);
    if client_id.is_none() && key_id.is_some() {
        problems.add(
            part.full("client_id"),
            "is missing although key_id is given",
            r#"client_id = "0oa1b2c3d4""#,
        );
    }
    Some(ServiceAppSection {
        client_id: client_id?,
        key_id,
    })
}

pub(super) fn read(
    mut part: Section<'_>,
    url: Option<String>,
    service_app: Option<ServiceAppSection>,
    problems: &mut Problems,
) -> Option<OktaSection> {
    let users_group = part.required("users_group", r#""macOS pilot users""#, problems, text);
    let break_glass_group = part.required(
        "break_glass_group",
        r#""Break glass admins""#,
        problems,
        text,
    );
    let apps = part.required("apps", r#"["Payroll"]"#, problems, texts);
    let edit_default_enrollment = part.or(
        "enrollment",
        false,
        r#""own-policy""#,
        problems,
        |value| match text(value)?.as_str() {
            "own-policy" => Ok(false),
            "org-default" => Ok(true),
            other => Err(format!("is `{other}`, neither own-policy nor org-default")),
        },
    );
    let reauthenticate_in = part.or(
        "reauthenticate_in",
        "PT12H".into(),
        r#""PT12H""#,
        problems,
        |value| {
            let duration = text(value)?;
            duration
                .parse::<jiff::Span>()
                .ok()
                // jiff also reads `12 h`, which Okta does not.
                .filter(|_| duration.starts_with('P'))
                .map(|_| duration.clone())
                .ok_or_else(|| format!("is `{duration}`, not an ISO 8601 duration"))
        },
    );
    let label = |part: &mut Section<'_>, key, default: &str, problems: &mut Problems| {
        let example = format!("{default:?}");
        part.or(key, default.to_owned(), &example, problems, text)
    };
    let enrollment_app = label(
        &mut part,
        "enrollment_app",
        "Device trust: register your Mac",
        problems,
    );
    let pilot_app = label(&mut part, "pilot_app", "Device trust: pilot", problems);
    let guard = guard(&mut part, problems);
    if let (Some(users), Some(break_glass)) = (&users_group, &break_glass_group)
        && users == break_glass
    {
        problems.add(
            part.full("break_glass_group"),
            "is the same group as users_group: then every user gets in without a managed Mac",
            r#"break_glass_group = "Break glass admins""#,
        );
    }
    part.finish(problems);
    Some(OktaSection {
        url,
        service_app,
        users_group: users_group?,
        break_glass_group: break_glass_group?,
        apps: apps?,
        edit_default_enrollment,
        reauthenticate_in,
        enrollment_app,
        pilot_app,
        guard,
    })
}

fn guard(part: &mut Section<'_>, problems: &mut Problems) -> GuardDesired {
    let default = GuardDesired::default();
    let replay_days = part.or(
        "replay_days",
        default.replay_days,
        "7",
        problems,
        number(1, 90),
    );
    let coverage_percent = part.or(
        "coverage_percent",
        u32::from(default.coverage_percent),
        "95",
        problems,
        number(1, 100),
    );
    let expected_denials = part.or(
        "expected_denials",
        Vec::new(),
        r#"["ada@acme.example"]"#,
        problems,
        texts,
    );
    let waive = part.or(
        "waive",
        BTreeSet::new(),
        r#"["pilot_denial"]"#,
        problems,
        |value| {
            let named = |name: String| {
                Waive::named(&name).ok_or_else(|| {
                    let known = Waive::ALL.map(Waive::as_str).join(", ");
                    format!("names `{name}`, which is no condition; there are {known}")
                })
            };
            texts(value)?.into_iter().map(named).collect()
        },
    );
    GuardDesired {
        replay_days,
        coverage_percent: u8::try_from(coverage_percent).unwrap_or(default.coverage_percent),
        expected_denials,
        waive,
        ..default
    }
}
