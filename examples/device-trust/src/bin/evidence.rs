//! Lists what Okta's System Log holds of sign-ins.
//!
//! Exit codes: 0 done, 1 the world refuses (the message says how to mend it), 2 bad input (nothing was sent).

use std::{io, process::ExitCode, time::Duration};

use clap::Parser;
use device_trust::{
    Blueprint, Error, Tenants,
    blueprint::Needs,
    evidence::{self, Format, Printer, Row, Search, View},
    program,
};
use futures::{Stream, TryStreamExt as _};

/// Lists the sign-ins in Okta's System Log, or what they come to for each device, user and app.
///
/// Without tenants in the blueprint it runs against an embedded sandbox.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    common: program::Common,
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
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// A ready search.
    #[arg(long, value_enum, default_value_t = View::SignIns, conflicts_with = "verdicts")]
    view: View,
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

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let list = async |blueprint: &_, tenants: &_| list(&arguments, blueprint, tenants).await;
    program::exit_code(arguments.common.run(Needs::OKTA, list)).await
}

async fn list(
    arguments: &Arguments,
    blueprint: &Blueprint,
    tenants: &Tenants,
) -> Result<(), Error> {
    let mut printer = Printer::new(io::stdout().lock(), arguments.format);
    if arguments.verdicts {
        for row in evidence::verdicts(blueprint, tenants, arguments.hours).await? {
            if !is_read(printer.verdict(&row))? {
                return Ok(());
            }
        }
        return is_read(printer.end_of_verdicts()).map(drop);
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
        if !is_read(printer.row(&row))? {
            return Ok(());
        }
    }
    is_read(printer.end_of_rows()).map(drop)
}

fn is_read(written: io::Result<()>) -> Result<bool, Error> {
    program::reader_stays(written).map_err(|error| Error::File {
        path: "the standard output".into(),
        problem: format!("cannot be written: {error}"),
    })
}

fn search(arguments: &Arguments) -> Search {
    let mut search = Search::new().view(arguments.view);
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
