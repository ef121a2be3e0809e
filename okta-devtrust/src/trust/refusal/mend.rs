//! What to do about a reason, and the request that gets the evidence it lacks.

use super::Reason;
use crate::{Request, apps, bookmark, groups, logs, org, policies, simulate};

impl Reason {
    /// What to do about it.
    pub fn mend(&self) -> String {
        match self {
            Self::NotIdentityEngine { .. } => "upgrade the org to the Identity Engine first".into(),
            Self::OtherOrg { .. } => "check the Okta URL and the expected org id".into(),
            Self::Invalid { .. } => "correct the field".into(),
            Self::NoGroup { name } => {
                format!("create the group `{name}` in Okta or correct the name")
            }
            Self::ManyGroups { .. } => "rename all but one of them".into(),
            Self::NoApp { label } => {
                format!("create or activate the app `{label}` or correct the label")
            }
            Self::ManyApps { .. } => "relabel all but one of them".into(),
            Self::NoAppPolicy { .. } => "take it off the list".into(),
            Self::FirstPartyApp { .. } => "take it off the list and off the policy".into(),
            Self::ForeignPolicy { .. } => "choose another policy name, or rename that policy".into(),
            Self::ManyPolicies { .. } => "delete all but the one that the apps are under".into(),
            Self::ManyRules { rule, .. } => format!("delete all rules `{rule}` but one"),
            Self::NoDefaultEnrollment => "use an enrolment policy of its own".into(),
            Self::NotApplied { .. } => "apply the plan first, then gather evidence again".into(),
            Self::OtherEvidence { .. } | Self::ProofTooOld { .. } => "gather evidence again".into(),
            Self::NoManagedSignIn { .. } => {
                "sign in with FastPass on a managed Mac to an app of the policy, then gather evidence again; the \
                 first sign-in after Okta Verify's enrolment does not count yet"
                    .into()
            }
            Self::BreakGlassInactive { .. } => "activate the rule, or apply the plan again".into(),
            Self::BreakGlassBelow { .. } => "apply the plan again: it moves the rule up".into(),
            Self::BreakGlassDenies { .. } => "apply the plan again: it restores the rule".into(),
            Self::BreakGlassShadowed { above, group, .. } => format!(
                "exclude the group `{group}` from the rule `{above}`, or move or deactivate that rule"
            ),
            Self::BreakGlassEmpty { group, .. } => {
                format!("add an admin who is active to the group `{group}`")
            }
            Self::NotSimulated { .. } => {
                "put an app under the policy, assign the managed rule's groups to it, and gather evidence again".into()
            }
            Self::SimulatedElsewhere { .. } => {
                "look at the policy's rules and their order in the Admin Console".into()
            }
            Self::NoPilot => "name a pilot app (`pilot`) and apply the plan".into(),
            Self::PilotNotReady { .. } | Self::EnrollmentAppNotReady { .. } => {
                "apply the plan, then gather evidence again".into()
            }
            Self::PilotNotAlone { .. } | Self::EnrollmentAppNotAlone { .. } => {
                "put the other apps under another policy".into()
            }
            Self::NoPilotDenial { app, .. } => format!(
                "open `{app}` on a Mac that is not managed and see that it is refused, then gather evidence again"
            ),
            Self::NoEnrollmentApp => {
                "name an app through which people register (`enrollment_app`) and apply the plan".into()
            }
            Self::EnrollmentAppInactive { label, .. } => format!("activate the app `{label}`"),
            Self::EnrollmentAppClosed { rule, .. } => {
                format!("let the rule `{rule}` allow, or take it out of the policy")
            }
            Self::NothingReplayed { .. } => {
                "let people sign in to the apps first, or replay more days (`guard.replay_days`)".into()
            }
            Self::TooManyDenied { .. } => {
                "give them managed Macs, put them into the break-glass group, or name those who are meant to be kept \
                 out (`guard.expected_denials`)"
                    .into()
            }
            Self::WeakerThanPassword { weak } => format!(
                "let the rule `{}` ask for two factors, or leave the global session policy out",
                weak.rule
            ),
            Self::CatchAllClosed { .. } => {
                "open the catch-all (the program `withdraw --open-only --apply`, or enforcement::reopen_plan), apply the plan, prove it, and close again".into()
            }
            Self::ClosedUnproven { .. } => {
                "mend what follows, or open it (the program `withdraw --open-only --apply`, or enforcement::reopen_plan)".into()
            }
            Self::ForeignApp { .. } => "choose another label, or relabel that app".into(),
            Self::ForeignRule { rule, .. } => format!("take the rule `{rule}` out of the policy first"),
            Self::ForeignAppUnder { label, .. } => {
                format!("put the app `{label}` under another policy first")
            }
            Self::Changed { .. } => {
                "look at the change; give the desired state that it was made with, or undo the change".into()
            }
            Self::NoDefaultAccess => "put the apps under another policy in the Admin Console".into(),
        }
    }

    /// The request that gets the evidence it lacks, as `METHOD /path?query`, whose values
    /// [`Okta::send`](crate::Okta::send) encodes (curl does with `--get --data-urlencode`). `None` where a request cannot
    /// tell.
    ///
    /// ```
    /// use okta_devtrust::trust::Reason;
    ///
    /// let reason = Reason::BreakGlassEmpty { group: "Break glass".into(), id: Some("00g1".into()) };
    /// assert_eq!(reason.command().as_deref(), Some("GET /api/v1/groups/00g1/users?limit=200"));
    /// ```
    pub fn command(&self) -> Option<String> {
        let decisions = |from, to, result: &str| {
            logs::list(&logs::LogQuery::between(from, to).filter(format!(
                "eventType eq \"policy.evaluate_sign_on\" and outcome.result eq \"{result}\""
            )))
        };
        let request = match self {
            Self::NotIdentityEngine { .. } | Self::OtherOrg { .. } => org::get(),
            Self::NoGroup { name } | Self::ManyGroups { name, .. } => groups::search(name),
            Self::NoApp { label }
            | Self::ManyApps { label, .. }
            | Self::NoAppPolicy { label }
            | Self::FirstPartyApp { label }
            | Self::ForeignAppUnder { label, .. } => apps::search(label),
            Self::ForeignPolicy { id, .. } => policies::get(id),
            Self::ManyRules { id, .. } => policies::rules(id),
            Self::BreakGlassEmpty { id: Some(id), .. } => groups::members(id, 200),
            Self::BreakGlassEmpty { group, id: None } => groups::search(group),
            Self::NoManagedSignIn { from, to, .. } => decisions(*from, *to, "ALLOW"),
            Self::NoPilotDenial { from, to, .. } => decisions(*from, *to, "DENY"),
            Self::NothingReplayed { from, to } | Self::TooManyDenied { from, to, .. } => {
                logs::list(
                    &logs::LogQuery::between(*from, *to)
                        .filter("eventType eq \"policy.evaluate_sign_on\""),
                )
            }
            Self::NotSimulated { .. } | Self::SimulatedElsewhere { .. } => {
                simulate::simulate(&simulate::Simulation::default())
            }
            Self::EnrollmentAppInactive { id, .. } | Self::ForeignApp { id, .. } => apps::get(id),
            Self::EnrollmentAppClosed { policy, .. } => policies::rules(policy),
            Self::EnrollmentAppNotAlone { policy, .. } => policies::mappings(policy),
            Self::WeakerThanPassword { weak } if !weak.id.is_empty() => policies::rules(&weak.id),
            Self::NoEnrollmentApp | Self::NoPilot => bookmark::create(&apps::App::default()),
            _ => return None,
        };
        Some(shown(&request))
    }
}

fn shown(request: &Request) -> String {
    let mut text = request.to_string();
    for (n, (name, value)) in request.query_pairs().iter().enumerate() {
        text.push(if n == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}
