//! Says whether the JumpCloud tenant is ready, Mac by Mac.
//!
//! Exit codes: 0 done, 1 the world refuses (the message says how to mend it), 2 bad input (nothing was sent).

use std::process::ExitCode;

use clap::Parser;
use device_trust::{Error, blueprint::Needs, keep, program};

/// Says whether JumpCloud is ready to deploy: Apple MDM, its push certificate, and each Mac with the reason if it cannot be reached.
///
/// Without tenants in the blueprint it runs against an embedded sandbox.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    common: program::OneOrganization,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    program::exit_code(arguments.common.run(Needs::JUMPCLOUD, async |_, tenants| {
        let found = keep::readiness(tenants).await?;
        let mut text = String::new();
        if let Some(days) = found.push_certificate_days_left {
            text += &format!("push certificate: {days} days left\n");
        }
        for mac in &found.macs {
            let state = if mac.is_eligible() {
                "ready".to_owned()
            } else {
                mac.reasons.join("; ")
            };
            text += &format!("  {:<28} {state}\n", mac.name);
        }
        for remark in &found.remarks {
            text += &format!("! {remark}\n");
        }
        program::say(text.trim_end());
        if found.is_ready() {
            Ok(())
        } else {
            Err(Error::refused("readiness", found.blocking.join("\n")))
        }
    }))
    .await
}
