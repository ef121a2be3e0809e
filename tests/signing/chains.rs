//! Ways to a root, and what bars them.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use mobileconfig::cms::{ChainProblem, ChainVerdict, SignatureVerdict, Trust};

use crate::certificates::{AUTHORITY, Certificates, LEAF, P256, assert_good, only};

#[test]
fn a_missing_intermediate_is_named() {
    let Some(files) = Certificates::new() else {
        return;
    };
    let signed = files.signed_by_openssl("rsa", &[]);
    let problem = ChainProblem::IssuerNotFound("CN=ca,O=Example".into());
    let subject = "CN=rsa,O=Example".into();
    assert_eq!(
        only(&signed, &files.trust()).chain,
        ChainVerdict::Untrusted { subject, problem }
    );
    assert_good(&only(
        &signed,
        &files.trust().intermediates(&[files.der("ca")]),
    ));
}

/// The problem of a chain in which `file` is the issuer of the signer.
fn problem_of_issuer(files: &Certificates, file: &str, leaf: &str) -> ChainProblem {
    files.issue("bad", file, &["rsa:2048"], leaf, 30);
    let signed = files.signed_by_openssl("bad", &["-certfile", &format!("{file}.pem")]);
    let verdicts = only(&signed, &files.trust().intermediates(&[files.der("ca")]));
    assert_eq!(verdicts.signature, SignatureVerdict::Valid);
    match verdicts.chain {
        ChainVerdict::Untrusted { problem, .. } => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_fault_of_a_chain_is_told_apart() {
    let Some(files) = Certificates::new() else {
        return;
    };
    // A leaf must not issue: the oldest mistake there is.
    assert_eq!(
        problem_of_issuer(&files, "p256", LEAF),
        ChainProblem::NotAnAuthority
    );
    files.issue(
        "mute",
        "root",
        P256,
        "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n",
        30,
    );
    assert_eq!(
        problem_of_issuer(&files, "mute", LEAF),
        ChainProblem::KeyUsage
    );
    let names = format!("{AUTHORITY}nameConstraints=critical,permitted;DNS:example.org\n");
    files.issue("names", "root", P256, &names, 30);
    assert_eq!(
        problem_of_issuer(&files, "names", LEAF),
        ChainProblem::CriticalExtension("2.5.29.30".into())
    );
    files.issue(
        "strange",
        "root",
        P256,
        &format!("{AUTHORITY}1.2.3.4=critical,ASN1:NULL\n"),
        30,
    );
    assert_eq!(
        problem_of_issuer(&files, "strange", LEAF),
        ChainProblem::CriticalExtension("1.2.3.4".into())
    );
    files.issue(
        "short",
        "root",
        P256,
        "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n",
        30,
    );
    files.issue("below", "short", P256, AUTHORITY, 30);
    files.issue("bad", "below", &["rsa:2048"], LEAF, 30);
    let chain = [files.read("below.pem"), files.read("short.pem")].concat();
    files.write("chain.pem", chain);
    let signed = files.signed_by_openssl("bad", &["-certfile", "chain.pem"]);
    let subject = "CN=short,O=Example".into();
    let problem = ChainProblem::PathTooLong;
    assert_eq!(
        only(&signed, &files.trust()).chain,
        ChainVerdict::Untrusted { subject, problem }
    );
    let encrypts_only = "keyUsage=critical,keyEncipherment\n";
    assert_eq!(
        problem_of_issuer(&files, "ca", encrypts_only),
        ChainProblem::KeyUsage
    );
}

#[test]
fn a_certificate_signed_by_sha1_does_not_carry_a_chain() {
    let Some(files) = Certificates::new() else {
        return;
    };
    files.openssl(&[
        "x509",
        "-req",
        "-in",
        "rsa.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-out",
        "old.pem",
        "-days",
        "30",
        "-sha1",
    ]);
    fs::copy(files.path("rsa.key"), files.path("old.key")).unwrap();
    let verdicts = only(
        &files.signed_by_openssl("old", &["-certfile", "ca.pem"]),
        &files.trust(),
    );
    assert!(
        matches!(
            &verdicts.chain,
            ChainVerdict::Untrusted {
                problem: ChainProblem::Algorithm(_),
                ..
            }
        ),
        "{verdicts:?}"
    );
}

#[test]
fn of_two_ways_to_a_root_the_valid_one_is_taken() {
    let Some(files) = Certificates::new() else {
        return;
    };
    // The same authority, certified twice: once for a day, and once for years.
    files.root("second");
    files.write("ca.ext", AUTHORITY);
    files.openssl(&[
        "x509",
        "-req",
        "-in",
        "ca.csr",
        "-CA",
        "second.pem",
        "-CAkey",
        "second.key",
        "-CAcreateserial",
        "-out",
        "cross.pem",
        "-days",
        "1",
        "-extfile",
        "ca.ext",
    ]);
    let signed = files.signed_by_openssl("rsa", &["-certfile", "cross.pem"]);
    let trust = Trust::new(&[files.der("second"), files.der("root")])
        .intermediates(&[files.der("ca")])
        .at(SystemTime::now() + Duration::from_secs(7 * 24 * 3600));
    let verdicts = only(&signed, &trust);
    assert_good(&verdicts);
    assert_eq!(verdicts.path[2].subject, "CN=root,O=Example");
}

#[test]
fn certificates_that_certify_each_other_end_the_search() {
    let Some(files) = Certificates::new() else {
        return;
    };
    files.root("a");
    files.write("cross.ext", AUTHORITY);
    let cross = |out: &str, of: &str, by: &str| {
        files.openssl(&[
            "x509",
            "-in",
            &format!("{of}.pem"),
            "-signkey",
            &format!("{of}.key"),
            "-x509toreq",
            "-out",
            "x.csr",
        ]);
        files.openssl(&[
            "x509",
            "-req",
            "-in",
            "x.csr",
            "-CA",
            &format!("{by}.pem"),
            "-CAkey",
            &format!("{by}.key"),
            "-CAcreateserial",
            "-out",
            out,
            "-days",
            "30",
            "-extfile",
            "cross.ext",
        ]);
    };
    files.root("b");
    cross("ab.pem", "a", "b");
    cross("ba.pem", "b", "a");
    files.issue("leaf", "a", &["rsa:2048"], LEAF, 30);
    let bundle = [files.read("ab.pem"), files.read("ba.pem")].concat();
    files.write("chain.pem", bundle);
    let signed = files.signed_by_openssl("leaf", &["-certfile", "chain.pem"]);
    let chain = only(&signed, &files.trust()).chain;
    assert!(matches!(chain, ChainVerdict::Untrusted { .. }), "{chain:?}");
}
