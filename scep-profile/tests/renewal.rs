//! Three years of a fleet: 20,000 Macs, certificates for one year, one in twenty off line for up to sixty days.

#![allow(clippy::unwrap_used, missing_docs)]

use jiff::{SignedDuration, Timestamp};
use scep_profile::renewal::{HeldCertificate, RenewalPolicy, Ring, rings_needed, schedule};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const MACS: usize = 20_000;
const DAY: i64 = 86_400;
const YEARS: i64 = 3;
const CAP: usize = 500;

fn start() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

fn at(second: i64) -> Timestamp {
    start() + SignedDuration::from_secs(second)
}

/// A generator that gives the same fleet every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }
}

struct Mac {
    ring: usize,
    /// In order, in seconds; at least a day lies between two.
    off_line: Vec<(i64, i64)>,
    certificate: HeldCertificate,
    enrolled: bool,
    enrolments: u32,
}

impl Mac {
    /// Off line for one to sixty days, one twentieth of all time.
    fn new(ring: usize, dice: &mut Dice) -> Self {
        let mut off_line = Vec::new();
        let mut time = -dice.below(600 * DAY);
        while time < YEARS * 365 * DAY {
            let back = time + DAY + dice.below(59 * DAY);
            off_line.push((time, back));
            time = back + DAY + dice.below(1158 * DAY);
        }
        Self {
            ring,
            off_line,
            certificate: HeldCertificate::new("", start(), start()),
            enrolled: false,
            enrolments: 0,
        }
    }

    fn is_off_line(&self, second: i64) -> Option<i64> {
        let within = |(from, back): &&(i64, i64)| *from <= second && second < *back;
        self.off_line.iter().find(within).map(|(_, back)| *back)
    }

    /// When a profile that is sent out arrives: within the hour, or when the Mac is back.
    fn receives(&self, sent: i64, dice: &mut Dice) -> i64 {
        let mut arrival = sent + dice.below(3600);
        while let Some(back) = self.is_off_line(arrival) {
            arrival = back + dice.below(600);
        }
        arrival
    }
}

/// What came of it.
#[derive(Debug)]
struct Outcome {
    /// Macs that were on line without a valid certificate.
    without: usize,
    peak_per_hour: usize,
    /// From the Mac with the fewest to that with the most.
    enrolments_of_a_mac: (u32, u32),
    share_off_line: f64,
    in_blackout: usize,
}

fn simulate(policy: &RenewalPolicy, ring_count: usize) -> Outcome {
    let mut dice = Dice(0x5ca1_ab1e);
    let mut macs: Vec<Mac> = (0..MACS)
        .map(|index| Mac::new(index % ring_count, &mut dice))
        .collect();
    let noon = |mac: &&Mac| mac.is_off_line(400 * DAY).is_some();
    let share_off_line = macs.iter().filter(noon).count() as f64 / MACS as f64;
    let mut rings: Vec<Ring> = (0..ring_count)
        .map(|index| Ring::new(format!("ring {index:03}")))
        .collect();
    let mut members = vec![Vec::new(); ring_count];
    let mut place = Vec::new();
    for (index, mac) in macs.iter().enumerate() {
        place.push(members[mac.ring].len());
        members[mac.ring].push(index);
    }

    let mut arrivals = BinaryHeap::new();
    let mut arrived = Vec::new();
    let (mut without, mut in_blackout) = (0, 0);
    let stagger = i64::from(policy.stagger_minutes) * 60;
    for (index, members) in members.iter().enumerate() {
        let sent = i64::try_from(index).unwrap() * stagger;
        rings[index] = rings[index].clone().generation(0, at(sent));
        for mac in members {
            arrivals.push(Reverse((macs[*mac].receives(sent, &mut dice), *mac)));
        }
    }

    for day in 0..YEARS * 365 {
        let now = day * DAY;
        while let Some(Reverse((arrival, index))) =
            arrivals.peek().copied().filter(|next| next.0.0 < now)
        {
            arrivals.pop();
            let mac = &mut macs[index];
            arrived.push(arrival);
            if mac.enrolled && at(arrival) > mac.certificate.not_after {
                without += 1;
            }
            // Okta dates back; the Mac replaces the certificate it had.
            let expiry = arrival + 365 * DAY;
            mac.certificate = HeldCertificate::new("", at(arrival - 3600), at(expiry));
            mac.enrolments += 1;
            let held = &mut rings[mac.ring].certificates;
            if mac.enrolled {
                held[place[index]] = mac.certificate.clone();
            } else {
                mac.enrolled = true;
                place[index] = held.len();
                held.push(mac.certificate.clone());
            }
        }
        let planned = schedule(policy, &rings, at(now)).unwrap();
        for rotation in planned.due(at(now + DAY - 1)) {
            let sent = rotation.at.duration_since(start()).as_secs();
            let index: usize = rotation.ring[5..].parse().unwrap();
            in_blackout += usize::from(
                policy
                    .blackouts
                    .iter()
                    .any(|no| no.from <= rotation.at && rotation.at < no.until),
            );
            rings[index].generation = rotation.generation;
            rings[index].distributed = Some(rotation.at);
            for mac in &members[index] {
                arrivals.push(Reverse((macs[*mac].receives(sent, &mut dice), *mac)));
            }
        }
    }
    // Whoever is on line at the end, and was not given a new one in time.
    let end = YEARS * 365 * DAY;
    let expired = |mac: &&Mac| at(end) > mac.certificate.not_after;
    without += macs
        .iter()
        .filter(|mac| mac.is_off_line(end).is_none())
        .filter(expired)
        .count();
    let enrolments = macs.iter().map(|mac| mac.enrolments);
    Outcome {
        without,
        peak_per_hour: most_within_an_hour(&arrived),
        enrolments_of_a_mac: (enrolments.clone().min().unwrap(), enrolments.max().unwrap()),
        share_off_line,
        in_blackout,
    }
}

/// The most enrolments in any sixty minutes, whenever these begin.
fn most_within_an_hour(arrived: &[i64]) -> usize {
    assert!(arrived.is_sorted());
    let since = |index: usize| arrived[..index].partition_point(|at| *at <= arrived[index] - 3600);
    (0..arrived.len())
        .map(|index| index + 1 - since(index))
        .max()
        .unwrap()
}

fn policy() -> RenewalPolicy {
    let mut policy = RenewalPolicy::default()
        .days_before(75)
        .stagger_minutes(120);
    for year in 2026..2030 {
        policy = policy.blackout(
            format!("{year}-12-18T00:00:00Z").parse().unwrap(),
            format!("{}-01-07T00:00:00Z", year + 1).parse().unwrap(),
            "end of the year",
        );
    }
    policy
}

#[test]
fn nobody_on_line_is_ever_without_a_certificate_and_the_authority_is_never_flooded() {
    let outcome = simulate(&policy(), rings_needed(MACS, CAP));
    assert_eq!(outcome.without, 0, "{outcome:?}");
    assert!(outcome.peak_per_hour <= CAP, "{outcome:?}");
    assert_eq!(outcome.in_blackout, 0, "{outcome:?}");
    // The first, and one for each year or a few more: nobody is forgotten, and rotation does not creep towards the
    // present.
    let (fewest, most) = outcome.enrolments_of_a_mac;
    assert!(fewest >= 3 && most <= 5, "{outcome:?}");
    // The fleet is the one that was asked for.
    assert!(
        (0.04..0.06).contains(&outcome.share_off_line),
        "{outcome:?}"
    );
}

/// The test above can fail: a lead shorter than the absence leaves people without a certificate.
#[test]
fn a_lead_shorter_than_the_absence_leaves_some_without() {
    let outcome = simulate(&policy().days_before(20), rings_needed(MACS, CAP));
    assert!(outcome.without > 0, "{outcome:?}");
}

/// And so do too few rings.
#[test]
fn too_few_rings_flood_the_authority() {
    let outcome = simulate(&policy(), 4);
    assert!(outcome.peak_per_hour > CAP, "{outcome:?}");
    assert_eq!(outcome.without, 0, "{outcome:?}");
}
