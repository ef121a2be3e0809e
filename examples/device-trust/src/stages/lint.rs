//! What a Mac would make of the profile.

use mobileconfig::{
    Profile,
    lint::{Linter, Severity, Target},
    schema::OsVersion,
};
use scep_profile::lint::{Mdm, ScepRule};

use crate::{Error, Progress, Stage};

/// Checks the profile for Macs of JumpCloud: what a Mac would refuse ends the job, what it would take and do otherwise is
/// told.
pub(crate) fn lint(profile: &Profile, progress: &dyn Progress) -> Result<(), Error> {
    let linter = Linter::new().rule(ScepRule::new().mdm(Mdm::JumpCloud));
    let target = Target::macos(OsVersion::new(15, 0, 0));
    for finding in linter.lint(profile, &target) {
        match finding.severity {
            Severity::Error => return Err(Error::refused(Stage::Profile.name(), finding)),
            Severity::Warning => progress.line(&finding.to_string()),
            _ => {}
        }
    }
    Ok(())
}
