//! Objects by name. The rule: the server's filter only narrows; equality is judged here.

use futures::TryStreamExt;

use crate::{Error, Filter, Items, JumpCloud, ListOptions};

impl JumpCloud {
    /// All objects whose `field` is exactly `value`. A value that no filter can carry is looked for in the whole list.
    pub(crate) async fn matching<T>(
        &self,
        field: &str,
        value: &str,
        list: impl FnOnce(ListOptions) -> Items<T>,
        read: impl Fn(&T) -> Option<&str>,
    ) -> Result<Vec<T>, Error> {
        let options = Filter::eq(field, value).map_or_else(
            |_| ListOptions::default(),
            |filter| ListOptions::default().filter(filter),
        );
        let items: Vec<T> = list(options).try_collect().await?;
        Ok(items
            .into_iter()
            .filter(|item| read(item) == Some(value))
            .collect())
    }
}

/// The one object of a name.
pub(crate) fn only<T>(
    kind: &str,
    name: &str,
    mut found: Vec<T>,
    id: impl Fn(&T) -> &str,
) -> Result<Option<T>, Error> {
    if found.len() > 1 {
        let ids: Vec<&str> = found.iter().map(id).collect();
        return Err(Error::input(
            kind,
            format!(
                "`{name}` is the name of {} objects ({}); rename all but one",
                ids.len(),
                ids.join(", ")
            ),
        ));
    }
    let found = found.pop();
    if found.as_ref().is_some_and(|found| id(found).is_empty()) {
        let problem =
            format!("`{name}` came without an id, so nothing can be done with it; read it again");
        return Err(Error::input(kind, problem));
    }
    Ok(found)
}
