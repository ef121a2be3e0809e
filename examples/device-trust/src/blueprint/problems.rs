//! Everything that is wrong with a blueprint, at once: file, key, what is wrong and an example of a right value.

use std::{fmt, path::PathBuf};

/// What is wrong with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key's path, such as `scep.url`; empty for the file as a whole.
    pub key: String,
    /// What is wrong with its value.
    pub what: String,
    /// A line with a right value, or how to mend it.
    pub example: String,
}

/// All problems of one blueprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The blueprint's file.
    pub file: PathBuf,
    /// At least one problem, in the file's order of sections.
    pub list: Vec<Problem>,
}

impl Problems {
    /// No problem yet in `file`.
    pub(crate) fn none(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            list: Vec::new(),
        }
    }

    /// One problem with the file as a whole.
    pub(crate) fn whole(
        file: impl Into<PathBuf>,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        let mut problems = Self::none(file);
        problems.add("", what, mend);
        problems
    }

    pub(crate) fn add(
        &mut self,
        key: impl Into<String>,
        what: impl Into<String>,
        example: impl Into<String>,
    ) {
        self.list.push(Problem {
            key: key.into(),
            what: what.into(),
            example: example.into(),
        });
    }

    /// The value if there is no problem.
    pub(crate) fn or<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.list.is_empty() => Ok(value),
            _ => Err(self),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}: ", self.file.display())?;
            if !problem.key.is_empty() {
                write!(f, "{}: ", problem.key)?;
            }
            write!(f, "{}\n    right: {}", problem.what, problem.example)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
