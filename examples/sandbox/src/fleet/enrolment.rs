//! stub
use super::failure::Failure;
use super::mac::Identity;
use super::scep_payload::ScepPayload;

pub(crate) async fn enrol(_uuid: &str, _scep: &ScepPayload) -> Result<Identity, Failure> {
    Err(Failure::scep("no client yet"))
}
