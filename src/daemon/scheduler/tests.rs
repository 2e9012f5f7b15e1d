//! The scheduler in paused time, against a scripted poller.

mod by_hand;
mod changes;
mod waits;

use std::sync::Mutex;

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use tokio::task::JoinHandle;

use super::*;
use crate::decide::schedule::Schedule;

mod restart;

/// 08:00 on a Monday in Shanghai, and a little.
fn start() -> Time {
    DateTime::from_timestamp(1_795_392_000 + 7, 0).expect("an instant")
}

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

fn plan(id: &str, schedule: &str, jitter: u64, floor: u64) -> Plan {
    let schedule = Schedule::parse(schedule).expect("a schedule");
    let (jitter, floor) = (Duration::from_secs(jitter), Duration::from_secs(floor));
    Plan::new(vec![schedule], Tz::Asia__Shanghai, jitter, floor, &SourceId::new(id))
}

fn source(id: &str, schedule: &str, past: Past) -> Scheduled {
    Scheduled { id: SourceId::new(id), plan: plan(id, schedule, 0, 600), past }
}

/// Polled at this instant, as scheduled.
fn polled(at: Time) -> Past {
    Past { scheduled: Some(at), ..Past::default() }
}

/// Tokio's clock, set forth or back by a test.
struct Settable {
    clock: super::super::clock::TokioClock,
    shift: Mutex<TimeDelta>,
}

impl Settable {
    fn new() -> Arc<Self> {
        let clock = super::super::clock::TokioClock::starting(start());
        Arc::new(Self { clock, shift: Mutex::new(TimeDelta::zero()) })
    }

    fn set(&self, shift: TimeDelta) {
        *self.shift.lock().expect("no poison") = shift;
    }
}

impl Clock for Settable {
    fn now(&self) -> Time {
        self.clock.now() + *self.shift.lock().expect("no poison")
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    id: String,
    scheduled: Time,
    at: Time,
}

type Script = Box<dyn Fn(&str, Time) -> (Duration, Past) + Send + Sync>;

/// Writes down each poll, then does what the script says: how long it takes, and what it leaves.
struct Scripted {
    clock: Arc<Settable>,
    seen: Mutex<Vec<Seen>>,
    script: Script,
}

impl Poller for Scripted {
    fn poll(&self, source: SourceId, scheduled: Time) -> Pin<Box<dyn Future<Output = Past> + Send>> {
        let id = source.as_str().to_owned();
        let seen = Seen { id: id.clone(), scheduled, at: self.clock.now() };
        self.seen.lock().expect("no poison").push(seen);
        let (lasts, past) = (self.script)(&id, scheduled);
        Box::pin(async move {
            tokio::time::sleep(lasts).await;
            assert!(id != "panics", "as the script says");
            past
        })
    }
}

fn spawn(sources: Vec<Scheduled>, poller: Arc<dyn Poller>, clock: Arc<dyn Clock>) -> JoinHandle<()> {
    tokio::spawn(run(sources, poller, clock, Arc::default(), mpsc::channel(1).1, Pulse::default()))
}

struct Run {
    clock: Arc<Settable>,
    poller: Arc<Scripted>,
    task: JoinHandle<()>,
}

impl Run {
    fn with(sources: Vec<Scheduled>, script: Script) -> Self {
        let clock = Settable::new();
        let poller = Arc::new(Scripted { clock: Arc::clone(&clock), seen: Mutex::default(), script });
        let task = spawn(sources, poller.clone(), clock.clone());
        Self { clock, poller, task }
    }

    /// Every poll is over at once and leaves nothing but its instant.
    fn of(sources: Vec<Scheduled>) -> Self {
        Self::with(sources, Box::new(|_, scheduled| (Duration::ZERO, polled(scheduled))))
    }

    async fn pass(&self, time: TimeDelta) {
        tokio::time::sleep(time.to_std().expect("forward")).await;
        assert!(!self.task.is_finished(), "the scheduler has ended");
    }

    /// The times at which a source was polled since the last call, in seconds from the start.
    fn polls(&self, id: &str) -> Vec<i64> {
        let seen = std::mem::take(&mut *self.poller.seen.lock().expect("no poison"));
        let (mine, others) = seen.into_iter().partition::<Vec<_>, _>(|seen| seen.id == id);
        self.poller.seen.lock().expect("no poison").extend(others);
        mine.iter().map(|seen| (seen.at - start()).num_seconds()).collect()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn polls_keep_the_phase_of_their_schedule_however_long_they_take() {
    let script: Script = Box::new(|_, scheduled| (Duration::from_secs(95), polled(scheduled)));
    let run = Run::with(vec![source("a", "*/10 * * * *", polled(start() - minutes(1)))], script);
    run.pass(minutes(45)).await;
    assert_eq!(run.polls("a"), [10, 20, 30, 40].map(|m| m * 60 - 7));
}

#[tokio::test(start_paused = true)]
async fn the_floor_skips_instants_that_come_too_soon() {
    let run = Run::of(vec![source("a", "*/4 * * * *", polled(start() - TimeDelta::seconds(7)))]);
    run.pass(minutes(40)).await;
    assert_eq!(run.polls("a"), [12, 24, 36].map(|m| m * 60 - 7));
}

#[tokio::test(start_paused = true)]
async fn the_jitter_of_a_source_is_the_same_each_time() {
    let jittered = |id: &str| Scheduled {
        id: SourceId::new(id),
        plan: plan(id, "*/10 * * * *", 120, 600),
        past: polled(start() - TimeDelta::seconds(7)),
    };
    let run = Run::of(vec![jittered("a"), jittered("b"), jittered("c")]);
    run.pass(minutes(62)).await;
    let mut offsets = Vec::new();
    for id in ["a", "b", "c"] {
        let polls = run.polls(id);
        assert_eq!(polls.len(), 6, "{polls:?}");
        assert!(polls.windows(2).all(|w| (w[1] - w[0] - 600).abs() <= 1), "{id}: {polls:?}");
        offsets.push(polls[0]);
    }
    offsets.dedup();
    assert!(offsets.len() > 1, "all at once: {offsets:?}");
    assert!(offsets.iter().all(|o| (600 - 7..=720).contains(o)), "{offsets:?}");
}

#[tokio::test(start_paused = true)]
async fn a_restart_polls_nothing_early_and_nothing_twice() {
    // Polled at its last instant, an hour ago by schedule.
    let past = polled(start() - TimeDelta::seconds(7));
    let sources = (0..50).map(|n| source(&format!("s{n}"), "0 * * * *", past)).collect();
    let run = Run::of(sources);
    run.pass(minutes(59)).await;
    assert_eq!(run.poller.seen.lock().expect("no poison").len(), 0);
    run.pass(minutes(2)).await;
    assert_eq!(run.polls("s7"), [3600 - 7]);
    assert_eq!(run.poller.seen.lock().expect("no poison").len(), 49);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_was_never_polled_or_missed_its_turn_is_polled_once_at_the_start() {
    let cases = [
        ("never polled", Past::default(), vec![0, 24 * 3600 - 7]),
        ("one instant missed", polled(start() - minutes(24 * 60)), vec![0, 24 * 3600 - 7]),
        ("ten missed", polled(start() - minutes(10 * 24 * 60)), vec![0, 24 * 3600 - 7]),
    ];
    for (name, past, expected) in cases {
        // Daily at 08:00, seven seconds ago.
        let run = Run::of(vec![source("daily", "0 8 * * *", past)]);
        run.pass(minutes(25 * 60)).await;
        let polls = run.polls("daily");
        assert_eq!(polls, expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hold_delays_a_poll_and_keeps_the_phase() {
    let held = Past { not_before: Some(start() + minutes(25)), ..polled(start() - TimeDelta::seconds(7)) };
    let run = Run::of(vec![source("a", "*/10 * * * *", held)]);
    run.pass(minutes(55)).await;
    assert_eq!(run.polls("a"), [25 * 60, 30 * 60 - 7, 40 * 60 - 7, 50 * 60 - 7]);
    let script: Script = Box::new(|_, scheduled| {
        (Duration::ZERO, Past { not_before: Some(scheduled + minutes(35)), ..polled(scheduled) })
    });
    let run = Run::with(vec![source("a", "*/10 * * * *", polled(start() - minutes(5)))], script);
    run.pass(minutes(60)).await;
    let polls = run.polls("a");
    assert_eq!(polls[..2], [10 * 60 - 7, 45 * 60 - 7], "a poll's own hold is kept too");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_gone_is_not_asked_again() {
    let gone = Past { gone: true, ..Past::default() };
    let script: Script =
        Box::new(move |_, scheduled| (Duration::ZERO, Past { scheduled: Some(scheduled), ..gone }));
    let sources =
        vec![source("was", "*/10 * * * *", gone), source("becomes", "*/10 * * * *", Past::default())];
    let run = Run::with(sources, script);
    run.pass(minutes(600)).await;
    assert_eq!((run.polls("was"), run.polls("becomes")), (vec![], vec![0]));
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_panics_or_takes_for_ever_keeps_no_other_from_its_turn() {
    let script: Script = Box::new(|id, scheduled| {
        let lasts = if id == "slow" { Duration::from_secs(100_000) } else { Duration::ZERO };
        (lasts, polled(scheduled))
    });
    let past = polled(start() - TimeDelta::seconds(7));
    let sources = ["panics", "slow", "well"].map(|id| source(id, "*/10 * * * *", past));
    let run = Run::with(sources.into(), script);
    run.pass(minutes(35)).await;
    let turns = [10, 20, 30].map(|m| m * 60 - 7);
    assert_eq!(run.polls("well"), turns);
    assert_eq!(run.polls("panics"), turns, "its next turn comes as usual");
    assert_eq!(run.polls("slow"), turns[..1], "one poll of a source at a time");
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_an_hour_does_not_stall_polling() {
    let past = polled(start() - TimeDelta::seconds(7));
    let held = Past { not_before: Some(start() + minutes(45)), ..past };
    let run = Run::of(vec![source("a", "*/10 * * * *", past), source("held", "*/10 * * * *", held)]);
    run.pass(minutes(15)).await;
    assert_eq!(run.polls("a"), [10 * 60 - 7]);
    run.clock.set(-minutes(60));
    run.pass(minutes(50)).await;
    // The clock showed 07:15 then; from 07:20 on there is an instant every ten minutes.
    let polls: Vec<_> = run.polls("a").iter().map(|s| s + 3600).collect();
    assert_eq!(polls.len(), 4, "{polls:?}");
    assert!(polls.windows(2).all(|w| w[1] - w[0] == 600), "{polls:?}");
    assert!(polls[0] >= 25 * 60 - 7 && polls[0] <= 30 * 60, "no sooner than the floor: {polls:?}");
    let held: Vec<_> = run.polls("held").iter().map(|s| s + 3600).collect();
    // To the half minute in which the change of the clock was noticed.
    assert!((45 * 60..=45 * 60 + 30).contains(&held[0]), "a hold lasts as long as it was to: {held:?}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_forth_polls_what_was_missed_once() {
    let past = polled(start() - TimeDelta::seconds(7));
    let run = Run::of(vec![source("a", "*/10 * * * *", past)]);
    run.pass(minutes(15)).await;
    run.clock.set(minutes(60));
    run.pass(minutes(1)).await;
    assert_eq!(run.polls("a").len(), 2, "one on time, one for all that was missed");
    run.pass(minutes(10)).await;
    assert_eq!(run.polls("a"), [80 * 60 - 7]);
}

#[tokio::test(start_paused = true)]
async fn what_a_sleep_of_the_machine_made_overdue_is_spread_as_after_a_restart() {
    let jittered = |n: u32| {
        let id = format!("s{n}");
        let plan = plan(&id, "*/20 * * * *", 120, 600);
        Scheduled { id: SourceId::new(&id), plan, past: polled(start() - TimeDelta::seconds(7)) }
    };
    let run = Run::of((0..40).map(jittered).collect());
    run.pass(minutes(5)).await;
    run.clock.set(minutes(8 * 60));
    run.pass(minutes(4)).await;
    let polls: Vec<_> = (0..40).map(|n| run.polls(&format!("s{n}"))).collect();
    assert!(polls.iter().all(|polls| polls.len() == 1), "each once: {polls:?}");
    let mut seconds: Vec<_> = polls.iter().map(|polls| polls[0] / 5).collect();
    seconds.sort_unstable();
    seconds.dedup();
    assert!(seconds.len() > 12, "over the two minutes of the jitter: {seconds:?}");
}

#[tokio::test(start_paused = true)]
async fn hours_that_the_publisher_skips_are_not_polled() {
    // The run starts at midnight UTC.
    let skip = Skip::new(["0", "1"], []);
    let max_delay = Duration::from_secs(6 * 3600);
    let script: Script = Box::new(move |_, at| {
        (Duration::ZERO, Past { scheduled: Some(at), skip, max_delay, ..Past::default() })
    });
    let past = Past { skip, max_delay, ..polled(start() - minutes(20)) };
    let run = Run::with(vec![source("a", "*/30 * * * *", past)], script);
    run.pass(minutes(200)).await;
    assert_eq!(run.polls("a")[0], 2 * 3600 - 7);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_slewed_changes_nothing() {
    let past = polled(start() - TimeDelta::seconds(7));
    let run = Run::of(vec![source("a", "*/10 * * * *", past)]);
    for n in 1..=30 {
        run.pass(minutes(1)).await;
        run.clock.set(TimeDelta::milliseconds(if n % 2 == 0 { -800 } else { 800 }));
    }
    assert_eq!(run.polls("a").len(), 3);
}

/// Thirty sources, every twenty minutes, while the clock is off by so much from minute 30 to 90.
async fn polls_while_the_clock_is_off(off: TimeDelta) -> Vec<Vec<i64>> {
    let one = |n: u32| {
        let id = format!("s{n}");
        let plan = plan(&id, "*/20 * * * *", 120, 600);
        Scheduled { id: SourceId::new(&id), plan, past: polled(start() - TimeDelta::seconds(7)) }
    };
    let zero = tokio::time::Instant::now();
    let real = Arc::new(Mutex::new(vec![Vec::new(); 30]));
    let noted = Arc::clone(&real);
    // Each poll is told to wait five minutes by whatever the clock says.
    let clock = Settable::new();
    let told = Arc::clone(&clock);
    let script: Script = Box::new(move |id, scheduled| {
        let n: usize = id[1..].parse().expect("a number");
        noted.lock().expect("no poison")[n].push(i64::try_from(zero.elapsed().as_secs()).expect("small"));
        (Duration::from_secs(1), Past { not_before: Some(told.now() + minutes(5)), ..polled(scheduled) })
    });
    let poller = Arc::new(Scripted { clock: Arc::clone(&clock), seen: Mutex::default(), script });
    let task = spawn((0..30).map(one).collect(), poller.clone(), clock.clone());
    let run = Run { clock, poller, task };
    run.pass(minutes(30)).await;
    run.clock.set(off);
    run.pass(minutes(60)).await;
    run.clock.set(TimeDelta::zero());
    run.pass(minutes(60)).await;
    run.task.abort();
    let polls = real.lock().expect("no poison");
    polls.clone()
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_by_years_for_an_hour_makes_neither_a_burst_nor_a_stall() {
    let year = TimeDelta::days(365);
    for off in [year * 10, -year * 50, minutes(13 * 60), -minutes(13 * 60)] {
        let polls = polls_while_the_clock_is_off(off).await;
        for times in &polls {
            let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!(gaps.iter().all(|gap| *gap <= 45 * 60), "{off}: a stall: {gaps:?}");
            assert!(gaps.iter().all(|gap| *gap >= 5 * 60), "{off}: none waits: {gaps:?}");
            assert!((6..=9).contains(&times.len()), "{off}: {times:?}");
        }
        let mut all: Vec<_> = polls.concat();
        all.sort_unstable();
        let busiest = all.iter().map(|from| all.iter().filter(|at| (*from..from + 10).contains(at)).count());
        assert!(busiest.max() <= Some(10), "{off}: a burst: {all:?}");
    }
}
