//! Whether an org is as it is wanted, all of it read anew: nothing is left to apply, the catch-all denies, and everything
//! that its closing took still holds.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Proof, gather, still_met};
use crate::{
    Error, Okta,
    trust::{self, Desired, ObservedPolicy, Plan, Reason},
};

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Verified {
    /// What is left to apply: empty when everything is in force; `None` when no plan can be made, for reasons that are in
    /// [`unmet`](Self::unmet).
    pub plan: Option<Plan>,
    /// Whether the catch-all denies.
    pub is_closed: bool,
    /// Every reason against the org as it is that is not waived by name: what closing the catch-all lacks, and app
    /// sign-in policies that are weaker than the password which the global session policy lifts.
    pub unmet: Vec<Reason>,
    /// A note for each waiver that was needed.
    pub notes: Vec<String>,
    /// What was proved; `None` while the policy or its rules are not there.
    pub proof: Option<Proof>,
}

impl Verified {
    /// Whether everything is in force and proved.
    pub fn holds(&self) -> bool {
        self.plan.as_ref().is_some_and(Plan::is_empty) && self.is_closed && self.unmet.is_empty()
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.holds() {
            return f
                .write_str("everything is in force, and the catch-all denies as it was proved");
        }
        f.write_str(if self.is_closed {
            "the catch-all denies"
        } else {
            "the catch-all allows"
        })?;
        if let Some(plan) = self.plan.as_ref().filter(|plan| !plan.is_empty()) {
            write!(f, "\nleft to apply: {plan}")?;
        }
        for reason in &self.unmet {
            write!(f, "\n{reason}")?;
        }
        Ok(())
    }
}

/// Reads the org and its log anew, and holds both against what is wanted. Writes nothing.
///
/// `from` and `to` bound the sign-ins, as for [`gather`].
///
/// # Errors
/// The first read that fails. What is not as it is wanted is no error: [`Verified::holds`].
pub async fn verify(
    okta: &Okta,
    desired: &Desired,
    from: jiff::Timestamp,
    to: jiff::Timestamp,
) -> Result<Verified, Error> {
    let observed = trust::observe(okta, desired).await?;
    let access = observed.access_policy(desired);
    let mut found = Verified {
        plan: None,
        is_closed: access.is_some_and(ObservedPolicy::is_closed),
        unmet: Vec::new(),
        notes: Vec::new(),
        proof: None,
    };
    match trust::plan(desired, &observed) {
        Ok(plan) => found.plan = Some(plan),
        Err(refusal) => found.unmet = refusal.reasons,
    }
    let weaker = trust::weaker_in_force(desired, &observed);
    if let Err(mut refusal) = trust::waived(desired, weaker, &mut found.notes) {
        // The plan may have been refused for them already.
        refusal.reasons.retain(|one| !found.unmet.contains(one));
        found.unmet.append(&mut refusal.reasons);
    }
    if observed.rule_ids(desired).is_none() {
        let missing = vec!["the app sign-in policy or its rules are not there".into()];
        found.unmet.push(Reason::NotApplied { missing });
        return Ok(found);
    }
    let proof = gather(okta, desired, &observed, from, to).await?;
    match still_met(desired, &observed, &proof) {
        Ok(notes) => found.notes.extend(notes),
        Err(refusal) => found.unmet.extend(refusal.reasons),
    }
    found.proof = Some(proof);
    Ok(found)
}
