//! Directory Insights has no published swagger beside the others here. What is known of the body of
//! `POST /insights/directory/v1/events` is written down as a schema, field by field, and the bodies that the client sends
//! are checked against it:
//!
//! | field | what is known |
//! |---|---|
//! | `service` | required: a list of the services' names |
//! | `start_time` | required, RFC 3339 |
//! | `end_time` | RFC 3339 |
//! | `limit` | 1000 where it is absent, at most 10,000 |
//! | `sort` | `ASC` or `DESC` |
//! | `search_term` | `and`, `or` or `not` |
//! | `search_after` | the JSON array of the header `X-Search_after` |
//! | `fields`, `skip`, `q`, `exact_match` | known by name |

use futures::TryStreamExt as _;
use jiff::Timestamp;
use jumpcloud_mdm::{EventQuery, JumpCloud, MDM_COMMAND_RESULT, Region};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

const SERVICES: [&str; 16] = [
    "alerts",
    "all",
    "directory",
    "ldap",
    "mdm",
    "notifications",
    "object_storage",
    "password_manager",
    "radius",
    "reports",
    "saas_app_management",
    "software",
    "sso",
    "systems",
    "access_management",
    "asset_management",
];

fn schema() -> Value {
    let time = json!({"type": "string", "format": "date-time"});
    json!({
        "type": "object",
        "required": ["service", "start_time"],
        "additionalProperties": false,
        "properties": {
            "service": {"type": "array", "minItems": 1, "items": {"enum": SERVICES}},
            "start_time": time,
            "end_time": time,
            "limit": {"type": "integer", "minimum": 1, "maximum": 10_000},
            "sort": {"enum": ["ASC", "DESC"]},
            "search_term": {"type": "object", "additionalProperties": false, "minProperties": 1,
                "properties": {"and": {"type": "array"}, "or": {"type": "array"}, "not": {"type": "array"}}},
            "search_after": {"type": "array"},
            "fields": {"type": "array"}, "skip": {"type": "integer"}, "q": {"type": "string"},
            "exact_match": {"type": "boolean"},
        },
    })
}

fn problems(body: &Value) -> Vec<String> {
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(&schema()).unwrap();
    validator
        .iter_errors(body)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect()
}

/// The bodies of the pages of a query: the first is full, the second is not.
async fn bodies(query: &EventQuery) -> Vec<Value> {
    let server = MockServer::start().await;
    let page = |events: Value| {
        ResponseTemplate::new(200)
            .insert_header("x-search_after", r#"["t", "id"]"#)
            .set_body_json(events)
    };
    let route = || Mock::given(path("/insights/directory/v1/events"));
    let event = json!({"id": "e", "event_type": MDM_COMMAND_RESULT});
    route()
        .respond_with(page(json!([event])))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    route().respond_with(page(json!([]))).mount(&server).await;
    let client = JumpCloud::new(Region::Url(server.uri()), "key".into()).unwrap();
    client.events(query).try_collect::<Vec<_>>().await.unwrap();
    let requests = server.received_requests().await.unwrap();
    requests
        .iter()
        .map(|request| request.body_json().unwrap())
        .collect()
}

#[tokio::test]
async fn every_body_that_asks_for_events_has_the_fields_that_are_known_and_no_other() {
    // With a fraction, which RFC 3339 has and other forms of a time do not.
    let start: Timestamp = "2026-11-24T12:00:00.25Z".parse().unwrap();
    let of = |service: &str| EventQuery::of(service, start);
    let first = bodies(&of("all")).await;
    let pages = bodies(
        &of("mdm")
            .until(start)
            .event_type(MDM_COMMAND_RESULT)
            .page_size(1),
    )
    .await;
    let large = bodies(&of("mdm").page_size(u32::MAX)).await;
    let none = bodies(&of("mdm").page_size(0)).await;
    for body in [&first, &pages, &large, &none].into_iter().flatten() {
        assert_eq!(problems(body), Vec::<String>::new(), "{body}");
    }
    assert_eq!(first[0]["limit"], 1000);
    assert_eq!(first[0]["sort"], "ASC", "so that search_after goes forward");
    assert_eq!(
        first[0]["start_time"]
            .as_str()
            .unwrap()
            .parse::<Timestamp>()
            .unwrap(),
        start
    );
    assert_eq!(first.len(), 1, "a page that is not full is the last");
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[0].get("search_after"), None);
    assert_eq!(pages[1]["search_after"], json!(["t", "id"]));
    assert_eq!(
        (&large[0]["limit"], &none[0]["limit"]),
        (&json!(10_000), &json!(1))
    );
}

#[test]
fn a_body_with_another_clients_mistakes_is_refused_by_the_schema() {
    let good = json!({"service": ["mdm"], "start_time": "2026-11-24T12:00:00Z"});
    assert!(problems(&good).is_empty());
    for (key, value) in [
        ("service", json!([])),
        ("service", json!("mdm")),
        ("service", json!(["devices"])),
        ("start_time", json!("yesterday")),
        ("end_time", json!(1_795_694_400)),
        ("limit", json!(10_001)),
        ("sort", json!("asc")),
        ("search_term", json!({"event_type": "mdm_command_result"})),
        ("search_term_filter", json!({})),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        assert!(!problems(&bad).is_empty(), "{bad}");
    }
}
