use std::path::{Path, PathBuf};

use clap::Args;
use device_trust::blueprint::ProfileBlueprint;

use crate::{Outcome, stream};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The blueprint, or - for the standard input. It needs organization, identifier, scep.url and scep.ca_certificates;
    /// what it says about tenants is not used. The challenge comes from SCEP_CHALLENGE, or from the file that
    /// scep.challenge_file names.
    blueprint: PathBuf,
    /// Where the profile goes, or - for the standard output; it holds the challenge.
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "device-trust.mobileconfig"
    )]
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let file = &arguments.blueprint;
    let content = String::from_utf8(stream::read(file)?)
        .map_err(|_| stream::about(file, "the blueprint is not UTF-8"))?;
    // Files that a blueprint from the standard input names are relative to the working directory.
    let name = if file == Path::new("-") {
        Path::new("the standard input")
    } else {
        file
    };
    let environment = |name: &str| std::env::var(name).ok();
    let blueprint = ProfileBlueprint::read(name, &content, environment)
        .map_err(|problems| problems.to_string())?;
    let profile = blueprint.profile().map_err(|error| error.to_string())?;
    let bytes = profile
        .to_xml()
        .map_err(|error| stream::about(file, error))?;
    stream::write(&arguments.out, &bytes)?;
    Ok(Outcome::Good)
}
