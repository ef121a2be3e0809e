//! Memory in proportion to the input, whoever made it: reading, linting and what follows them.
//!
//! One test only, since the allocator counts for the whole program.
#![cfg(feature = "lint")]
#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use mobileconfig::diff::{Diff, Rules};
use mobileconfig::lint::{Findings, Linter, Target};
use mobileconfig::{Limits, Profile, read_plist};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Whatever the size of the input: the schema, the regular expressions, the findings that are kept, and what a binary
/// document may stand for however small it is.
const CONSTANT: usize = 3 << 20;

/// Bytes of memory for each byte of a property list. A value takes 72 bytes by itself, an array that grows has room
/// for up to three times as many, and `<true/>` has seven bytes.
const PLIST: usize = 34;

/// The same for a signed message, whose smallest elements have two bytes and take 32.
const CMS: usize = 50;

/// The same for each byte of two property lists that are compared, and for the text of what differs. Most of it is for
/// payloads without a key, which have seven bytes; of others it is less than 100.
const DIFF: usize = 500;

/// The most memory that `work` takes beyond what is taken already.
fn peak(work: impl FnOnce()) -> usize {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    work();
    MEMORY.peak_usage() - before
}

fn check(name: &str, input: &[u8]) {
    let limits = Limits::default();
    let reading = peak(|| drop(black_box(read_plist(input, &limits))));
    assert_within(name, "reading", reading, input);
    let target: Target = "macos-15".parse().unwrap();
    let looking = peak(|| {
        if let Ok((value, _)) = read_plist(input, &limits) {
            let findings = Linter::new().lint_plist(&value, &target);
            assert!(findings.len() <= 3 * Findings::MAX_FINDINGS + 1);
        }
        if let Ok(profile) = Profile::from_bytes(input) {
            black_box(profile.redacted());
        }
    });
    assert_within(name, "looking", looking, input);
    #[cfg(feature = "cms")]
    if input[0] == 0x30 {
        use mobileconfig::cms::{PrivateKey, Trust, verify};
        let trust = Trust::new(&[] as &[Vec<u8>]);
        let verifying = peak(|| drop(black_box(verify(input, &trust))));
        assert_within(name, "verifying", verifying, input);
        let key = peak(|| drop(black_box(PrivateKey::from_file(input, None))));
        assert_within(name, "reading as a key", key, input);
    }
}

fn assert_within(name: &str, what: &str, used: usize, input: &[u8]) {
    let multiple = if input[0] == 0x30 { CMS } else { PLIST };
    assert_at_most(name, what, used, multiple, input.len());
}

fn assert_at_most(name: &str, what: &str, used: usize, multiple: usize, len: usize) {
    let allowed = multiple * len + CONSTANT;
    assert!(
        used <= allowed,
        "{name}: {what} {len} bytes takes {used}, and {allowed} are allowed"
    );
}

/// Two property lists and the text of their difference.
fn check_diff(name: &str, old: &[u8], new: &[u8]) {
    for (old, new) in [(old, new), (new, old)] {
        let comparing = peak(|| {
            let diff = Diff::of_documents(old, new, &Rules::mdm()).unwrap();
            black_box(format!("{diff:#}"));
        });
        assert_at_most(name, "comparing", comparing, DIFF, old.len() + new.len());
    }
}

/// A profile around the XML of its payloads.
fn profile(payloads: &str) -> Vec<u8> {
    format!(
        "<plist><dict><key>PayloadType</key><string>Configuration</string><key>PayloadIdentifier</key><string>a</string>\
         <key>PayloadUUID</key><string>b</string><key>PayloadContent</key><array>{payloads}</array></dict></plist>"
    )
    .into_bytes()
}

fn payload(payload_type: &str, keys: &str) -> String {
    format!(
        "<dict><key>PayloadType</key><string>{payload_type}</string><key>PayloadIdentifier</key><string>c</string>\
         <key>PayloadUUID</key><string>d</string>{keys}</dict>"
    )
}

/// `count` keys that nobody knows, each with `value`.
fn unknown_keys(count: usize, value: &str) -> String {
    (0..count)
        .map(|index| format!("<key>k{index}</key>{value}"))
        .collect()
}

/// Levels of lists, each of which holds the next one `width` times; the last one holds `leaf`.
fn shared(levels: u8, width: u8, leaf: &[u8]) -> Vec<u8> {
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for next in 1..=levels {
        offsets.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(&[0xaf, 0x10, width]);
        bytes.extend(std::iter::repeat_n(next, usize::from(width)));
    }
    offsets.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(leaf);
    let table = bytes.len() as u64;
    bytes.extend_from_slice(&offsets);
    bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0, 4, 1]);
    for number in [u64::from(levels) + 1, 0, table] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    bytes
}

/// An element of BER with a length of four bytes.
fn ber(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut element = vec![tag, 0x84];
    element.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
    element.extend(content);
    element
}

/// A certificate with a subject of so many bytes and an empty key identifier.
fn certificate(len: usize) -> Vec<u8> {
    let algorithm = ber(0x30, &[&[0x06, 0x01, 0x2a]]);
    let name = |len: usize| {
        let text = ber(0x0c, &[&vec![b'+'; len]]);
        ber(
            0x30,
            &[&ber(
                0x31,
                &[&ber(0x30, &[&[0x06, 0x03, 0x55, 0x04, 0x03], &text])],
            )],
        )
    };
    let time = ber(0x17, &[b"200101000000Z"]);
    let identifier = [0x06, 0x03, 0x55, 0x1d, 0x0e, 0x04, 0x02, 0x04, 0x00];
    let body = ber(
        0x30,
        &[
            &[0xa0, 0x03, 0x02, 0x01, 0x02],
            &[0x02, 0x01, 0x01],
            &algorithm,
            &name(9),
            &ber(0x30, &[&time, &time]),
            &name(len),
            &ber(0x30, &[&algorithm, &[0x03, 0x01, 0x00]]),
            &ber(0xa3, &[&ber(0x30, &[&ber(0x30, &[&identifier])])]),
        ],
    );
    ber(0x30, &[&body, &algorithm, &[0x03, 0x01, 0x00]])
}

/// So many signers who name their certificate by an empty key identifier.
fn signers(count: usize) -> Vec<u8> {
    let digest = ber(
        0x30,
        &[&[
            0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        ]],
    );
    let algorithm = ber(0x30, &[&[0x06, 0x01, 0x2a]]);
    let signer: [&[u8]; 5] = [
        &[0x02, 0x01, 0x03],
        &[0x80, 0x00],
        &digest,
        &algorithm,
        &[0x04, 0x00],
    ];
    ber(0x30, &signer).repeat(count)
}

/// A signed message around `certificates` and `content`, of indefinite lengths.
fn signed(certificates: &[u8], content: &[u8]) -> Vec<u8> {
    signed_by(certificates, content, &[])
}

fn signed_by(certificates: &[u8], content: &[u8], signers: &[u8]) -> Vec<u8> {
    let mut message = vec![0x30, 0x80, 0x06, 0x09];
    message.extend([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02]);
    message.extend([0xa0, 0x80, 0x30, 0x80, 0x02, 0x01, 0x01, 0x31, 0x00]);
    message.extend([0x30, 0x80, 0x06, 0x09]);
    message.extend([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01]);
    message.extend([0xa0, 0x80, 0x24, 0x80]);
    message.extend(content);
    message.extend([0; 6]);
    message.extend([0xa0, 0x80]);
    message.extend(certificates);
    message.extend([0, 0, 0x31, 0x80]);
    message.extend(signers);
    message.extend([0; 8]);
    message
}

#[test]
fn memory_is_in_proportion_to_the_input() {
    let many = 50_000;
    let list = |items: &str| ["<plist><array>", items, "</array></plist>"].concat();
    for element in [
        "<true/>",
        "<dict/>",
        "<array/>",
        "<string/>",
        "<data/>",
        "<array><true/></array>",
        "<dict><key/><true/></dict>",
        "<!---->",
    ] {
        check(element, list(&element.repeat(many)).as_bytes());
    }
    let nested = ["<array>", "<dict><key/>"].map(|open| ["<plist>", &open.repeat(many)].concat());
    check("nested arrays", nested[0].as_bytes());
    check("nested dictionaries", nested[1].as_bytes());
    let deep = "<array>".repeat(60) + &"</array>".repeat(60);
    check("deep arrays", list(&deep.repeat(many / 100)).as_bytes());

    // Looking costs more time than reading, above all in a test that is not optimised.
    let many = many / 4;
    let unknown = unknown_keys(many, "<true/>");
    check(
        "unknown keys of the profile",
        &[b"<plist><dict>", unknown.as_bytes(), b"</dict></plist>"].concat(),
    );
    check(
        "unknown keys of a payload",
        &profile(&payload("com.apple.security.scep", &unknown)),
    );
    check(
        "secrets",
        &profile(&payload(
            "a.b",
            &unknown
                .replace("<key>k", "<key>password")
                .replace("<true/>", "<string>x</string>"),
        )),
    );
    check(
        "secrets under a long name",
        &profile(&payload(
            "a.b",
            &format!(
                "<key>{}</key><dict>{}</dict>",
                "long".repeat(many),
                unknown_keys(many, "<string>Bearer x</string>")
            ),
        )),
    );
    check(
        "unknown payloads",
        &profile(&payload("a.b", "").repeat(many / 10)),
    );
    check("payloads without a type", &profile(&"<dict/>".repeat(many)));
    check(
        "payloads that are texts",
        &profile(&"<string/>".repeat(many)),
    );
    check(
        "a long name",
        &profile(&payload(&"x".repeat(many * 10), "")),
    );

    let names: Vec<_> = (0..35).map(|_| "n".repeat(128)).collect();
    let open: String = names
        .iter()
        .map(|name| format!("<key>{name}</key><dict>"))
        .collect();
    let nested = |keys: &str| {
        let keys = format!("{open}{keys}{}", "</dict>".repeat(names.len()));
        profile(&payload("a.b", &keys))
    };
    let secret = "<string>Bearer x</string>";
    check("secrets far below", &nested(&unknown_keys(1000, secret)));
    check_diff(
        "changes far below",
        &nested(&unknown_keys(many, "<true/>")),
        &nested(&unknown_keys(many, "<false/>")),
    );
    check_diff(
        "whole keys far below",
        &nested(&unknown_keys(many, "<true/>")),
        &nested(""),
    );
    let long = "long".repeat(many);
    let below = |value: &str| {
        let keys = unknown_keys(many, value);
        profile(&payload(
            "a.b",
            &format!("<key>{long}</key><dict>{keys}</dict>"),
        ))
    };
    check_diff(
        "changes under a long name",
        &below("<true/>"),
        &below("<false/>"),
    );
    check_diff(
        "whole keys under a long name",
        &below("<true/>"),
        &profile(&payload("a.b", "")),
    );
    let named = |value: &str| {
        let name = format!("<key>PayloadDisplayName</key><string>{long}</string>");
        profile(&payload(&long, &(name + &unknown_keys(many, value))))
    };
    check_diff(
        "changes of a payload with long names",
        &named("<true/>"),
        &named("<false/>"),
    );
    let text = |letter: &str| {
        nested(&format!(
            "<key>k</key><string>{}</string>",
            letter.repeat(many * 10)
        ))
    };
    let items = |item: &str| {
        let keys = format!("<key>k</key><array>{}</array>", item.repeat(many));
        profile(&payload("a.b", &keys))
    };
    check_diff("changed items", &items("<true/>"), &items("<false/>"));
    check_diff("changed lists", &items("<array/>"), &items("<true/>"));
    check_diff(
        "payloads with one key and with none",
        &profile(&"<dict><key/><true/></dict>".repeat(many)),
        &profile(&"<dict/>".repeat(many)),
    );
    check_diff(
        "payloads that are empty",
        &profile(&"<dict/>".repeat(many)),
        &profile(""),
    );
    let unlike = |letter: &str| {
        let payload = |index| {
            let keys = format!("<key>{letter}{index}</key><true/>");
            let payload = payload("a.b", &keys);
            payload
                .replace(">c<", &format!(">c{letter}{index}<"))
                .replace(">d<", &format!(">d{letter}{index}<"))
        };
        profile(&(0..500).map(payload).collect::<String>())
    };
    check_diff("payloads that are all unlike", &unlike("a"), &unlike("b"));
    check_diff("a long text far below", &text("a"), &text("b"));

    check("lists of lists", &shared(6, 60, &[0x09]));
    check("a text in lists of lists", &shared(2, 100, &[0x51, b'x']));
    let text = [&[0x5f, 0x12, 0, 1, 0, 0][..], &[b'x'; 1 << 16]].concat();
    check("a long text in a list", &shared(1, 255, &text));
    // Each level claims the same references.
    check("lists that overlap", &shared(60, 250, &[0x09]));

    check(
        "certificates of two bytes",
        &signed(&[0x05, 0x00].repeat(many), &[]),
    );
    check(
        "certificates of nothing",
        &signed(&[0x30, 0x00].repeat(many), &[]),
    );
    for (name, len, count) in [
        ("many signers", 10, 10_000),
        ("many signers with a long name", 1_000_000, 10_000),
        ("sixteen signers with a long name", 1_000_000, 16),
    ] {
        let message = signed_by(&certificate(len), &[], &signers(count));
        check(name, &message);
        #[cfg(feature = "cms")]
        {
            let trust = mobileconfig::cms::Trust::new(&[] as &[Vec<u8>]);
            let verified = mobileconfig::cms::verify(&message, &trust);
            // The certificate is found, so that the verdicts tell of it.
            let paths = verified.map(|verified| {
                let signers = verified.signers.iter();
                signers.map(|signer| signer.path.len()).sum::<usize>()
            });
            match count {
                16 => assert_eq!(paths, Ok(16)),
                _ => assert!(paths.unwrap_err().is_limit()),
            }
        }
    }
    check(
        "pieces of one byte",
        &signed(&[], &[0x04, 0x01, b' '].repeat(many)),
    );
    check("empty pieces", &signed(&[], &[0x24, 0x00].repeat(many)));
    check("a message that never ends", &[0x30, 0x80].repeat(many));
    check(
        "nested in the certificates",
        &signed(
            &[[0x30, 0x80].repeat(50), vec![0; 100]]
                .concat()
                .repeat(many / 100),
            &[],
        ),
    );
    let armour = format!(
        "-----BEGIN CMS-----\n{}\n-----END CMS-----\n",
        "A".repeat(many * 4)
    );
    check("armour around zeros", armour.as_bytes());
    check(
        "many blocks",
        "-----BEGIN A-----\n-----END A-----\n"
            .repeat(many / 10)
            .as_bytes(),
    );
}
