//! Notifications: `com.apple.notificationsettings`.

use plist::Dictionary;

use crate::Error;
use crate::fields::{keys, payload};

/// `com.apple.notificationsettings` (macOS 10.15): which apps may notify and how.
///
/// ```
/// use mobileconfig::notifications::{AlertType, AppNotifications, NotificationSettings};
///
/// let okta_verify = AppNotifications::new("com.okta.mobile").alert_type(AlertType::Persistent).badges(false);
/// let settings = NotificationSettings::new([okta_verify]);
/// assert_eq!(settings.apps[0].alert_type, Some(2));
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct NotificationSettings {
    /// `NotificationSettings`: one entry an app.
    pub apps: Vec<AppNotifications>,
    /// Other keys.
    pub extra: Dictionary,
}

keys!(NotificationSettings {
    apps: "NotificationSettings"
});
payload!(
    NotificationSettings = "com.apple.notificationsettings",
    check = |this| {
        if this.apps.iter().any(|app| app.bundle_identifier.is_empty()) {
            return Err(Error::invalid_value(
                "NotificationSettings",
                "an entry without a BundleIdentifier",
            ));
        }
        Ok(())
    }
);

impl NotificationSettings {
    /// Settings for these apps.
    pub fn new(apps: impl IntoIterator<Item = AppNotifications>) -> Self {
        Self {
            apps: apps.into_iter().collect(),
            extra: Dictionary::new(),
        }
    }
}

/// One entry of `NotificationSettings`. What is not set is left to the default in Apple's schema.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct AppNotifications {
    /// `BundleIdentifier` of the app.
    pub bundle_identifier: String,
    /// `NotificationsEnabled`, default true.
    pub enabled: Option<bool>,
    /// `AlertType`: 0 none, 1 temporary banner (default), 2 persistent banner.
    pub alert_type: Option<i64>,
    /// `BadgesEnabled`, default true.
    pub badges: Option<bool>,
    /// `SoundsEnabled`, default true.
    pub sounds: Option<bool>,
    /// `ShowInLockScreen`, default true.
    pub show_in_lock_screen: Option<bool>,
    /// `ShowInNotificationCenter`, default true.
    pub show_in_notification_center: Option<bool>,
    /// `CriticalAlertEnabled`, default false: may pass over Do Not Disturb.
    pub critical_alerts: Option<bool>,
    /// Other keys.
    pub extra: Dictionary,
}

keys!(AppNotifications {
    bundle_identifier: "BundleIdentifier",
    enabled: "NotificationsEnabled",
    alert_type: "AlertType",
    badges: "BadgesEnabled",
    sounds: "SoundsEnabled",
    show_in_lock_screen: "ShowInLockScreen",
    show_in_notification_center: "ShowInNotificationCenter",
    critical_alerts: "CriticalAlertEnabled",
});

/// `AlertType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlertType {
    /// 0: no banner.
    None,
    /// 1: a banner that goes away by itself.
    Temporary,
    /// 2: a banner that stays until it is dismissed.
    Persistent,
}

impl AppNotifications {
    /// Notifications of one app, with the system's defaults.
    pub fn new(bundle_identifier: impl Into<String>) -> Self {
        Self {
            bundle_identifier: bundle_identifier.into(),
            enabled: None,
            alert_type: None,
            badges: None,
            sounds: None,
            show_in_lock_screen: None,
            show_in_notification_center: None,
            critical_alerts: None,
            extra: Dictionary::new(),
        }
    }

    /// Sets `NotificationsEnabled`.
    #[must_use]
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = Some(enabled);
        self
    }

    /// Sets `AlertType`.
    #[must_use]
    pub fn alert_type(mut self, alert_type: AlertType) -> Self {
        self.alert_type = Some(alert_type as i64);
        self
    }

    /// Sets `BadgesEnabled`.
    #[must_use]
    pub fn badges(mut self, enabled: bool) -> Self {
        self.badges = Some(enabled);
        self
    }

    /// Sets `SoundsEnabled`.
    #[must_use]
    pub fn sounds(mut self, enabled: bool) -> Self {
        self.sounds = Some(enabled);
        self
    }

    /// Sets `ShowInLockScreen`.
    #[must_use]
    pub fn show_in_lock_screen(mut self, show: bool) -> Self {
        self.show_in_lock_screen = Some(show);
        self
    }

    /// Sets `ShowInNotificationCenter`.
    #[must_use]
    pub fn show_in_notification_center(mut self, show: bool) -> Self {
        self.show_in_notification_center = Some(show);
        self
    }

    /// Sets `CriticalAlertEnabled`.
    #[must_use]
    pub fn critical_alerts(mut self, enabled: bool) -> Self {
        self.critical_alerts = Some(enabled);
        self
    }
}
