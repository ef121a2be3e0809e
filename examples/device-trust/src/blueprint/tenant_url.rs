//! A tenant's URL: from the blueprint or the command line, absent for the embedded sandbox.

use super::{
    Problems,
    section::{Section, text},
};

/// A tenant's URL: a bad one counts as named, so that it is not reported as missing as well.
#[derive(PartialEq, Eq)]
pub(super) enum TenantUrl {
    Absent,
    Bad,
    Named(String),
}

impl TenantUrl {
    pub(super) fn given(self) -> Option<String> {
        match self {
            Self::Named(url) => Some(url),
            Self::Absent | Self::Bad => None,
        }
    }
}

pub(super) fn read(
    part: &mut Section<'_>,
    over: Option<&str>,
    example: &str,
    problems: &mut Problems,
) -> TenantUrl {
    let before = problems.list.len();
    let in_file = part.optional("url", example, problems, |value| {
        text(value).and_then(|url| origin(&url))
    });
    let url = match over {
        None => in_file,
        Some(over) => match origin(over) {
            Ok(url) => Some(url),
            Err(what) => {
                problems.add(
                    format!("{} (command line)", part.full("url")),
                    what,
                    example,
                );
                None
            }
        },
    };
    match url {
        Some(url) => TenantUrl::Named(url),
        None if problems.list.len() > before => TenantUrl::Bad,
        None => TenantUrl::Absent,
    }
}

fn origin(url: &str) -> Result<String, String> {
    devtrust_transport::Origin::parse(url)
        .map(|origin| origin.to_string())
        .map_err(|error| error.to_string())
}
