//! A sandbox whose administrator acts right before a chosen request of the client, by way of the client's credentials:
//! they are asked before each request is sent. A client can be gone at a chosen request, too.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use device_trust_sandbox::{Sandbox, Shared};
use device_trust_tests::okta::{quick, stored};
use http::{HeaderMap, Method};
use okta_devtrust::{Credentials, CredentialsError, Okta, ssws};
use serde_json::Value;
use tokio::sync::Notify;

use super::{case::When, edit::Edit, judge};

pub(crate) struct Org {
    pub(crate) okta: Okta,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Shared,
    credentials: Arc<dyn Credentials>,
    state: Mutex<State>,
    /// The org when the proof was gathered that the newest plan to close rests on.
    proved: Mutex<Option<Value>>,
    gone: Notify,
}

/// What happens in one run.
#[derive(Debug, Default)]
struct State {
    requests: u64,
    /// Whether a plan or a record is being acted on.
    acting: bool,
    /// Whether what an earlier run closed is gone on with.
    going_on: bool,
    edits: Vec<(When, Edit)>,
    /// The first request of the run in the sandbox's log.
    first_seq: u64,
    /// The request that closed the catch-all.
    closed_at: Option<u64>,
    /// Whether an administrator closed it by hand after that.
    closed_by_hand: bool,
    /// The request that is never sent, since the client is gone by then.
    gone_at: Option<u64>,
    /// The org when the client began to act.
    began: Option<Value>,
    /// The org right before the write that closed the catch-all.
    closing: Option<Closing>,
    /// Changes made while the client acted, and before which request.
    to_stand: Vec<(u64, Edit)>,
    /// The request that deleted the policy.
    deleted: Option<u64>,
    /// What was unmet under a catch-all that denies, right before the client's last write.
    before_write: Option<BTreeSet<&'static str>>,
    /// What the client's own writes took away there.
    taken: BTreeSet<&'static str>,
}

/// The moment in which a catch-all is closed.
#[derive(Clone, Debug)]
pub(crate) struct Closing {
    /// What is unmet.
    pub(crate) unmet: BTreeSet<&'static str>,
    /// What is unmet and was so when the client began to look.
    pub(crate) overlooked: BTreeSet<&'static str>,
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) closing: Option<Closing>,
    /// The request that closed the catch-all, from 0.
    pub(crate) closed_at: Option<u64>,
    pub(crate) overwritten: Vec<Edit>,
    pub(crate) taken: BTreeSet<&'static str>,
    /// Whether an administrator closed the catch-all by hand after the run had.
    pub(crate) closed_by_hand: bool,
}

impl Org {
    pub(crate) fn new(sandbox: &Sandbox) -> Self {
        let token = sandbox.secrets().okta_api_token;
        let inner = Arc::new(Inner {
            shared: sandbox.shared().clone(),
            credentials: ssws(&token).unwrap(),
            state: Mutex::default(),
            proved: Mutex::default(),
            gone: Notify::new(),
        });
        let credentials: Arc<dyn Credentials> = Arc::new(Meddler(inner.clone()));
        Self {
            okta: Okta::with(sandbox.okta_url(), credentials, quick()).unwrap(),
            inner,
        }
    }

    pub(crate) fn edit(&self, edit: Edit) -> bool {
        stored::change(&self.inner.shared, |okta, now| edit.make(okta, now))
    }

    /// Begins a run with what happens when, and the request at which the client is gone.
    pub(crate) fn begin(&self, edits: Vec<(When, Edit)>, gone_at: Option<u64>) {
        let newest = self.inner.shared.world().requests.last().map(|one| one.seq);
        *self.inner.lock() = State {
            edits,
            gone_at,
            first_seq: newest.map_or(0, |seq| seq + 1),
            ..State::default()
        };
    }

    /// Ends once the client is gone.
    pub(crate) async fn gone(&self) {
        self.inner.gone.notified().await;
    }

    /// Says that a plan or a record is acted on from now on.
    pub(crate) fn acting(&self) {
        let now = self.state();
        let mut state = self.inner.lock();
        state.acting = true;
        state.began = Some(now);
    }

    /// Says that a proof was gathered.
    pub(crate) fn proved(&self) {
        *self.inner.proved() = Some(self.state());
    }

    /// Says that what an earlier run closed is gone on with.
    pub(crate) fn going_on(&self) {
        self.inner.lock().going_on = true;
    }

    /// What is unmet, and what is no longer as it was proved.
    pub(crate) fn unmet(&self, now: &Value) -> BTreeSet<&'static str> {
        self.inner.unmet(now)
    }

    /// What is no longer as it was proved.
    pub(crate) fn moved(&self, now: &Value) -> BTreeSet<&'static str> {
        self.inner.moved(now)
    }

    /// Ends a run, and makes the changes that did not come to it.
    pub(crate) fn finish(&self) -> Seen {
        let now = self.state();
        let mut state = std::mem::take(&mut *self.inner.lock());
        state.after_write(&now);
        for (when, edit) in &state.edits {
            if matches!(when, When::At(_)) {
                self.edit(*edit);
            }
        }
        let late = self.late_writes(state.first_seq);
        let raced = |at: u64, edit: Edit| {
            let mut late = late.iter();
            state.deleted.is_some_and(|deleted| deleted <= at + 3)
                || late.any(|(method, path)| replaces(edit, &now, method, path))
        };
        // A run that closed it, or goes on with one that did, takes a catch-all that denies for its own.
        let is_own =
            |edit| edit == Edit::CloseByHand && (state.going_on || state.closed_at.is_some());
        let is_lost = |(at, edit): &(u64, Edit)| {
            !edit.stands(&now) && !edit.is_taken_off(&now) && !raced(*at, *edit) && !is_own(*edit)
        };
        let lost = state.to_stand.iter().filter(|one| is_lost(one));
        Seen {
            overwritten: lost.map(|(_, edit)| *edit).collect(),
            closing: state.closing,
            closed_at: state.closed_at,
            taken: state.taken,
            closed_by_hand: state.closed_by_hand,
        }
    }

    /// The writes of a run that were made after the client had given them up.
    fn late_writes(&self, first_seq: u64) -> Vec<(Method, String)> {
        let world = self.inner.shared.world();
        let late = world.requests.iter().filter(|one| {
            one.seq >= first_seq && one.is_write() && one.fault.as_deref() == Some("late")
        });
        late.map(|one| (one.method.parse().unwrap(), one.path.clone()))
            .collect()
    }

    pub(crate) fn state(&self) -> Value {
        stored::org(&self.inner.shared)
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.inner.shared
    }
}

impl State {
    /// Compares what is unmet after the client's last write with what was before it.
    fn after_write(&mut self, now: &Value) {
        if let Some(before) = self.before_write.take()
            && stored::is_closed(now)
            && judge::decides_for_others(now)
        {
            let after = judge::unmet_in_the_org(now);
            self.taken.extend(after.difference(&before));
        }
    }
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn proved(&self) -> std::sync::MutexGuard<'_, Option<Value>> {
        self.proved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moved(&self, now: &Value) -> BTreeSet<&'static str> {
        let proved = self.proved();
        proved
            .as_ref()
            .map(|proved| judge::moved(proved, now))
            .unwrap_or_default()
    }

    fn unmet(&self, now: &Value) -> BTreeSet<&'static str> {
        let mut unmet = judge::unmet(now);
        unmet.extend(self.moved(now));
        unmet
    }

    /// What happens before a request is sent. Whether it is.
    fn before(&self, method: &Method, path: &str) -> bool {
        let writes = *method != Method::GET && !path.ends_with("/simulate");
        let mut state = self.lock();
        let number = state.requests;
        state.requests += 1;
        if state.before_write.is_some() {
            state.after_write(&stored::org(&self.shared));
        }
        if state.gone_at.is_some_and(|gone| number >= gone) {
            return false;
        }
        let closes = writes && closes(&stored::org(&self.shared), method, path);
        let closed_at = state.closed_at;
        let is_due = |when: &When| match when {
            When::At(request) => *request <= number,
            When::Closing => closes,
            When::AfterClosing(requests) => closed_at.is_some_and(|at| number >= at + requests),
        };
        let (due, later) = state.edits.iter().partition(|(when, _)| is_due(when));
        state.edits = later;
        let due: Vec<(When, Edit)> = due;
        if due.is_empty() && !writes {
            return true;
        }
        let now = stored::org(&self.shared);
        for (_, edit) in due {
            let made = stored::change(&self.shared, |okta, now| {
                // Who sets what is set already changes nothing that could be lost.
                !edit.stands(okta) && edit.make(okta, now)
            });
            if !made {
                continue;
            }
            state.closed_by_hand |= edit == Edit::CloseByHand && state.closed_at.is_some();
            state.to_stand.retain(|(_, other)| !edit.takes_back(*other));
            // What the request replaces was read already.
            if state.acting && !replaces(edit, &now, method, path) {
                state.to_stand.push((number, edit));
            }
        }
        if closes {
            state.closed_at = Some(number);
        }
        let now = stored::org(&self.shared);
        if closes {
            let unmet = self.unmet(&now);
            let began = state.began.as_ref().map(|began| self.unmet(began));
            let began = began.unwrap_or_default();
            state.closing = Some(Closing {
                overlooked: unmet.intersection(&began).copied().collect(),
                unmet,
            });
        }
        if writes && stored::is_closed(&now) {
            state.before_write = Some(judge::unmet_in_the_org(&now));
        }
        let policy = stored::policy_id(&now, stored::ACCESS);
        if *method == Method::DELETE
            && policy.is_some_and(|id| path.ends_with(&format!("/policies/{id}")))
        {
            state.deleted = Some(number);
        }
        true
    }
}

/// Whether a request closes the catch-all.
fn closes(okta: &Value, method: &Method, path: &str) -> bool {
    let catch_all = stored::rule(okta, stored::ACCESS, stored::CATCH_ALL);
    let id = catch_all.and_then(|rule| rule["id"].as_str());
    *method == Method::PUT
        && id.is_some_and(|id| path.ends_with(&format!("/rules/{id}")))
        && !stored::is_closed(okta)
}

/// Whether a request replaces or deletes the very object that a change touches.
fn replaces(edit: Edit, okta: &Value, method: &Method, path: &str) -> bool {
    if *method == Method::GET {
        return false;
    }
    if edit == Edit::MoveEnrolmentApp {
        return path.contains("/apps/") && path.contains("/policies/");
    }
    let rule = edit
        .rule()
        .and_then(|(policy, name)| stored::rule(okta, policy, name));
    let id = rule.and_then(|rule| rule["id"].as_str());
    id.is_some_and(|id| path.contains(&format!("/rules/{id}")))
}

#[derive(Debug)]
struct Meddler(Arc<Inner>);

#[async_trait]
impl Credentials for Meddler {
    async fn authorize(
        &self,
        method: &Method,
        url: &url::Url,
        headers: &mut HeaderMap,
    ) -> Result<(), CredentialsError> {
        if !self.0.before(method, url.path()) {
            self.0.gone.notify_one();
            std::future::pending::<()>().await;
        }
        self.0.credentials.authorize(method, url, headers).await
    }
}
