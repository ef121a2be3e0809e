//! Private keys, and the files they come in.

mod file;
mod identity;
mod pbe;
mod pkcs12;
mod private;

pub use identity::Identity;
pub use private::{PrivateKey, Signer};
