//! The journal of a run over many tenants, in a file: a line as each ends, and no file once all are done.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use jumpcloud_mdm::msp::{Journal, MspOptions, TenantReport};

use crate::Error;

/// Where a run over many tenants writes down which of them are done.
#[derive(Debug, Clone)]
pub struct JournalFile {
    path: PathBuf,
    work: Journal,
    resume: bool,
}

impl JournalFile {
    /// The journal of `program` in a folder. `work` is all that makes it other work, such as the generation; with `resume`
    /// the tenants that it calls done are left out.
    pub fn new(folder: &Path, program: &str, work: impl Into<String>, resume: bool) -> Self {
        Self {
            path: folder.join(format!("{program}-tenants.jsonl")),
            work: Journal::of(work),
            resume,
        }
    }

    /// Opens it for lines to come, and leaves out of `options` those that it calls done.
    pub(super) fn open(&self, options: MspOptions) -> Result<(OpenJournal, MspOptions), Error> {
        let failed = |error: io::Error| file_error(&self.path, &error);
        let lines = match fs::read_to_string(&self.path) {
            Ok(lines) if self.resume => lines,
            Err(error) if self.resume && error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            _ => String::new(),
        };
        let done = self.work.done(&lines).map_err(|error| {
            let what = format!("--resume: {error}");
            Error::input(&self.path, what, "leave --resume out")
        })?;
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let begins = lines.rfind('\n').is_none();
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.path)
            .map_err(failed)?;
        // A last line that was cut off would spoil the next one.
        let whole = lines.rfind('\n').map_or(0, |end| end as u64 + 1);
        file.set_len(whole)
            .and_then(|()| io::Seek::seek(&mut file, io::SeekFrom::End(0)))
            .and_then(|_| match begins {
                true => file.write_all(self.work.heading().as_bytes()),
                false => Ok(()),
            })
            .map_err(failed)?;
        let open = OpenJournal {
            path: self.path.clone(),
            work: self.work.clone(),
            file,
            failure: None,
        };
        Ok((open, options.leave_out(done)))
    }
}

/// A journal that lines are added to. The first failure is kept for the end: the work goes on without.
pub(super) struct OpenJournal {
    path: PathBuf,
    work: Journal,
    file: File,
    failure: Option<io::Error>,
}

impl OpenJournal {
    pub(super) fn add(&mut self, ended: &TenantReport) {
        let line = self.work.line(ended);
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            self.failure.get_or_insert(error);
        }
    }

    /// Ends it: nothing is left to go on with when all are done.
    pub(super) fn end(self, complete: bool) -> Result<(), Error> {
        let failure = match self.failure {
            Some(error) => Some(error),
            None if complete => fs::remove_file(&self.path).err(),
            None => None,
        };
        failure.map_or(Ok(()), |error| Err(file_error(&self.path, &error)))
    }
}

fn file_error(path: &Path, error: &io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        problem: format!("cannot be written: {error}; choose another folder with --out"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(organization: &str) -> TenantReport {
        let json = serde_json::json!({"organization": organization, "name": "Globex",
            "outcome": {"outcome": "done", "changes": 1, "tally": null}});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_run_that_was_killed_in_a_line_is_gone_on_with_and_the_next_lines_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rotate-tenants.jsonl");
        let journal = |resume| JournalFile::new(folder.path(), "rotate", "w", resume);
        let (mut open, _) = journal(false).open(MspOptions::default()).unwrap();
        open.add(&ended("a"));
        open.add(&ended("b"));
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 5]).unwrap();

        let (mut open, _) = journal(true).open(MspOptions::default()).unwrap();
        open.add(&ended("c"));
        open.end(false).unwrap();
        let done = Journal::of("w").done(&fs::read_to_string(&path).unwrap());
        assert_eq!(done.unwrap(), ["a", "c"].map(str::to_owned).into());
        // Without --resume it begins anew.
        journal(false).open(MspOptions::default()).unwrap();
        let lines = fs::read_to_string(&path).unwrap();
        assert_eq!(lines, Journal::of("w").heading());
    }
}
