use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mobileconfig::{Profile, cms};

use crate::{
    Outcome,
    identity::{Source, all_certificates},
    stream,
};

#[derive(Debug, Args)]
pub(crate) struct Seal {
    /// The profile; sign it afterwards, not before.
    file: PathBuf,
    /// Certificates of the devices, with RSA keys.
    #[arg(long = "recipient", value_name = "FILE", required = true)]
    recipients: Vec<PathBuf>,
    /// The cipher.
    #[arg(long, default_value = "aes256")]
    cipher: Cipher,
    /// Where the encrypted profile goes.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Cipher {
    Aes128,
    Aes256,
}

#[derive(Debug, Args)]
pub(crate) struct Open {
    /// The encrypted profile.
    file: PathBuf,
    #[command(flatten)]
    source: Source,
    /// Where the profile goes; it has its secrets in the clear.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn seal(arguments: &Seal) -> Result<Outcome, String> {
    let (profile, _) = stream::read_profile(&arguments.file)?;
    let cipher = match arguments.cipher {
        Cipher::Aes128 => cms::Cipher::Aes128,
        Cipher::Aes256 => cms::Cipher::Aes256,
    };
    let recipients = all_certificates(&arguments.recipients)?;
    write(
        &profile.encrypt(&recipients, cipher),
        &arguments.file,
        &arguments.out,
    )
}

pub(crate) fn open(arguments: &Open) -> Result<Outcome, String> {
    let (profile, _) = stream::read_profile(&arguments.file)?;
    write(
        &profile.decrypt(&arguments.source.load()?),
        &arguments.file,
        &arguments.out,
    )
}

fn write(
    profile: &Result<Profile, mobileconfig::Error>,
    from: &std::path::Path,
    to: &std::path::Path,
) -> Result<Outcome, String> {
    let xml = match profile {
        Ok(profile) => profile.to_xml(),
        Err(error) => Err(error.clone()),
    };
    stream::write(to, &xml.map_err(|error| stream::about(from, error))?)?;
    Ok(Outcome::Good)
}
