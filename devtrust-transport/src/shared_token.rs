//! One access token for all requests, fetched once however many need a new one at a time.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::lock::Mutex;

/// A token that many requests share. It is not shown by `Debug`.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use devtrust_transport::SharedToken;
///
/// let shared = SharedToken::<&str, String>::default();
/// let fetch = async || Ok("a token");
/// assert_eq!(*shared.get(|_| true, fetch()).await?, "a token");
/// assert_eq!(*shared.get(|_| true, async { Err("not asked for".to_owned()) }).await?, "a token");
/// shared.forget(|token| *token == "a token");
/// assert!(shared.current().is_none());
/// # Ok::<(), String>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SharedToken<T, E> {
    token: RwLock<Option<Arc<T>>>,
    /// Held while a token is fetched; keeps how that ended, for those who waited for it.
    fetched: Mutex<Option<Result<Arc<T>, E>>>,
    /// How many fetches have ended.
    fetches: AtomicU64,
}

impl<T, E> Default for SharedToken<T, E> {
    fn default() -> Self {
        Self {
            token: RwLock::default(),
            fetched: Mutex::default(),
            fetches: AtomicU64::default(),
        }
    }
}

impl<T, E: Clone> SharedToken<T, E> {
    /// The token if it is good, or what `fetch` gives: polled by one for all who wait, whether that ends well or not.
    ///
    /// # Errors
    /// What `fetch` ends with, of this call or of the one that was waited for.
    pub async fn get(
        &self,
        is_good: impl FnOnce(&T) -> bool,
        fetch: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        let seen = self.fetches.load(Ordering::Acquire);
        if let Some(token) = self.current().filter(|token| is_good(token)) {
            return Ok(token);
        }
        let mut fetched = self.fetched.lock().await;
        if self.fetches.load(Ordering::Acquire) != seen
            && let Some(ended) = &*fetched
        {
            return ended.clone();
        }
        let ended = fetch.await.map(Arc::new);
        self.keep(ended.as_ref().ok().cloned());
        *fetched = Some(ended.clone());
        self.fetches.fetch_add(1, Ordering::Release);
        ended
    }
}

impl<T, E> SharedToken<T, E> {
    /// The token in use, good or not.
    pub fn current(&self) -> Option<Arc<T>> {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner);
        token.clone()
    }

    /// Drops the token if it is the one that was `refused`; another may have taken its place already.
    pub fn forget(&self, refused: impl FnOnce(&T) -> bool) {
        if self.current().is_some_and(|token| refused(&token)) {
            self.keep(None);
        }
    }

    fn keep(&self, token: Option<Arc<T>>) {
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = token;
    }
}

impl<T, E> fmt::Debug for SharedToken<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Many ask at a time; gives what they got and how often it was fetched.
    async fn ask(answer: Result<u8, String>) -> (Vec<Result<u8, String>>, u64) {
        let shared = SharedToken::<u8, String>::default();
        let one = async || {
            let fetch = async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                answer.clone()
            };
            shared.get(|_| true, fetch).await.map(|token| *token)
        };
        let all = futures::future::join_all((0..20).map(|_| one())).await;
        (all, shared.fetches.load(Ordering::Acquire))
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_the_token_that_was_fetched_or_the_error() {
        assert_eq!(ask(Ok(7)).await, (vec![Ok(7); 20], 1));
        let error = Err("refused".to_owned());
        assert_eq!(ask(error.clone()).await, (vec![error; 20], 1));
    }

    #[tokio::test]
    async fn a_token_that_is_not_good_or_was_refused_is_fetched_anew() {
        let shared = SharedToken::<u8, String>::default();
        let get = async |next: u8| {
            *shared
                .get(|token| *token != 1, async { Ok(next) })
                .await
                .unwrap()
        };
        assert_eq!(get(1).await, 1);
        assert_eq!(get(2).await, 2);
        assert_eq!(get(3).await, 2);
        shared.forget(|token| *token == 1);
        assert_eq!(get(3).await, 2);
        shared.forget(|token| *token == 2);
        assert_eq!(get(3).await, 3);
    }
}
