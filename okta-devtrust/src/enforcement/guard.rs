//! Closing, guarded: what was proved is looked at again right before the write and right after it.
//!
//! Okta has no conditional writes, so an administrator can always change something between the last look and the write.
//! The look after it finds that, and opens the catch-all again.

use serde::{Deserialize, Serialize};

use super::{
    Grounds, Proof, conditions,
    reopen::{Reopened, reopen},
};
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

    /// The first half of the write: refuses when the proof is old, when rules, apps, members of groups or device
    /// assurance policies are no longer those that were proved, and when a condition is not met any more. `true` when the
    /// catch-all denies already.
    ///
    /// A run leaves it so that was stopped right after the write. Only if `resumed` says that this is what is gone on with,
    /// the second half is left to do, and may open it. Otherwise somebody else closed it: that is refused when it is not
    /// as it was proved, and stays as it is. `open` is the catch-all as it was planned to be closed.
    pub(crate) async fn look(
        &self,
        okta: &Okta,
        open: &Rule,
        now: jiff::Timestamp,
        resumed: bool,
    ) -> Result<bool, Error> {
        let hours = self.desired.guard.proof_hours;
        let gathered = self.proof.gathered;
        let age = now.duration_since(gathered);
        let too_old = (age > jiff::SignedDuration::from_hours(i64::from(hours)))
            .then(|| guarded(vec![Reason::ProofTooOld { gathered, hours }], None));
        let seen = match self.see(okta).await {
            Err(error) if resumed => return Err(self.may_be_closed(error)),
            seen => seen?,
        };
        if self.is_closed(&seen) {
            return match too_old {
                Some(too_old) => Err(self.may_be_closed(too_old)),
                None if resumed => Ok(true),
                None => self.closed_as_proved(&seen).map(|()| true),
            };
        }
        if let Some(too_old) = too_old {
            return Err(too_old);
        }
        let mut differences = self.changes(&seen, CatchAll::AsProved);
        if resumed {
            differences.extend(self.opened_since(open, &seen));
        }
        if !differences.is_empty() {
            return Err(Error::Stale {
                object: self.object(),
                differences,
            });
        }
        match self.unmet(&seen) {
            Ok(()) => Ok(false),
            Err(refusal) => Err(guarded(refusal.reasons, None)),
        }
    }

    /// Somebody else closed the catch-all between the look and the write: it stays as it is, and is refused when it is
    /// not as it was proved.
    pub(crate) async fn look_at_closed(&self, okta: &Okta) -> Result<(), Error> {
        let seen = self.see(okta).await?;
        self.closed_as_proved(&seen)
    }

    fn closed_as_proved(&self, seen: &Seen) -> Result<(), Error> {
        let trouble = self.trouble_in(seen, None);
        if trouble.reasons.is_empty() {
            return Ok(());
        }
        let policy = self.desired.access.name.clone();
        let mut reasons = vec![Reason::ClosedUnproven { policy }];
        reasons.extend(trouble.reasons);
        Err(guarded(reasons, None))
    }

    /// A stopped run closed it, and somebody opened it by hand since: but for its time it is then as it was planned to be
    /// closed. Only a catch-all that nobody has written since may be closed by going on.
    fn opened_since(&self, open: &Rule, seen: &Seen) -> Option<Difference> {
        let found = seen.observed.access_policy(&self.desired)?.catch_all()?;
        let (before, now) = (open.last_updated.value()?, found.last_updated.value()?);
        (before != now).then(|| Difference {
            path: format!("rules[{}].lastUpdated", open.name),
            wanted: json_of(before),
            found: json_of(now),
        })
    }

    /// The groups and assurance policies take longest to read, and the policy is the last thing that is read.
    async fn see(&self, okta: &Okta) -> Result<Seen, Error> {
        let grounds = Grounds::read(okta, &self.rules).await?;
        let observed = trust::observe(okta, &self.desired).await?;
        Ok(Seen { observed, grounds })
    }

    fn is_closed(&self, seen: &Seen) -> bool {
        let access = seen.observed.access_policy(&self.desired);
        access.is_some_and(ObservedPolicy::is_closed)
    }

    fn object(&self) -> String {
        format!("the policy `{}`", self.desired.access.name)
    }

    fn unmet(&self, seen: &Seen) -> Result<(), Refusal> {
        let reasons = conditions::unmet(&self.desired, &seen.observed, &self.proof);
        waived(&self.desired, reasons, &mut Vec::new())
    }

    /// What of the rules, their order, the apps, and what the rules name is no longer as it was proved.
    fn changes(&self, seen: &Seen, catch_all: CatchAll<'_>) -> Vec<Difference> {
        let found = seen.observed.access_policy(&self.desired);
        let rules = found.map_or(&[][..], |found| found.rules.as_slice());
        let mut all = Vec::new();
        for before in &self.rules {
            let now = rules.iter().find(|rule| rule.id == before.id);
            let now = now.map_or(serde_json::Value::Null, json_of);
            let mut differences = match catch_all {
                CatchAll::Denies(Some(kept)) if before.is_system() => {
                    semantic::changes(&json_of(kept), &now)
                }
                CatchAll::Denies(None) if before.is_system() => {
                    let denying = trust::catch_all(before, Access::Deny);
                    semantic::changes_in_effect(&json_of(&denying), &now)
                }
                _ => semantic::changes(&json_of(before), &now),
            };
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
            ("mappings", self.apps.clone(), app_ids(&seen.observed)),
        ] {
            if before != now {
                all.push(Difference {
                    path: path.into(),
                    wanted: json_of(&before),
                    found: json_of(&now),
                });
            }
        }
        all.extend(self.proof.grounds.changes(&seen.grounds));
        all
    }

    /// The second half: looks again, and when a condition is not met opens the catch-all. `kept` is the catch-all as Okta
    /// kept it, where that is known.
    pub(crate) async fn look_again(
        &self,
        okta: &Okta,
        policy: &str,
        open: &Rule,
        kept: Option<&Rule>,
    ) -> Result<(), Error> {
        match self.second_look(okta, policy, open, kept).await? {
            After::AsProved => Ok(()),
            After::Opened(reasons) | After::FoundOpen(reasons) => Err(guarded(reasons, Some(true))),
            After::StaysClosed(reasons) => Err(guarded(reasons, Some(false))),
        }
    }

    /// The write failed, and may have happened all the same: opens what should not be closed.
    ///
    /// # Errors
    /// What went wrong with the write, if the catch-all is open and nothing will close it any more;
    /// [`Error::MayBeClosed`] if it denies, or may come to: Okta can still be about to make a write whose answer never came.
    pub(crate) async fn look_after(
        &self,
        okta: &Okta,
        policy: &str,
        open: &Rule,
        failed: Error,
    ) -> Result<(), Error> {
        let unclear = is_unclear(&failed);
        match self.second_look(okta, policy, open, None).await {
            // The write was made, only its answer was lost.
            Ok(After::AsProved) if unclear => Ok(()),
            Ok(After::Opened(reasons)) if unclear => Err(guarded(reasons, Some(true))),
            Ok(After::FoundOpen(_)) if unclear => Err(self.may_be_closed(failed)),
            Ok(After::Opened(_) | After::FoundOpen(_)) => Err(failed),
            Ok(After::AsProved | After::StaysClosed(_)) | Err(_) => Err(self.may_be_closed(failed)),
        }
    }

    /// Looks, and opens the catch-all when a condition is not met. Too much hangs on it to give it up at the first request
    /// that fails, or to act on one answer: an answer can be out of date, so trouble is looked at once more, and when the
    /// second look sees none, a third one decides.
    async fn second_look(
        &self,
        okta: &Okta,
        policy: &str,
        open: &Rule,
        kept: Option<&Rule>,
    ) -> Result<After, Error> {
        let first = self.trouble(okta, kept).await;
        if matches!(&first, Ok(trouble) if trouble.reasons.is_empty()) {
            return Ok(After::AsProved);
        }
        let trouble = match (first, self.trouble(okta, kept).await) {
            (Ok(first), Ok(second)) if second.reasons.is_empty() => {
                self.trouble(okta, kept).await.unwrap_or(first)
            }
            (Ok(trouble), Err(_)) | (_, Ok(trouble)) => trouble,
            (Err(_), Err(error)) => return Err(self.may_be_closed(error)),
        };
        if trouble.reasons.is_empty() {
            return Ok(After::AsProved);
        }
        let opened = match reopen(okta, policy, (open, kept), trouble.is_closed).await {
            Ok(opened) => Ok(opened),
            Err(_) => reopen(okta, policy, (open, kept), true).await,
        };
        match opened {
            Ok(Reopened::Written) => Ok(After::Opened(trouble.reasons)),
            Ok(Reopened::WasOpen) => Ok(After::FoundOpen(trouble.reasons)),
            Ok(Reopened::StillDenies) => Ok(After::StaysClosed(trouble.reasons)),
            Err(error) => Err(self.may_be_closed(error)),
        }
    }

    fn may_be_closed(&self, cause: Error) -> Error {
        Error::MayBeClosed {
            policy: self.desired.access.name.clone(),
            cause: Box::new(cause),
        }
    }

    async fn trouble(&self, okta: &Okta, kept: Option<&Rule>) -> Result<Trouble, Error> {
        let seen = self.see(okta).await?;
        Ok(self.trouble_in(&seen, kept))
    }

    fn trouble_in(&self, seen: &Seen, kept: Option<&Rule>) -> Trouble {
        let mut reasons = match self.unmet(seen) {
            Ok(()) => Vec::new(),
            Err(refusal) => refusal.reasons,
        };
        let differences = self.changes(seen, CatchAll::Denies(kept));
        if !differences.is_empty() {
            reasons.push(Reason::Changed {
                object: self.object(),
                differences,
            });
        }
        Trouble {
            reasons,
            is_closed: self.is_closed(seen),
        }
    }
}

/// What the catch-all is to be compared with.
#[derive(Clone, Copy)]
enum CatchAll<'a> {
    /// It is to be as it was proved.
    AsProved,
    /// It is to deny, as Okta kept it when it was closed. Where that is not known, it may lack what Okta leaves out of a
    /// rule that denies.
    Denies(Option<&'a Rule>),
}

/// What is there now.
struct Seen {
    observed: Observed,
    grounds: Grounds,
}

/// What is not as it was proved, once the catch-all is closed.
struct Trouble {
    reasons: Vec<Reason>,
    /// Whether the catch-all was seen to deny.
    is_closed: bool,
}

/// How the second look left the catch-all, with what is not met.
enum After {
    /// It denies, and everything is as it was proved.
    AsProved,
    /// It was opened.
    Opened(Vec<Reason>),
    /// It was open, and nothing was written.
    FoundOpen(Vec<Reason>),
    /// It denies, though Okta took the write that opens it.
    StaysClosed(Vec<Reason>),
}

/// Whether a write may have been made, or may still be, though it failed: no answer came, or one of a server in trouble.
fn is_unclear(failed: &Error) -> bool {
    match failed {
        Error::Ambiguous { .. } => true,
        Error::Unavailable { context, .. } => context.status.is_some(),
        _ => false,
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
