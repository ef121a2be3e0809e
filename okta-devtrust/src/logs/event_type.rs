//! The event types that device trust is about.

use crate::lossless::open_enum;

open_enum! {
    /// The type of an event (Okta's catalogue of event types).
    EventType {
        EvaluateSignOn = "policy.evaluate_sign_on",
        DenyAccess = "application.policy.sign_on.deny_access",
        Sso = "user.authentication.sso",
        SessionStart = "user.session.start",
        AuthViaMfa = "user.authentication.auth_via_mfa",
        AuthVerify = "user.authentication.verify",
        FactorActivate = "user.mfa.factor.activate",
        DeviceEnroll = "device.enrollment.create",
        DeviceUserAdd = "device.user.add",
        DeviceUserRemove = "device.user.remove",
        DeviceActivate = "device.lifecycle.activate",
        DeviceDeactivate = "device.lifecycle.deactivate",
        DeviceSuspend = "device.lifecycle.suspend",
        DeviceUnsuspend = "device.lifecycle.unsuspend",
        DeviceDelete = "device.lifecycle.delete",
        DeviceSignalsTimeout = "device.signals.status.timeout",
        DeviceAssuranceAdd = "device.assurance.policy.add",
        DeviceAssuranceUpdate = "device.assurance.policy.update",
        DeviceAssuranceDelete = "device.assurance.policy.delete",
        PlatformAdd = "device.platform.add",
        PlatformUpdate = "device.platform.update",
        PlatformDelete = "device.platform.delete",
        PlatformRenew = "device.platform.renew",
        PlatformSecretKeyReset = "device.platform.secret_key.reset",
        CertBind = "pki.cert.bind",
        CertActivate = "pki.cert.lifecycle.activate",
        CertHold = "pki.cert.lifecycle.hold",
        CertSuspend = "pki.cert.lifecycle.suspend",
        CertRevoke = "pki.cert.lifecycle.revoke",
        CertDelete = "pki.cert.lifecycle.delete",
        CrlDownloadFailure = "pki.cert.crl_download_failure",
        CaAdd = "pki.ca.add",
        CaRenew = "pki.ca.renew",
        CaDelete = "pki.ca.delete",
        CaExpirationWarn = "pki.ca.expiration.warn",
        CaScopeMappingUpdate = "pki.ca.scope.mapping.update",
        PolicyCreate = "policy.lifecycle.create",
        PolicyUpdate = "policy.lifecycle.update",
        PolicyActivate = "policy.lifecycle.activate",
        PolicyDeactivate = "policy.lifecycle.deactivate",
        PolicyDelete = "policy.lifecycle.delete",
        RuleAdd = "policy.rule.add",
        RuleUpdate = "policy.rule.update",
        RuleActivate = "policy.rule.activate",
        RuleDeactivate = "policy.rule.deactivate",
        RuleDelete = "policy.rule.delete",
        PolicyMappingCreate = "policy.mapping.create",
        RateLimitViolation = "system.rate.limit.violation",
        RateLimitWarning = "system.rate.limit.warning",
        ConcurrencyViolation = "core.concurrency.org.limit.violation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_assurance_policies_and_certificate_authorities_is_known() {
        for name in [
            "device.assurance.policy.add",
            "device.assurance.policy.update",
            "device.assurance.policy.delete",
            "pki.cert.crl_download_failure",
            "pki.ca.add",
            "pki.ca.renew",
            "pki.ca.delete",
            "pki.ca.expiration.warn",
            "pki.ca.scope.mapping.update",
        ] {
            let kind = EventType::from(name);
            assert!(!matches!(kind, EventType::Other(_)), "{name}");
            assert_eq!(kind.as_str(), name);
        }
    }

    #[test]
    fn a_type_that_is_not_known_is_kept() {
        assert_eq!(EventType::from("pki.cert.bind"), EventType::CertBind);
        let other = EventType::from("user.account.lock");
        assert_eq!(other.as_str(), "user.account.lock");
    }
}
