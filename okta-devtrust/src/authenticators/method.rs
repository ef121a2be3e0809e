//! A method of an authenticator and its settings.

use super::UserVerification;
use crate::{
    Links, Status,
    lossless::{lossless, open_enum},
};

open_enum! {
    /// The method of an authenticator.
    MethodType {
        SignedNonce = "signed_nonce",
        Push = "push",
        Totp = "totp",
        Webauthn = "webauthn",
        Password = "password",
        Email = "email",
        Sms = "sms",
        Voice = "voice",
        Otp = "otp",
        Cert = "cert",
        Duo = "duo",
        Idp = "idp",
        SecurityQuestion = "security_question",
        Tac = "tac",
    }
}

lossless! {
    /// A method of an authenticator (schema `AuthenticatorMethodBase` and its variants).
    Method {
        /// Which.
        #[serde(rename = "type")]
        kind: Option<MethodType>,
        /// Whether it is in use.
        status: Option<Status>,
        /// Its settings.
        settings: Option<MethodSettings>,
        /// What it proves, such as `DEVICE_BOUND`.
        verifiable_properties: Option<Vec<String>>,
        /// How many intervals beside the present one are accepted (`otp`).
        acceptable_adjacent_intervals: Option<u32>,
        /// The digest, such as `HMACSHA256` (`otp`).
        algorithm: Option<String>,
        /// The encoding, such as `Base32` (`otp`).
        encoding: Option<String>,
        /// The factor profile's id (`otp`).
        factor_profile_id: Option<String>,
        /// How many digits a code has (`otp`).
        pass_code_length: Option<u32>,
        /// The protocol, such as `TOTP` (`otp`).
        protocol: Option<String>,
        /// How long a code is good, in seconds (`otp`).
        time_interval_in_seconds: Option<u32>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

impl Method {
    /// Whether it is in use.
    pub fn is_active(&self) -> bool {
        self.status == Some(Status::Active)
    }
}

lossless! {
    /// The settings of a method; which fields are allowed depends on the method.
    MethodSettings {
        /// Signature algorithms, such as `ES256` (`signed_nonce`, `push`).
        algorithms: Option<Vec<String>>,
        /// `ANY` or `HARDWARE` (`signed_nonce`, `push`).
        key_protection: Option<String>,
        /// Whether the sign-in page shows the FastPass button: `ALWAYS` or `NEVER` (`signed_nonce`).
        #[serde(rename = "showSignInWithOV")]
        show_sign_in_with_ov: Option<String>,
        /// Transactions (`push`).
        transaction_types: Option<Vec<String>>,
        /// How long a code is good, in seconds (`totp`).
        time_interval_in_seconds: Option<u32>,
        /// The encoding, `Base32` (`totp`).
        encoding: Option<String>,
        /// The digest; on the wire `HMACSHA1` (`totp`).
        algorithm: Option<String>,
        /// How many digits a code has (`totp`).
        pass_code_length: Option<u32>,
        /// Models that are allowed (`webauthn`).
        aaguid_groups: Option<Vec<AaguidGroup>>,
        /// Whether it proves who the user is, at enrolment (`webauthn`).
        user_verification: Option<UserVerification>,
        /// Whether it proves who the user is, at sign-in (`webauthn`).
        user_verification_for_verify: Option<UserVerification>,
        /// Built in or not: `ANY`, `BUILT_IN`, `ROAMING` (`webauthn`).
        attachment: Option<String>,
        /// The relying party (`webauthn`).
        rp_id: Option<RelyingParty>,
        /// Whether browsers offer passkeys as they fill in (`webauthn`).
        #[serde(rename = "enableAutofillUI")]
        enable_autofill_ui: Option<bool>,
        /// Whether a key must be discoverable (`webauthn`).
        resident_key_requirement: Option<String>,
        /// Whether the sign-in page shows a passkey button (`webauthn`).
        show_sign_in_with_a_passkey_button: Option<bool>,
        /// Whether the attestation's certificate is checked (`webauthn`).
        cert_based_attestation_validation: Option<bool>,
        /// Whether keys must be kept in hardware (`webauthn`).
        hardware_protected: Option<bool>,
        /// Whether models must comply with FIPS (`webauthn`).
        fips_compliant: Option<bool>,
        /// Whether passkeys that synchronise are allowed (`webauthn`).
        allow_syncable_passkeys: Option<bool>,
    }
}

lossless! {
    /// A group of authenticator models.
    AaguidGroup {
        /// Their AAGUIDs.
        aaguids: Option<Vec<String>>,
        /// Its name.
        name: Option<String>,
    }
}

lossless! {
    /// The relying party of `webauthn`.
    RelyingParty {
        /// Its domain.
        domain: Option<RelyingPartyDomain>,
        /// Whether it is used in place of the org's own domain.
        enabled: Option<bool>,
    }
}

lossless! {
    /// The domain of a relying party.
    RelyingPartyDomain {
        /// Its name.
        name: Option<String>,
        /// How far its validation is, such as `VERIFIED`.
        validation_status: Option<String>,
        /// The record that validates it.
        dns_record: Option<DnsRecord>,
    }
}

lossless! {
    /// A DNS record that proves the owner of a domain.
    DnsRecord {
        /// The record's name.
        fqdn: Option<String>,
        /// Its type, `TXT`.
        record_type: Option<String>,
        /// Its value.
        verification_value: Option<String>,
    }
}
