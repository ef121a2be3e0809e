//! Keys and certificates from the command line. A password comes from a variable or a file, never from an argument, which
//! every user of the machine can read.

use std::path::{Path, PathBuf};

use clap::Args;
use mobileconfig::cms::{Identity, armour, read_certificates};
use secrecy::SecretString;

use crate::stream;

#[derive(Debug, Args)]
pub(crate) struct Source {
    /// The private key with its certificates: PEM in any order, or PKCS#12.
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// More certificates, where the identity has only its key or lacks intermediates.
    #[arg(long = "certificate", value_name = "FILE")]
    certificates: Vec<PathBuf>,
    /// The variable with the identity's password.
    #[arg(long, value_name = "NAME", conflicts_with = "password_file")]
    password_env: Option<String>,
    /// The file with the identity's password; a final line break is not part of it.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Source {
    pub(crate) fn load(&self) -> Result<Identity, String> {
        let mut file = stream::read(&self.identity)?;
        let password = self.password()?;
        let more = self
            .certificates
            .iter()
            .map(|file| certificates(file))
            .collect::<Result<Vec<_>, _>>()?;
        let about = |error| stream::about(&self.identity, error);
        if more.is_empty() {
            return Identity::from_file(file, password.as_ref()).map_err(about);
        }
        if armour::is_armoured(&file) {
            // A key and its certificates are one PEM text, whatever files they come from.
            for der in more.concat() {
                file.push(b'\n');
                file.extend_from_slice(armour::encode("CERTIFICATE", &der).as_bytes());
            }
            return Identity::from_file(file, password.as_ref()).map_err(about);
        }
        // PKCS#12 brings its own certificates, a key in DER none.
        match Identity::from_file(&file, password.as_ref()) {
            Ok(identity) => {
                let own = identity.certificates().to_vec();
                Identity::new(identity.key().clone(), own.into_iter().chain(more.concat()))
                    .map_err(about)
            }
            Err(_) => {
                let key = mobileconfig::cms::PrivateKey::from_file(&file, password.as_ref())
                    .map_err(about)?;
                Identity::new(key, more.concat()).map_err(about)
            }
        }
    }

    fn password(&self) -> Result<Option<SecretString>, String> {
        if let Some(name) = &self.password_env {
            return match std::env::var(name) {
                Ok(password) => Ok(Some(password.into())),
                Err(_) => Err(format!("the variable {name} with the password is not set")),
            };
        }
        let Some(file) = &self.password_file else {
            return Ok(None);
        };
        let content = SecretString::from(
            String::from_utf8(stream::read(file)?)
                .map_err(|_| stream::about(file, "the password is not UTF-8"))?,
        );
        let text = secrecy::ExposeSecret::expose_secret(&content);
        let text = text.strip_suffix('\n').unwrap_or(text);
        Ok(Some(text.strip_suffix('\r').unwrap_or(text).into()))
    }
}

/// The certificates in a file, DER.
pub(crate) fn certificates(file: &Path) -> Result<Vec<Vec<u8>>, String> {
    read_certificates(stream::read(file)?).map_err(|error| stream::about(file, error))
}

/// The certificates in several files.
pub(crate) fn all_certificates(files: &[PathBuf]) -> Result<Vec<Vec<u8>>, String> {
    let lists = files.iter().map(|file| certificates(file));
    lists
        .collect::<Result<Vec<_>, _>>()
        .map(|lists| lists.concat())
}
