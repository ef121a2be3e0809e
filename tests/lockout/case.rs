//! Random orgs, and what random administrators, networks and operators do to them.

use device_trust_sandbox::{BREAK_GLASS_GROUP, Effect, Shared};
use device_trust_tests::okta::{SignIns, stored};
use okta_devtrust::enforcement::Waive;
use proptest::prelude::*;
use serde_json::json;

use super::edit::Edit;

/// What an operator starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Apply,
    Enforce,
    Rollback,
    Teardown,
}

/// The members of the break-glass group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Members {
    Active,
    Suspended,
    None,
}

/// A rule of somebody else's in the policy, and whether it is above the plan's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    pub(crate) above: bool,
    pub(crate) denies: bool,
    pub(crate) people: People,
}

/// Whom a foreign rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum People {
    Everyone,
    BreakGlass,
    AllButBreakGlass,
}

/// An org before the first run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// Whether the plan was applied by an earlier run.
    pub(crate) applied: bool,
    pub(crate) members: Members,
    pub(crate) foreign: Option<Foreign>,
    /// Whether the policy of another app lets people in with any one factor.
    pub(crate) weak_elsewhere: bool,
    /// Whether one of Okta's own apps is under the policy.
    pub(crate) first_party: bool,
    /// Whether an enrolment app is wanted.
    pub(crate) enrolment_app: bool,
}

/// What cuts a run short, at a thousandth of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// No request gets through any more.
    Outage(u64),
    /// The client is gone.
    Killed(u64),
}

/// When in a run an administrator acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// At a thousandth of the run; once it is [placed](Self::placed), right before a request, from 0.
    At(u64),
    /// Right before the write that closes the catch-all.
    Closing,
    /// Right before the n-th request after that write.
    AfterClosing(u64),
}

impl When {
    /// Where that is in a run of so many requests.
    pub(crate) fn placed(self, requests: u64) -> Self {
        match self {
            Self::At(thousandths) => Self::At(thousandths * requests / 1000),
            other => other,
        }
    }
}

/// One run, and all that happens to it, in thousandths of the run.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) op: Op,
    pub(crate) edits: Vec<(When, Edit)>,
    pub(crate) faults: Vec<(u64, Effect)>,
    pub(crate) end: Option<End>,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) start: Start,
    /// What an administrator had changed before.
    pub(crate) before: Vec<Edit>,
    pub(crate) sign_ins: SignIns,
    pub(crate) runs: Vec<Run>,
    pub(crate) waive: Option<Waive>,
}

impl Case {
    /// Whether an answer is out of date somewhere: a client cannot tell, and only the next run finds out.
    pub(crate) fn has_stale_reads(&self) -> bool {
        let mut faults = self.runs.iter().flat_map(|run| &run.faults);
        faults.any(|(_, effect)| *effect == Effect::StaleRead)
    }

    /// The whole job without trouble, and with what makes it end in each other way, whatever the random cases come to.
    pub(crate) fn directed() -> [(Self, &'static str); 6] {
        let enforced_with = |change: fn(&mut Run)| {
            let mut case = Self::quiet(true);
            change(&mut case.runs[1]);
            case
        };
        let mut taken_off = Self::quiet(true);
        taken_off.runs.push(Run::quiet(Op::Teardown));
        [
            (Self::quiet(false), "closed"),
            (Self::quiet(true), "closed"),
            (taken_off, "opened"),
            (
                enforced_with(|run| run.end = Some(End::Killed(500))),
                "killed",
            ),
            (
                enforced_with(|run| run.end = Some(End::Outage(500))),
                "refused or failed",
            ),
            (
                enforced_with(|run| {
                    let lost = Edit::SuspendBreakGlassMember;
                    run.edits.push((When::Closing, lost));
                }),
                "closed and opened again",
            ),
        ]
    }

    fn quiet(applied: bool) -> Self {
        Self {
            start: Start {
                applied,
                members: Members::Active,
                foreign: None,
                weak_elsewhere: false,
                first_party: false,
                enrolment_app: true,
            },
            before: Vec::new(),
            sign_ins: SignIns::ENOUGH,
            runs: vec![Run::quiet(Op::Apply), Run::quiet(Op::Enforce)],
            waive: None,
        }
    }
}

impl Run {
    fn quiet(op: Op) -> Self {
        Self {
            op,
            edits: Vec::new(),
            faults: Vec::new(),
            end: None,
        }
    }
}

impl Start {
    /// Makes the org as it starts.
    pub(crate) fn make(&self, shared: &Shared) {
        stored::change(shared, |okta, _| {
            match self.members {
                Members::Active => {}
                Members::Suspended => {
                    let _ = stored::set_member_states(okta, BREAK_GLASS_GROUP, "SUSPENDED");
                }
                Members::None => {
                    stored::group_mut(okta, BREAK_GLASS_GROUP).unwrap()["members"] = json!([]);
                }
            }
            if self.weak_elsewhere {
                let rule = stored::policy_mut(okta, "Any two factors").unwrap();
                rule["rules"][0]["actions"]["appSignOn"]["verificationMethod"] =
                    json!({"type": "ASSURANCE", "factorMode": "1FA"});
            }
            let Some(access) = stored::policy_id(okta, stored::ACCESS) else {
                return;
            };
            if self.first_party {
                stored::app_mut(okta, "Okta Admin Console").unwrap()["policy"] = json!(access);
            }
            if let Some(foreign) = self.foreign {
                foreign.make(okta);
            }
        });
    }
}

impl Foreign {
    fn make(self, okta: &mut serde_json::Value) {
        let group = stored::group(okta, BREAK_GLASS_GROUP).unwrap()["body"]["id"].clone();
        let people = match self.people {
            People::Everyone => json!({}),
            People::BreakGlass => json!({"people": {"groups": {"include": [group]}}}),
            People::AllButBreakGlass => json!({"people": {"groups": {"exclude": [group]}}}),
        };
        let policy = stored::policy_mut(okta, stored::ACCESS).unwrap();
        let rules = policy["rules"].as_array_mut().unwrap();
        let system = rules.iter().find(|rule| rule["name"] == stored::CATCH_ALL);
        let mut rule = system.unwrap().clone();
        rule["id"] = json!("rulforeign0000000001");
        rule["name"] = json!("Foreign");
        rule["system"] = json!(false);
        rule["priority"] = json!(if self.above { -2 } else { 90 });
        rule["conditions"] = people;
        rule["actions"]["appSignOn"]["access"] = json!(if self.denies { "DENY" } else { "ALLOW" });
        rules.push(rule);
    }
}

fn starts() -> impl Strategy<Value = Start> {
    let members = prop_oneof![
        14 => Just(Members::Active), 1 => Just(Members::Suspended), 1 => Just(Members::None)];
    let people = prop::sample::select(vec![
        People::Everyone,
        People::BreakGlass,
        People::AllButBreakGlass,
    ]);
    let foreign = (any::<bool>(), any::<bool>(), people);
    let foreign = foreign.prop_map(|(above, denies, people)| Foreign {
        above,
        denies,
        people,
    });
    (
        prop::bool::weighted(0.7),
        members,
        prop::option::weighted(0.2, foreign),
        prop::bool::weighted(0.07),
        prop::bool::weighted(0.07),
        prop::bool::weighted(0.95),
    )
        .prop_map(
            |(applied, members, foreign, weak_elsewhere, first_party, enrolment_app)| Start {
                applied,
                members,
                foreign,
                weak_elsewhere,
                first_party,
                enrolment_app,
            },
        )
}

fn runs(op: impl Strategy<Value = Op>) -> impl Strategy<Value = Run> {
    let edit = prop::sample::select(Edit::ALL.to_vec());
    let effect = prop::sample::select(vec![
        Effect::RetryAfter(429, 0),
        Effect::Status(500),
        Effect::Status(503),
        Effect::Reset,
        Effect::LoseAnswer,
        Effect::StaleRead,
        Effect::Late(2),
        Effect::Late(8),
        Effect::Late(u64::MAX),
    ]);
    // Most of what happens comes near the end, where the catch-all is closed.
    let when = || prop_oneof![1 => 0..1000_u64, 3 => 500..1000_u64];
    let edited = move || {
        prop_oneof![
            2 => when().prop_map(When::At),
            1 => Just(When::Closing),
            1 => (1..30_u64).prop_map(When::AfterClosing)]
    };
    let end = prop_oneof![1 => when().prop_map(End::Outage), 2 => when().prop_map(End::Killed)];
    let some = |most: usize| prop_oneof![2 => Just(0..1_usize), 1 => Just(1..most + 1)];
    (
        op,
        some(2).prop_flat_map(move |many| prop::collection::vec((edited(), edit.clone()), many)),
        some(3).prop_flat_map(move |many| prop::collection::vec((when(), effect.clone()), many)),
        prop::option::weighted(0.2, end),
    )
        .prop_map(|(op, edits, faults, end)| Run {
            op,
            edits,
            faults,
            end,
        })
}

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let any_op = || {
        prop::sample::select(vec![
            Op::Apply,
            Op::Enforce,
            Op::Enforce,
            Op::Rollback,
            Op::Teardown,
        ])
    };
    let sign_ins = (
        prop_oneof![12 => Just(3_usize), 1 => 0..3_usize],
        prop_oneof![12 => Just(0_usize), 1 => 0..3_usize],
        prop::bool::weighted(0.95),
        // What was proved before the rules were as they are proves nothing.
        prop_oneof![12 => Just(0_i64), 1 => Just(72)],
    )
        .prop_map(|(managed, unmanaged, pilot_denial, hours_ago)| SignIns {
            managed,
            unmanaged,
            pilot_denial,
            hours_ago,
        });
    let all_runs = (
        prop::option::weighted(0.1, runs(any_op())),
        runs(Just(Op::Apply)),
        runs(Just(Op::Enforce)),
        prop::collection::vec(runs(any_op()), 0..3),
    )
        .prop_map(|(first, apply, enforce, last)| {
            let mut all: Vec<Run> = first.into_iter().collect();
            all.extend([apply, enforce]);
            all.extend(last);
            all
        });
    let edit = prop::sample::select(Edit::ALL.to_vec());
    (
        starts(),
        prop_oneof![8 => Just(Vec::new()), 1 => prop::collection::vec(edit, 1..3)],
        sign_ins,
        all_runs,
        prop::option::weighted(0.2, prop::sample::select(Waive::ALL.to_vec())),
    )
        .prop_map(|(start, before, sign_ins, runs, waive)| Case {
            start,
            before,
            sign_ins,
            runs,
            waive,
        })
}
