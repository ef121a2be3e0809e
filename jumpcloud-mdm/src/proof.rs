//! What each Mac proves, piece by piece: the policy's result, the certificate, the app, the software's status, the MDM
//! commands that it refused. The rule: they are never folded into one verdict. A Mac that acknowledged the profile may have no certificate, and one
//! that has it may yet be unknown to Okta.

mod commands;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;

pub use commands::CommandProof;
use commands::{commands_of, refused_commands};

use crate::{
    Error, InsightsApp, InsightsCertificate, InsightsState, JumpCloud, PolicyResult,
    SoftwareStatus, System, Verdict, deploy, scrub::Scrubber,
};

/// What to look for.
///
/// ```
/// use jumpcloud_mdm::proof::ProofQuery;
///
/// let query = ProofQuery::default()
///     .policy("Okta device trust")
///     .certificate_issued_by("Okta MTLS")
///     .app("com.okta.mobile")
///     .software("Okta Verify");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProofQuery {
    policies: Vec<String>,
    issuer: Vec<String>,
    bundle_identifier: Option<String>,
    software: Option<String>,
    commands_since: Option<Timestamp>,
}

impl ProofQuery {
    /// The policy whose result counts, by name; given several times, as for rings, the one that a Mac has reported on.
    #[must_use]
    pub fn policy(mut self, name: impl Into<String>) -> Self {
        self.policies.push(name.into());
        self
    }

    /// A text that the certificate's issuer holds, in any case of letters; given several times, all of them. The
    /// agent's spelling of issuers is not documented, so a whole distinguished name is not compared.
    #[must_use]
    pub fn certificate_issued_by(mut self, text: impl Into<String>) -> Self {
        self.issuer.push(text.into());
        self
    }

    /// The app, by bundle identifier: `com.okta.mobile` is Okta Verify.
    #[must_use]
    pub fn app(mut self, bundle_identifier: impl Into<String>) -> Self {
        self.bundle_identifier = Some(bundle_identifier.into());
        self
    }

    /// The software app whose status counts, by display name.
    #[must_use]
    pub fn software(mut self, display_name: impl Into<String>) -> Self {
        self.software = Some(display_name.into());
        self
    }

    /// The MDM commands that the Mac refused since then, each with Apple's error chain. JumpCloud keeps them for 90
    /// days.
    #[must_use]
    pub fn refused_commands_since(mut self, start: Timestamp) -> Self {
        self.commands_since = Some(start);
        self
    }

    /// Whether a certificate's issuer holds all the texts.
    fn issued(&self, certificate: &InsightsCertificate) -> bool {
        let issuer = certificate
            .issuer
            .as_deref()
            .unwrap_or_default()
            .to_lowercase();
        self.issuer
            .iter()
            .all(|text| issuer.contains(&text.to_lowercase()))
    }
}

/// What one piece of proof says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", content = "value", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Finding<T> {
    /// It is there.
    Found(T),
    /// It was looked for and is not there.
    Absent,
    /// It was not asked for.
    NotAsked,
    /// It cannot be told, because nothing is collected; why.
    NotCollected(String),
    /// It cannot be told, because reading failed; why.
    Failed(String),
}

impl<T> Finding<T> {
    /// What was found.
    pub fn found(&self) -> Option<&T> {
        match self {
            Self::Found(value) => Some(value),
            _ => None,
        }
    }
}

/// The proofs of one Mac, side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DeviceProof {
    /// The system's id.
    pub system_id: String,
    /// The system's name, for people.
    pub name: String,
    /// The serial number.
    pub serial_number: Option<String>,
    /// The policy's latest result.
    pub policy: Finding<PolicyProof>,
    /// The certificates of the issuer that are on the device, the one that expires last first.
    pub certificates: Finding<Vec<CertificateProof>>,
    /// The app.
    pub app: Finding<AppProof>,
    /// The software app's status.
    pub software: Finding<SoftwareProof>,
    /// The MDM commands that the Mac refused, the newest first; [`Finding::Absent`] when it refused none.
    pub refused_commands: Finding<Vec<CommandProof>>,
}

/// A policy's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PolicyProof {
    /// How it reads.
    pub verdict: Verdict,
    /// When it ended, RFC 3339.
    pub reported_at: Option<String>,
}

/// A certificate on a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CertificateProof {
    /// The issuer, in the agent's spelling.
    pub issuer: Option<String>,
    /// The subject, in the agent's spelling.
    pub subject: Option<String>,
    /// The serial number.
    pub serial: Option<String>,
    /// SHA-1.
    pub sha1: Option<String>,
    /// When it expires; `None` when the agent's text is no date.
    pub not_valid_after: Option<Timestamp>,
    /// The keychain.
    pub path: Option<String>,
}

/// An app on a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AppProof {
    /// The bundle's file name.
    pub name: Option<String>,
    /// The version for people.
    pub version: Option<String>,
    /// The build.
    pub build: Option<String>,
    /// Where it is.
    pub path: Option<String>,
}

/// A software app's status. `Debug` does not show the details.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SoftwareProof {
    /// The state, in the API's spelling.
    pub state: Option<String>,
    /// A code.
    pub code: Option<i64>,
    /// Details, for people, without the secrets of the policies that were asked for.
    pub details: Option<String>,
    /// The installed version.
    pub version: Option<String>,
}

impl fmt::Debug for SoftwareProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareProof")
            .field("state", &self.state)
            .field("code", &self.code)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Reads the proofs of some systems. What cannot be read of one becomes [`Finding::Failed`] there and stops nothing.
///
/// # Errors
/// An [`Error`] when the systems, the policies or the software app themselves cannot be looked up; [`Error::Input`] with the
/// names when there are none of these names: what is not deployed proves nothing of any Mac.
pub async fn collect(
    client: &JumpCloud,
    query: &ProofQuery,
    system_ids: &[String],
) -> Result<Vec<DeviceProof>, Error> {
    let ids: BTreeSet<String> = system_ids.iter().cloned().collect();
    let mut systems = deploy::systems(client, &ids).await?;
    let mut scrub = Scrubber::default();
    let policies = policy_statuses(client, query, &mut scrub).await?;
    let software = software_statuses(client, query).await?;
    let commands = refused_commands(client, query, &scrub).await;
    let mut proofs: Vec<DeviceProof> = stream::iter(ids.into_iter().map(|id| {
        let system = systems.remove(&id);
        let policy = by_system(policies.as_ref(), &id, policy_proof);
        let software = by_system(software.as_ref(), &id, |status| {
            software_proof(status, &scrub)
        });
        let refused_commands = commands_of(&commands, system.as_ref());
        async move {
            let collecting = collecting(system.as_ref());
            DeviceProof {
                name: system
                    .as_ref()
                    .map_or(id.as_str(), System::label)
                    .to_owned(),
                serial_number: system.and_then(|system| system.serial_number),
                policy,
                certificates: certificates(client, query, &id, &collecting).await,
                app: app(client, query, &id, &collecting).await,
                software,
                refused_commands,
                system_id: id,
            }
        }
    }))
    .buffer_unordered(8)
    .collect()
    .await;
    proofs.sort_by(|a, b| (&a.name, &a.system_id).cmp(&(&b.name, &b.system_id)));
    Ok(proofs)
}

type BySystem<T> = BTreeMap<String, T>;

/// The latest results; the secrets of the policies are added to `scrub`.
async fn policy_statuses(
    client: &JumpCloud,
    query: &ProofQuery,
    scrub: &mut Scrubber,
) -> Result<Option<BySystem<PolicyResult>>, Error> {
    if query.policies.is_empty() {
        return Ok(None);
    }
    let mut all: BySystem<PolicyResult> = BTreeMap::new();
    let mut unknown = Vec::new();
    for name in &query.policies {
        let Some(policy) = client.policy_named(name).await? else {
            unknown.push(name.as_str());
            continue;
        };
        scrub.add_policy(&policy);
        let mut statuses = client.policy_statuses(&policy.id);
        while let Some(status) = statuses.try_next().await? {
            if let Some(id) = status.system_id.clone() {
                // A Mac that changed its ring has reported on two: the later one is how it stands.
                let later = all.get(&id).is_none_or(|known| known.at() <= status.at());
                if later {
                    all.insert(id, status);
                }
            }
        }
    }
    if !unknown.is_empty() {
        return Err(no_such("policy", &unknown));
    }
    Ok(Some(all))
}

async fn software_statuses(
    client: &JumpCloud,
    query: &ProofQuery,
) -> Result<Option<BySystem<SoftwareStatus>>, Error> {
    let Some(name) = &query.software else {
        return Ok(None);
    };
    let mut all = BTreeMap::new();
    let apps = client.software_apps_named(name).await?;
    if apps.is_empty() {
        return Err(no_such("software", &[name]));
    }
    for app in apps {
        let mut statuses = client.software_statuses(&app.id);
        while let Some(status) = statuses.try_next().await? {
            if let Some(id) = status.system_id.clone() {
                all.insert(id, status);
            }
        }
    }
    Ok(Some(all))
}

fn no_such(kind: &str, names: &[&str]) -> Error {
    let names = names.join("`, `");
    Error::input(
        kind,
        format!("there is none of the name `{names}`; deploy it first, or mend the name"),
    )
}

fn by_system<T, P>(all: Option<&BySystem<T>>, id: &str, proof: impl Fn(&T) -> P) -> Finding<P> {
    match all.map(|all| all.get(id)) {
        None => Finding::NotAsked,
        Some(None) => Finding::Absent,
        Some(Some(status)) => Finding::Found(proof(status)),
    }
}

fn policy_proof(status: &PolicyResult) -> PolicyProof {
    PolicyProof {
        verdict: status.verdict(),
        reported_at: status.ended_at.clone(),
    }
}

fn software_proof(status: &SoftwareStatus, scrub: &Scrubber) -> SoftwareProof {
    SoftwareProof {
        state: status.state.clone(),
        code: status.code,
        details: status.details.as_deref().map(|text| scrub.text(text)),
        version: status.version.clone(),
    }
}

/// Why nothing is collected from a system, if so. An absent state speaks neither way.
fn collecting(system: Option<&System>) -> Result<(), String> {
    let Some(system) = system else {
        return Err("the system is not in JumpCloud any more".into());
    };
    match system
        .system_insights
        .as_ref()
        .and_then(|insights| insights.state.as_ref())
    {
        Some(InsightsState::Enabled) | None => Ok(()),
        Some(state) => Err(format!("System Insights is {state} on it; enable it")),
    }
}

async fn certificates(
    client: &JumpCloud,
    query: &ProofQuery,
    system_id: &str,
    collecting: &Result<(), String>,
) -> Finding<Vec<CertificateProof>> {
    if query.issuer.is_empty() {
        return Finding::NotAsked;
    }
    if let Err(reason) = collecting {
        return Finding::NotCollected(reason.clone());
    }
    let rows: Result<Vec<InsightsCertificate>, Error> =
        match client.insights_certificates(system_id) {
            Ok(rows) => rows.try_collect().await,
            Err(error) => Err(error),
        };
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => return Finding::Failed(error.to_string()),
    };
    let mut found: Vec<CertificateProof> = rows
        .into_iter()
        .filter(|row| row.system_id.as_deref().is_none_or(|id| id == system_id))
        .filter(|row| query.issued(row))
        .map(|row| CertificateProof {
            not_valid_after: row.expires_at(),
            issuer: row.issuer,
            subject: row.subject,
            serial: row.serial,
            sha1: row.sha1,
            path: row.path,
        })
        .collect();
    if found.is_empty() {
        return Finding::Absent;
    }
    found.sort_by_key(|row| std::cmp::Reverse(row.not_valid_after));
    Finding::Found(found)
}

async fn app(
    client: &JumpCloud,
    query: &ProofQuery,
    system_id: &str,
    collecting: &Result<(), String>,
) -> Finding<AppProof> {
    let Some(bundle) = &query.bundle_identifier else {
        return Finding::NotAsked;
    };
    if let Err(reason) = collecting {
        return Finding::NotCollected(reason.clone());
    }
    let rows: Result<Vec<InsightsApp>, Error> = match client.insights_apps(system_id) {
        Ok(rows) => rows.try_collect().await,
        Err(error) => Err(error),
    };
    match rows {
        Err(error) => Finding::Failed(error.to_string()),
        Ok(rows) => rows
            .into_iter()
            .filter(|row| row.system_id.as_deref().is_none_or(|id| id == system_id))
            .find(|row| row.bundle_identifier.as_deref() == Some(bundle))
            .map_or(Finding::Absent, |row| {
                Finding::Found(AppProof {
                    name: row.name,
                    version: row.bundle_short_version,
                    build: row.bundle_version,
                    path: row.path,
                })
            }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_certificate_is_matched_by_every_text_of_its_issuer() {
        let row = |issuer: &str| -> InsightsCertificate {
            serde_json::from_value(json!({"issuer": issuer})).unwrap()
        };
        let query = ProofQuery::default()
            .certificate_issued_by("okta")
            .certificate_issued_by("Acme");
        assert!(query.issued(&row("/C=US/O=Okta/CN=Okta MTLS acme")));
        assert!(!query.issued(&row("/C=US/O=Okta/CN=Okta MTLS")));
    }

    #[test]
    fn where_nothing_is_collected_an_empty_table_proves_nothing() {
        let system = |insights| -> System {
            serde_json::from_value(json!({"_id": "s", "systemInsights": insights})).unwrap()
        };
        assert!(collecting(Some(&system(json!({"state": "enabled"})))).is_ok());
        assert!(collecting(Some(&system(json!({})))).is_ok());
        assert!(collecting(Some(&system(json!({"state": "deferred"})))).is_err());
        assert!(collecting(None).is_err());
    }
}
