//! The SCIM filter language of `filter` and `search` parameters, read against JSON.

use serde_json::Value;

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    All(Box<Self>, Box<Self>),
    Any(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Test {
        path: String,
        operator: Operator,
        value: Value,
    },
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Present,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Filter {
    /// Reads a filter; the error says what was expected.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens, at: 0 };
        let filter = parser.any()?;
        if parser.at == parser.tokens.len() {
            Ok(filter)
        } else {
            Err(format!("unexpected {:?}", parser.tokens[parser.at]))
        }
    }

    /// Whether an object matches. A path that leads through an array asks for any element.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        match self {
            Self::All(left, right) => left.matches(object) && right.matches(object),
            Self::Any(left, right) => left.matches(object) || right.matches(object),
            Self::Not(inner) => !inner.matches(object),
            Self::Test {
                path,
                operator,
                value,
            } => {
                let found = reach(object, path);
                if *operator == Operator::NotEqual {
                    return !found
                        .iter()
                        .any(|found| test(found, Operator::Equal, value));
                }
                found.iter().any(|found| test(found, *operator, value))
            }
        }
    }

    /// Every test in the filter, for checks of what a resource can be searched by.
    pub(crate) fn tests(&self) -> Vec<(&str, Operator)> {
        match self {
            Self::All(left, right) | Self::Any(left, right) => {
                [left.tests(), right.tests()].concat()
            }
            Self::Not(inner) => inner.tests(),
            Self::Test { path, operator, .. } => vec![(path, *operator)],
        }
    }
}

fn reach<'a>(object: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![object];
    for key in path.split('.') {
        found = found
            .into_iter()
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect(),
                other => vec![other],
            })
            .filter_map(|value| value.get(key))
            .collect();
    }
    found
        .into_iter()
        .flat_map(|value| match value {
            Value::Array(items) => items.iter().collect(),
            other => vec![other],
        })
        .filter(|value| !value.is_null())
        .collect()
}

fn test(found: &Value, operator: Operator, wanted: &Value) -> bool {
    let (Some(found), Some(wanted)) = (plain(found), plain(wanted)) else {
        return operator == Operator::Present;
    };
    // Okta compares strings without regard to case.
    let (found, wanted) = (found.to_lowercase(), wanted.to_lowercase());
    match operator {
        Operator::Equal => found == wanted,
        Operator::NotEqual => found != wanted,
        Operator::Contains => found.contains(&wanted),
        Operator::StartsWith => found.starts_with(&wanted),
        Operator::EndsWith => found.ends_with(&wanted),
        Operator::Present => true,
        Operator::Greater => found > wanted,
        Operator::GreaterOrEqual => found >= wanted,
        Operator::Less => found < wanted,
        Operator::LessOrEqual => found <= wanted,
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Word(String),
    Quoted(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '(' => {
                tokens.push(Token::Open);
                &rest[1..]
            }
            ')' => {
                tokens.push(Token::Close);
                &rest[1..]
            }
            '"' => {
                let (value, after) = quoted(&rest[1..])?;
                tokens.push(Token::Quoted(value));
                after
            }
            _ => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
                    .unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_owned()));
                &rest[end..]
            }
        }
        .trim_start();
    }
    Ok(tokens)
}

fn quoted(text: &str) -> Result<(String, &str), String> {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Ok((value, &text[at + 1..])),
            _ => value.push(c),
        }
    }
    Err("a closing quote is missing".to_owned())
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Filter, String> {
        let mut left = self.all()?;
        while self.take_word("or") {
            left = Filter::Any(Box::new(left), Box::new(self.all()?));
        }
        Ok(left)
    }

    fn all(&mut self) -> Result<Filter, String> {
        let mut left = self.one()?;
        while self.take_word("and") {
            left = Filter::All(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Filter, String> {
        if self.take_word("not") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        match self.next() {
            Some(Token::Open) => {
                let inner = self.any()?;
                match self.next() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err("a closing parenthesis is missing".to_owned()),
                }
            }
            Some(Token::Word(path)) => self.test(path),
            _ => Err("an attribute name is missing".to_owned()),
        }
    }

    fn test(&mut self, path: String) -> Result<Filter, String> {
        let Some(Token::Word(word)) = self.next() else {
            return Err(format!("an operator is missing after {path}"));
        };
        let operator = match word.to_ascii_lowercase().as_str() {
            "eq" => Operator::Equal,
            "ne" => Operator::NotEqual,
            "co" => Operator::Contains,
            "sw" => Operator::StartsWith,
            "ew" => Operator::EndsWith,
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterOrEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessOrEqual,
            "pr" => {
                let value = Value::Null;
                return Ok(Filter::Test {
                    path,
                    operator: Operator::Present,
                    value,
                });
            }
            _ => return Err(format!("unrecognised operator {word}")),
        };
        let value = match self.next() {
            Some(Token::Quoted(text)) => Value::String(text),
            Some(Token::Word(word)) => serde_json::from_str(&word)
                .map_err(|_| format!("the value {word} is not quoted"))?,
            _ => return Err(format!("a value is missing after {path} {word}")),
        };
        Ok(Filter::Test {
            path,
            operator,
            value,
        })
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found = matches!(
            self.tokens.get(self.at),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted)
        );
        if found {
            self.at += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn and_binds_tighter_than_or() {
        let filter = Filter::parse(r#"a eq "1" or b eq "2" and c eq "3""#).unwrap();
        assert!(filter.matches(&json!({"a": "1"})));
        assert!(!filter.matches(&json!({"b": "2"})));
        assert!(filter.matches(&json!({"b": "2", "c": "3"})));
    }

    #[test]
    fn a_path_through_an_array_asks_for_any_element() {
        let event = json!({"target": [{"id": "x"}, {"id": "y"}]});
        assert!(
            Filter::parse(r#"target.id eq "y""#)
                .unwrap()
                .matches(&event)
        );
        assert!(
            !Filter::parse(r#"target.id eq "z""#)
                .unwrap()
                .matches(&event)
        );
    }

    #[test]
    fn an_unquoted_value_is_refused() {
        assert!(Filter::parse("eventType eq user").is_err());
        assert!(Filter::parse("eventType").is_err());
    }
}
