//! What other providers say of a device: Chrome Device Trust, an identity provider, Android.

use super::OsVersionRule;
use crate::lossless::lossless;

lossless! {
    /// What other providers must say of a device.
    SignalProviders {
        /// Chrome Device Trust (macOS, Windows, ChromeOS).
        dtc: Option<ChromeDeviceTrust>,
        /// An identity provider that knows the device. Okta writes the key with a capital P.
        #[serde(rename = "devicePostureIdP")]
        device_posture_idp: Option<DevicePostureIdp>,
        /// Android.
        android_device_trust: Option<AndroidDeviceTrust>,
    }
}

lossless! {
    /// What an identity provider must say of a device.
    DevicePostureIdp {
        /// Whether it meets that provider's policy.
        compliant: Option<bool>,
        /// Whether that provider manages it.
        managed: Option<bool>,
    }
}

lossless! {
    /// A version of Chrome.
    BrowserVersion {
        /// The lowest.
        minimum: Option<String>,
    }
}

lossless! {
    /// What Chrome Device Trust must say of a device (schemas `DTCMacOS`, `DTCWindows`, `DTCChromeOS`). Which fields are
    /// allowed depends on the platform.
    ChromeDeviceTrust {
        /// Whether the screen may be locked (ChromeOS).
        allow_screen_lock: Option<bool>,
        /// Whether an antivirus program runs (Windows).
        antivirus_enabled: Option<bool>,
        /// Chrome's version.
        browser_version: Option<BrowserVersion>,
        /// Whether Chrome's own DNS client is used.
        built_in_dns_client_enabled: Option<bool>,
        /// Whether Chrome Remote Desktop is blocked.
        chrome_remote_desktop_app_blocked: Option<bool>,
        /// CrowdStrike's agent id (Windows).
        crowd_strike_agent_id: Option<String>,
        /// CrowdStrike's customer id (Windows).
        crowd_strike_customer_id: Option<String>,
        /// The domain that the browser is enrolled in.
        device_enrollment_domain: Option<String>,
        /// Whether the disk is encrypted.
        disk_encrypted: Option<bool>,
        /// How far the browser's key is trusted, such as `CHROME_BROWSER_HW_KEY`.
        key_trust_level: Option<String>,
        /// Whether the device is managed (ChromeOS).
        managed_device: Option<bool>,
        /// Whether the firewall is on.
        os_firewall: Option<bool>,
        /// The version of the system.
        os_version: Option<OsVersionRule>,
        /// When Chrome warns of a reused password, such as `PHISHING_REUSE`.
        password_protection_warning_trigger: Option<String>,
        /// Whether URLs are checked as they are opened.
        realtime_url_check_mode: Option<bool>,
        /// The level of Safe Browsing, such as `ENHANCED_PROTECTION`.
        safe_browsing_protection_level: Option<String>,
        /// Whether the screen locks.
        screen_lock_secured: Option<bool>,
        /// Whether secure boot is on (Windows).
        secure_boot_enabled: Option<bool>,
        /// Whether sites are isolated from each other.
        site_isolation_enabled: Option<bool>,
        /// Whether other software is kept out of Chrome (Windows).
        third_party_blocking_enabled: Option<bool>,
        /// The domain of the machine (Windows).
        windows_machine_domain: Option<String>,
        /// The domain of the user (Windows).
        windows_user_domain: Option<String>,
    }
}

lossless! {
    /// What Android must say of a device (schema `AndroidDeviceTrust`).
    AndroidDeviceTrust {
        /// The integrity, such as `STRONG`.
        device_integrity_level: Option<String>,
        /// Whether no network proxy is used.
        network_proxy_disabled: Option<bool>,
        /// What Play Protect says, such as `NO_ISSUES`.
        play_protect_verdict: Option<String>,
        /// Whether a newer major version must be installed.
        require_major_version_update: Option<bool>,
        /// How strong the screen lock is, such as `HIGH`.
        screen_lock_complexity: Option<String>,
        /// Whether USB debugging is off.
        usb_debugging_disabled: Option<bool>,
        /// Whether the wireless network is encrypted.
        wifi_secured: Option<bool>,
    }
}
