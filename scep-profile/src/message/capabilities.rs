use super::{Cipher, Digest, Weakness};

/// What a server announces in GetCACaps (RFC 8894 section 3.5.2): one keyword a line.
///
/// ```
/// use scep_profile::message::{Capabilities, Cipher, Digest};
///
/// let caps = Capabilities::parse("AES\nPOSTPKIOperation\r\nSHA-256\nSomethingNew\n");
/// assert!(caps.post() && !caps.renewal());
/// assert_eq!((caps.cipher(), caps.digest()), (Cipher::Aes128, Digest::Sha256));
/// assert!(caps.weaknesses().is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    keywords: Vec<String>,
    /// The lines that were keywords as they stood, without a blank or a CR.
    exact: Vec<String>,
}

impl Capabilities {
    /// The keywords of an answer, whatever its line ends and case; unknown ones are kept. A line that can be no keyword
    /// (blanks in it, more than 64 characters, or beyond ASCII) announces nothing: a web page is no list of capabilities.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let is_keyword = |line: &&str| {
            (1..=64).contains(&line.len()) && line.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let keywords = text.lines().map(str::trim).filter(is_keyword);
        let exact = text.split('\n').filter(is_keyword);
        Self {
            keywords: keywords.take(64).map(str::to_owned).collect(),
            exact: exact.take(64).map(str::to_owned).collect(),
        }
    }

    /// The keywords as received.
    pub fn keywords(&self) -> impl Iterator<Item = &str> {
        self.keywords.iter().map(String::as_str)
    }

    /// Whether a keyword is announced, in any case.
    #[must_use]
    pub fn has(&self, keyword: &str) -> bool {
        self.keywords
            .iter()
            .any(|known| known.eq_ignore_ascii_case(keyword))
    }

    /// Whether requests may be sent by POST; `SCEPStandard` implies it.
    #[must_use]
    pub fn post(&self) -> bool {
        self.has("POSTPKIOperation") || self.has("SCEPStandard")
    }

    /// Whether the CA takes RenewalReq.
    #[must_use]
    pub fn renewal(&self) -> bool {
        self.has("Renewal")
    }

    /// Whether the CA answers GetNextCACert: it has made the certificate that follows its present one.
    #[must_use]
    pub fn next_ca(&self) -> bool {
        self.has("GetNextCACert")
    }

    fn aes(&self) -> bool {
        self.has("AES") || self.has("SCEPStandard")
    }

    /// The strongest cipher both sides support. The keyword `AES` means AES-128; a server that announces no cipher
    /// at all is sent it as well.
    #[must_use]
    pub fn cipher(&self) -> Cipher {
        if !self.aes() && self.has("DES3") {
            Cipher::TripleDes
        } else {
            Cipher::Aes128
        }
    }

    /// The strongest digest both sides support, to sign with: SHA-512 where it is announced, else SHA-256. SHA-1 is never
    /// written.
    #[must_use]
    pub fn digest(&self) -> Digest {
        if self.has("SHA-512") {
            Digest::Sha512
        } else {
            Digest::Sha256
        }
    }

    fn sha256(&self) -> bool {
        self.has("SHA-256") || self.has("SCEPStandard")
    }

    /// What is weak about the server by its own announcement.
    #[must_use]
    pub fn weaknesses(&self) -> Vec<Weakness> {
        let mut weaknesses = Vec::new();
        if !self.aes() {
            weaknesses.push(Weakness::NoAes);
        }
        if !self.sha256() && !self.has("SHA-512") {
            weaknesses.push(Weakness::NoSha256);
        }
        weaknesses
    }

    /// What is weak about the server as Apple's client reads its announcement: a line counts only as it is written in
    /// RFC 8894, in capitals and ended by LF alone, and `SCEPStandard` stands for nothing else.
    ///
    /// ```
    /// use scep_profile::message::{Capabilities, Weakness};
    ///
    /// let caps = Capabilities::parse("AES\r\nSHA-256\r\n");
    /// assert!(caps.weaknesses().is_empty());
    /// assert_eq!(caps.weaknesses_for_apple(), [Weakness::NoAes, Weakness::NoSha256]);
    /// ```
    #[must_use]
    pub fn weaknesses_for_apple(&self) -> Vec<Weakness> {
        let has = |keyword: &str| self.exact.iter().any(|line| line == keyword);
        let mut weaknesses = Vec::new();
        if !has("AES") {
            weaknesses.push(Weakness::NoAes);
        }
        if !has("SHA-256") && !has("SHA-512") {
            weaknesses.push(Weakness::NoSha256);
        }
        weaknesses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_of_both_sides_is_written() {
        for (text, cipher, digest) in [
            ("", Cipher::Aes128, Digest::Sha256),
            ("DES3\nSHA-1\n", Cipher::TripleDes, Digest::Sha256),
            ("DES3\nAES\nSHA-256\n", Cipher::Aes128, Digest::Sha256),
            ("aes\r\nsha-512\r\nSHA-256", Cipher::Aes128, Digest::Sha512),
            ("SCEPStandard", Cipher::Aes128, Digest::Sha256),
        ] {
            let caps = Capabilities::parse(text);
            assert_eq!((caps.cipher(), caps.digest()), (cipher, digest), "{text:?}");
        }
    }

    #[test]
    fn a_web_page_announces_nothing() {
        let page = format!(
            "<!doctype html>\n<html lang=\"en\">\n{}\nAES \u{1b}[2J\nRenewal",
            "x".repeat(65)
        );
        let caps = Capabilities::parse(&page);
        assert_eq!(caps.keywords().collect::<Vec<_>>(), ["Renewal"]);
        assert_eq!(
            Capabilities::parse(&"a\n".repeat(1000)).keywords().count(),
            64
        );
    }
}
