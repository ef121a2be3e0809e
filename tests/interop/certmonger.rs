//! certmonger against our authority: requests by GET in base64, AES-256.

use crate::namespace::directory;
use crate::process::said;
use crate::server::{SECRET, Server};
use axum::http::Method;
use device_trust_tests::peer;
use scep_profile::server::Outcome;
use std::process::{Command, Output};

fn request(server: &Server, directory: &std::path::Path, secret: &str) -> Output {
    server.write_ca(directory);
    // The daemon runs the script and ends with it; it talks over a socket, not over D-Bus.
    let script = format!(
        r#"set -e
getcert add-scep-ca -c mem -u {url} -N {at}/ca.pem
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    getcert list-cas -c mem | grep -q 'CA .mem' && break
    sleep 1
done
sleep 2
getcert request -c mem -k {at}/k.pem -f {at}/c.pem -g 2048 -N CN=d,O=Acme,C=US -D d.example.com -L {secret} -I req1 -w -v
"#,
        url = server.url(),
        at = directory.display(),
    );
    std::fs::write(directory.join("go.sh"), script).unwrap();
    let mut command = Command::new("certmonger");
    for (variable, name) in [
        ("CERTMONGER_CONFIG_DIR", "config"),
        ("CERTMONGER_REQUESTS_DIR", "requests"),
        ("CERTMONGER_CAS_DIR", "cas"),
        ("CERTMONGER_LOCAL_CA_DIR", "local"),
        ("CERTMONGER_TMPDIR", "tmp"),
    ] {
        let path = directory.join(name);
        std::fs::create_dir_all(&path).unwrap();
        command.env(variable, path);
    }
    let socket = directory.join("cm.sock");
    let run = format!("bash {}/go.sh", directory.display());
    command
        .args(["-l", "-L", "-n", "-d", "1", "-P"])
        .arg(socket)
        .args(["-c", &run])
        .output()
        .unwrap()
}

#[test]
fn certmonger_enrols_by_get() {
    if peer("certmonger").is_none() {
        return;
    }
    let (_keep, at) = directory();
    let server = Server::start(|options| options);
    let output = request(&server, &at, SECRET);
    assert!(at.join("c.pem").exists(), "{}", said(&output));
    let certificate = server.check_issued(&at.join("c.pem"));
    // certmonger encodes the parts in the order given, and the text of RFC 4514 starts with the last.
    assert_eq!(certificate.subject(), "C=US,O=Acme,CN=d");
    let operations = server.operations();
    assert!(
        operations.iter().all(|(method, _)| *method == Method::GET),
        "{operations:?}"
    );
}

#[test]
fn certmonger_is_refused_with_a_wrong_challenge() {
    if peer("certmonger").is_none() {
        return;
    }
    let (_keep, at) = directory();
    let server = Server::start(|options| options);
    let output = request(&server, &at, "wrong");
    assert!(!at.join("c.pem").exists(), "{}", said(&output));
    let operations = server.operations();
    let refused = |(_, outcome): &(Method, Outcome)| matches!(outcome, Outcome::Refused(_));
    assert!(
        !operations.is_empty() && operations.iter().all(refused),
        "{operations:?}\n{}",
        said(&output)
    );
}
