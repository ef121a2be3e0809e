//! The simulated Macs: they do what JumpCloud's MDM tells them, enrol by real SCEP, and sign in with Okta Verify.
//!
//! A Mac looks at what JumpCloud has bound to it (in-process, as an MDM channel would tell it), reads each policy's
//! profile strictly, checks it as macOS does, obtains the certificate over HTTP and reports the result. It then
//! registers Okta Verify and signs in to its user's apps over HTTP, with a proof made by the certificate's key where it
//! has one that Okta Verify may use. It never holds a credential of an administrator.
//!
//! | JumpCloud's state | what the Mac does |
//! |---|---|
//! | a policy with a profile is bound | installs it; each SCEP payload means a key pair and an enrolment |
//! | the bound profile's bytes are as before | nothing |
//! | its bytes changed | installs it anew, with a new enrolment |
//! | the installation failed | keeps what it had, and does not try the same bytes again |
//! | the policy is no longer bound | removes the profile and its identities at once |
//! | software is bound | "installs" it: nothing is downloaded |

mod check;
mod enrolment;
mod failure;
mod inventory;
mod mac;
mod okta_verify;
mod profiles;
mod run;
mod scep_payload;

pub use mac::{App, Command, Identity, InstalledProfile, Mac};
pub use okta_verify::{Registration, SignIn};
pub use run::Pace;
pub(crate) use run::run;

use serde::{Deserialize, Serialize};

use crate::seed::Seed;

/// The Macs' state, with their private keys: `Debug` shows none of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The Macs in the order of the seed.
    pub macs: Vec<Mac>,
}

impl State {
    /// The seed's Macs. Those outside the pilot group have Okta Verify installed by hand.
    ///
    /// ```
    /// use device_trust_sandbox::{Seed, fleet};
    ///
    /// let fleet = fleet::State::seeded(&Seed::default());
    /// assert!(fleet.macs[0].apps.is_empty());
    /// assert_eq!(fleet.macs[3].apps[0].bundle_identifier, "com.okta.mobile");
    /// ```
    #[must_use]
    pub fn seeded(seed: &Seed) -> Self {
        Self {
            macs: seed.macs.iter().map(Mac::fresh).collect(),
        }
    }

    /// The Mac with this serial number.
    #[must_use]
    pub fn mac(&self, serial_number: &str) -> Option<&Mac> {
        self.macs
            .iter()
            .find(|mac| mac.serial_number == serial_number)
    }

    pub(crate) fn mac_mut(&mut self, serial_number: &str) -> Option<&mut Mac> {
        self.macs
            .iter_mut()
            .find(|mac| mac.serial_number == serial_number)
    }
}
