//! `com.apple.associated-domains`: entries of the form `service:domain`.

use super::{At, wrong_form};
use crate::lint::Findings;

pub(super) fn check(at: &At<'_>, findings: &mut Findings) {
    for (path, app) in at.items("Configuration") {
        let Some(keys) = app.as_dictionary() else {
            continue;
        };
        for (path, entry) in (At { keys, path }).texts("AssociatedDomains") {
            if !entry.contains(':') && !entry.starts_with(['$', '%', '{']) {
                wrong_form(
                    path,
                    "an entry has the form service:domain, such as authsrv:example.okta.com",
                    findings,
                );
            }
        }
    }
}
