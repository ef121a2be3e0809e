//! Profiles in envelopes.

use super::{Cipher, Error as CmsError, Identity, open, seal, sign};
use crate::{Error, Limits, Payload, Profile, keys, read_plist, to_xml};
use plist::Value;

impl Profile {
    /// The profile as XML in a signed message, in the shape that devices accept and the field has: see
    /// [`Signing`](super::Signing) for other ways.
    ///
    /// A server that puts values in place of variables in the profile breaks the signature.
    ///
    /// ```
    /// # use mobileconfig::{Note, Profile, cms::Identity};
    /// # let pem = include_str!("../../tests/data/identity.pem");
    /// # let profile = Profile::from_bytes(include_bytes!("../../tests/data/plain.mobileconfig"))?;
    /// let signed = profile.sign(&Identity::from_file(pem, None)?)?;
    /// assert_eq!(Profile::read(signed)?, (profile, vec![Note::Signed]));
    /// # Ok::<(), mobileconfig::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Profile::to_xml`] and [`sign`](super::sign()).
    pub fn sign(&self, identity: &Identity) -> Result<Vec<u8>, Error> {
        Ok(sign(&self.to_xml()?, identity)?)
    }

    /// The profile with its payloads encrypted to devices (certificates in DER, with RSA keys): `PayloadContent` becomes
    /// `EncryptedPayloadContent`. The other top-level keys stay readable. To sign as well, sign what this returns.
    ///
    /// ```
    /// # use mobileconfig::{Profile, cms::{Cipher, Identity}, notifications::{AppNotifications, NotificationSettings}};
    /// # let pem = include_str!("../../tests/data/identity-rsa.pem");
    /// # let settings = NotificationSettings::new([AppNotifications::new("com.okta.mobile")]);
    /// # let profile = Profile::builder("Example Org", "org.example.companions").add("notifications", &settings).build()?;
    /// let device = Identity::from_file(pem, None)?;
    /// let encrypted = profile.encrypt(&device.certificates()[..1], Cipher::Aes256)?;
    /// assert!(encrypted.payloads.is_empty());
    /// assert_eq!(encrypted.decrypt(&device)?, profile);
    /// # Ok::<(), mobileconfig::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::is_invalid_value`] when the payloads are encrypted already; otherwise as [`Profile::to_xml`] and
    /// [`seal`].
    pub fn encrypt(&self, recipients: &[impl AsRef<[u8]>], cipher: Cipher) -> Result<Self, Error> {
        if self.encrypted_content.is_some() {
            return Err(Error::invalid_value(
                keys::ENCRYPTED_CONTENT,
                "the payloads are encrypted already; decrypt them first",
            ));
        }
        let payloads = self
            .payloads
            .iter()
            .map(|payload| payload.to_dictionary().into());
        let content = to_xml(Value::Array(payloads.collect()))?;
        Ok(Self {
            payloads: Vec::new(),
            encrypted_content: Some(seal(&content, recipients, cipher)?),
            ..self.clone()
        })
    }

    /// The profile with its payloads decrypted by a device's identity.
    ///
    /// # Errors
    /// [`Error::is_missing_key`] when nothing is encrypted; [`Error::is_cms`] when it is for another key; otherwise what
    /// is wrong with the payloads.
    pub fn decrypt(&self, device: &Identity) -> Result<Self, Error> {
        let within = |error: Error| error.within(keys::ENCRYPTED_CONTENT);
        let envelope = self
            .encrypted_content
            .as_deref()
            .ok_or_else(|| Error::missing_key(keys::ENCRYPTED_CONTENT))?;
        let certificate = device.certificates().first().map(Vec::as_slice);
        let (content, _) =
            open(envelope, device.key(), certificate).map_err(|error| within(error.into()))?;
        // A wrong key passes the padding check once in 256 times, and then gives no property list.
        let (value, _) = read_plist(&content, &Limits::default()).map_err(|error| {
            if error.is_syntax() {
                within(CmsError::decryption().into())
            } else {
                within(error)
            }
        })?;
        let Value::Array(items) = value else {
            return Err(Error::wrong_type(keys::ENCRYPTED_CONTENT, "array", &value));
        };
        let payload = |(index, item)| {
            Payload::from_value(item).map_err(|error| within(error.within(&format!("[{index}]"))))
        };
        Ok(Self {
            payloads: items
                .into_iter()
                .enumerate()
                .map(payload)
                .collect::<Result<_, Error>>()?,
            encrypted_content: None,
            ..self.clone()
        })
    }
}
