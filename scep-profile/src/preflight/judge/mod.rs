//! What is good and what is bad about what was found.

mod authority;
mod issued;
mod server;

pub(super) use authority::judge_ca;
pub(super) use issued::judge_issued;
pub(super) use server::{Form, judge_capabilities, judge_form, judge_tls};

use crate::CaCertificate;
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(86_400);

fn days_left(certificate: &CaCertificate, now: SystemTime) -> u64 {
    let left = certificate
        .validity()
        .1
        .duration_since(now)
        .unwrap_or_default();
    left.as_secs() / DAY.as_secs()
}
