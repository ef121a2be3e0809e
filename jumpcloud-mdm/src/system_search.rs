//! Finding systems by v1's filters and searches. The rule: what the filter syntax cannot carry is refused, a search
//! carries any value, and equality is judged again here, since the server's idea of it is its own.

use futures::{StreamExt, TryStreamExt};
use serde_json::{Map, Value, json};

use crate::{
    Error, Items, JumpCloud, Method, Request, System,
    filter::{is_carried, is_text},
    list::ListRoute,
};

/// The operators of v1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemOperator {
    /// `$eq`
    Eq,
    /// `$ne`
    Ne,
    /// `$gt`
    Gt,
    /// `$gte`
    Gte,
    /// `$lt`
    Lt,
    /// `$lte`
    Lte,
}

impl SystemOperator {
    fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "$eq",
            Self::Ne => "$ne",
            Self::Gt => "$gt",
            Self::Gte => "$gte",
            Self::Lt => "$lt",
            Self::Lte => "$lte",
        }
    }
}

/// One condition on a system. The field is in the API's spelling, with dots into objects: `mdm.vendor`.
#[derive(Debug, Clone, PartialEq)]
struct Condition {
    field: String,
    operator: SystemOperator,
    value: Value,
}

impl Condition {
    /// Whether it holds, as far as that can be judged here: ranges are the server's to judge.
    fn holds(&self, system: &Value) -> bool {
        let found = self.field.split('.').fold(system, |value, key| &value[key]);
        let equal = match (&self.value, found) {
            (Value::String(text), found) => is_text(found, text),
            (wanted, found) => wanted == found,
        };
        match self.operator {
            SystemOperator::Eq => equal,
            SystemOperator::Ne => !equal,
            _ => true,
        }
    }
}

/// A v1 filter, `field:$operator:value`. Several are all applied.
///
/// ```
/// use jumpcloud_mdm::SystemFilter;
///
/// assert_eq!(SystemFilter::eq("osFamily", "darwin")?.to_string(), "osFamily:$eq:darwin");
/// assert!(SystemFilter::eq("displayName", "Berlin, 2").unwrap_err().is_invalid());
/// # Ok::<(), jumpcloud_mdm::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SystemFilter(Condition);

impl SystemFilter {
    /// `field:$operator:value`.
    ///
    /// # Errors
    /// [`Error::Input`] when the field or value is empty or holds a comma, a colon or a control character: no escape is
    /// documented. A [`SystemSearch`] carries such a value.
    pub fn new(field: &str, operator: SystemOperator, value: &str) -> Result<Self, Error> {
        if !is_carried(field) || !is_carried(value) {
            return Err(Error::input(
                "filter",
                format!(
                    "`{field}` {} `{value}` cannot be written: the filter syntax has no way to say an empty text, a \
                     comma or a colon; use a search",
                    operator.as_str()
                ),
            ));
        }
        Ok(Self(Condition {
            field: field.to_owned(),
            operator,
            value: value.into(),
        }))
    }

    /// `field:$eq:value`.
    ///
    /// # Errors
    /// As [`SystemFilter::new`].
    pub fn eq(field: &str, value: &str) -> Result<Self, Error> {
        Self::new(field, SystemOperator::Eq, value)
    }
}

impl std::fmt::Display for SystemFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Condition {
            field,
            operator,
            value,
        } = &self.0;
        let value = value.as_str().unwrap_or_default();
        write!(f, "{field}:{}:{value}", operator.as_str())
    }
}

/// A search for systems (`POST /api/search/systems`). Empty, it finds all.
///
/// ```
/// use jumpcloud_mdm::{SystemOperator, SystemSearch};
///
/// let search = SystemSearch::all_of()
///     .condition("osFamily", SystemOperator::Eq, "darwin")
///     .condition("mdm.vendor", SystemOperator::Eq, "internal")
///     .text(["Berlin, 2"], ["displayName", "hostname"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SystemSearch {
    any: bool,
    conditions: Vec<Condition>,
    terms: Vec<String>,
    fields: Vec<String>,
}

impl SystemSearch {
    /// A search whose conditions all hold.
    pub fn all_of() -> Self {
        Self::default()
    }

    /// A search of whose conditions one holds.
    pub fn any_of() -> Self {
        Self {
            any: true,
            ..Self::default()
        }
    }

    /// Adds a condition. The value can be any JSON.
    #[must_use]
    pub fn condition(
        mut self,
        field: impl Into<String>,
        operator: SystemOperator,
        value: impl Into<Value>,
    ) -> Self {
        self.conditions.push(Condition {
            field: field.into(),
            operator,
            value: value.into(),
        });
        self
    }

    /// Looks for one of the terms as part of one of the fields, in any case of letters.
    #[must_use]
    pub fn text(
        mut self,
        terms: impl IntoIterator<Item = impl Into<String>>,
        fields: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.terms.extend(terms.into_iter().map(Into::into));
        self.fields.extend(fields.into_iter().map(Into::into));
        self
    }

    fn holds(&self, system: &Value) -> bool {
        let mut each = self.conditions.iter().map(|one| one.holds(system));
        if self.conditions.is_empty() {
            true
        } else if self.any {
            each.any(|holds| holds)
        } else {
            each.all(|holds| holds)
        }
    }

    fn page(&self, skip: u64) -> Request {
        let mut body = Map::from_iter([
            ("limit".to_owned(), json!(ROWS)),
            ("skip".to_owned(), json!(skip)),
            ("sort".to_owned(), json!("_id")),
        ]);
        if !self.conditions.is_empty() {
            let each: Vec<Value> = self
                .conditions
                .iter()
                .map(|one| match one.operator {
                    SystemOperator::Eq => json!({ &one.field: one.value }),
                    operator => json!({ &one.field: { operator.as_str(): one.value } }),
                })
                .collect();
            let how = if self.any { "or" } else { "and" };
            body.insert("filter".to_owned(), json!({ how: each }));
        }
        if !self.terms.is_empty() {
            let text = json!({ "searchTerm": self.terms, "fields": self.fields });
            body.insert("searchFilter".to_owned(), text);
        }
        Request::v1(Method::POST, ["search", "systems"])
            .reading()
            .body(body.into())
    }
}

/// The most rows a page of a v1 list.
const ROWS: u32 = 100;

impl JumpCloud {
    /// The systems that all filters fit. `GET /api/systems?filter[0]=…&filter[1]=…`
    pub fn systems_where(&self, filters: impl IntoIterator<Item = SystemFilter>) -> Items<System> {
        let filters: Vec<SystemFilter> = filters.into_iter().collect();
        let mut route = ListRoute::v1(["systems"]);
        for (index, filter) in filters.iter().enumerate() {
            let name = match filters.len() {
                1 => "filter".to_owned(),
                _ => format!("filter[{index}]"),
            };
            route = route.query(&name, &filter.to_string());
        }
        let all = self.list(route, crate::ListOptions::default());
        checked(all, move |system| {
            filters.iter().all(|filter| filter.0.holds(system))
        })
    }

    /// The systems that a search finds. `POST /api/search/systems`
    pub fn search_systems(&self, search: &SystemSearch) -> Items<System> {
        let asked = search.clone();
        let all = self.paged(ROWS, Vec::new(), move |skip| asked.page(skip));
        let search = search.clone();
        checked(all, move |system| search.holds(system))
    }
}

/// Leaves out what the server let through and does not fit.
fn checked(
    all: Items<System>,
    fits: impl Fn(&Value) -> bool + Send + Sync + 'static,
) -> Items<System> {
    all.try_filter(move |system| std::future::ready(fits(&json!(system))))
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::shown;

    #[test]
    fn a_search_carries_what_a_filter_cannot() {
        for bad in ["a,b", "a:b", "", "a\nb"] {
            assert!(SystemFilter::eq("displayName", bad).is_err(), "{bad:?}");
            assert!(SystemFilter::eq(bad, "x").is_err(), "{bad:?}");
        }
        let search = SystemSearch::any_of()
            .condition("displayName", SystemOperator::Eq, "a,b:c")
            .condition("lastContact", SystemOperator::Gte, "2026-11-24T12:00:00Z")
            .text(["x"], ["hostname"]);
        insta::assert_snapshot!(
            shown(&search.page(100)),
            @r#"POST /api/search/systems {"filter":{"or":[{"displayName":"a,b:c"},{"lastContact":{"$gte":"2026-11-24T12:00:00Z"}}]},"limit":100,"searchFilter":{"fields":["hostname"],"searchTerm":["x"]},"skip":100,"sort":"_id"}"#
        );
        assert!(!search.page(0).is_write());
        insta::assert_snapshot!(
            shown(&SystemSearch::default().page(0)),
            @r#"POST /api/search/systems {"limit":100,"skip":0,"sort":"_id"}"#
        );
    }

    #[test]
    fn equality_is_judged_again_here() {
        let system = json!({"displayName": "mac", "active": true, "mdm": {"vendor": "internal"}});
        let holds = |field: &str, operator, value: &str| {
            SystemFilter::new(field, operator, value)
                .unwrap()
                .0
                .holds(&system)
        };
        use SystemOperator::{Eq, Gt, Ne};
        assert!(holds("mdm.vendor", Eq, "internal"));
        assert!(!holds("displayName", Eq, "mac*"));
        assert!(!holds("displayName", Eq, "Mac"));
        assert!(holds("active", Eq, "true"));
        assert!(!holds("absent", Eq, "x"));
        assert!(holds("absent", Ne, "x"));
        assert!(holds("displayName", Gt, "z"), "ranges are the server's");
        let any = SystemSearch::any_of()
            .condition("displayName", Eq, "no")
            .condition("active", Eq, true);
        assert!(any.holds(&system));
        let all = SystemSearch { any: false, ..any };
        assert!(!all.holds(&system));
    }
}
