//! Every request that the crate can build with a body, sent once, and every object that it reads.

use device_trust_sandbox::{BREAK_GLASS_GROUP, PILOT_USER_GROUP};
use futures::TryStreamExt as _;
use okta_devtrust::{
    Okta, Request,
    apps::{self, App},
    assurances::{
        self, DeviceAssurance, DiskEncryption, OsVersionRule, ScreenLock, ScreenLockType,
    },
    authenticators::{self, Authenticator, Method, MethodType, UserVerification},
    devices::{self, Device, DeviceUser},
    groups::{self, Group},
    integrations::{self, DeviceIntegration},
    logs::{self, LogEvent, LogQuery},
    org::{self, Org},
    policies::{self, EnrollPrompt, EnrollSelf, Policy, PolicyMapping, PolicyType, Rule},
    simulate::{SimulatedDevice, Simulation},
    trust::{
        AccessDesired, BookmarkDesired, BreakGlass, Desired, EnrollmentDesired, ManagedRule,
        SessionDesired, apply, observe, plan,
    },
    users::User,
};

use crate::{Check, check};

fn desired() -> Desired {
    let mut desired = Desired::new(AccessDesired {
        name: "Managed Macs".into(),
        break_glass: BreakGlass::new(BREAK_GLASS_GROUP),
        managed: ManagedRule::new([PILOT_USER_GROUP]),
    });
    desired.apps = vec!["Payroll".into()];
    desired.enrollment_app = Some(BookmarkDesired::new("Enrol", "https://acme.example/enrol"));
    desired.pilot = Some(BookmarkDesired::new("Pilot", "https://acme.example/pilot"));
    desired.enrollment = Some(EnrollmentDesired::Own {
        name: "Okta Verify".into(),
        groups: vec![PILOT_USER_GROUP.into()],
        okta_verify: EnrollSelf::Optional,
        prompt: EnrollPrompt::Login,
    });
    desired.session = Some(SessionDesired::new("Pilot sessions", [PILOT_USER_GROUP]));
    desired
}

async fn okta_verify(okta: &Okta) -> Authenticator {
    let all = okta.authenticators().await.unwrap();
    let is_verify =
        |found: &Authenticator| found.key.as_deref() == Some(authenticators::OKTA_VERIFY);
    all.into_iter().find(is_verify).unwrap()
}

async fn managed_macs(okta: &Okta) -> Policy {
    let all = okta.policies(&PolicyType::AccessPolicy).await.unwrap();
    all.into_iter()
        .find(|policy| policy.name == "Managed Macs")
        .unwrap()
}

/// Sends every body: a plan from nothing, everything replaced by itself, an assurance policy, a simulation.
pub(crate) async fn write_everything(okta: &Okta) {
    let desired = desired();
    let observed = observe(okta, &desired).await.unwrap();
    let plan = plan(&desired, &observed).unwrap();
    apply(okta, &plan, |_| {}).await.unwrap();

    for kind in [
        PolicyType::AccessPolicy,
        PolicyType::MfaEnroll,
        PolicyType::OktaSignOn,
    ] {
        let all = okta.policies(&kind).await.unwrap();
        let policy = all.iter().find(|policy| !policy.is_system()).unwrap();
        okta.replace_policy(&policy.id, policy).await.unwrap();
        for rule in okta.rules(&policy.id).await.unwrap() {
            okta.replace_rule(&policy.id, &rule.id, &rule)
                .await
                .unwrap();
        }
    }

    // The org has it already and refuses another; what was sent is looked at all the same.
    drop(okta.send(&authenticators::create_okta_verify()).await);
    let mut verify = okta_verify(okta).await;
    let settings = verify.settings.get_or_insert_default();
    settings.user_verification = Some(UserVerification::Preferred);
    okta.replace_authenticator(&verify.id, &verify)
        .await
        .unwrap();
    let kind = MethodType::SignedNonce;
    let mut method = okta.authenticator_method(&verify.id, &kind).await.unwrap();
    let settings = method.settings.get_or_insert_default();
    settings.show_sign_in_with_ov = Some("ALWAYS".into());
    okta.replace_method(&verify.id, &kind, &method)
        .await
        .unwrap();

    let mut assurance = DeviceAssurance::macos("Macs with FileVault");
    let mut version = OsVersionRule::default();
    version.minimum = Some("15.6.1".into());
    assurance.os_version = Some(version);
    let mut disk = DiskEncryption::default();
    disk.include = Some(vec!["ALL_INTERNAL_VOLUMES".into()]);
    assurance.disk_encryption_type = Some(disk);
    let mut lock = ScreenLock::default();
    lock.include = Some(vec![ScreenLockType::Biometric, ScreenLockType::Passcode]);
    assurance.screen_lock_type = Some(lock);
    assurance.secure_hardware_present = Some(true);
    let stored = okta.create_device_assurance(&assurance).await.unwrap();
    okta.replace_device_assurance(&stored.id, &stored)
        .await
        .unwrap();

    let group = &okta.groups_by_name(PILOT_USER_GROUP).await.unwrap()[0];
    let app = &okta.apps_by_label("Payroll").await.unwrap()[0];
    let simulation = Simulation::of_groups(&app.id, [&group.id], SimulatedDevice::mac(true));
    okta.simulate(&simulation).await.unwrap();
}

/// Every route that the crate reads, with the schema and the type of one of its objects.
pub(crate) async fn reads(okta: &Okta) -> Vec<(Request, &'static str, Check)> {
    let verify = okta_verify(okta).await.id;
    let policy = managed_macs(okta).await.id;
    let rule = okta.rules(&policy).await.unwrap()[0].id.clone();
    let group = okta.groups_by_name(PILOT_USER_GROUP).await.unwrap()[0]
        .id
        .clone();
    let app = okta.apps_by_label("Payroll").await.unwrap()[0].id.clone();
    let assurance = okta.device_assurances().await.unwrap()[0].id.clone();
    let now = jiff::Timestamp::now();
    let window = LogQuery::between(now - jiff::SignedDuration::from_hours(24), now);
    let mut reads: Vec<(Request, &'static str, Check)> = vec![
        (org::get(), "WellKnownOrgMetadata", check::<Org>),
        (policies::get(&policy), "AccessPolicy", check::<Policy>),
        (
            policies::get_rule(&policy, &rule),
            "AccessPolicyRule",
            check::<Rule>,
        ),
        (
            policies::mappings(&policy),
            "PolicyMapping",
            check::<PolicyMapping>,
        ),
        (
            authenticators::list(),
            "AuthenticatorBase",
            check::<Authenticator>,
        ),
        (
            authenticators::get(&verify),
            "AuthenticatorKeyOktaVerify",
            check::<Authenticator>,
        ),
        (
            authenticators::methods(&verify),
            "AuthenticatorMethodBase",
            check::<Method>,
        ),
        (apps::search("Payroll"), "Application", check::<App>),
        (apps::get(&app), "Application", check::<App>),
        (groups::search("macOS"), "Group", check::<Group>),
        (groups::get(&group), "Group", check::<Group>),
        (groups::members(&group, 10), "User", check::<User>),
        (devices::list(None), "DeviceList", check::<Device>),
        (
            assurances::list(),
            "DeviceAssurance",
            check::<DeviceAssurance>,
        ),
        (
            assurances::get(&assurance),
            "DeviceAssurance",
            check::<DeviceAssurance>,
        ),
        (
            integrations::list(),
            "DeviceIntegrations",
            check::<DeviceIntegration>,
        ),
        (logs::list(&window), "LogEvent", check::<LogEvent>),
    ];
    for (kind, policy, rule) in [
        (PolicyType::AccessPolicy, "AccessPolicy", "AccessPolicyRule"),
        (
            PolicyType::MfaEnroll,
            "AuthenticatorEnrollmentPolicy",
            "AuthenticatorEnrollmentPolicyRule",
        ),
        (
            PolicyType::OktaSignOn,
            "OktaSignOnPolicy",
            "OktaSignOnPolicyRule",
        ),
    ] {
        reads.push((policies::list(&kind), policy, check::<Policy>));
        for found in okta.policies(&kind).await.unwrap() {
            reads.push((policies::rules(&found.id), rule, check::<Rule>));
        }
    }
    let devices: Vec<Device> = okta.devices(None).try_collect().await.unwrap();
    for device in &devices {
        reads.push((devices::get(&device.id), "Device", check::<Device>));
        reads.push((
            devices::users(&device.id),
            "DeviceUser",
            check::<DeviceUser>,
        ));
    }
    reads
}
