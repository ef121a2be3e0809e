//! Where the request behind an event came from: client, addresses, and what Okta makes of them.

use crate::{Field, lossless::lossless};

lossless! {
    /// The browser or app of an event.
    LogClient {
        /// Its id.
        id: Field<String>,
        /// The kind of device, such as `Computer`.
        device: Field<String>,
        /// Its IP address.
        ip_address: Field<String>,
        /// Its network zone.
        zone: Field<String>,
        /// Its user agent.
        user_agent: Field<LogUserAgent>,
        /// Where it is.
        geographical_context: Field<LogPlace>,
    }
}

lossless! {
    /// A user agent.
    LogUserAgent {
        /// The browser.
        browser: Field<String>,
        /// The system.
        os: Field<String>,
        /// The header as it was sent.
        raw_user_agent: Field<String>,
    }
}

lossless! {
    /// A place.
    LogPlace {
        /// The town.
        city: Field<String>,
        /// The state or region.
        state: Field<String>,
        /// The country.
        country: Field<String>,
        /// The post code.
        postal_code: Field<String>,
        /// The coordinates.
        geolocation: Field<LogCoordinates>,
    }
}

lossless! {
    /// Coordinates, in degrees.
    LogCoordinates {
        /// The latitude.
        lat: Field<f64>,
        /// The longitude.
        lon: Field<f64>,
    }
}

lossless! {
    /// The request behind an event.
    LogRequest {
        /// The addresses that it came through, the client's first.
        ip_chain: Field<Vec<LogAddress>>,
    }
}

lossless! {
    /// An address that a request came through.
    LogAddress {
        /// The address.
        ip: Field<String>,
        /// `V4` or `V6`.
        version: Field<String>,
        /// Who says so.
        source: Field<String>,
        /// Where it is.
        geographical_context: Field<LogPlace>,
        /// What is known of it.
        ip_details: Field<LogIpDetails>,
    }
}

lossless! {
    /// What is known of an address.
    LogIpDetails {
        /// The number of its autonomous system.
        as_number: Field<u64>,
        /// Whose autonomous system it is.
        as_org: Field<String>,
        /// Its domain.
        domain: Field<String>,
        /// Its provider.
        isp: Field<String>,
        /// What it is used for.
        ip_service_categories: Field<Vec<LogIpService>>,
    }
}

lossless! {
    /// What an address is used for.
    LogIpService {
        /// Whether it hides who uses it.
        is_anonymous: Field<bool>,
        /// Who runs it.
        operator: Field<String>,
        /// Such as `VPN`, `Proxy` or `Tor`.
        #[serde(rename = "type")]
        kind: Field<String>,
    }
}

lossless! {
    /// What Okta makes of where a request came from.
    LogSecurityContext {
        /// The number of the autonomous system.
        as_number: Field<u64>,
        /// Whose autonomous system it is.
        as_org: Field<String>,
        /// The domain.
        domain: Field<String>,
        /// The provider.
        isp: Field<String>,
        /// Whether it is a proxy.
        is_proxy: Field<bool>,
        /// What is known of the address.
        ip_details: Field<LogIpDetails>,
        /// Whether a bot is likely.
        bot_protection: Field<LogBotProtection>,
        /// The risk.
        risk: Field<LogRisk>,
        /// How the user behaves.
        user_behaviors: Field<Vec<LogBehavior>>,
    }
}

lossless! {
    /// Whether a bot is likely.
    LogBotProtection {
        /// `NONE`, `LOW`, `MEDIUM` or `HIGH`.
        level: Field<String>,
    }
}

lossless! {
    /// The risk of a request.
    LogRisk {
        /// What found it.
        detection_name: Field<String>,
        /// Who says so.
        issuer: Field<String>,
        /// `LOW`, `MEDIUM` or `HIGH`.
        level: Field<String>,
        /// The level before.
        previous_level: Field<String>,
        /// Why.
        reasons: Field<Vec<String>>,
    }
}

lossless! {
    /// How a user behaves.
    LogBehavior {
        /// The behaviour's id.
        id: Field<String>,
        /// Its name.
        name: Field<String>,
        /// `UNKNOWN`, `POSITIVE`, `NEGATIVE` or `BAD_REQUEST`.
        result: Field<String>,
    }
}
