//! Renews the certificates: the profile again, with the next generation, ring by ring.
//!
//! Exit codes: 0 done, 1 the world refuses (the message says how to mend it), 2 bad input (nothing was sent).

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use device_trust::{
    Output,
    blueprint::Needs,
    keep::{self, KeepUndo, Rotation},
    program::{self, say},
};

/// Renews the SCEP certificates of the Macs by sending the profile again with another generation.
///
/// Where the blueprint has rings, one ring is renewed at a time. Before the change the CA is checked and, with
/// scep.prove_challenge, the challenge proved by one real enrolment. Without tenants in the blueprint it runs against an
/// embedded sandbox.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    common: program::OneOrganization,
    /// The ring, where the blueprint has rings.
    #[arg(long, value_name = "NAME")]
    ring: Option<String>,
    /// The generation to bring onto the Macs; write it into the blueprint afterwards.
    #[arg(long, value_name = "NUMBER")]
    generation: u32,
    /// Make the change; without it, it is only listed.
    #[arg(long)]
    apply: bool,
    /// Wait until the Macs have reported, and fail when too many of them did not take the profile.
    #[arg(long, requires = "apply")]
    wait: bool,
    /// Where the record of how to undo the change goes.
    #[arg(long, value_name = "DIR", default_value = "target/device-trust")]
    out: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let needs = Needs::JUMPCLOUD.and_challenge();
    program::exit_code(arguments.common.run(needs, async |blueprint, tenants| {
        let rotation = Rotation::new(blueprint, arguments.ring.as_deref(), arguments.generation)?;
        let output = Output::new(&arguments.out);
        let keep = |record: &_| output.keep_undo("jumpcloud", record);
        let keep = arguments.apply.then_some(&keep as KeepUndo<'_>);
        let plan = keep::rotate(blueprint, tenants, &rotation, keep).await?;
        say(&plan.to_string());
        if arguments.wait {
            let tally = keep::prove(blueprint, tenants, &rotation).await?;
            say(&format!("{} Macs have the profile", tally.succeeded));
        }
        Ok(())
    }))
    .await
}
