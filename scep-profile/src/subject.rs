use crate::error::{Error, Field};
use const_oid::ObjectIdentifier;
use mobileconfig::lint::DEVICE_VARIABLES;
use plist::Value;
use std::fmt;
use std::str::FromStr;

/// The name asked for in the certificate, `Subject` of the payload.
///
/// Apple wants an array of RDNs, each an array of `[type, value]` pairs; macOS ignores a wrongly nested one without
/// a word and enrols with no subject. Here each pair is one RDN by construction, and a type is one of Apple's
/// shortcuts (`C`, `ST`, `L`, `O`, `OU`, `CN`) or a dotted object identifier: macOS would turn any other word
/// (`DC`, `E`, `UID`) into a meaningless identifier. Read from a profile, a subject keeps what macOS takes beyond that:
/// several pairs in one RDN, and the shortcut `EMAIL` of macOS 13.
///
/// ```
/// use scep_profile::Subject;
///
/// assert_eq!(Subject::default().to_string(), "CN=cert");
///
/// // As in RFC 4514, the text starts with the most specific part; pairs are in the order of the certificate.
/// let subject: Subject = "CN=%ComputerName%,O=Acme\\, Inc.,C=US".parse()?;
/// let pairs = Subject::from_pairs([("C", "US"), ("O", "Acme, Inc."), ("CN", "%ComputerName%")])?;
/// assert_eq!(subject, pairs);
/// assert_eq!(subject.variables().collect::<Vec<_>>(), ["%ComputerName%"]);
/// # Ok::<(), scep_profile::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// Pairs of type and value; more than one in an RDN only when read from a profile.
    rdns: Vec<Vec<(String, String)>>,
}

impl Default for Subject {
    /// `CN=cert`.
    fn default() -> Self {
        Self {
            rdns: vec![vec![("CN".to_owned(), "cert".to_owned())]],
        }
    }
}

impl Subject {
    /// A subject with a common name only.
    ///
    /// # Errors
    ///
    /// [`Error::is_subject`] when the name is empty.
    pub fn common_name(name: &str) -> Result<Self, Error> {
        Self::from_pairs([("CN", name)])
    }

    /// A subject from types and values in the order of the certificate: the most general first.
    ///
    /// # Errors
    ///
    /// [`Error::is_subject`]: no pair at all, an unknown type, an empty value, a country that is not two letters.
    pub fn from_pairs<T: AsRef<str>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (T, V)>,
    ) -> Result<Self, Error> {
        let rdns = pairs
            .into_iter()
            .map(|(kind, value)| pair(kind.as_ref(), value.into()).map(|pair| vec![pair]))
            .collect::<Result<Vec<_>, _>>()?;
        if rdns.is_empty() {
            return Err(refuse(
                "it is empty",
                "name the device or user, like CN=cert",
            ));
        }
        Ok(Self { rdns })
    }

    /// A subject from text as RFC 4514 has it: `CN=cert,O=Acme`, the most specific part first. Commas and other
    /// special characters in a value are escaped by a backslash.
    ///
    /// # Errors
    ///
    /// [`Error::is_subject`] as [`Subject::from_pairs`], and for text that is no RFC 4514, or joins several values
    /// by `+`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut pairs = Vec::new();
        for part in split_unescaped(text, &[',', ';']) {
            let part = part.trim_start();
            let (kind, value) = part.split_once('=').ok_or_else(|| {
                refuse(
                    &format!("`{}` has no `=`", part.trim_end()),
                    "write TYPE=VALUE, parts separated by commas, like CN=cert,O=Acme",
                )
            })?;
            pairs.push((kind.trim().to_owned(), unescape(value)?));
        }
        pairs.reverse();
        Self::from_pairs(pairs)
    }

    /// The types and values in the order of the certificate.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rdns().flatten()
    }

    /// The pairs of each RDN.
    pub(crate) fn rdns(&self) -> impl Iterator<Item = impl Iterator<Item = (&str, &str)>> {
        self.rdns.iter().map(|rdn| {
            rdn.iter()
                .map(|(kind, value)| (kind.as_str(), value.as_str()))
        })
    }

    /// The variables that macOS itself replaces when it installs the payload (`%SerialNumber%`…), in the order they
    /// occur. Variables of an MDM server (`$COMPUTERNAME`) are not known here.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.pairs().flat_map(|(_, value)| {
            value.match_indices('%').filter_map(move |(at, _)| {
                DEVICE_VARIABLES.iter().find_map(|name| {
                    let after = value[at + 1..].strip_prefix(name)?;
                    after
                        .starts_with('%')
                        .then(|| &value[at..at + name.len() + 2])
                })
            })
        })
    }

    pub(crate) fn to_plist(&self) -> Value {
        let pair = |(kind, value): (&str, &str)| Value::Array(vec![kind.into(), value.into()]);
        let rdns = self.rdns().map(|rdn| Value::Array(rdn.map(pair).collect()));
        Value::Array(rdns.collect())
    }

    /// Reads what macOS takes, as it takes it.
    pub(crate) fn from_plist(value: &Value) -> Result<Self, Error> {
        let nesting = || {
            refuse(
                "it is not an array of arrays of [type, value] arrays",
                "nest each pair in two arrays, like [[[\"CN\", \"cert\"]]]",
            )
        };
        let pair = |pair: &Value| match pair.as_array().map(Vec::as_slice) {
            Some([Value::String(kind), Value::String(value)]) => {
                if SHORTCUTS.contains(&kind.as_str()) || kind == "EMAIL" || is_dotted(kind) {
                    Ok((kind.clone(), value.clone()))
                } else {
                    Err(garbled(kind))
                }
            }
            _ => Err(nesting()),
        };
        let rdn = |rdn: &Value| match rdn.as_array().map(Vec::as_slice) {
            Some([]) | None => Err(nesting()),
            Some(pairs) => pairs.iter().map(pair).collect::<Result<Vec<_>, _>>(),
        };
        let rdns = value.as_array().ok_or_else(nesting)?;
        let rdns = rdns.iter().map(rdn).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { rdns })
    }
}

impl FromStr for Subject {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// RFC 4514 text, which [`Subject::parse`] reads back; pairs that share an RDN, which it refuses, are joined by `+`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rdn) in self.rdns.iter().rev().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            for (position, (kind, value)) in rdn.iter().enumerate() {
                let plus = if position > 0 { "+" } else { "" };
                write!(f, "{plus}{kind}=")?;
                escape(value, f)?;
            }
        }
        Ok(())
    }
}

fn escape(value: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let last = value.chars().count().saturating_sub(1);
    for (at, character) in value.chars().enumerate() {
        match character {
            ',' | ';' | '+' | '"' | '\\' | '<' | '>' => write!(f, "\\{character}")?,
            '#' if at == 0 => f.write_str("\\#")?,
            ' ' if at == 0 || at == last => f.write_str("\\ ")?,
            control if control.is_ascii_control() => write!(f, "\\{:02X}", u32::from(control))?,
            other => write!(f, "{other}")?,
        }
    }
    Ok(())
}

pub(crate) const SHORTCUTS: [&str; 6] = ["C", "ST", "L", "O", "OU", "CN"];

pub(crate) fn is_dotted(kind: &str) -> bool {
    kind.contains('.') && ObjectIdentifier::new(kind).is_ok()
}

/// A type that macOS would make a meaningless identifier of.
fn garbled(kind: &str) -> Error {
    let list = "macOS knows C, ST, L, O, OU, CN and dotted object identifiers";
    refuse(&format!("type `{kind}`; {list}"), mend_of_type(kind))
}

/// What to write in place of a type that macOS does not know.
pub(crate) fn mend_of_type(kind: &str) -> &'static str {
    match kind.to_ascii_uppercase().as_str() {
        "E" | "EMAIL" | "EMAILADDRESS" => "write 1.2.840.113549.1.9.1 in its place",
        "DC" => "write 0.9.2342.19200300.100.1.25 in its place",
        "UID" => "write 0.9.2342.19200300.100.1.1 in its place",
        "SERIALNUMBER" => "write 2.5.4.5 in its place",
        "C" | "ST" | "L" | "O" | "OU" | "CN" => "write it in capital letters",
        _ => "write one of those, or the dotted object identifier of the type",
    }
}

fn pair(kind: &str, value: String) -> Result<(String, String), Error> {
    let upper = kind.to_ascii_uppercase();
    let kind = if SHORTCUTS.contains(&upper.as_str()) {
        upper
    } else if is_dotted(kind) {
        kind.to_owned()
    } else {
        return Err(garbled(kind));
    };
    if value.is_empty() {
        return Err(refuse(
            &format!("{kind} has no value"),
            "give it one or leave the pair out",
        ));
    }
    if kind == "C"
        && !(value.len() == 2 && value.bytes().all(|letter| letter.is_ascii_alphabetic()))
    {
        return Err(refuse(
            &format!("C={value}"),
            "a country is two letters, like US",
        ));
    }
    Ok((kind, value))
}

fn refuse(problem: &str, mend: &str) -> Error {
    Error::new(Field::Subject, problem, mend)
}

fn split_unescaped<'a>(text: &'a str, separators: &[char]) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if !escaped && separators.contains(&character) {
            parts.push(&text[start..at]);
            start = at + character.len_utf8();
        }
        escaped = !escaped && character == '\\';
    }
    parts.push(&text[start..]);
    parts
}

fn unescape(value: &str) -> Result<String, Error> {
    let value = value.trim_start();
    if value.starts_with('#') || value.starts_with('"') {
        return Err(refuse(
            "a value in `#hex` or quoted form",
            "write it as plain text and escape special characters by a backslash",
        ));
    }
    if split_unescaped(value, &['+']).len() > 1 {
        return Err(refuse(
            "several values joined by `+`",
            "separate them by commas, or write \\+ if the sign is meant",
        ));
    }
    let mut bytes = Vec::new();
    let mut kept = 0;
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            let rest = characters.as_str();
            if let Some(byte) = rest.get(..2).and_then(hex_byte) {
                bytes.push(byte);
                characters = rest[2..].chars();
            } else if let Some(special) = characters
                .next()
                .filter(|next| " \"#+,;<=>\\".contains(*next))
            {
                bytes.extend_from_slice(special.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                return Err(refuse(
                    "a lone backslash",
                    "write \\\\ if a backslash is meant",
                ));
            }
            kept = bytes.len();
        } else {
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            if character != ' ' {
                kept = bytes.len();
            }
        }
    }
    bytes.truncate(kept);
    String::from_utf8(bytes).map_err(|_| {
        refuse(
            "an escaped value is not UTF-8",
            "write the characters themselves",
        )
    })
}

/// Two hex digits; `from_str_radix` alone would take `+a` for one.
fn hex_byte(text: &str) -> Option<u8> {
    let [byte] = hex::decode(text).ok()?.try_into().ok()?;
    Some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_pair_is_one_rdn() {
        let subject = Subject::from_pairs([("O", "Acme"), ("CN", "cert")]).unwrap();
        let rdn = |kind: &str, value: &str| {
            Value::Array(vec![Value::Array(vec![kind.into(), value.into()])])
        };
        assert_eq!(
            subject.to_plist(),
            Value::Array(vec![rdn("O", "Acme"), rdn("CN", "cert")])
        );
        assert_eq!(Subject::from_plist(&subject.to_plist()).unwrap(), subject);
    }

    #[test]
    fn wrong_nesting_is_named() {
        let pair = |kind: &str| Value::Array(vec![kind.into(), "x".into()]);
        let empty = Value::Array(vec![Value::Array(vec![])]);
        for flat in [
            Value::Array(vec![pair("CN")]),
            pair("CN"),
            "CN=x".into(),
            empty,
        ] {
            assert!(
                Subject::from_plist(&flat)
                    .unwrap_err()
                    .to_string()
                    .contains("not an array"),
                "{flat:?}"
            );
        }
    }

    /// An example of Apple's has all pairs in one inner array.
    #[test]
    fn what_macos_takes_from_other_tools_is_kept_as_it_is() {
        let pair = |kind: &str, value: &str| Value::Array(vec![kind.into(), value.into()]);
        let foreign = Value::Array(vec![
            Value::Array(vec![pair("O", "Acme"), pair("CN", "a+b")]),
            Value::Array(vec![pair("EMAIL", "")]),
        ]);
        let subject = Subject::from_plist(&foreign).unwrap();
        assert_eq!(subject.to_plist(), foreign);
        assert_eq!(subject.to_string(), "EMAIL=,O=Acme+CN=a\\+b");
        for garbled in ["cn", "DC", "E"] {
            let foreign = Value::Array(vec![Value::Array(vec![pair(garbled, "x")])]);
            let error = Subject::from_plist(&foreign).unwrap_err().to_string();
            assert!(error.contains(garbled), "{error}");
        }
    }

    #[test]
    fn types_that_macos_would_garble_are_refused_with_what_to_write() {
        let error = |text: &str| Subject::parse(text).unwrap_err().to_string();
        assert_eq!(
            error("E=a@b.c"),
            "Subject: type `E`; macOS knows C, ST, L, O, OU, CN and dotted object identifiers: \
             write 1.2.840.113549.1.9.1 in its place"
        );
        assert!(error("DC=com").contains("0.9.2342"));
        assert!(error("CN").contains("no `=`"));
        assert!(error("CN=").contains("no value"));
        assert!(error("C=Germany").contains("two letters"));
        assert!(error("CN=a+O=b").contains('+'));
        assert_eq!(
            Subject::parse("cn=x, o = y").unwrap().to_string(),
            "CN=x,O=y"
        );
        assert_eq!(
            Subject::parse("2.5.4.5=x").unwrap().to_string(),
            "2.5.4.5=x"
        );
    }

    proptest! {
        #[test]
        fn text_is_read_back(pairs in prop::collection::vec(
            (prop::sample::select(vec!["ST", "L", "O", "OU", "CN", "2.5.4.5"]), "[ -~\u{e9}\u{20ac}\t]{1,20}"), 1..4
        )) {
            let subject = Subject::from_pairs(pairs).unwrap();
            prop_assert_eq!(Subject::parse(&subject.to_string()).unwrap(), subject);
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in ".*") {
            if let Ok(subject) = Subject::parse(&text) {
                subject.variables().count();
            }
        }
    }
}
