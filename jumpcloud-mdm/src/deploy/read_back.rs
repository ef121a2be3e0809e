//! Writes that are seen through, for whatever is written. The rule: a write that may have happened is looked up, twice, since
//! the first look can be stale; and it is not repeated. One that is not to be seen may still be made: it would be made twice,
//! and a second PUT of a policy costs a certificate on every Mac. So its outcome is told as unknown, and the next run, which
//! looks anew, decides. A deletion alone is sent again, once, after a look that shows what was to be deleted.

use std::{future::Future, time::Duration};

use crate::Error;

/// Reads, and once more after a moment when what is read is not as wanted yet.
pub(super) async fn read_twice<T, R>(
    settle: Duration,
    read: impl Fn() -> R,
    met: impl Fn(&T) -> bool,
) -> Result<T, Error>
where
    R: Future<Output = Result<T, Error>>,
{
    let first = read().await?;
    if met(&first) {
        return Ok(first);
    }
    tokio::time::sleep(settle).await;
    read().await
}

/// Creates an object and gives its id. `find` looks for one of its name: one that is as wanted is ours, whatever became of
/// the answer.
pub(super) async fn create<T, S, R>(
    settle: Duration,
    send: impl Fn() -> S,
    find: impl Fn() -> R,
    met: impl Fn(&T) -> bool,
    id: impl Fn(T) -> String,
) -> Result<String, Error>
where
    S: Future<Output = Result<T, Error>>,
    R: Future<Output = Result<Option<T>, Error>>,
{
    let error = match send().await {
        Ok(created) => return Ok(id(created)),
        // A conflict may be our own earlier attempt, or another's object of the same name.
        Err(error) if error.is_ambiguous() || error.is_conflict() => error,
        Err(error) => return Err(error),
    };
    match read_twice(settle, &find, Option::is_some).await? {
        Some(found) if met(&found) => Ok(id(found)),
        _ => Err(error),
    }
}

/// Changes an object. `read` gives it as it is; `another` is the error of one that is neither as wanted nor as it was.
pub(super) async fn update<T, S, R>(
    settle: Duration,
    send: impl Fn() -> S,
    read: impl Fn() -> R,
    met: impl Fn(&T) -> bool,
    another: impl Fn(&T) -> Option<Error>,
) -> Result<(), Error>
where
    S: Future<Output = Result<(), Error>>,
    R: Future<Output = Result<T, Error>>,
{
    let Err(error) = send().await else {
        return Ok(());
    };
    if !error.is_ambiguous() {
        return Err(error);
    }
    let now = read_twice(settle, &read, &met).await?;
    if met(&now) {
        return Ok(());
    }
    Err(another(&now).unwrap_or(error))
}

/// Deletes an object, whatever becomes of the answer: one of unknown outcome is read before it is sent again, once. `read`
/// gives what is there; `another` is the error of one that is no longer what was to be deleted.
pub(crate) async fn delete<T, S, R>(
    send: impl Fn() -> S,
    read: impl Fn() -> R,
    another: impl Fn(&T) -> Option<Error>,
) -> Result<(), Error>
where
    S: Future<Output = Result<(), Error>>,
    R: Future<Output = Result<T, Error>>,
{
    let gone = |error: Error| error.is_not_found().then_some(()).ok_or(error);
    match send().await {
        Err(error) if error.is_ambiguous() => {}
        Err(error) => return gone(error),
        Ok(()) => return Ok(()),
    }
    match read().await {
        Err(error) => return gone(error),
        Ok(now) => {
            if let Some(error) = another(&now) {
                return Err(error);
            }
        }
    }
    // By id, so what a first attempt does late is done already.
    send().await.or_else(gone)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Answers in order, a letter each, and notes who asked.
    struct Script {
        sends: RefCell<Vec<char>>,
        reads: RefCell<Vec<char>>,
        log: RefCell<String>,
    }

    impl Script {
        fn new(sends: &str, reads: &str) -> Self {
            let letters = |text: &str| RefCell::new(text.chars().rev().collect());
            Self {
                sends: letters(sends),
                reads: letters(reads),
                log: RefCell::default(),
            }
        }

        /// `k` is done, `l` has its answer lost, `r` is refused.
        fn send(&self) -> Result<(), Error> {
            self.log.borrow_mut().push('s');
            match self.sends.borrow_mut().pop() {
                Some('k') => Ok(()),
                Some('l') => Err(Error::answer_lost()),
                _ => Err(Error::input("the write", "refused")),
            }
        }

        fn read(&self) -> char {
            self.log.borrow_mut().push('r');
            self.reads.borrow_mut().pop().unwrap()
        }

        /// How it ended, and who was asked in which order.
        fn ended<T>(&self, result: &Result<T, Error>) -> String {
            let end = match result {
                Ok(_) => "done",
                Err(Error::Ambiguous { .. }) => "unknown",
                Err(Error::Stale { .. }) => "stale",
                Err(_) => "refused",
            };
            format!("{} {end}", self.log.borrow())
        }
    }

    /// `o` is as it was, `n` as wanted, `x` another's.
    async fn updated(sends: &str, reads: &str) -> String {
        let script = Script::new(sends, reads);
        let another = |now: &char| {
            (*now == 'x').then(|| Error::Stale {
                object: "x".into(),
                differences: Vec::new(),
            })
        };
        let result = update(
            Duration::ZERO,
            async || script.send(),
            async || Ok(script.read()),
            |now| *now == 'n',
            another,
        )
        .await;
        script.ended(&result)
    }

    /// `-` is none of that name.
    async fn created(sends: &str, finds: &str) -> String {
        let script = Script::new(sends, finds);
        let result = create(
            Duration::ZERO,
            async || script.send().map(|()| 'n'),
            async || Ok(Some(script.read()).filter(|found| *found != '-')),
            |found| *found == 'n',
            String::from,
        )
        .await;
        script.ended(&result)
    }

    #[tokio::test]
    async fn a_change_of_unknown_outcome_is_looked_for_twice_and_never_made_again() {
        for (sends, reads, expected) in [
            ("k", "", "s done"),
            ("r", "", "s refused"),
            ("l", "n", "sr done"),
            ("l", "on", "srr done"),
            ("l", "xn", "srr done"),
            ("l", "ox", "srr stale"),
            ("lk", "oo", "srr unknown"),
        ] {
            assert_eq!(updated(sends, reads).await, expected, "{sends} {reads}");
        }
    }

    #[tokio::test]
    async fn what_was_made_is_found_by_its_name_and_never_made_again() {
        for (sends, finds, expected) in [
            ("k", "", "s done"),
            ("r", "", "s refused"),
            ("l", "n", "sr done"),
            ("l", "-n", "srr done"),
            ("l", "x", "sr unknown"),
            ("lk", "--", "srr unknown"),
        ] {
            assert_eq!(created(sends, finds).await, expected, "{sends} {finds}");
        }
    }
}
