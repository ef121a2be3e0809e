//! What `jumpcloud-mdm` sends and reads, against JumpCloud's published specification. The oracle is the swagger, not
//! this workspace: where the wire is known to differ from it, the difference is named here.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeSet;

use device_trust_sandbox::{Options, PILOT_DEVICE_GROUP, RecordedRequest, Sandbox};
use futures::TryStreamExt as _;
use jumpcloud_mdm::{
    AppleMdm, AppleMdmDevice, AppleVpp, Association, Bindable, ConfigField, DeviceGroup,
    GraphObject, InsightsApp, InsightsCertificate, JumpCloud, NewDeviceGroup, ObjectType,
    Operation, PackageUpload, Policy, PolicyGroup, PolicyResult, PolicyTemplate, PolicyValue,
    Reached, ReclaimedLicenses, Region, SoftwareApp, SoftwareSettings, SoftwareStatus,
    StoredPackage, StoredVersion, System, SystemInsights, SystemMdm, SystemOperator, SystemSearch,
    deploy::{self, Desired, DesiredProfile, DesiredSoftware, DigestKey, Package},
};
use secrecy::ExposeSecret as _;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

const PROFILE: &str = include_str!("../jumpcloud-mdm/tests/fixtures/trust.mobileconfig");

/// The swagger of v2 with the parts of v1 that it needs.
struct Swagger {
    paths: Map<String, Value>,
    v1: Map<String, Value>,
    definitions: Map<String, Value>,
}

impl Swagger {
    fn load() -> Option<Self> {
        let folder = device_trust_tests::reference()?.join("jumpcloud");
        let read = |name: &str| -> Value {
            serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
        };
        let (v1, v2) = (read("v1-systems.json"), read("v2-subset.json"));
        let part = |from: &Value, key: &str| from[key].as_object().unwrap().clone();
        let mut definitions = part(&v2, "definitions");
        definitions.extend(part(&v1, "definitions"));
        // The specification types a policy's value as text; the console and every client send any JSON.
        definitions["PolicyValue"]["properties"]["value"] = json!({});
        Some(Self {
            paths: part(&v2, "paths"),
            v1: part(&v1, "paths"),
            definitions,
        })
    }

    /// The schema of the body of a request, by the path template that fits.
    fn body_schema(&self, method: &str, path: &str) -> Option<&Value> {
        let (paths, path) = match path.strip_prefix("/api/v2") {
            Some(path) => (&self.paths, path),
            None => (&self.v1, path.strip_prefix("/api")?),
        };
        let fits = |template: &str| {
            let (mut wanted, mut given) = (template.split('/'), path.split('/'));
            loop {
                match (wanted.next(), given.next()) {
                    (None, None) => return true,
                    (Some(wanted), Some(given)) if wanted.starts_with('{') || wanted == given => {}
                    _ => return false,
                }
            }
        };
        let (_, route) = paths.iter().find(|(template, _)| fits(template))?;
        route[method.to_lowercase()]["parameters"]
            .as_array()?
            .iter()
            .find(|parameter| parameter["in"] == "body")?
            .get("schema")
    }

    fn check(&self, request: &RecordedRequest) -> Vec<String> {
        let name = format!("{} {}", request.method, request.path);
        let Some(body) = &request.body else {
            return Vec::new();
        };
        let Some(schema) = self.body_schema(&request.method, &request.path) else {
            return vec![format!("{name}: no such route with a body is documented")];
        };
        let mut root = schema.clone();
        root["definitions"] = json!(self.definitions);
        root["$schema"] = json!("http://json-schema.org/draft-04/schema#");
        let validator = jsonschema::validator_for(&root).unwrap();
        let mut problems: Vec<String> = validator
            .iter_errors(body)
            .map(|error| format!("{name}: {} at {}", error, error.instance_path()))
            .collect();
        self.undocumented(schema, body, "", &mut problems);
        problems
    }

    /// Collects the keys of `value` that its schema does not list.
    fn undocumented(&self, schema: &Value, value: &Value, at: &str, problems: &mut Vec<String>) {
        let properties = self.properties(schema);
        match value {
            Value::Object(fields) if !properties.is_empty() => {
                for (key, value) in fields {
                    // On the wire beside the id; every public client sends it, the specification lacks it.
                    // The same goes for the order of a search: without it, paging drops and repeats rows.
                    if key == "configFieldName" || (at.is_empty() && key == "sort") {
                        continue;
                    }
                    match properties.get(key) {
                        Some(schema) => {
                            self.undocumented(schema, value, &format!("{at}/{key}"), problems);
                        }
                        None => problems.push(format!("{at}/{key} is not documented")),
                    }
                }
            }
            Value::Array(items) => {
                let schema = &self.resolved(schema)["items"];
                for item in items {
                    self.undocumented(schema, item, at, problems);
                }
            }
            _ => {}
        }
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(name) => {
                let name = name.rsplit('/').next().unwrap();
                self.resolved(&self.definitions[name])
            }
            None => schema,
        }
    }

    /// The properties of a schema, those of its `allOf` included.
    fn properties(&self, schema: &Value) -> Map<String, Value> {
        let schema = self.resolved(schema);
        let mut all = Map::new();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            all.extend(self.properties(part));
        }
        all.extend(
            schema["properties"]
                .as_object()
                .cloned()
                .unwrap_or_default(),
        );
        all
    }

    /// A value that has every documented property.
    fn example(&self, schema: &Value, depth: u8) -> Value {
        let schema = self.resolved(schema);
        if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
            return first.clone();
        }
        let properties = self.properties(schema);
        if !properties.is_empty() && depth < 8 {
            let fields = properties
                .iter()
                .map(|(key, schema)| (key.clone(), self.example(schema, depth + 1)));
            return Value::Object(fields.collect());
        }
        match schema["type"].as_str() {
            Some("string") if schema["format"] == "date-time" => json!("2026-11-24T12:00:00Z"),
            Some("string") => json!("text"),
            Some("integer") => json!(7),
            Some("number") => json!(1.5),
            Some("boolean") => json!(true),
            Some("array") => json!([self.example(&schema["items"], depth + 1)]),
            _ => json!({"any": [1, null]}),
        }
    }

    /// Decodes a full example as `T`, asks for the same back, and gives the keys that `T` does not know.
    fn unknown<T: Serialize + DeserializeOwned>(
        &self,
        definition: &str,
        extra: impl Fn(&T) -> &Map<String, Value>,
    ) -> Vec<String> {
        let example = self.example(&self.definitions[definition], 0);
        let decoded: T = serde_json::from_value(example.clone())
            .unwrap_or_else(|error| panic!("{definition}: {error}\n{example:#}"));
        assert_eq!(
            serde_json::to_value(&decoded).unwrap(),
            example,
            "{definition}"
        );
        let keys = extra(&decoded).keys();
        keys.map(|key| format!("{definition}.{key}")).collect()
    }
}

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
async fn every_request_body_is_as_the_specification_says() {
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
    let policy = client
        .policy_named("Okta device trust")
        .await
        .unwrap()
        .unwrap();
    let system = sandbox.shared().world().jumpcloud.system_ids().remove(3);
    let group = client
        .create_device_group(&NewDeviceGroup::new("Ring 1").description("10 %"))
        .await
        .unwrap();
    client
        .change_device_group_member(&group.id, Operation::Add, &system)
        .await
        .unwrap();
    client
        .associate(
            &Bindable::Policy(policy.id.clone()),
            Operation::Add,
            &ObjectType::System,
            &system,
        )
        .await
        .unwrap();
    let mut group = client
        .create_device_group(
            &NewDeviceGroup::new("Dynamic")
                .dynamic(json!({"queryType": "Filter", "filters": ["[]"]})),
        )
        .await
        .unwrap();
    group.email = Some("it@example.com".into());
    client.update_device_group(&group).await.unwrap();
    let policies = client.create_policy_group("Trust", None).await.unwrap();
    client
        .update_policy_group(&policies.id, "Trust 2", None)
        .await
        .unwrap();
    client
        .change_policy_group_member(&policies.id, Operation::Add, &policy.id)
        .await
        .unwrap();
    let from = Bindable::PolicyGroup(policies.id);
    client
        .associate(&from, Operation::Add, &ObjectType::SystemGroup, &group.id)
        .await
        .unwrap();
    let package = PackageUpload::new("Agent", "Agent.pkg", b"bytes".to_vec()).unwrap();
    client
        .upload_package(&package, std::time::Duration::from_secs(60))
        .await
        .unwrap();
    let search = SystemSearch::any_of()
        .condition("hostname", SystemOperator::Eq, "my-hostname")
        .text(["my-host"], ["hostname", "displayName"]);
    let _: Vec<_> = client.search_systems(&search).try_collect().await.unwrap();

    let requests = sandbox.requests();
    let of_the_api = |request: &&RecordedRequest| {
        (request.is_write() || request.path.starts_with("/api/search/"))
            && !request.path.starts_with("/object-storage/")
    };
    let written: BTreeSet<String> = requests
        .iter()
        .filter(of_the_api)
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
            "POST policygroups associations",
            "POST policygroups members",
            "POST policygroups policygroups",
            "POST softwareapps associations",
            "POST softwareapps softwareapps",
            "POST systemgroups members",
            "POST systemgroups systemgroups",
            "POST systems systems",
            "PUT policies {id}",
            "PUT policygroups {id}",
            "PUT softwareapps {id}",
            "PUT systemgroups {id}",
        ]
    );
    let problems: Vec<String> = requests
        .iter()
        .filter(of_the_api)
        .flat_map(|request| swagger.check(request))
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
