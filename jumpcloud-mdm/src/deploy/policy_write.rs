//! Writing a policy: once, seen through, never over another's change.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use jiff::Timestamp;

use super::{
    Outcome, PolicyMark, Provenance, Template,
    apply::Run,
    read_back::{self, read_twice},
    stored::{Stored, values_for},
    wait::mark_of,
};
use crate::{Error, NewPolicy, Policy, PolicyResult, PolicyUpdate};

/// What a policy is to be, except the profile's bytes.
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    pub(super) template: &'a Template,
    pub(super) redispatch: Option<bool>,
    pub(super) notes: Notes<'a>,
}

/// A mark of each system's last result, and the time of the last one.
type Reported = (BTreeMap<String, String>, Option<Timestamp>);

/// What the notes are to say.
pub(super) enum Notes<'a> {
    /// The origin, beside an administrator's own lines.
    Origin(&'a Provenance),
    /// Exactly this.
    Exactly(&'a str),
}

impl Notes<'_> {
    fn write(&self, current: Option<&str>, until: Option<Timestamp>) -> String {
        match self {
            Self::Origin(provenance) => provenance.write_until(current, until),
            Self::Exactly(text) => (*text).to_owned(),
        }
    }
}

impl Wanted<'_> {
    fn object(&self) -> String {
        format!("policy `{}`", self.name)
    }

    /// In which fields `policy` is not as wanted.
    fn unmet(&self, policy: &Policy, xml: &[u8]) -> Vec<String> {
        let stored = Stored::new(policy, self.template);
        let notes_met = match self.notes {
            Notes::Origin(wanted) => stored.provenance().as_ref() == Some(wanted),
            Notes::Exactly(wanted) => policy.notes.as_deref().unwrap_or_default() == wanted,
        };
        let mut fields = Vec::new();
        let mut check = |field: &str, met: bool| {
            if !met {
                fields.push(field.to_owned());
            }
        };
        check("name", policy.name.as_deref() == Some(self.name));
        check("notes", notes_met);
        // A value that cannot be read back (masked) is vouched for by the notes alone.
        check("payload", stored.same_profile(xml).unwrap_or(true));
        // A server may leave a `false` out.
        let switch = stored.redispatch().unwrap_or(false);
        check(
            "redispatchPolicy",
            self.redispatch.is_none_or(|wanted| wanted == switch),
        );
        fields
    }
}

impl Run<'_> {
    /// The profile's bytes; [`Plan::check`](super::Plan::check) has seen that they are there.
    fn xml(&self, policy: &str) -> &[u8] {
        self.desired
            .profile_named(policy)
            .map_or(&[], |desired| &desired.profile)
    }

    pub(super) async fn create_policy(&mut self, wanted: &Wanted<'_>) -> Result<Outcome, Error> {
        if let Some(found) = self.client.policy_named(wanted.name).await? {
            if !wanted.unmet(&found, self.xml(wanted.name)).is_empty() {
                return Err(Error::Stale {
                    object: wanted.object(),
                    differences: vec!["it exists by now".into()],
                });
            }
            self.touched(wanted, found.id);
            return Ok(Outcome::AlreadyThere);
        }
        let xml = self.xml(wanted.name);
        let new = NewPolicy {
            name: wanted.name.to_owned(),
            template_id: wanted.template.id.clone(),
            values: values_for(wanted.template, xml, wanted.redispatch),
            notes: Some(wanted.notes.write(None, None)),
        };
        let id = read_back::create(
            self.client.settle(),
            || self.client.create_policy(&new),
            || self.client.policy_named(wanted.name),
            |found| wanted.unmet(found, xml).is_empty(),
            |policy| policy.id,
        )
        .await?;
        self.touched(wanted, id.clone());
        self.verify(wanted, &id).await?;
        Ok(Outcome::Done)
    }

    pub(super) async fn update_policy(
        &mut self,
        wanted: &Wanted<'_>,
        id: &str,
        observed: &PolicyMark,
    ) -> Result<Outcome, Error> {
        let stale = |differences: Vec<String>| Error::Stale {
            object: wanted.object(),
            differences,
        };
        let current = match self.client.policy(id).await {
            Ok(policy) => policy,
            Err(error) if error.is_not_found() => return Err(stale(vec!["it is gone".into()])),
            Err(error) => return Err(error),
        };
        self.touched(wanted, id.to_owned());
        let stored = Stored::new(&current, wanted.template);
        let differences = observed.differences(&stored.mark(self.key));
        if !differences.is_empty() {
            if wanted.unmet(&current, self.xml(wanted.name)).is_empty() {
                return Ok(Outcome::AlreadyThere);
            }
            if let (Notes::Origin(wanted_origin), Some(origin)) =
                (&wanted.notes, stored.provenance())
                && let (Some(desired), Some(newer)) = (wanted_origin.generation, origin.generation)
                && newer > desired
            {
                return Err(Error::OlderGeneration {
                    policy: wanted.name.to_owned(),
                    stored: newer,
                    desired,
                });
            }
            return Err(stale(differences));
        }
        let (before, until) = self.reported(id).await?;
        self.applied
            .reported_before
            .insert(wanted.name.to_owned(), before);
        let xml = self.xml(wanted.name);
        let update = PolicyUpdate {
            name: wanted.name.to_owned(),
            values: stored.values_with(xml, wanted.redispatch),
            notes: Some(wanted.notes.write(current.notes.as_deref(), until)),
        };
        read_back::update(
            self.client.settle(),
            || self.client.update_policy(id, &update),
            || self.client.policy(id),
            |now| wanted.unmet(now, xml).is_empty(),
            |now| {
                let mark = Stored::new(now, wanted.template).mark(self.key);
                let differences = observed.differences(&mark);
                (!differences.is_empty()).then(|| stale(differences))
            },
        )
        .await?;
        self.verify(wanted, id).await?;
        Ok(Outcome::Done)
    }

    pub(super) async fn delete_policy(
        &self,
        policy: &str,
        id: &str,
        template: &Template,
        observed: &PolicyMark,
    ) -> Result<Outcome, Error> {
        let current = match self.client.policy(id).await {
            Ok(current) => current,
            Err(error) if error.is_not_found() => return Ok(Outcome::AlreadyThere),
            Err(error) => return Err(error),
        };
        let another = |now: &Policy| {
            let differences = observed.differences(&Stored::new(now, template).mark(self.key));
            (!differences.is_empty()).then(|| Error::Stale {
                object: format!("policy `{policy}`"),
                differences,
            })
        };
        if let Some(error) = another(&current) {
            return Err(error);
        }
        read_back::delete(
            || self.client.delete_policy(id),
            || self.client.policy(id),
            another,
        )
        .await?;
        Ok(Outcome::Done)
    }

    fn touched(&mut self, wanted: &Wanted<'_>, id: String) {
        self.applied.policies.insert(wanted.name.to_owned(), id);
    }

    /// Compares what is stored, now or after a moment, with what was sent.
    async fn verify(&self, wanted: &Wanted<'_>, id: &str) -> Result<(), Error> {
        let xml = self.xml(wanted.name);
        let met = |policy: &Policy| wanted.unmet(policy, xml).is_empty();
        let stored = read_twice(self.client.settle(), || self.client.policy(id), met).await?;
        let fields = wanted.unmet(&stored, xml);
        if fields.is_empty() {
            Ok(())
        } else {
            Err(Error::Echo {
                object: wanted.object(),
                fields,
            })
        }
    }

    /// What each system has reported so far, and the time of the last report on JumpCloud's clock.
    async fn reported(&self, policy_id: &str) -> Result<Reported, Error> {
        let statuses: Vec<_> = self.client.policy_statuses(policy_id).try_collect().await?;
        let until = statuses.iter().filter_map(PolicyResult::at).max();
        let marks = statuses
            .into_iter()
            .filter_map(|status| Some((status.system_id.clone()?, mark_of(&status))))
            .collect();
        Ok((marks, until))
    }
}
