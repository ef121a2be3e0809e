//! Renewal: the next generation of a profile onto the Macs that one policy reaches. The rule: it is one PUT that changes
//! the profile and nothing else, and none when the policy carries that generation already.
//!
//! macOS never renews a SCEP certificate by itself, and a certification authority may take no renewal requests, so a
//! profile with a new payload UUID is installed before the certificates end. Which ring is due, and what its next
//! profile is, comes from outside as plain values.

use std::fmt;

use super::{
    Applied, Desired, DesiredProfile, DigestKey, Event, Observed, Plan, Problem, UndoRecord,
    apply::apply_recorded, observe, plan, ring_policy_name, stored::Stored,
};
use crate::{Error, JumpCloud};

/// The next generation of the profile in one policy. `Debug` shows no profile.
///
/// ```
/// use jumpcloud_mdm::deploy::Renewal;
///
/// let renewal = Renewal::of_ring("Okta device trust", "pilot", 4, b"<plist/>");
/// assert_eq!(renewal.policy_name(), "Okta device trust (pilot)");
/// ```
#[derive(Clone, PartialEq)]
pub struct Renewal {
    policy_name: String,
    generation: u32,
    profile: Vec<u8>,
}

impl Renewal {
    /// The next generation for a policy, by its name.
    pub fn of_policy(
        policy_name: impl Into<String>,
        generation: u32,
        profile: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            policy_name: policy_name.into(),
            generation,
            profile: profile.into(),
        }
    }

    /// The next generation for a ring of [`Desired::rings`].
    pub fn of_ring(
        policy_name: &str,
        ring: &str,
        generation: u32,
        profile: impl Into<Vec<u8>>,
    ) -> Self {
        Self::of_policy(ring_policy_name(policy_name, ring), generation, profile)
    }

    /// The policy's name.
    pub fn policy_name(&self) -> &str {
        &self.policy_name
    }

    /// The generation.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// What to observe, and to give to [`apply`](super::apply) with the plan. The re-apply switch stays as it is in the
    /// policy.
    pub fn desired(&self, owner: &str, observed: Option<&Observed>) -> Desired {
        let switch = observed
            .and_then(|observed| {
                let found = super::undo::policy_of(observed, &self.policy_name)?;
                Stored::new(&found.policy, observed.template.as_ref()?).redispatch()
            })
            .unwrap_or(false);
        Desired::new(owner).profile(
            DesiredProfile::new(&self.policy_name, self.profile.clone())
                .generation(self.generation)
                .redispatch(switch),
        )
    }

    /// The change: one update of the profile, or none when the policy carries it already. Bindings stay as they are.
    ///
    /// # Errors
    /// [`Error::OlderGeneration`] when the policy carries a newer one; [`Error::Refused`] when there is no such policy,
    /// it is not the owner's, or the profile is the one of the generation before.
    pub fn plan(&self, owner: &str, observed: &Observed, key: &DigestKey) -> Result<Plan, Error> {
        if super::undo::policy_of(observed, &self.policy_name).is_none() {
            return Err(Error::Refused {
                problems: vec![Problem::NotDeployed {
                    policy: self.policy_name.clone(),
                }],
            });
        }
        let mut plan = plan(&self.desired(owner, Some(observed)), observed, key)?;
        // What it is bound to is none of a renewal's business.
        plan.remarks.clear();
        Ok(plan)
    }
}

/// Brings the next generation onto the Macs of one policy: observes, plans, keeps the undo record, and makes at most one
/// PUT. Killed in between, it is simply repeated.
///
/// # Errors
/// As [`Renewal::plan`]; [`Error::Stale`] when another changed the policy meanwhile; [`Error::Input`] when `keep` fails;
/// else an [`Error`] by the answer's meaning.
pub async fn renew(
    client: &JumpCloud,
    owner: &str,
    renewal: &Renewal,
    key: &DigestKey,
    keep: impl FnOnce(&UndoRecord) -> Result<(), String>,
    progress: impl FnMut(Event<'_>),
) -> Result<Applied, Error> {
    let observed = observe(client, &renewal.desired(owner, None)).await?;
    let plan = renewal.plan(owner, &observed, key)?;
    let desired = renewal.desired(owner, Some(&observed));
    apply_recorded(client, &plan, &desired, &observed, key, keep, progress).await
}

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewal")
            .field("policy_name", &self.policy_name)
            .field("generation", &self.generation)
            .field("profile_bytes", &self.profile.len())
            .finish()
    }
}
