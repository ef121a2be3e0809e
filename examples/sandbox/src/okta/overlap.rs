//! Writes to one policy that overlap: Okta answers them with 500, so clients have to take turns.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::answer::Failure;

/// How long a write takes: handlers are instant, and what takes no time never overlaps.
const WRITE: Duration = Duration::from_millis(5);

/// The policies that are being written to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writing(Arc<Mutex<HashSet<String>>>);

/// One write; ends when dropped, also when the client goes away.
#[derive(Debug)]
struct Turn {
    writing: Writing,
    policy: String,
}

impl Writing {
    /// Begins a write, unless one to the same policy is under way.
    fn begin(&self, policy: &str) -> Option<Turn> {
        let mut policies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        policies.insert(policy.to_owned()).then(|| Turn {
            writing: self.clone(),
            policy: policy.to_owned(),
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut policies = self
            .writing
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        policies.remove(&self.policy);
    }
}

/// Lets one write per policy through at a time; reads pass.
pub(crate) async fn refuse(
    State(writing): State<Writing>,
    request: Request,
    next: Next,
) -> Response {
    let policy = request.uri().path().strip_prefix("/api/v1/policies/");
    let policy = policy
        .and_then(|rest| rest.split('/').next())
        .unwrap_or_default()
        .to_owned();
    if *request.method() == Method::GET || policy.is_empty() {
        return next.run(request).await;
    }
    let Some(turn) = writing.begin(&policy) else {
        return Failure::of_status(500).into_response();
    };
    tokio::time::sleep(WRITE).await;
    let response = next.run(request).await;
    drop(turn);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_write_to_the_same_policy_has_to_wait_for_the_first() {
        let writing = Writing::default();
        let first = writing.begin("rst1");
        assert!(first.is_some());
        assert!(writing.begin("rst1").is_none());
        assert!(writing.begin("rst2").is_some());
        drop(first);
        assert!(writing.begin("rst1").is_some());
    }
}
