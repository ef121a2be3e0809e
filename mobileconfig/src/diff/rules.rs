use std::collections::BTreeSet;

use crate::keys;

/// Something that an MDM server is seen to do to a profile that it stores or delivers, and that changes nothing for the
/// device, or nothing that was meant.
///
/// | rewrite | seen |
/// |---|---|
/// | [`Envelope`](Self::Envelope) | the server signs what was not signed, signs anew, or takes a signature off |
/// | [`Uuid`](Self::Uuid) | `PayloadUUID` of profile and payloads; references to payloads follow |
/// | [`Identifier`](Self::Identifier) | `PayloadIdentifier` of profile and payloads |
/// | [`Organization`](Self::Organization) | `PayloadOrganization` |
/// | [`RemovalDisallowed`](Self::RemovalDisallowed) | `PayloadRemovalDisallowed` |
/// | [`Enabled`](Self::Enabled) | `PayloadEnabled`, which Apple does not document, is added |
/// | [`Order`](Self::Order) | payloads in another order |
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rewrite {
    /// The signed message around the profile.
    Envelope,
    /// `PayloadUUID`, and values that name another payload's.
    Uuid,
    /// `PayloadIdentifier`.
    Identifier,
    /// `PayloadOrganization`.
    Organization,
    /// `PayloadRemovalDisallowed`.
    RemovalDisallowed,
    /// `PayloadEnabled`.
    Enabled,
    /// The order of payloads.
    Order,
}

impl Rewrite {
    const ALL: [Self; 7] = [
        Self::Envelope,
        Self::Uuid,
        Self::Identifier,
        Self::Organization,
        Self::RemovalDisallowed,
        Self::Enabled,
        Self::Order,
    ];

    /// The rewrite that a difference under this key of a profile or payload can be.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        match key {
            keys::UUID => Some(Self::Uuid),
            keys::IDENTIFIER => Some(Self::Identifier),
            keys::ORGANIZATION => Some(Self::Organization),
            keys::REMOVAL_DISALLOWED => Some(Self::RemovalDisallowed),
            keys::ENABLED => Some(Self::Enabled),
            _ => None,
        }
    }
}

/// Which differences are put down to the MDM server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Rules {
    rewrites: BTreeSet<Rewrite>,
}

impl Default for Rules {
    /// [`Rules::strict`].
    fn default() -> Self {
        Self::strict()
    }
}

impl Rules {
    /// What differs for a device, differs: only the order of payloads is none.
    pub fn strict() -> Self {
        Self::exact().allow(Rewrite::Order)
    }

    /// Nothing is put down to anybody.
    pub fn exact() -> Self {
        Self {
            rewrites: BTreeSet::new(),
        }
    }

    /// All that MDM servers are seen to rewrite. Payloads are then recognised by their type and content when their
    /// identifiers and UUIDs are new.
    pub fn mdm() -> Self {
        Self {
            rewrites: Rewrite::ALL.into(),
        }
    }

    /// Puts one more kind of difference down to the server.
    pub fn allow(mut self, rewrite: Rewrite) -> Self {
        self.rewrites.insert(rewrite);
        self
    }

    /// Counts a kind of difference again.
    pub fn forbid(mut self, rewrite: Rewrite) -> Self {
        self.rewrites.remove(&rewrite);
        self
    }

    /// Whether such a difference is put down to the server.
    #[must_use]
    pub fn allows(&self, rewrite: Rewrite) -> bool {
        self.rewrites.contains(&rewrite)
    }
}
