//! The order of a list, as far as the syntax carries it.

use std::fmt;

use crate::Error;

/// The order of a v2 list: fields after each other, the first one first.
///
/// ```
/// use jumpcloud_mdm::Sort;
///
/// assert_eq!(Sort::ascending("name")?.then_descending("_id")?.to_string(), "name,-_id");
/// assert!(Sort::ascending("name,_id").unwrap_err().is_invalid());
/// # Ok::<(), jumpcloud_mdm::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort(String);

impl Sort {
    /// By a field, the smallest value first.
    ///
    /// # Errors
    /// [`Error::Input`] when the field's name holds what separates fields or marks the descending order.
    pub fn ascending(field: &str) -> Result<Self, Error> {
        Ok(Self(checked(field)?.to_owned()))
    }

    /// By a field, the largest value first.
    ///
    /// # Errors
    /// As [`Sort::ascending`].
    pub fn descending(field: &str) -> Result<Self, Error> {
        Ok(Self(format!("-{}", checked(field)?)))
    }

    /// And where that is equal by another field, the smallest value first.
    ///
    /// # Errors
    /// As [`Sort::ascending`].
    pub fn then_ascending(self, field: &str) -> Result<Self, Error> {
        Ok(Self(format!("{},{}", self.0, checked(field)?)))
    }

    /// And where that is equal by another field, the largest value first.
    ///
    /// # Errors
    /// As [`Sort::ascending`].
    pub fn then_descending(self, field: &str) -> Result<Self, Error> {
        Ok(Self(format!("{},-{}", self.0, checked(field)?)))
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn checked(field: &str) -> Result<&str, Error> {
    let good = !field.is_empty()
        && field
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    if good {
        Ok(field)
    } else {
        Err(Error::input(
            "sort",
            format!(
                "`{field}` is no field's name: letters, digits, `_` and `.`; name one field at a time, and ask for the \
                 descending order by its own call"
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_read_as_something_else_is_refused() {
        for bad in ["", "-name", "a,b", "a b", "a:b", "näme"] {
            assert!(Sort::ascending(bad).is_err(), "{bad:?}");
            assert!(Sort::descending(bad).is_err(), "{bad:?}");
            let sort = Sort::ascending("name").unwrap();
            assert!(sort.then_descending(bad).is_err(), "{bad:?}");
        }
        let sort = Sort::descending("mdm.vendor").unwrap();
        assert_eq!(
            sort.then_ascending("_id").unwrap().to_string(),
            "-mdm.vendor,_id"
        );
    }
}
