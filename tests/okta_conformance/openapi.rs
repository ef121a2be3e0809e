//! Okta's OpenAPI file as the oracle: schemas, the routes they belong to, and full examples made from them.
//!
//! It is read as Okta means it, which is named here where it is not what the file says:
//! - `oneOf` is not exclusive: variants without required keys fit each other's values. Read as `anyOf`.
//! - `discriminator` names the variants of a base schema; they are what the base stands for.
//! - `nullable` is OpenAPI 3.0's way to allow `null`.
//! - Enums of strings are open: Okta adds values, and so does `x-okta-known-values`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub(crate) struct OpenApi {
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
    /// Request bodies that routes refer to by name.
    bodies: Value,
    /// All schemas in the words of JSON Schema.
    definitions: Value,
}

impl OpenApi {
    pub(crate) fn load() -> Option<Self> {
        let file = device_trust_tests::reference()?.join("okta/management-api-subset.yaml");
        let text = std::fs::read_to_string(file).unwrap();
        let document: Value = yaml::from_str(&text).unwrap();
        let part = |value: &Value| value.as_object().unwrap().clone();
        let mut schemas = part(&document["components"]["schemas"]);
        corrected(&mut schemas);
        let definitions = json_schema(&Value::Object(schemas.clone()));
        Some(Self {
            bodies: document["components"]["requestBodies"].clone(),
            paths: part(&document["paths"]),
            schemas,
            definitions,
        })
    }

    /// The schema of a name.
    pub(crate) fn schema(&self, name: &str) -> &Value {
        self.schemas
            .get(name)
            .unwrap_or_else(|| panic!("no schema {name}"))
    }

    /// The schema of what a route takes, or answers with.
    pub(crate) fn of_route(&self, method: &str, path: &str, answer: bool) -> Option<&Value> {
        let route = self.route(path)?;
        let operation = route.get(method.to_lowercase())?;
        let content = if answer {
            let answers = operation["responses"].as_object()?;
            &answers
                .iter()
                .find(|(status, _)| status.starts_with('2'))?
                .1["content"]
        } else {
            let body = &operation["requestBody"];
            let name = body["$ref"]
                .as_str()
                .and_then(|name| name.rsplit('/').next());
            &name.map_or(body, |name| &self.bodies[name])["content"]
        };
        content["application/json"].get("schema")
    }

    /// Whether the file documents the route.
    pub(crate) fn knows(&self, method: &str, path: &str) -> bool {
        self.route(path)
            .is_some_and(|route| route.get(method.to_lowercase()).is_some())
    }

    fn route(&self, path: &str) -> Option<&Value> {
        let fits = |template: &&String| {
            let (wanted, given) = (template.split('/'), path.split('/'));
            wanted.clone().count() == given.clone().count()
                && wanted
                    .zip(given)
                    .all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
        };
        // The template with the fewest parameters is the one that is meant.
        let template = self
            .paths
            .keys()
            .filter(fits)
            .min_by_key(|template| template.matches('{').count())?;
        self.paths.get(template)
    }

    /// What is wrong with `value` by the schema: by JSON Schema, and keys that no variant documents.
    pub(crate) fn problems(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut root = json_schema(schema);
        root["$defs"] = self.definitions.clone();
        let validator = jsonschema::draft202012::new(&root).unwrap();
        validator
            .iter_errors(value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect()
    }

    /// The keys of `value` that no variant of its schema documents.
    pub(crate) fn undocumented(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        each_path(value, "", &mut |path| {
            if self.at(schema, path).is_empty() {
                found.push(path.to_owned());
            }
        });
        found
    }

    /// What documents a path such as `/conditions/people` or `/rules/*/id`: one schema for each variant that does, none
    /// when no variant does. Whatever is in a free-form object is not documented by name.
    pub(crate) fn at<'a>(&'a self, schema: &'a Value, path: &str) -> Vec<&'a Value> {
        path.split('/').skip(1).fold(vec![schema], |schemas, key| {
            if key == "*" {
                let parts = self.with_parts(&schemas);
                parts
                    .into_iter()
                    .filter_map(|part| part.get("items"))
                    .collect()
            } else {
                self.properties(&schemas).remove(key).unwrap_or_default()
            }
        })
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(name) => self.resolved(self.schema(name.rsplit('/').next().unwrap())),
            None => schema,
        }
    }

    /// Every property that these schemas or their variants document, with all that is said of it.
    fn properties<'a>(&'a self, schemas: &[&'a Value]) -> BTreeMap<&'a str, Vec<&'a Value>> {
        let mut all: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for schema in self.with_parts(schemas) {
            for (key, property) in schema["properties"].as_object().into_iter().flatten() {
                all.entry(key).or_default().push(property);
            }
        }
        all
    }

    /// The schemas, resolved, with those that they are made of and their variants.
    fn with_parts<'a>(&'a self, schemas: &[&'a Value]) -> Vec<&'a Value> {
        let mut all = Vec::new();
        for schema in schemas {
            self.gather(schema, true, &mut all);
        }
        all
    }

    /// With `variants`, those that a discriminator names belong to it; not where the schema is the base of one of them.
    fn gather<'a>(&'a self, schema: &'a Value, variants: bool, all: &mut Vec<&'a Value>) {
        let schema = self.resolved(schema);
        if all.iter().any(|known| std::ptr::eq(*known, schema)) {
            return;
        }
        all.push(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.gather(part, false, all);
        }
        for word in ["oneOf", "anyOf"] {
            for part in schema[word].as_array().into_iter().flatten() {
                self.gather(part, variants, all);
            }
        }
        if variants {
            for name in schema["discriminator"]["mapping"]
                .as_object()
                .into_iter()
                .flat_map(Map::values)
            {
                let name = name.as_str().unwrap().rsplit('/').next().unwrap();
                self.gather(self.schema(name), false, all);
            }
        }
    }

    /// A value that has every property that the schema documents, those of all variants together. With `null`, every
    /// property that may be `null` is.
    pub(crate) fn example(&self, schema: &Value, null: bool) -> Value {
        self.example_of(&[schema], null, 0)
    }

    fn example_of(&self, schemas: &[&Value], null: bool, depth: u8) -> Value {
        let parts = self.with_parts(schemas);
        if null && depth > 0 && parts.iter().any(|part| part["nullable"] == true) {
            return Value::Null;
        }
        let properties = self.properties(schemas);
        if !properties.is_empty() {
            let fields = properties.into_iter().filter(|_| depth < 9);
            let fields = fields.map(|(key, property)| {
                (key.to_owned(), self.example_of(&property, null, depth + 1))
            });
            return Value::Object(fields.collect());
        }
        for word in ["enum", "x-okta-known-values"] {
            if let Some(first) = parts.iter().find_map(|part| part[word].get(0)) {
                return first.clone();
            }
        }
        let Some(part) = parts.iter().find(|part| part.get("type").is_some()) else {
            return json!({"free": {"form": [1, null]}});
        };
        match part["type"].as_str().unwrap() {
            "string" if part["format"] == "date-time" => json!("2026-11-24T12:00:00.000Z"),
            "string" => {
                let least = part["minLength"].as_u64().unwrap_or(2);
                json!("x".repeat(least.max(1) as usize))
            }
            "integer" => json!(
                part["minimum"]
                    .as_i64()
                    .unwrap_or(1)
                    .max(part["multipleOf"].as_i64().unwrap_or(0))
            ),
            "number" => json!(part["minimum"].as_f64().unwrap_or(1.5)),
            "boolean" => json!(true),
            "array" => {
                let items: Vec<&Value> =
                    parts.iter().filter_map(|part| part.get("items")).collect();
                json!([self.example_of(&items, null, depth + 1)])
            }
            _ if part["additionalProperties"]["type"] == "boolean" => json!({"free": true}),
            _ => json!({"free": {"form": [1, null]}}),
        }
    }

    /// The examples that the file gives for a schema, and for those that it is made of.
    pub(crate) fn given_example<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        self.resolved(schema).get("example")
    }
}

/// Calls `visit` with the path of every key and item in `value`.
pub(crate) fn each_path(value: &Value, at: &str, visit: &mut impl FnMut(&str)) {
    let mut go = |key: &str, value: &Value| {
        let at = format!("{at}/{key}");
        visit(&at);
        each_path(value, &at, visit);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| go(key, value)),
        Value::Array(items) => items.iter().for_each(|value| go("*", value)),
        _ => {}
    }
}

/// What the file says and Okta does not do.
fn corrected(schemas: &mut Map<String, Value>) {
    // A text that is always null; the conditions of every other type are an object.
    let policy = schemas["AccessPolicy"]
        .pointer_mut("/allOf/1/properties/conditions")
        .unwrap();
    policy["type"] = json!("object");
    // It says that each embedded value is an object; the resource type of an app sign-in policy is a text.
    schemas["Policy"]["properties"]["_embedded"]["additionalProperties"] = json!(true);
    // Okta's text says "a user or groups"; the schema asks for both.
    schemas["PolicyContext"]
        .as_object_mut()
        .unwrap()
        .remove("required");
}

/// A schema of OpenAPI 3.0 in the words of JSON Schema.
fn json_schema(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut out = Map::new();
            for (key, value) in fields {
                match key.as_str() {
                    // Not a schema in these places, or another thing in JSON Schema.
                    "example" | "examples" | "discriminator" | "nullable" | "description" => {}
                    "format" | "xml" | "deprecated" | "readOnly" | "writeOnly" => {}
                    "enum" if value[0].is_string() => {}
                    // Its patterns have lost the mark of a look-ahead on the way: `^P(?:$)` fits no duration.
                    "pattern" => {}
                    "$ref" => {
                        let name = value.as_str().unwrap().rsplit('/').next().unwrap();
                        out.insert(key.clone(), json!(format!("#/$defs/{name}")));
                    }
                    // Its keys are names of properties, not words of the schema language.
                    "properties" => {
                        let each = value.as_object().unwrap().iter();
                        let each = each.map(|(name, schema)| (name.clone(), json_schema(schema)));
                        out.insert(key.clone(), Value::Object(each.collect()));
                    }
                    "oneOf" => {
                        out.insert("anyOf".to_owned(), json_schema(value));
                    }
                    _ => {
                        out.insert(key.clone(), json_schema(value));
                    }
                }
            }
            if fields.get("nullable") == Some(&Value::Bool(true)) {
                return json!({"anyOf": [{"type": "null"}, out]});
            }
            Value::Object(out)
        }
        Value::Array(items) => items.iter().map(json_schema).collect(),
        other => other.clone(),
    }
}
