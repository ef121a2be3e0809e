//! That the contract is whole: each public call of the client is in an exchange, and each route that its documentation names
//! is sent. The calls are read from the client's source, so one that is added is missed here.

use std::{fs, path::Path};

use crate::{exchange::Sent, exchanges};

/// What sends nothing of its own: how clients are made, and the way to routes without a call.
const NO_CALLS: [&str; 7] = [
    "builder",
    "for_organization",
    "new",
    "org_id",
    "send",
    "send_as",
    "service_account",
];

/// A public function of the client.
struct Call {
    name: String,
    /// Of its documentation, `METHOD /path`.
    routes: Vec<String>,
}

/// All text of the `.rs` files in a folder and those below it.
fn sources(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
    found
}

/// The public functions in the `impl JumpCloud` blocks of a source.
fn calls(source: &str) -> Vec<Call> {
    let (mut found, mut documentation, mut inside) = (Vec::new(), String::new(), false);
    for line in source.lines() {
        match line {
            "impl JumpCloud {" => inside = true,
            "}" => inside = false,
            _ => {}
        }
        let line = line.trim();
        if let Some(text) = line.strip_prefix("///") {
            documentation = documentation + text + " ";
            continue;
        }
        let function = line
            .strip_prefix("pub async fn ")
            .or_else(|| line.strip_prefix("pub fn "))
            .and_then(|rest| rest.split(['(', '<']).next());
        if let (true, Some(name)) = (inside, function) {
            found.push(Call {
                name: name.to_owned(),
                routes: routes(&documentation),
            });
        }
        documentation.clear();
    }
    found
}

/// The routes in a documentation, without their queries and one for each alternative of `{one|other}`.
fn routes(documentation: &str) -> Vec<String> {
    let methods = ["GET ", "POST ", "PUT ", "DELETE ", "PATCH "];
    let mut found = Vec::new();
    for code in documentation.split('`').skip(1).step_by(2) {
        let code = code.replace("{insights host}", "");
        let route = code.split('?').next().unwrap();
        if !methods.iter().any(|method| route.starts_with(method)) || !route.contains('/') {
            continue;
        }
        match route.split_once('{').and_then(|(before, rest)| {
            let (names, after) = rest.split_once('}')?;
            names.contains('|').then_some((before, names, after))
        }) {
            Some((before, names, after)) => {
                found.extend(names.split('|').map(|one| format!("{before}{one}{after}")));
            }
            None => found.push(route.to_owned()),
        }
    }
    found
}

fn all_calls() -> Vec<Call> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../jumpcloud-mdm/src");
    sources(&folder).iter().flat_map(|one| calls(one)).collect()
}

fn is_variable(segment: &str) -> bool {
    segment.starts_with('{') || segment == "*" || segment == "5f21c4d3b544067fd53ba0af"
}

/// Whether a request of the contract is of a route.
fn is_of(sent: &Sent, route: &str) -> bool {
    let Some((method, path)) = route.split_once(' ') else {
        return false;
    };
    let (given, wanted): (Vec<_>, Vec<_>) =
        (sent.path.split('/').collect(), path.split('/').collect());
    let same = |(given, wanted): (&&str, &&str)| {
        given == wanted || (is_variable(given) && is_variable(wanted))
    };
    sent.method == method && given.len() == wanted.len() && given.iter().zip(&wanted).all(same)
}

#[test]
fn every_public_call_is_in_an_exchange_and_so_is_every_route_that_it_names() {
    let calls = all_calls();
    assert!(calls.len() > 50, "{} calls were found", calls.len());
    let mut without: Vec<&str> = calls
        .iter()
        .filter(|call| NO_CALLS.contains(&call.name.as_str()))
        .map(|call| call.name.as_str())
        .collect();
    without.sort_unstable();
    assert_eq!(without, NO_CALLS);

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("jumpcloud_contract/exchanges");
    let exchanges_source = sources(&folder).concat();
    let sent: Vec<Sent> = exchanges::all()
        .into_iter()
        .flat_map(|exchange| exchange.sent)
        .collect();
    let mut problems = Vec::new();
    for Call { name, routes } in &calls {
        if NO_CALLS.contains(&name.as_str()) {
            continue;
        }
        if !exchanges_source.contains(&format!("client.{name}(")) {
            problems.push(format!("{name}: it is in no exchange"));
        }
        // A look-up by name is made of two calls that name their routes.
        if routes.is_empty() && !name.ends_with("_named") {
            problems.push(format!("{name}: its documentation names no route"));
        }
        for route in routes {
            if !sent.iter().any(|sent| is_of(sent, route)) {
                problems.push(format!("{name}: {route} is in no exchange"));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn what_puts_something_in_is_exchanged_both_ways() {
    for (route, kinds) in [
        ("POST /api/v2/systemgroups/{id}/members", ["add", "remove"]),
        ("POST /api/v2/policygroups/{id}/members", ["add", "remove"]),
        ("POST /api/v2/policies/{id}/associations", ["add", "remove"]),
    ] {
        let mut ops: Vec<String> = exchanges::all()
            .into_iter()
            .flat_map(|exchange| exchange.sent)
            .filter(|sent| is_of(sent, route))
            .filter_map(|sent| Some(sent.body?["op"].as_str()?.to_owned()))
            .collect();
        ops.sort_unstable();
        ops.dedup();
        assert_eq!(ops, kinds, "{route}");
    }
}
