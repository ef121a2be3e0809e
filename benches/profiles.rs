//! Building and writing SCEP profiles, beside Python's plistlib in the same run. What counts is the ratio.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{process::Command, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mobileconfig::Profile;
use scep_profile::{ScepPayload, ScepUrl};

fn profile(number: u64) -> Vec<u8> {
    let url = ScepUrl::parse("https://acme.okta.com/pki/0123/scep/rac0").unwrap();
    let scep = ScepPayload::new(url, format!("challenge-{number}").into());
    Profile::builder("Acme", format!("com.acme.device-{number}"))
        .display_name("Okta device trust")
        .add("scep", &scep)
        .build()
        .unwrap()
        .to_xml()
        .unwrap()
}

fn build(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("build_and_write_scep_profile");
    group.throughput(Throughput::Elements(1));
    let mut number = 0;
    group.bench_function("mobileconfig", |bencher| {
        bencher.iter(|| {
            number += 1;
            profile(number)
        });
    });
    group.sample_size(10);
    group.bench_function("plistlib", |bencher| {
        bencher.iter_custom(|count| plistlib("build", count));
    });
    group.finish();
}

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read_scep_profile");
    let bytes = profile(0);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("mobileconfig", |bencher| {
        bencher.iter(|| Profile::from_bytes(&bytes).unwrap());
    });
    group.sample_size(10);
    group.bench_function("plistlib", |bencher| {
        bencher.iter_custom(|count| plistlib("read", count));
    });
    group.finish();
}

/// The time that Python takes for `count` rounds, by its own clock: starting the interpreter is not part of it.
fn plistlib(what: &str, count: u64) -> Duration {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/plistlib_profiles.py");
    let output = Command::new("python3")
        .args([script, what, &count.to_string()])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let seconds: f64 = String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    Duration::from_secs_f64(seconds)
}

criterion_group!(benches, build, read);
criterion_main!(benches);
