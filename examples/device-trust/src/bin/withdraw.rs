//! Takes the policies and the software off JumpCloud again.
//!
//! Exit codes: 0 done, 1 the world refuses (the message says how to mend it), 2 bad input (nothing was sent).

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use device_trust::{Output, keep, program};

/// Takes what setup deployed off JumpCloud again, in all rings. Open the catch-all in Okta first.
///
/// Without tenants in the blueprint it runs against an embedded sandbox.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    common: program::Common,
    /// Make the changes; without it they are only listed.
    #[arg(long)]
    apply: bool,
    /// Where the record of the changes goes, before the first of them.
    #[arg(long, value_name = "DIR", default_value = "target/device-trust")]
    out: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    program::exit_code(arguments.common.run(async |blueprint, tenants| {
        let output = Output::new(&arguments.out);
        let keep = arguments.apply.then_some(&output);
        let plan = keep::withdraw(blueprint, tenants, keep).await?;
        program::say(&plan.to_string());
        Ok(())
    }))
    .await
}
