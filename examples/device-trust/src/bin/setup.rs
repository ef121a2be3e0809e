//! Sets device trust up, proves it and closes the catch-all: the whole job from one blueprint.
//!
//! Exit codes: 0 done, 1 the world refuses (the message says how to mend it), 2 bad input (nothing was sent).

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use device_trust::{
    Blueprint, Error, Job, Output, Overrides, Report, Secrets, Tenants, Verdict,
    embedded::Embedded, program, program::say, terminal::Terminal,
};

/// Sets up macOS device trust between JumpCloud MDM and Okta FastPass, proves it, and then denies unmanaged Macs.
///
/// Without tenants in the blueprint it runs against an embedded sandbox. Secrets come from OKTA_API_TOKEN,
/// JUMPCLOUD_API_KEY and SCEP_CHALLENGE, or from files that the blueprint names.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 done, 1 the world refuses, 2 bad input (nothing was sent)."
)]
struct Arguments {
    /// What to set up.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "examples/device-trust.toml"
    )]
    blueprint: PathBuf,
    /// Where device-trust.mobileconfig, plan.json, evidence.json and report.html go.
    #[arg(long, value_name = "DIR", default_value = "target/device-trust")]
    out: PathBuf,
    /// The Okta org, in place of okta.url.
    #[arg(long, value_name = "URL")]
    okta_url: Option<String>,
    /// The JumpCloud console, in place of jumpcloud.url.
    #[arg(long, value_name = "URL")]
    jumpcloud_url: Option<String>,
    /// The JumpCloud organisation, in place of jumpcloud.org_id: 24 hexadecimal digits. Where the blueprint has tenants, the
    /// one that is meant, by its id or name.
    #[arg(long, value_name = "ID")]
    org: Option<String>,
    /// Load the sandbox's state from FILE if it is there, and save it there in the end. It holds the secrets.
    #[arg(long, value_name = "FILE")]
    keep_world: Option<PathBuf>,
    /// Print and write the plan, and stop before anything is changed.
    #[arg(long)]
    plan_only: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    program::exit_code(run(Arguments::parse())).await
}

async fn run(arguments: Arguments) -> Result<(), Error> {
    let overrides = Overrides {
        okta_url: arguments.okta_url.clone(),
        jumpcloud_url: arguments.jumpcloud_url.clone(),
        jumpcloud_org: arguments.org.clone(),
    };
    let (blueprint, secrets) = Blueprint::load(&arguments.blueprint, &overrides, |name| {
        std::env::var(name).ok()
    })?;
    files_can_be_written(&arguments)?;
    if blueprint.uses_sandbox() {
        Box::pin(on_sandbox(&arguments, blueprint, &secrets)).await
    } else {
        program::refuse_world(arguments.keep_world.as_ref())?;
        let tenants = Tenants::real(&blueprint, &secrets)?;
        Box::pin(job(&arguments, blueprint, tenants)).await
    }
}

/// Looked at before anything is sent, so that no result is lost for want of a folder.
fn files_can_be_written(arguments: &Arguments) -> Result<(), Error> {
    if arguments.out.exists() && !arguments.out.is_dir() {
        return Err(Error::input(
            &arguments.out,
            "is not a folder",
            "--out target/device-trust",
        ));
    }
    let folder = arguments
        .keep_world
        .as_ref()
        .and_then(|world| world.parent());
    match folder {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => Err(Error::input(
            folder,
            "is not a folder",
            "--keep-world in a folder that is there",
        )),
        _ => Ok(()),
    }
}

async fn on_sandbox(
    arguments: &Arguments,
    blueprint: Blueprint,
    secrets: &Secrets,
) -> Result<(), Error> {
    let embedded = Embedded::start(secrets, arguments.keep_world.as_deref()).await?;
    say(&format!(
        "no tenants named: this runs against the embedded sandbox\n  Okta      {}\n  JumpCloud {}\n",
        embedded.sandbox().okta_url(),
        embedded.sandbox().jumpcloud_url()
    ));
    let tenants = Tenants::sandbox(&blueprint, &embedded)?;
    let result = job(arguments, blueprint, tenants).await;
    let traffic = embedded.traffic();
    // A world is saved after a refusal too: the next run goes on from there.
    embedded.stop().await?;
    result?;
    say(&format!(
        "requests: {} reads, {} writes",
        traffic.reads, traffic.writes
    ));
    Ok(())
}

async fn job(arguments: &Arguments, blueprint: Blueprint, tenants: Tenants) -> Result<(), Error> {
    let output = Output::new(&arguments.out);
    let terminal = Terminal::new();
    let job = Job::new(blueprint, tenants, output.clone());
    if arguments.plan_only {
        let planned = job.plan(&terminal).await?;
        terminal.clear();
        say(&planned.to_string());
        return Ok(());
    }
    let report = job
        .run(&terminal, |planned| terminal.aside(&planned.to_string()))
        .await?;
    terminal.clear();
    show(&report, &output);
    Ok(())
}

fn show(report: &Report, output: &Output) {
    let mut text = match report.changes {
        1 => "\n1 change was made\n".to_owned(),
        n => format!("\n{n} changes were made\n"),
    };
    for mac in &report.macs {
        let group = if mac.in_group { "managed" } else { "unmanaged" };
        let before = match &mac.before {
            Some(counts) if counts.managed_success > 0 => "matched the managed rule, then ",
            Some(counts) if counts.predicted_denial > 0 => {
                "fell to the catch-all while it still allowed, then "
            }
            _ => "",
        };
        text += &format!(
            "  {:<24} {group:<10} {before}{}\n",
            mac.name,
            mac.verdict.as_str()
        );
    }
    let refused = report
        .macs
        .iter()
        .filter(|mac| !mac.in_group && mac.verdict == Verdict::Failure)
        .count();
    text += &format!("the catch-all denies: {refused} unmanaged refused\nwritten:\n");
    for name in [
        Output::PROFILE,
        Output::PLAN,
        Output::EVIDENCE,
        Output::REPORT,
    ] {
        text += &format!("  {}\n", output.path(name).display());
    }
    say(text.trim_end());
}
