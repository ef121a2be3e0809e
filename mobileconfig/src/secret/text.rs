//! Texts that are secrets wherever they stand: what an `Authorization` header holds, and URLs with credentials.

use super::{Exposure, MASK, name};

/// True for the value of an `Authorization` header (RFC 9110 section 11.6.2): `Bearer` or `Basic` and one token. Of `Basic`
/// and a plain word, such as `Basic settings`, it is not.
pub(super) fn is_authorization(text: &str) -> bool {
    let Some((scheme, token)) = text.trim().split_once(' ') else {
        return false;
    };
    let token = token.trim_start();
    // token68, RFC 9110 section 11.2
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(is_token) {
        return false;
    }
    let is_word = token
        .bytes()
        .enumerate()
        .all(|(at, byte)| byte.is_ascii_lowercase() || at == 0 && byte.is_ascii_uppercase());
    scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("basic") && !is_word
}

/// The text with the user part, the query and, where it has values, the fragment of each URL in it hidden.
pub(super) fn without_credentials(text: &str) -> Exposure {
    let mut shown = String::new();
    let (mut hidden, mut credentials) = (false, false);
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        shown.push_str(&rest[..at + 3]);
        rest = &rest[at + 3..];
        let ends = |char: char| char.is_whitespace() || matches!(char, '"' | '\'' | '<' | '>');
        let (url, tail) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
        let (address, query) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
        let host_at = user_part(address);
        if host_at > 0 {
            hidden = true;
            credentials |= address[..host_at].contains(':');
            shown.push_str(MASK);
            shown.push('@');
        }
        shown.push_str(&address[host_at..]);
        if query.starts_with('?') || query.contains('=') {
            hidden = true;
            credentials |= query[1..].split(['&', ';', '?', '#']).any(|pair| {
                pair.split_once('=')
                    .is_some_and(|(key, value)| !value.is_empty() && name::is_secret(key))
            });
            shown.push_str(&query[..1]);
            shown.push_str(MASK);
        } else {
            shown.push_str(query);
        }
        rest = tail;
    }
    if !hidden {
        return Exposure::None;
    }
    shown.push_str(rest);
    Exposure::Url { shown, credentials }
}

/// Where the host begins, after the last `@` of the authority. A password with a slash in it, which should not be there,
/// counts as part of the authority: `user:a/b@host`.
fn user_part(address: &str) -> usize {
    let authority = address.find('/').unwrap_or(address.len());
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let authority = match address[..authority].split_once(':') {
        Some((_, port)) if !is_port(port) => address.len(),
        _ => authority,
    };
    address[..authority].rfind('@').map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_header_holds_is_told_from_a_sentence() {
        for text in [
            "Bearer hunter2",
            "bearer  a.b-c",
            "Basic dXNlcjpwdw==",
            "BASIC YTpi",
        ] {
            assert!(is_authorization(text), "{text}");
        }
        for text in [
            "Basic settings",
            "Basic Settings",
            "Basic",
            "Bearer of bad news",
            "Basics 1",
        ] {
            assert!(!is_authorization(text), "{text}");
        }
    }

    #[test]
    fn urls_keep_scheme_host_and_path() {
        for (text, masked, sure) in [
            (
                "https://user:hunter2@ca.example.org/scep?challenge=hunter2",
                "https://[redacted]@ca.example.org/scep?[redacted]",
                true,
            ),
            ("https://user@host/", "https://[redacted]@host/", false),
            ("https://user:a/b@host/c", "https://[redacted]@host/c", true),
            (
                "see http://a/ or ftp://u:hunter2@b",
                "see http://a/ or ftp://[redacted]@b",
                true,
            ),
            (
                "https://a/?x=1 \"https://b/?y\"",
                "https://a/?[redacted] \"https://b/?[redacted]\"",
                false,
            ),
            (
                "app://done#access_token=hunter2",
                "app://done#[redacted]",
                true,
            ),
            (
                "https://a/?api_key=hunter2#top",
                "https://a/?[redacted]",
                true,
            ),
        ] {
            assert_eq!(
                without_credentials(text),
                Exposure::Url {
                    shown: masked.into(),
                    credentials: sure
                },
                "{text}"
            );
        }
    }

    #[test]
    fn a_text_without_credentials_is_left_alone() {
        for text in [
            "",
            "a?b=c",
            "https://example.org:8443/a#top",
            "://",
            "mail@example.org",
            "a://b/c@d",
        ] {
            assert_eq!(without_credentials(text), Exposure::None, "{text}");
        }
    }
}
