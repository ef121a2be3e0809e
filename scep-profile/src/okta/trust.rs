use crate::certificate::CaCertificate;
use crate::error::{Error, Field};
use crate::renewal::{RotatedProfile, Rotation};
use crate::{Fingerprint, FingerprintAlgorithm, KeySize, KeyUsage, ScepPayload};
use mobileconfig::certificate::{Pkcs1, Root};
use mobileconfig::{Profile, Scope};

/// The trust profile, which makes Macs *managed* in the eyes of Okta: the CA certificates and the SCEP payload, for the
/// whole Mac. Okta is the certificate authority, with a static SCEP challenge (Admin Console > Security > Device
/// integrations > Endpoint management).
///
/// [`DeviceTrustProfile::new`] sets what Okta prescribes (RSA 2048, signing only, not extractable, every app may use
/// the key, as Okta Verify has to) whatever the payload said; [`DeviceTrustProfile::scep_mut`] changes it back on
/// purpose. Subject, retries and names stay as given (`CN=cert`, 3 retries of 10 seconds by default).
///
/// Okta does not push its own CA certificates: without them in the profile the Mac holds an identity that
/// `security find-identity -v` does not show as valid. Roots become `com.apple.security.root`, others
/// `com.apple.security.pkcs1`.
///
/// Okta's CA refuses renewal and its certificates live one year. Raising [`generation`](Self::generation) gives the
/// SCEP payload a new UUID, so that Macs enrol anew when the profile is redistributed; the same generation gives the
/// same bytes and costs no certificate.
///
/// ```
/// use scep_profile::okta::DeviceTrustProfile;
/// use scep_profile::{ScepPayload, ScepUrl};
///
/// # let ca_pem = include_str!("../../tests/data/root.pem");
/// let scep = ScepPayload::new(
///     ScepUrl::parse("https://acme.okta.com/pki/0A1B/scep/rac1")?,
///     "the secret key".into(),
/// );
/// let profile = DeviceTrustProfile::new("Acme", "com.acme.device-trust", scep)
///     .ca_certificate(ca_pem)
///     .generation(1)
///     .build()?;
/// assert_eq!(profile.payloads.len(), 2);
/// assert_eq!(profile.payloads[1].decode::<ScepPayload>()?.ca_fingerprint.map(|f| f.as_bytes().len()), Some(32));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct DeviceTrustProfile {
    organization: String,
    identifier: String,
    display_name: String,
    description: Option<String>,
    scep: ScepPayload,
    ca_certificates: Vec<CaCertificate>,
    generation: u32,
    removal_disallowed: bool,
    problems: Vec<Error>,
}

impl DeviceTrustProfile {
    /// The preset around a SCEP payload. `identifier` is the reverse-DNS name of the profile, by which a later
    /// version replaces an earlier one.
    pub fn new(
        organization: impl Into<String>,
        identifier: impl Into<String>,
        scep: ScepPayload,
    ) -> Self {
        Self {
            organization: organization.into(),
            identifier: identifier.into(),
            display_name: "Okta device trust".to_owned(),
            description: None,
            scep: scep
                .key_size(KeySize::Rsa2048)
                .key_usage(KeyUsage::SIGNING)
                .extractable(false)
                .all_apps_access(true),
            ca_certificates: Vec::new(),
            generation: 0,
            removal_disallowed: true,
            problems: Vec::new(),
        }
    }

    /// Adds CA certificates from a file's bytes: PEM, DER or PKCS#7, one or several. One that is there already is
    /// not added again.
    pub fn ca_certificate(mut self, bytes: impl AsRef<[u8]>) -> Self {
        match CaCertificate::read_all(bytes.as_ref()) {
            Ok(certificates) => {
                for certificate in certificates {
                    if !self.ca_certificates.contains(&certificate) {
                        self.ca_certificates.push(certificate);
                    }
                }
            }
            Err(error) => self.problems.push(error),
        }
        self
    }

    /// Sets the generation of the SCEP payload. A new one makes every Mac enrol anew.
    pub fn generation(mut self, generation: u32) -> Self {
        self.generation = generation;
        self
    }

    /// Sets the name people see in System Settings; `Okta device trust` unless set.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }

    /// Sets the text people see below the name.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Sets `PayloadRemovalDisallowed`, true unless set. It matters only where the profile is installed by hand: one
    /// that MDM installed cannot be removed by the user anyway.
    pub fn removal_disallowed(mut self, disallowed: bool) -> Self {
        self.removal_disallowed = disallowed;
        self
    }

    /// The SCEP payload, to depart from what Okta prescribes.
    pub fn scep_mut(&mut self) -> &mut ScepPayload {
        &mut self.scep
    }

    /// The profile.
    ///
    /// A fingerprint that was not given is that of the CA certificate: the only one, or else the only root.
    ///
    /// # Errors
    ///
    /// All problems at once: no CA certificate, one that is none or no CA, no or several roots to take the
    /// fingerprint of, a fingerprint of no certificate in the profile, and those of the payload and the profile.
    pub fn build(&self) -> Result<Profile, mobileconfig::Error> {
        let (scep, problems) = self.checked();
        if let Some(error) = Error::all(problems) {
            return Err(mobileconfig::Error::invalid_value("", error.to_string()));
        }
        let mut builder = Profile::builder(&self.organization, &self.identifier)
            .display_name(&self.display_name)
            .scope(Scope::System)
            .removal_disallowed(self.removal_disallowed);
        if let Some(description) = &self.description {
            builder = builder.description(description);
        }
        // Roots first, then by content: the order in which files were given must not change the bytes.
        let mut certificates: Vec<_> = self
            .ca_certificates
            .iter()
            .map(|certificate| {
                (
                    !certificate.is_root(),
                    certificate.fingerprint(FingerprintAlgorithm::Sha256).hex(),
                    certificate,
                )
            })
            .collect();
        certificates.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
        for (intermediate, fingerprint, certificate) in certificates {
            let short = &fingerprint[..8];
            let name = certificate.subject();
            builder = if intermediate {
                let role = format!("intermediate-ca-{short}");
                builder.add_named(
                    &role,
                    0,
                    format!("Intermediate CA {name}"),
                    &Pkcs1::new(certificate.der())?,
                )
            } else {
                let role = format!("root-ca-{short}");
                builder.add_named(
                    &role,
                    0,
                    format!("Root CA {name}"),
                    &Root::new(certificate.der())?,
                )
            };
        }
        builder
            .add_named("scep", self.generation, "Device certificate (SCEP)", &scep)
            .build()
    }

    /// The profile for a rotation: the same but for the generation, which is the one of the rotation. It is checked that
    /// this changes the UUID of the SCEP payload and nothing else.
    ///
    /// After the secret was reset, put the new one into [`DeviceTrustProfile::scep_mut`] first.
    ///
    /// ```
    /// use scep_profile::okta::DeviceTrustProfile;
    /// use scep_profile::renewal::{Cause, Ring, rotate_all};
    /// # use scep_profile::{ScepPayload, ScepUrl};
    /// # let ca_pem = include_str!("../../tests/data/root.pem");
    /// # let scep = ScepPayload::new(ScepUrl::parse("https://acme.okta.com/pki/0A1B/scep/rac1")?, "the new secret".into());
    /// let profile = DeviceTrustProfile::new("Acme", "com.acme.device-trust", scep).ca_certificate(ca_pem);
    /// let rings = [Ring::new("everyone").generation(4, "2026-03-01T09:00:00Z".parse()?)];
    /// let schedule = rotate_all(Cause::SecretLeaked, &rings, "2026-11-24T09:00:00Z".parse()?)?;
    ///
    /// let rotated = profile.rotated(&schedule.rotations[0])?;
    /// assert_eq!(rotated.generation, 5);
    /// assert_ne!(rotated.payload_uuid, rotated.payload_uuid_before);
    /// assert!(rotated.profile().starts_with(b"<?xml"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`DeviceTrustProfile::build`].
    pub fn rotated(&self, rotation: &Rotation) -> Result<RotatedProfile, mobileconfig::Error> {
        let generation = |generation| self.clone().generation(generation).build();
        RotatedProfile::between(
            &rotation.ring,
            rotation.generation,
            &generation(rotation.generation.saturating_sub(1))?,
            &generation(rotation.generation)?,
        )
    }

    fn checked(&self) -> (ScepPayload, Vec<Error>) {
        let mut problems = self.problems.clone();
        let mut scep = self.scep.clone();
        problems.extend(scep.validate().err());
        if scep.challenge.is_none() {
            problems.push(Error::new(
                Field::Challenge,
                "there is none",
                "give the secret key that the admin console showed when the SCEP URL was generated",
            ));
        }
        if scep.key_size == KeySize::Legacy1024 {
            problems.push(Error::new(
                Field::KeySize,
                "1024 bits can be broken",
                "Okta prescribes 2048",
            ));
        }
        if !scep.key_usage.signs() {
            problems.push(Error::new(
                Field::Profile,
                "Key Usage without signing",
                "Okta Verify signs with the key: use KeyUsage::SIGNING",
            ));
        }
        for certificate in self
            .ca_certificates
            .iter()
            .filter(|certificate| !certificate.is_ca())
        {
            problems.push(Error::new(
                Field::Certificate,
                format!("{} is no certificate of a CA", certificate.subject()),
                "give the certificate Okta offers as `Download x509 certificate`",
            ));
        }
        match self.pin(scep.ca_fingerprint.as_ref()) {
            Ok(fingerprint) => scep.ca_fingerprint = fingerprint,
            Err(error) => problems.push(error),
        }
        (scep, problems)
    }

    fn pin(&self, given: Option<&Fingerprint>) -> Result<Option<Fingerprint>, Error> {
        if self.ca_certificates.is_empty() {
            // A file that could not be read has been reported already.
            return if self.problems.is_empty() {
                Err(Error::new(
                    Field::Certificate,
                    "there is none",
                    "add the one from Security > Device integrations > Certificate authority > Download x509 certificate",
                ))
            } else {
                Ok(None)
            };
        }
        if let Some(given) = given {
            return if self
                .ca_certificates
                .iter()
                .any(|certificate| given.is_of(certificate.der()))
            {
                Ok(Some(given.clone()))
            } else {
                Err(Error::new(
                    Field::Fingerprint,
                    format!("{given} is of none of the CA certificates given"),
                    "give the CA certificate it belongs to, or leave the fingerprint out",
                ))
            };
        }
        let roots: Vec<_> = self
            .ca_certificates
            .iter()
            .filter(|certificate| certificate.is_root())
            .collect();
        match (self.ca_certificates.as_slice(), roots.as_slice()) {
            ([only], _) => Ok(Some(only.fingerprint(FingerprintAlgorithm::Sha256))),
            (_, [only]) => Ok(Some(only.fingerprint(FingerprintAlgorithm::Sha256))),
            (_, roots) => Err(Error::new(
                Field::Fingerprint,
                format!(
                    "it is not given, and there are {} root certificates to take it of",
                    roots.len()
                ),
                "set ScepPayload::ca_fingerprint to that of the CA the SCEP server answers for",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScepUrl;

    const ROOT: &str = include_str!("../../tests/data/root.pem");
    const INTERMEDIATE: &str = include_str!("../../tests/data/intermediate.pem");
    const LEAF: &str = include_str!("../../tests/data/leaf.pem");

    fn scep() -> ScepPayload {
        ScepPayload::new(
            ScepUrl::parse("https://acme.okta.com/pki/0A/scep/rac1").unwrap(),
            "hunter2".into(),
        )
    }

    fn preset() -> DeviceTrustProfile {
        DeviceTrustProfile::new("Acme", "com.acme.trust", scep())
    }

    fn scep_of(profile: &Profile) -> ScepPayload {
        profile.payloads.last().unwrap().decode().unwrap()
    }

    #[test]
    fn okta_prescribes_key_and_access() {
        let loose = scep()
            .key_size(KeySize::Rsa4096)
            .extractable(true)
            .key_usage(KeyUsage::BOTH);
        let profile = DeviceTrustProfile::new("Acme", "com.acme.trust", loose)
            .ca_certificate(ROOT)
            .build()
            .unwrap();
        let scep = scep_of(&profile);
        assert_eq!(
            (scep.key_size, scep.key_usage),
            (KeySize::Rsa2048, KeyUsage::SIGNING)
        );
        assert!(!scep.extractable && scep.all_apps_access);
        assert_eq!((scep.retries, scep.retry_delay), (3, 10));
        assert_eq!(scep.subject.unwrap().to_string(), "CN=cert");
        assert_eq!(profile.scope, Some(Scope::System));
    }

    #[test]
    fn fingerprint_is_of_the_root_and_order_of_files_changes_nothing() {
        let one = preset()
            .ca_certificate(ROOT)
            .ca_certificate(INTERMEDIATE)
            .ca_certificate(ROOT)
            .build()
            .unwrap();
        let other = preset()
            .ca_certificate(format!("{INTERMEDIATE}{ROOT}"))
            .build()
            .unwrap();
        assert_eq!(one.to_xml().unwrap(), other.to_xml().unwrap());
        let types: Vec<_> = one
            .payloads
            .iter()
            .map(|payload| payload.payload_type.as_str())
            .collect();
        assert_eq!(
            types,
            [
                "com.apple.security.root",
                "com.apple.security.pkcs1",
                "com.apple.security.scep"
            ]
        );
        assert_eq!(
            scep_of(&one).ca_fingerprint,
            Some(Fingerprint::sha256_of_pem(ROOT).unwrap())
        );
    }

    #[test]
    fn generation_changes_the_uuid_of_the_scep_payload_only() {
        let uuids = |generation| {
            let profile = preset()
                .ca_certificate(ROOT)
                .generation(generation)
                .build()
                .unwrap();
            let payloads: Vec<_> = profile
                .payloads
                .iter()
                .map(|payload| payload.uuid.clone())
                .collect();
            (profile.uuid, payloads)
        };
        let (first, second) = (uuids(0), uuids(1));
        assert_eq!((&first.0, &first.1[0]), (&second.0, &second.1[0]));
        assert_ne!(first.1[1], second.1[1]);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let mut preset = preset().ca_certificate(LEAF).ca_certificate("rubbish");
        preset.scep_mut().challenge = None;
        preset.scep_mut().key_usage = KeyUsage::NONE;
        preset.scep_mut().ca_fingerprint = Some(Fingerprint::from_bytes(&[1; 32]).unwrap());
        let error = preset.build().unwrap_err().to_string();
        for part in [
            "Challenge: there is none",
            "is no certificate of a CA",
            "not an X.509 certificate",
            "Key Usage without signing",
            "is of none of the CA certificates",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn a_profile_without_a_ca_certificate_is_refused() {
        let error = preset().build().unwrap_err().to_string();
        assert!(error.contains("Download x509 certificate"), "{error}");
    }
}
