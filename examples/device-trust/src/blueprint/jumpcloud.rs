//! Section `jumpcloud`: the tenant, the policy and its device groups or rings, and the Okta Verify package.

use jumpcloud_mdm::{Region, deploy::StopRule};

use super::{
    Problems,
    rings::{self, RingSection},
    section::{Section, flag, text, texts},
    tenant_url::TenantUrl,
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
    /// The client id of the service account that the programs sign in as; absent for an API key.
    pub client_id: Option<String>,
    /// The policy's name; with rings, the ring's name follows it in parentheses.
    pub policy: String,
    /// Names of the device groups that get it: those of all rings, where there are rings.
    pub device_groups: Vec<String>,
    /// The rings, in order; none for all Macs at once.
    pub rings: Vec<RingSection>,
    /// When a roll-out stops.
    pub stop: StopRule,
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

/// The key `region`, in place of `url`; the command line's URL goes before both.
pub(super) fn region(
    part: &mut Section<'_>,
    url: TenantUrl,
    overridden: bool,
    problems: &mut Problems,
) -> TenantUrl {
    let names = Region::ALL.map(|(name, _)| name).join(", ");
    let before = problems.list.len();
    let region = part.optional("region", r#""eu""#, problems, |value| {
        let name = text(value)?;
        let mut known = Region::ALL.into_iter();
        known
            .find(|(known, _)| name.eq_ignore_ascii_case(known))
            .map(|(_, region)| region)
            .ok_or_else(|| format!("is `{name}`, none of {names}"))
    });
    if problems.list.len() > before {
        return TenantUrl::Bad;
    }
    match (region, url) {
        (Some(region), TenantUrl::Absent) => TenantUrl::Named(region.console_url().to_owned()),
        (Some(_), url) if !overridden => {
            problems.add(
                part.full("region"),
                "is given beside url",
                "leave one of them out",
            );
            url
        }
        (_, url) => url,
    }
}

/// The key `client_id`.
pub(super) fn client_id(part: &mut Section<'_>, problems: &mut Problems) -> Option<String> {
    part.optional("client_id", r#""my-service-account""#, problems, text)
}

pub(super) fn organization(id: &str) -> Result<String, String> {
    if id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(id.to_owned())
    } else {
        Err(format!("is `{id}`, not 24 hexadecimal digits"))
    }
}

pub(super) const ORGANIZATION: &str = r#""5f0000000000000000000000""#;

pub(super) fn read(
    mut part: Section<'_>,
    url: Option<String>,
    client_id: Option<String>,
    org: Option<&str>,
    problems: &mut Problems,
) -> Option<JumpCloudSection> {
    let in_file = part.optional("org_id", ORGANIZATION, problems, |value| {
        text(value).and_then(|id| organization(&id))
    });
    let org_id = match org.map(organization) {
        None => in_file,
        Some(Ok(id)) => Some(id),
        Some(Err(what)) => {
            problems.add(
                format!("{} (command line)", part.full("org_id")),
                what,
                ORGANIZATION,
            );
            None
        }
    };
    let rings = part.optional("rings", rings::EXAMPLE, problems, rings::rings);
    let stop = rings::stop(part.section("stop", "jumpcloud.stop", problems), problems);
    let policy = part.required("policy", r#""Okta device trust""#, problems, text);
    let groups = r#"["macOS pilot"]"#;
    let device_groups = match &rings {
        None => part.required("device_groups", groups, problems, texts),
        Some(rings) => {
            if part
                .optional("device_groups", groups, problems, texts)
                .is_some()
            {
                problems.add(
                    part.full("device_groups"),
                    "is given beside rings, which name the device groups",
                    "leave device_groups out",
                );
            }
            let all = rings.iter().flat_map(|ring| &ring.device_groups);
            Some(all.cloned().collect())
        }
    };
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
        client_id,
        policy: policy?,
        device_groups: device_groups?,
        rings: rings.unwrap_or_default(),
        stop,
        redispatch_on_os_update,
        okta_verify: OktaVerifySection {
            name,
            package_id: package_id?,
            package_url: package_url?,
        },
    })
}
