//! What lifts the password: a global session policy. Right before it is written the app sign-in policies are looked at,
//! since one of them may have become weaker than a password since the plan was made.

use super::{Reason, WeakRule, observing::weak_rules};
use crate::{Error, Okta, enforcement::guarded, policies::PolicyType};

/// Refuses when an app is under a policy that asks for less than a password now.
pub(super) async fn refuse(okta: &Okta) -> Result<(), Error> {
    refuse_weak(weak_now(okta).await?)
}

/// The weak rules of all policies that apps are under now.
pub(super) async fn weak_now(okta: &Okta) -> Result<Vec<WeakRule>, Error> {
    weak_rules(okta, &okta.policies(&PolicyType::AccessPolicy).await?).await
}

/// Refuses when there is a weak rule.
pub(super) fn refuse_weak(weak: Vec<WeakRule>) -> Result<(), Error> {
    if weak.is_empty() {
        return Ok(());
    }
    let reasons = weak
        .into_iter()
        .map(|weak| Reason::WeakerThanPassword { weak });
    Err(guarded(reasons.collect(), None))
}
