//! The parts of an app.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{Field, Time, lossless::lossless};

lossless! {
    /// Which pages people are sent to.
    AppAccessibility {
        /// Whether people may ask for the app.
        self_service: Option<bool>,
        /// A page for errors.
        error_redirect_url: Field<String>,
        /// A sign-in page.
        login_redirect_url: Field<String>,
    }
}

lossless! {
    /// Where an app is shown.
    AppVisibility {
        /// Which of its links are shown, by name.
        app_links: Option<BTreeMap<String, bool>>,
        /// Whether it opens as soon as people sign in.
        auto_launch: Option<bool>,
        /// Whether the browser plugin signs in by itself.
        auto_submit_toolbar: Option<bool>,
        /// Where it is hidden.
        hide: Option<AppHide>,
    }
}

lossless! {
    /// Where an app is hidden.
    AppHide {
        /// In Okta's mobile app.
        #[serde(rename = "iOS")]
        ios: Option<bool>,
        /// In the browser.
        web: Option<bool>,
    }
}

lossless! {
    /// How an app's users are named, and what it signs with.
    AppCredentials {
        /// The signing key.
        signing: Option<AppSigning>,
        /// How the users' names are made.
        user_name_template: Option<AppUserNameTemplate>,
    }
}

lossless! {
    /// The signing key of an app.
    AppSigning {
        /// Its id.
        kid: Option<String>,
        /// When it was last rotated.
        last_rotated: Option<Time>,
        /// When it will be rotated.
        next_rotation: Option<Time>,
        /// `AUTO` or `MANUAL`.
        rotation_mode: Option<String>,
        /// `sig`.
        #[serde(rename = "use")]
        usage: Option<String>,
    }
}

lossless! {
    /// How the names of an app's users are made.
    AppUserNameTemplate {
        /// The expression.
        template: Option<String>,
        /// `BUILT_IN`, `CUSTOM` or `NONE`.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// Whether a changed name is pushed.
        push_status: Option<String>,
        /// What is put after the name.
        user_suffix: Option<String>,
    }
}

lossless! {
    /// The settings of an app.
    AppSettings {
        /// Its own settings; those of a bookmark are typed.
        app: Option<BookmarkSettings>,
        /// Whether Okta's entitlement management is on.
        em_opt_in_status: Option<String>,
        /// The identity store's id.
        identity_store_id: Option<String>,
        /// Whether it is there for everyone without being assigned.
        implicit_assignment: Option<bool>,
        /// The inline hook's id.
        inline_hook_id: Option<String>,
        /// Notes.
        notes: Option<AppNotes>,
        /// What people are told.
        notifications: Option<AppNotifications>,
    }
}

lossless! {
    /// The settings of a bookmark.
    BookmarkSettings {
        /// Where it leads.
        url: Option<String>,
        /// Whether Okta is asked for an integration.
        request_integration: Option<bool>,
    }
}

lossless! {
    /// Notes on an app.
    AppNotes {
        /// For admins.
        admin: Option<String>,
        /// For users.
        enduser: Option<String>,
    }
}

lossless! {
    /// What people are told of an app.
    AppNotifications {
        /// That it needs a VPN.
        vpn: Option<VpnNotification>,
    }
}

lossless! {
    /// That an app needs a VPN.
    VpnNotification {
        /// A page with help.
        help_url: Option<String>,
        /// The text.
        message: Option<String>,
        /// Where it is told.
        network: Option<VpnNetwork>,
    }
}

lossless! {
    /// Where people are told that an app needs a VPN.
    VpnNetwork {
        /// `DISABLED`, `ANYWHERE`, `ON_NETWORK`, `OFF_NETWORK` or `ZONE`.
        connection: Option<String>,
        /// Zone ids that are in.
        include: Option<Vec<String>>,
        /// Zone ids that are out.
        exclude: Option<Vec<String>>,
    }
}

lossless! {
    /// How many seats an app has.
    AppLicensing {
        /// Seats.
        seat_count: Option<u64>,
    }
}

lossless! {
    /// What is set up with an app by express configuration.
    ExpressConfiguration {
        /// What is on, such as `SSO`.
        enabled_capabilities: Option<Vec<String>>,
        /// What could be on.
        supported_capabilities: Option<Vec<String>>,
    }
}

lossless! {
    /// Whether signing out of Okta signs out of an app.
    UniversalLogout {
        /// Whether its users are shared with other apps: `SHARED` or `NOT_SHARED`.
        identity_stack: Option<String>,
        /// How it is told, such as `GLOBAL_TOKEN_REVOCATION`.
        protocol: Option<String>,
        /// `ENABLED`, `DISABLED` or `UNSUPPORTED`.
        status: Option<String>,
        /// `FULL` or `PARTIAL`.
        support_type: Option<String>,
    }
}

lossless! {
    /// What `expand` adds to an app.
    AppEmbedded {
        /// The user of the app that was asked for.
        user: Option<Map<String, Value>>,
    }
}
