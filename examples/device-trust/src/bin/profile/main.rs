//! Shows, checks, compares, signs, encrypts and builds configuration profiles, without a Mac and without a network.
//!
//! `-` in place of a file is the standard input. No secret is ever printed; files with secrets are written with mode
//! 0600.

mod build;
mod diff;
mod encrypt;
mod identity;
mod lint;
mod show;
mod sign;
mod stream;
mod verify;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

/// Shows, checks, compares, signs, encrypts and builds Apple configuration profiles.
///
/// A profile is read as XML, binary or signed message (DER, BER, PEM), and `-` is the standard input. Secrets are
/// masked wherever something is printed.
#[derive(Debug, Parser)]
#[command(
    name = "profile",
    version,
    after_help = "Exit codes: 0 good; 1 lint found an error, diff a difference, verify a bad verdict; 2 unreadable or bad input, or nowhere to write to."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a profile with its secrets masked.
    Show(show::Arguments),
    /// Check a profile against Apple's schema and what is known of real devices.
    Lint(lint::Arguments),
    /// Print what differs between two profiles, payload by payload.
    Diff(diff::Arguments),
    /// Sign a profile.
    Sign(sign::Arguments),
    /// Check signature, chain, time and signer, each by itself.
    Verify(verify::Arguments),
    /// Encrypt the payloads to devices.
    Encrypt(encrypt::Seal),
    /// Decrypt the payloads with a device's identity.
    Decrypt(encrypt::Open),
    /// Build the device-trust profile that a blueprint describes.
    Build(build::Arguments),
}

/// What a command came to.
enum Outcome {
    Good,
    /// The input was read and is not as it should be.
    Bad,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Show(arguments) => show::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Encrypt(arguments) => encrypt::seal(&arguments),
        Command::Decrypt(arguments) => encrypt::open(&arguments),
        Command::Build(arguments) => build::run(&arguments),
    };
    match outcome {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Bad) => ExitCode::from(1),
        Err(error) => {
            // Nothing sensible is left to do when stderr is gone.
            let _ = writeln!(io::stderr(), "profile: {error}");
            ExitCode::from(2)
        }
    }
}
