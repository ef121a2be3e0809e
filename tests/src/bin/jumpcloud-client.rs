//! Does one job of `device_trust_tests::jumpcloud` in a process of its own, so that a test can kill it, and measure its
//! memory apart from the sandbox's. `jumpcloud-client URL JOB`, with the key in `JUMPCLOUD_API_KEY`.

use std::{error::Error, io::Write as _};

use device_trust_tests::jumpcloud::{self, Job};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [url, job]: [String; 2] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "usage: jumpcloud-client URL JOB")?;
    let job: Job = serde_json::from_str(&job)?;
    let client = jumpcloud::client(&url, &std::env::var("JUMPCLOUD_API_KEY")?)?;
    if let Some(output) = jumpcloud::run(&client, &job, || MEMORY.peak_usage()).await? {
        serde_json::to_writer(std::io::stdout().lock(), &output)?;
        writeln!(std::io::stdout())?;
    }
    Ok(())
}
