//! Whether everything is as it is desired, all of it read anew. The rule: it writes nothing, and what is not as desired is
//! no error but what it tells.

use std::fmt;

use super::{Desired, DigestKey, Plan, observe, plan};
use crate::{Error, JumpCloud};

/// What [`verify`] found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Verified {
    /// What is left to apply: empty when everything is as desired; `None` when no plan can be made, for the reason in
    /// [`refusal`](Self::refusal).
    pub plan: Option<Plan>,
    /// Why no plan can be made: [`Error::Refused`] with every problem, or [`Error::OlderGeneration`].
    pub refusal: Option<Error>,
}

impl Verified {
    /// Whether everything is as desired.
    pub fn holds(&self) -> bool {
        self.plan.as_ref().is_some_and(Plan::is_empty)
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.plan, &self.refusal) {
            (Some(plan), _) if plan.is_empty() => {
                write!(f, "everything is as desired\n{plan}")
            }
            (Some(plan), _) => write!(f, "left to apply: {plan}"),
            (None, Some(refusal)) => write!(f, "no plan can be made: {refusal}"),
            (None, None) => Ok(()),
        }
    }
}

/// Reads what is there anew and compares it with what is desired: [`observe`] and [`plan`], which says what differs. Whether
/// the Macs have it is for [`wait`](super::wait) and [`proof`](crate::proof).
///
/// ```
/// use jumpcloud_mdm::{Error, JumpCloud, deploy::{self, Desired, DigestKey}};
///
/// async fn still_as_desired(client: &JumpCloud, desired: &Desired, key: &DigestKey) -> Result<bool, Error> {
///     let verified = deploy::verify(client, desired, key).await?;
///     println!("{verified}");
///     Ok(verified.holds())
/// }
/// ```
///
/// # Errors
/// As [`observe`]: the first read that fails. What is not as desired is no error.
pub async fn verify(
    client: &JumpCloud,
    desired: &Desired,
    key: &DigestKey,
) -> Result<Verified, Error> {
    let observed = observe(client, desired).await?;
    Ok(match plan(desired, &observed, key) {
        Ok(plan) => Verified {
            plan: Some(plan),
            refusal: None,
        },
        Err(refusal) => Verified {
            plan: None,
            refusal: Some(refusal),
        },
    })
}
