//! Writing a software app. The stored JSON is edited as it came, so that settings this version does not know survive.

use serde_json::{Value, json};

use super::{
    KeyedDigest, Outcome, Package,
    apply::Run,
    observed::bound,
    package::package_digest,
    provenance::software_description,
    read_back::{self, read_twice},
};
use crate::{Bindable, Error, ObjectType, PackageManager, SoftwareApp, software::get_request};

/// The body of a new software app.
fn new_app(display_name: &str, package: &Package, owner: &str) -> Value {
    let mut settings = json!({
        "desiredState": "INSTALL",
        "description": software_description(owner),
    });
    set_package(&mut settings, package);
    json!({"displayName": display_name, "settings": [settings]})
}

/// Sets what the package says. The sums of another download would refuse this one, so they go when the URL changes.
fn set_package(settings: &mut Value, package: &Package) {
    settings["packageManager"] = json!(package.manager());
    match package {
        Package::Custom { id, url } => {
            settings["packageId"] = json!(id);
            if settings["location"] != json!(url) {
                settings["location"] = json!(url);
                if let Some(settings) = settings.as_object_mut() {
                    settings.remove("assetSha256Size");
                    settings.remove("assetSha256Strings");
                }
            }
        }
        Package::Vpp { id } => settings["packageId"] = json!(id),
        // Its bytes are there already, under the sum that it was found by.
        Package::Stored { .. } => {}
    }
}

/// `app` with the package set in the settings of its package manager.
fn edited(mut app: Value, package: &Package) -> Value {
    let manager = package.manager();
    let settings = app["settings"].as_array_mut().and_then(|all| {
        all.iter_mut()
            .find(|one| one["packageManager"] == json!(manager))
    });
    if let Some(settings) = settings {
        settings["desiredState"] = json!("INSTALL");
        set_package(settings, package);
    }
    app
}

fn met(app: &SoftwareApp, package: &Package) -> bool {
    app.package(&package.manager())
        .is_some_and(|settings| package.matches(settings))
}

impl Run<'_> {
    fn package(&self, software: &str) -> Result<&Package, Error> {
        self.desired
            .software_named(software)
            .map(|desired| &desired.package)
            .ok_or_else(|| Error::PlanMismatch {
                message: format!("software `{software}` is not desired"),
            })
    }

    pub(super) async fn create_software(&mut self, software: &str) -> Result<Outcome, Error> {
        let package = self.package(software)?.clone();
        if let Some(found) = self.software_found(software).await? {
            if !met(&found, &package) {
                return Err(Error::Stale {
                    object: format!("software `{software}`"),
                    differences: vec!["it exists by now".into()],
                });
            }
            self.applied.software.insert(software.to_owned(), found.id);
            return Ok(Outcome::AlreadyThere);
        }
        let body = new_app(software, &package, &self.desired.owner);
        let id = read_back::create(
            self.client.settle(),
            || self.client.create_software_app(&body),
            || self.software_found(software),
            |found| met(found, &package),
            |app| app.id,
        )
        .await?;
        self.applied
            .software
            .insert(software.to_owned(), id.clone());
        self.verify_software(software, &id, &package).await?;
        Ok(Outcome::Done)
    }

    pub(super) async fn update_software(
        &mut self,
        software: &str,
        id: &str,
        observed: &KeyedDigest,
    ) -> Result<Outcome, Error> {
        let package = self.package(software)?.clone();
        let (raw, app) = self.software_read(id).await?;
        self.applied
            .software
            .insert(software.to_owned(), id.to_owned());
        if self.package_differs(&app, &package.manager(), observed) {
            if met(&app, &package) {
                return Ok(Outcome::AlreadyThere);
            }
            return Err(stale(software));
        }
        let body = edited(raw, &package);
        read_back::update(
            self.client.settle(),
            || self.client.update_software_app(id, &body),
            || self.client.software_app(id),
            |now| met(now, &package),
            |now| {
                let differs = self.package_differs(now, &package.manager(), observed);
                differs.then(|| stale(software))
            },
        )
        .await?;
        self.verify_software(software, id, &package).await?;
        Ok(Outcome::Done)
    }

    pub(super) async fn delete_software(
        &self,
        software: &str,
        id: &str,
        manager: &PackageManager,
        observed: &KeyedDigest,
    ) -> Result<Outcome, Error> {
        let app = match self.client.software_app(id).await {
            Ok(app) => app,
            Err(error) if error.is_not_found() => return Ok(Outcome::AlreadyThere),
            Err(error) => return Err(error),
        };
        let another = |now: &SoftwareApp| {
            let differs = self.package_differs(now, manager, observed);
            differs.then(|| stale(software))
        };
        if let Some(error) = another(&app) {
            return Err(error);
        }
        read_back::delete(
            || self.client.delete_software_app(id),
            || self.client.software_app(id),
            another,
        )
        .await?;
        Ok(Outcome::Done)
    }

    /// Deletes a software app, unless it is bound to anything.
    pub(super) async fn delete_twin(
        &self,
        software: &str,
        id: &str,
        manager: &PackageManager,
        observed: &KeyedDigest,
    ) -> Result<Outcome, Error> {
        let from = Bindable::SoftwareApp(id.to_owned());
        for kind in [ObjectType::SystemGroup, ObjectType::System] {
            match bound(self.client, &from, &kind).await {
                Ok(edges) if edges.is_empty() => {}
                Ok(_) => {
                    return Err(Error::Stale {
                        object: format!("software `{software}` ({id})"),
                        differences: vec!["it is bound, and so is no mere twin".into()],
                    });
                }
                Err(error) if error.is_not_found() => return Ok(Outcome::AlreadyThere),
                Err(error) => return Err(error),
            }
        }
        self.delete_software(software, id, manager, observed).await
    }

    fn package_differs(
        &self,
        app: &SoftwareApp,
        manager: &PackageManager,
        observed: &KeyedDigest,
    ) -> bool {
        app.package(manager)
            .is_none_or(|settings| package_digest(settings, self.key) != *observed)
    }

    async fn software_found(&self, software: &str) -> Result<Option<SoftwareApp>, Error> {
        let mut found = self.client.software_apps_named(software).await?;
        Ok(found.pop())
    }

    /// A software app as it came, and read.
    async fn software_read(&self, id: &str) -> Result<(Value, SoftwareApp), Error> {
        let request = get_request(id);
        let response = self.client.exchange(&request).await?;
        Ok((
            self.client.decode(&request, &response)?,
            self.client.decode(&request, &response)?,
        ))
    }

    async fn verify_software(
        &self,
        software: &str,
        id: &str,
        package: &Package,
    ) -> Result<(), Error> {
        let read = || self.client.software_app(id);
        let stored = read_twice(self.client.settle(), read, |app| met(app, package)).await?;
        if met(&stored, package) {
            return Ok(());
        }
        Err(Error::Echo {
            object: format!("software `{software}`"),
            fields: vec!["settings".into()],
        })
    }
}

fn stale(software: &str) -> Error {
    Error::Stale {
        object: format!("software `{software}`"),
        differences: vec!["its package".into()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_by_url_is_created_as_apple_custom() {
        let package = Package::custom("okta-verify", "https://example.com/OktaVerify.pkg");
        insta::assert_snapshot!(new_app("Okta Verify", &package, "device-trust"), @r#"{"displayName":"Okta Verify","settings":[{"description":"deployed-by: device-trust","desiredState":"INSTALL","location":"https://example.com/OktaVerify.pkg","packageId":"okta-verify","packageManager":"APPLE_CUSTOM"}]}"#);
    }

    #[test]
    fn an_edit_keeps_what_it_does_not_know_and_drops_the_sums_of_the_old_download() {
        let app = json!({"id": "a", "settings": [
            {"packageManager": "APPLE_CUSTOM", "packageId": "p", "location": "https://old",
             "assetSha256Size": 1, "assetSha256Strings": ["x"], "appleVpp": null, "future": [1]},
        ]});
        let package = Package::custom("p", "https://new");
        insta::assert_snapshot!(edited(app, &package), @r#"{"id":"a","settings":[{"appleVpp":null,"desiredState":"INSTALL","future":[1],"location":"https://new","packageId":"p","packageManager":"APPLE_CUSTOM"}]}"#);
    }
}
