use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use device_trust::program::print;
use mobileconfig::{
    Note, Redacted, lint,
    plist::{Dictionary, Value},
};

use crate::{Outcome, stream};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The profile.
    file: PathBuf,
    /// Print XML in place of an outline.
    #[arg(long, conflicts_with = "json")]
    xml: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let rough = stream::read_rough(&arguments.file)?;
    let missing = rough.missing();
    let masked = Redacted::of_value(&Value::Dictionary(rough.keys));
    if arguments.xml || arguments.json {
        // What is printed is for other programs.
        for path in &missing {
            stream::remark(&stream::about(
                &arguments.file,
                format!("note: {path} is missing"),
            ));
        }
    }
    let text = if arguments.xml {
        masked.to_string()
    } else if arguments.json {
        let json =
            serde_json::to_string_pretty(masked.to_value()).map_err(|error| error.to_string())?;
        json + "\n"
    } else {
        outline(masked.to_value(), &rough.notes, &missing)
    };
    print(&text)?;
    Ok(Outcome::Good)
}

const PAYLOADS: &str = "PayloadContent";

fn outline(profile: &Value, notes: &[Note], missing: &[String]) -> String {
    let mut text = String::new();
    let empty = Dictionary::new();
    let top = profile.as_dictionary().unwrap_or(&empty);
    for note in notes {
        let _ = writeln!(text, "note: {}", lint::note(*note).message);
    }
    for path in missing {
        let _ = writeln!(text, "note: {path} is missing");
    }
    keys(
        &mut text,
        0,
        top.iter()
            .filter(|(key, value)| *key != PAYLOADS || value.as_array().is_none()),
    );
    let payloads = top.get(PAYLOADS).and_then(Value::as_array);
    for (index, payload) in payloads.into_iter().flatten().enumerate() {
        let Some(payload) = payload.as_dictionary() else {
            let _ = writeln!(text, "\nno payload");
            entry(&mut text, 1, &format!("{PAYLOADS}[{index}]"), payload);
            continue;
        };
        let own = |key| {
            payload
                .get(key)
                .and_then(Value::as_string)
                .unwrap_or_default()
        };
        let _ = writeln!(
            text,
            "\n{} ({})",
            stream::harmless(own("PayloadType")),
            stream::harmless(own("PayloadIdentifier"))
        );
        let headline = ["PayloadType", "PayloadIdentifier"];
        keys(
            &mut text,
            1,
            payload
                .iter()
                .filter(|(key, _)| !headline.contains(&key.as_str())),
        );
    }
    text
}

fn keys<'a>(
    text: &mut String,
    depth: usize,
    entries: impl Iterator<Item = (&'a String, &'a Value)>,
) {
    let mut sorted: Vec<_> = entries.collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    for (key, value) in sorted {
        entry(text, depth, &stream::harmless(key), value);
    }
}

fn entry(text: &mut String, depth: usize, label: &str, value: &Value) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Dictionary(inner) if !inner.is_empty() => {
            let _ = writeln!(text, "{indent}{label}:");
            keys(text, depth + 1, inner.iter());
        }
        Value::Array(items) if !items.is_empty() => {
            let _ = writeln!(text, "{indent}{label}:");
            for (index, item) in items.iter().enumerate() {
                entry(text, depth + 1, &format!("[{index}]"), item);
            }
        }
        value => {
            let _ = writeln!(text, "{indent}{label}: {}", scalar(value));
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => stream::harmless(text),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => value.to_string(),
        Value::Date(date) => date.to_xml_format(),
        Value::Array(_) => "[]".to_owned(),
        Value::Dictionary(_) => "{}".to_owned(),
        // Masking leaves no data.
        _ => "?".to_owned(),
    }
}
