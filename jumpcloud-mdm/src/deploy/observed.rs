//! What is there: read from JumpCloud, or made by hand for a test. It holds the stored profiles, so `Debug` does not
//! show them and serde does not carry them.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

use super::{Desired, stored};
use crate::{
    Bindable, CUSTOM_MDM_PROFILE_DARWIN, Error, JumpCloud, ListOptions, ObjectType, Policy,
    PolicyTemplate, SoftwareApp, deploy::Package,
};

/// What is there of what is desired.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// The organisation's id; `None` when the key may not read it.
    pub organization: Option<String>,
    /// The custom profile template; `None` when no profile is desired.
    pub template: Option<Template>,
    /// The device groups that are desired and exist: name and id.
    pub groups: BTreeMap<String, String>,
    /// The systems in those device groups that are in a ring, by the group's name: a Mac must not be in two rings.
    pub members: BTreeMap<String, BTreeSet<String>>,
    /// Policies from before there were rings, by the name that the rings' policies are made of.
    pub before_rings: Vec<ObservedPolicy>,
    /// The policies that have a desired name.
    pub policies: Vec<ObservedPolicy>,
    /// The software apps that have a desired name, or are the desired App Store app.
    pub software: Vec<ObservedSoftware>,
}

/// The ids of the custom profile template and of its fields, found by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The template's id.
    pub id: String,
    /// The id of the field `payload`.
    pub payload_field: String,
    /// The id of the field `redispatchPolicy`, where the template has it.
    pub redispatch_field: Option<String>,
}

/// A policy and what it is bound to.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedPolicy {
    /// The policy with its values.
    pub policy: Policy,
    /// Ids of the device groups that it is bound to directly.
    pub groups: BTreeSet<String>,
    /// Ids of the systems that it is bound to directly.
    pub systems: BTreeSet<String>,
}

/// A software app and what it is bound to.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedSoftware {
    /// The software app.
    pub app: SoftwareApp,
    /// Ids of the device groups that it is bound to directly.
    pub groups: BTreeSet<String>,
}

impl Template {
    /// A template without the field `redispatchPolicy`.
    pub fn new(id: impl Into<String>, payload_field: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            payload_field: payload_field.into(),
            redispatch_field: None,
        }
    }

    /// With the field `redispatchPolicy`.
    #[must_use]
    pub fn redispatch_field(mut self, id: impl Into<String>) -> Self {
        self.redispatch_field = Some(id.into());
        self
    }
}

impl TryFrom<&PolicyTemplate> for Template {
    type Error = Error;

    /// Reads the ids of the fields by their names.
    fn try_from(template: &PolicyTemplate) -> Result<Self, Error> {
        let field = |name: &str| template.field(name).map(|field| field.id.clone());
        let Some(payload_field) = field(stored::PAYLOAD) else {
            let fields = template.config_fields.as_deref().unwrap_or_default();
            return Err(Error::FieldMissing {
                template: template.name.clone().unwrap_or_default(),
                field: stored::PAYLOAD.to_owned(),
                known: fields.iter().map(|field| field.name.clone()).collect(),
            });
        };
        Ok(Self {
            id: template.id.clone(),
            payload_field,
            redispatch_field: field(stored::REDISPATCH),
        })
    }
}

/// Reads what is there of what is desired. It writes nothing.
///
/// # Errors
/// [`Error::TemplateMissing`] when profiles are desired and Apple MDM is not set up or the key may not read templates;
/// else an [`Error`] by the answer's meaning.
pub async fn observe(client: &JumpCloud, desired: &Desired) -> Result<Observed, Error> {
    let mut observed = Observed {
        organization: organization(client).await?,
        ..Observed::default()
    };
    if !desired.profiles.is_empty() {
        let template = client
            .policy_template_named(CUSTOM_MDM_PROFILE_DARWIN)
            .await?;
        observed.template = Some(Template::try_from(&template)?);
    }
    for name in desired.groups() {
        if let Some(group) = client.device_group_named(name).await? {
            observed.groups.insert(name.to_owned(), group.id);
        }
    }
    for (name, _) in desired.ringed_groups() {
        if let (Some(id), false) = (
            observed.groups.get(name),
            observed.members.contains_key(name),
        ) {
            let members = client
                .device_group_membership(id)
                .map_ok(|member| member.id)
                .try_collect()
                .await?;
            observed.members.insert(name.to_owned(), members);
        }
    }
    for name in desired.names_before_rings() {
        let found = policy(client, name).await?;
        observed.before_rings.extend(found);
    }
    for profile in &desired.profiles {
        let found = policy(client, &profile.policy_name).await?;
        observed.policies.extend(found);
    }
    for software in &desired.software {
        let apps = match (&software.app_id, &software.package) {
            (Some(id), _) => match client.software_app(id).await {
                Ok(app) => vec![app],
                Err(error) if error.is_not_found() => Vec::new(),
                Err(error) => return Err(error),
            },
            (None, Package::Custom { .. } | Package::Stored { .. }) => {
                client.software_apps_named(&software.display_name).await?
            }
            (None, Package::Vpp { .. }) => {
                let all: Vec<SoftwareApp> = client
                    .software_apps(ListOptions::default())
                    .try_collect()
                    .await?;
                all.into_iter()
                    .filter(|app| software.package.is_in(app))
                    .collect()
            }
        };
        for app in apps {
            let from = Bindable::SoftwareApp(app.id.clone());
            let groups = bound(client, &from, &ObjectType::SystemGroup).await?;
            observed.software.push(ObservedSoftware { app, groups });
        }
    }
    Ok(observed)
}

async fn policy(client: &JumpCloud, name: &str) -> Result<Option<ObservedPolicy>, Error> {
    let Some(policy) = client.policy_named(name).await? else {
        return Ok(None);
    };
    let from = Bindable::Policy(policy.id.clone());
    Ok(Some(ObservedPolicy {
        groups: bound(client, &from, &ObjectType::SystemGroup).await?,
        systems: bound(client, &from, &ObjectType::System).await?,
        policy,
    }))
}

/// Ids of the objects of one kind that something is bound to directly.
pub(crate) async fn bound(
    client: &JumpCloud,
    from: &Bindable,
    kind: &ObjectType,
) -> Result<BTreeSet<String>, Error> {
    client
        .associations(from, kind)
        .try_filter_map(async |edge| Ok((edge.to.kind == *kind).then_some(edge.to.id)))
        .try_collect()
        .await
}

/// The organisation that calls go to. A key that may not read organisations is no reason to stop.
pub(crate) async fn organization(client: &JumpCloud) -> Result<Option<String>, Error> {
    if let Some(id) = client.org_id() {
        return Ok(Some(id.to_owned()));
    }
    let found: Vec<_> = match client.organizations().try_collect().await {
        Ok(found) => found,
        Err(Error::Forbidden { .. } | Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(one.any_id().map(str::to_owned)),
        several => {
            let ids: Vec<_> = several.iter().filter_map(|one| one.any_id()).collect();
            Err(Error::input(
                "org_id",
                format!(
                    "the key works on several organisations; choose one of {}",
                    ids.join(", ")
                ),
            ))
        }
    }
}
