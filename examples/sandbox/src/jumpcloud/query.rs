//! Paging, filters, sorting and field selection: v2's `field:op:value` and v1's `field:$op:value`.
//!
//! v2 answers a bare array. A comma splits a filter list even inside a value, values are compared with case, and
//! `*` in a value stands for anything, so a client must check equality again.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::call::{Answer, Call, Refusal};
use super::state::only;

/// The paging of one route.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) default: usize,
    pub(crate) max: usize,
}

/// v2: 10 by default, at most 100.
pub(crate) const USUAL: Limits = Limits {
    default: 10,
    max: 100,
};
/// `/applemdms`: 1 by default.
pub(crate) const ONE: Limits = Limits {
    default: 1,
    max: 100,
};
/// `/systeminsights/*`: 10 by default, at most 10 000.
pub(crate) const INSIGHTS: Limits = Limits {
    default: 10,
    max: 10_000,
};

/// Whether the route sends `x-total-count`; only a few are known to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Total {
    Header,
    Absent,
}

/// A v2 list: filter, sort, page and pick fields, in that order.
pub(crate) fn list(
    mut items: Vec<Value>,
    call: &Call,
    limits: Limits,
    total: Total,
) -> Result<Answer, Refusal> {
    for filter in call.query.iter().filter(|(key, _)| key == "filter") {
        for condition in filter.1.split(',').filter(|text| !text.is_empty()) {
            let condition = Condition::parse(condition, "")?;
            items.retain(|item| condition.holds(item));
        }
    }
    sort(&mut items, call.query("sort"), ',');
    let count = items.len();
    let page = page(items, number(call, "skip")?, number(call, "limit")?, limits);
    let page: Vec<Value> = match call.query("fields") {
        Some(fields) => page
            .iter()
            .map(|item| pick(item, fields, ',', "id"))
            .collect(),
        None => page,
    };
    let answer = Answer::ok(page);
    Ok(match total {
        Total::Header => answer.with_header("x-total-count", count.to_string()),
        Total::Absent => answer,
    })
}

/// A v1 list: `{results, totalCount}`.
pub(crate) fn list_v1(mut items: Vec<Value>, call: &Call) -> Result<Answer, Refusal> {
    for (key, filter) in &call.query {
        if key == "filter" || key.starts_with("filter[") {
            let condition = Condition::parse(filter, "$")?;
            items.retain(|item| condition.holds(item));
        }
    }
    let (skip, limit) = (number(call, "skip")?, number(call, "limit")?);
    Ok(results(
        items,
        call.query("sort"),
        skip,
        limit,
        call.query("fields"),
    ))
}

/// `{results, totalCount}` of a v1 list or search; `fields` is separated by spaces.
pub(crate) fn results(
    mut items: Vec<Value>,
    by: Option<&str>,
    skip: Option<usize>,
    limit: Option<usize>,
    fields: Option<&str>,
) -> Answer {
    sort(&mut items, by, ' ');
    let total = items.len();
    let page: Vec<Value> = page(items, skip, limit, USUAL)
        .into_iter()
        .map(
            |item| match fields.filter(|fields| !fields.trim().is_empty()) {
                Some(fields) => pick(&item, fields, ' ', "_id"),
                None => item,
            },
        )
        .collect();
    Answer::ok(json!({ "results": page, "totalCount": total }))
}

/// One condition of a filter.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    field: String,
    op: String,
    value: String,
}

impl Condition {
    /// Reads `field:op:value`; `prefix` is what stands before the operator (v1: `$`).
    pub(crate) fn parse(text: &str, prefix: &str) -> Result<Self, Refusal> {
        let mut parts = text.splitn(3, ':');
        let (Some(field), Some(op), Some(value)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::invalid(format!(
                "filter must be field:{prefix}op:value"
            )));
        };
        let known = [
            "eq", "ne", "gt", "ge", "gte", "lt", "le", "lte", "between", "search", "in",
        ];
        match op.strip_prefix(prefix).filter(|op| known.contains(op)) {
            Some(op) => Ok(Self {
                field: field.to_owned(),
                op: op.to_owned(),
                value: value.to_owned(),
            }),
            None => Err(Refusal::invalid(format!("unknown filter operator {op}"))),
        }
    }

    /// The field that is compared.
    pub(crate) fn field(&self) -> &str {
        &self.field
    }

    /// The operator without v1's `$`.
    pub(crate) fn op(&self) -> &str {
        &self.op
    }

    pub(crate) fn holds(&self, item: &Value) -> bool {
        let actual = printed(at(item, &self.field));
        let against = |wanted: &str| compare(&actual, wanted);
        match self.op.as_str() {
            "eq" => matches(&actual, &self.value),
            "ne" => !matches(&actual, &self.value),
            "gt" => against(&self.value) == Ordering::Greater,
            "ge" | "gte" => against(&self.value) != Ordering::Less,
            "lt" => against(&self.value) == Ordering::Less,
            "le" | "lte" => against(&self.value) != Ordering::Greater,
            "in" => self.value.split('|').any(|value| matches(&actual, value)),
            "search" => actual.contains(&self.value),
            _ => self.value.split_once('|').is_some_and(|(low, high)| {
                against(low) != Ordering::Less && against(high) != Ordering::Greater
            }),
        }
    }
}

/// The member at a dotted path; `_id` and `id` stand for each other.
pub(crate) fn at<'a>(item: &'a Value, path: &str) -> &'a Value {
    let other = match path {
        "_id" => "id",
        "id" => "_id",
        _ => "",
    };
    if let Some(value) = item.get(path).or_else(|| item.get(other)) {
        return value;
    }
    path.split('.').fold(item, |value, key| &value[key])
}

fn page(
    items: Vec<Value>,
    skip: Option<usize>,
    limit: Option<usize>,
    limits: Limits,
) -> Vec<Value> {
    let limit = limit.filter(|limit| *limit > 0).unwrap_or(limits.default);
    items
        .into_iter()
        .skip(skip.unwrap_or(0))
        .take(limit.min(limits.max))
        .collect()
}

fn number(call: &Call, name: &str) -> Result<Option<usize>, Refusal> {
    call.query(name)
        .map(|text| {
            text.parse().map_err(|_| {
                Refusal::invalid(format!("{name} must be a whole number, not negative"))
            })
        })
        .transpose()
}

fn sort(items: &mut [Value], by: Option<&str>, separator: char) {
    let keys: Vec<&str> = by
        .unwrap_or_default()
        .split([separator, ','])
        .filter(|key| !key.is_empty())
        .collect();
    items.sort_by(|left, right| {
        keys.iter()
            .map(|key| {
                let (name, reverse) = key
                    .strip_prefix('-')
                    .map_or((*key, false), |name| (name, true));
                let order = compare(&printed(at(left, name)), &printed(at(right, name)));
                if reverse { order.reverse() } else { order }
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
}

fn pick(item: &Value, fields: &str, separator: char, id: &str) -> Value {
    let mut keys: Vec<&str> = fields
        .split([separator, ','])
        .filter(|key| !key.is_empty())
        .map(|key| key.split('.').next().unwrap_or(key))
        .collect();
    keys.push(id);
    only(item, &keys)
}

/// A value as filters see it: strings bare, the rest as JSON.
pub(crate) fn printed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn compare(left: &str, right: &str) -> Ordering {
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => left.total_cmp(&right),
        _ => left.cmp(right),
    }
}

/// Equality with case, where `*` in `pattern` stands for anything.
fn matches(text: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return text == pattern;
    };
    let Some(text) = text.strip_prefix(head) else {
        return false;
    };
    (0..=text.len())
        .filter(|at| text.is_char_boundary(*at))
        .any(|at| matches(&text[at..], rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(filter: &str, item: &Value) -> bool {
        Condition::parse(filter, "").unwrap().holds(item)
    }

    #[test]
    fn equality_minds_case_and_knows_the_wildcard() {
        let item = json!({ "name": "Okta trust" });
        assert!(holds("name:eq:Okta trust", &item));
        assert!(!holds("name:eq:okta trust", &item));
        assert!(holds("name:eq:Okta*", &item));
        assert!(holds("name:eq:*trust", &item));
        assert!(!holds("name:eq:*t", &json!({ "name": "trusted" })));
    }

    #[test]
    fn lists_ranges_and_dotted_paths_are_compared() {
        let item = json!({ "system_id": "b", "version": "15", "mdm": { "vendor": "internal" } });
        assert!(holds("system_id:in:a|b", &item));
        assert!(!holds("system_id:in:a|c", &item));
        assert!(holds("version:ge:9", &item));
        assert!(holds("version:between:10|15", &item));
        assert!(holds("mdm.vendor:eq:internal", &item));
    }

    #[test]
    fn an_unknown_operator_is_refused() {
        assert!(Condition::parse("name:like:x", "").is_err());
        assert!(Condition::parse("name:eq:x", "$").is_err());
        assert!(Condition::parse("name", "").is_err());
    }
}
