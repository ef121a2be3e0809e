use std::path::PathBuf;

use clap::{Args, ValueEnum};
use device_trust::program::print;
use mobileconfig::diff::{Diff, Rewrite, Rules};

use crate::{Outcome, stream};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The older profile.
    old: PathBuf,
    /// The newer profile.
    new: PathBuf,
    /// Put down to the MDM server what servers are seen to rewrite: signature, UUIDs, identifiers, organisation,
    /// PayloadRemovalDisallowed, PayloadEnabled, order.
    #[arg(long)]
    mdm: bool,
    /// Put down to the MDM server these kinds of differences as well.
    #[arg(
        long,
        value_name = "KINDS",
        value_delimiter = ',',
        conflicts_with = "mdm"
    )]
    allow: Vec<Kind>,
    /// Count the order of payloads as well.
    #[arg(long, conflicts_with = "mdm")]
    exact: bool,
    /// Print what is put down to the server, too.
    #[arg(long)]
    all: bool,
    /// Print JSON, which holds both.
    #[arg(long)]
    json: bool,
}

/// What servers rewrite, kind by kind.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Envelope,
    Uuid,
    Identifier,
    Organization,
    RemovalDisallowed,
    Enabled,
    Order,
}

impl Kind {
    fn rewrite(self) -> Rewrite {
        match self {
            Self::Envelope => Rewrite::Envelope,
            Self::Uuid => Rewrite::Uuid,
            Self::Identifier => Rewrite::Identifier,
            Self::Organization => Rewrite::Organization,
            Self::RemovalDisallowed => Rewrite::RemovalDisallowed,
            Self::Enabled => Rewrite::Enabled,
            Self::Order => Rewrite::Order,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let rules = match (arguments.mdm, arguments.exact) {
        (true, _) => Rules::mdm(),
        (_, true) => Rules::exact(),
        _ => Rules::strict(),
    };
    let allow = |rules: Rules, kind: &Kind| rules.allow(kind.rewrite());
    let rules = arguments.allow.iter().fold(rules, allow);
    let (old, new) = (
        stream::read_rough(&arguments.old)?,
        stream::read_rough(&arguments.new)?,
    );
    let diff = Diff::of_documents(&old.content, &new.content, &rules)
        .map_err(|error| error.to_string())?;
    print(&if arguments.json {
        let mut json = serde_json::to_value(&diff).map_err(|error| error.to_string())?;
        json["missing"] = serde_json::json!({ "old": old.missing(), "new": new.missing() });
        format!("{json:#}\n")
    } else if arguments.all {
        format!("{diff:#}")
    } else {
        diff.to_string()
    })?;
    if !arguments.json {
        for (file, rough) in [(&arguments.old, &old), (&arguments.new, &new)] {
            for path in rough.missing() {
                stream::remark(&stream::about(file, format!("note: {path} is missing")));
            }
        }
    }
    Ok(if diff.is_empty() {
        Outcome::Good
    } else {
        Outcome::Bad
    })
}
