//! Serves the sandbox until Ctrl-C, for curl, an SDK or another tool.

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use device_trust_sandbox::{Error, Options, RateLimits, Sandbox, Secrets, World};

/// An embedded Okta, JumpCloud, SCEP CA and fleet of simulated Macs.
///
/// Secrets come from OKTA_API_TOKEN, JUMPCLOUD_API_KEY and SCEP_CHALLENGE; those not set are random.
/// They are never printed: they stand in the file named by --secrets-file, and in the world file.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Go on with the world in this file, if it is there, and save to it at the end.
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Write the secrets to this file, with mode 0600, as shell assignments.
    #[arg(long, value_name = "FILE")]
    secrets_file: Option<PathBuf>,
    /// Okta's rate limits.
    #[arg(long, value_enum, default_value_t = Limits::Workforce)]
    rate_limits: Limits,
    /// Serve without the simulated Macs.
    #[arg(long)]
    no_fleet: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Limits {
    /// The documented Workforce column.
    Workforce,
    /// The recorded numbers of an Integrator org.
    Integrator,
    /// None to speak of.
    Unlimited,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), Error> {
    let secret = |name| {
        env::var(name)
            .ok()
            .filter(|value| !value.is_empty())
            .map(Into::into)
    };
    let world = match &arguments.world {
        Some(path) if path.exists() => Some(World::load(path)?),
        _ => None,
    };
    let sandbox = Sandbox::start(Options {
        secrets: Secrets {
            okta_api_token: secret("OKTA_API_TOKEN"),
            jumpcloud_api_key: secret("JUMPCLOUD_API_KEY"),
            scep_challenge: secret("SCEP_CHALLENGE"),
        },
        world,
        rate_limits: match arguments.rate_limits {
            Limits::Workforce => RateLimits::workforce(),
            Limits::Integrator => RateLimits::integrator(),
            Limits::Unlimited => RateLimits::unlimited(),
        },
        fleet: !arguments.no_fleet,
        ..Options::default()
    })
    .await?;

    // Without a file to find them in, secrets that nobody chose would be lost.
    let temporary = (arguments.secrets_file.is_none() && arguments.world.is_none())
        .then(|| env::temp_dir().join(format!("device-trust-sandbox-{}.env", std::process::id())));
    let secrets_file = arguments.secrets_file.as_ref().or(temporary.as_ref());
    if let Some(path) = secrets_file {
        sandbox.secrets().write_env_file(path)?;
    }
    if let Some(path) = &arguments.world {
        sandbox.save(path)?;
    }
    let place = secrets_file.or(arguments.world.as_ref());
    announce(&sandbox, place.map(PathBuf::as_path));

    stopped().await;
    let world = sandbox.stop().await;
    if let Some(path) = &arguments.world {
        world.save(path)?;
    }
    if let Some(path) = temporary {
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

fn announce(sandbox: &Sandbox, secrets: Option<&Path>) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "Okta       {}", sandbox.okta_url());
    let _ = writeln!(out, "JumpCloud  {}", sandbox.jumpcloud_url());
    let _ = writeln!(out, "SCEP       {}", sandbox.scep_url());
    if let Some(path) = secrets {
        let _ = writeln!(out, "Secrets    in {}", path.display());
    }
    let _ = writeln!(out, "Ctrl-C stops.");
}

/// Ctrl-C or, on Unix, SIGTERM.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
