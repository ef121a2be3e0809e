//! Private keys as JWKs (RFC 7517).

use aws_lc_rs::{
    rsa::{KeyPairComponents, PublicKeyComponents},
    signature::{EcdsaKeyPair, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::key::{Algorithm, Pair, unusable};
use crate::Error;

/// A private JWK (RFC 7517, RFC 7518 section 6).
#[derive(Deserialize)]
pub(super) struct Jwk {
    kty: String,
    pub(super) kid: Option<String>,
    pub(super) alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<Zeroizing<String>>,
    p: Option<Zeroizing<String>>,
    q: Option<Zeroizing<String>>,
    dp: Option<Zeroizing<String>>,
    dq: Option<Zeroizing<String>>,
    qi: Option<Zeroizing<String>>,
}

impl Jwk {
    /// The key itself.
    pub(super) fn pair(&self) -> Result<Pair, Error> {
        match self.kty.as_str() {
            "RSA" => self.rsa(),
            "EC" => self.ec(),
            _ => Err(unusable("its `kty` is neither RSA nor EC")),
        }
    }

    fn rsa(&self) -> Result<Pair, Error> {
        let components = KeyPairComponents {
            public_key: PublicKeyComponents {
                n: without_leading_zeros(part("n", self.n.as_deref())?),
                e: without_leading_zeros(part("e", self.e.as_deref())?),
            },
            d: secret("d", self.d.as_ref())?,
            p: secret("p", self.p.as_ref())?,
            q: secret("q", self.q.as_ref())?,
            dP: secret("dp", self.dp.as_ref())?,
            dQ: secret("dq", self.dq.as_ref())?,
            qInv: secret("qi", self.qi.as_ref())?,
        };
        RsaKeyPair::from_components(&components)
            .map(Pair::Rsa)
            .map_err(|_| {
                unusable("its parts do not fit together, or it is not of 2048 to 8192 bits")
            })
    }

    fn ec(&self) -> Result<Pair, Error> {
        let named = self.crv.as_deref();
        let curves = Algorithm::ALL.into_iter().filter_map(Algorithm::curve);
        let (curve, _, length) = curves
            .into_iter()
            .find(|(_, name, _)| Some(*name) == named)
            .ok_or_else(|| unusable("its `crv` is none of P-256, P-384, P-521"))?;
        let private = Zeroizing::new(padded(&secret("d", self.d.as_ref())?, length));
        let mut public = vec![4];
        public.extend(padded(&part("x", self.x.as_deref())?, length));
        public.extend(padded(&part("y", self.y.as_deref())?, length));
        EcdsaKeyPair::from_private_key_and_public_key(curve, &private, &public)
            .map(Pair::Ec)
            .map_err(|_| unusable("its parts do not fit together"))
    }
}

fn part(name: &str, text: Option<&str>) -> Result<Vec<u8>, Error> {
    let text = text.ok_or_else(|| {
        unusable(format!(
            "its member `{name}` is missing; give the private JWK, with every member"
        ))
    })?;
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| unusable(format!("its member `{name}` is not base64url")))
}

fn secret(name: &str, text: Option<&Zeroizing<String>>) -> Result<Zeroizing<Vec<u8>>, Error> {
    part(name, text.map(|text| text.as_str())).map(Zeroizing::new)
}

fn without_leading_zeros(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

/// At the full length of a coordinate, which some writers of JWKs shorten.
fn padded(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut all = vec![0; length.saturating_sub(bytes.len())];
    all.extend_from_slice(bytes);
    all
}
