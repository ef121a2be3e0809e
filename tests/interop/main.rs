//! SCEP with programs that are not ours, on loopback: micromdm's `scepserver` and `scepclient`, strongSwan's
//! `pki --scep`, and certmonger. Each is started and ended by the test; one that is missing is left out by name, and
//! with `CI` set that is a failure.
#![allow(clippy::unwrap_used, missing_docs)]

mod certmonger;
mod namespace;
mod process;
mod scepclient;
mod scepserver;
mod server;
mod strongswan;
