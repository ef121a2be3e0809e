use super::{Cause, Compromise, RenewalPolicy, Ring, Rotation, Schedule};
use crate::error::{Error, Field};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Between a rotation that cannot wait longer and the expiry: Macs check in at an MDM server within a day.
const RESERVE: SignedDuration = SignedDuration::from_hours(24);

/// When each ring has to be rotated so that no certificate of its present generation expires.
///
/// Rings whose certificates expire first go first, in the order given where they expire alike. Each goes as late as
/// the policy allows, with the stagger between two of them; one that would fall into a blackout goes before it, or,
/// when that is over, after it. Where a policy cannot be kept, keeping certificates alive comes first, and the
/// [`Compromise`] is named. A ring without a certificate of its present generation is left out.
///
/// Nothing is remembered between two calls: give it the certificates of the day, and carry out what is
/// [`due`](Schedule::due).
///
/// # Errors
///
/// [`Error::is_renewal`]: a policy that is none (see [`RenewalPolicy::validate`]), or two rings of one name.
pub fn schedule(policy: &RenewalPolicy, rings: &[Ring], now: Timestamp) -> Result<Schedule, Error> {
    policy.validate()?;
    check_names(rings)?;
    let mut slots: Vec<Slot<'_>> = rings
        .iter()
        .filter_map(|ring| Slot::of(ring, policy))
        .collect();
    slots.sort_by_key(|slot| slot.due);

    let mut next = None;
    for slot in slots.iter_mut().rev() {
        slot.at = match next {
            Some(next) => slot.due.min(before(next, policy.stagger())),
            None => slot.due,
        };
        // Blackouts may touch each other.
        while let Some(blackout) = policy.blackout_at(slot.at) {
            let earlier = before(
                blackout.from,
                policy.stagger().max(SignedDuration::from_secs(1)),
            );
            // Nothing comes before the beginning of time.
            if earlier >= slot.at {
                break;
            }
            slot.at = earlier;
        }
        next = Some(slot.at);
    }
    let mut earliest = now;
    for slot in &mut slots {
        slot.settle(policy, now, earliest);
        earliest = after(slot.at, policy.stagger());
    }
    slots.sort_by_key(|slot| slot.at);
    Ok(Schedule {
        rotations: slots.into_iter().map(Slot::rotation).collect(),
    })
}

/// All rings at once, since the secret was reset or leaked: a new secret is in the profile, and every certificate that
/// is still valid is listed. Neither stagger nor blackout holds back what cannot wait.
///
/// # Errors
///
/// [`Error::is_renewal`]: two rings of one name, or [`Cause::Expiry`], which is for [`schedule`].
pub fn rotate_all(cause: Cause, rings: &[Ring], now: Timestamp) -> Result<Schedule, Error> {
    check_names(rings)?;
    if cause == Cause::Expiry {
        return Err(Error::new(
            Field::Renewal,
            "expiry is no cause to rotate all rings at once",
            "call schedule",
        ));
    }
    let rotation = |ring: &Ring| Rotation {
        ring: ring.name.clone(),
        at: now,
        generation: ring.generation + 1,
        cause,
        first_expiry: ring.current().map(|held| held.not_after).min(),
        enrolments: ring.certificates.len(),
        compromises: Vec::new(),
        old_certificates: ring
            .certificates
            .iter()
            .filter(|held| held.not_after >= now)
            .cloned()
            .collect(),
    };
    Ok(Schedule {
        rotations: rings.iter().map(rotation).collect(),
    })
}

struct Slot<'a> {
    ring: &'a Ring,
    first_expiry: Timestamp,
    enrolments: usize,
    due: Timestamp,
    at: Timestamp,
    compromises: Vec<Compromise>,
}

impl<'a> Slot<'a> {
    fn of(ring: &'a Ring, policy: &RenewalPolicy) -> Option<Self> {
        let (mut first_expiry, mut enrolments) = (None, 0);
        for held in ring.current() {
            enrolments += 1;
            if first_expiry.is_none_or(|first| held.not_after < first) {
                first_expiry = Some(held.not_after);
            }
        }
        let first_expiry = first_expiry?;
        let due = before(first_expiry, policy.lead());
        Some(Self {
            ring,
            first_expiry,
            enrolments,
            due,
            at: due,
            compromises: Vec::new(),
        })
    }

    /// Moves a rotation to where it can still take place.
    fn settle(&mut self, policy: &RenewalPolicy, now: Timestamp, earliest: Timestamp) {
        let last = before(self.first_expiry, RESERVE).max(now);
        if self.at < earliest {
            self.at = earliest;
            while let Some(blackout) = policy.blackout_at(self.at) {
                self.at = blackout.until;
            }
            if self.at > last {
                self.at = last.min(earliest);
                if policy.blackout_at(self.at).is_some() {
                    self.compromises.push(Compromise::InBlackout);
                }
                if self.at < earliest {
                    self.compromises.push(Compromise::Crowded);
                }
            }
        }
        if self.at > self.due {
            self.compromises.insert(0, Compromise::Late);
        }
    }

    fn rotation(self) -> Rotation {
        Rotation {
            ring: self.ring.name.clone(),
            at: self.at,
            generation: self.ring.generation + 1,
            cause: Cause::Expiry,
            first_expiry: Some(self.first_expiry),
            enrolments: self.enrolments,
            compromises: self.compromises,
            old_certificates: Vec::new(),
        }
    }
}

fn check_names(rings: &[Ring]) -> Result<(), Error> {
    let mut names = BTreeSet::new();
    match rings.iter().find(|ring| !names.insert(&ring.name)) {
        Some(twice) => Err(Error::new(
            Field::Renewal,
            format!("two rings are called {}", twice.name),
            "give each a name of its own",
        )),
        None => Ok(()),
    }
}

fn before(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_sub(span).unwrap_or(Timestamp::MIN)
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::HeldCertificate;
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn ring(name: &str, expires: &str) -> Ring {
        let expires = at(expires);
        let from = before(expires, SignedDuration::from_hours(365 * 24));
        Ring::new(name).certificate(HeldCertificate::new(name, from, expires))
    }

    fn times(schedule: &Schedule) -> Vec<(&str, String)> {
        let rotations = schedule.rotations.iter();
        rotations
            .map(|rotation| (rotation.ring.as_str(), rotation.at.to_string()))
            .collect()
    }

    fn expected(times: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let times = times.iter();
        times.map(|(ring, at)| (*ring, (*at).to_owned())).collect()
    }

    #[test]
    fn rings_that_expire_alike_go_in_their_order_and_none_is_late() {
        let rings = ["pilot", "tenth", "all"].map(|name| ring(name, "2027-06-30T00:00:00Z"));
        let policy = RenewalPolicy::default().days_before(30);
        let schedule = schedule(&policy, &rings, at("2027-01-01T00:00:00Z")).unwrap();
        assert_eq!(
            times(&schedule),
            expected(&[
                ("pilot", "2027-05-29T00:00:00Z"),
                ("tenth", "2027-05-30T00:00:00Z"),
                ("all", "2027-05-31T00:00:00Z"),
            ])
        );
        assert!(
            schedule
                .rotations
                .iter()
                .all(|rotation| rotation.compromises.is_empty())
        );
        assert_eq!(schedule.due(at("2027-05-30T00:00:00Z")).count(), 2);
    }

    #[test]
    fn rings_already_apart_do_not_drift_to_ever_earlier_dates() {
        let rings = [
            ring("pilot", "2027-06-28T00:00:00Z"),
            ring("all", "2027-06-30T00:00:00Z"),
        ];
        let policy = RenewalPolicy::default().days_before(30);
        let schedule = schedule(&policy, &rings, at("2027-01-01T00:00:00Z")).unwrap();
        assert_eq!(
            times(&schedule),
            expected(&[
                ("pilot", "2027-05-29T00:00:00Z"),
                ("all", "2027-05-31T00:00:00Z"),
            ])
        );
    }

    #[test]
    fn what_is_overdue_goes_now_and_the_rest_after_the_stagger() {
        let rings = ["pilot", "all"].map(|name| ring(name, "2027-06-30T00:00:00Z"));
        let policy = RenewalPolicy::default().days_before(30);
        let schedule = schedule(&policy, &rings, at("2027-06-20T12:00:00Z")).unwrap();
        assert_eq!(
            times(&schedule),
            expected(&[
                ("pilot", "2027-06-20T12:00:00Z"),
                ("all", "2027-06-21T12:00:00Z"),
            ])
        );
        for rotation in &schedule.rotations {
            assert_eq!(rotation.compromises, [Compromise::Late]);
        }
    }

    #[test]
    fn overdue_in_a_blackout_waits_for_its_end_unless_certificates_would_expire() {
        let policy = RenewalPolicy::default().days_before(30).blackout(
            at("2027-06-15T00:00:00Z"),
            at("2027-06-25T00:00:00Z"),
            "fair",
        );
        let now = at("2027-06-20T00:00:00Z");
        let waits = schedule(&policy, &[ring("a", "2027-06-30T00:00:00Z")], now).unwrap();
        assert_eq!(times(&waits), expected(&[("a", "2027-06-25T00:00:00Z")]));
        let cannot = schedule(&policy, &[ring("a", "2027-06-25T12:00:00Z")], now).unwrap();
        assert_eq!(times(&cannot), expected(&[("a", "2027-06-20T00:00:00Z")]));
        assert_eq!(
            cannot.rotations[0].compromises,
            [Compromise::Late, Compromise::InBlackout]
        );
    }

    #[test]
    fn a_blackout_without_a_beginning_is_waited_out() {
        let policy = RenewalPolicy::default().days_before(30).blackout(
            Timestamp::MIN,
            at("2027-06-20T00:00:00Z"),
            "not before",
        );
        let now = at("2027-01-01T00:00:00Z");
        let waits = schedule(&policy, &[ring("a", "2027-06-30T00:00:00Z")], now).unwrap();
        assert_eq!(times(&waits), expected(&[("a", "2027-06-20T00:00:00Z")]));
        assert_eq!(waits.rotations[0].compromises, [Compromise::Late]);
    }

    #[test]
    fn a_stagger_that_would_let_certificates_expire_is_not_kept() {
        let rings = ["a", "b", "c"].map(|name| ring(name, "2027-06-22T00:00:00Z"));
        let now = at("2027-06-20T00:00:00Z");
        let schedule = schedule(&RenewalPolicy::default(), &rings, now).unwrap();
        assert_eq!(
            times(&schedule),
            expected(&[
                ("a", "2027-06-20T00:00:00Z"),
                ("b", "2027-06-21T00:00:00Z"),
                ("c", "2027-06-21T00:00:00Z"),
            ])
        );
        assert_eq!(
            schedule.rotations[2].compromises,
            [Compromise::Late, Compromise::Crowded]
        );
    }

    #[test]
    fn a_mac_that_missed_the_last_rotation_asks_for_no_other() {
        let missed = HeldCertificate::new(
            "off line",
            at("2026-01-01T00:00:00Z"),
            at("2027-01-01T00:00:00Z"),
        );
        let ring = ring("all", "2027-10-01T00:00:00Z")
            .generation(3, at("2026-10-01T00:30:00Z"))
            .certificate(missed.clone());
        assert_eq!(ring.left_behind().collect::<Vec<_>>(), [&missed]);
        let policy = RenewalPolicy::default().days_before(30);
        let schedule = schedule(&policy, &[ring], at("2026-12-25T00:00:00Z")).unwrap();
        assert_eq!(
            times(&schedule),
            expected(&[("all", "2027-09-01T00:00:00Z")])
        );
        assert_eq!(
            (
                schedule.rotations[0].generation,
                schedule.rotations[0].enrolments
            ),
            (4, 1)
        );
    }

    #[test]
    fn a_ring_that_nobody_enrolled_in_is_left_out() {
        let now = at("2027-01-01T00:00:00Z");
        let rings = [Ring::new("empty")];
        let nothing = schedule(&RenewalPolicy::default(), &rings, now).unwrap();
        assert_eq!(nothing, Schedule::default());
    }

    #[test]
    fn a_leak_rotates_all_rings_now_and_lists_what_is_still_valid() {
        let now = at("2027-01-01T00:00:00Z");
        let rings = [
            ring("pilot", "2027-06-30T00:00:00Z"),
            ring("gone", "2026-06-30T00:00:00Z"),
        ];
        let schedule = rotate_all(Cause::SecretLeaked, &rings, now).unwrap();
        assert!(schedule.rotations.iter().all(|rotation| rotation.at == now));
        assert_eq!(
            schedule.rotations[0].old_certificates,
            rings[0].certificates
        );
        assert_eq!(schedule.rotations[1].old_certificates, []);
        assert!(rotate_all(Cause::Expiry, &rings, now).is_err());
    }

    #[test]
    fn what_cannot_be_planned_is_refused_with_the_mend() {
        let now = at("2027-01-01T00:00:00Z");
        let policy = RenewalPolicy::default()
            .days_before(0)
            .blackout(now, now, "");
        let error = schedule(&policy, &[], now).unwrap_err();
        assert!(error.is_renewal());
        assert_eq!(error.problems().count(), 2, "{error}");
        let twice = [Ring::new("a"), Ring::new("a")];
        let error = schedule(&RenewalPolicy::default(), &twice, now).unwrap_err();
        assert!(
            error.to_string().contains("two rings are called a"),
            "{error}"
        );
    }
}
