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

impl FromStr for Region {
    type Err = Error;

    /// Reads `us`, `eu`, `in` (in any case) or a URL.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "us" => Ok(Self::Us),
            "eu" => Ok(Self::Eu),
            "in" => Ok(Self::In),
            other if other.contains("://") => Ok(Self::Url(text.trim().to_owned())),
            _ => Err(Error::input(
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
