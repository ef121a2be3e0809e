//! What is good and what is bad about what was found.

mod authority;
mod issued;
mod server;

pub(super) use authority::judge_ca;
pub(super) use issued::judge_issued;
pub(super) use server::{Form, judge_capabilities, judge_form, judge_tls};

use crate::CaCertificate;
use crate::message::{TrustedCa, verify_issued};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(86_400);

/// Whether one of the trusted certificates has issued a certificate.
fn is_issued_by(ca: &TrustedCa, certificate: &CaCertificate) -> bool {
    let mut issuers = ca.certificates().iter();
    issuers.any(|issuer| verify_issued(certificate.der(), issuer.x509()).is_ok())
}

fn days_left(certificate: &CaCertificate, now: SystemTime) -> u64 {
    let left = certificate
        .validity()
        .1
        .duration_since(now)
        .unwrap_or_default();
    left.as_secs() / DAY.as_secs()
}
