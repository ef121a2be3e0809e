//! What the small programs have in common: their options, the choice between real tenants and the embedded sandbox, and
//! how they end.

mod each_tenant;
mod journal;

use std::{
    future::Future,
    io::{self, Read as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

pub use self::each_tenant::{EachTenant, Here};
pub use self::journal::JournalFile;
use crate::{Blueprint, Error, Overrides, Tenants, blueprint::Needs, embedded::Embedded};

/// The options that every program over a blueprint has.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// What was set up.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "examples/device-trust.toml"
    )]
    pub blueprint: PathBuf,
    /// Load the sandbox's state from FILE if it is there, and save it there in the end. It holds the secrets.
    #[arg(long, value_name = "FILE")]
    pub keep_world: Option<PathBuf>,
    /// The JumpCloud organisation, in place of jumpcloud.org_id: 24 hexadecimal digits. Where the blueprint has tenants, the
    /// one that is meant, by its id or name.
    #[arg(long, value_name = "ID")]
    pub org: Option<String>,
}

impl Common {
    /// Loads the blueprint and does `work` on the tenants that it names, or on those of an embedded sandbox, whose world
    /// is saved in the end also when the work fails. `needs` says which secrets of real tenants the work uses.
    ///
    /// # Errors
    /// [`Error::Input`] when the blueprint or the options are bad; what `work` fails with.
    pub async fn run(
        &self,
        needs: Needs,
        work: impl AsyncFnOnce(&Blueprint, &Tenants) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let overrides = self.overrides();
        let environment = |name: &str| std::env::var(name).ok();
        let (blueprint, secrets) =
            Blueprint::load_for(needs, &self.blueprint, &overrides, environment)?;
        if !blueprint.uses_sandbox() {
            refuse_world(self.keep_world.as_ref())?;
            let tenants = Tenants::real_for(needs, &blueprint, &secrets)?;
            return Box::pin(work(&blueprint, &tenants)).await;
        }
        let embedded = Embedded::start(&secrets, self.keep_world.as_deref()).await?;
        let tenants = Tenants::sandbox(&blueprint, &embedded)?;
        let result = Box::pin(work(&blueprint, &tenants)).await;
        embedded.stop().await?;
        result
    }

    fn overrides(&self) -> Overrides {
        Overrides {
            jumpcloud_org: self.org.clone(),
            ..Overrides::default()
        }
    }
}

/// Refuses a world to keep where real tenants are named.
///
/// # Errors
/// [`Error::Input`] when there is one.
pub fn refuse_world(keep_world: Option<&PathBuf>) -> Result<(), Error> {
    match keep_world {
        None => Ok(()),
        Some(_) => Err(Error::input(
            "command line",
            "--keep-world is for the embedded sandbox, and the blueprint names tenants",
            "leave --keep-world out",
        )),
    }
}

/// The exit code of a program: 0 done, 1 the world refuses, 2 bad input. An error goes to stderr.
pub async fn exit_code(run: impl Future<Output = Result<(), Error>>) -> ExitCode {
    match run.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing sensible is left to do when stderr is gone.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// Prints to stdout what a program is there to print. A reader that went away (`| head`) has seen enough.
///
/// # Errors
///
/// If it cannot be written for another reason, such as a full disk.
pub fn print(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match reader_stays(written) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("the standard output cannot be written: {error}")),
    }
}

/// Whether the reader of stdout is still there, from how a write to it ended. One that went away (`| head`) has seen enough.
///
/// # Errors
///
/// If the write failed for another reason, such as a full disk.
pub fn reader_stays(written: io::Result<()>) -> io::Result<bool> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true),
    }
}

/// The whole of a source, of which no more than one byte beyond the limit is held in memory.
///
/// # Errors
///
/// If it cannot be read or has more than `limit` bytes.
///
/// ```
/// use device_trust::program::read_at_most;
///
/// assert_eq!(read_at_most(4, &b"four"[..])?, b"four");
/// assert!(read_at_most(3, &b"four"[..]).is_err());
/// assert!(read_at_most(3, std::io::repeat(0)).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read_at_most(limit: usize, source: impl io::Read) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    source
        .take((limit as u64).saturating_add(1))
        .read_to_end(&mut content)?;
    if content.len() > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {limit} bytes, which is the limit"),
        ));
    }
    Ok(content)
}

/// Prints to stdout. A reader that went away (`| head`) is no reason to leave the job half done.
pub fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
