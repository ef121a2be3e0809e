//! Every request that the client's source can build, as a method and a path template: what the contract must have an
//! exchange of.

use std::{collections::BTreeSet, fmt, fs, path::Path};

use crate::exchange::Sent;

/// Those whose path is not written where they are built, and why each needs no exchange of its own.
const ELSEWHERE: [(&str, &str); 2] = [
    // The token route, in suites of its own: it takes a new proof with each request.
    ("oauth/token.rs", "PATH"),
    // Reads back what a lost answer to a DELETE is about: the paths of other requests.
    ("trust/removal.rs", "path"),
];

const METHODS: [&str; 5] = ["get", "post", "put", "delete", "patch"];

/// A method and a path template, in which `*` stands for an id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call {
    method: String,
    segments: Vec<String>,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /{}", self.method, self.segments.join("/"))
    }
}

impl Call {
    /// Whether a request is one of these. One of the
    /// `others` that names its path more exactly goes before.
    pub(crate) fn is_of(&self, sent: &Sent, others: &BTreeSet<Self>) -> bool {
        let exact = |call: &Self| call.segments.iter().filter(|one| *one != "*").count();
        let more_exact = |other: &&Self| exact(other) > exact(self) && other.fits(sent);
        self.fits(sent) && !others.iter().any(|other| more_exact(&other))
    }

    fn fits(&self, sent: &Sent) -> bool {
        let path: Vec<&str> = sent.path.split('/').skip(1).collect();
        let mut pairs = self.segments.iter().zip(&path);
        self.method == sent.method
            && self.segments.len() == path.len()
            && pairs.all(|(template, segment)| template == "*" || template == segment)
    }
}

/// Every call that a crate's source builds with `Request::get([…])` and its like.
///
/// # Panics
/// On a call whose path is written in a way that is not known here.
pub(crate) fn all(source: &Path) -> BTreeSet<Call> {
    let mut calls = BTreeSet::new();
    let mut elsewhere = Vec::new();
    read(source, source, &mut calls, &mut elsewhere);
    elsewhere.sort();
    let known = ELSEWHERE.map(|(file, path)| (file.to_owned(), path.to_owned()));
    assert_eq!(
        elsewhere, known,
        "paths that are not written where they are used"
    );
    calls
}

fn read(
    root: &Path,
    folder: &Path,
    calls: &mut BTreeSet<Call>,
    elsewhere: &mut Vec<(String, String)>,
) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, calls, elsewhere);
            continue;
        }
        let name = path
            .strip_prefix(root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let text = fs::read_to_string(&path).unwrap();
        // What a file's own tests and examples build is not what the client sends.
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let lines = code
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("//"));
        let code: String = lines.collect::<Vec<_>>().join(" ");
        // Where the constructors are defined.
        if name == "request.rs" {
            continue;
        }
        for rest in code.split("Request::").skip(1) {
            let Some((method, arguments)) = rest.split_once('(') else {
                continue;
            };
            if !METHODS.contains(&method) {
                continue;
            }
            let arguments = arguments.trim_start();
            match arguments.strip_prefix('[') {
                Some(list) => {
                    let (list, _) = list.split_once(']').unwrap();
                    calls.insert(Call {
                        method: method.to_uppercase(),
                        segments: segments(list),
                    });
                }
                None => {
                    let (argument, _) = arguments.split_once(')').unwrap();
                    elsewhere.push((name.clone(), argument.to_owned()));
                }
            }
        }
    }
}

fn segments(list: &str) -> Vec<String> {
    let parts = list
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| match part.strip_prefix('"') {
            Some(literal) => literal.trim_end_matches('"').to_owned(),
            None => "*".to_owned(),
        })
        .collect()
}
