//! Names of files in SARIF, and times in `verify`: the same thing said in two forms.

use crate::{Folder, profile};

fn uri(run: &str) -> Option<String> {
    let sarif: serde_json::Value = serde_json::from_str(run).unwrap();
    let result = &sarif["runs"][0]["results"][0]["locations"][0];
    let uri = result["physicalLocation"]["artifactLocation"]["uri"].as_str();
    assert_eq!(
        uri,
        sarif["runs"][0]["artifacts"][0]["location"]["uri"].as_str()
    );
    uri.map(str::to_owned)
}

#[test]
fn sarif_names_the_file_by_a_uri() {
    let folder = Folder::new();
    let mut wrong = profile();
    wrong.uuid = "no uuid".into();
    let xml = wrong.to_xml().unwrap();
    folder.write("50% of #1.mobileconfig", &xml);
    let relative = folder.run(&["lint", "50% of #1.mobileconfig", "--sarif"]);
    assert_eq!(
        uri(&relative.out).unwrap(),
        "50%25%20of%20%231.mobileconfig"
    );
    let path = folder.path("50% of #1.mobileconfig");
    let absolute = folder.run(&["lint", path.to_str().unwrap(), "--sarif"]);
    let parsed = url::Url::parse(&uri(&absolute.out).unwrap()).unwrap();
    assert_eq!(parsed.to_file_path().unwrap(), path);
    assert_eq!(
        uri(&folder.run_with(&xml, &["lint", "-", "--sarif"]).out),
        None
    );
}

#[test]
fn text_and_json_of_verify_say_the_same_time() {
    let folder = Folder::new();
    let sign = [
        "sign",
        "profile",
        "--identity",
        "signer.pem",
        "--signing-time",
        "-o",
        "signed",
    ];
    assert_eq!(folder.run(&sign).code, 0);
    for at in [
        "2030-01-01T00:00:00.9Z",
        "2030-01-01T00:00:00.1Z",
        "2029-12-31T23:59:59.999999999Z",
    ] {
        let verify = ["verify", "signed", "--root", "signer.crt", "--at", at];
        let text = folder.run(&verify).out;
        let json = folder.run(&[&verify[..], &["--json"]].concat()).out;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let signer = &json["signers"][0];
        for (before, time) in [
            ("as of ", &signer["as_of"]),
            ("signed at ", &signer["signing_time"]),
            (" until ", &signer["path"][0]["not_after"]),
        ] {
            let said = format!("{before}{}\n", time.as_str().unwrap());
            assert!(text.contains(&said), "{said} {text}");
        }
        assert_eq!(signer["as_of"].as_str().unwrap(), format!("{}Z", &at[..19]));
    }
}

#[cfg(unix)]
#[test]
fn a_device_is_written_to_and_never_replaced() {
    use std::os::unix::fs::FileTypeExt as _;

    let folder = Folder::new();
    // Where the test may make devices, one of its own would do; a pipe is the same and takes no rights.
    let pipe = folder.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read(pipe).unwrap()
    });
    let run = folder.run(&["sign", "profile", "--identity", "signer.pem", "-o", "pipe"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(reader.join().unwrap().starts_with(&[0x30]));
    assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
}
