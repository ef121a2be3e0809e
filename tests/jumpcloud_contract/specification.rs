//! What `jumpcloud-mdm` sends and reads, against JumpCloud's published specification. The oracle is the swagger, not
//! this workspace: where the wire is known to differ from it, the difference is named here.

use std::collections::BTreeSet;

use device_trust_sandbox::{Options, PILOT_DEVICE_GROUP, Sandbox};
use jumpcloud_mdm::{
    AppleMdm, AppleMdmDevice, AppleVpp, Association, ConfigField, DeviceGroup, GraphObject,
    InsightsApp, InsightsCertificate, JumpCloud, Policy, PolicyGroup, PolicyResult, PolicyTemplate,
    PolicyValue, Reached, ReclaimedLicenses, Region, SoftwareApp, SoftwareSettings, SoftwareStatus,
    StoredPackage, StoredVersion, System, SystemInsights, SystemMdm,
    deploy::{self, Desired, DesiredProfile, DesiredSoftware, DigestKey, Package},
};
use secrecy::ExposeSecret as _;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    exchange::{Exchange, Sent},
    exchanges,
    swagger::Swagger,
};

const PROFILE: &str = include_str!("../../jumpcloud-mdm/tests/fixtures/trust.mobileconfig");

async fn client(sandbox: &Sandbox) -> JumpCloud {
    let key = sandbox
        .secrets()
        .jumpcloud_api_key
        .expose_secret()
        .to_owned();
    let region = Region::Url(sandbox.jumpcloud_url().to_owned());
    JumpCloud::new(region, key.into()).unwrap()
}

fn desired(profile: &str, url: &str) -> Desired {
    Desired::new("device-trust")
        .profile(DesiredProfile::new("Okta device trust", profile).device_group(PILOT_DEVICE_GROUP))
        .software(
            DesiredSoftware::new("Okta Verify", Package::custom("okta-verify", url))
                .device_group(PILOT_DEVICE_GROUP),
        )
}

#[tokio::test]
async fn every_body_of_a_deployment_is_as_the_specification_says() {
    let Some(swagger) = Swagger::load() else {
        return;
    };
    let options = Options {
        fleet: false,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let client = client(&sandbox).await;
    let key = DigestKey::new([7; 32]).unwrap();
    let renewed = PROFILE.replace("7C9E6679", "7C9E667A");
    for (profile, url) in [
        (PROFILE, "https://example.com/a.pkg"),
        (renewed.as_str(), "https://example.com/b.pkg"),
    ] {
        let desired = desired(profile, url);
        let observed = deploy::observe(&client, &desired).await.unwrap();
        let plan = deploy::plan(&desired, &observed, &key).unwrap();
        deploy::apply(&client, &plan, &desired, &key, |_| {})
            .await
            .unwrap();
    }
    let requests = sandbox.requests();
    let written: BTreeSet<String> = requests
        .iter()
        .filter(|request| request.is_write())
        .map(|request| {
            let segments: Vec<&str> = request.path.split('/').collect();
            let last = segments.last().filter(|last| last.len() < 24);
            format!(
                "{} {} {}",
                request.method,
                segments.get(3).unwrap_or(&""),
                last.unwrap_or(&"{id}")
            )
        })
        .collect();
    assert_eq!(
        written.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "POST policies associations",
            "POST policies policies",
            "POST softwareapps associations",
            "POST softwareapps softwareapps",
            "PUT policies {id}",
            "PUT softwareapps {id}",
        ]
    );
    let problems: Vec<String> = requests
        .iter()
        .filter(|request| request.is_write())
        .flat_map(|request| swagger.check(&request.method, &request.path, request.body.as_ref()))
        .collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn no_documented_property_of_a_covered_type_is_unknown_and_none_is_lost() {
    let Some(swagger) = Swagger::load() else {
        return;
    };
    macro_rules! unknown {
        ($($type:ty = $definition:literal),* $(,)?) => {
            [$(swagger.unknown::<$type>($definition, |value| &value.extra)),*].concat()
        };
    }
    let mut unknown: Vec<String> = unknown![
        PolicyTemplate = "PolicyTemplateWithDetails",
        ConfigField = "PolicyTemplateConfigField",
        Policy = "PolicyWithDetails",
        PolicyValue = "PolicyValue",
        PolicyResult = "PolicyResult",
        DeviceGroup = "SystemGroup",
        Association = "GraphConnection",
        GraphObject = "GraphObject",
        Reached = "GraphObjectWithPaths",
        AppleMdm = "AppleMDM",
        AppleMdmDevice = "apple-mdm-device",
        SoftwareApp = "software-app",
        SoftwareSettings = "SoftwareAppSettings",
        SoftwareStatus = "software-app-status",
        InsightsCertificate = "system-insights-certificates",
        InsightsApp = "system-insights-apps",
        System = "JcSystem",
        System = "systemSearch",
        PolicyGroup = "PolicyGroup",
        AppleVpp = "software-app-apple-vpp",
        StoredPackage = "object-storage-item",
        StoredVersion = "object-storage-version",
        ReclaimedLicenses = "software-app-reclaim-licenses",
    ];
    let system = &swagger.definitions["JcSystem"]["properties"];
    for (definition, keys) in [
        ("mdm", {
            let value: SystemMdm =
                serde_json::from_value(swagger.example(&system["mdm"], 1)).unwrap();
            value.extra
        }),
        ("systemInsights", {
            let value: SystemInsights =
                serde_json::from_value(swagger.example(&system["systemInsights"], 1)).unwrap();
            value.extra
        }),
    ] {
        unknown.extend(
            keys.keys()
                .map(|key| format!("JcSystem.{definition}.{key}")),
        );
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// Decodes an example as `T` and asks for the same back.
fn same<T: Serialize + DeserializeOwned>(name: &str, example: &Value) {
    let decoded: T = serde_json::from_value(example.clone())
        .unwrap_or_else(|error| panic!("{name}: {error}\n{example:#}"));
    assert_eq!(&serde_json::to_value(decoded).unwrap(), example, "{name}");
}

#[test]
fn every_example_of_the_specification_decodes_and_encodes_without_loss() {
    let Some(swagger) = Swagger::load() else {
        return;
    };
    let mut read = Vec::new();
    for (route, example) in swagger.answers() {
        match route.as_str() {
            "GET /systemgroups" => same::<Vec<DeviceGroup>>(&route, &example),
            "GET /systemgroups/{id}" | "PUT /systemgroups/{id}" => {
                same::<DeviceGroup>(&route, &example);
            }
            other => panic!("{other}: an answer that no type here reads\n{example:#}"),
        }
        read.push(route);
    }
    for (definition, example) in swagger.examples() {
        match definition {
            "PolicyTemplate" => same::<PolicyTemplate>(definition, &example),
            "SoftwareAppSettings" => same::<SoftwareSettings>(definition, &example),
            "system-insights-apps" => same::<InsightsApp>(definition, &example),
            // Parts of other types that stay as they came.
            "DEPWelcomeScreen" | "OSRestriction" => continue,
            other => panic!("{other}: an example that no type here reads\n{example:#}"),
        }
        read.push(definition.to_owned());
    }
    assert_eq!(
        read,
        [
            "GET /systemgroups",
            "GET /systemgroups/{id}",
            "PUT /systemgroups/{id}",
            "PolicyTemplate",
            "SoftwareAppSettings",
            "system-insights-apps",
        ]
    );
}

/// Every request of the contract that goes to the API.
fn sent() -> Vec<Sent> {
    let sent = exchanges::all()
        .into_iter()
        .flat_map(|Exchange { sent, .. }| sent);
    sent.filter(|sent| sent.path.starts_with("/api/")).collect()
}

/// Where the wire is known to differ from the specification, and why.
const KNOWN: [(&str, &str); 5] = [
    (
        "POST /api/v2/systemgroups",
        "the rule's form has changed: filters are objects by now, and texts in the specification",
    ),
    ("PUT /api/v2/systemgroups/{dynamic}", "the same"),
    (
        "PUT /api/v2/policygroups/{policies}",
        "a description is taken, and kept",
    ),
    (
        "POST /api/v2/softwareapps/{licensed}/retry-installation",
        "the route is known by name and body only",
    ),
    (
        "POST /api/v2/softwareapps/{licensed}/reclaim-licenses",
        "the body `{}` is in the description's sample only",
    ),
];

#[test]
fn every_body_of_the_contract_is_as_the_specification_says_save_for_what_is_known() {
    let Some(swagger) = Swagger::load() else {
        return;
    };
    let bodies: Vec<Sent> = sent()
        .into_iter()
        .filter(|sent| sent.body.is_some())
        .collect();
    let mut problems: Vec<(String, Vec<String>)> = bodies
        .iter()
        .map(|sent| {
            let found = swagger.check(sent.method, &sent.path, sent.body.as_ref());
            (format!("{} {}", sent.method, sent.path), found)
        })
        .collect();
    assert!(problems.len() > 20, "{}", problems.len());
    problems.retain(|(_, found)| !found.is_empty());
    let different: Vec<&str> = problems
        .iter()
        .map(|(request, _)| request.as_str())
        .collect();
    let known: Vec<&str> = KNOWN.iter().map(|(request, _)| *request).collect();
    assert_eq!(different, known, "{problems:#?}");
    // Each differs once, by that and nothing else.
    assert!(
        problems.iter().all(|(_, found)| found.len() == 1),
        "{problems:#?}"
    );
}

#[test]
fn every_request_of_the_contract_carries_the_organisation_and_is_answered_as_its_route_says() {
    let Some(reference) = device_trust_tests::reference() else {
        return;
    };
    let routes = std::fs::read_to_string(reference.join("jumpcloud/routes.tsv")).unwrap();
    let segments = |path: &str| -> Vec<String> {
        let part = |part: &str| {
            if part.starts_with('{') {
                "*".into()
            } else {
                part.to_owned()
            }
        };
        path.split('/').map(part).collect()
    };
    for sent in sent() {
        let path = segments(&sent.path.replace("5f21c4d3b544067fd53ba0af", "{template}"));
        let route = routes.lines().skip(1).find_map(|line| {
            let [route, method, organization, statuses] = line.split('\t').collect::<Vec<_>>()[..]
            else {
                return None;
            };
            (segments(route) == path && method == sent.method).then_some((organization, statuses))
        });
        let (organization, statuses) = route.unwrap_or_else(|| panic!("no such route: {sent:?}"));
        assert_eq!(organization == "yes", sent.organization, "{sent:?}");
        let status = sent.status.to_string();
        assert!(
            statuses.split(',').any(|one| one == status),
            "{sent:?}: {statuses}"
        );
    }
}
