//! The MDM commands that a Mac refused, from Directory Insights: Apple's own account of why.

use std::{collections::BTreeMap, fmt};

use futures::TryStreamExt;
use serde::Serialize;

use super::{BySystem, Finding, ProofQuery};
use crate::{
    DirectoryEvent, Error, EventQuery, JumpCloud, MDM_COMMAND_RESULT, System, scrub::Scrubber,
};

/// An MDM command that a Mac refused. `Debug` shows how long the error chain is and none of its texts, which can quote the
/// profile.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CommandProof {
    /// The command, in Apple's spelling: `InstallProfile`.
    pub request_type: Option<String>,
    /// `Error` or `CommandFormatError`.
    pub status: Option<String>,
    /// When, RFC 3339.
    pub at: Option<String>,
    /// Why, from the outside in: `MDM-SCEP 15001: …`, without the secrets of the policies that were asked for.
    pub error_chain: Vec<String>,
}

impl fmt::Debug for CommandProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandProof")
            .field("request_type", &self.request_type)
            .field("status", &self.status)
            .field("at", &self.at)
            .field("error_chain", &self.error_chain.len())
            .finish()
    }
}

/// The refused commands by the id of the Apple MDM device; `None` when they were not asked for. That they cannot be
/// read, as by a role without Directory Insights, stops nothing else.
pub(super) async fn refused_commands(
    client: &JumpCloud,
    query: &ProofQuery,
    scrub: &Scrubber,
) -> Option<Result<BySystem<Vec<CommandProof>>, Error>> {
    let since = query.commands_since?;
    let events = EventQuery::of("mdm", since).event_type(MDM_COMMAND_RESULT);
    let mut all: BySystem<Vec<CommandProof>> = BTreeMap::new();
    let mut events = client.events(&events);
    loop {
        match events.try_next().await {
            Ok(Some(event)) if event.success != Some(true) => {
                if let (Some(id), Some(proof)) =
                    (event.device_object_id.clone(), command_proof(event, scrub))
                {
                    all.entry(id).or_default().insert(0, proof);
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => return Some(Ok(all)),
            Err(error) => return Some(Err(error)),
        }
    }
}

/// A command that was refused; one that was acknowledged, or that a device has yet to answer, is none.
fn command_proof(event: DirectoryEvent, scrub: &Scrubber) -> Option<CommandProof> {
    let refused = matches!(
        event.status.as_deref(),
        Some("Error" | "CommandFormatError")
    );
    (refused || event.success == Some(false)).then(|| CommandProof {
        request_type: event.request_type,
        status: event.status,
        at: event.timestamp,
        error_chain: event
            .error_chain
            .into_iter()
            .flatten()
            .map(|link| {
                let text = |text: Option<String>| text.filter(|text| !text.is_empty());
                scrub.text(&format!(
                    "{} {}: {}",
                    text(link.error_domain).unwrap_or_default(),
                    link.error_code
                        .map(|code| code.to_string())
                        .unwrap_or_default(),
                    text(link.us_english_description)
                        .or(text(link.localized_description))
                        .unwrap_or_default()
                ))
            })
            .collect(),
    })
}

pub(super) fn commands_of(
    all: &Option<Result<BySystem<Vec<CommandProof>>, Error>>,
    system: Option<&System>,
) -> Finding<Vec<CommandProof>> {
    match all {
        None => Finding::NotAsked,
        Some(Err(error)) => Finding::Failed(error.to_string()),
        Some(Ok(all)) => match system.map(System::mdm_device_id) {
            None => Finding::NotCollected("the system is not in JumpCloud any more".into()),
            Some(None) => Finding::NotCollected(
                "its record names no Apple MDM device; enrol it in JumpCloud's MDM".into(),
            ),
            Some(Some(id)) => all.get(id).cloned().map_or(Finding::Absent, Finding::Found),
        },
    }
}
