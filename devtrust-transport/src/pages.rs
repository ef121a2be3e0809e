//! Paging, once for every kind: a function fetches a page and says where the next one is.

use std::{collections::VecDeque, future::Future};

use futures::stream::{self, Stream};

/// One page: its items and, if there is another page, where that is.
#[derive(Debug, Clone)]
pub struct Page<T, C> {
    /// The items, in order. An empty page does not end the stream.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` ends the stream.
    pub next: Option<C>,
}

/// A stream over the items of all pages. A page is fetched when its first item is asked for.
///
/// After an error the stream ends.
pub fn stream<T, C, E, F, Fut>(first: C, fetch: F) -> impl Stream<Item = Result<T, E>>
where
    F: FnMut(C) -> Fut,
    Fut: Future<Output = Result<Page<T, C>, E>>,
{
    let state = (VecDeque::new(), Some(first), fetch);
    stream::unfold(state, |(mut items, mut cursor, mut fetch)| async move {
        loop {
            if let Some(item) = items.pop_front() {
                return Some((Ok(item), (items, cursor, fetch)));
            }
            match fetch(cursor.take()?).await {
                Ok(page) => {
                    items.extend(page.items);
                    cursor = page.next;
                }
                Err(error) => return Some((Err(error), (items, None, fetch))),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    #[tokio::test]
    async fn an_empty_middle_page_does_not_end_the_stream() {
        let pages = [vec![1, 2], vec![], vec![3]];
        let all: Vec<Result<i32, ()>> = stream(0, |n| {
            let items = pages[n].clone();
            async move {
                Ok(Page {
                    items,
                    next: (n < 2).then_some(n + 1),
                })
            }
        })
        .collect()
        .await;
        assert_eq!(all, [Ok(1), Ok(2), Ok(3)]);
    }

    #[tokio::test]
    async fn an_error_comes_after_the_items_before_it_and_ends_the_stream() {
        let all: Vec<Result<i32, &str>> = stream(0, |n| async move {
            if n == 0 {
                Ok(Page {
                    items: vec![1],
                    next: Some(1),
                })
            } else {
                Err("gone")
            }
        })
        .collect()
        .await;
        assert_eq!(all, [Ok(1), Err("gone")]);
    }
}
