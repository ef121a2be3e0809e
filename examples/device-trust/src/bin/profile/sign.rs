use std::{path::PathBuf, time::SystemTime};

use clap::{Args, ValueEnum};
use mobileconfig::{
    Note,
    cms::{self, Signing},
};

use crate::{Outcome, identity::Source, stream};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The profile, not signed yet.
    file: PathBuf,
    #[command(flatten)]
    source: Source,
    /// The digest; by default the one that fits the key.
    #[arg(long)]
    digest: Option<Digest>,
    /// Add the attribute signingTime, with the present time.
    #[arg(long)]
    signing_time: bool,
    /// Where the signed profile goes.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let content = stream::read(&arguments.file)?;
    let (_, notes) = mobileconfig::Profile::read(&content)
        .map_err(|error| stream::about(&arguments.file, error))?;
    if notes.contains(&Note::Signed) {
        return Err(stream::about(
            &arguments.file,
            "it is signed already; `profile verify --content FILE` takes the profile out",
        ));
    }
    let mut signing = Signing::new();
    if let Some(digest) = arguments.digest {
        signing = signing.digest(match digest {
            Digest::Sha256 => cms::Digest::Sha256,
            Digest::Sha384 => cms::Digest::Sha384,
            Digest::Sha512 => cms::Digest::Sha512,
        });
    }
    if arguments.signing_time {
        signing = signing.time(SystemTime::now());
    }
    // The bytes as they are: whoever compares them later finds what was reviewed.
    let signed = signing
        .sign(&content, &arguments.source.load()?)
        .map_err(|error| error.to_string())?;
    stream::write(&arguments.out, &signed)?;
    Ok(Outcome::Good)
}
