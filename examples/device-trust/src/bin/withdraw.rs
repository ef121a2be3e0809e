//! Takes the policies and the software off JumpCloud again.
//!
//! Exit codes: 0 done, 1 the world refuses (the message says how to mend it), 2 bad input (nothing was sent).

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use device_trust::{
    Blueprint, Tenants,
    blueprint::Needs,
    keep::{self, CatchAll},
    program::{self, Here, JournalFile},
};
use jumpcloud_mdm::msp::TenantOutcome;

/// Takes what setup deployed off JumpCloud again, in all rings.
///
/// It looks at Okta first: while the catch-all denies, a Mac without the profile is kept out, so --apply is refused unless
/// --open or --while-denied is given. A deletion cannot be undone; setup brings back what was deleted.
///
/// Where the blueprint has tenants it withdraws in each of them, or in that which --org names; one that fails stops no other.
/// Without tenants in the blueprint it runs against an embedded sandbox.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    common: program::EachTenant,
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
    /// Leave out the tenants that an earlier run with the same options was done with.
    #[arg(long, requires = "apply")]
    resume: bool,
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
    let take_off = async |blueprint: &Blueprint, tenants: &Tenants, here: &Here| {
        let output = here.output(&arguments.out);
        let keep = arguments.apply.then_some(&output);
        let done = |changes| TenantOutcome::Done {
            changes,
            tally: None,
        };
        if arguments.open_only {
            let opened = keep::open(blueprint, tenants, keep).await?;
            here.say(&opened.to_string());
            return Ok(done(opened.len()));
        }
        let catch_all = match (arguments.open, arguments.while_denied) {
            (true, _) => CatchAll::Open,
            (false, true) => CatchAll::MayDeny,
            (false, false) => CatchAll::MustAllow,
        };
        let made = keep::withdraw(blueprint, tenants, catch_all, keep).await?;
        here.say(&made.to_string());
        Ok(done(made.jumpcloud.steps.len()))
    };
    let journal = arguments.apply.then(|| {
        let work = match arguments.open_only {
            true => "withdraw --open-only",
            false => "withdraw",
        };
        JournalFile::new(&arguments.out, "withdraw", work, arguments.resume)
    });
    let run = arguments.common.run(needs, journal, |_| Ok(()), take_off);
    program::exit_code(run).await
}
