//! Says whether the JumpCloud tenant is ready, Mac by Mac.
//!
//! Exit codes: 0 done, 1 the world refuses (the message says how to mend it), 2 bad input (nothing was sent).

use std::process::ExitCode;

use clap::Parser;
use device_trust::{Error, blueprint::Needs, keep, program};
use jumpcloud_mdm::msp::TenantOutcome;

/// Says whether JumpCloud is ready to deploy: Apple MDM, its push certificate and enrollment token, and each Mac with its System Insights and the reason if it cannot be reached.
///
/// Where the blueprint has tenants it looks at each of them, or at that which --org names.
///
/// Without tenants in the blueprint it runs against an embedded sandbox.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    common: program::EachTenant,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let look = async |_: &_, tenants: &_, here: &program::Here| {
        let found = keep::readiness(tenants).await?;
        here.say(&found.to_string());
        if found.is_ready() {
            Ok(TenantOutcome::Done {
                changes: 0,
                tally: None,
            })
        } else {
            Err(Error::refused("readiness", found.blocking.join("\n")))
        }
    };
    let run = arguments
        .common
        .run(Needs::JUMPCLOUD, None, |_| Ok(()), look);
    program::exit_code(run).await
}
