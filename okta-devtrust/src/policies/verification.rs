//! How an app sign-in rule makes people prove who they are. Okta drops misspelt keys here without a word, so what was
//! written has to be compared with the answer.

use crate::lossless::{lossless, open_enum};

open_enum! {
    /// The kind of a verification method.
    VerificationType {
        Assurance = "ASSURANCE",
        AuthMethodChain = "AUTH_METHOD_CHAIN",
        IdProofing = "ID_PROOFING",
    }
}

open_enum! {
    /// How many factors.
    FactorMode {
        OneFactor = "1FA",
        TwoFactors = "2FA",
    }
}

lossless! {
    /// How people prove who they are (schema `VerificationMethod` and its variants).
    VerificationMethod {
        /// The kind.
        #[serde(rename = "type")]
        kind: Option<VerificationType>,
        /// How many factors.
        factor_mode: Option<FactorMode>,
        /// How long it lasts, as an ISO 8601 duration; `PT0S` for every time.
        reauthenticate_in: Option<String>,
        /// How long it lasts without use, as an ISO 8601 duration. Okta refuses `null`.
        inactivity_period: Option<String>,
        /// What the factors must be: one of the items, and of that item everything.
        constraints: Option<Vec<Constraints>>,
        /// The chains of `AUTH_METHOD_CHAIN`.
        chains: Option<Vec<Chain>>,
        /// The id of the identity verification vendor, for `ID_PROOFING`.
        id: Option<String>,
    }
}

lossless! {
    /// What a knowledge factor and a possession factor must be.
    Constraints {
        /// The knowledge factor.
        knowledge: Option<Constraint>,
        /// The possession factor.
        possession: Option<Constraint>,
    }
}

lossless! {
    /// What a factor must be (schemas `PossessionConstraint` and `KnowledgeConstraint`).
    Constraint {
        /// Bound to the device; default `OPTIONAL`.
        device_bound: Option<Requirement>,
        /// Keys kept in hardware; default `OPTIONAL`.
        hardware_protection: Option<Requirement>,
        /// Proof against phishing; default `OPTIONAL`.
        phishing_resistant: Option<Requirement>,
        /// The user approves; default `REQUIRED`.
        user_presence: Option<Requirement>,
        /// The user proves to be the one: biometrics or PIN; default `OPTIONAL`.
        user_verification: Option<Requirement>,
        /// `BIOMETRICS`, `PIN`; only with `user_verification` required.
        user_verification_methods: Option<Vec<String>>,
        /// The methods that count.
        authentication_methods: Option<Vec<AuthenticationMethod>>,
        /// The methods that do not count.
        excluded_authentication_methods: Option<Vec<AuthenticationMethod>>,
        /// The factor methods that count, such as `SIGNED_NONCE`.
        methods: Option<Vec<String>>,
        /// The authenticator types that count, such as `APP`.
        types: Option<Vec<String>>,
        /// How long it lasts, as an ISO 8601 duration.
        reauthenticate_in: Option<String>,
        /// Whether this factor is required; written by Okta.
        required: Option<bool>,
    }
}

open_enum! {
    /// Whether a property is required.
    Requirement {
        Optional = "OPTIONAL",
        Required = "REQUIRED",
    }
}

impl From<bool> for Requirement {
    fn from(required: bool) -> Self {
        if required {
            Self::Required
        } else {
            Self::Optional
        }
    }
}

lossless! {
    /// One method of one authenticator (schema `AuthenticationMethodObject`).
    AuthenticationMethod {
        /// The authenticator's key, such as `okta_verify`.
        key: Option<String>,
        /// The method, such as `signed_nonce`.
        method: Option<String>,
        /// The authenticator's id, for custom ones.
        id: Option<String>,
    }
}

lossless! {
    /// A chain of methods (schema `AuthenticationMethodChain`).
    Chain {
        /// The methods of this step, any of them.
        authentication_methods: Option<Vec<ChainMethod>>,
        /// The steps after it.
        next: Option<Vec<Chain>>,
        /// How long it lasts, as an ISO 8601 duration.
        reauthenticate_in: Option<String>,
    }
}

lossless! {
    /// A method in a chain (schema `AuthenticationMethod`).
    ChainMethod {
        /// The authenticator's key.
        key: Option<String>,
        /// The method.
        method: Option<String>,
        /// The authenticator's id, for custom ones.
        id: Option<String>,
        /// Keys kept in hardware.
        hardware_protection: Option<Requirement>,
        /// Proof against phishing.
        phishing_resistant: Option<Requirement>,
        /// Biometrics or PIN.
        user_verification: Option<Requirement>,
        /// `BIOMETRICS`, `PIN`.
        user_verification_methods: Option<Vec<String>>,
    }
}
