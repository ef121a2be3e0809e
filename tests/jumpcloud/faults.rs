//! Faults at every request of every job, in every way, and then a second run: it ends where a run without faults ends,
//! with nothing there twice, and each write is committed as often as without faults. No way costs a PUT more, since a
//! change with unknown outcome is read back and left to the next run; a PUT of a policy costs a certificate on every Mac.
//!
//! The limit: what is stale both where it is planned and where it is read again right before the write cannot be told
//! from the truth. So a run that has nothing left to do is given one stale read at a time.
#![allow(clippy::print_stdout)]

use std::time::Duration;

use device_trust_sandbox::{Effect, Fault, Sandbox, Side};
use device_trust_tests::jumpcloud::Job;
use futures::future::join_all;

use crate::jobs::{self, Bench, Outcome, Scenario, UPLOAD, begun_anew, committed, end_state};

/// One way in which a request, and perhaps those after it, fail.
struct Way {
    name: &'static str,
    /// What happens at the request, at the next one, and so on.
    effects: Vec<Effect>,
}

fn ways() -> Vec<Way> {
    use Effect::{CutBody, Delay, Hold, Late, LoseAnswer, Reset, RetryAfter, StaleRead, Status};
    let way = |name, effects| Way { name, effects };
    vec![
        way("429", vec![Status(429)]),
        way("429 with Retry-After", vec![RetryAfter(429, 0)]),
        way("401", vec![Status(401)]),
        way("403", vec![Status(403)]),
        way("500", vec![Status(500)]),
        way("502", vec![Status(502)]),
        way("503", vec![Status(503)]),
        way("504", vec![Status(504)]),
        way("503 twice", vec![Status(503), Status(503)]),
        way("reset", vec![Reset]),
        way("answer lost", vec![LoseAnswer]),
        way("success that cannot be read", vec![CutBody]),
        way("time-out before", vec![Delay(Duration::from_secs(3))]),
        way("time-out after", vec![Hold]),
        way("stale read", vec![StaleRead]),
        way("four stale reads", vec![StaleRead; 4]),
        // A write is made, its answer lost, and what is read back is of before it.
        way("answer lost, then stale", vec![LoseAnswer, StaleRead]),
        // The client gives up, and only then the write is made: while it still looks, when the next run does, and between
        // the two.
        way("late, while it looks", vec![Late(2)]),
        way("late, when the next run looks", vec![Late(4)]),
        way("late, between the runs", vec![Late(u64::MAX)]),
    ]
}

fn arm(sandbox: &Sandbox, nth: u64, way: &Way) {
    for (place, effect) in (nth..).zip(&way.effects) {
        let fault = Fault::on(Side::JumpCloud, "*", "/**", effect.clone());
        sandbox.arm(fault.nth(place));
    }
}

fn sorted(mut writes: Vec<String>) -> Vec<String> {
    writes.sort();
    writes
}

impl Outcome {
    /// Whether a way is one for this request: a read that is late is one that is lost.
    fn can_meet(&self, way: &Way, nth: u64) -> bool {
        let request = self.requests.get(usize::try_from(nth - 1).unwrap());
        let read = request.is_none_or(|request| request.starts_with("GET "));
        !(read && matches!(way.effects[0], Effect::Late(_)))
    }
}

/// A job, what it leaves behind without faults, and one place to disturb it at.
struct Case<'a> {
    scenario: &'a Scenario,
    whole: &'a Outcome,
    nth: u64,
    way: &'a Way,
}

impl Case<'_> {
    fn name(&self) -> String {
        let (way, nth) = (self.way.name, self.nth);
        format!("{:?}: {way} at request {nth}", self.scenario.job)
    }

    /// One fault in a run, then a second run. Whether the fault was met.
    async fn fault(&self, bench: &mut Bench) -> bool {
        let (case, job, sandbox) = (self.name(), &self.scenario.job, &bench.sandbox);
        arm(sandbox, self.nth, self.way);
        let first = bench.run_impatiently(job).await;
        let met = sandbox.requests().iter().any(|one| one.fault.is_some());
        // How often a run looks at the Macs depends on the time, and only that. A read is stale only where there was
        // an answer before.
        let must = self.nth <= self.whole.last_write && self.way.effects[0] != Effect::StaleRead;
        assert!(met || !must, "{case}: it was not met");
        sandbox.disarm();
        if self.way.effects[0] == Effect::Late(u64::MAX) {
            sandbox.land().await;
        }
        let second = bench.run(job).await;
        assert!(second.is_ok(), "{case}: {first:?}, then {second:?}");
        assert_eq!(end_state(sandbox), self.whole.state, "{case}: {first:?}");
        let made = committed(sandbox);
        assert_eq!(sorted(made), sorted(self.wanted()), "{case}: {first:?}");
        met
    }

    /// The writes that are to be committed in both runs together: those of a run without faults. Only an upload makes more:
    /// it announces a package again whose address is lost or refused, and sends the bytes again to an address that may have
    /// them.
    fn wanted(&self) -> Vec<String> {
        let all = self.whole.committed.clone();
        let request = usize::try_from(self.nth - 1).unwrap();
        let disturbed = self.whole.requests.get(request).map(String::as_str);
        let (first, second) = (Some(UPLOAD[0]), Some(UPLOAD[1]));
        match &self.way.effects[0] {
            _ if !matches!(self.scenario.job, Job::Upload { .. }) => all,
            Effect::LoseAnswer | Effect::Hold | Effect::CutBody | Effect::Late(_)
                if disturbed == first =>
            {
                begun_anew(&all)
            }
            Effect::Status(400..500) | Effect::RetryAfter(..) if disturbed == second => {
                begun_anew(&all)
            }
            Effect::LoseAnswer | Effect::Late(_) if disturbed == second => {
                [all, vec![UPLOAD[1].to_owned()]].concat()
            }
            _ => all,
        }
    }

    /// A run that has nothing left to do, with a stale read in it: it makes no change, whatever it believes.
    async fn stale_repetition(&self, bench: &mut Bench) -> bool {
        let (case, job, sandbox) = (self.name(), &self.scenario.job, &bench.sandbox);
        bench.run(job).await.unwrap();
        sandbox.shared().world().requests.clear();
        arm(sandbox, self.nth, self.way);
        let again = bench.run(job).await;
        let met = sandbox.requests().iter().any(|one| one.fault.is_some());
        let made = committed(sandbox);
        assert!(made.is_empty(), "{case}, again: {again:?} made {made:?}");
        assert_eq!(end_state(sandbox), self.whole.state, "{case}: {again:?}");
        met
    }
}

/// How many places of a run are disturbed at a time.
const AT_A_TIME: usize = 8;

async fn sweep(what: &str, scenario: Scenario) {
    sweep_at_a_time(what, scenario, AT_A_TIME).await;
}

async fn sweep_at_a_time(what: &str, scenario: Scenario, at_a_time: usize) {
    let whole = scenario.untroubled().await;
    let ways = ways();
    let requests = whole.requests.len() as u64;
    let stale = |way: &Way| way.effects == [Effect::StaleRead];
    let worker = async |number: usize| {
        let mut bench = scenario.bench().await;
        let (mut faults, mut repetitions) = (0, 0);
        let places = ways
            .iter()
            .flat_map(|way| (1..=requests).map(move |nth| (way, nth)))
            .filter(|(way, nth)| whole.can_meet(way, *nth));
        for (way, nth) in places.skip(number).step_by(at_a_time) {
            let case = Case {
                scenario: &scenario,
                whole: &whole,
                nth,
                way,
            };
            bench.restore(&scenario);
            faults += usize::from(case.fault(&mut bench).await);
            if stale(way) {
                bench.restore(&scenario);
                repetitions += usize::from(case.stale_repetition(&mut bench).await);
            }
        }
        (faults, repetitions)
    };
    let made = Box::pin(join_all((0..at_a_time).map(worker))).await;
    let (faults, repetitions): (Vec<usize>, Vec<usize>) = made.into_iter().unzip();
    let faults: usize = faults.iter().sum();
    let puts = whole.committed.iter().filter(|one| one.starts_with("PUT"));
    println!(
        "{what}: {faults} faults, {} kinds at each of {} requests, and {} stale reads in a run after it; \
         {} writes as without faults, {} of them PUTs; every end state equal, nothing twice",
        ways.len(),
        requests,
        repetitions.iter().sum::<usize>(),
        whole.committed.len(),
        puts.count(),
    );
    assert!(repetitions.iter().sum::<usize>() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment() {
    sweep("deployment", jobs::deployment().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change() {
    sweep("change", jobs::change().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_ring() {
    sweep("next ring", jobs::next_ring().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal() {
    sweep("renewal", jobs::renewal().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal() {
    sweep("withdrawal", jobs::withdrawal().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_of_a_change() {
    sweep("rollback of a change", jobs::rollback_of_a_change().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_of_a_deployment() {
    let scenario = jobs::rollback_of_a_deployment().await;
    sweep("rollback of a deployment", scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_license() {
    sweep("license", jobs::license().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_license_elsewhere() {
    sweep("license elsewhere", jobs::license_elsewhere().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_withdrawal_of_a_license() {
    let scenario = jobs::license_withdrawal().await;
    sweep("withdrawal of a license", scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_of_a_license() {
    let scenario = jobs::rollback_of_license_elsewhere().await;
    sweep("rollback of a license", scenario).await;
}

/// One at a time: all places share the file with the record of how far the upload got.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload() {
    sweep_at_a_time("upload", jobs::upload().await, 1).await;
}
