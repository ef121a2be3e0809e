//! The write that closes the catch-all, between two looks at everything it rests on.

use super::{
    StepState,
    write::{Done, replace_rule_kept},
};
use crate::{Error, Okta, enforcement::Guard, policies::Rule};

/// Looks whether every condition is met, closes the catch-all, and looks again: what no longer holds opens it. So does it
/// with one that denies already, if that is what a stopped run left. One that somebody else closed stays as it is.
pub(super) async fn close(
    okta: &Okta,
    policy: &str,
    rule: &Rule,
    observed: &Rule,
    guard: &Guard,
    resumed: bool,
) -> Result<Done, Error> {
    let now = jiff::Timestamp::now();
    let denies = guard.look(okta, observed, now, resumed).await?;
    let already = (observed.id.clone(), StepState::AlreadySo);
    if denies && resumed {
        guard.look_again(okta, policy, observed, None).await?;
        return Ok(already);
    }
    if denies {
        return Ok(already);
    }
    match replace_rule_kept(okta, policy, rule, observed).await {
        Ok((done, _)) if done.1 == StepState::AlreadySo && !resumed => {
            guard.look_at_closed(okta).await?;
            Ok(done)
        }
        Ok((done, kept)) => {
            guard
                .look_again(okta, policy, observed, Some(&kept))
                .await?;
            Ok(done)
        }
        Err(error @ Error::Stale { .. }) => Err(error),
        Err(error) => {
            guard.look_after(okta, policy, observed, error).await?;
            Ok((observed.id.clone(), StepState::Written))
        }
    }
}
