//! A code: the stable name of a kind of finding.

use super::Severity;

/// The stable name of a kind of finding, and what a machine wants to know about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Code {
    /// The name, such as `missing-key`. It never changes its meaning.
    pub id: &'static str,
    /// The severity that findings with this code have, unless its description names a reason for another.
    pub severity: Severity,
    /// One sentence without a full stop, for lists of rules.
    pub summary: &'static str,
    /// A web page that describes it; empty if there is none.
    pub help: &'static str,
}

impl Code {
    /// A code without a web page.
    #[must_use]
    pub const fn new(id: &'static str, severity: Severity, summary: &'static str) -> Self {
        Self {
            id,
            severity,
            summary,
            help: "",
        }
    }

    /// Names the web page.
    #[must_use]
    pub const fn help(mut self, url: &'static str) -> Self {
        self.help = url;
        self
    }
}

/// Constants for the codes of a crate, and `ALL` of them in this order. Each is described under its name in the crate's
/// `LINTS.md`, to which it leads: the crate's `Cargo.toml` names a repository that has the crate in a folder of its name.
///
/// ```
/// mod codes {
///     use mobileconfig::lint::Severity::Warning;
///
///     mobileconfig::lint_codes! {
///         NO_CAKE = "no-cake", Warning, "There is no cake";
///     }
/// }
///
/// assert_eq!(codes::NO_CAKE.id, "no-cake");
/// assert!(codes::NO_CAKE.help.ends_with("/LINTS.md#no-cake"));
/// assert_eq!(codes::ALL, [codes::NO_CAKE]);
/// ```
#[macro_export]
macro_rules! lint_codes {
    ($($name:ident = $id:literal, $severity:ident, $summary:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $summary, ".")]
            pub const $name: $crate::lint::Code = $crate::lint::Code::new($id, $severity, $summary).help(concat!(
                env!("CARGO_PKG_REPOSITORY"),
                "/blob/main/",
                env!("CARGO_PKG_NAME"),
                "/LINTS.md#",
                $id
            ));
        )*

        /// All of them, in the order of `LINTS.md`.
        pub const ALL: &[$crate::lint::Code] = &[$($name),*];
    };
}
