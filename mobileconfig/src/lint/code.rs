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
