//! Putting a package into JumpCloud's storage: announced as a software app, sent to a presigned address, then checked by
//! JumpCloud. The rule: that address gets the bytes and nothing else, above all no key.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::{Found, PackageUpload, UploadRecord, stored_version};
use crate::{Error, JumpCloud, PackageStatus, SoftwareApp, deploy};

/// How often the bytes are sent.
const ATTEMPTS: u32 = 3;

/// Why the bytes were not sent.
struct NotSent {
    error: Error,
    /// Whether it is certain that the storage has not got them.
    certain: bool,
}

impl JumpCloud {
    /// As [`upload_package_recorded`](Self::upload_package_recorded), without a record: `POST /api/v2/softwareapps` and what
    /// follows. When such a run is killed or fails
    /// before the bytes were sent, a later one finds a software app that it cannot know for its own: it waits for it, and
    /// then tells that it is to be deleted in the console.
    ///
    /// # Errors
    /// As [`upload_package_recorded`](Self::upload_package_recorded).
    pub async fn upload_package(
        &self,
        upload: &PackageUpload,
        timeout: Duration,
    ) -> Result<SoftwareApp, Error> {
        self.upload_package_recorded(upload, timeout, None, |_| Ok(()))
            .await
    }

    /// Puts a package into JumpCloud's storage as a software app, and waits until it is available.
    ///
    /// `POST /api/v2/softwareapps` gives a presigned address; it gets a `PUT` of the bytes, without key; then
    /// `GET /api/v2/softwareapps/{id}` is read until the check has ended.
    ///
    /// It can be repeated: a software app of that name that holds this very file is used, whoever made it. `keep` puts the
    /// record of the upload away, before the announcement and again before the bytes are sent; a later run is given it as
    /// `earlier`. With it an announcement that was never sent is known, deleted and made again, since its address is known
    /// to the run only that made it. Nothing else is ever deleted.
    ///
    /// # Errors
    /// [`Error::UploadRejected`] with JumpCloud's reason; [`Error::Upload`] when the storage refuses the bytes, or it or the
    /// check does not end within `timeout`; [`Error::Input`] when `earlier` is of another package, or when `keep` fails, with
    /// what it said; else an [`Error`] by the answer's meaning.
    pub async fn upload_package_recorded(
        &self,
        upload: &PackageUpload,
        timeout: Duration,
        earlier: Option<UploadRecord>,
        mut keep: impl FnMut(&UploadRecord) -> Result<(), String>,
    ) -> Result<SoftwareApp, Error> {
        let deadline = Instant::now() + timeout;
        let mut record = earlier.unwrap_or_else(|| UploadRecord::new(upload));
        record.check(upload)?;
        let mut keep = |record: &UploadRecord| {
            keep(record).map_err(|message| Error::input("upload record", message))
        };
        let mut unknown = None;
        let created = loop {
            match self.found_package(upload, &record).await? {
                Found::There(id) => return self.checked_package(&id, deadline).await,
                Found::Unsent(ids) => {
                    for id in ids {
                        self.delete_unsent(&id, &record).await?;
                    }
                }
                Found::Nothing => {
                    // It may still be made, and would then be there twice: the next run decides.
                    if let Some(error) = unknown {
                        return Err(error);
                    }
                }
            }
            record.sent = false;
            keep(&record)?;
            match self.create_software_app(&upload.body(&record)).await {
                Ok(created) => break created,
                // If it was made, its address was in the answer that is lost.
                Err(error) if error.is_ambiguous() && unknown.is_none() => unknown = Some(error),
                Err(error) => return Err(error),
            }
        };
        record.sent = true;
        keep(&record)?;
        let address = created.extra.get("uploadUrl").and_then(Value::as_str);
        let sent = self.send_package(address.unwrap_or_default(), upload, deadline);
        if let Err(NotSent { error, certain }) = sent.await {
            if certain {
                record.sent = false;
                keep(&record)?;
            }
            return Err(error);
        }
        self.checked_package(&created.id, deadline).await
    }

    /// Deletes a software app that this upload announced and never sent.
    async fn delete_unsent(&self, id: &str, record: &UploadRecord) -> Result<(), Error> {
        let another = |now: &SoftwareApp| {
            (!record.announced(now)).then(|| Error::Stale {
                object: format!("software app {id}"),
                differences: vec!["it is not marked as announced by this upload any more".into()],
            })
        };
        deploy::delete(
            || self.delete_software_app(id),
            || self.software_app(id),
            another,
        )
        .await
    }

    /// What is there of a package, now or after a moment: a list that is out of date would make a second one.
    async fn found_package(
        &self,
        upload: &PackageUpload,
        record: &UploadRecord,
    ) -> Result<Found, Error> {
        let apps = self.software_apps_named(&upload.display_name).await?;
        let found = upload.found(record, &apps);
        if found != Found::Nothing {
            return Ok(found);
        }
        tokio::time::sleep(self.settle()).await;
        let apps = self.software_apps_named(&upload.display_name).await?;
        Ok(upload.found(record, &apps))
    }

    /// Sends the bytes. The storage is another host: no key, no header of ours, no redirect.
    async fn send_package(
        &self,
        address: &str,
        upload: &PackageUpload,
        deadline: Instant,
    ) -> Result<(), NotSent> {
        let failed = |reason: String, certain: bool| NotSent {
            error: Error::Upload {
                package: upload.display_name.clone(),
                reason,
            },
            certain,
        };
        let base = address.split(['?', '#']).next().unwrap_or_default();
        let origin = devtrust_transport::Origin::parse(base)
            .map_err(|_| failed("JumpCloud gave no https address to send it to".into(), true))?;
        let mut builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        if origin.url().scheme() == "http" {
            builder = builder.no_proxy();
        }
        // The address carries a signature, so no text of an error may hold it.
        let plain = |error: reqwest::Error| failed(error.without_url().to_string(), true);
        let http = builder.build().map_err(plain)?;
        let mut attempt = 1;
        loop {
            let sending = http.put(address).body(upload.bytes.clone()).send();
            let Ok(sent) = tokio::time::timeout_at(deadline, sending).await else {
                return Err(failed(
                    "the storage has not taken it in time; run again, with more time".into(),
                    false,
                ));
            };
            let reason = match sent {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) if answer.status().is_client_error() => {
                    let status = answer.status().as_u16();
                    let reason = format!(
                        "the storage answers {status}; its addresses live for a quarter of an hour, so run again"
                    );
                    // An earlier attempt may have arrived.
                    return Err(failed(reason, attempt == 1));
                }
                Ok(answer) => format!("the storage answers {}", answer.status().as_u16()),
                Err(error) => error.without_url().to_string(),
            };
            // The same bytes to the same address: sending them again does no harm.
            if attempt == ATTEMPTS {
                return Err(failed(reason, false));
            }
            attempt += 1;
            tokio::time::sleep(self.settle()).await;
        }
    }

    /// Reads the software app until JumpCloud has checked its package.
    async fn checked_package(&self, id: &str, deadline: Instant) -> Result<SoftwareApp, Error> {
        loop {
            let app = self.software_app(id).await?;
            let package = app.display_name.clone().unwrap_or_default();
            match stored_version(&app)
                .map(|version| (version.status.clone(), &version.rejected_reason))
            {
                Some((Some(PackageStatus::Available), _)) => return Ok(app),
                Some((Some(PackageStatus::Rejected), reason)) => {
                    return Err(Error::UploadRejected {
                        package,
                        reason: reason.clone().unwrap_or_default(),
                    });
                }
                None => {
                    return Err(Error::Upload {
                        package,
                        reason: "the software app has no stored package".into(),
                    });
                }
                Some((status, _)) if Instant::now() >= deadline => {
                    let reason = unchecked(status.as_ref(), id);
                    return Err(Error::Upload { package, reason });
                }
                Some(_) => tokio::time::sleep(self.settle()).await,
            }
        }
    }
}

/// Why a package is not there in time, and the mend.
fn unchecked(status: Option<&PackageStatus>, id: &str) -> String {
    match status {
        Some(PackageStatus::Pending) => format!(
            "JumpCloud waits for the bytes of software app {id} and has not got them in time; run again later, or, when \
             nobody is sending them, delete it in the console and run again"
        ),
        None => format!(
            "JumpCloud does not say how far it is with software app {id}; look at it in the console, and run again later"
        ),
        Some(_) => "JumpCloud has not checked it in time; run again later".into(),
    }
}
