//! Why a profile could not be installed: what the Mac reports, and what really happened.

use crate::jumpcloud::mdm::CommandError;

/// A failed `InstallProfile`.
///
/// macOS reports every SCEP failure with one generic text; the reason stays on the Mac.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) reported: CommandError,
    pub(crate) reason: String,
}

impl Failure {
    /// A profile or payload that macOS does not take. The domain and code are not confirmed by a source.
    pub(crate) fn profile(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            reported: CommandError {
                domain: "MCProfileErrorDomain",
                code: 1000,
                description: format!("The profile is invalid: {reason}"),
            },
            reason,
        }
    }

    /// An enrolment that gave no certificate.
    pub(crate) fn scep(reason: impl Into<String>) -> Self {
        Self {
            reported: CommandError {
                domain: "MDM-SCEP",
                code: 15002,
                description: "Unable to obtain certificate from SCEP server".to_owned(),
            },
            reason: reason.into(),
        }
    }
}
