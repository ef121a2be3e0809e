//! Closing the catch-all: the one write that can lock people out. It is planned only when everything that could be
//! proved beforehand has been, and every proof that is lacking is named at once.

use futures::try_join;

use crate::{
    Error, Okta,
    evidence::{self, Evidence, RuleIds, Simulated},
    policies::{Access, Rule},
    request::json_of,
    simulate::{Outcome, SimulatedDevice, Simulation},
    trust::{
        Action, Change, Desired, Observed, ObservedPolicy, Plan, Reason, Ref, Refusal, plan,
        semantic,
    },
};

/// Reads the log of a window and simulates a managed and an unmanaged Mac: the evidence for [`enforce_plan`].
///
/// Simulation is tried on the first app that is under the policy, for the managed rule's groups. What Okta refuses to
/// simulate is kept as such: it proves nothing, and is no error.
///
/// # Errors
/// As [`Okta::send`]; [`Error::Setup`] when the policy and its rules are not all there yet.
pub async fn gather(
    okta: &Okta,
    desired: &Desired,
    observed: &Observed,
    from: jiff::Timestamp,
    to: jiff::Timestamp,
) -> Result<Evidence, Error> {
    let rules = observed.rule_ids(desired).ok_or_else(|| Error::Setup {
        problem: "the app sign-in policy or its rules are not there yet; apply the plan first"
            .into(),
    })?;
    let policy = rules.policy.clone();
    let (mut evidence, simulated) = try_join!(
        evidence::read(okta, rules, from, to),
        simulate(okta, desired, observed, &policy),
    )?;
    evidence.simulated = simulated;
    Ok(evidence)
}

async fn simulate(
    okta: &Okta,
    desired: &Desired,
    observed: &Observed,
    policy: &str,
) -> Result<Option<Simulated>, Error> {
    let Some(app) = observed.assigned.first() else {
        return Ok(None);
    };
    let named = &desired.access.managed.groups;
    let everyone = [crate::trust::EVERYONE.to_owned()];
    let names = if named.is_empty() {
        &everyone[..]
    } else {
        named
    };
    let groups: Vec<&str> = names
        .iter()
        .filter_map(|name| Some(observed.group(name)?.id.as_str()))
        .collect();
    let one = async |managed| {
        let device = SimulatedDevice::mac(managed);
        let simulation = Simulation::of_groups(&app.id, groups.clone(), device);
        match okta.simulate(&simulation).await {
            Ok(answer) => Ok(answer.outcome(policy)),
            Err(
                error @ (Error::Invalid { .. }
                | Error::NotFound { .. }
                | Error::FeatureDisabled { .. }
                | Error::Forbidden { .. }),
            ) => Ok(Outcome::Refused(error.to_string())),
            Err(error) => Err(error),
        }
    };
    let (managed, unmanaged) = try_join!(one(true), one(false))?;
    Ok(Some(Simulated {
        app: app.label.clone(),
        managed,
        unmanaged,
    }))
}

/// The plan that closes the catch-all (`DENY`): empty when it is closed already, one change otherwise.
///
/// # Errors
/// A [`Refusal`] with every condition that is not met:
///
/// | condition | reason |
/// |---|---|
/// | the access plan is applied and nothing was changed since | [`Reason::NotApplied`] |
/// | the evidence is about the rules in force | [`Reason::OtherEvidence`] |
/// | a managed device was let in by the managed rule | [`Reason::NoManagedSignIn`] |
/// | an unmanaged device fell to the catch-all, in the log or in a simulation | [`Reason::NoUnmanagedSignIn`] |
/// | the break-glass rule is active, lets in, and is above | [`Reason::BreakGlassInactive`], [`Reason::BreakGlassDenies`], [`Reason::BreakGlassBelow`] |
/// | the break-glass group has a member | [`Reason::BreakGlassEmpty`] |
/// | the simulations agree, or Okta says `UNDEFINED` | [`Reason::NotSimulated`], [`Reason::SimulatedElsewhere`] |
/// | none of Okta's own apps is under the policy | [`Reason::FirstPartyApp`] |
pub fn enforce_plan(
    desired: &Desired,
    observed: &Observed,
    evidence: &Evidence,
) -> Result<Plan, Refusal> {
    let mut closing = Plan {
        org: observed.org.id.clone(),
        owner: desired.owner.clone(),
        changes: Vec::new(),
        notes: Vec::new(),
    };
    let access = observed.access_policy(desired);
    let catch_all = access.and_then(ObservedPolicy::catch_all);
    if catch_all.and_then(Rule::access) == Some(&Access::Deny) {
        return Ok(closing);
    }
    let mut reasons = not_applied(desired, observed);
    if let (Some(access), Some(ids)) = (access, observed.rule_ids(desired)) {
        break_glass(desired, observed, access, &mut reasons);
        proofs(&ids, evidence, &mut reasons);
    }
    for app in &observed.assigned {
        let reason = Reason::FirstPartyApp {
            label: app.label.clone(),
        };
        if desired.is_first_party(&app.label, app.name.as_deref()) && !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let (Some(access), Some(catch_all), true) = (access, catch_all, reasons.is_empty()) else {
        return Err(Refusal { reasons });
    };
    closing.changes.push(close(access, catch_all));
    note_undecided(evidence, &mut closing.notes);
    note_broken(evidence, &mut closing.notes);
    Ok(closing)
}

/// Only the action changes; Okta refuses anything else on a catch-all.
fn close(access: &ObservedPolicy, catch_all: &Rule) -> Change {
    let mut rule = catch_all.clone();
    rule.app_sign_on_mut().access = Some(Access::Deny);
    Change {
        differences: semantic::changes(&json_of(&rule), &json_of(catch_all)),
        action: Action::ReplaceRule {
            policy: access.policy.id.clone(),
            rule: Box::new(rule),
            observed: Box::new(catch_all.clone()),
        },
    }
}

fn not_applied(desired: &Desired, observed: &Observed) -> Vec<Reason> {
    let mut missing = Vec::new();
    match plan(desired, observed) {
        Err(refusal) => return refusal.reasons,
        Ok(plan) => missing.extend(
            plan.changes
                .iter()
                .filter(|change| touches_access(&change.action, observed, desired))
                .map(|change| change.action.to_string()),
        ),
    }
    if missing.is_empty() && observed.rule_ids(desired).is_none() {
        missing.push("the catch-all is not there".into());
    }
    if observed.assigned.is_empty() {
        missing.push("no app is under the policy".into());
    }
    if missing.is_empty() {
        Vec::new()
    } else {
        vec![Reason::NotApplied { missing }]
    }
}

/// Whether a change is one that enforcement depends on: Okta Verify, FastPass, the app sign-in policy, its apps.
fn touches_access(action: &Action, observed: &Observed, desired: &Desired) -> bool {
    use crate::trust::Made;
    let access = observed
        .access_policy(desired)
        .map(|access| access.policy.id.as_str());
    let is_access = |reference: &Ref| match reference {
        Ref::Id(id) => Some(id.as_str()) == access,
        Ref::Made(made) => *made == Made::Access,
    };
    match action {
        Action::CreateOktaVerify
        | Action::ActivateAuthenticator { .. }
        | Action::ActivateMethod { .. }
        | Action::AssignApp { .. } => true,
        Action::CreatePolicy { made, .. } => *made == Made::Access,
        Action::CreateRule { policy, .. } => is_access(policy),
        Action::ReplacePolicy { observed, .. } => Some(observed.id.as_str()) == access,
        Action::ActivatePolicy { id, .. } => Some(id.as_str()) == access,
        Action::ReplaceRule { policy, .. } | Action::ActivateRule { policy, .. } => {
            Some(policy.as_str()) == access
        }
    }
}

fn break_glass(
    desired: &Desired,
    observed: &Observed,
    access: &ObservedPolicy,
    reasons: &mut Vec<Reason>,
) {
    let wanted = &desired.access.break_glass;
    let name = desired.rule_name(&wanted.name);
    let managed = access.rule(&desired.rule_name(&desired.access.managed.name));
    if let (Some(rule), Some(managed)) = (access.rule(&name), managed) {
        if !rule.is_active() {
            reasons.push(Reason::BreakGlassInactive { rule: name.clone() });
        }
        if rule.access() != Some(&Access::Allow) {
            reasons.push(Reason::BreakGlassDenies { rule: name.clone() });
        }
        if rule.place() >= managed.place() {
            reasons.push(Reason::BreakGlassBelow { rule: name });
        }
    }
    let group = observed.group(&wanted.group);
    if !group.is_some_and(|group| group.has_members) {
        reasons.push(Reason::BreakGlassEmpty {
            group: wanted.group.clone(),
        });
    }
}

fn proofs(ids: &RuleIds, evidence: &Evidence, reasons: &mut Vec<Reason>) {
    if evidence.rules != *ids {
        reasons.push(Reason::OtherEvidence {
            wanted: ids.managed.clone(),
            found: evidence.rules.managed.clone(),
        });
        return;
    }
    if evidence.managed_successes() == 0 {
        reasons.push(Reason::NoManagedSignIn {
            rule: ids.managed.clone(),
            from: evidence.from,
            to: evidence.to,
        });
    }
    let simulated = evidence.simulated.as_ref();
    let falls = Outcome::Rule(ids.catch_all.clone());
    if evidence.unmanaged_at_catch_all() == 0
        && simulated.is_none_or(|simulated| simulated.unmanaged != falls)
    {
        reasons.push(Reason::NoUnmanagedSignIn {
            rule: ids.catch_all.clone(),
        });
    }
    let outcomes = [
        (
            "a managed Mac",
            simulated.map(|simulated| &simulated.managed),
            &ids.managed,
        ),
        (
            "an unmanaged Mac",
            simulated.map(|simulated| &simulated.unmanaged),
            &ids.catch_all,
        ),
    ];
    for (device, outcome, wanted) in outcomes {
        simulation(device, outcome, wanted, reasons);
    }
}

fn simulation(device: &str, outcome: Option<&Outcome>, wanted: &str, reasons: &mut Vec<Reason>) {
    let not_simulated = |why: &str| Reason::NotSimulated {
        device: device.into(),
        why: why.into(),
    };
    match outcome {
        None => reasons.push(not_simulated("none was run")),
        Some(Outcome::Refused(why)) => reasons.push(not_simulated(why)),
        Some(Outcome::Rule(id)) if id == wanted => {}
        Some(Outcome::Undefined) => {}
        Some(found) => reasons.push(Reason::SimulatedElsewhere {
            device: device.into(),
            wanted: wanted.into(),
            found: found.clone(),
        }),
    }
}

fn note_undecided(evidence: &Evidence, notes: &mut Vec<String>) {
    let Some(simulated) = &evidence.simulated else {
        return;
    };
    for (device, outcome) in [
        ("a managed Mac", &simulated.managed),
        ("an unmanaged Mac", &simulated.unmanaged),
    ] {
        if *outcome == Outcome::Undefined {
            notes.push(format!(
                "Okta could not decide the simulation for {device} (UNDEFINED): it proves nothing, the log does"
            ));
        }
    }
}

fn note_broken(evidence: &Evidence, notes: &mut Vec<String>) {
    for device in evidence.devices() {
        let counts = &device.counts;
        if counts.managed_at_catch_all > 0 && counts.managed_success == 0 {
            let name = device.device.as_ref().map_or("a device", |device| {
                device.name.as_deref().unwrap_or(&device.id)
            });
            notes.push(format!(
                "`{name}` is managed and fell to the catch-all all the same: it will be kept out"
            ));
        }
    }
}
