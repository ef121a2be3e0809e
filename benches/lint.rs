//! Reading Apple's schema from the crate's data, which happens once in a process, and linting with it.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use mobileconfig::lint::{Linter, Target};
use mobileconfig::schema::Schema;
use mobileconfig::{
    Profile,
    service_management::{Rule, ServiceManagement},
};
use scep_profile::{ScepPayload, ScepUrl};

fn load(criterion: &mut Criterion) {
    criterion.bench_function("load_schema", |bencher| bencher.iter(Schema::load));
}

fn lint(criterion: &mut Criterion) {
    let url = ScepUrl::parse("https://acme.okta.com/pki/0123/scep/rac0").unwrap();
    let profile = Profile::builder("Acme", "com.acme.device")
        .add(
            "scep",
            &ScepPayload::new(url, "challenge".to_owned().into()),
        )
        .add(
            "login-items",
            &ServiceManagement::new([Rule::team_identifier("B7F62B65BN")]),
        )
        .build()
        .unwrap();
    let (linter, target) = (Linter::new(), Target::macos("15".parse().unwrap()));
    criterion.bench_function("lint_profile", |bencher| {
        bencher.iter(|| linter.lint(&profile, &target));
    });
}

criterion_group!(benches, load, lint);
criterion_main!(benches);
