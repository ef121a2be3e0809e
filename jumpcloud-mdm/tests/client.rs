//! The client against a socket: paging, errors by meaning, the organisation header.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use jumpcloud_mdm::{Error, Filter, JumpCloud, ListOptions, Method, Region, Request, Retry};
use serde_json::{Value, json};
use support::{KEY, World};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path, query_param},
};

fn client(server: &MockServer) -> JumpCloud {
    JumpCloud::builder(Region::Url(server.uri()), KEY.into())
        .retry(Retry {
            base: Duration::from_millis(1),
            max_attempts: 3,
            ..Retry::default()
        })
        .build()
        .unwrap()
}

async fn answering(template: ResponseTemplate) -> (MockServer, JumpCloud) {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any())
        .respond_with(template)
        .mount(&server)
        .await;
    let client = client(&server);
    (server, client)
}

async fn failing(status: u16, body: &str) -> Error {
    let template = ResponseTemplate::new(status).set_body_string(body);
    let (_server, client) = answering(template).await;
    client.policy("p1").await.unwrap_err()
}

#[tokio::test]
async fn an_object_without_an_id_is_read_and_nothing_is_done_with_it() {
    let group = json!([{"name": "macOS"}]);
    let (server, client) = answering(ResponseTemplate::new(200).set_body_json(&group)).await;
    let groups = client.device_groups(ListOptions::default());
    let groups: Vec<_> = groups.try_collect().await.unwrap();
    assert_eq!(json!(groups), group, "nothing is added");
    let named = client.device_group_named("macOS").await.unwrap_err();
    assert!(named.to_string().contains("came without an id"), "{named}");
    let sent = server.received_requests().await.unwrap().len();
    let error = client.delete_device_group(&groups[0].id).await.unwrap_err();
    let text = "id: an id in `DELETE /api/v2/systemgroups/` is empty; read the object again";
    assert_eq!(error.to_string(), text);
    assert_eq!(server.received_requests().await.unwrap().len(), sent);
}

#[tokio::test]
async fn a_status_is_told_by_its_meaning_with_the_request_and_the_mend() {
    let error = failing(401, r#"{"error":"Unauthorized"}"#).await;
    assert!(matches!(error, Error::Unauthorized { .. }));
    let text = error.to_string();
    for part in [
        "region",
        "Unauthorized",
        "GET /api/v2/policies/p1, status 401",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(matches!(failing(403, "").await, Error::Forbidden { .. }));
    assert!(failing(404, "").await.is_not_found());
    assert!(failing(409, "").await.is_conflict());
    assert!(matches!(failing(302, "").await, Error::Unavailable { .. }));
    let error = failing(400, r#"{"message":"bad","details":[{"field":"name"}]}"#).await;
    assert!(matches!(&error, Error::Invalid { details, .. } if details[0]["field"] == "name"));
    let error = failing(503, "upstream connect error").await;
    assert!(
        error.to_string().contains("upstream connect error"),
        "{error}"
    );
    assert_eq!(error.context().unwrap().attempts, 3);
    let error = failing(200, r#"{"id": 7}"#).await;
    assert!(
        matches!(&error, Error::Decode { path, .. } if path == "id"),
        "{error}"
    );
}

#[tokio::test]
async fn a_long_rate_limit_names_when_it_ends() {
    let template = ResponseTemplate::new(429).insert_header("retry-after", "3600");
    let (_server, client) = answering(template).await;
    let error = client.delete_policy("p1").await.unwrap_err();
    let Error::RateLimited { until, .. } = error else {
        panic!("{error}")
    };
    assert!(until > jiff::Timestamp::now());
}

#[tokio::test]
async fn a_server_error_after_a_write_is_ambiguous_and_is_sent_once() {
    for status in [500, 502, 504] {
        let (server, client) = answering(ResponseTemplate::new(status)).await;
        let error = client.delete_policy("p1").await.unwrap_err();
        assert!(error.is_ambiguous(), "{error}");
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn pages_follow_what_came_until_a_short_one() {
    let server = MockServer::start().await;
    for (skip, rows) in [(0, 2), (2, 2), (4, 1)] {
        let items: Vec<Value> = (0..rows)
            .map(|n| json!({"id": format!("{}", skip + n)}))
            .collect();
        Mock::given(method("GET"))
            .and(path("/api/v2/policies"))
            .and(query_param("skip", skip.to_string()))
            .and(query_param("limit", "2"))
            .and(query_param("sort", "_id"))
            .respond_with(ResponseTemplate::new(200).set_body_json(items))
            .expect(1)
            .mount(&server)
            .await;
    }
    let ids: Vec<String> = client(&server)
        .policies(ListOptions::default().page_size(2))
        .map_ok(|policy| policy.id)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids, ["0", "1", "2", "3", "4"]);
}

#[tokio::test]
async fn v1_lists_are_unwrapped_and_their_total_counts() {
    let server = MockServer::start().await;
    for (skip, id) in [("0", "s1"), ("1", "s2")] {
        Mock::given(path("/api/systems"))
            .and(query_param("skip", skip))
            .respond_with(
                ResponseTemplate::new(200)
                    .set_body_json(json!({"totalCount": 2, "results": [{"_id": id}]})),
            )
            .expect(1)
            .mount(&server)
            .await;
    }
    let ids: Vec<String> = client(&server)
        .systems()
        .map_ok(|system| system.id)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids, ["s1", "s2"]);
}

#[tokio::test]
async fn a_list_ends_at_its_first_error() {
    let (_server, client) = answering(ResponseTemplate::new(403)).await;
    let results: Vec<_> = client.policies(ListOptions::default()).collect().await;
    assert_eq!(results.len(), 1);
    assert!(matches!(results[0], Err(Error::Forbidden { .. })));
}

#[tokio::test]
async fn names_are_compared_here_and_unfilterable_ones_found_in_the_whole_list() {
    let world = World::start().await;
    world.state().groups = vec![
        json!({"id": "g1", "name": "macOS pilot 2"}),
        json!({"id": "g2", "name": "Berlin, Munich"}),
        json!({"id": "g3", "name": "twice"}),
        json!({"id": "g4", "name": "twice"}),
    ];
    let client = world.client();
    let group = client.device_group_named("Berlin, Munich").await.unwrap();
    assert_eq!(group.unwrap().id, "g2");
    assert!(client.device_group_named("macOS*").await.unwrap().is_none());
    let error = client.device_group_named("twice").await.unwrap_err();
    assert!(error.to_string().contains("g3, g4"), "{error}");
}

#[tokio::test]
async fn a_wild_card_of_the_server_lets_nothing_through_and_ends_no_list() {
    let server = MockServer::start().await;
    for (skip, names) in [
        ("0", json!(["abc", "axe"])),
        ("2", json!(["a*", "a"])),
        ("4", json!(["a*"])),
    ] {
        let rows: Vec<Value> = names
            .as_array()
            .unwrap()
            .iter()
            .map(|name| json!({"id": format!("{skip}-{name}"), "name": name}))
            .collect();
        Mock::given(path("/api/v2/policies"))
            .and(query_param("filter", "name:eq:a*"))
            .and(query_param("skip", skip))
            .respond_with(ResponseTemplate::new(200).set_body_json(rows))
            .expect(1)
            .mount(&server)
            .await;
    }
    let options = ListOptions::default()
        .filter(Filter::eq("name", "a*").unwrap())
        .page_size(2);
    let found: Vec<_> = client(&server)
        .policies(options)
        .try_collect()
        .await
        .unwrap();
    let names: Vec<_> = found
        .iter()
        .map(|one| one.name.as_deref().unwrap())
        .collect();
    assert_eq!(names, ["a*", "a*"]);
}

#[tokio::test]
async fn any_route_can_be_asked_with_the_same_key_and_organization() {
    let server = MockServer::start().await;
    let org = "5f21c4d3b544067fd53ba0af";
    Mock::given(path("/api/v2/policygroups"))
        .and(header("x-api-key", KEY))
        .and(header("x-org-id", org))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([{"id": "pg"}])))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/api/organizations"))
        .respond_with(|request: &wiremock::Request| {
            assert!(request.headers.get("x-org-id").is_none());
            ResponseTemplate::new(200)
        })
        .expect(1)
        .mount(&server)
        .await;
    let client = JumpCloud::builder(Region::Url(server.uri()), KEY.into())
        .org_id(org)
        .build()
        .unwrap();
    let groups = client
        .send(&Request::v2(Method::GET, ["policygroups"]))
        .await
        .unwrap();
    assert_eq!(groups[0]["id"], "pg");
    let empty = client
        .send(&Request::v1(Method::GET, ["organizations"]))
        .await
        .unwrap();
    assert_eq!(empty, Value::Null);
}
