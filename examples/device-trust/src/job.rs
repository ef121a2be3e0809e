//! The whole job, in order. Each stage is in `stages`; this file is the chain and nothing else.

use mobileconfig::Profile;

use crate::{
    Blueprint, Error, Output, Progress, Report, Stage, desired,
    stages::{self, Planned},
    tenants::Tenants,
};

/// A blueprint, the tenants it is for and the folder for what comes out.
#[derive(Debug)]
pub struct Job {
    blueprint: Blueprint,
    tenants: Tenants,
    output: Output,
}

impl Job {
    /// A job; nothing is sent yet.
    pub fn new(blueprint: Blueprint, tenants: Tenants, output: Output) -> Self {
        Self {
            blueprint,
            tenants,
            output,
        }
    }

    /// The profile and its bytes. Nothing is sent and nothing is written.
    ///
    /// # Errors
    /// [`Error::Refused`] when the blueprint's values and the CA's certificates make no profile, or one that Macs refuse.
    pub fn profile(&self, progress: &dyn Progress) -> Result<(Profile, Vec<u8>), Error> {
        progress.stage(Stage::Profile);
        let refused = |error| Error::refused(Stage::Profile.name(), error);
        let profile = desired::profile(&self.blueprint, &self.tenants, self.blueprint.generation)
            .map_err(refused)?;
        let bytes = profile.to_xml().map_err(refused)?;
        stages::lint(&profile, progress)?;
        Ok((profile, bytes))
    }

    /// Checks the CA, builds the profile, reads both tenants and lists the changes. Writes `plan.json` and the
    /// profile, and changes nothing in either tenant.
    ///
    /// # Errors
    /// [`Error::Refused`] by the CA or a tenant, [`Error::File`] when a file cannot be written.
    pub async fn plan(&self, progress: &dyn Progress) -> Result<Planned, Error> {
        if self.output.has_closing() {
            progress.line(
                "note: an earlier run may have been stopped while it closed a catch-all; the next run without \
                 --plan-only looks at that first",
            );
        }
        let (profile, bytes) = self.profile(progress)?;
        stages::check_ca(&profile, progress).await?;
        let planned = self.planned(&profile, &bytes, progress).await?;
        self.keep(&planned, &bytes)?;
        Ok(planned)
    }

    /// Runs the job to its end: plan, apply, wait, prove, deny, verify. Writes all four files.
    ///
    /// An earlier run that was stopped while it closed the catch-all is gone on with first: people may be locked out.
    /// `show` gets the plan before anything else is changed.
    ///
    /// # Errors
    /// As for [`plan`](Self::plan). What was applied before a refusal stays; running again goes on from there.
    pub async fn run(
        &self,
        progress: &dyn Progress,
        show: impl FnOnce(&Planned),
    ) -> Result<Report, Error> {
        let Self {
            blueprint, tenants, ..
        } = self;
        let resumed = stages::go_on(tenants, &self.output, progress).await?;
        let (profile, bytes) = self.profile(progress)?;
        stages::check_ca(&profile, progress).await?;
        let planned = self.planned(&profile, &bytes, progress).await?;
        show(&planned);
        let mut writes = resumed.unwrap_or(0);
        let mut applied = None;
        if planned.changes() > 0 {
            if blueprint.scep.prove_challenge {
                stages::prove_challenge(tenants, &profile, progress).await?;
            }
            self.keep(&planned, &bytes)?;
            applied =
                Some(stages::apply(blueprint, tenants, &planned, &self.output, progress).await?);
            writes += planned.changes();
        } else {
            self.keep(&planned, &bytes)?;
        }
        let macs =
            stages::wait_for_macs(blueprint, tenants, &planned, applied.as_ref(), progress).await?;
        let mut before = None;
        let mut still_met = Ok(());
        if planned.catch_all_denies {
            still_met = stages::still_met(tenants, &planned, progress).await;
        } else {
            before =
                Some(stages::prove(blueprint, tenants, &planned, &macs.rollout, progress).await?);
            writes += stages::enforce(blueprint, tenants, &planned, &self.output, progress).await?;
        }
        let changed = (writes > 0 || resumed.is_some()).then(jiff::Timestamp::now);
        let after = stages::verify(
            blueprint,
            tenants,
            &planned,
            &macs.rollout,
            changed,
            progress,
        )
        .await;
        // A Mac that is kept out and a guard that is not met are told together: either can be the reason of the other.
        let after = match (still_met, after) {
            (Ok(()), after) => after?,
            (Err(error), Ok(_)) => return Err(error),
            (Err(error), Err(kept_out)) => {
                let both = format!("{kept_out}\n{error}");
                return Err(Error::refused(Stage::Verify.name(), both));
            }
        };
        let report = Report::new(writes, &planned, macs, before.as_ref(), &after);
        self.output.write(Output::EVIDENCE, &report.to_json())?;
        self.output
            .write(Output::REPORT, report.to_html().as_bytes())?;
        Ok(report)
    }

    async fn planned(
        &self,
        profile: &Profile,
        bytes: &[u8],
        progress: &dyn Progress,
    ) -> Result<Planned, Error> {
        stages::plan(&self.blueprint, &self.tenants, profile, bytes, progress).await
    }

    /// Writes the plan and the profile.
    fn keep(&self, planned: &Planned, bytes: &[u8]) -> Result<(), Error> {
        self.output.write_secret(Output::PROFILE, bytes)?;
        self.output
            .write(Output::PLAN, &crate::report::json(planned))?;
        Ok(())
    }
}
