use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use device_trust::program::print;
use mobileconfig::lint::{self, Linter, Severity, Target, output};
use scep_profile::lint::{Mdm, ScepRule};

use crate::{Outcome, stream};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The profile.
    file: PathBuf,
    /// The system and version it is meant for.
    #[arg(long, value_name = "OS-VERSION", default_value = "macos-15")]
    target: Target,
    /// The MDM channel it is sent over.
    #[arg(long, default_value = "device")]
    channel: Channel,
    /// How it gets to the device.
    #[arg(long, default_value = "user-approved-mdm")]
    delivery: Delivery,
    /// The MDM server, where that matters: JumpCloud fills in no variables of custom profiles.
    #[arg(long, default_value = "any")]
    mdm: Server,
    /// The device is supervised.
    #[arg(long)]
    supervised: bool,
    /// It is going to be signed, so that a server must not fill in variables.
    #[arg(long)]
    signed: bool,
    /// Print JSON.
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// Print SARIF 2.1.0.
    #[arg(long)]
    sarif: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Channel {
    Device,
    User,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Delivery {
    Manual,
    Mdm,
    UserApprovedMdm,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Server {
    Any,
    Jumpcloud,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let content = stream::read(&arguments.file)?;
    let target = arguments
        .target
        .clone()
        .channel(match arguments.channel {
            Channel::Device => lint::Channel::Device,
            Channel::User => lint::Channel::User,
        })
        .delivery(match arguments.delivery {
            Delivery::Manual => lint::Delivery::Manual,
            Delivery::Mdm => lint::Delivery::Mdm,
            Delivery::UserApprovedMdm => lint::Delivery::UserApprovedMdm,
        })
        .supervised(arguments.supervised)
        .signed(arguments.signed);
    let linter = Linter::new().rule(ScepRule::new().mdm(match arguments.mdm {
        Server::Any => Mdm::Any,
        Server::Jumpcloud => Mdm::JumpCloud,
    }));
    // Not read as a profile: a key that is missing at the top is a finding, not a reason to stop.
    let findings = linter
        .lint_document(content, &target)
        .map_err(|error| stream::about(&arguments.file, error))?;
    print(&if arguments.json {
        output::json(&findings)
    } else if arguments.sarif {
        let uri = (arguments.file != Path::new("-")).then(|| output::uri_of_file(&arguments.file));
        output::sarif(&linter, uri.as_deref(), &findings)
    } else {
        output::text(&findings)
    })?;
    let failed = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    Ok(if failed { Outcome::Bad } else { Outcome::Good })
}
