//! What can go wrong while the sandbox starts, saves or stops.

use std::{io, path::PathBuf};

/// A failure of the sandbox itself, as opposed to an answer with an error status.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A port that the saved world names is held by another process.
    #[error(
        "port {port} for {side} (from the saved world) is taken: stop the process that holds it, \
         or set `ports.{side}` to 0 in the world file to get a free one"
    )]
    PortTaken {
        /// `okta` or `jumpcloud`.
        side: &'static str,
        /// The port that was asked for.
        port: u16,
    },
    /// A listener could not be opened for another reason.
    #[error("no listener on 127.0.0.1 for {side}: {source}")]
    Listen {
        /// `okta` or `jumpcloud`.
        side: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The world file is not a world.
    ///
    /// The text carries line and column but none of the content, since a world holds secrets.
    #[error(
        "world file {}: not a saved world at line {line}, column {column}: \
         delete the file to start with a new world",
        path.display()
    )]
    WorldContent {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A piece of the seed or of the world is unusable.
    #[error("{0}")]
    Seed(String),
}
