//! Section `tenants`: the organisations of one JumpCloud account, each a table of what differs from the rest of the
//! blueprint. The rules: what stands in a tenant's table goes before everything, also before the environment; a secret
//! never goes to a tenant's own address unless the tenant names it.

use std::path::Path;

use toml::{Table, Value};

use super::{
    Blueprint, Needs, Overrides, Problem, Problems, Secrets,
    jumpcloud::{ORGANIZATION, organization},
    section::{kind, text},
};

const KEY: &str = "tenants";
const EXAMPLE: &str =
    r#"[[tenants]] name = "Globex" jumpcloud.org_id = "5f0000000000000000000000""#;

/// What is the account's, and so the same for all its organisations.
const OF_THE_ACCOUNT: [&str; 5] = [
    "url",
    "region",
    "api_key_file",
    "client_id",
    "client_secret_file",
];
/// The variables of secrets that a tenant can have for itself, with the keys that name the file.
const SECRETS: [(&str, &str, &str); 3] = [
    ("OKTA_API_TOKEN", "okta", "api_token_file"),
    ("OKTA_PRIVATE_KEY", "okta", "private_key_file"),
    ("SCEP_CHALLENGE", "scep", "challenge_file"),
];

/// One of the blueprint's tenants: an organisation of JumpCloud's, and the blueprint as it is there.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TenantBlueprint {
    /// The name, for people.
    pub name: String,
    /// The organisation's id: 24 hexadecimal digits.
    pub organization: String,
    /// The blueprint with the tenant's keys in place of its own.
    pub blueprint: Blueprint,
    /// The secrets; those of JumpCloud are the same for all.
    pub secrets: Secrets,
}

pub(super) fn are_in(table: &Table) -> bool {
    table.contains_key(KEY)
}

/// The blueprint of none of the tenants.
pub(super) fn without(mut table: Table) -> Table {
    table.remove(KEY);
    table
}

/// That of the tenant which the command line names.
pub(super) fn read_one(
    needs: Needs,
    file: &Path,
    table: &Table,
    overrides: &Overrides,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<(Blueprint, Secrets), Problems> {
    let entries = entries(file, table)?;
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let names = format!("--org, one of {}", names.join(", "));
    let Some(wanted) = &overrides.jumpcloud_org else {
        let what = "has several, and none is named";
        return Err(problem(file, KEY, what, names));
    };
    let named = |entry: &&Entry<'_>| {
        entry.name == *wanted || entry.organization.eq_ignore_ascii_case(wanted)
    };
    let Some(entry) = entries.iter().find(named) else {
        let what = format!("has no `{wanted}` (command line)");
        return Err(problem(file, KEY, what, names));
    };
    let read = entry.read(needs, file, table, overrides, environment);
    read.map_err(|problems| Problems {
        list: problems
            .list
            .into_iter()
            .map(|one| entry.own(one))
            .collect(),
        ..problems
    })
}

/// Those of all tenants.
pub(super) fn read_all(
    needs: Needs,
    file: &Path,
    table: &Table,
    overrides: &Overrides,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<TenantBlueprint>, Problems> {
    if !are_in(table) {
        return Ok(Vec::new());
    }
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for entry in entries(file, table)? {
        match entry.read(needs, file, table, overrides, environment) {
            Ok((blueprint, secrets)) => good.push(TenantBlueprint {
                name: entry.name,
                organization: entry.organization,
                blueprint,
                secrets,
            }),
            Err(problems) => bad.push((entry, problems.list)),
        }
    }
    let Some((_, first)) = bad.first() else {
        return Ok(good);
    };
    let mut problems = Problems::none(file);
    let of_all = |problem: &Problem| {
        good.is_empty() && bad.len() > 1 && bad.iter().all(|(_, list)| list.contains(problem))
    };
    problems.list = first.iter().filter(|one| of_all(one)).cloned().collect();
    let common = problems.list.len();
    for (entry, list) in &bad {
        for problem in list {
            if !problems.list[..common].contains(problem) {
                problems.list.push(entry.own(problem.clone()));
            }
        }
    }
    Err(problems)
}

/// A tenant's table, and what names it.
struct Entry<'a> {
    name: String,
    organization: String,
    own: &'a Table,
}

/// The tenants, with all problems of what names them and of what they may not say.
fn entries<'a>(file: &Path, table: &'a Table) -> Result<Vec<Entry<'a>>, Problems> {
    let Some(Value::Array(list)) = table.get(KEY) else {
        return Err(problem(file, KEY, "is no list of tables", EXAMPLE));
    };
    if list.is_empty() {
        return Err(problem(file, KEY, "is an empty list", EXAMPLE));
    }
    let mut problems = Problems::none(file);
    let mut entries: Vec<Entry<'a>> = Vec::new();
    for (place, value) in list.iter().enumerate() {
        let place = format!("{KEY}[{}]", place + 1);
        let Some(own) = value.as_table() else {
            let what = format!("is {}, not a table", kind(value));
            problems.add(place, what, EXAMPLE);
            continue;
        };
        let named = |value: Option<&Value>, read: &dyn Fn(&Value) -> Result<String, String>| {
            value.map_or_else(|| Err("is missing".to_owned()), read)
        };
        let name = named(own.get("name"), &text)
            .map_err(|what| problems.add(format!("{place}.name"), what, r#"name = "Globex""#));
        let id = named(of(own, "jumpcloud", "org_id"), &|value| {
            text(value).and_then(|id| organization(&id))
        })
        .map_err(|what| {
            let mend = format!("jumpcloud.org_id = {ORGANIZATION}");
            problems.add(format!("{place}.jumpcloud.org_id"), what, mend);
        });
        let (Ok(name), Ok(organization)) = (name, id) else {
            continue;
        };
        let entry = Entry {
            name,
            organization,
            own,
        };
        for known in &entries {
            for (key, same) in [
                ("name", known.name == entry.name),
                (
                    "jumpcloud.org_id",
                    known.organization.eq_ignore_ascii_case(&entry.organization),
                ),
            ] {
                if same {
                    let what = format!("is that of `{}` too", known.name);
                    problems.add(format!("{place}.{key}"), what, "one of its own");
                }
            }
        }
        entry.check(&mut problems);
        entries.push(entry);
    }
    problems.or(Some(entries))
}

impl Entry<'_> {
    /// What a tenant may not say, and what it has to say for itself.
    fn check(&self, problems: &mut Problems) {
        let mut add = |key: &str, what: &str, mend: String| {
            let (key, what, example) = (key.to_owned(), what.to_owned(), mend);
            problems.list.push(self.own(Problem { key, what, example }));
        };
        for key in OF_THE_ACCOUNT {
            if self.has("jumpcloud", key) {
                let mend = format!("[jumpcloud] {key} = …, and none of a tenant");
                add(
                    &format!("jumpcloud.{key}"),
                    "is of the account that all tenants share",
                    mend,
                );
            }
        }
        let signs_in = self.has("okta", "api_token_file") || self.has("okta", "private_key_file");
        if self.has("okta", "url") && !signs_in {
            let mend = r#"okta.api_token_file = "globex-okta-token""#;
            let what = "is the tenant's own, and the token is that of another org";
            add("okta.url", what, mend.to_owned());
        }
        for (key, example) in [
            ("challenge_file", r#""globex-scep-challenge""#),
            ("ca_certificates", r#"["globex-ca.pem"]"#),
        ] {
            if self.has("scep", "url") && !self.has("scep", key) {
                let what = format!("is the tenant's own, and {key} is not");
                add("scep.url", &what, format!("scep.{key} = {example}"));
            }
        }
    }

    fn has(&self, section: &str, key: &str) -> bool {
        of(self.own, section, key).is_some()
    }

    /// A problem as one of this tenant.
    fn own(&self, problem: Problem) -> Problem {
        let place = format!("tenant {}", self.name);
        Problem {
            key: match problem.key.as_str() {
                "" => place,
                key => format!("{place}: {key}"),
            },
            ..problem
        }
    }

    fn read(
        &self,
        needs: Needs,
        file: &Path,
        table: &Table,
        overrides: &Overrides,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(Blueprint, Secrets), Problems> {
        let environment = |name: &str| {
            let mut own = SECRETS.iter().filter(|(variable, ..)| *variable == name);
            if own.any(|(_, section, key)| self.has(section, key)) {
                return None;
            }
            environment(name)
        };
        let overrides = Overrides {
            jumpcloud_org: None,
            ..overrides.clone()
        };
        let merged = self.over(table);
        let mut problems = Problems::none(file);
        let read = Blueprint::read(
            needs,
            file,
            &merged,
            &overrides,
            &environment,
            &mut problems,
        );
        problems.or(read)
    }

    /// The blueprint with this tenant's keys in place of its own, and without those that they stand instead of.
    fn over(&self, table: &Table) -> Table {
        let mut merged = without(table.clone());
        for (given, instead_of) in [
            (("jumpcloud", "rings"), &["device_groups"][..]),
            (("jumpcloud", "device_groups"), &["rings"]),
            (
                ("okta", "api_token_file"),
                &["client_id", "private_key_file", "key_id"],
            ),
            (("okta", "private_key_file"), &["api_token_file"]),
        ] {
            let (section, key) = given;
            if self.has(section, key)
                && let Some(Value::Table(part)) = merged.get_mut(section)
            {
                for key in instead_of {
                    part.remove(*key);
                }
            }
        }
        let mut own = self.own.clone();
        own.remove("name");
        lay_over(&mut merged, own);
        merged
    }
}

fn lay_over(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

fn of<'a>(table: &'a Table, section: &str, key: &str) -> Option<&'a Value> {
    table.get(section)?.as_table()?.get(key)
}

fn problem(file: &Path, key: &str, what: impl Into<String>, mend: impl Into<String>) -> Problems {
    let mut problems = Problems::none(file);
    problems.add(key, what, mend);
    problems
}
