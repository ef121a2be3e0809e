//! Does one job of `device_trust_tests::okta` in a process of its own, so that a test can kill it. `okta-client URL JOB`,
//! with the token in `OKTA_API_TOKEN`.

use std::error::Error;

use device_trust_tests::okta::{self, Job};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [url, job]: [String; 2] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "usage: okta-client URL JOB")?;
    let job: Job = serde_json::from_str(&job)?;
    let client = okta::client(&url, &std::env::var("OKTA_API_TOKEN")?)?;
    okta::run(&client, &job).await
}
