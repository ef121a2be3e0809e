//! What `okta-client` does, as a program of an operator's would: it keeps what undoes its work, and what it needs to go
//! on after it was stopped, in a folder.

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};
use okta_devtrust::{
    Okta,
    enforcement::{enforce_plan, gather},
    trust::{
        Halted, Plan, Undo, apply_recorded, observe, observe_owned, plan, resume, rollback,
        teardown,
    },
};
use serde::{Deserialize, Serialize};

use super::desired;

/// Work for `okta-client`, as JSON on its command line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Plans and applies; keeps the record in a folder before the first write.
    Apply(PathBuf),
    /// Closes the catch-all; keeps the record in a folder before the write, and the plan until it is done.
    Enforce(PathBuf),
    /// Undoes what the records in a folder say, the newest first.
    Rollback(PathBuf),
    /// Takes everything off again.
    Teardown(PathBuf),
}

/// Does a job.
///
/// # Errors
/// When the org or the disk refuses.
pub async fn run(okta: &Okta, job: &Job) -> Result<(), Box<dyn Error>> {
    let desired = desired();
    match job {
        Job::Apply(records) => {
            let plan = plan(&desired, &observe(okta, &desired).await?)?;
            apply_recorded(okta, &plan, |undo| keep(records, undo), |_| {}).await?;
        }
        Job::Enforce(records) => enforce(okta, records).await?,
        Job::Teardown(records) => {
            let owned = observe_owned(okta, &desired).await?;
            let plan = teardown(&desired, &owned, None)?;
            apply_recorded(okta, &plan, |undo| keep(records, undo), |_| {}).await?;
        }
        Job::Rollback(records) => {
            for file in kept(records)?.iter().rev() {
                let undo: Undo = serde_json::from_slice(&fs::read(file)?)?;
                rollback(okta, &undo, |_| {}).await?;
            }
        }
    }
    Ok(())
}

/// The plan of a closing that is not done yet.
#[must_use]
pub fn unfinished(records: &Path) -> PathBuf {
    records.join("closing.json")
}

async fn enforce(okta: &Okta, records: &Path) -> Result<(), Box<dyn Error>> {
    let unfinished = unfinished(records);
    let applied = if unfinished.exists() {
        let plan: Plan = serde_json::from_slice(&fs::read(&unfinished)?)?;
        resume(okta, &plan, |_| {}).await
    } else {
        let plan = closing(okta).await?;
        if plan.is_empty() {
            return Ok(());
        }
        fs::write(&unfinished, serde_json::to_vec(&plan)?)?;
        apply_recorded(okta, &plan, |undo| keep(records, undo), |_| {}).await
    };
    // A run that ends has said how, unless it says that it does not know: else only one that was stopped is gone on with.
    let is_open_question =
        |halted: &Halted| matches!(halted.error, okta_devtrust::Error::MayBeClosed { .. });
    if !applied
        .as_ref()
        .is_err_and(|halted| is_open_question(halted))
    {
        fs::remove_file(&unfinished)?;
    }
    applied?;
    Ok(())
}

/// Proves what can be proved, and plans to close the catch-all.
///
/// # Errors
/// When the org cannot be read, and when a condition is not met.
pub async fn closing(okta: &Okta) -> Result<Plan, Box<dyn Error>> {
    let desired = desired();
    let observed = observe(okta, &desired).await?;
    let now = Timestamp::now();
    let (from, to) = (
        now - SignedDuration::from_hours(1),
        now + SignedDuration::from_mins(1),
    );
    let proof = gather(okta, &desired, &observed, from, to).await?;
    Ok(enforce_plan(&desired, &observed, &proof)?)
}

/// The records in a folder, the oldest first.
fn kept(records: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = fs::read_dir(records)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| *file != unfinished(records));
    files.sort();
    Ok(files)
}

fn keep(records: &Path, undo: &Undo) -> io::Result<()> {
    let number = kept(records)?.len();
    let content = serde_json::to_vec(undo)?;
    fs::write(records.join(format!("{number:03}.json")), content)
}
