//! `jumpcloud.rings`: the order in which the Macs get the profile, and when a roll-out stops.

use jumpcloud_mdm::deploy::StopRule;
use toml::Value;

use super::{
    Problems,
    section::{Section, number, text, texts},
};

/// One of `jumpcloud.rings`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RingSection {
    /// The name, unique among the rings.
    pub name: String,
    /// Names of the device groups that are in it.
    pub device_groups: Vec<String>,
    /// The generation of its profile, where it is not that of the blueprint.
    pub generation: Option<u32>,
}

pub(super) const EXAMPLE: &str = r#"[{ name = "pilot", device_groups = ["macOS pilot"] }, { name = "all", device_groups = ["macOS"] }]"#;

/// A list of tables, with the place of what is wrong.
pub(super) fn rings(value: &Value) -> Result<Vec<RingSection>, String> {
    let list = value.as_array().ok_or("is no list of rings")?;
    if list.is_empty() {
        return Err("is an empty list".into());
    }
    let mut rings: Vec<RingSection> = Vec::new();
    for (place, value) in list.iter().enumerate() {
        let ring = ring(value).map_err(|what| format!("has a ring {} whose {what}", place + 1))?;
        if rings.iter().any(|known| known.name == ring.name) {
            return Err(format!("has two rings of the name `{}`", ring.name));
        }
        rings.push(ring);
    }
    Ok(rings)
}

fn ring(value: &Value) -> Result<RingSection, String> {
    const KEYS: [&str; 3] = ["name", "device_groups", "generation"];
    let table = value.as_table().ok_or("value is no table")?;
    if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("key `{key}` is none of {}", KEYS.join(", ")));
    }
    let key = |key: &str| table.get(key).ok_or_else(|| format!("`{key}` is missing"));
    let named = |key: &'static str| move |what: String| format!("`{key}` {what}");
    Ok(RingSection {
        name: text(key("name")?).map_err(named("name"))?,
        device_groups: texts(key("device_groups")?).map_err(named("device_groups"))?,
        generation: table
            .get("generation")
            .map(number(0, u32::MAX))
            .transpose()
            .map_err(named("generation"))?,
    })
}

/// Section `jumpcloud.stop`.
pub(super) fn stop(mut part: Section<'_>, problems: &mut Problems) -> StopRule {
    let default = StopRule::default();
    let mut percent = |key: &'static str, default: u8| {
        let read = number(0, 100);
        let found = part.or(key, default.into(), &default.to_string(), problems, read);
        u8::try_from(found).unwrap_or(default)
    };
    let rule = StopRule {
        max_failed_percent: percent("max_failed_percent", default.max_failed_percent),
        min_reported_percent: percent("min_reported_percent", default.min_reported_percent),
        ..default
    };
    part.finish(problems);
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<Vec<RingSection>, String> {
        let table: toml::Table = format!("rings = {toml}").parse().unwrap();
        rings(&table["rings"])
    }

    #[test]
    fn a_ring_has_a_name_device_groups_and_perhaps_a_generation() {
        let found = read(
            r#"[{ name = "pilot", device_groups = ["a"], generation = 3 }, { name = "all", device_groups = ["b", "c"] }]"#,
        )
        .unwrap();
        assert_eq!(found[0].generation, Some(3));
        assert_eq!(found[1].device_groups, ["b", "c"]);
        assert_eq!(read(EXAMPLE).unwrap().len(), 2);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (toml, part) in [
            ("[]", "empty list"),
            ("1", "no list of rings"),
            ("[1]", "a ring 1 whose value is no table"),
            (r#"[{ name = "a" }]"#, "`device_groups` is missing"),
            (
                r#"[{ name = "", device_groups = ["x"] }]"#,
                "`name` is empty",
            ),
            (
                r#"[{ name = "a", device_groups = ["x"], generation = -1 }]"#,
                "`generation` is -1",
            ),
            (
                r#"[{ name = "a", groups = ["x"] }]"#,
                "key `groups` is none of name, device_groups, generation",
            ),
            (
                r#"[{ name = "a", device_groups = ["x"] }, { name = "a", device_groups = ["y"] }]"#,
                "two rings of the name `a`",
            ),
        ] {
            let what = read(toml).unwrap_err();
            assert!(what.contains(part), "{toml}: {what}");
        }
    }
}
