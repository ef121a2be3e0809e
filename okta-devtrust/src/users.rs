//! Users, as they come with devices and groups.

use serde_json::{Map, Value};

use crate::{
    Field, Links, Secret, Time,
    lossless::{lossless, open_enum},
};

open_enum! {
    /// The state of a user.
    UserStatus {
        Active = "ACTIVE",
        Deprovisioned = "DEPROVISIONED",
        LockedOut = "LOCKED_OUT",
        PasswordExpired = "PASSWORD_EXPIRED",
        Provisioned = "PROVISIONED",
        Recovery = "RECOVERY",
        Staged = "STAGED",
        Suspended = "SUSPENDED",
    }
}

lossless! {
    /// A user (schema `User`).
    User {
        /// The user's id.
        id: String,
        /// The user's state.
        status: Option<UserStatus>,
        /// The state that the user is on the way to.
        transitioning_to_status: Field<UserStatus>,
        /// Who the user is.
        profile: Option<UserProfile>,
        /// What the user signs in with. Okta writes no secret here; a request may.
        credentials: Option<UserCredentials>,
        /// The user's type.
        #[serde(rename = "type")]
        kind: Option<UserType>,
        /// The realm's id.
        realm_id: Option<String>,
        /// When the user was made.
        created: Option<Time>,
        /// When the user was activated.
        activated: Field<Time>,
        /// When the state last changed.
        status_changed: Field<Time>,
        /// When the user last signed in.
        last_login: Field<Time>,
        /// When the user was last changed.
        last_updated: Option<Time>,
        /// When the password was last changed.
        password_changed: Field<Time>,
        /// Embedded objects.
        #[serde(rename = "_embedded")]
        embedded: Option<Map<String, Value>>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

impl User {
    /// The name that the user signs in with.
    pub fn login(&self) -> Option<&str> {
        self.profile.as_ref()?.login.as_deref()
    }
}

lossless! {
    /// The type of a user.
    UserType {
        /// Its id.
        id: Option<String>,
    }
}

lossless! {
    /// Who a user is (schema `UserProfile`). Attributes that the org added are in `extra`.
    UserProfile {
        /// The name to sign in with.
        login: Option<String>,
        /// The mail address.
        email: Option<String>,
        /// Another mail address.
        second_email: Field<String>,
        /// The given name.
        first_name: Field<String>,
        /// The middle name.
        middle_name: Field<String>,
        /// The family name.
        last_name: Field<String>,
        /// The name for people.
        display_name: Field<String>,
        /// The name that friends use.
        nick_name: Field<String>,
        /// Before the name.
        honorific_prefix: Field<String>,
        /// After the name.
        honorific_suffix: Field<String>,
        /// The job title.
        title: Field<String>,
        /// The kind of employment.
        user_type: Field<String>,
        /// The number at the employer.
        employee_number: Option<String>,
        /// The company.
        organization: Field<String>,
        /// The division.
        division: Field<String>,
        /// The department.
        department: Option<String>,
        /// The cost centre.
        cost_center: Field<String>,
        /// The manager's name.
        manager: Field<String>,
        /// The manager's id.
        manager_id: Field<String>,
        /// The mobile phone.
        mobile_phone: Field<String>,
        /// The other phone.
        primary_phone: Field<String>,
        /// The home page.
        profile_url: Field<String>,
        /// The street.
        street_address: Field<String>,
        /// The town.
        city: Field<String>,
        /// The state or region.
        state: Field<String>,
        /// The post code.
        zip_code: Field<String>,
        /// The country, two letters.
        country_code: Field<String>,
        /// The post address.
        postal_address: Field<String>,
        /// The language, such as `en-GB`.
        preferred_language: Field<String>,
        /// The locale, such as `en_GB`.
        locale: Option<String>,
        /// The time zone.
        timezone: Field<String>,
    }
}

lossless! {
    /// What a user signs in with.
    UserCredentials {
        /// The password.
        password: Option<PasswordCredential>,
        /// Who checks the password.
        provider: Option<AuthenticationProvider>,
        /// The question for a forgotten password. Okta writes this key in snake_case.
        #[serde(rename = "recovery_question")]
        recovery_question: Option<RecoveryQuestion>,
    }
}

lossless! {
    /// A password; Okta answers with an empty object.
    PasswordCredential {
        /// The password itself.
        value: Option<Secret>,
        /// Its hash, for imports.
        hash: Option<PasswordHash>,
        /// A hook that checks it at the first sign-in.
        hook: Option<PasswordHook>,
    }
}

lossless! {
    /// The hash of a password.
    PasswordHash {
        /// The algorithm, such as `BCRYPT`.
        algorithm: Option<String>,
        /// The digest of PBKDF2.
        digest_algorithm: Option<String>,
        /// How often PBKDF2 hashes.
        iteration_count: Option<u64>,
        /// The length of PBKDF2's key in bytes.
        key_size: Option<u64>,
        /// The salt.
        salt: Option<Secret>,
        /// Where the salt goes: `PREFIX` or `POSTFIX`.
        salt_order: Option<String>,
        /// The hash itself.
        value: Option<Secret>,
        /// The work factor of bcrypt.
        work_factor: Option<u64>,
    }
}

lossless! {
    /// A hook that checks a password.
    PasswordHook {
        /// `default`.
        #[serde(rename = "type")]
        kind: Option<String>,
    }
}

lossless! {
    /// Who checks a password.
    AuthenticationProvider {
        /// The name, such as `OKTA`.
        name: Option<String>,
        /// The type, such as `ACTIVE_DIRECTORY`.
        #[serde(rename = "type")]
        kind: Option<String>,
    }
}

lossless! {
    /// The question for a forgotten password.
    RecoveryQuestion {
        /// The question.
        question: Option<String>,
        /// The answer; only in requests.
        answer: Option<Secret>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_written_and_never_shown() {
        let text = r#"{"id":"00u1","credentials":{"password":{"value":"canary"}}}"#;
        let user: User = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&user).unwrap(), text);
        assert!(!format!("{user:?}").contains("canary"));
    }
}
