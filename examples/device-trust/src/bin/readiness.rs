//! Says whether the JumpCloud tenant is ready, Mac by Mac.
//!
//! Exit codes: 0 done, 1 the world refuses (the message says how to mend it), 2 bad input (nothing was sent).

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use device_trust::{Blueprint, Error, Overrides, Tenants, embedded::Embedded, keep};

/// Says whether JumpCloud is ready to deploy: Apple MDM, its push certificate, and each Mac with the reason if it cannot be reached.
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
    let (blueprint, secrets) =
        Blueprint::load(&arguments.blueprint, &Overrides::default(), |name| {
            std::env::var(name).ok()
        })?;
    if !blueprint.uses_sandbox() {
        if arguments.keep_world.is_some() {
            return Err(Error::input(
                "command line",
                "--keep-world is for the embedded sandbox, and the blueprint names tenants",
                "leave --keep-world out",
            ));
        }
        return readiness(
            &arguments,
            &blueprint,
            &Tenants::real(&blueprint, &secrets)?,
        )
        .await;
    }
    let embedded = Embedded::start(&secrets, arguments.keep_world.as_deref()).await?;
    let tenants = Tenants::sandbox(&blueprint, &embedded)?;
    let result = readiness(&arguments, &blueprint, &tenants).await;
    embedded.stop().await?;
    result
}

async fn readiness(
    _arguments: &Arguments,
    _blueprint: &Blueprint,
    tenants: &Tenants,
) -> Result<(), Error> {
    let found = keep::readiness(tenants).await?;
    let mut text = String::new();
    if let Some(days) = found.push_certificate_days_left {
        text += &format!("push certificate: {days} days left\n");
    }
    for mac in &found.macs {
        let state = if mac.is_eligible() {
            "ready".to_owned()
        } else {
            mac.reasons.join("; ")
        };
        text += &format!("  {:<28} {state}\n", mac.name);
    }
    for remark in &found.remarks {
        text += &format!("! {remark}\n");
    }
    let text = text.trim_end();
    // A reader that went away is no reason to fail.
    let _ = writeln!(io::stdout(), "{text}");
    if found.is_ready() {
        Ok(())
    } else {
        Err(Error::refused("readiness", found.blocking.join("\n")))
    }
}
