//! Closing, guarded: what was proved is looked at again right before the write and right after it.
//!
//! Okta has no conditional writes, so an administrator can always change something between the last look and the write.
//! The look after it finds that, and opens the catch-all again.

use serde::{Deserialize, Serialize};

use super::{Proof, conditions};
use crate::{
    Error, Okta,
    policies::{Access, Rule},
    request::json_of,
    trust::{
        self, Desired, Difference, Observed, ObservedPolicy, Reason, Refusal, semantic, waived,
    },
};

/// What a plan that closes the catch-all rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// What was wanted.
    pub desired: Desired,
    /// The rules of the policy, as they were when it was proved.
    pub rules: Vec<Rule>,
    /// The ids of the apps under it.
    pub apps: Vec<String>,
    /// What was proved.
    pub proof: Proof,
}

impl Guard {
    pub(super) fn new(
        desired: &Desired,
        observed: &Observed,
        access: &ObservedPolicy,
        proof: &Proof,
    ) -> Self {
        Self {
            desired: desired.clone(),
            rules: access.rules.clone(),
            apps: app_ids(observed),
            proof: proof.clone(),
        }
    }

    /// The first half of the write: refuses when the proof is old, when rules or apps are no longer those that were
    /// proved, and when a condition is not met any more. `true` when the catch-all denies already.
    ///
    /// A run leaves it so that was stopped right after the write. Only if `resumed` says that this is what is gone on with,
    /// the second half is left to do, and may open it. Otherwise somebody else closed it: that is refused when it is not
    /// as it was proved, and stays as it is.
    pub(crate) async fn look(
        &self,
        okta: &Okta,
        now: jiff::Timestamp,
        resumed: bool,
    ) -> Result<bool, Error> {
        let hours = self.desired.guard.proof_hours;
        let gathered = self.proof.gathered;
        let age = now.duration_since(gathered);
        let too_old = (age > jiff::SignedDuration::from_hours(i64::from(hours)))
            .then(|| guarded(vec![Reason::ProofTooOld { gathered, hours }], None));
        let observed = match trust::observe(okta, &self.desired).await {
            Err(error) if resumed => return Err(self.may_be_closed(error)),
            observed => observed?,
        };
        if self.is_closed(&observed) {
            return match too_old {
                Some(too_old) => Err(self.may_be_closed(too_old)),
                None if resumed => Ok(true),
                None => self.closed_as_proved(&observed),
            };
        }
        if let Some(too_old) = too_old {
            return Err(too_old);
        }
        let differences = self.changes(&observed, &Access::Allow);
        if !differences.is_empty() {
            return Err(Error::Stale {
                object: self.object(),
                differences,
            });
        }
        match self.unmet(&observed) {
            Ok(()) => Ok(false),
            Err(refusal) => Err(guarded(refusal.reasons, None)),
        }
    }

    fn closed_as_proved(&self, observed: &Observed) -> Result<bool, Error> {
        let trouble = self.trouble_in(observed);
        if trouble.reasons.is_empty() {
            return Ok(true);
        }
        let policy = self.desired.access.name.clone();
        let mut reasons = vec![Reason::ClosedUnproven { policy }];
        reasons.extend(trouble.reasons);
        Err(guarded(reasons, None))
    }

    fn is_closed(&self, observed: &Observed) -> bool {
        let access = observed.access_policy(&self.desired);
        access.is_some_and(ObservedPolicy::is_closed)
    }

    fn object(&self) -> String {
        format!("the policy `{}`", self.desired.access.name)
    }

    fn unmet(&self, observed: &Observed) -> Result<(), Refusal> {
        let reasons = conditions::unmet(&self.desired, observed, &self.proof);
        waived(&self.desired, reasons, &mut Vec::new())
    }

    /// What of the rules, their order and the apps is no longer as it was proved. `access` is the catch-all's.
    fn changes(&self, observed: &Observed, access: &Access) -> Vec<Difference> {
        let found = observed.access_policy(&self.desired);
        let rules = found.map_or(&[][..], |found| found.rules.as_slice());
        let mut all = Vec::new();
        for before in &self.rules {
            let wanted = if before.is_system() {
                trust::catch_all(before, access.clone())
            } else {
                before.clone()
            };
            let now = rules.iter().find(|rule| rule.id == before.id);
            let now = now.map_or(serde_json::Value::Null, json_of);
            let mut differences = semantic::changes(&json_of(&wanted), &now);
            for difference in &mut differences {
                difference.path = format!("rules[{}].{}", before.name, difference.path);
            }
            all.extend(differences);
        }
        let order = |rules: &[Rule]| {
            let mut placed: Vec<(i64, String)> = rules
                .iter()
                .map(|rule| (rule.place(), rule.id.clone()))
                .collect();
            placed.sort();
            let ids = placed.into_iter().map(|(_, id)| id);
            ids.collect::<Vec<String>>()
        };
        for (path, before, now) in [
            ("rules", order(&self.rules), order(rules)),
            ("mappings", self.apps.clone(), app_ids(observed)),
        ] {
            if before != now {
                all.push(Difference {
                    path: path.into(),
                    wanted: json_of(&before),
                    found: json_of(&now),
                });
            }
        }
        all
    }

    /// The second half: looks again, and when a condition is not met opens the catch-all. Too much hangs on it to give
    /// it up at the first request that fails, or to act on one answer: an answer can be out of date, so trouble is looked
    /// at once more, and when the second look sees none, a third one decides.
    pub(crate) async fn look_again(
        &self,
        okta: &Okta,
        policy: &str,
        open: &Rule,
    ) -> Result<(), Error> {
        let first = self.trouble(okta).await;
        if matches!(&first, Ok(trouble) if trouble.reasons.is_empty()) {
            return Ok(());
        }
        let trouble = match (first, self.trouble(okta).await) {
            (Ok(first), Ok(second)) if second.reasons.is_empty() => {
                self.trouble(okta).await.unwrap_or(first)
            }
            (Ok(trouble), Err(_)) | (_, Ok(trouble)) => trouble,
            (Err(_), Err(error)) => return Err(self.may_be_closed(error)),
        };
        if trouble.reasons.is_empty() {
            return Ok(());
        }
        let opened = match reopen(okta, policy, open, trouble.is_closed).await {
            Ok(opened) => Ok(opened),
            Err(_) => reopen(okta, policy, open, true).await,
        };
        match opened {
            Ok(is_open) => Err(guarded(trouble.reasons, Some(is_open))),
            Err(error) => Err(self.may_be_closed(error)),
        }
    }

    /// The write failed, and may have happened all the same: opens what should not be closed. What went wrong with the
    /// write stays the answer.
    pub(crate) async fn look_after(
        &self,
        okta: &Okta,
        policy: &str,
        open: &Rule,
        failed: Error,
    ) -> Error {
        match self.look_again(okta, policy, open).await {
            Err(Error::Guarded {
                reopened: Some(true),
                ..
            }) => failed,
            _ => self.may_be_closed(failed),
        }
    }

    fn may_be_closed(&self, cause: Error) -> Error {
        Error::MayBeClosed {
            policy: self.desired.access.name.clone(),
            cause: Box::new(cause),
        }
    }

    async fn trouble(&self, okta: &Okta) -> Result<Trouble, Error> {
        let observed = trust::observe(okta, &self.desired).await?;
        Ok(self.trouble_in(&observed))
    }

    fn trouble_in(&self, observed: &Observed) -> Trouble {
        let mut reasons = match self.unmet(observed) {
            Ok(()) => Vec::new(),
            Err(refusal) => refusal.reasons,
        };
        let differences = self.changes(observed, &Access::Deny);
        if !differences.is_empty() {
            reasons.push(Reason::Changed {
                object: self.object(),
                differences,
            });
        }
        Trouble {
            reasons,
            is_closed: self.is_closed(observed),
        }
    }
}

/// What is not as it was proved, once the catch-all is closed.
struct Trouble {
    reasons: Vec<Reason>,
    /// Whether the catch-all was seen to deny.
    is_closed: bool,
}

/// Opens the catch-all, unless it was seen open and still is. Whether it is open now: the answer to the write says so,
/// which is never out of date.
async fn reopen(okta: &Okta, policy: &str, open: &Rule, was_closed: bool) -> Result<bool, Error> {
    let now = okta.rule(policy, &open.id).await?;
    if !was_closed && now.access() != Some(&Access::Deny) {
        return Ok(true);
    }
    let opened = reopened(open, &now);
    let answer = okta.replace_rule(policy, &open.id, &opened).await?;
    Ok(answer.access() != Some(&Access::Deny))
}

/// The catch-all as it is now, allowing: what somebody changed since stays, and what Okta leaves out of a rule that
/// denies comes from the one that was closed.
fn reopened(open: &Rule, now: &Rule) -> Rule {
    let mut merged = json_of(open);
    lay_over(&mut merged, json_of(now));
    let merged = serde_json::from_value(merged).unwrap_or_else(|_| open.clone());
    trust::catch_all(&merged, Access::Allow)
}

fn lay_over(base: &mut serde_json::Value, over: serde_json::Value) {
    match (base, over) {
        (serde_json::Value::Object(base), serde_json::Value::Object(over)) => {
            for (key, value) in over {
                lay_over(base.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

fn app_ids(observed: &Observed) -> Vec<String> {
    let mut ids: Vec<String> = observed.assigned.iter().map(|app| app.id.clone()).collect();
    ids.sort();
    ids
}

pub(crate) fn guarded(reasons: Vec<Reason>, reopened: Option<bool>) -> Error {
    Error::Guarded {
        refusal: Box::new(Refusal { reasons }),
        reopened,
    }
}
