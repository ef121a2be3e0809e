//! Policy templates: what a policy can be made of. Looked up by name, since nothing promises that the ids are the same
//! everywhere.

use serde_json::Value;

use crate::{
    Error, Items, JumpCloud, ListOptions, Method, Request,
    list::ListRoute,
    wire::{open_enum, resource},
};

/// The template of a macOS custom configuration profile.
pub const CUSTOM_MDM_PROFILE_DARWIN: &str = "custom_mdm_profile_darwin";

open_enum! {
    /// The operating system family of a template (`osMetaFamily`).
    pub enum OsMetaFamily {
        /// `linux`
        Linux = "linux",
        /// `darwin`, macOS
        Darwin = "darwin",
        /// `windows`
        Windows = "windows",
        /// `ios`
        Ios = "ios",
        /// `universal`
        Universal = "universal",
        /// `android`
        Android = "android",
    }
}

resource! {
    /// A policy template (`/api/v2/policytemplates`). Lists leave `config_fields` out; a policy carries it shortened.
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct PolicyTemplate {
        /// The id.
        pub id: String or empty,
        /// The name to look up by, such as [`CUSTOM_MDM_PROFILE_DARWIN`].
        pub name: Option<String>,
        /// The name that the console shows.
        pub display_name: Option<String>,
        /// What it is for.
        pub description: Option<String>,
        /// When it takes effect.
        pub activation: Option<String>,
        /// A warning to the administrator.
        pub alert: Option<String>,
        /// How it behaves.
        pub behavior: Option<String>,
        /// Where it is documented.
        pub reference: Option<String>,
        /// Its state.
        pub state: Option<String>,
        /// `agent`, `mdm`.
        pub delivery_types: Option<Vec<String>>,
        /// The operating system family.
        pub os_meta_family: Option<OsMetaFamily>,
        /// The operating system versions, as they came.
        pub os_restrictions: Option<Vec<Value>>,
        /// The fields that a policy gives values to.
        pub config_fields: Option<Vec<ConfigField>>,
    }
}

resource! {
    /// A field of a policy template.
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct ConfigField {
        /// The id, which a policy's value refers to.
        pub id: String,
        /// The name to look up by, such as `payload`.
        pub name: String,
        /// The label in the console.
        pub label: Option<String>,
        /// The control in the console: `checkbox`, `file`, `text` and more.
        pub display_type: Option<String>,
        /// The value that the console starts with; any JSON, whatever the specification says.
        pub default_value: Option<Value>,
        /// Whether a value must be given.
        pub required: Option<bool>,
        /// Whether the value is secret. What that does to reading is not confirmed.
        pub sensitive: Option<bool>,
        /// Whether the console lets it be changed.
        pub read_only: Option<bool>,
        /// The place in the console.
        pub position: Option<serde_json::Number>,
        /// How the console shows it, as it came.
        pub display_options: Option<Value>,
        /// What the console checks, as it came.
        pub validators: Option<Value>,
        /// The help text, as it came.
        pub tooltip: Option<Value>,
    }
}

impl PolicyTemplate {
    /// The config field of this name.
    pub fn field(&self, name: &str) -> Option<&ConfigField> {
        self.config_fields
            .as_deref()?
            .iter()
            .find(|field| field.name == name)
    }
}

impl JumpCloud {
    /// The policy templates of the organisation, without their config fields. `GET /api/v2/policytemplates`
    pub fn policy_templates(&self, options: ListOptions) -> Items<PolicyTemplate> {
        self.list(ListRoute::v2(["policytemplates"]), options)
    }

    /// A policy template with its config fields. `GET /api/v2/policytemplates/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn policy_template(&self, id: &str) -> Result<PolicyTemplate, Error> {
        self.send_as(&Request::v2(Method::GET, ["policytemplates", id]))
            .await
    }

    /// The policy template of this name, with its config fields.
    ///
    /// # Errors
    /// [`Error::TemplateMissing`] when there is none: for an Apple template, Apple MDM is not set up or the key may
    /// not read templates.
    pub async fn policy_template_named(&self, name: &str) -> Result<PolicyTemplate, Error> {
        let found = self
            .matching(
                "name",
                name,
                |options| self.policy_templates(options),
                |template| template.name.as_deref(),
            )
            .await?;
        match found.into_iter().next() {
            Some(template) => self.policy_template(&template.id).await,
            None => Err(Error::TemplateMissing {
                name: name.to_owned(),
            }),
        }
    }
}
