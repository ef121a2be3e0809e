//! The benchmarks of the device-trust crates; what is measured is in the `[[bench]]` targets.
