//! Renews the certificates: the profile again, with the next generation.
//!
//! Exit codes: 0 done, 1 the world refuses (the message says how to mend it), 2 bad input (nothing was sent).

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use device_trust::{Blueprint, Error, Overrides, Tenants, embedded::Embedded, keep};

/// Renews the SCEP certificates of the Macs by sending the profile again with another generation.
///
/// Without tenants in the blueprint it runs against an embedded sandbox.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// What was set up.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "examples/device-trust.toml"
    )]
    blueprint: PathBuf,
    /// Load the sandbox's state from FILE if it is there, and save it there in the end. It holds the secrets.
    #[arg(long, value_name = "FILE")]
    keep_world: Option<PathBuf>,
    /// The generation to bring onto the Macs; write it into the blueprint afterwards.
    #[arg(long, value_name = "NUMBER")]
    generation: u32,
    /// Make the changes; without it they are only listed.
    #[arg(long)]
    apply: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing sensible is left to do when stderr is gone.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Error> {
    let (mut blueprint, secrets) =
        Blueprint::load(&arguments.blueprint, &Overrides::default(), |name| {
            std::env::var(name).ok()
        })?;
    if arguments.generation < blueprint.generation {
        return Err(Error::input(
            "command line",
            format!(
                "--generation {} is before the blueprint's {}",
                arguments.generation, blueprint.generation
            ),
            "a generation that was not used yet",
        ));
    }
    blueprint.generation = arguments.generation;
    if !blueprint.uses_sandbox() {
        if arguments.keep_world.is_some() {
            return Err(Error::input(
                "command line",
                "--keep-world is for the embedded sandbox, and the blueprint names tenants",
                "leave --keep-world out",
            ));
        }
        return rotate(
            &arguments,
            &blueprint,
            &Tenants::real(&blueprint, &secrets)?,
        )
        .await;
    }
    let embedded = Embedded::start(&secrets, arguments.keep_world.as_deref()).await?;
    let tenants = Tenants::sandbox(&blueprint, &embedded)?;
    let result = rotate(&arguments, &blueprint, &tenants).await;
    embedded.stop().await?;
    result
}

async fn rotate(
    arguments: &Arguments,
    blueprint: &Blueprint,
    tenants: &Tenants,
) -> Result<(), Error> {
    let text = keep::rotate(blueprint, tenants, arguments.apply).await?;
    // A reader that went away is no reason to fail.
    let _ = writeln!(io::stdout(), "{text}");
    Ok(())
}
