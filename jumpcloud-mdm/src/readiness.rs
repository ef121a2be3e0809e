//! Whether an organisation is ready for a deployment, read and then judged by a pure function. The rule: every Mac that
//! cannot be reached is listed with all its reasons, and what the record leaves out speaks neither way.

use futures::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    AppleMdm, CUSTOM_MDM_PROFILE_DARWIN, Error, InsightsState, JumpCloud, MdmVendor, System,
    TokenState,
};

/// What is judged to be too old or too near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Fewer days than this left on the push certificate are remarked. Default 30.
    pub push_certificate_days: i64,
    /// A Mac that was not in contact for longer is not eligible. Default 30 days.
    pub contact_days: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            push_certificate_days: 30,
            contact_days: 30,
        }
    }
}

/// How ready an organisation is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Readiness {
    /// What stops a deployment.
    pub blocking: Vec<String>,
    /// What will stop one soon, or is worth knowing.
    pub remarks: Vec<String>,
    /// Whole days left on the push certificate; negative after its end, `None` when unknown.
    pub push_certificate_days_left: Option<i64>,
    /// The state of the Automated Device Enrollment token.
    pub enrollment_token: Option<String>,
    /// Every Mac, by name.
    pub macs: Vec<MacReadiness>,
}

/// How ready a Mac is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MacReadiness {
    /// The system's id.
    pub system_id: String,
    /// The name for people.
    pub name: String,
    /// The serial number.
    pub serial_number: Option<String>,
    /// Why a profile cannot reach it now; none when it can.
    pub reasons: Vec<String>,
    /// Whether System Insights collects from it, without which certificates and apps cannot be seen.
    pub insights: bool,
}

impl Readiness {
    /// Whether a deployment can begin: nothing blocks it and a Mac can be reached.
    pub fn is_ready(&self) -> bool {
        self.blocking.is_empty() && self.macs.iter().any(MacReadiness::is_eligible)
    }
}

impl MacReadiness {
    /// Whether a profile can reach it.
    pub fn is_eligible(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// Reads what [`assess`] judges. It writes nothing.
///
/// # Errors
/// An [`Error`] by the answer's meaning. An organisation without Apple MDM is no error but a blocking finding.
pub async fn check(
    client: &JumpCloud,
    now: Timestamp,
    limits: &Limits,
) -> Result<Readiness, Error> {
    let servers: Vec<AppleMdm> = client.apple_mdms().try_collect().await?;
    let systems: Vec<System> = client.systems().try_collect().await?;
    let mut readiness = assess(&servers, &systems, now, limits);
    match client
        .policy_template_named(CUSTOM_MDM_PROFILE_DARWIN)
        .await
    {
        Ok(_) => {}
        Err(error @ Error::TemplateMissing { .. }) => readiness.blocking.push(error.to_string()),
        Err(error) => return Err(error),
    }
    Ok(readiness)
}

/// Judges an organisation by its Apple MDM and its systems. Systems that are no Macs are left out.
///
/// ```
/// use jumpcloud_mdm::readiness::{Limits, assess};
///
/// let readiness = assess(&[], &[], "2026-11-24T12:00:00Z".parse()?, &Limits::default());
/// assert!(!readiness.is_ready());
/// assert!(readiness.blocking[0].contains("Apple MDM is not set up"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn assess(
    servers: &[AppleMdm],
    systems: &[System],
    now: Timestamp,
    limits: &Limits,
) -> Readiness {
    let mut readiness = Readiness {
        blocking: Vec::new(),
        remarks: Vec::new(),
        push_certificate_days_left: None,
        enrollment_token: None,
        macs: systems
            .iter()
            .filter(|system| {
                system
                    .os_family
                    .as_deref()
                    .is_none_or(|family| family == "darwin")
            })
            .map(|system| mac(system, now, limits))
            .collect(),
    };
    readiness
        .macs
        .sort_by(|a, b| (&a.name, &a.system_id).cmp(&(&b.name, &b.system_id)));
    match servers.iter().find(|server| server.is_set_up()) {
        None => readiness.blocking.push(
            "Apple MDM is not set up: upload a push certificate under Device Management > MDM"
                .into(),
        ),
        Some(server) => readiness.server(server, now, limits),
    }
    if !readiness.macs.iter().any(MacReadiness::is_eligible) {
        readiness
            .blocking
            .push("no Mac can be reached by JumpCloud's MDM; see the reasons of each".into());
    }
    let blind = readiness.macs.iter().filter(|mac| !mac.insights).count();
    if blind > 0 {
        readiness.remarks.push(format!(
            "System Insights is off on {blind} of {} Macs: their certificates and apps cannot be seen",
            readiness.macs.len()
        ));
    }
    readiness
}

impl Readiness {
    fn server(&mut self, server: &AppleMdm, now: Timestamp, limits: &Limits) {
        match server.push_certificate_expires_at() {
            None => self
                .remarks
                .push("the push certificate's end is not told; look it up in the console".into()),
            Some(end) => {
                let days = whole_days(end.duration_since(now));
                self.push_certificate_days_left = Some(days);
                let renew = "renew it with the same Apple account, or every Mac must enrol again";
                if days < 0 {
                    self.blocking
                        .push(format!("the push certificate has ended; {renew}"));
                } else if days < limits.push_certificate_days {
                    self.remarks
                        .push(format!("the push certificate ends in {days} days; {renew}"));
                }
            }
        }
        self.enrollment_token = server
            .dep_server_token_state
            .as_ref()
            .map(ToString::to_string);
        if server.dep_server_token_state == Some(TokenState::Expired) {
            self.remarks.push(
                "the Automated Device Enrollment token has expired; renew it in Apple Business Manager".into(),
            );
        }
    }
}

/// Rounded down, so that a second after an end is day -1.
fn whole_days(duration: SignedDuration) -> i64 {
    duration.as_secs().div_euclid(86_400)
}

fn mac(system: &System, now: Timestamp, limits: &Limits) -> MacReadiness {
    let mut reasons: Vec<String> = system.out_of_reach().into_iter().collect();
    let vendor = system.mdm.as_ref().and_then(|mdm| mdm.vendor.as_ref());
    if vendor.is_none() {
        reasons.push("its record names no MDM; enrol it".into());
    }
    if vendor == Some(&MdmVendor::Internal) {
        if system.active == Some(false) {
            reasons.push("it is not connected".into());
        }
        if let Some(last) = system.last_contact_at() {
            let days = whole_days(now.duration_since(last));
            if days > limits.contact_days {
                reasons.push(format!("its last contact was {days} days ago"));
            }
        }
    }
    MacReadiness {
        system_id: system.id.clone(),
        name: system.label().to_owned(),
        serial_number: system.serial_number.clone(),
        reasons,
        insights: system
            .system_insights
            .as_ref()
            .and_then(|insights| insights.state.as_ref())
            .is_none_or(|state| *state == InsightsState::Enabled),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    fn server(expiry: &str) -> Vec<AppleMdm> {
        let json = json!([{"id": "m", "apnsPushTopic": "t", "apnsCertExpiry": expiry, "depServerTokenState": "expired"}]);
        serde_json::from_value(json).unwrap()
    }

    fn systems(json: &Value) -> Vec<System> {
        serde_json::from_value(json.clone()).unwrap()
    }

    fn good() -> Value {
        json!({"_id": "s1", "displayName": "Ada", "osFamily": "darwin", "active": true,
            "lastContact": "2026-11-24T11:00:00Z", "mdm": {"vendor": "internal", "userApproved": true}})
    }

    #[test]
    fn days_left_are_counted_down_and_an_ended_certificate_blocks() {
        let days = |expiry| {
            let systems = systems(&json!([good()]));
            let readiness = assess(&server(expiry), &systems, now(), &Limits::default());
            (readiness.push_certificate_days_left, readiness.is_ready())
        };
        assert_eq!(days("2027-01-03T12:00:00Z"), (Some(40), true));
        assert_eq!(days("2026-11-24T11:59:59Z"), (Some(-1), false));
        assert_eq!(days("later"), (None, true));
    }

    #[test]
    fn each_mac_that_cannot_be_reached_says_why_and_other_systems_are_left_out() {
        let mut old = good();
        old["lastContact"] = json!("2026-09-01T00:00:00Z");
        old["active"] = json!(false);
        old["systemInsights"] = json!({"state": "disabled"});
        let systems = systems(&json!([good(), old,
            {"_id": "s3", "osFamily": "darwin", "mdm": {"vendor": "external"}},
            {"_id": "s4", "osFamily": "darwin"},
            {"_id": "s5", "osFamily": "linux"}]));
        let readiness = assess(
            &server("2026-12-01T00:00:00Z"),
            &systems,
            now(),
            &Limits::default(),
        );
        let reasons: Vec<String> = readiness
            .macs
            .iter()
            .map(|mac| format!("{}: {}", mac.name, mac.reasons.join("; ")))
            .collect();
        assert_eq!(
            reasons,
            [
                "Ada: ",
                "Ada: it is not connected; its last contact was 84 days ago",
                "s3: JumpCloud's MDM does not manage it (vendor external); enrol it",
                "s4: its record names no MDM; enrol it",
            ]
        );
        assert_eq!(readiness.remarks.len(), 3, "{:?}", readiness.remarks);
        assert!(readiness.is_ready());
    }
}
