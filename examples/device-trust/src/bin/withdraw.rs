//! Takes the policies and the software off JumpCloud again.
//!
//! Exit codes: 0 done, 1 the world refuses (the message says how to mend it), 2 bad input (nothing was sent).

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use device_trust::{
    Output,
    blueprint::Needs,
    keep::{self, CatchAll},
    program::{self, say},
};

/// Takes what setup deployed off JumpCloud again, in all rings.
///
/// It looks at Okta first: while the catch-all denies, a Mac without the profile is kept out, so --apply is refused unless
/// --open or --while-denied is given. A deletion cannot be undone; setup brings back what was deleted.
///
/// Without tenants in the blueprint it runs against an embedded sandbox.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    common: program::OneOrganization,
    /// Make the changes; without it they are only listed.
    #[arg(long)]
    apply: bool,
    /// Set Okta's catch-all to ALLOW first, if it denies.
    #[arg(long)]
    open: bool,
    /// Set Okta's catch-all to ALLOW, and withdraw nothing.
    #[arg(long, conflicts_with = "open")]
    open_only: bool,
    /// Do not look at Okta: withdraw even if its catch-all denies, which locks out everyone who needs a managed Mac.
    #[arg(long, conflicts_with_all = ["open", "open_only"])]
    while_denied: bool,
    /// Where the record of the changes goes, before the first of them.
    #[arg(long, value_name = "DIR", default_value = "target/device-trust")]
    out: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let needs = match (arguments.open_only, arguments.while_denied) {
        (true, _) => Needs::OKTA,
        (false, true) => Needs::JUMPCLOUD,
        (false, false) => Needs::JUMPCLOUD.and_okta(
            "; it is needed for a look at Okta's catch-all, which --while-denied leaves out",
        ),
    };
    program::exit_code(arguments.common.run(needs, async |blueprint, tenants| {
        let output = Output::new(&arguments.out);
        let keep = arguments.apply.then_some(&output);
        if arguments.open_only {
            say(&keep::open(blueprint, tenants, keep).await?.to_string());
            return Ok(());
        }
        let catch_all = match (arguments.open, arguments.while_denied) {
            (true, _) => CatchAll::Open,
            (false, true) => CatchAll::MayDeny,
            (false, false) => CatchAll::MustAllow,
        };
        let made = keep::withdraw(blueprint, tenants, catch_all, keep).await?;
        say(&made.to_string());
        Ok(())
    }))
    .await
}
