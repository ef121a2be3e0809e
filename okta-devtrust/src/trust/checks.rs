//! What speaks against any plan at all.

use std::collections::BTreeMap;

use super::{
    BookmarkDesired, Desired, EnrollmentDesired, Observed, ObservedApp, ObservedPolicy, Reason,
    observed::is_owned,
};
use crate::{apps::AppStatus, org::Pipeline};

/// Every reason why no plan can be made; empty when one can.
pub(super) fn reasons(desired: &Desired, observed: &Observed) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if observed.org.pipeline != Some(Pipeline::IdentityEngine) {
        let pipeline = observed.org.pipeline.as_ref();
        reasons.push(Reason::NotIdentityEngine {
            pipeline: pipeline.map_or_else(|| "unknown".into(), ToString::to_string),
        });
    }
    if let Some(wanted) = &desired.org
        && *wanted != observed.org.id
    {
        reasons.push(Reason::OtherOrg {
            wanted: wanted.clone(),
            found: observed.org.id.clone(),
        });
    }
    invalid_fields(desired, &mut reasons);
    for name in desired.group_names() {
        match observed.groups.get(name).map_or(&[][..], Vec::as_slice) {
            [] => reasons.push(Reason::NoGroup { name: name.into() }),
            [_] => {}
            many => reasons.push(Reason::ManyGroups {
                name: name.into(),
                ids: many.iter().map(|group| group.id.clone()).collect(),
            }),
        }
    }
    for label in &desired.apps {
        app_reasons(desired, observed, label, &mut reasons);
    }
    for found in [
        &observed.access,
        &observed.enrollment,
        &observed.session,
        &observed.pilot.policies,
        &observed.enrollment_app.policies,
    ] {
        policy_reasons(desired, found, &mut reasons);
    }
    for (wanted, found) in [
        (&desired.pilot, &observed.pilot),
        (&desired.enrollment_app, &observed.enrollment_app),
    ] {
        if let Some(wanted) = wanted {
            bookmark_reasons(desired, &wanted.label, &found.apps, &mut reasons);
        }
    }
    if desired.enrollment == Some(EnrollmentDesired::EditDefault)
        && observed.default_enrollment.is_none()
    {
        reasons.push(Reason::NoDefaultEnrollment);
    }
    reasons
}

fn app_reasons(desired: &Desired, observed: &Observed, label: &str, reasons: &mut Vec<Reason>) {
    let found = observed.apps.get(label).map_or(&[][..], Vec::as_slice);
    let usable: Vec<&ObservedApp> = found
        .iter()
        .filter(|app| {
            app.status
                .as_ref()
                .is_none_or(|status| *status == AppStatus::Active)
        })
        .collect();
    let name = usable.first().and_then(|app| app.name.as_deref());
    if desired.is_first_party(label, name) {
        reasons.push(Reason::FirstPartyApp {
            label: label.into(),
        });
        return;
    }
    match usable.as_slice() {
        [] => reasons.push(Reason::NoApp {
            label: label.into(),
        }),
        [app] if found.len() == 1 && app.access_policy.is_none() => {
            reasons.push(Reason::NoAppPolicy {
                label: label.into(),
            });
        }
        [_] if found.len() == 1 => {}
        _ => reasons.push(Reason::ManyApps {
            label: label.into(),
            ids: found.iter().map(|app| app.id.clone()).collect(),
        }),
    }
}

fn bookmark_reasons(
    desired: &Desired,
    label: &str,
    found: &[ObservedApp],
    reasons: &mut Vec<Reason>,
) {
    let foreign = |app: &&ObservedApp| app.owner.as_deref() != Some(&desired.owner);
    if let Some(app) = found.iter().find(foreign) {
        reasons.push(Reason::ForeignApp {
            label: label.into(),
            id: app.id.clone(),
        });
    } else if found.len() > 1 {
        reasons.push(Reason::ManyApps {
            label: label.into(),
            ids: found.iter().map(|app| app.id.clone()).collect(),
        });
    }
}

fn policy_reasons(desired: &Desired, found: &[ObservedPolicy], reasons: &mut Vec<Reason>) {
    let mark = desired.owner_mark();
    let (own, foreign): (Vec<_>, Vec<_>) = found
        .iter()
        .map(|found| &found.policy)
        .partition(|policy| is_owned(policy, &mark));
    for policy in foreign {
        reasons.push(Reason::ForeignPolicy {
            name: policy.name.clone(),
            id: policy.id.clone(),
        });
    }
    if let [first, _, ..] = own.as_slice() {
        reasons.push(Reason::ManyPolicies {
            name: first.name.clone(),
            ids: own.iter().map(|policy| policy.id.clone()).collect(),
        });
    }
    let own = found.iter().filter(|found| is_owned(&found.policy, &mark));
    for ObservedPolicy { policy, rules } in own {
        let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let prefix = desired.rule_name("");
        for rule in rules.iter().filter(|rule| rule.name.starts_with(&prefix)) {
            named.entry(&rule.name).or_default().push(rule.id.clone());
        }
        for (rule, ids) in named.into_iter().filter(|(_, ids)| ids.len() > 1) {
            reasons.push(Reason::ManyRules {
                policy: policy.name.clone(),
                id: policy.id.clone(),
                rule: rule.to_owned(),
                ids,
            });
        }
    }
}

fn invalid_fields(desired: &Desired, reasons: &mut Vec<Reason>) {
    let mut filled = vec![
        ("owner", &desired.owner),
        ("access.name", &desired.access.name),
        (
            "access.break_glass.group",
            &desired.access.break_glass.group,
        ),
        ("access.break_glass.name", &desired.access.break_glass.name),
        ("access.managed.name", &desired.access.managed.name),
    ];
    let mut peopled = Vec::new();
    let mut names = vec![&desired.access.name];
    let mut labels: Vec<&String> = desired.apps.iter().collect();
    for (bookmark, fields) in [
        (&desired.pilot, ["pilot.label", "pilot.url", "pilot.policy"]),
        (
            &desired.enrollment_app,
            [
                "enrollment_app.label",
                "enrollment_app.url",
                "enrollment_app.policy",
            ],
        ),
    ] {
        if let Some(BookmarkDesired { label, url, policy }) = bookmark {
            filled.extend(fields.into_iter().zip([label, url, policy]));
            names.push(policy);
            labels.push(label);
        }
    }
    if let Some(EnrollmentDesired::Own { name, groups, .. }) = &desired.enrollment {
        filled.push(("enrollment.name", name));
        peopled.push(("enrollment.groups", groups));
    }
    if let Some(session) = &desired.session {
        filled.push(("session.name", &session.name));
        filled.push(("session.rule", &session.rule));
        peopled.push(("session.groups", &session.groups));
    }
    let mut invalid = |field: &str, problem: &str| {
        reasons.push(Reason::Invalid {
            field: field.into(),
            problem: problem.into(),
        });
    };
    for (field, text) in filled {
        if text.trim().is_empty() {
            invalid(field, "is empty");
        }
    }
    for (field, groups) in peopled {
        if groups.is_empty() {
            // Okta would fill in Everyone.
            invalid(
                field,
                "names no group; without one Okta applies the policy to everyone",
            );
        }
    }
    for (field, mut list, problem) in [
        (
            "access.name",
            names,
            "names a policy twice: each app sign-in policy needs a name of its own",
        ),
        ("apps", labels, "names an app twice"),
    ] {
        let all = list.len();
        list.sort_unstable();
        list.dedup();
        if list.len() < all {
            invalid(field, problem);
        }
    }
    if !(1..=100).contains(&desired.guard.coverage_percent) {
        invalid("guard.coverage_percent", "is not between 1 and 100");
    }
    if !(1..=90).contains(&desired.guard.replay_days) {
        invalid(
            "guard.replay_days",
            "is not between 1 and 90, the days that Okta keeps",
        );
    }
    if desired.owner.contains([']', '[', ':']) {
        invalid("owner", "must not hold `[`, `]` or `:`");
    }
    if desired.access.break_glass.name == desired.access.managed.name {
        invalid("access.break_glass.name", "is the managed rule's name too");
    }
}
