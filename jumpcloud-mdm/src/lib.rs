#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod apple_mdm;
mod association;
mod by_name;
mod client;
pub mod deploy;
mod device_group;
mod error;
mod error_body;
mod filter;
mod insights;
mod list;
mod organization;
mod policy;
mod policy_result;
mod policy_template;
mod profile_secrets;
pub mod proof;
pub mod readiness;
mod region;
mod request;
mod scrub;
mod software;
mod system;
#[cfg(test)]
mod test_support;
mod wire;

pub use apple_mdm::{AppleMdm, AppleMdmDevice, TokenState};
pub use association::{Association, Bindable, GraphObject, ObjectType, Operation, Reached};
pub use client::{JumpCloud, JumpCloudBuilder};
pub use device_group::{DeviceGroup, MembershipMethod};
pub use devtrust_transport::{Credentials, CredentialsError, Retry};
pub use error::{Context, Error};
pub use filter::{Filter, Operator};
pub use http::Method;
pub use insights::{InsightsApp, InsightsCertificate};
pub use list::{Items, ListOptions};
pub use organization::Organization;
pub use policy::{NewPolicy, Policy, PolicyUpdate, PolicyValue};
pub use policy_result::{PolicyResult, PolicyState, Verdict};
pub use policy_template::{CUSTOM_MDM_PROFILE_DARWIN, ConfigField, OsMetaFamily, PolicyTemplate};
pub use region::Region;
pub use request::Request;
pub use software::{PackageManager, SoftwareApp, SoftwareSettings, SoftwareStatus};
pub use system::{InsightsState, MdmVendor, System, SystemInsights, SystemMdm};
pub use wire::Extra;
