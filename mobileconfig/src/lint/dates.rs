//! Dates of the profile itself.

use std::time::SystemTime;

use plist::Value;

use super::{Code, Finding, Findings, Rule, Subject, codes, codes_of};

pub(super) struct Dates;

impl Rule for Dates {
    fn codes(&self) -> Vec<Code> {
        codes_of![DATE_PASSED]
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
        for (key, what) in [
            (
                "RemovalDate",
                "devices remove the profile as soon as they have it",
            ),
            ("PayloadExpirationDate", "the profile has expired"),
        ] {
            if let Some(Value::Date(date)) = subject.profile().get(key)
                && SystemTime::from(*date) < subject.target().at
            {
                findings.add(Finding::new(
                    codes::DATE_PASSED,
                    key,
                    format!("{} has passed: {what}", date.to_xml_format()),
                    "write a date in the future, or leave the key out",
                ));
            }
        }
    }
}
