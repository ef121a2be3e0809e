//! Lists, a page at a time. The rule: a list ends at a page shorter than asked, or at the total that the server
//! names; a page that is cut short by a lower cap of the server does not end it.

use devtrust_transport::{
    Response,
    pages::{self, Page},
};
use futures::{StreamExt, stream::BoxStream};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Error, Filter, JumpCloud, Method, Request, Sort};

/// The items of a list, fetched as they are asked for. After an error it ends.
pub type Items<T> = BoxStream<'static, Result<T, Error>>;

/// A runaway list (a server that ignores `skip`) is cut here, as an error: a million rows at 100 a page.
const MAX_PAGES: u32 = 10_000;

/// What narrows a v2 list.
///
/// ```
/// use jumpcloud_mdm::{Filter, ListOptions};
///
/// let options = ListOptions::default().filter(Filter::eq("name", "macOS pilot")?).page_size(50);
/// # Ok::<(), jumpcloud_mdm::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListOptions {
    filters: Vec<Filter>,
    sort: Option<Sort>,
    page_size: Option<u32>,
}

impl ListOptions {
    /// Adds a filter; all of them apply. Equality is checked again here: the server reads `*` as a wild card.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Sorts. The default is by `_id` where the route sorts at all: paging by `skip` without a stable order drops or
    /// repeats rows.
    #[must_use]
    pub fn sort(mut self, order: Sort) -> Self {
        self.sort = Some(order);
        self
    }

    /// Rows a page; at most what the route allows (100, System Insights 10,000), which is the default.
    #[must_use]
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = Some(rows);
        self
    }
}

/// A list route: where it is and what it takes.
#[derive(Debug, Clone)]
pub(crate) struct ListRoute {
    base: Request,
    sort: Option<&'static str>,
    max_rows: u32,
}

impl ListRoute {
    /// A v2 list that sorts by `_id`.
    pub(crate) fn v2<'a>(segments: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            base: Request::v2(Method::GET, segments),
            sort: Some("_id"),
            max_rows: 100,
        }
    }

    /// A v1 list.
    pub(crate) fn v1<'a>(segments: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            base: Request::v1(Method::GET, segments),
            ..Self::v2([])
        }
    }

    /// A list whose route documents no `sort`.
    pub(crate) fn unsorted(self) -> Self {
        Self { sort: None, ..self }
    }

    pub(crate) fn sorted_by(self, field: &'static str) -> Self {
        Self {
            sort: Some(field),
            ..self
        }
    }

    pub(crate) fn max_rows(self, max_rows: u32) -> Self {
        Self { max_rows, ..self }
    }

    pub(crate) fn query(self, name: &str, value: &str) -> Self {
        Self {
            base: self.base.query(name, value),
            ..self
        }
    }

    fn rows(&self, options: &ListOptions) -> u32 {
        options
            .page_size
            .unwrap_or(self.max_rows)
            .clamp(1, self.max_rows)
    }

    /// The request of the page that begins after `skip` rows.
    pub(crate) fn page(&self, options: &ListOptions, skip: u64) -> Request {
        let mut request = self
            .base
            .clone()
            .query("limit", self.rows(options).to_string())
            .query("skip", skip.to_string());
        let asked = options.sort.as_ref().map(ToString::to_string);
        if let Some(sort) = asked.or(self.sort.map(str::to_owned)) {
            request = request.query("sort", sort);
        }
        if !options.filters.is_empty() {
            let filters: Vec<String> = options.filters.iter().map(ToString::to_string).collect();
            request = request.query("filter", filters.join(","));
        }
        request
    }
}

/// The body of a v1 list; v2 answers a bare array.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<T> {
    results: Vec<T>,
    total_count: Option<u64>,
}

/// A page as it is handed on.
struct Fetched<T> {
    /// The rows that fit.
    items: Vec<T>,
    /// How many rows the server gave, those that do not fit included: what the next page begins after.
    returned: u64,
    /// How many there are in all, where the server says so.
    total: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Cursor {
    skip: u64,
    pages: u32,
}

impl Cursor {
    /// Where the next page begins, if there is one.
    fn after(self, returned: u64, rows: u32, total: Option<u64>) -> Option<Self> {
        let skip = self.skip + returned;
        let more = match total {
            _ if returned == 0 => false,
            Some(total) => skip < total || returned >= u64::from(rows),
            None => returned >= u64::from(rows),
        };
        more.then_some(Self {
            skip,
            pages: self.pages + 1,
        })
    }
}

impl JumpCloud {
    pub(crate) fn list<T: DeserializeOwned + Send + 'static>(
        &self,
        route: ListRoute,
        options: ListOptions,
    ) -> Items<T> {
        let rows = route.rows(&options);
        let mut judged = options.filters.clone();
        judged.retain(Filter::is_judged);
        self.paged(rows, judged, move |skip| route.page(&options, skip))
    }

    /// A list whose pages of `rows` rows are asked for by `page`, given how many rows to skip, without those that do not
    /// fit all of `filters`.
    pub(crate) fn paged<T: DeserializeOwned + Send + 'static>(
        &self,
        rows: u32,
        filters: Vec<Filter>,
        page: impl Fn(u64) -> Request + Send + Sync + 'static,
    ) -> Items<T> {
        let client = self.clone();
        let first = Cursor { skip: 0, pages: 0 };
        pages::stream(first, move |cursor| {
            let (client, filters) = (client.clone(), filters.clone());
            let request = page(cursor.skip);
            async move {
                if cursor.pages >= MAX_PAGES {
                    return Err(Error::Endless {
                        path: request.path(),
                        pages: MAX_PAGES,
                    });
                }
                let Fetched {
                    items,
                    returned,
                    total,
                } = client.fetch_page(&request, &filters).await?;
                Ok(Page {
                    items,
                    next: cursor.after(returned, rows, total),
                })
            }
        })
        .boxed()
    }

    async fn fetch_page<T: DeserializeOwned>(
        &self,
        request: &Request,
        filters: &[Filter],
    ) -> Result<Fetched<T>, Error> {
        let response = self.exchange(request).await?;
        let header_total = response
            .headers()
            .get("x-total-count")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let (items, total) = self.rows(request, &response)?;
        let returned = items.len() as u64;
        let items = if filters.is_empty() {
            items
        } else {
            let (raw, _) = self.rows::<Value>(request, &response)?;
            let fits = |row: &Value| filters.iter().all(|filter| filter.holds(row));
            let rows = items.into_iter().zip(raw);
            rows.filter_map(|(item, raw)| fits(&raw).then_some(item))
                .collect()
        };
        Ok(Fetched {
            items,
            returned,
            total: total.or(header_total),
        })
    }

    /// The rows in an answer, and the total where the body names one.
    fn rows<T: DeserializeOwned>(
        &self,
        request: &Request,
        response: &Response,
    ) -> Result<(Vec<T>, Option<u64>), Error> {
        if response.bytes().trim_ascii_start().starts_with(b"{") {
            let envelope: Envelope<T> = self.decode(request, response)?;
            Ok((envelope.results, envelope.total_count))
        } else {
            Ok((self.decode(request, response)?, None))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_with_a_stable_order_and_the_largest_size() {
        let options = ListOptions::default()
            .filter(Filter::eq("name", "a b").unwrap())
            .filter(Filter::eq("type", "c").unwrap());
        let request = ListRoute::v2(["policies"]).page(&options, 200);
        insta::assert_snapshot!(
            crate::test_support::shown(&request),
            @"GET /api/v2/policies?limit=100&skip=200&sort=_id&filter=name:eq:a b,type:eq:c"
        );
        let request = ListRoute::v2(["policies", "p", "associations"])
            .unsorted()
            .query("targets", "system_group")
            .page(&ListOptions::default().page_size(1000), 0);
        insta::assert_snapshot!(
            crate::test_support::shown(&request),
            @"GET /api/v2/policies/p/associations?targets=system_group&limit=100&skip=0"
        );
    }

    #[test]
    fn a_short_page_ends_the_list_unless_the_server_names_a_larger_total() {
        let cursor = Cursor {
            skip: 100,
            pages: 1,
        };
        let next = Some(Cursor {
            skip: 200,
            pages: 2,
        });
        assert_eq!(cursor.after(100, 100, None), next);
        assert_eq!(cursor.after(99, 100, None), None);
        assert_eq!(cursor.after(0, 100, Some(500)), None);
        let capped = Cursor {
            skip: 110,
            pages: 2,
        };
        assert_eq!(cursor.after(10, 100, Some(500)), Some(capped));
        assert_eq!(cursor.after(10, 100, Some(110)), None);
    }
}
