//! Makes `mobileconfig/schema/apple-profiles.facts` from a checkout of Apple's profile schema.
//!
//! ```text
//! cargo run -p device-trust-tests --bin mobileconfig-schema -- ../shared/reference/apple \
//!     > mobileconfig/schema/apple-profiles.facts
//! ```
//!
//! Only facts are taken: names, types, numbers, versions and flags. Titles, descriptions and notes are Apple's text and
//! are left behind. A field that this program has never seen is an error, so that a new kind of fact is noticed.
//! The format is described in `mobileconfig/schema/README.md`.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use yaml::{Mapping, Value};

type Result<T> = std::result::Result<T, String>;

/// Fields that hold Apple's prose, at every level.
const PROSE: [&str; 6] = [
    "title",
    "description",
    "content",
    "notes",
    "examples",
    "reasons",
];

fn main() -> ExitCode {
    let made = match std::env::args_os().nth(1) {
        Some(folder) => facts(Path::new(&folder)),
        None => Err("usage: mobileconfig-schema APPLE_YAML_DIRECTORY".into()),
    };
    let written = made.and_then(|text| {
        io::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| error.to_string())
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(io::stderr(), "mobileconfig-schema: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The whole data file.
fn facts(folder: &Path) -> Result<String> {
    let mut parts = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let text = fs::read_to_string(&path).map_err(|error| format!("{stem}: {error}"))?;
            let (payload_type, part) =
                part(&stem, &text).map_err(|error| format!("{stem}: {error}"))?;
            parts.insert((payload_type, stem), part);
        }
    }
    let mut text = String::from(
        "# Facts of Apple's profile payload schema. Made by mobileconfig-schema, never by hand; see README.md.\n",
    );
    for ((payload_type, stem), part) in parts {
        let _ = write!(text, "[{payload_type}] {stem}\n{part}");
    }
    Ok(text)
}

/// One of Apple's files: its payload type and its lines.
fn part(stem: &str, text: &str) -> Result<(String, String)> {
    let document: Value =
        yaml::from_str(&anchors_as_tags(text)).map_err(|error| error.to_string())?;
    let document = mapping(&document)?;
    only(document, &["payload", "payloadkeys"])?;
    let payload = mapping(field(document, "payload")?)?;
    only(payload, &["payloadtype", "supportedOS"])?;
    let keys = field(document, "payloadkeys")?;

    let mut lines = String::new();
    if let Some(systems) = payload.get("supportedOS") {
        for line in supported(systems)? {
            let _ = writeln!(lines, "{line}");
        }
    }
    let mut anchors = BTreeMap::new();
    collect_anchors(keys, &mut anchors);
    Keys {
        anchors: &anchors,
        lines: &mut lines,
        open: Vec::new(),
        path: vec![stem.to_owned()],
    }
    .list(keys)?;
    Ok((text_of(field(payload, "payloadtype")?)?, lines))
}

/// YAML readers for serde replace an alias by a copy, which never ends where a key contains itself. Here anchors
/// become tags, so that the reader leaves them alone. Apple's files have them after `key: ` only.
fn anchors_as_tags(text: &str) -> String {
    let line = |line: &str| {
        let name = |mark: &str| {
            let (field, name) = line.rsplit_once(mark)?;
            let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            plain.then(|| (field.to_owned(), name.to_owned()))
        };
        if let Some((field, name)) = name(": &") {
            format!("{field}: !{name}\n")
        } else if let Some((field, name)) = name(": *") {
            format!("{field}: !alias {name}\n")
        } else {
            format!("{line}\n")
        }
    };
    text.lines().map(line).collect()
}

fn collect_anchors<'a>(value: &'a Value, anchors: &mut BTreeMap<String, &'a Value>) {
    match value {
        Value::Tagged(tagged) => {
            let name = tagged.tag.to_string().trim_start_matches('!').to_owned();
            if name != "alias" {
                anchors.insert(name, &tagged.value);
            }
            collect_anchors(&tagged.value, anchors);
        }
        Value::Sequence(items) => items.iter().for_each(|item| collect_anchors(item, anchors)),
        Value::Mapping(fields) => fields
            .values()
            .for_each(|field| collect_anchors(field, anchors)),
        _ => {}
    }
}

/// Writes keys, depth first.
struct Keys<'a> {
    anchors: &'a BTreeMap<String, &'a Value>,
    lines: &'a mut String,
    /// The anchors whose lists are being written, with the depth of the key that holds each.
    open: Vec<(String, usize)>,
    path: Vec<String>,
}

impl Keys<'_> {
    fn list(&mut self, keys: &Value) -> Result<()> {
        let Value::Sequence(keys) = keys else {
            return Err(self.wrong("a list of keys is due"));
        };
        keys.iter().try_for_each(|key| self.key(key))
    }

    fn key(&mut self, key: &Value) -> Result<()> {
        let key = mapping(key)?;
        let name = text_of(field(key, "key")?)?;
        let depth = self.path.len() - 1;
        self.path.push(name.clone());
        only(
            key,
            &[
                "key",
                "type",
                "presence",
                "default",
                "range",
                "rangelist",
                "format",
                "subtype",
                "subkeytype",
                "repetition",
                "supportedOS",
                "subkeys",
            ],
        )
        .map_err(|error| self.wrong(&error))?;

        let mut line = format!("{}{name}\t{}", " ".repeat(depth), self.kind(key)?);
        for (name, fact) in self.plain_facts(key)? {
            let _ = write!(line, "\t{name}={fact}");
        }
        if let Some(systems) = key.get("supportedOS") {
            for system in supported(systems).map_err(|error| self.wrong(&error))? {
                let _ = write!(line, "\t{system}");
            }
        }
        let mut below = key.get("subkeys");
        let opened = self.open.len();
        if let Some(Value::Tagged(tagged)) = below {
            let tag = tagged.tag.to_string();
            let name = match tag.trim_start_matches('!') {
                "alias" => text_of(&tagged.value)?,
                anchor => anchor.to_owned(),
            };
            if let Some((_, holder)) = self.open.iter().find(|(open, _)| *open == name) {
                let _ = write!(line, "\tas={}", depth - holder);
                below = None;
            } else {
                let list = self
                    .anchors
                    .get(&name)
                    .ok_or_else(|| self.wrong("an alias of nothing"))?;
                self.open.push((name, depth));
                below = Some(list);
            }
        }
        let _ = writeln!(self.lines, "{line}");
        if let Some(below) = below {
            self.list(below)?;
        }
        self.open.truncate(opened);
        self.path.pop();
        Ok(())
    }

    /// The type, with `!` for required, `?` for optional and nothing where Apple does not say.
    fn kind(&self, key: &Mapping) -> Result<String> {
        let kind = text_of(field(key, "type")?)?;
        let known = [
            "string",
            "integer",
            "real",
            "boolean",
            "date",
            "data",
            "array",
            "dictionary",
            "any",
        ];
        let kind = kind.trim_start_matches('<').trim_end_matches('>');
        if !known.contains(&kind) {
            return Err(self.wrong(&format!("the type {kind} is new")));
        }
        let mark = match key.get("presence").map(text_of).transpose()?.as_deref() {
            Some("required") => "!",
            Some("optional") => "?",
            None => "",
            Some(other) => return Err(self.wrong(&format!("the presence {other} is new"))),
        };
        Ok(format!("{kind}{mark}"))
    }

    fn plain_facts(&self, key: &Mapping) -> Result<Vec<(&'static str, String)>> {
        let mut facts = Vec::new();
        for (name, short) in [
            ("default", "default"),
            ("format", "format"),
            ("subtype", "subtype"),
            ("subkeytype", "subkeytype"),
        ] {
            if let Some(value) = key.get(name) {
                facts.push((short, text_of(value).map_err(|error| self.wrong(&error))?));
            }
        }
        if let Some(list) = key.get("rangelist") {
            let Value::Sequence(list) = list else {
                return Err(self.wrong("a rangelist that is no list"));
            };
            let values = list.iter().map(text_of).collect::<Result<Vec<_>>>()?;
            if values.iter().any(|value| value.contains('|')) {
                return Err(self.wrong("a value with the separator | in it"));
            }
            facts.push(("allowed", values.join("|")));
        }
        for (name, short) in [("range", "range"), ("repetition", "count")] {
            if let Some(limits) = key.get(name) {
                let limits = mapping(limits)?;
                only(limits, &["min", "max"])?;
                let limit = |name: &str| {
                    limits
                        .get(name)
                        .map(text_of)
                        .transpose()
                        .map(Option::unwrap_or_default)
                };
                facts.push((short, format!("{}..{}", limit("min")?, limit("max")?)));
            }
        }
        if facts.iter().any(|(_, fact)| fact.contains(['\t', '\n'])) {
            return Err(self.wrong("a fact with a tab or line break in it"));
        }
        Ok(facts)
    }

    fn wrong(&self, what: &str) -> String {
        format!("{}: {what}", self.path.join("/"))
    }
}

/// `@macOS introduced=10.13 -userchannel` for each system that something is said about, in Apple's alphabetical order.
fn supported(systems: &Value) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for (system, statements) in mapping(systems)? {
        let mut line = format!("@{}", text_of(system)?);
        for (name, value) in mapping(statements)? {
            statement(&mut line, &text_of(name)?, value)?;
        }
        lines.push(line);
    }
    lines.sort();
    Ok(lines)
}

fn statement(line: &mut String, name: &str, value: &Value) -> Result<()> {
    match value {
        Value::Bool(true) => line.push_str(&format!(" +{name}")),
        Value::Bool(false) => line.push_str(&format!(" -{name}")),
        Value::Mapping(fields) => {
            for (inner, value) in fields {
                statement(line, &format!("{name}.{}", text_of(inner)?), value)?;
            }
        }
        other => line.push_str(&format!(" {name}={}", text_of(other)?)),
    }
    Ok(())
}

fn only(fields: &Mapping, known: &[&str]) -> Result<()> {
    for name in fields.keys() {
        let name = text_of(name)?;
        if !known.contains(&name.as_str()) && !PROSE.contains(&name.as_str()) {
            return Err(format!(
                "the field {name} is new; decide whether it is a fact"
            ));
        }
    }
    Ok(())
}

fn field<'a>(fields: &'a Mapping, name: &str) -> Result<&'a Value> {
    fields.get(name).ok_or_else(|| format!("no {name}"))
}

fn mapping(value: &Value) -> Result<&Mapping> {
    value.as_mapping().ok_or_else(|| "a mapping is due".into())
}

fn text_of(value: &Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err("a plain value is due".into()),
    }
}
