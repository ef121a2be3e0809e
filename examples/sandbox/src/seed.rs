//! What a fresh world starts with: the Macs, and the people who use them.

/// The Macs of a new world, in and outside JumpCloud's pilot device group.
///
/// One list seeds all three: Okta gets the users, JumpCloud the systems, the fleet the Macs.
///
/// ```
/// use device_trust_sandbox::Seed;
///
/// let seed = Seed::default();
/// assert_eq!(seed.macs.iter().filter(|mac| mac.in_pilot_group).count(), 3);
/// assert_eq!(seed.macs.len(), 4);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The Macs.
    pub macs: Vec<SeedMac>,
    /// Host-like part of the org's name, e.g. `sandbox`; used in logins and in the CA's names.
    pub org: String,
    /// Whether JumpCloud has an Apple MDM server with the Macs enrolled in it.
    pub apple_mdm: bool,
    /// Whether JumpCloud's administrator belongs to several organisations, so that `x-org-id` must be sent.
    pub multi_tenant: bool,
    /// Whether the administrator's role may read the organisation.
    pub reads_organization: bool,
}

/// One Mac and its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedMac {
    /// Computer name.
    pub name: String,
    /// Serial number.
    pub serial_number: String,
    /// Hardware UUID, upper case.
    pub udid: String,
    /// Hardware model, e.g. `Mac15,9`.
    pub model: String,
    /// macOS version, e.g. `15.6.1`.
    pub os_version: String,
    /// The user's Okta login, an e-mail address.
    pub user: String,
    /// The user's given name.
    pub first_name: String,
    /// The user's family name.
    pub last_name: String,
    /// Whether the Mac is in JumpCloud's device group `macOS pilot`.
    pub in_pilot_group: bool,
}

/// The JumpCloud device group that a fresh world has three Macs in.
pub const PILOT_DEVICE_GROUP: &str = "macOS pilot";
/// The Okta group with one user per Mac.
pub const PILOT_USER_GROUP: &str = "macOS pilot users";
/// The Okta group for the rule above all others.
pub const BREAK_GLASS_GROUP: &str = "Break glass admins";

impl Default for Seed {
    /// Three Macs in the pilot group and one outside it.
    fn default() -> Self {
        let mac = |n: u32, first: &str, last: &str, in_pilot_group| SeedMac {
            name: format!("{first}'s MacBook Pro"),
            serial_number: format!("SBX{n:07}"),
            udid: format!("5A4DB0C5-0000-4000-8000-{n:012X}"),
            model: "Mac15,9".to_owned(),
            os_version: "15.6.1".to_owned(),
            user: format!(
                "{}.{}@sandbox.example",
                first.to_lowercase(),
                last.to_lowercase()
            ),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            in_pilot_group,
        };
        Self {
            macs: vec![
                mac(1, "Ada", "Lovelace", true),
                mac(2, "Grace", "Hopper", true),
                mac(3, "Emmy", "Noether", true),
                mac(4, "Mary", "Somerville", false),
            ],
            org: "sandbox".to_owned(),
            apple_mdm: true,
            multi_tenant: false,
            reads_organization: true,
        }
    }
}
