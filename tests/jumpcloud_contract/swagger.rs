//! JumpCloud's published specification, as an oracle for bodies that are sent and examples that are read.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// The swagger of v2 with the parts of v1 that it needs.
pub struct Swagger {
    paths: Map<String, Value>,
    v1: Map<String, Value>,
    pub definitions: Map<String, Value>,
}

impl Swagger {
    pub fn load() -> Option<Self> {
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

    /// In what a body is otherwise than documented for its route.
    pub fn check(&self, method: &str, path: &str, body: Option<&Value>) -> Vec<String> {
        let name = format!("{method} {path}");
        let Some(body) = body else {
            return Vec::new();
        };
        let Some(schema) = self.body_schema(method, path) else {
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
    pub fn example(&self, schema: &Value, depth: u8) -> Value {
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

    /// The examples of answers that it gives itself: the route, and the body.
    pub fn answers(&self) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        for (path, methods) in self.paths.iter().chain(&self.v1) {
            for (method, route) in methods.as_object().unwrap() {
                let responses = route["responses"].as_object();
                for response in responses.into_iter().flat_map(Map::values) {
                    let examples = response["examples"].as_object();
                    for example in examples.into_iter().flat_map(Map::values) {
                        let name = format!("{} {path}", method.to_uppercase());
                        found.push((name, example.clone()));
                    }
                }
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// The examples that it gives of its definitions: the definition, and each example.
    pub fn examples(&self) -> Vec<(&str, Value)> {
        let mut found = Vec::new();
        for (name, definition) in &self.definitions {
            if let Some(example) = definition.get("example") {
                found.push((name.as_str(), example.clone()));
            }
            let several = definition["x-examples"].as_object();
            for example in several.into_iter().flat_map(Map::values) {
                found.push((name.as_str(), example.clone()));
            }
        }
        found.sort_by_key(|(name, _)| *name);
        found
    }

    /// Decodes a full example as `T`, asks for the same back, and gives the keys that `T` does not know.
    pub fn unknown<T: Serialize + DeserializeOwned>(
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
