//! Section `jumpcloud`: the tenant, the policy and its device groups, and the Okta Verify package.

use super::{
    Problems,
    section::{Section, flag, text, texts},
};

pub(super) const URL: &str = r#""https://console.jumpcloud.com""#;

/// Section `jumpcloud`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JumpCloudSection {
    /// The console's URL; absent with the embedded sandbox.
    pub url: Option<String>,
    /// The organisation's id, for an administrator of several.
    pub org_id: Option<String>,
    /// The policy's name.
    pub policy: String,
    /// Names of the device groups that get it.
    pub device_groups: Vec<String>,
    /// Whether JumpCloud sends the profile again at each OS update.
    pub redispatch_on_os_update: bool,
    /// The Okta Verify package.
    pub okta_verify: OktaVerifySection,
}

/// Section `jumpcloud.okta_verify`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OktaVerifySection {
    /// The software app's display name.
    pub name: String,
    /// `packageId`.
    pub package_id: String,
    /// `location`: where the package is downloaded from, https.
    pub package_url: String,
}

pub(super) fn read(
    mut part: Section<'_>,
    url: Option<String>,
    problems: &mut Problems,
) -> Option<JumpCloudSection> {
    let org_id = part.optional(
        "org_id",
        r#""5f0000000000000000000000""#,
        problems,
        |value| {
            let id = text(value)?;
            if id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                Ok(id)
            } else {
                Err(format!("is `{id}`, not 24 hexadecimal digits"))
            }
        },
    );
    let policy = part.required("policy", r#""Okta device trust""#, problems, text);
    let device_groups = part.required("device_groups", r#"["macOS pilot"]"#, problems, texts);
    let redispatch_on_os_update =
        part.or("redispatch_on_os_update", false, "false", problems, flag);

    let mut package = part.section("okta_verify", "jumpcloud.okta_verify", problems);
    let name = package.or(
        "name",
        "Okta Verify".into(),
        r#""Okta Verify""#,
        problems,
        text,
    );
    let package_id = package.required("package_id", r#""com.okta.mobile""#, problems, text);
    let package_url = package.required(
        "package_url",
        r#""https://acme.okta.com/artifacts/OKTA_VERIFY_MACOS/9.50.0/OktaVerify-9.50.0.pkg""#,
        problems,
        |value| {
            let url = text(value)?;
            match url::Url::parse(&url) {
                Ok(parsed) if parsed.scheme() == "https" => Ok(url),
                Ok(_) => Err(format!(
                    "is `{url}`; JumpCloud fetches packages by https only"
                )),
                Err(error) => Err(format!("is `{url}`, not a URL: {error}")),
            }
        },
    );
    package.finish(problems);
    part.finish(problems);
    Some(JumpCloudSection {
        url,
        org_id,
        policy: policy?,
        device_groups: device_groups?,
        redispatch_on_os_update,
        okta_verify: OktaVerifySection {
            name,
            package_id: package_id?,
            package_url: package_url?,
        },
    })
}
