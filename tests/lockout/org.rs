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
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{edit::Edit, judge};

pub(crate) struct Org {
    pub(crate) okta: Okta,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Shared,
    credentials: Arc<dyn Credentials>,
    state: Mutex<State>,
    gone: Notify,
}

/// What happens in one run.
#[derive(Debug, Default)]
struct State {
    requests: u64,
    /// Whether a plan or a record is being acted on.
    acting: bool,
    edits: Vec<(u64, Edit)>,
    at_closing: Option<Edit>,
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
    pub(crate) overwritten: Vec<Edit>,
    pub(crate) taken: BTreeSet<&'static str>,
}

impl Org {
    pub(crate) fn new(sandbox: &Sandbox) -> Self {
        let token = sandbox.secrets().okta_api_token;
        let inner = Arc::new(Inner {
            shared: sandbox.shared().clone(),
            credentials: ssws(&token).unwrap(),
            state: Mutex::default(),
            gone: Notify::new(),
        });
        stored::change(&inner.shared, |okta, _| {
            let mut app = stored::app(okta, "Wiki").unwrap().clone();
            app["body"]["id"] = json!("0oaintranet000000001");
            app["body"]["label"] = json!("Intranet");
            app["policy"] = stored::policy_id(okta, "Any two factors").into();
            okta["apps"].as_array_mut().unwrap().push(app);
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

    /// Makes the change right before the write that closes the catch-all.
    pub(crate) fn edit_at_closing(&self, edit: Edit) {
        self.inner.lock().at_closing = Some(edit);
    }

    /// Begins a run with what happens before which of its requests.
    pub(crate) fn begin(&self, edits: Vec<(u64, Edit)>, gone_at: Option<u64>) {
        *self.inner.lock() = State {
            edits,
            gone_at,
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

    /// Ends a run, and makes the changes that did not come to it.
    pub(crate) fn finish(&self) -> Seen {
        let now = self.state();
        let mut state = std::mem::take(&mut *self.inner.lock());
        state.after_write(&now);
        for (_, edit) in &state.edits {
            self.edit(*edit);
        }
        let raced = |at: u64| state.deleted.is_some_and(|deleted| deleted <= at + 3);
        let is_lost = |(at, edit): &(u64, Edit)| {
            !edit.stands(&now) && !edit.is_taken_off(&now) && !raced(*at)
        };
        let lost = state.to_stand.iter().filter(|one| is_lost(one));
        Seen {
            overwritten: lost.map(|(_, edit)| *edit).collect(),
            closing: state.closing,
            taken: state.taken,
        }
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
        let (due, later) = state.edits.iter().partition(|(at, _)| *at <= number);
        state.edits = later;
        let due: Vec<(u64, Edit)> = due;
        let mut due: Vec<Edit> = due.into_iter().map(|(_, edit)| edit).collect();
        if due.is_empty() && !writes {
            return true;
        }
        let now = stored::org(&self.shared);
        let closes = closes(&now, method, path);
        if closes {
            due.extend(state.at_closing.take());
        }
        for edit in due {
            let made = stored::change(&self.shared, |okta, now| {
                // Who sets what is set already changes nothing that could be lost.
                !edit.stands(okta) && edit.make(okta, now)
            });
            // What the request replaces was read already.
            if made && state.acting && !replaces(edit, &now, method, path) {
                state.to_stand.push((number, edit));
            }
        }
        let now = stored::org(&self.shared);
        if closes {
            let unmet = judge::unmet(&now);
            let began = state.began.as_ref().map(judge::unmet).unwrap_or_default();
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
