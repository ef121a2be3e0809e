//! Taking the JumpCloud side off again, and opening Okta's catch-all before: while that denies, a Mac without the
//! profile's certificate is kept out.

use std::fmt;

use jumpcloud_mdm::deploy;
use okta_devtrust::{enforcement, trust};

use crate::{Blueprint, Error, Output, desired, tenants::Tenants};

const STAGE: &str = "withdraw";

/// What a withdrawal does about Okta's catch-all rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CatchAll {
    /// It is looked at, and nothing is withdrawn while it denies.
    #[default]
    MustAllow,
    /// It is opened first, if it denies.
    Open,
    /// It is not looked at: everyone who needs a managed Mac may be locked out.
    MayDeny,
}

/// The changes of a withdrawal.
#[derive(Debug)]
#[non_exhaustive]
pub struct Withdrawal {
    /// The change that opens Okta's catch-all: empty when it allows, absent when it was not looked at.
    pub opening: Option<trust::Plan>,
    /// The changes on JumpCloud.
    pub jumpcloud: deploy::Plan,
    catch_all: CatchAll,
}

impl fmt::Display for Withdrawal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opening = self.opening.as_ref().filter(|plan| !plan.is_empty());
        match (opening, self.catch_all) {
            (Some(plan), CatchAll::Open) => write!(f, "{plan}\n{}", self.jumpcloud),
            (Some(_), _) => write!(
                f,
                "{}\nNote: Okta's catch-all denies, so --apply alone is refused; {MEND}",
                self.jumpcloud
            ),
            (None, _) => fmt::Display::fmt(&self.jumpcloud, f),
        }
    }
}

const MEND: &str = "add --open to open it first, or --while-denied to withdraw all the same";

/// The changes that take policy and software of the blueprint off JumpCloud, in all rings; with `keep` they are made,
/// after the record of them is kept. A deletion cannot be undone by a record: setting up again brings it back.
///
/// # Errors
/// [`Error::Refused`] when Okta's catch-all denies and has to allow, an object was changed meanwhile, a record cannot be
/// kept, or a tenant refuses.
pub async fn withdraw(
    blueprint: &Blueprint,
    tenants: &Tenants,
    catch_all: CatchAll,
    keep: Option<&Output>,
) -> Result<Withdrawal, Error> {
    let by_jumpcloud = |error| Error::of_jumpcloud(STAGE, &error);
    let wanted = desired::deployment(blueprint, |_| Ok::<_, Error>(Vec::new()))?;
    let (client, key) = (&tenants.jumpcloud, &tenants.digest_key);
    let observed = deploy::observe(client, &wanted)
        .await
        .map_err(by_jumpcloud)?;
    let plan = deploy::withdraw(&wanted, &observed, key).map_err(by_jumpcloud)?;
    let opening = match catch_all {
        CatchAll::MayDeny => None,
        CatchAll::MustAllow | CatchAll::Open => {
            let _turn = tenants.okta_turn.lock().await;
            let opening = opening(blueprint, tenants).await?;
            if let Some(output) = keep {
                if catch_all == CatchAll::MustAllow && !opening.is_empty() {
                    let apps = blueprint.okta.apps.join(", ");
                    let reason = format!(
                        "Okta's catch-all denies, so without the profile nobody of `{}` gets in to {apps}; nothing was \
                         written; {MEND}",
                        blueprint.okta.users_group
                    );
                    return Err(Error::refused(STAGE, reason));
                }
                apply_opening(tenants, &opening, output).await?;
            }
            Some(opening)
        }
    };
    if let Some(output) = keep {
        let keep = |undo: &_| output.keep_undo("jumpcloud", undo);
        deploy::apply_recorded(client, &plan, &wanted, &observed, key, keep, |_| {})
            .await
            .map_err(by_jumpcloud)?;
    }
    Ok(Withdrawal {
        opening,
        jumpcloud: plan,
        catch_all,
    })
}

/// The change that sets Okta's catch-all to ALLOW, and nothing else; with `keep` it is made, after the record of how to
/// undo it is kept.
///
/// # Errors
/// [`Error::Refused`] when the rule was changed meanwhile, the record cannot be kept, or Okta refuses.
pub async fn open(
    blueprint: &Blueprint,
    tenants: &Tenants,
    keep: Option<&Output>,
) -> Result<trust::Plan, Error> {
    let _turn = tenants.okta_turn.lock().await;
    let plan = opening(blueprint, tenants).await?;
    if let Some(output) = keep {
        apply_opening(tenants, &plan, output).await?;
    }
    Ok(plan)
}

async fn opening(blueprint: &Blueprint, tenants: &Tenants) -> Result<trust::Plan, Error> {
    let wanted = desired::trust(blueprint, &tenants.okta.url());
    let observed = trust::observe(&tenants.okta, &wanted)
        .await
        .map_err(|error| Error::refused(STAGE, format!("a look at Okta's catch-all: {error}")))?;
    Ok(enforcement::reopen_plan(&wanted, &observed))
}

async fn apply_opening(
    tenants: &Tenants,
    plan: &trust::Plan,
    output: &Output,
) -> Result<(), Error> {
    let keep = |undo: &_| output.keep_undo("okta", undo);
    trust::apply_recorded(&tenants.okta, plan, keep, |_| {})
        .await
        .map(drop)
        .map_err(|halted| Error::refused(STAGE, halted))
}
