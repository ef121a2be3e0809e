//! What a run did, as lines that are appended while it runs. The rule: a line that says done is written only after the
//! organisation is, so a run that is killed at any time is gone on with, and none is left out that is not done.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::TenantReport;
use crate::Error;

/// A run over many organisations, a line of JSON for each that ended. Where the lines are kept is the caller's affair.
///
/// The first line says which work it was: an organisation whose certificates were renewed once is not done for the next
/// renewal.
///
/// ```
/// use jumpcloud_mdm::msp::{Journal, Report, TenantReport};
///
/// let journal = Journal::of("renewal to generation 4");
/// let mut kept = journal.heading();
/// # let ended: TenantReport = serde_json::from_str(
/// #     r#"{"organization":"5f00000000000000000000aa","name":"Globex","outcome":{"outcome":"done","changes":1,"tally":null}}"#,
/// # )?;
/// // In the `progress` of `msp::for_each`:
/// kept += &journal.line(&ended);
/// // Killed. The next run:
/// let done = journal.done(&kept)?;
/// assert_eq!(done.len(), 1);
/// assert!(Journal::of("renewal to generation 5").done(&kept).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    work: String,
}

#[derive(Serialize, Deserialize)]
struct Heading {
    work: String,
}

impl Journal {
    /// The journal of some work, by a name in which everything stands that makes it another work.
    pub fn of(work: impl Into<String>) -> Self {
        Self { work: work.into() }
    }

    /// The first line.
    pub fn heading(&self) -> String {
        line(&Heading {
            work: self.work.clone(),
        })
    }

    /// The line of an organisation that ended.
    pub fn line(&self, ended: &TenantReport) -> String {
        line(ended)
    }

    /// The organisations that the lines call done, for [`MspOptions::leave_out`](super::MspOptions::leave_out). A last
    /// line that was cut off counts for nothing; empty text is a run in which nothing ended.
    ///
    /// # Errors
    /// [`Error::Input`] when the lines are of other work, or are none of a journal.
    pub fn done(&self, lines: &str) -> Result<BTreeSet<String>, Error> {
        // What follows the last line end was cut off.
        let whole = lines.rfind('\n').map_or("", |end| &lines[..end]);
        let mut whole = whole.lines().filter(|line| !line.trim().is_empty());
        let Some(first) = whole.next() else {
            return Ok(BTreeSet::new());
        };
        let broken = |error: serde_json::Error| {
            let place = error.column();
            Error::input(
                "journal",
                format!("a line is none of a journal, at column {place}; begin a new one"),
            )
        };
        let heading: Heading = serde_json::from_str(first).map_err(broken)?;
        if heading.work != self.work {
            let (theirs, ours) = (heading.work, &self.work);
            return Err(Error::input(
                "journal",
                format!("it is of `{theirs}`, and this is `{ours}`; begin a new one"),
            ));
        }
        let mut done = BTreeSet::new();
        for line in whole {
            let ended: TenantReport = serde_json::from_str(line).map_err(broken)?;
            if ended.outcome.is_done() {
                done.insert(ended.organization);
            }
        }
        Ok(done)
    }
}

fn line(value: &impl Serialize) -> String {
    // Texts and numbers only, so this cannot fail.
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msp::TenantOutcome;

    fn ended(organization: &str, outcome: TenantOutcome) -> TenantReport {
        TenantReport {
            organization: organization.into(),
            name: "Globex\nand more".into(),
            outcome,
        }
    }

    #[test]
    fn only_what_is_done_is_left_out_and_a_line_that_was_cut_off_is_not_done() {
        let journal = Journal::of("w");
        let done = TenantOutcome::Done {
            changes: 1,
            tally: None,
        };
        let failed = TenantOutcome::failed(Error::input("x", "y"));
        let mut kept = journal.heading();
        assert!(journal.done(&kept).unwrap().is_empty());
        kept += &journal.line(&ended("a", done.clone()));
        kept += &journal.line(&ended("b", failed));
        kept += &journal.line(&ended("c", TenantOutcome::Skipped));
        let last = journal.line(&ended("d", done));
        for cut in 0..last.len() {
            let found = journal.done(&format!("{kept}{}", &last[..cut])).unwrap();
            assert_eq!(found, ["a", "c"].map(str::to_owned).into(), "{cut}");
        }
        assert_eq!(journal.done(&(kept + &last)).unwrap().len(), 3);
        assert!(journal.done("").unwrap().is_empty());
    }

    #[test]
    fn lines_of_other_work_or_none_are_refused() {
        let other = Journal::of("v").heading();
        let message = Journal::of("w").done(&other).unwrap_err().to_string();
        assert!(
            message.contains("it is of `v`, and this is `w`"),
            "{message}"
        );
        for lines in ["no journal\n", "{\"work\":\"w\"}\nno line\n"] {
            assert!(Journal::of("w").done(lines).unwrap_err().is_invalid());
        }
    }
}
