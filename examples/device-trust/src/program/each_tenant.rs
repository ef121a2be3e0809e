//! A program for one organisation, or for each of the blueprint's tenants. The rule: the work does not know which.

use std::{cell::RefCell, collections::BTreeMap, path::Path};

use jumpcloud_mdm::msp::{MspOptions, Report, TenantOutcome, TenantReport};

use super::{Common, JournalFile, refuse_world, say};
use crate::{
    Blueprint, Error, Output, Tenants,
    blueprint::{Needs, TenantBlueprint},
    embedded::Embedded,
    keep::Organizations,
};

/// The options of a program that works in one organisation, or in each of the blueprint's tenants.
#[derive(Debug, Clone, clap::Args)]
pub struct EachTenant {
    /// Those of every program.
    #[command(flatten)]
    pub common: Common,
    /// How many of the blueprint's tenants are worked on at a time.
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub at_once: u8,
}

/// Where the work in one organisation says and keeps something.
#[derive(Debug, Default)]
pub struct Here {
    /// The organisation's id, where there are several.
    organization: Option<String>,
    said: RefCell<String>,
}

impl Here {
    /// Says something: at once, or, where there are several, when the organisation's turn ends, so that nobody's lines
    /// are mixed with another's.
    pub fn say(&self, text: &str) {
        if self.organization.is_some() {
            let mut said = self.said.borrow_mut();
            said.push_str(text);
            said.push('\n');
        } else {
            say(text);
        }
    }

    /// The folder for its files: `folder`, or, where there are several, one of its own in it.
    pub fn output(&self, folder: &Path) -> Output {
        match &self.organization {
            None => Output::new(folder),
            Some(organization) => Output::new(folder.join(organization)),
        }
    }
}

impl EachTenant {
    /// Loads the blueprint and does `work` in its one organisation, in that which `--org` names, or in each of its tenants.
    /// `check` looks at every blueprint before anything is sent. With a journal, a run over tenants can be gone on with.
    ///
    /// # Errors
    /// [`Error::Input`] when a blueprint or the options are bad; what `work` fails with in the one organisation;
    /// [`Error::Refused`] with each tenant that is not done.
    pub async fn run(
        &self,
        needs: Needs,
        journal: Option<JournalFile>,
        check: impl Fn(&Blueprint) -> Result<(), Error>,
        work: impl AsyncFn(&Blueprint, &Tenants, &Here) -> Result<TenantOutcome, Error>,
    ) -> Result<(), Error> {
        let common = &self.common;
        let tenants = match &common.org {
            Some(_) => Vec::new(),
            None => {
                let environment = |name: &str| std::env::var(name).ok();
                let overrides = common.overrides();
                Blueprint::load_tenants(needs, &common.blueprint, &overrides, environment)?
            }
        };
        let Some(first) = tenants.first() else {
            let one = async |blueprint: &Blueprint, tenants: &Tenants| {
                check(blueprint)?;
                work(blueprint, tenants, &Here::default()).await.map(drop)
            };
            return Box::pin(common.run(needs, one)).await;
        };
        for tenant in &tenants {
            check(&tenant.blueprint).map_err(|error| about(tenant, error))?;
        }
        if !first.blueprint.uses_sandbox() {
            refuse_world(common.keep_world.as_ref())?;
            let all = Organizations::real(needs, tenants)?;
            return Box::pin(self.each(&all, journal, work)).await;
        }
        let keep = common.keep_world.as_deref();
        let embedded = Embedded::start(&first.secrets, keep).await?;
        let all = Organizations::sandbox(tenants, &embedded)?;
        let result = Box::pin(self.each(&all, journal, work)).await;
        drop(all);
        embedded.stop().await?;
        result
    }

    async fn each(
        &self,
        all: &Organizations<'_>,
        journal: Option<JournalFile>,
        work: impl AsyncFn(&Blueprint, &Tenants, &Here) -> Result<TenantOutcome, Error>,
    ) -> Result<(), Error> {
        let mut options = MspOptions::default().concurrency(self.at_once.into());
        let mut open = None;
        if let Some(journal) = journal {
            let (journal, rest) = journal.open(options)?;
            (open, options) = (Some(journal), rest);
        }
        let said: RefCell<BTreeMap<String, String>> = RefCell::default();
        let report = all
            .each(
                &options,
                async |tenant, tenants| {
                    let here = Here {
                        organization: Some(tenant.organization.clone()),
                        ..Here::default()
                    };
                    let outcome = work(&tenant.blueprint, tenants, &here).await;
                    let text = here.said.into_inner();
                    said.borrow_mut().insert(tenant.organization.clone(), text);
                    outcome
                },
                |ended| {
                    let text = said.borrow_mut().remove(&ended.organization);
                    say(&shown(ended, &text.unwrap_or_default()));
                    if let Some(journal) = &mut open {
                        journal.add(ended);
                    }
                },
            )
            .await;
        let written = open.map_or(Ok(()), |journal| journal.end(report.is_complete()));
        told(&report).and(written)
    }
}

/// What one tenant said, and why it is not done.
fn shown(ended: &TenantReport, said: &str) -> String {
    let mut text = format!("{} ({})", ended.name, ended.organization);
    for line in said.lines() {
        text += &format!("\n  {line}");
    }
    match &ended.outcome {
        TenantOutcome::Failed { reason, .. } => text + "\n  ! " + &reason.replace('\n', "\n    "),
        TenantOutcome::Skipped => text + "\n  done by the earlier run",
        _ => text,
    }
}

/// How many there were; those that failed are the refusal.
fn told(report: &Report) -> Result<(), Error> {
    let all = report.tenants.len();
    let failed: Vec<_> = report.remaining().collect();
    if failed.is_empty() {
        say(&format!("{all} tenants, and none failed"));
        return Ok(());
    }
    let lines: String = failed.iter().map(|one| format!("\n  ! {one}")).collect();
    let count = failed.len();
    Err(Error::refused(
        "tenants",
        format!("{count} of {all} tenants failed:{lines}"),
    ))
}

/// A refusal of the options as one by a tenant's blueprint.
fn about(tenant: &TenantBlueprint, error: Error) -> Error {
    match error {
        Error::Input(mut problems) => {
            for problem in &mut problems.list {
                problem.what = format!("tenant {}: {}", tenant.name, problem.what);
            }
            Error::Input(problems)
        }
        other => other,
    }
}
