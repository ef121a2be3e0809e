//! What a proof rests on besides the rules themselves: who is in the groups that they name, and what the device
//! assurance policies that they name ask for. Either decides who gets in, and changes without any rule changing.

use std::collections::{BTreeMap, BTreeSet};

use futures::{TryStreamExt as _, future::try_join_all, try_join};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Error, Okta,
    assurances::DeviceAssurance,
    groups,
    policies::{Rule, Selection},
    request::json_of,
    trust::{Difference, semantic},
};

/// How many members of one group are named in a difference before they are counted only.
const NAMED: usize = 10;

/// Groups and device assurance policies as they were when something was proved of the rules that name them. It holds
/// ids of people, and no secret. What is not there any more is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Grounds {
    /// The ids of the members of each group, by the group's id.
    pub members: BTreeMap<String, BTreeSet<String>>,
    /// Each device assurance policy, by its id.
    pub assurances: BTreeMap<String, DeviceAssurance>,
}

impl Grounds {
    /// Reads what the active ones of these rules name: the whole list of members of each group, independent reads at
    /// the same time.
    ///
    /// # Errors
    /// The first read that fails. A group or an assurance policy that is not there (404) is left out.
    pub async fn read(okta: &Okta, rules: &[Rule]) -> Result<Self, Error> {
        let (mut group_ids, mut assurance_ids) = (BTreeSet::new(), BTreeSet::new());
        for rule in rules.iter().filter(|rule| rule.is_active()) {
            let Some(conditions) = rule.conditions.value() else {
                continue;
            };
            let people = conditions.people.as_ref();
            group_ids.extend(
                people
                    .and_then(|people| people.groups.as_ref())
                    .map(ids)
                    .into_iter()
                    .flatten(),
            );
            let device = conditions.device.as_ref();
            let assurance = device.and_then(|device| device.assurance.as_ref());
            assurance_ids.extend(
                assurance
                    .and_then(|one| one.include.as_ref())
                    .into_iter()
                    .flatten(),
            );
        }
        let groups = group_ids.into_iter().map(|id| async move {
            let found = there(member_ids(okta, id).await)?;
            Ok::<_, Error>(found.map(|members| (id.clone(), members)))
        });
        let assurances = assurance_ids.into_iter().map(|id| async move {
            let found = there(okta.device_assurance(id).await)?;
            Ok::<_, Error>(found.map(|assurance| (id.clone(), assurance)))
        });
        let (members, assurances) = try_join!(try_join_all(groups), try_join_all(assurances))?;
        Ok(Self {
            members: members.into_iter().flatten().collect(),
            assurances: assurances.into_iter().flatten().collect(),
        })
    }

    /// The members of these groups, each once.
    pub(super) fn members_of<'a>(
        &self,
        groups: impl IntoIterator<Item = &'a str>,
    ) -> BTreeSet<String> {
        let known = groups.into_iter().filter_map(|id| self.members.get(id));
        known.flatten().cloned().collect()
    }

    /// What is no longer so.
    pub(super) fn changes(&self, now: &Self) -> Vec<Difference> {
        let mut all = Vec::new();
        let is_there = |there: bool| if there { true.into() } else { Value::Null };
        for id in keys(&self.members, &now.members) {
            let path = format!("groups[{id}]");
            match (self.members.get(id), now.members.get(id)) {
                (Some(before), Some(now)) => all.extend(members(&path, before, now)),
                (before, now) => all.push(Difference {
                    path,
                    wanted: is_there(before.is_some()),
                    found: is_there(now.is_some()),
                }),
            }
        }
        for id in keys(&self.assurances, &now.assurances) {
            let asked = |grounds: &Self| grounds.assurances.get(id).map_or(Value::Null, asked);
            let mut differences = semantic::changes(&asked(self), &asked(now));
            for difference in &mut differences {
                difference.path = format!("assurances[{id}].{}", difference.path);
            }
            all.extend(differences);
        }
        all
    }
}

fn keys<'a, T>(
    one: &'a BTreeMap<String, T>,
    other: &'a BTreeMap<String, T>,
) -> BTreeSet<&'a String> {
    one.keys().chain(other.keys()).collect()
}

fn ids(groups: &Selection) -> impl Iterator<Item = &String> {
    let (include, exclude) = (groups.include.as_ref(), groups.exclude.as_ref());
    include.into_iter().chain(exclude).flatten()
}

fn there<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn member_ids(okta: &Okta, group: &str) -> Result<BTreeSet<String>, Error> {
    let members = okta.pages::<Value>(groups::members(group, 1000));
    let ids = members.try_filter_map(async |user| Ok(user["id"].as_str().map(str::to_owned)));
    ids.try_collect().await
}

/// Who left and who came, by id as long as they are few.
fn members(group: &str, before: &BTreeSet<String>, now: &BTreeSet<String>) -> Vec<Difference> {
    let moved = before.symmetric_difference(now);
    let difference = |id: &String| {
        let left = before.contains(id);
        Difference {
            path: format!("{group}.members[{id}]"),
            wanted: if left { true.into() } else { Value::Null },
            found: if left { Value::Null } else { true.into() },
        }
    };
    let mut all: Vec<Difference> = moved.clone().take(NAMED).map(difference).collect();
    if moved.count() > NAMED {
        all.push(Difference {
            path: format!("{group}.members"),
            wanted: before.len().into(),
            found: now.len().into(),
        });
    }
    all
}

/// What an assurance policy asks for, without who wrote it and when.
fn asked(assurance: &DeviceAssurance) -> Value {
    let mut value = json_of(assurance);
    if let Some(map) = value.as_object_mut() {
        for key in ["createdBy", "createdDate", "lastUpdatedBy", "lastUpdate"] {
            map.remove(key);
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn grounds(members: &[&str], minimum: &str) -> Grounds {
        serde_json::from_value(json!({
            "members": {"00g1": members},
            "assurances": {"dae1": {
                "id": "dae1", "name": "Macs", "platform": "MACOS", "osVersion": {"minimum": minimum},
                "lastUpdate": format!("when {minimum} was asked"), "lastUpdatedBy": "00u9"}}
        }))
        .unwrap()
    }

    fn shown(before: &Grounds, now: &Grounds) -> Vec<String> {
        before
            .changes(now)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn who_left_and_who_came_is_named_and_so_is_what_an_assurance_policy_asks_for() {
        let before = grounds(&["ada", "bob"], "15.0.0");
        assert_eq!(
            shown(&before, &grounds(&["bob", "eve"], "15.6.1")),
            [
                "`groups[00g1].members[ada]` should be true and is not there",
                "`groups[00g1].members[eve]` should not be there and is true",
                "`assurances[dae1].osVersion.minimum` should be \"15.0.0\" and is \"15.6.1\"",
            ]
        );
        assert_eq!(shown(&before, &before), Vec::<String>::new());
    }

    #[test]
    fn what_is_gone_or_was_never_read_is_a_difference() {
        let before = grounds(&[], "15.0.0");
        let gone = shown(&before, &Grounds::default());
        assert_eq!(gone[0], "`groups[00g1]` should be true and is not there");
        assert!(
            gone.iter().any(|one| one.starts_with("`assurances[dae1].")),
            "{gone:?}"
        );
        let never_read = shown(&Grounds::default(), &before);
        assert_eq!(
            never_read[0],
            "`groups[00g1]` should not be there and is true"
        );
    }

    #[test]
    fn who_wrote_an_assurance_policy_and_when_is_no_difference() {
        let (before, mut now) = (grounds(&[], "15.0.0"), grounds(&[], "15.0.0"));
        let assurance = now.assurances.get_mut("dae1").unwrap();
        assurance.last_update = Some("later".into());
        assurance.last_updated_by = None;
        assert_eq!(shown(&before, &now), Vec::<String>::new());
    }

    #[test]
    fn of_many_members_the_first_are_named_and_the_others_counted() {
        let all: Vec<String> = (0..500).map(|n| format!("00u{n}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let found = grounds(&all, "15.0.0").changes(&grounds(&[], "15.0.0"));
        assert_eq!(found.len(), NAMED + 1);
        assert_eq!(
            found[NAMED].to_string(),
            "`groups[00g1].members` should be 500 and is 0"
        );
    }
}
