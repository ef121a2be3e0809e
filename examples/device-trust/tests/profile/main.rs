//! The program `profile`: its exit codes, what it prints and what it never prints.
#![allow(missing_docs, clippy::unwrap_used)]

mod build;
mod inputs;
mod places;

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use mobileconfig::{
    Profile,
    notifications::{AppNotifications, NotificationSettings},
    pkcs12::Pkcs12,
};
use tempfile::TempDir;

/// A P-256 key with a certificate it signed itself, and the same with RSA.
const SIGNER: &str = include_str!("../../../../mobileconfig/tests/data/identity.pem");
const DEVICE: &str = include_str!("../../../../mobileconfig/tests/data/identity-rsa.pem");

struct Folder(TempDir);

impl Folder {
    /// With a profile that holds a password, and with identities.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("profile", profile().to_xml().unwrap());
        for (name, identity) in [("signer", SIGNER), ("device", DEVICE)] {
            let (certificate, key) =
                identity.split_at(identity.find("-----BEGIN PRIVATE").unwrap());
            folder.write(&format!("{name}.pem"), identity);
            folder.write(&format!("{name}.crt"), certificate);
            folder.write(&format!("{name}.key"), key);
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_profile"));
        command.current_dir(self.0.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::new(&self.command(arguments).output().unwrap())
    }

    /// With `input` as the standard input.
    fn run_with(&self, input: impl AsRef<[u8]>, arguments: &[&str]) -> Run {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that refuses its arguments may be gone by now.
        let _ = child.stdin.take().unwrap().write_all(input.as_ref());
        Run::new(&child.wait_with_output().unwrap())
    }
}

#[derive(Debug)]
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn new(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

fn profile() -> Profile {
    Profile::builder("Example Org", "org.example.demo")
        .display_name("Demo \u{9b}31m")
        .add("identity", &Pkcs12::new(vec![0x30; 9]).password("hunter2"))
        .add(
            "notes",
            &NotificationSettings::new([AppNotifications::new("com.okta.mobile")]),
        )
        .build()
        .unwrap()
}

#[test]
fn show_masks_secrets_in_every_form_and_keeps_the_terminal_safe() {
    let folder = Folder::new();
    for form in [&[][..], &["--xml"], &["--json"]] {
        let run = folder.run(&[&["show", "profile"], form].concat());
        assert_eq!(run.code, 0, "{run:?}");
        assert!(
            run.out.contains("[redacted]") && run.out.contains("com.okta.mobile"),
            "{}",
            run.out
        );
        assert!(!run.out.contains("hunter2"));
    }
    let outline = folder.run(&["show", "profile"]).out;
    assert!(!outline.contains('\u{9b}'), "{outline:?}");
    assert!(outline.contains("\ncom.apple.security.pkcs12 (org.example.demo.identity)\n"));
}

/// `/dev/full` takes nothing, `/dev/zero` never ends.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_takes_nothing_and_an_input_without_end_end_with_2() {
    let folder = Folder::new();
    let full = || {
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    for command in [
        &["show", "profile"][..],
        &["show", "profile", "--xml"],
        &["show", "profile", "--json"],
        &["lint", "profile"],
        &["lint", "profile", "--json"],
        &["diff", "profile", "profile", "--json"],
    ] {
        let output = folder.command(command).stdout(full()).output().unwrap();
        let run = Run::new(&output);
        assert_eq!(run.code, 2, "{command:?} {run:?}");
        assert!(run.err.contains("standard output"), "{command:?} {run:?}");
    }
    let run = folder.run(&["show", "/dev/zero"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(
        run.err.contains("/dev/zero") && run.err.contains("limit"),
        "{run:?}"
    );
}

#[test]
fn a_reader_that_went_away_has_seen_enough() {
    let folder = Folder::new();
    let mut command = folder.command(&["show", "profile"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let run = Run::new(&command.stdout(writer).output().unwrap());
    assert_eq!((run.code, run.err.as_str()), (0, ""));
}

#[test]
fn show_masks_what_stands_under_a_slip() {
    let folder = Folder::new();
    folder.write(
        "slip",
        include_str!("../../../../scep-profile/tests/lint/challenge-with-a-slip.mobileconfig"),
    );
    let run = folder.run(&["show", "slip"]);
    assert!(run.out.contains("Chalenge: [redacted]"), "{run:?}");
}

#[test]
fn what_cannot_be_read_ends_with_2_and_the_name_of_the_file() {
    let folder = Folder::new();
    folder.write("junk", "<plist><dict><key>A</key></dict></plist>");
    for command in [
        &["show", "junk"][..],
        &["lint", "junk"],
        &["diff", "profile", "junk"],
        &["verify", "junk"],
        &["sign", "junk", "--identity", "signer.pem"],
        &["show", "absent"],
    ] {
        let run = folder.run(command);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{command:?} {run:?}");
        assert!(
            run.err.contains(
                command
                    .iter()
                    .find(|word| ["junk", "absent"].contains(word))
                    .unwrap()
            ),
            "{run:?}"
        );
    }
}

#[test]
fn lint_ends_with_1_only_for_errors() {
    let folder = Folder::new();
    let mut good = profile();
    good.payloads.remove(0);
    folder.write("good", good.to_xml().unwrap());
    good.uuid = "not a uuid".into();
    folder.write("warned", good.to_xml().unwrap());
    let settings = good.payloads[0]
        .content
        .remove("NotificationSettings")
        .unwrap();
    good.payloads[0]
        .content
        .insert("NotificationSetting".into(), settings);
    folder.write("wrong", good.to_xml().unwrap());
    assert_eq!(folder.run(&["lint", "good"]).code, 0);
    let warned = folder.run(&["lint", "warned"]);
    assert_eq!(warned.code, 0, "{warned:?}");
    assert!(warned.out.contains("warning["), "{warned:?}");
    let wrong = folder.run(&[
        "lint",
        "wrong",
        "--target",
        "macos-15",
        "--channel",
        "device",
        "--json",
    ]);
    assert_eq!(wrong.code, 1, "{wrong:?}");
    let json: serde_json::Value = serde_json::from_str(&wrong.out).unwrap();
    assert_eq!(json["summary"]["error"], 1);
    let sarif: serde_json::Value =
        serde_json::from_str(&folder.run(&["lint", "wrong", "--sarif"]).out).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(
        folder.run(&["lint", "good", "--target", "windows-11"]).code,
        2
    );
}

#[test]
fn diff_ends_with_1_for_a_difference_and_forgives_servers_on_request() {
    let folder = Folder::new();
    let mut stored = profile();
    stored.uuid = "4C5A".into();
    stored.payloads[0]
        .content
        .insert("Password".into(), "swordfish".into());
    folder.write("stored", stored.to_xml().unwrap());
    assert_eq!(folder.run(&["diff", "profile", "profile"]).code, 0);
    let strict = folder.run(&["diff", "profile", "stored"]);
    assert_eq!(strict.code, 1);
    assert!(strict.out.contains("PayloadUUID"), "{strict:?}");
    let mdm = folder.run(&["diff", "profile", "stored", "--mdm"]);
    assert!(mdm.code == 1 && !mdm.out.contains("PayloadUUID"), "{mdm:?}");
    for form in ["--json", "--all"] {
        let all = folder.run(&["diff", "profile", "stored", "--mdm", form]);
        assert!(
            all.out.contains("PayloadUUID")
                && !all.out.contains("hunter2")
                && !all.out.contains("swordfish")
        );
    }
}

#[test]
fn what_is_signed_is_verified_and_each_verdict_stands_alone() {
    let folder = Folder::new();
    let sign = folder.run(&[
        "sign",
        "profile",
        "--identity",
        "signer.pem",
        "--signing-time",
        "-o",
        "signed",
    ]);
    assert_eq!(sign.code, 0, "{sign:?}");
    let good = folder.run(&[
        "verify",
        "signed",
        "--root",
        "signer.crt",
        "--signer",
        "signer.crt",
        "--content",
        "out",
    ]);
    assert_eq!(good.code, 0, "{good:?}");
    assert_eq!(
        fs::read(folder.path("out")).unwrap(),
        fs::read(folder.path("profile")).unwrap()
    );

    let rootless = folder.run(&["verify", "signed"]);
    assert_eq!(rootless.code, 1);
    assert!(
        rootless
            .out
            .contains("chain      not checked: no roots were given"),
        "{}",
        rootless.out
    );
    assert_eq!(
        folder
            .run(&["verify", "signed", "--require", "signature,time"])
            .code,
        0
    );

    let json = |arguments: &[&str]| {
        let run = folder.run(&[&["verify", "signed", "--json"], arguments].concat());
        let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let verdict = |name: &str| {
            json["signers"][0][name]["verdict"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        (
            run.code,
            ["signature", "chain", "time", "signer"].map(verdict),
        )
    };
    let strings = |list: [&str; 4]| list.map(str::to_owned);
    let trusted = ["--root", "signer.crt"];
    assert_eq!(
        json(&trusted),
        (0, strings(["valid", "trusted", "valid", "not_asked"]))
    );
    let other = ["--root", "device.crt", "--signer", "device.crt"];
    assert_eq!(
        json(&other),
        (1, strings(["valid", "untrusted", "valid", "other"]))
    );
    let late = [&trusted[..], &["--at", "2200-01-01T00:00:00Z"]].concat();
    assert_eq!(
        json(&late),
        (1, strings(["valid", "trusted", "expired", "not_asked"]))
    );

    let twice = folder.run(&["sign", "signed", "--identity", "signer.pem"]);
    assert!(
        twice.code == 2 && twice.err.contains("signed already"),
        "{twice:?}"
    );
}

#[test]
fn a_bad_signature_gives_no_content() {
    let folder = Folder::new();
    assert_eq!(
        folder
            .run(&[
                "sign",
                "profile",
                "--identity",
                "signer.pem",
                "-o",
                "signed"
            ])
            .code,
        0
    );
    let mut signed = fs::read(folder.path("signed")).unwrap();
    let at = signed
        .windows(7)
        .position(|window| window == b"hunter2")
        .unwrap();
    signed[at] ^= 1;
    folder.write("signed", signed);
    let run = folder.run(&[
        "verify",
        "signed",
        "--root",
        "signer.crt",
        "--content",
        "out",
    ]);
    assert_eq!(run.code, 1);
    assert!(
        run.err
            .contains("INVALID: the content is not the one that was signed"),
        "{run:?}"
    );
    assert!(!folder.path("out").exists());
}

#[test]
fn an_identity_can_come_in_pieces() {
    let folder = Folder::new();
    let pieces = [
        "sign",
        "profile",
        "--identity",
        "signer.key",
        "--certificate",
        "signer.crt",
        "-o",
        "signed",
    ];
    let run = folder.run(&pieces);
    assert_eq!(run.code, 0, "{run:?}");
    let mixed = folder.run(&[
        "sign",
        "profile",
        "--identity",
        "signer.key",
        "--certificate",
        "device.crt",
    ]);
    assert!(
        mixed.code == 2 && mixed.err.contains("none of the certificates"),
        "{mixed:?}"
    );
}

#[test]
fn a_password_is_never_an_argument() {
    let help = Folder::new().run(&["sign", "--help"]).out;
    assert!(help.contains("--password-env") && help.contains("--password-file"));
    assert!(!help.contains("--password "));
    let unset = Folder::new().run(&[
        "sign",
        "profile",
        "--identity",
        "signer.pem",
        "--password-env",
        "NO_SUCH_VARIABLE",
    ]);
    assert!(
        unset.code == 2 && unset.err.contains("NO_SUCH_VARIABLE"),
        "{unset:?}"
    );
}

#[test]
fn what_is_encrypted_is_decrypted_by_the_device() {
    let folder = Folder::new();
    let seal = folder.run(&[
        "encrypt",
        "profile",
        "--recipient",
        "device.crt",
        "-o",
        "sealed",
    ]);
    assert_eq!(seal.code, 0, "{seal:?}");
    assert!(
        !fs::read_to_string(folder.path("sealed"))
            .unwrap()
            .contains("hunter2")
    );
    let open = folder.run(&[
        "decrypt",
        "sealed",
        "--identity",
        "device.pem",
        "-o",
        "opened",
    ]);
    assert_eq!(open.code, 0, "{open:?}");
    assert_eq!(
        Profile::from_bytes(fs::read(folder.path("opened")).unwrap()).unwrap(),
        profile()
    );
    let other = folder.run(&[
        "decrypt",
        "sealed",
        "--identity",
        "signer.pem",
        "-o",
        "opened",
    ]);
    assert_eq!(other.code, 2);
}
