//! Writes that are seen through, for whatever is written. The rule: a write that may have happened is looked up before it is
//! repeated, twice, since the first look can be stale; and it is repeated once.

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
    let mut repeated = false;
    loop {
        let error = match send().await {
            Ok(created) => return Ok(id(created)),
            // A conflict may be our own first attempt, or another's object of the same name.
            Err(error) if error.is_ambiguous() || error.is_conflict() => error,
            Err(error) => return Err(error),
        };
        match read_twice(settle, &find, Option::is_some).await? {
            Some(found) if met(&found) => return Ok(id(found)),
            None if error.is_ambiguous() && !repeated => repeated = true,
            _ => return Err(error),
        }
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
    let mut repeated = false;
    while let Err(error) = send().await {
        if !error.is_ambiguous() {
            return Err(error);
        }
        let now = read_twice(settle, &read, &met).await?;
        if met(&now) {
            break;
        }
        if let Some(error) = another(&now) {
            return Err(error);
        }
        if repeated {
            return Err(error);
        }
        repeated = true;
    }
    Ok(())
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
    async fn a_change_is_repeated_once_and_only_after_two_looks_that_show_it_as_it_was() {
        for (sends, reads, expected) in [
            ("k", "", "s done"),
            ("r", "", "s refused"),
            ("l", "n", "sr done"),
            ("l", "on", "srr done"),
            ("l", "xn", "srr done"),
            ("l", "ox", "srr stale"),
            ("lk", "oo", "srrs done"),
            ("lr", "oo", "srrs refused"),
            ("ll", "oon", "srrsr done"),
            ("ll", "oooo", "srrsrr unknown"),
        ] {
            assert_eq!(updated(sends, reads).await, expected, "{sends} {reads}");
        }
    }

    #[tokio::test]
    async fn what_was_made_is_found_by_its_name_and_made_again_once_only_where_there_is_none() {
        for (sends, finds, expected) in [
            ("k", "", "s done"),
            ("r", "", "s refused"),
            ("l", "n", "sr done"),
            ("l", "-n", "srr done"),
            ("l", "x", "sr unknown"),
            ("lk", "--", "srrs done"),
            ("ll", "----", "srrsrr unknown"),
        ] {
            assert_eq!(created(sends, finds).await, expected, "{sends} {finds}");
        }
    }
}
