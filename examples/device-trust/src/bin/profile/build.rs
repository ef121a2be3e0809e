use std::path::PathBuf;

use clap::Args;
use device_trust::{Blueprint, Job, Output, Overrides, Silent, Tenants};

use crate::{Outcome, stream};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The blueprint, with both tenants, scep.url and scep.ca_certificates. The challenge comes from SCEP_CHALLENGE, or
    /// from the file that scep.challenge_file names.
    blueprint: PathBuf,
    /// Where the profile goes; it holds the challenge.
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "device-trust.mobileconfig"
    )]
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let (blueprint, secrets) =
        Blueprint::load(&arguments.blueprint, &Overrides::default(), environment)
            .map_err(|problems| problems.to_string())?;
    if blueprint.uses_sandbox() {
        return Err(stream::about(
            &arguments.blueprint,
            "it names no tenants, and the sandbox makes a new CA each time: name okta.url, jumpcloud.url, scep.url and \
             scep.ca_certificates, or run `setup`",
        ));
    }
    let tenants = Tenants::real(&blueprint, &secrets).map_err(|error| error.to_string())?;
    let job = Job::new(blueprint, tenants, Output::new("."));
    let (_, bytes) = job.profile(&Silent).map_err(|error| error.to_string())?;
    stream::write(&arguments.out, &bytes)?;
    Ok(Outcome::Good)
}

/// Nothing is sent to a tenant, so that nobody needs its token: where there is none, a stand-in takes its place.
fn environment(name: &str) -> Option<String> {
    let is_token = matches!(name, "OKTA_API_TOKEN" | "JUMPCLOUD_API_KEY");
    std::env::var(name)
        .ok()
        .or_else(|| is_token.then(|| "stand-in-for-a-token".to_owned()))
}
