//! What the job tells while it runs. The library speaks to this trait; the programs decide how it looks.

/// Receives what happens, in order. No call ever carries a secret.
pub trait Progress {
    /// A stage begins.
    fn stage(&self, stage: Stage);
    /// A line for people within the stage.
    fn line(&self, text: &str);
    /// `done` of `total` are through: changes applied, Macs reported, Macs signed in.
    fn count(&self, done: usize, total: usize, what: &str);
}

/// The job's stages, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stage {
    /// The SCEP URL answers and its CA is the expected one.
    Preflight,
    /// The profile is built.
    Profile,
    /// Both tenants are read and the changes listed.
    Plan,
    /// One real enrolment proves the challenge.
    Challenge,
    /// The changes are made.
    Apply,
    /// The Macs install the profile and enrol.
    Macs,
    /// The System Log shows managed sign-ins under our rule and unmanaged ones at the catch-all.
    Proof,
    /// The catch-all is set to DENY.
    Enforce,
    /// The System Log shows success on managed Macs and failure on unmanaged ones.
    Verify,
}

impl Stage {
    /// The stage's name as it is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Profile => "profile",
            Self::Plan => "plan",
            Self::Challenge => "challenge",
            Self::Apply => "apply",
            Self::Macs => "macs",
            Self::Proof => "proof",
            Self::Enforce => "enforce",
            Self::Verify => "verify",
        }
    }
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _stage: Stage) {}
    fn line(&self, _text: &str) {}
    fn count(&self, _done: usize, _total: usize, _what: &str) {}
}
