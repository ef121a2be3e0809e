use std::{fmt::Write as _, path::PathBuf, time::SystemTime};

use clap::{Args, ValueEnum};
use device_trust::program::print;
use mobileconfig::cms::{
    ChainVerdict, Digest, SignatureVerdict, SignerVerdict, TimeVerdict, Trust, Verdicts, verify,
};

use crate::{
    Outcome,
    identity::{all_certificates, certificates},
    stream::{self, harmless},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The signed profile.
    file: PathBuf,
    /// Certificates to trust as roots; the system's are not asked.
    #[arg(long = "root", value_name = "FILE")]
    roots: Vec<PathBuf>,
    /// Certificates that may lead to a root, beside those in the message.
    #[arg(long = "intermediate", value_name = "FILE")]
    intermediates: Vec<PathBuf>,
    /// Look at the certificates as of this time, such as 2026-01-31T12:00:00Z; now, unless given.
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
    /// The certificate that the signer is expected to have.
    #[arg(long, value_name = "FILE")]
    signer: Option<PathBuf>,
    /// The verdicts that decide the exit code.
    #[arg(
        long,
        value_name = "VERDICTS",
        value_delimiter = ',',
        default_value = "signature,chain,time,signer"
    )]
    require: Vec<Question>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Write the content here, only if all required verdicts are good.
    #[arg(long, value_name = "FILE")]
    content: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Question {
    Signature,
    Chain,
    Time,
    Signer,
}

impl Question {
    fn is_good(self, verdicts: &Verdicts) -> bool {
        match self {
            Self::Signature => verdicts.signature == SignatureVerdict::Valid,
            Self::Chain => verdicts.chain == ChainVerdict::Trusted,
            Self::Time => verdicts.time == TimeVerdict::Valid,
            Self::Signer => matches!(
                verdicts.signer,
                SignerVerdict::Expected | SignerVerdict::NotAsked
            ),
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let mut trust = Trust::new(&all_certificates(&arguments.roots)?)
        .intermediates(&all_certificates(&arguments.intermediates)?)
        .at(match arguments.at {
            Some(at) => SystemTime::try_from(at).map_err(|error| format!("--at: {error}"))?,
            None => SystemTime::now(),
        });
    if let Some(file) = &arguments.signer {
        let [certificate] = certificates(file)?
            .try_into()
            .map_err(|_| stream::about(file, "one certificate is expected, that of the signer"))?;
        trust = trust.expect_signer(certificate);
    }
    let verified = verify(stream::read(&arguments.file)?, &trust)
        .map_err(|error| stream::about(&arguments.file, error))?;
    let is_good = |signer: &Verdicts| {
        arguments
            .require
            .iter()
            .all(|question| question.is_good(signer))
    };
    let good = !verified.signers.is_empty() && verified.signers.iter().all(is_good);
    let text = if arguments.json {
        let json = serde_json::json!({ "signers": verified.signers });
        format!("{json:#}\n")
    } else {
        describe(&verified.signers)
    };
    match &arguments.content {
        Some(file) => {
            // The content may go to the standard output, so the verdicts do not.
            let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
            if good {
                stream::write(file, &verified.content)?;
            }
        }
        None => print(&text)?,
    }
    Ok(if good { Outcome::Good } else { Outcome::Bad })
}

fn describe(signers: &[Verdicts]) -> String {
    let mut text = String::new();
    if signers.is_empty() {
        text.push_str("signature  nobody signed: the message only carries certificates\n");
    }
    for (index, signer) in signers.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let digest = match signer.digest {
            Some(Digest::Sha1) => ", by SHA-1, which is broken".to_owned(),
            Some(digest) if signer.signature == SignatureVerdict::Valid => format!(", by {digest}"),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "signature  {}{digest}",
            harmless(&signer.signature.to_string())
        );
        let _ = writeln!(text, "chain      {}", harmless(&signer.chain.to_string()));
        let _ = writeln!(
            text,
            "time       {}, as of {}",
            harmless(&signer.time.to_string()),
            time(signer.as_of)
        );
        let _ = writeln!(text, "signer     {}", signer.signer);
        if let Some(claimed) = signer.signing_time {
            let _ = writeln!(
                text,
                "           claims to have signed at {}",
                time(claimed)
            );
        }
        for (place, certificate) in signer.path.iter().enumerate() {
            let _ = writeln!(
                text,
                "{:<11}{} until {}\n           sha256 {}",
                if place == 0 { "path" } else { "" },
                harmless(&certificate.subject),
                time(certificate.not_after),
                certificate.sha256
            );
        }
    }
    text
}

/// To the second, as certificates have it; the fraction is cut off, as in the JSON.
fn time(time: SystemTime) -> String {
    let second = jiff::TimestampRound::new()
        .smallest(jiff::Unit::Second)
        .mode(jiff::RoundMode::Trunc);
    jiff::Timestamp::try_from(time)
        .and_then(|time| time.round(second))
        .map_or_else(|_| "an unknown time".to_owned(), |time| time.to_string())
}
