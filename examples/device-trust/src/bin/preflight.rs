//! Proves a SCEP server before any Mac sees the profile: URL, CA and, with `--enroll`, the challenge.
//!
//! Exit codes: 0 all proven, 1 something was refused, 2 bad input (nothing was sent), or nowhere to write to.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use device_trust::program::print;
use scep_profile::{
    Fingerprint, ScepPayload, ScepUrl, Subject,
    preflight::{self, CheckSubject, Status},
};
use secrecy::SecretString;

/// Proves a SCEP server before any Mac sees the profile.
///
/// The challenge comes from SCEP_CHALLENGE or a file, never from the command line, where every user of the machine
/// could read it.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 all proven, 1 something was refused, 2 bad input (nothing was sent), or nowhere to write to."
)]
struct Arguments {
    /// The SCEP URL from the admin console.
    #[arg(long)]
    url: String,
    /// The fingerprint of the CA certificate from the admin console, in any usual spelling. Without it nothing is
    /// proven: the report shows what the server has, to compare.
    #[arg(long, value_name = "FINGERPRINT", value_parser = Fingerprint::parse)]
    fingerprint: Option<Fingerprint>,
    /// Enrol once for real, with a throw-away key: only that proves the challenge. It leaves a certificate at the CA.
    #[arg(long)]
    enroll: bool,
    /// A file with the challenge, in place of SCEP_CHALLENGE.
    #[arg(long, value_name = "FILE", requires = "enroll")]
    challenge_file: Option<PathBuf>,
    /// The subject to ask for.
    #[arg(long, default_value = "CN=preflight", value_parser = Subject::parse)]
    subject: Subject,
    /// The instance of the server (Name of the payload).
    #[arg(long)]
    name: Option<String>,
    /// Allow http to another machine: the fingerprint is the only protection then.
    #[arg(long)]
    allow_http: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match payload(&arguments) {
        Ok(payload) => run(&arguments, &payload).await,
        Err(problem) => unusable(&problem),
    }
}

fn unusable(problem: &str) -> ExitCode {
    // Nothing sensible is left to do when stderr is gone.
    let _ = writeln!(io::stderr(), "{problem}");
    ExitCode::from(2)
}

async fn run(arguments: &Arguments, payload: &ScepPayload) -> ExitCode {
    let report = if arguments.enroll {
        preflight::check_and_enroll(payload).await
    } else {
        preflight::check(payload).await
    };
    let enrolled = report
        .check(CheckSubject::Enrollment)
        .is_some_and(|check| check.status == Status::Passed);
    let text = if arguments.json {
        serde_json::to_string_pretty(&report).unwrap_or_default()
    } else {
        format!(
            "{report}\nnote: an MDM server hands the profile, and with it the challenge, back in clear to everyone who \
             may read its policies"
        )
    };
    if let Err(problem) = print(&format!("{}\n", text.trim_end())) {
        return unusable(&problem);
    }
    ExitCode::from(u8::from(
        !(report.passed() && (enrolled || !arguments.enroll)),
    ))
}

fn payload(arguments: &Arguments) -> Result<ScepPayload, String> {
    let url = if arguments.allow_http {
        ScepUrl::parse_allowing_http(&arguments.url)
    } else {
        ScepUrl::parse(&arguments.url)
    };
    let url = url.map_err(|error| format!("--url: {error}"))?;
    let challenge = if arguments.enroll {
        challenge(arguments)?
    } else {
        // Nothing is asked for, so there is nothing to prove oneself for.
        SecretString::default()
    };
    let mut payload = ScepPayload::new(url, challenge).subject(arguments.subject.clone());
    payload.name.clone_from(&arguments.name);
    payload.ca_fingerprint.clone_from(&arguments.fingerprint);
    Ok(payload)
}

fn challenge(arguments: &Arguments) -> Result<SecretString, String> {
    let text = match &arguments.challenge_file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| format!("--challenge-file {}: {error}", path.display()))?,
        None => std::env::var("SCEP_CHALLENGE").map_err(|_| {
            "SCEP_CHALLENGE is not set, or no UTF-8: put the secret key from the admin console there, or into a file for \
             --challenge-file"
                .to_owned()
        })?,
    };
    // An editor ends a file with a line end; the secret has none.
    let challenge = text.trim_end_matches(['\r', '\n']);
    if challenge.trim().is_empty() {
        return Err(
            "the challenge is empty: give the secret key from the admin console".to_owned(),
        );
    }
    Ok(challenge.into())
}
