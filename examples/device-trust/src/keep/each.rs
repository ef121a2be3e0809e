//! The same work in each of the blueprint's tenants: a few at a time, in one JumpCloud account. The rule: what goes wrong in
//! one stays there, and what they share, such as an Okta org, is changed by one at a time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use jumpcloud_mdm::{
    JumpCloud,
    msp::{self, MspOptions, Report, Tenant, TenantOutcome, TenantReport},
};

use crate::{
    Error, Tenants,
    blueprint::{Needs, TenantBlueprint},
    embedded::Embedded,
    tenants::Account,
};

/// The organisations of a blueprint with tenants, behind one JumpCloud account.
///
/// ```
/// use device_trust::{Error, Overrides, Blueprint, blueprint::Needs, keep::{self, Organizations}};
/// use jumpcloud_mdm::msp::{MspOptions, TenantOutcome};
///
/// async fn all_ready(file: &std::path::Path) -> Result<bool, Error> {
///     let environment = |name: &str| std::env::var(name).ok();
///     let tenants = Blueprint::load_tenants(Needs::JUMPCLOUD, file, &Overrides::default(), environment)?;
///     let organizations = Organizations::real(Needs::JUMPCLOUD, tenants)?;
///     let report = organizations.each(
///         &MspOptions::default(),
///         async |_, tenants| {
///             let found = keep::readiness(tenants).await?;
///             if found.is_ready() {
///                 Ok(TenantOutcome::Done { changes: 0, tally: None })
///             } else {
///                 Err(Error::refused("readiness", found.blocking.join("\n")))
///             }
///         },
///         |ended| println!("{ended}"),
///     ).await;
///     Ok(report.is_complete())
/// }
/// ```
#[derive(Debug)]
pub struct Organizations<'a> {
    tenants: Vec<TenantBlueprint>,
    account: Account,
    place: Place<'a>,
    /// Whose turn it is in each Okta org, by its URL.
    turns: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

#[derive(Debug)]
enum Place<'a> {
    Real(Needs),
    Sandbox(&'a Embedded),
}

impl<'a> Organizations<'a> {
    /// Those of real tenants, for a program that uses some of the secrets.
    ///
    /// # Errors
    /// [`Error::Input`] when there are none, or JumpCloud's secret cannot be sent as a header.
    pub fn real(needs: Needs, tenants: Vec<TenantBlueprint>) -> Result<Self, Error> {
        let first = first(&tenants)?;
        let account = Account::real(needs, &first.blueprint, &first.secrets)?;
        Ok(Self::of(tenants, account, Place::Real(needs)))
    }

    /// Those of the embedded sandbox: an organisation that its world does not have fails.
    ///
    /// # Errors
    /// As for [`real`](Self::real).
    pub fn sandbox(tenants: Vec<TenantBlueprint>, embedded: &'a Embedded) -> Result<Self, Error> {
        let account = Account::sandbox(&first(&tenants)?.blueprint, embedded)?;
        Ok(Self::of(tenants, account, Place::Sandbox(embedded)))
    }

    fn of(tenants: Vec<TenantBlueprint>, account: Account, place: Place<'a>) -> Self {
        Self {
            tenants,
            account,
            place,
            turns: Mutex::default(),
        }
    }

    /// The tenants, in the blueprint's order.
    pub fn tenants(&self) -> &[TenantBlueprint] {
        &self.tenants
    }

    /// Does `work` in all of them, a few at a time; `progress` gets each as it ends.
    ///
    /// It always ends with a report: what one fails with is told there. The clients of a tenant are made when its turn
    /// comes, and all send over the connections of one JumpCloud client.
    pub async fn each(
        &self,
        options: &MspOptions,
        work: impl AsyncFn(&TenantBlueprint, &Tenants) -> Result<TenantOutcome, Error>,
        progress: impl FnMut(&TenantReport),
    ) -> Report {
        let named: Vec<Tenant> = self
            .tenants
            .iter()
            .map(|tenant| Tenant::new(&tenant.organization, &tenant.name))
            .collect();
        let by_organization: BTreeMap<&str, &TenantBlueprint> = self
            .tenants
            .iter()
            .map(|tenant| (tenant.organization.as_str(), tenant))
            .collect();
        let (work, by_organization) = (&work, &by_organization);
        let in_one = |client: JumpCloud, named: &Tenant| {
            // Each name comes from the list that the map was made of.
            let tenant = by_organization[named.organization.as_str()];
            async move {
                let done = async {
                    let connected = self.connect(tenant, client)?;
                    work(tenant, &connected).await
                };
                Ok(done.await.unwrap_or_else(|error| failed(&error)))
            }
        };
        msp::for_each(self.account.client(), &named, options, in_one, progress).await
    }

    fn connect(&self, tenant: &TenantBlueprint, client: JumpCloud) -> Result<Tenants, Error> {
        let account = self.account.clone().with(client);
        let mut tenants = match self.place {
            Place::Real(needs) => {
                Tenants::real_in(needs, &tenant.blueprint, &tenant.secrets, account)?
            }
            Place::Sandbox(embedded) => Tenants::sandbox_in(embedded, account)?,
        };
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.okta_turn = Arc::clone(turns.entry(tenants.okta.url()).or_default());
        Ok(tenants)
    }
}

fn first(tenants: &[TenantBlueprint]) -> Result<&TenantBlueprint, Error> {
    tenants.first().ok_or_else(|| {
        Error::input(
            "the blueprint",
            "tenants is missing",
            "[[tenants]], one for each organisation",
        )
    })
}

fn failed(error: &Error) -> TenantOutcome {
    TenantOutcome::Failed {
        reason: error.to_string(),
        transient: error.is_transient(),
        error: None,
    }
}
