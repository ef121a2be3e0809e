//! How the job ends when it does not end well. The exit code says whose turn it is: 1, the world refuses; 2, the
//! input is bad and nothing was sent.

use std::{fmt, path::PathBuf};

use crate::blueprint::Problems;

/// Why the job stopped, with the mend.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The blueprint or the command line is bad. Nothing was sent.
    Input(Problems),
    /// A file cannot be read or written.
    File {
        /// The file.
        path: PathBuf,
        /// What was tried, and why it failed.
        problem: String,
    },
    /// A stage met a refusal: a wrong token, a missing template, a Mac that cannot enrol.
    Refused {
        /// The stage, as it is named in the progress.
        stage: &'static str,
        /// What was refused and how to mend it; it can have several lines.
        reason: String,
        /// Whether running again may do, without anything being mended: a tenant was not to be reached.
        transient: bool,
    },
}

impl Error {
    /// Bad input at `place`, such as a file or `command line`, with the mend.
    pub fn input(
        place: impl Into<PathBuf>,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::Input(Problems::whole(place, what, mend))
    }

    /// A refusal of `stage`.
    pub fn refused(stage: &'static str, reason: impl fmt::Display) -> Self {
        Self::Refused {
            stage,
            reason: reason.to_string(),
            transient: false,
        }
    }

    /// A refusal of `stage` by JumpCloud.
    pub fn of_jumpcloud(stage: &'static str, error: &jumpcloud_mdm::Error) -> Self {
        Self::Refused {
            stage,
            reason: error.to_string(),
            transient: error.is_transient(),
        }
    }

    /// Whether running again may do, without anything being mended.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                transient: true,
                ..
            }
        )
    }

    /// The process exit code: 1 when the world refuses, 2 for bad input.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) => 2,
            Self::File { .. } | Self::Refused { .. } => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(problems) => fmt::Display::fmt(problems, f),
            Self::File { path, problem } => write!(f, "{}: {problem}", path.display()),
            Self::Refused { stage, reason, .. } => write!(f, "{stage}: {reason}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::Input(problems)
    }
}
