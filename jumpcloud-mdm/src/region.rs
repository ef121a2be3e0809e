//! Where the console lives. An organisation belongs to one region; a key of another region is refused there (401).

use std::{fmt, str::FromStr};

use crate::Error;

/// The region of an organisation, or the base URL of another console.
///
/// ```
/// use jumpcloud_mdm::Region;
///
/// let region: Region = "eu".parse()?;
/// assert_eq!(region.console_url(), "https://console.eu.jumpcloud.com");
/// assert!("mars".parse::<Region>().is_err());
/// # Ok::<(), jumpcloud_mdm::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Region {
    /// `https://console.jumpcloud.com`
    Us,
    /// `https://console.eu.jumpcloud.com`
    Eu,
    /// `https://console.in.jumpcloud.com`
    In,
    /// Any other console: its base URL without `/api`, `https` unless on loopback.
    Url(String),
}

impl Region {
    /// The base URL of the console, without `/api`.
    pub fn console_url(&self) -> &str {
        match self {
            Self::Us => "https://console.jumpcloud.com",
            Self::Eu => "https://console.eu.jumpcloud.com",
            Self::In => "https://console.in.jumpcloud.com",
            Self::Url(url) => url,
        }
    }
}

impl Region {
    /// The regions that JumpCloud has, with the names by which [`FromStr`] reads them.
    pub const ALL: [(&str, Self); 3] = [("us", Self::Us), ("eu", Self::Eu), ("in", Self::In)];

    /// The base URL of Directory Insights, without `/insights`.
    pub fn insights_url(&self) -> &str {
        match self {
            Self::Us => "https://api.jumpcloud.com",
            Self::Eu => "https://api.eu.jumpcloud.com",
            Self::In => "https://api.in.jumpcloud.com",
            Self::Url(url) => url,
        }
    }

    /// The base URL that gives service accounts their tokens, without `/oauth2`. India's comes from one source only.
    pub fn token_url(&self) -> &str {
        match self {
            Self::Us => "https://admin-oauth.id.jumpcloud.com",
            Self::Eu => "https://admin-oauth.id.eu.jumpcloud.com",
            Self::In => "https://admin-oauth.id.in.jumpcloud.com",
            Self::Url(url) => url,
        }
    }
}

impl FromStr for Region {
    type Err = Error;

    /// Reads `us`, `eu`, `in` (in any case) or a URL. The URL of a region's console is that region.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let named = Self::ALL.into_iter().find(|(name, region)| {
            text.eq_ignore_ascii_case(name) || text.trim_end_matches('/') == region.console_url()
        });
        match named {
            Some((_, region)) => Ok(region),
            None if text.contains("://") => Ok(Self::Url(text.to_owned())),
            None => Err(Error::input(
                "region",
                format!(
                    "`{text}` is neither us, eu or in nor a URL such as https://console.jumpcloud.com"
                ),
            )),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.console_url())
    }
}
