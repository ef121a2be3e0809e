//! From what is wanted and what is there to the changes between them. Pure: the same two values give the same plan.

use serde_json::Value;

use super::{
    Action, BookmarkDesired, Change, Desired, EnrollmentDesired, Made, Observed, ObservedBookmark,
    ObservedPolicy, Plan, Ref, Refusal, SessionDesired,
    bodies::{self, GroupIds},
    checks, guarded,
    observed::is_owned,
    semantic,
};
use crate::{
    authenticators::MethodType,
    policies::{Access, EnrollPrompt, EnrollSelf, Policy, Rule},
    request::json_of,
};

/// The changes that make `observed` what is `desired`, in the safe order. Never touches the catch-all of the app sign-in
/// policy; that of the pilot app's policy denies from the start.
///
/// # Errors
/// A [`Refusal`] with every reason at once: Classic engine, unknown or ambiguous groups and apps, Okta's own apps,
/// a policy or bookmark app of the same name that is someone else's; and, unless waived by name, a global session policy
/// that lifts the password from an app whose policy is weaker than it ([`Waive::SessionStrength`]), and changes to rules
/// or apps of a policy whose catch-all denies ([`Waive::ClosedPolicy`]).
///
/// [`Waive::SessionStrength`]: crate::enforcement::Waive::SessionStrength
/// [`Waive::ClosedPolicy`]: crate::enforcement::Waive::ClosedPolicy
pub fn plan(desired: &Desired, observed: &Observed) -> Result<Plan, Refusal> {
    let mut plan = changes(desired, observed)?;
    let reasons = guarded::reasons(desired, observed, &plan.changes);
    guarded::waived(desired, reasons, &mut plan.notes)?;
    Ok(plan)
}

/// The changes, whatever they could do to people's access.
pub(crate) fn changes(desired: &Desired, observed: &Observed) -> Result<Plan, Refusal> {
    let reasons = checks::reasons(desired, observed);
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    let mut planner = Planner {
        desired,
        observed,
        ids: group_ids(observed),
        changes: Vec::new(),
        notes: Vec::new(),
    };
    planner.okta_verify();
    planner.enrollment();
    planner.bookmarks();
    planner.access();
    planner.session();
    Ok(Plan {
        org: observed.org.id.clone(),
        owner: desired.owner.clone(),
        changes: planner.changes,
        notes: planner.notes,
        waived: desired.guard.waive.clone(),
    })
}

pub(super) fn group_ids(observed: &Observed) -> GroupIds {
    let named = observed.groups.keys();
    named
        .filter_map(|name| Some((name.clone(), observed.group(name)?.id.clone())))
        .collect()
}

struct Planner<'a> {
    desired: &'a Desired,
    observed: &'a Observed,
    ids: GroupIds,
    changes: Vec<Change>,
    notes: Vec<String>,
}

impl Planner<'_> {
    fn okta_verify(&mut self) {
        let authenticator = match &self.observed.okta_verify {
            None => {
                self.push(Action::CreateOktaVerify);
                Ref::Made(Made::OktaVerify)
            }
            Some(found) => {
                let id = found.authenticator.id.clone();
                if !found.authenticator.is_active() {
                    self.push(Action::ActivateAuthenticator { id: id.clone() });
                }
                if found.has_fastpass() {
                    return;
                }
                Ref::Id(id)
            }
        };
        self.push(Action::ActivateMethod {
            authenticator,
            method: MethodType::SignedNonce,
        });
    }

    fn enrollment(&mut self) {
        let default = self.observed.default_enrollment.as_ref();
        match &self.desired.enrollment {
            None => {}
            Some(EnrollmentDesired::EditDefault) => {
                if let Some(default) = default
                    && !enrols_okta_verify(default)
                {
                    let wanted = Policy {
                        settings: Some(bodies::okta_verify_only(&EnrollSelf::Optional)),
                        ..Policy::default()
                    };
                    self.replace_policy(default, &wanted);
                }
            }
            Some(
                own @ EnrollmentDesired::Own {
                    okta_verify,
                    prompt,
                    ..
                },
            ) => {
                if let Some(policy) =
                    bodies::enrollment_policy(self.desired, own, default, &self.ids)
                {
                    let found = self.owned(&self.observed.enrollment);
                    let mut compared = policy.clone();
                    // What else the policy lets people enrol is the admin's choice once it is there.
                    compared.settings = Some(bodies::okta_verify_only(okta_verify));
                    self.own_enrollment(policy, &compared, found, prompt);
                }
            }
        }
    }

    fn own_enrollment(
        &mut self,
        policy: Policy,
        compared: &Policy,
        found: Option<&ObservedPolicy>,
        prompt: &EnrollPrompt,
    ) {
        let policy_ref = self.policy(Made::Enrollment, policy, compared, found);
        let rule = bodies::enrollment_rule(self.desired, prompt);
        self.rule(&policy_ref, rule, found, false);
    }

    fn access(&mut self) {
        let desired = self.desired;
        let found = self.observed.access_policy(desired);
        let policy = bodies::access_policy(desired, &desired.access.name);
        let compared = policy.clone();
        let policy_ref = self.policy(Made::Access, policy, &compared, found);
        self.access_rules(&policy_ref, found);
        if let Some(found) = found {
            self.note_foreign_rules(found);
        }
        self.assign(&policy_ref);
        self.note_break_glass();
    }

    /// The two rules of an app sign-in policy, the break-glass rule above.
    fn access_rules(&mut self, policy: &Ref, found: Option<&ObservedPolicy>) {
        let mut break_glass = bodies::break_glass_rule(self.desired, &self.ids);
        let managed = bodies::managed_rule(self.desired, &self.ids);
        let below = found.and_then(|found| {
            let above = found.rule(&managed.name)?.place();
            (found.rule(&break_glass.name)?.place() > above).then_some(above)
        });
        if let Some(above) = below {
            break_glass.priority = above.into();
        }
        self.rule(policy, break_glass, found, below.is_some());
        self.rule(policy, managed, found, false);
    }

    /// The enrolment app, open, and the pilot app, closed: each alone under its own policy, which is as it should be
    /// before the app is under it, as the app is before anyone sees it.
    fn bookmarks(&mut self) {
        let (desired, observed) = (self.desired, self.observed);
        if let Some(wanted) = &desired.enrollment_app {
            let found = &observed.enrollment_app;
            let policy = bodies::access_policy(desired, &wanted.policy);
            let compared = policy.clone();
            let there = found.policy(desired);
            let policy = self.policy(Made::EnrollmentAppPolicy, policy, &compared, there);
            self.bookmark(Made::EnrollmentApp, wanted, found, &policy);
        }
        if let Some(wanted) = &desired.pilot {
            let found = &observed.pilot;
            let policy = bodies::access_policy(desired, &wanted.policy);
            let compared = policy.clone();
            let there = found.policy(desired);
            let policy = self.policy(Made::PilotPolicy, policy, &compared, there);
            self.access_rules(&policy, there);
            if !there.is_some_and(ObservedPolicy::is_closed) {
                self.push(Action::DenyPilot {
                    policy: policy.clone(),
                    name: wanted.policy.clone(),
                    app: found.app().map(|app| app.id.clone()),
                    observed: there
                        .and_then(ObservedPolicy::catch_all)
                        .cloned()
                        .map(Box::new),
                });
            }
            self.bookmark(Made::PilotApp, wanted, found, &policy);
        }
    }

    fn bookmark(
        &mut self,
        made: Made,
        wanted: &BookmarkDesired,
        found: &ObservedBookmark,
        policy: &Ref,
    ) {
        let app = if let Some(app) = found.app() {
            Ref::Id(app.id.clone())
        } else {
            self.push(Action::CreateApp {
                made,
                app: Box::new(bodies::bookmark(self.desired, wanted)),
            });
            Ref::Made(made)
        };
        let under = match found.app() {
            Some(app) => app.access_policy.clone(),
            None => self.observed.default_access.clone(),
        };
        let there = matches!(policy, Ref::Id(id) if Some(id) == under.as_ref());
        if !there {
            self.push(Action::AssignApp {
                app: app.clone(),
                label: wanted.label.clone(),
                policy: policy.clone(),
                name: wanted.policy.clone(),
                observed: under,
                closed: made == Made::PilotApp,
            });
        }
        for name in self.desired.managed_groups() {
            let Some(group) = self.ids.get(name) else {
                continue;
            };
            if !found.groups.contains(group) {
                self.push(Action::AssignGroup {
                    app: app.clone(),
                    label: wanted.label.clone(),
                    group: group.clone(),
                    name: name.to_owned(),
                });
            }
        }
    }

    fn assign(&mut self, policy: &Ref) {
        let closed = guarded::may_change_closed(self.desired, self.observed);
        for app in self.observed.apps.values().flatten() {
            let there = match policy {
                Ref::Id(id) => app.access_policy.as_ref() == Some(id),
                Ref::Made(_) => false,
            };
            if !there {
                self.push(Action::AssignApp {
                    app: Ref::Id(app.id.clone()),
                    label: app.label.clone(),
                    policy: policy.clone(),
                    name: self.desired.access.name.clone(),
                    observed: app.access_policy.clone(),
                    closed,
                });
            }
        }
        let wanted = &self.desired.apps;
        for app in &self.observed.assigned {
            if !wanted.contains(&app.label) {
                self.notes.push(format!(
                    "the app `{}` is under the policy and not in the list; it is left there",
                    app.label
                ));
            }
        }
    }

    fn session(&mut self) {
        let Some(wanted) = &self.desired.session else {
            return;
        };
        let found = self.owned(&self.observed.session);
        let policy = bodies::session_policy(self.desired, wanted, &self.ids);
        let compared = policy.clone();
        let before = self.changes.len();
        let policy_ref = self.policy(Made::Session, policy, &compared, found);
        let rule = bodies::session_rule(self.desired, wanted);
        self.rule(&policy_ref, rule, found, false);
        if self.changes.len() > before {
            self.note_session(wanted);
        }
    }

    /// The policy itself: created, changed or activated. `compared` is what of it must hold when it is there.
    fn policy(
        &mut self,
        made: Made,
        policy: Policy,
        compared: &Policy,
        found: Option<&ObservedPolicy>,
    ) -> Ref {
        let Some(found) = found else {
            let policy = Box::new(policy);
            self.push(Action::CreatePolicy { made, policy });
            return Ref::Made(made);
        };
        let wanted = Policy {
            conditions: compared.conditions.clone(),
            settings: compared.settings.clone(),
            ..Policy::default()
        };
        self.replace_policy(&found.policy, &wanted);
        if !found.policy.is_active() {
            self.push(Action::ActivatePolicy {
                id: found.policy.id.clone(),
                name: found.policy.name.clone(),
            });
        }
        Ref::Id(found.policy.id.clone())
    }

    fn replace_policy(&mut self, found: &Policy, wanted: &Policy) {
        let (observed, wanted) = (json_of(found), json_of(wanted));
        let differences = semantic::drift(&part(&wanted), &part(&observed));
        if differences.is_empty() {
            return;
        }
        let Ok(policy) = serde_json::from_value(semantic::overlay(&observed, &wanted)) else {
            return;
        };
        self.changes.push(Change {
            action: Action::ReplacePolicy {
                policy: Box::new(policy),
                observed: Box::new(found.clone()),
            },
            differences,
        });
    }

    /// A rule: created, changed, moved or activated. `place` says that its priority must become the wanted one.
    fn rule(&mut self, policy: &Ref, wanted: Rule, found: Option<&ObservedPolicy>, place: bool) {
        let there = found.and_then(|found| Some((found, found.rule(&wanted.name)?)));
        let Some((in_policy, rule)) = there else {
            self.push(Action::CreateRule {
                policy: policy.clone(),
                rule: Box::new(wanted),
            });
            return;
        };
        let (observed_json, wanted_json) = (json_of(rule), json_of(&wanted));
        let mut differences = semantic::drift(&part(&wanted_json), &part(&observed_json));
        if place {
            differences.push(super::Difference {
                path: "priority".into(),
                wanted: wanted_json["priority"].clone(),
                found: observed_json["priority"].clone(),
            });
        }
        if !differences.is_empty()
            && let Ok(mut replacement) = serde_json::from_value::<Rule>(semantic::overlay(
                &observed_json,
                &part(&wanted_json),
            ))
        {
            if place {
                replacement.priority = wanted.priority;
            }
            let closed = in_policy.policy.name != self.desired.access.name
                || guarded::locks_nobody_out(&differences)
                || guarded::may_change_closed(self.desired, self.observed);
            self.changes.push(Change {
                action: Action::ReplaceRule {
                    policy: in_policy.policy.id.clone(),
                    rule: Box::new(replacement),
                    observed: Box::new(rule.clone()),
                    closed,
                },
                differences,
            });
        }
        if !rule.is_active() {
            self.push(Action::ActivateRule {
                policy: in_policy.policy.id.clone(),
                id: rule.id.clone(),
                name: rule.name.clone(),
            });
        }
    }

    fn owned<'b>(&self, policies: &'b [ObservedPolicy]) -> Option<&'b ObservedPolicy> {
        let mark = self.desired.owner_mark();
        policies.iter().find(|found| is_owned(&found.policy, &mark))
    }

    fn push(&mut self, action: Action) {
        self.changes.push(Change {
            action,
            differences: Vec::new(),
        });
    }

    fn note_foreign_rules(&mut self, found: &ObservedPolicy) {
        let desired = self.desired;
        let wanted = [
            desired.rule_name(&desired.access.break_glass.name),
            desired.rule_name(&desired.access.managed.name),
        ];
        for rule in &found.rules {
            if rule.is_system() || !rule.is_active() || wanted.contains(&rule.name) {
                continue;
            }
            let what = match rule.access() {
                Some(Access::Deny) => "keeps people out",
                _ => "can let in what the managed rule would not",
            };
            self.notes.push(format!(
                "the rule `{}` in the policy is not part of the plan and is left there: it {what}",
                rule.name
            ));
        }
        if found.is_closed() {
            self.notes
                .push("the catch-all is closed already (DENY) and stays so".into());
        }
    }

    fn note_break_glass(&mut self) {
        let name = &self.desired.access.break_glass.group;
        if self
            .observed
            .group(name)
            .is_some_and(|group| !group.has_members)
        {
            self.notes.push(format!(
                "the break-glass group `{name}` has no active member; the catch-all cannot be closed until it has one"
            ));
        }
    }

    fn note_session(&mut self, wanted: &SessionDesired) {
        self.notes.push(format!(
            "the global session policy lifts the password for {} in every app",
            wanted.groups.join(", ")
        ));
    }
}

/// What of an object decides who gets in and how.
fn part(object: &Value) -> Value {
    let keys = ["conditions", "settings", "actions"];
    let kept = keys
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), object.get(*key)?.clone())));
    Value::Object(kept.collect())
}

fn enrols_okta_verify(policy: &Policy) -> bool {
    let settings = policy.settings.as_ref();
    settings
        .and_then(|settings| settings.authenticators.as_ref())
        .into_iter()
        .flatten()
        .filter(|setting| setting.key.as_deref() == Some(crate::authenticators::OKTA_VERIFY))
        .filter_map(|setting| setting.enroll.as_ref()?.own.as_ref())
        .any(|own| matches!(own, EnrollSelf::Optional | EnrollSelf::Required))
}
