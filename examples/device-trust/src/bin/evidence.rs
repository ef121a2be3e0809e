//! Lists what Okta's System Log holds of sign-ins.
//!
//! Exit codes: 0 done, 1 the world refuses (the message says how to mend it), 2 bad input (nothing was sent).

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, ValueEnum};
use device_trust::{
    Blueprint, Error, Overrides, Tenants,
    blueprint::Needs,
    embedded::Embedded,
    evidence::{self, Format, Printer, Row, Search, View},
};
use futures::{Stream, TryStreamExt as _};

/// Lists the sign-ins in Okta's System Log, or what they come to for each device, user and app.
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
    /// How far back to look; Okta keeps 90 days.
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=2160))]
    hours: u32,
    /// Go on with the events that come, until interrupted.
    #[arg(long, conflicts_with = "verdicts")]
    follow: bool,
    /// With --follow: how long to wait when nothing new is there.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pause: u64,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    format: Output,
    /// A ready search.
    #[arg(long, value_enum, default_value_t = Ready::SignIns, conflicts_with = "verdicts")]
    view: Ready,
    /// Only events of this app: its label or id.
    #[arg(long, value_name = "APP", conflicts_with = "verdicts")]
    app: Option<String>,
    /// Only events of this user: login, name or id.
    #[arg(long, value_name = "USER", conflicts_with = "verdicts")]
    user: Option<String>,
    /// Only events of this device: its name or id.
    #[arg(long, value_name = "DEVICE", conflicts_with = "verdicts")]
    device: Option<String>,
    /// Only events that ended so, such as DENY.
    #[arg(long, value_name = "RESULT", conflicts_with = "verdicts")]
    outcome: Option<String>,
    /// What the events come to for each device, user and app, with the device's serial number.
    #[arg(long)]
    verdicts: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Output {
    /// Columns; what does not fit is cut.
    Table,
    /// One JSON object a line.
    Json,
    /// Comma-separated values.
    Csv,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Ready {
    /// Decisions on sign-ins, sign-ins to apps, and failures.
    SignIns,
    /// Sign-ins to apps that succeeded: eventType eq "user.authentication.sso" and outcome.result eq "SUCCESS".
    SsoSuccesses,
    /// Everything that failed: outcome.result eq "FAILURE".
    Failures,
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
    let (blueprint, secrets) = Blueprint::load_for(
        Needs::OKTA,
        &arguments.blueprint,
        &Overrides::default(),
        |name| std::env::var(name).ok(),
    )?;
    if !blueprint.uses_sandbox() {
        if arguments.keep_world.is_some() {
            return Err(Error::input(
                "command line",
                "--keep-world is for the embedded sandbox, and the blueprint names tenants",
                "leave --keep-world out",
            ));
        }
        return list(
            &arguments,
            &blueprint,
            &Tenants::real_for(Needs::OKTA, &blueprint, &secrets)?,
        )
        .await;
    }
    let embedded = Embedded::start(&secrets, arguments.keep_world.as_deref()).await?;
    let tenants = Tenants::sandbox(&blueprint, &embedded)?;
    let result = list(&arguments, &blueprint, &tenants).await;
    embedded.stop().await?;
    result
}

async fn list(
    arguments: &Arguments,
    blueprint: &Blueprint,
    tenants: &Tenants,
) -> Result<(), Error> {
    let format = match arguments.format {
        Output::Table => Format::Table,
        Output::Json => Format::Json,
        Output::Csv => Format::Csv,
    };
    let mut printer = Printer::new(io::stdout().lock(), format);
    if arguments.verdicts {
        for row in evidence::verdicts(blueprint, tenants, arguments.hours).await? {
            if printer.verdict(&row).is_err() {
                return Ok(());
            }
        }
        // A reader that went away misses nothing.
        let _ = printer.end_of_verdicts();
        return Ok(());
    }
    let search = search(arguments);
    if arguments.follow {
        let pause = Duration::from_secs(arguments.pause);
        let rows = evidence::follow(tenants, &search, arguments.hours, pause);
        tokio::select! {
            ended = print(rows, &mut printer) => ended,
            // The world is still to be saved.
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    } else {
        print(
            evidence::recent(tenants, &search, arguments.hours),
            &mut printer,
        )
        .await
    }
}

async fn print(
    rows: impl Stream<Item = Result<Row, Error>>,
    printer: &mut Printer<impl io::Write>,
) -> Result<(), Error> {
    let mut rows = std::pin::pin!(rows);
    while let Some(row) = rows.try_next().await? {
        // A reader that went away has seen enough.
        if printer.row(&row).is_err() {
            return Ok(());
        }
    }
    let _ = printer.end_of_rows();
    Ok(())
}

fn search(arguments: &Arguments) -> Search {
    let mut search = Search::new().view(match arguments.view {
        Ready::SignIns => View::SignIns,
        Ready::SsoSuccesses => View::SsoSuccesses,
        Ready::Failures => View::Failures,
    });
    if let Some(app) = &arguments.app {
        search = search.app(app);
    }
    if let Some(user) = &arguments.user {
        search = search.user(user);
    }
    if let Some(device) = &arguments.device {
        search = search.device(device);
    }
    if let Some(outcome) = &arguments.outcome {
        search = search.outcome(outcome);
    }
    search
}
