//! Renews the certificates: the profile again, with the next generation, ring by ring.
//!
//! Exit codes: 0 done, 1 the world refuses (the message says how to mend it), 2 bad input (nothing was sent).

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use device_trust::{
    Blueprint, Tenants,
    blueprint::Needs,
    keep::{self, KeepUndo, Rotation},
    program::{self, Here, JournalFile},
};
use jumpcloud_mdm::msp::TenantOutcome;

/// Renews the SCEP certificates of the Macs by sending the profile again with another generation.
///
/// Where the blueprint has rings, one ring is renewed at a time. Before the change the CA is checked and, with
/// scep.prove_challenge, the challenge proved by one real enrolment. Where the blueprint has tenants it renews in each of
/// them, or in that which --org names; one that fails stops no other. Without tenants in the blueprint it runs against an
/// embedded sandbox.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    common: program::EachTenant,
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
    /// Leave out the tenants that an earlier run with the same options was done with.
    #[arg(long, requires = "apply")]
    resume: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let rotation =
        |blueprint: &_| Rotation::new(blueprint, arguments.ring.as_deref(), arguments.generation);
    let renew = async |blueprint: &Blueprint, tenants: &Tenants, here: &Here| {
        let rotation = rotation(blueprint)?;
        let output = here.output(&arguments.out);
        let keep = |record: &_| output.keep_undo("jumpcloud", record);
        let keep = arguments.apply.then_some(&keep as KeepUndo<'_>);
        let plan = keep::rotate(blueprint, tenants, &rotation, keep).await?;
        here.say(&plan.to_string());
        let mut tally = None;
        if arguments.wait {
            let proven = keep::prove(blueprint, tenants, &rotation).await?;
            here.say(&format!("{} Macs have the profile", proven.succeeded));
            tally = Some(proven);
        }
        let changes = plan.steps.len();
        Ok(TenantOutcome::Done { changes, tally })
    };
    let run = arguments.common.run(
        Needs::JUMPCLOUD.and_challenge(),
        arguments.apply.then(|| journal(&arguments)),
        |blueprint| rotation(blueprint).map(drop),
        renew,
    );
    program::exit_code(run).await
}

/// A tenant that was renewed without waiting is not done for a run that waits.
fn journal(arguments: &Arguments) -> JournalFile {
    let mut work = format!("rotate --generation {}", arguments.generation);
    if let Some(ring) = &arguments.ring {
        work += &format!(" --ring {ring}");
    }
    if arguments.wait {
        work += " --wait";
    }
    JournalFile::new(&arguments.out, "rotate", work, arguments.resume)
}
