//! Apple's schema of profile payloads, as facts.
//!
//! Every payload type that Apple documents for configuration profiles, on all five systems: which keys it has, of which type,
//! required or not, with which default and range, since when and where. The data is a file in the crate
//! (`schema/apple-profiles.facts`, its format described beside it) that is read once, on first use.
//!
//! The facts are Apple's as they stand, including where devices are known to differ: what
//! [`lint`](crate::lint()) makes of them is a question of its own.
//!
//! ```
//! use mobileconfig::schema::{Kind, Literal, Os, Presence, Schema};
//!
//! let scep = Schema::apple().payload("com.apple.security.scep").unwrap();
//! let size = scep.key("PayloadContent/Keysize").unwrap();
//! assert_eq!(size.kind(), Kind::Integer);
//! assert_eq!(size.presence(), Some(Presence::Optional));
//! assert_eq!(size.default(), Some(Literal::Integer(1024)));
//! assert_eq!(size.allowed(), [1024, 2048, 4096].map(Literal::Integer));
//!
//! let extractable = scep.key("PayloadContent/KeyIsExtractable").unwrap();
//! assert_eq!(extractable.availability(Os::MacOs).introduced, Some("10.13.4".parse()?));
//! # Ok::<(), mobileconfig::Error>(())
//! ```

mod key;
mod os;
mod parse;

use std::{fmt, sync::OnceLock};

pub(crate) use key::number;
pub use key::{Key, Kind, Literal, Presence, Range};
pub use os::{Availability, Os, OsVersion};

use key::Node;

/// The facts of a schema. The only one there is, is [`Schema::apple`].
pub struct Schema {
    nodes: Vec<Node>,
    /// Sorted by payload type.
    parts: Vec<PartNode>,
}

struct PartNode {
    payload_type: &'static str,
    file: &'static str,
    systems: os::Statements,
    first: usize,
    end: usize,
}

impl Schema {
    /// Apple's schema.
    ///
    /// Read from the crate's data on the first call, in less than two milliseconds; later calls cost nothing.
    #[must_use]
    pub fn apple() -> &'static Self {
        static APPLE: OnceLock<Schema> = OnceLock::new();
        APPLE.get_or_init(Self::load)
    }

    /// Reads the data once more, for measuring what [`apple`](Self::apple) costs the first time.
    #[doc(hidden)]
    #[must_use]
    pub fn load() -> Self {
        parse::parse(include_str!("../../schema/apple-profiles.facts"))
    }

    /// A payload type, such as `com.apple.security.scep`; `None` for one that Apple's schema does not have.
    #[must_use]
    pub fn payload(&'static self, payload_type: &str) -> Option<PayloadType> {
        let first = self
            .parts
            .partition_point(|part| part.payload_type < payload_type);
        let end =
            first + self.parts[first..].partition_point(|part| part.payload_type == payload_type);
        (first < end).then_some(PayloadType {
            schema: self,
            first,
            end,
        })
    }

    /// Every payload type, in alphabetical order. The keys of the profile itself and those that all payloads share
    /// are not among them; see [`top_level`](Self::top_level) and [`common`](Self::common).
    ///
    /// ```
    /// assert_eq!(mobileconfig::schema::Schema::apple().payloads().count(), 120);
    /// ```
    pub fn payloads(&'static self) -> impl Iterator<Item = PayloadType> {
        let mut first = 0;
        std::iter::from_fn(move || {
            let payload = self.payload(self.parts.get(first)?.payload_type)?;
            first = payload.end;
            Some(payload)
        })
        .filter(|payload| ![TOP_LEVEL, COMMON].contains(&payload.name()))
    }

    /// The keys of the profile itself (Apple's `TopLevel`).
    pub fn top_level(&'static self) -> impl Iterator<Item = Key> {
        self.keys_of(TOP_LEVEL)
    }

    /// The keys that every payload has (Apple's `CommonPayloadKeys`).
    pub fn common(&'static self) -> impl Iterator<Item = Key> {
        self.keys_of(COMMON)
    }

    fn keys_of(&'static self, payload_type: &str) -> impl Iterator<Item = Key> {
        self.payload(payload_type)
            .into_iter()
            .flat_map(|payload| payload.keys())
    }
}

const TOP_LEVEL: &str = "TopLevel";
const COMMON: &str = "CommonPayloadKeys";

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema")
            .field("parts", &self.parts.len())
            .field("keys", &self.nodes.len())
            .finish()
    }
}

/// A payload type and what the schema says about it.
#[derive(Clone, Copy)]
pub struct PayloadType {
    schema: &'static Schema,
    first: usize,
    end: usize,
}

impl PayloadType {
    /// The `PayloadType`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.schema.parts[self.first].payload_type
    }

    /// The files in which Apple describes this type: one for nearly all, six for `com.apple.MCX` (an area of
    /// settings each), two for `com.apple.extensiblesso` (Kerberos, and every other extension).
    pub fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        let schema = self.schema;
        (self.first..self.end).map(move |index| Part { schema, index })
    }

    /// The keys beside `PayloadType`, of all parts. A key that two parts have comes twice, once as each part states it.
    pub fn keys(&self) -> impl Iterator<Item = Key> + use<> {
        self.parts().flat_map(|part| part.keys())
    }

    /// The key at a path of names with `/` between them, in the first part that has it; the item of an array is named as
    /// Apple's schema names it.
    #[must_use]
    pub fn key(&self, path: &str) -> Option<Key> {
        self.parts().find_map(|part| part.key(path))
    }
}

impl fmt::Debug for PayloadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PayloadType").field(&self.name()).finish()
    }
}

/// One of Apple's files on a payload type.
#[derive(Clone, Copy)]
pub struct Part {
    schema: &'static Schema,
    index: usize,
}

impl Part {
    /// The name of Apple's file, without its suffix: `com.apple.MCX(Accounts)`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.node().file
    }

    /// What the schema says about the payload on one system. Nothing at all is said about one type
    /// (`com.apple.security.wapi-identity`).
    #[must_use]
    pub fn availability(&self, os: Os) -> Availability {
        self.node().systems.on(os)
    }

    /// The keys beside `PayloadType`.
    pub fn keys(&self) -> impl Iterator<Item = Key> + use<> {
        let node = self.node();
        key::siblings(self.schema, node.first, node.end)
    }

    /// The key at a path of names with `/` between them; see [`PayloadType::key`].
    #[must_use]
    pub fn key(&self, path: &str) -> Option<Key> {
        let mut names = path.split('/');
        let first = names.next()?;
        let top = self.keys().find(|key| key.name() == first)?;
        names.try_fold(top, |key, name| key.keys().find(|key| key.name() == name))
    }

    fn node(&self) -> &'static PartNode {
        &self.schema.parts[self.index]
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Part").field(&self.name()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_in_several_files_has_the_keys_of_all() {
        let mcx = Schema::apple().payload("com.apple.MCX").unwrap();
        assert_eq!(mcx.parts().count(), 6);
        assert!(mcx.key("EnableGuestAccount").is_some());
        assert!(mcx.key("timeServer").is_some());
        let twice = mcx
            .keys()
            .filter(|key| key.name() == "DestroyFVKeyOnStandby");
        assert_eq!(twice.count(), 2);
    }

    #[test]
    fn a_key_that_contains_itself_can_be_followed_for_ever() {
        let list = Schema::apple()
            .payload("com.apple.applicationaccess.new")
            .unwrap();
        let below = "/whiteListItem/subApps".repeat(50);
        let key = list.key(&format!("whiteList{below}/whiteListItem/bundleID"));
        assert_eq!(key.unwrap().kind(), Kind::String);

        let home = Schema::apple()
            .payload("com.apple.homescreenlayout")
            .unwrap();
        let key = home.key("Dock/IconItem/Pages/PagesItem/IconItem/Type");
        assert_eq!(key.unwrap().presence(), Some(Presence::Required));
    }

    #[test]
    fn what_is_not_said_about_a_key_is_inherited() {
        let rules = Schema::apple()
            .payload("com.apple.servicemanagement")
            .unwrap();
        let kind = rules.key("Rules/Rule/RuleType").unwrap();
        let on_mac = kind.availability(Os::MacOs);
        assert_eq!(on_mac.introduced, Some("13.0".parse().unwrap()));
        assert_eq!(on_mac.user_channel, Some(false));
        assert!(!kind.availability(Os::Ios).exists);
        assert_eq!(kind.stated(Os::MacOs), None);
    }

    #[test]
    fn an_unknown_type_is_none() {
        assert!(Schema::apple().payload("com.example.unknown").is_none());
        assert!(Schema::apple().payload("").is_none());
        assert!(Schema::apple().payload("zzz").is_none());
    }
}
