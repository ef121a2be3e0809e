//! The `Link` header (RFC 8288), as far as paging needs it. Servers send several headers, or several links in one.

use http::{HeaderMap, header::LINK};

/// The target of the first link with `rel="next"` in any of the `Link` headers.
///
/// ```
/// use devtrust_transport::next_link;
/// use http::{HeaderMap, HeaderValue, header::LINK};
///
/// let mut headers = HeaderMap::new();
/// headers.append(LINK, HeaderValue::from_static("<https://h.example/a>; rel=\"self\""));
/// headers.append(LINK, HeaderValue::from_static("<https://h.example/a?after=x,y>; rel=\"next\""));
/// assert_eq!(next_link(&headers).as_deref(), Some("https://h.example/a?after=x,y"));
/// ```
pub fn next_link(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(links)
        .find(|(_, parameters)| is_next(parameters))
        .map(|(target, _)| target.to_owned())
}

/// Target and parameters of each link in one header value.
fn links(mut rest: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    while let Some(open) = rest.find('<') {
        let after = &rest[open + 1..];
        let Some(close) = after.find('>') else { break };
        let tail = &after[close + 1..];
        // The next link starts at the next comma that is not inside a quoted parameter.
        let mut quoted = false;
        let end = tail
            .find(|c| {
                if c == '"' {
                    quoted = !quoted;
                }
                c == ',' && !quoted
            })
            .unwrap_or(tail.len());
        found.push((&after[..close], &tail[..end]));
        rest = &tail[end..];
    }
    found
}

fn is_next(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else {
            return false;
        };
        name.trim().eq_ignore_ascii_case("rel")
            && value
                .trim()
                .trim_matches('"')
                .split_ascii_whitespace()
                .any(|rel| rel.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn next(values: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, HeaderValue::from_static(value));
        }
        next_link(&headers)
    }

    #[test]
    fn next_is_found_in_any_header_and_any_place() {
        assert_eq!(
            next(&["<a>; rel=\"self\", <b>; title=\"x, <c>\"; rel=next"]).as_deref(),
            Some("b")
        );
        assert_eq!(
            next(&["<a>; rel=\"self\"", "<b>; rel=\"prev NEXT\""]).as_deref(),
            Some("b")
        );
        assert_eq!(next(&["<a>; rel=\"self\""]), None);
        assert_eq!(next(&["<a; rel=\"next\"", "", "nonsense"]), None);
    }
}
