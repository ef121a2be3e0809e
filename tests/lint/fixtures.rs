//! A folder of profiles, the tables that say what is found in each, and the document that describes each code.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use mobileconfig::lint::Code;

/// The profiles of one crate's lint.
pub(crate) struct Fixtures {
    /// Below the repository.
    pub(crate) folder: &'static str,
    /// The README in the folder.
    pub(crate) tables: &'static str,
    /// The crate's `LINTS.md`.
    pub(crate) document: &'static str,
    /// The crate's codes.
    pub(crate) codes: &'static [Code],
    /// Codes that no small profile can give.
    pub(crate) without: &'static [&'static str],
}

impl Fixtures {
    /// The rows of the table with so many columns.
    pub(crate) fn table<const COLUMNS: usize>(&self) -> Vec<[&'static str; COLUMNS]> {
        self.tables
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
            .map(|line| line.split(" | ").collect::<Vec<_>>())
            .filter_map(|cells| <[&str; COLUMNS]>::try_from(cells).ok())
            .filter(|cells| cells[0] != "profile")
            .collect()
    }

    pub(crate) fn profile(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder().join(format!("{name}.mobileconfig"))).unwrap()
    }

    fn folder(&self) -> PathBuf {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        tests.join("..").join(self.folder)
    }

    /// Each profile is in a table, and each code has a profile.
    pub(crate) fn assert_whole(&self) {
        let broken = self.table::<4>();
        let names = broken
            .iter()
            .map(|[name, ..]| *name)
            .chain(self.table::<2>().into_iter().map(|[name, _]| name));
        let mut listed: Vec<String> = names.map(|name| format!("{name}.mobileconfig")).collect();
        listed.push("README.md".to_owned());
        let mut files: Vec<String> = fs::read_dir(self.folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        listed.sort();
        files.sort();
        assert_eq!(listed, files);

        let shown: BTreeSet<&str> = broken.iter().map(|[_, _, code, _]| *code).collect();
        let all: BTreeSet<&str> = self
            .codes
            .iter()
            .map(|code| code.id)
            .filter(|code| !self.without.contains(code))
            .collect();
        assert_eq!(shown, all);
    }

    /// Each code has a heading, in the same order, with its severity, an example and a mend.
    pub(crate) fn assert_described(&self) {
        let headings: Vec<&str> = self
            .document
            .lines()
            .filter_map(|line| line.strip_prefix("### "))
            .collect();
        let ids: Vec<&str> = self.codes.iter().map(|code| code.id).collect();
        assert_eq!(headings, ids);
        for code in self.codes {
            let heading = format!("### {}\n", code.id);
            let (_, section) = self.document.split_once(&heading).unwrap();
            let section = section.split("\n#").next().unwrap();
            let severity = format!("**{}**", code.severity);
            assert!(
                section.trim_start().starts_with(&severity),
                "{} is not said to be {severity}",
                code.id
            );
            assert!(section.contains("\n```xml\n"), "{} has no example", code.id);
            assert!(section.contains("\nMend: "), "{} has no mend", code.id);
        }
    }
}
