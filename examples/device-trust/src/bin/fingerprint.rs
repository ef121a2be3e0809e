//! Prints the fingerprints of CA certificates in every spelling, and compares them with one that is expected.
//!
//! Exit codes: 0 done and as expected, 1 not as expected or not to be had, 2 bad input, or nowhere to write to.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use device_trust::program::{print, read_at_most};
use jiff::Timestamp;
use scep_profile::{CaCertificate, Fingerprint, FingerprintAlgorithm, ScepUrl, client::Client};
use serde::Serialize;

/// Prints the fingerprints of CA certificates from files (PEM, DER, PKCS#7) and SCEP servers (GetCACert).
///
/// What a SCEP server hands out is only as good as the way it came: compare it with the certificate from the admin
/// console.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 done and as expected, 1 not as expected or not to be had, 2 bad input, or nowhere to write to."
)]
struct Arguments {
    /// Fail unless every source has a certificate with this fingerprint, in any usual spelling.
    #[arg(long, value_name = "FINGERPRINT", value_parser = Fingerprint::parse)]
    expect: Option<Fingerprint>,
    /// Print SHA-1, which macOS 12 and earlier need, in place of SHA-256.
    #[arg(long)]
    sha1: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Files, or the URLs of SCEP servers.
    #[arg(required = true, value_name = "FILE|URL")]
    sources: Vec<String>,
}

/// What one source has.
#[derive(Serialize)]
struct Source {
    source: String,
    certificates: Vec<Certificate>,
    /// Whether one of them is the expected one.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_expected: Option<bool>,
}

#[derive(Serialize)]
struct Certificate {
    subject: String,
    issuer: String,
    root: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
    algorithm: String,
    colon_hex: String,
    hex: String,
    base64: String,
    openssl: String,
}

/// Why a source has nothing to show.
enum Failure {
    Input(String),
    Output(String),
    World(String),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(as_expected) => ExitCode::from(u8::from(!as_expected)),
        Err(failure) => {
            let (text, code) = match failure {
                Failure::World(text) => (text, 1),
                Failure::Input(text) | Failure::Output(text) => (text, 2),
            };
            // Nothing sensible is left to do when stderr is gone.
            let _ = writeln!(io::stderr(), "{text}");
            ExitCode::from(code)
        }
    }
}

async fn run(arguments: &Arguments) -> Result<bool, Failure> {
    let algorithm = match (&arguments.expect, arguments.sha1) {
        (_, true) => FingerprintAlgorithm::Sha1,
        (Some(expected), false) => expected.algorithm(),
        (None, false) => FingerprintAlgorithm::Sha256,
    };
    let mut sources = Vec::new();
    for source in &arguments.sources {
        let certificates = read(source).await?;
        let expected = arguments.expect.as_ref();
        sources.push(Source {
            source: source.clone(),
            as_expected: expected.map(|expected| {
                certificates
                    .iter()
                    .any(|certificate| expected.is_of(certificate.der()))
            }),
            certificates: certificates
                .iter()
                .map(|certificate| Certificate::new(certificate, algorithm))
                .collect(),
        });
    }
    let text = if arguments.json {
        serde_json::to_string_pretty(&sources).map_err(|error| Failure::World(error.to_string()))?
    } else {
        sources.iter().map(ToString::to_string).collect()
    };
    print(&format!("{}\n", text.trim_end())).map_err(Failure::Output)?;
    Ok(sources
        .iter()
        .all(|source| source.as_expected != Some(false)))
}

async fn read(source: &str) -> Result<Vec<CaCertificate>, Failure> {
    if !source.contains("://") {
        return read_file(Path::new(source));
    }
    let url = ScepUrl::parse_allowing_http(source)
        .map_err(|error| Failure::Input(format!("{source}: {error}")))?;
    let from_wire = async { Client::new(url)?.get_ca_certs().await };
    match from_wire.await {
        Ok(certificates) => Ok(certificates.certificates().to_vec()),
        Err(error) => Err(Failure::World(error.to_string())),
    }
}

/// More than any bundle of CA certificates has.
const MAX_BYTES: usize = 16 << 20;

fn read_file(path: &Path) -> Result<Vec<CaCertificate>, Failure> {
    let name = PathBuf::from(path);
    let bytes = std::fs::File::open(path)
        .and_then(|file| read_at_most(MAX_BYTES, file))
        .map_err(|error| Failure::Input(format!("{}: {error}", name.display())))?;
    CaCertificate::read_all(&bytes)
        .map_err(|error| Failure::Input(format!("{}: {error}", name.display())))
}

impl Certificate {
    fn new(certificate: &CaCertificate, algorithm: FingerprintAlgorithm) -> Self {
        let fingerprint = certificate.fingerprint(algorithm);
        let name = algorithm.to_string();
        Self {
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            root: certificate.is_root(),
            expires: Timestamp::try_from(certificate.validity().1).ok(),
            colon_hex: fingerprint.colon_hex(),
            hex: fingerprint.hex(),
            base64: fingerprint.base64(),
            openssl: format!(
                "{} Fingerprint={}",
                name.replace('-', "").to_lowercase(),
                fingerprint.colon_hex()
            ),
            algorithm: name,
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.source)?;
        for certificate in &self.certificates {
            let mut kind = String::new();
            if certificate.root {
                kind.push_str(" (root)");
            }
            if let Some(expires) = certificate.expires {
                write!(kind, ", until {}", expires.strftime("%Y-%m-%d"))?;
            }
            writeln!(f, "  {}{kind}", certificate.subject)?;
            for (spelling, text) in [
                ("colon hex", &certificate.colon_hex),
                ("bare hex", &certificate.hex),
                ("base64", &certificate.base64),
                ("openssl", &certificate.openssl),
            ] {
                writeln!(f, "    {} {spelling:<10} {text}", certificate.algorithm)?;
            }
        }
        match self.as_expected {
            Some(true) => writeln!(f, "  as expected"),
            Some(false) => writeln!(
                f,
                "  NOT AS EXPECTED: no certificate has the expected fingerprint"
            ),
            None => Ok(()),
        }
    }
}
