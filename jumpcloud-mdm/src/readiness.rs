//! Whether an organisation is ready for a deployment, read and then judged by a pure function. The rule: every Mac that
//! cannot be reached is listed with all its reasons, and what the record leaves out speaks neither way.

use std::fmt;

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
    /// Fewer days than this left on the Automated Device Enrollment token are remarked. Default 30.
    pub enrollment_token_days: i64,
    /// A Mac that was not in contact for longer is not eligible. Default 30 days.
    pub contact_days: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            push_certificate_days: 30,
            enrollment_token_days: 30,
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
    /// The state of the token that joins JumpCloud to Apple Business Manager for Automated Device Enrollment; `None` when
    /// it is not told.
    pub enrollment_token: Option<TokenState>,
    /// Whole days left on that token; negative after its end, `None` when there is none or its end is not told.
    pub enrollment_token_days_left: Option<i64>,
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
    /// Whether System Insights collects from it, without which certificates and apps cannot be seen; `None` when its record
    /// does not say.
    pub insights: Option<InsightsState>,
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

    /// Whether its certificates and apps cannot be seen for certain.
    pub fn is_unseen(&self) -> bool {
        let state = self.insights.as_ref();
        state.is_some_and(|state| *state != InsightsState::Enabled)
    }
}

/// The certificate, the token, each Mac and what is remarked, a line each. What blocks is left to the caller.
impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = |f: &mut fmt::Formatter<'_>, days: Option<i64>| match days {
            Some(days) => write!(f, "{days} days left"),
            None => f.write_str("its end is not told"),
        };
        f.write_str("push certificate: ")?;
        left(f, self.push_certificate_days_left)?;
        f.write_str("\nenrollment token: ")?;
        match &self.enrollment_token {
            Some(TokenState::Missing) => f.write_str("missing")?,
            Some(state) => {
                write!(f, "{state}, ")?;
                left(f, self.enrollment_token_days_left)?;
            }
            None => f.write_str("not told")?,
        }
        for mac in &self.macs {
            write!(f, "\n  {mac}")?;
        }
        for remark in &self.remarks {
            write!(f, "\n! {remark}")?;
        }
        Ok(())
    }
}

/// Name, System Insights, and `ready` or why not.
impl fmt::Display for MacReadiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let insights = self.insights.as_ref().map(ToString::to_string);
        let insights = insights.unwrap_or_else(|| "not told".to_owned());
        write!(f, "{:<28} Insights {insights:<10} ", self.name)?;
        match self.is_eligible() {
            true => f.write_str("ready"),
            false => f.write_str(&self.reasons.join("; ")),
        }
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
        enrollment_token_days_left: None,
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
    let blind = readiness.macs.iter().filter(|mac| mac.is_unseen()).count();
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
        self.token(server, now, limits);
    }

    /// A token that fails stops no profile: Macs that are enrolled stay so, and new ones do not enrol by themselves.
    fn token(&mut self, server: &AppleMdm, now: Timestamp, limits: &Limits) {
        const TOKEN: &str = "the Automated Device Enrollment token";
        const RENEW: &str =
            "renew it in Apple Business Manager, or new Macs do not enrol by themselves";
        let state = server.dep_server_token_state.clone();
        if state != Some(TokenState::Missing) {
            let end = server.enrollment_token_expires_at();
            self.enrollment_token_days_left = end.map(|end| whole_days(end.duration_since(now)));
        }
        let days = self.enrollment_token_days_left;
        let remark = match (&state, days) {
            (Some(TokenState::Missing), _) => Some(format!(
                "{TOKEN} is missing: Macs from Apple Business Manager do not enrol by themselves; add it under Device \
                 Management > MDM if they should"
            )),
            (Some(TokenState::Expired), _) => Some(format!("{TOKEN} has expired; {RENEW}")),
            (_, Some(days)) if days < 0 => Some(format!("{TOKEN} has expired; {RENEW}")),
            (_, Some(days)) if days < limits.enrollment_token_days => {
                Some(format!("{TOKEN} ends in {days} days; {RENEW}"))
            }
            (Some(TokenState::Valid), _) => None,
            (Some(state), _) => Some(format!(
                "{TOKEN} is in the state `{state}`, which says nothing; look it up in the console"
            )),
            (None, _) => Some(format!(
                "the state of {TOKEN} is not told; look it up in the console"
            )),
        };
        self.remarks.extend(remark);
        self.enrollment_token = state;
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
            .and_then(|insights| insights.state.clone()),
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
        let text = readiness.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..4],
            [
                "push certificate: 6 days left",
                "enrollment token: expired, its end is not told",
                "  Ada                          Insights not told   ready",
                "  Ada                          Insights disabled   it is not connected; its last contact was 84 days ago",
            ]
        );
        assert_eq!(lines.len(), 2 + 4 + 3, "{text}");
    }

    #[test]
    fn the_token_is_judged_by_its_state_and_its_end() {
        let judged = |token: Value| {
            let mut server =
                json!({"id": "m", "apnsPushTopic": "t", "apnsCertExpiry": "2027-11-24T12:00:00Z"});
            server
                .as_object_mut()
                .unwrap()
                .extend(token.as_object().unwrap().clone());
            let servers: Vec<AppleMdm> = serde_json::from_value(json!([server])).unwrap();
            let systems = systems(&json!([good()]));
            let found = assess(&servers, &systems, now(), &Limits::default());
            assert!(found.is_ready(), "a token stops no profile");
            let text = found.to_string();
            let line = text.lines().nth(1).unwrap().to_owned();
            (
                found.enrollment_token_days_left,
                line,
                found.remarks.join("\n"),
            )
        };
        let token = |state: &str, end: &str| {
            judged(json!({"depServerTokenState": state, "depAccessTokenExpiry": end}))
        };
        // The end that JumpCloud tells where there is no token.
        let never = "0001-01-01T00:00:00Z";
        for (found, days, line, remark) in [
            (
                token("valid", "2027-11-24T12:00:00Z"),
                Some(365),
                "valid, 365 days left",
                "",
            ),
            (
                token("valid", "2026-12-24T11:00:00Z"),
                Some(29),
                "valid, 29 days left",
                "ends in 29 days",
            ),
            (
                token("valid", "2026-12-24T12:00:00Z"),
                Some(30),
                "valid, 30 days left",
                "",
            ),
            (
                token("valid", "2026-11-24T11:59:59Z"),
                Some(-1),
                "valid, -1 days left",
                "has expired",
            ),
            (
                token("valid", never),
                None,
                "valid, its end is not told",
                "",
            ),
            (token("missing", never), None, "missing", "is missing"),
            (
                token("expired", "2026-11-04T12:00:00Z"),
                Some(-20),
                "expired, -20 days left",
                "has expired",
            ),
            (
                token("unknown", never),
                None,
                "unknown, its end is not told",
                "state `unknown`",
            ),
            (
                token("unknown", "2026-11-30T12:00:00Z"),
                Some(6),
                "unknown, 6 days left",
                "ends in 6 days",
            ),
            (
                token("revoked", never),
                None,
                "revoked, its end is not told",
                "state `revoked`",
            ),
            (judged(json!({})), None, "not told", "is not told"),
        ] {
            assert_eq!(
                (found.0, found.1.as_str()),
                (days, format!("enrollment token: {line}").as_str())
            );
            match remark {
                "" => assert_eq!(found.2, ""),
                part => assert!(found.2.contains(part), "{}", found.2),
            }
        }
    }
}
