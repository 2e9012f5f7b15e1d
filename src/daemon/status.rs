//! Looks at the parts of the daemon, for the status and the metrics. `decide::health` says what it means, `views` write
//! it down.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use chrono::{DurationRound, TimeDelta};
use tokio::time::Instant;

use super::dues::Dues;
use super::engine::Engine;
use super::meter::Requests;
use super::recorder::RecordError;
use super::worker::Outages;
use crate::decide::health::{Look, Progress, Sizes, SourceLook, Status};
use crate::ledger::DiskFault;
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::state::{Meta, SourceState, State};
use crate::model::time::Time;
use crate::serve::Live;
use crate::views::html::{self, HOURS, Heat, Pulse, StatusPage};
use crate::views::metrics::{self, Measured};
use crate::views::page::Page;
use crate::views::site::Site;
use crate::views::status::{self, Changes, SourceTurns};

/// A look serves all requests of this time if nothing is recorded meanwhile: a crowd that asks for the status does not
/// make dibao read all sources for each of them.
const RECENT: Duration = Duration::from_millis(100);

/// Looks at an engine. Reads every source and every region's feed.
pub fn look(engine: &Engine, dues: Option<&Dues>) -> Result<Look, StoreError> {
    let now = engine.clock.now();
    let store = engine.store().load_full();
    let stored = store.sources()?;
    let mut sources = Vec::with_capacity(engine.config.sources.len());
    for source in &engine.config.sources {
        let known = stored.get(&source.def.id);
        sources.push(SourceLook {
            id: source.def.id.clone(),
            title: known.map_or_else(|| source.def.id.to_string(), |known| known.title().to_owned()),
            state: SourceState::state(known, source.enabled, now).to_owned(),
            failing_since: known.and_then(|known| known.poll.failing_since).filter(|_| source.enabled),
            good: known.and_then(|known| known.poll.good_at),
            newest: known.and_then(|known| known.habits.newest()),
            failures: known.map_or(0, |known| known.poll.failures),
            polled: source.enabled && known.is_some_and(|known| known.outcome.is_some()),
        });
    }
    let mut feeds = Vec::new();
    for region in engine.config.regions.iter() {
        let key = FeedKey::Region(region.id.clone());
        if let Some(state) = store.feed(&key)?.filter(|state| state.entries > 0) {
            feeds.push((Site::path(&key), state.updated));
        }
    }
    let polls = engine.worker.recent().counts(now);
    let sizes = engine.recorder.sizes();
    Ok(Look {
        now,
        configured: engine.since,
        sources,
        feeds,
        polls: polls.into_iter().map(|(outcome, count)| (outcome.to_owned(), count)).collect(),
        progress: progress(engine, dues),
        sizes: Sizes {
            entries: store.last_meta()?.map_or(0, |meta| meta.entries),
            waiting: engine.recorder.waiting(),
            journal_octets: sizes.journal,
            store_octets: sizes.store,
            memory_octets: memory(),
            indexed: engine.renderer.index().map(|index| index.documents()),
            searchable: engine.renderer.index().map(|index| index.is_ready()),
        },
    })
}

/// The entries of a region's feed that are counted of each hour: no more surface in a quiet year.
const COUNTED: usize = 500;

/// The last polls of each source and its next.
fn pulses(engine: &Engine, dues: &Dues, look: &Look) -> Vec<Pulse> {
    let pulse = |source: &SourceLook| Pulse {
        polls: engine.worker.recent().of(&source.id),
        due: dues.of(&source.id),
    };
    look.sources.iter().map(pulse).collect()
}

/// The numbers of entries that surfaced in each region in each of the last hours, the last hour last.
fn heat(engine: &Engine, end: Time) -> Result<Vec<Heat>, StoreError> {
    let store = engine.store().load_full();
    let regions = engine.config.regions.iter().map(|region| region.id.clone());
    regions
        .map(|region| {
            let hours = surfaced(&store, &FeedKey::Region(region.clone()), end, COUNTED)?;
            Ok(Heat { region, hours })
        })
        .collect()
}

/// The numbers of entries that surfaced in a feed in each hour before `end`, the last hour last; each is `most` at most.
fn surfaced(store: &Store, feed: &FeedKey, end: Time, most: usize) -> Result<[usize; HOURS], StoreError> {
    let mut hours = [0; HOURS];
    let mut before = end;
    for hour in hours.iter_mut().rev() {
        let from = before - TimeDelta::hours(1);
        *hour = store.surfaced_between(feed, from, before, most)?.len();
        before = from;
    }
    Ok(hours)
}

/// The end of the minute of a time: what is counted until then changes once a minute, or with the store.
fn minute_end(now: Time) -> Time {
    now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now) + TimeDelta::minutes(1)
}

/// Looks at the parts that must move. Reads nothing.
pub fn progress(engine: &Engine, dues: Option<&Dues>) -> Progress {
    let Outages { sentences: outages, cut_off_since, reachable } = engine.worker.outages();
    let due = |dues: &Dues| match outages.is_empty() {
        true => dues.earliest(),
        // Polls that wait for a network are due, and do not hang.
        false => dues.earliest_of(reachable.iter()),
    };
    Progress {
        due: dues.and_then(due),
        outages,
        cut_off_since,
        stall: engine.recorder.stall().map(|why| public_stall(&why).to_owned()),
        recording_since: engine.recorder.meter().recording_since(),
        ended: engine.worker.recent().last().unwrap_or(engine.since).max(engine.since),
    }
}

/// A stall without the path that the log names: anybody may read the status.
fn public_stall(why: &RecordError) -> &'static str {
    let fault = match why {
        RecordError::Ledger(error) => error.disk_fault(),
        RecordError::Stopped => None,
    };
    match fault {
        Some(DiskFault::Full) => "the disk is full; the log names the place",
        Some(DiskFault::Quota) => "the disk quota is used up; the log names the place",
        Some(DiskFault::ReadOnly) => "the disk is read-only; the log names the place",
        Some(DiskFault::Failing) => "the disk fails; the log names the place",
        None => "records cannot be written; the log says why",
    }
}

/// The memory that this process holds, in octets (proc(5)).
fn memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// The counts of all regions.
type Counts = Arc<Vec<Heat>>;

/// A look, and its meaning.
type Made = Arc<(Look, Status)>;

/// The last look, the last counts of the regions, and the last feed of changes.
#[derive(Default)]
pub struct Looks {
    last: Mutex<Option<(Shown, Instant, Made)>>,
    /// The end of the hours, and the counts. They stand until the minute or any feed changes.
    heat: Mutex<Option<(Shown, Time, Counts)>>,
    changes: Mutex<Option<(Shown, Arc<Page>)>>,
}

/// The configuration and the line of the journal that something shows.
struct Shown {
    engine: Weak<Engine>,
    seq: u64,
}

impl Shown {
    /// The configuration, and the last line that touched any feed.
    fn feeds(engine: &Arc<Engine>) -> Result<Self, StoreError> {
        let seq = engine.store().load().feed(&FeedKey::All)?.map_or(0, |all| all.changed_seq);
        Ok(Self { engine: Arc::downgrade(engine), seq })
    }

    fn now(engine: &Arc<Engine>) -> Result<Self, StoreError> {
        let seq = engine.store().load().last_meta()?.map_or(0, |meta| meta.seq);
        Ok(Self { engine: Arc::downgrade(engine), seq })
    }
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        self.seq == other.seq && Weak::ptr_eq(&self.engine, &other.engine)
    }
}

impl Looks {
    fn status(&self, engine: &Arc<Engine>, dues: &Dues) -> Result<Made, StoreError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Shown::now(engine)?;
        if let Some((shown, at, made)) = &*last
            && *shown == now
            && at.elapsed() < RECENT
        {
            return Ok(Arc::clone(made));
        }
        let look = look(engine, Some(dues))?;
        let status = look.status();
        let made = Arc::new((look, status));
        *last = Some((now, Instant::now(), Arc::clone(&made)));
        Ok(made)
    }

    fn heat(&self, engine: &Arc<Engine>, now: Time) -> Result<Counts, StoreError> {
        let mut last = self.heat.lock().unwrap_or_else(PoisonError::into_inner);
        let (shown, end) = (Shown::feeds(engine)?, minute_end(now));
        if let Some((of, until, heat)) = &*last
            && *of == shown
            && *until == end
        {
            return Ok(Arc::clone(heat));
        }
        let made = Arc::new(heat(engine, end)?);
        *last = Some((shown, end, Arc::clone(&made)));
        Ok(made)
    }

    /// A document about the daemon as it is now. Blocks.
    pub fn live(
        &self,
        what: Live,
        engine: &Arc<Engine>,
        dues: &Dues,
        requests: &Requests,
    ) -> Result<Vec<u8>, StoreError> {
        let made = self.status(engine, dues)?;
        let (look, status) = &*made;
        Ok(match what {
            Live::Page(tongue) => {
                let (pulses, heat) = (pulses(engine, dues, look), self.heat(engine, look.now)?);
                let page = StatusPage { look, status, pulses: &pulses, heat: &heat };
                html::status(engine.renderer.site(), tongue, &page)
            }
            Live::Json => {
                let mut json = serde_json::to_vec(status).expect("a status is plain JSON");
                json.push(b'\n');
                json
            }
            Live::Metrics => {
                let mut counts = engine.recorder.meter().counts();
                counts.requests = requests.counts().collect();
                metrics::render(&Measured { look, status, counts: &counts }).into_bytes()
            }
        })
    }

    /// The feed of the changes of the sources' states. Rendered again only after the journal or the configuration has
    /// changed. Blocks.
    pub fn changes(&self, engine: &Arc<Engine>) -> Result<Arc<Page>, StoreError> {
        let mut last = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Shown::now(engine)?;
        if let Some((shown, page)) = &*last
            && *shown == now
        {
            return Ok(Arc::clone(page));
        }
        let page = Arc::new(changes(engine)?);
        *last = Some((now, Arc::clone(&page)));
        Ok(page)
    }
}

/// The feed of the changes of the states of all configured sources.
pub fn changes(engine: &Engine) -> Result<Page, StoreError> {
    let store = engine.store().load_full();
    let meta = store.meta()?.unwrap_or_else(|| Meta::empty(""));
    let mut stored = store.sources()?;
    let known =
        engine.config.sources.iter().filter_map(|source| Some((source, stored.remove(&source.def.id)?)));
    let sources: Vec<SourceTurns> = known
        .map(|(source, known)| SourceTurns {
            id: source.def.id.clone(),
            // Not the title of its feed: a poll may change that, and then bytes would change without a date.
            title: source.def.title.clone().unwrap_or_else(|| source.def.id.to_string()),
            turns: known.turns,
        })
        .collect();
    let changes = Changes { instance: meta.instance, configured: meta.config_at, sources: &sources };
    let bytes = status::feed(engine.renderer.site(), &changes);
    Ok(Page::new(bytes, crate::views::atom::MEDIA_TYPE, changes.modified()))
}

#[cfg(test)]
mod tests;
