//! Statistics of a source's polls and dates: how often it has news, how often a poll finds none, if entries may
//! have been missed between two polls, and if the source has fallen silent.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::model::outcome::Outcome;
use crate::model::time::Time;

/// Dates remembered: enough for a rhythm, little enough to be written with every poll.
const REMEMBERED: usize = 24;
/// Past this many polls the old ones count half, so that a source that changed its habits is soon seen
/// as it is now.
const POLLS: u32 = 200;
/// Fewer polls say nothing about a habit: at the usual schedule they are made in seven hours.
const FEW: u32 = 20;
/// No source is called silent sooner: most outlets rest over a weekend.
const SILENT_AFTER: TimeDelta = TimeDelta::days(3);
/// A source with too few dates to have a rhythm is called silent after this.
const SILENT_WITHOUT_RHYTHM: TimeDelta = TimeDelta::days(30);
/// Time for which a poll without overlap is reported.
const RECENTLY: TimeDelta = TimeDelta::days(7);
/// The share of polls in vain, in percent, from which a source is asked too often.
const IN_VAIN: u32 = 80;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habits {
    /// Good polls, the old ones counted less.
    #[serde(default)]
    polls: u32,
    /// Those that found nothing new or changed.
    #[serde(default)]
    in_vain: u32,
    /// Time of the last poll that shared no entry with the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gap_at: Option<Time>,
    /// Entries of the last document.
    #[serde(default)]
    window: u32,
    /// Publication dates of its newest entries, in Unix seconds, the newest first.
    #[serde(default)]
    dates: Vec<i64>,
}

impl Habits {
    /// Takes in how a poll ended. `first` is whether the source had never brought entries before: then
    /// everything is new and nothing was missed.
    pub fn note_poll(&mut self, at: Time, outcome: &Outcome, overlaps: Option<bool>, first: bool) {
        if !outcome.is_good() {
            return;
        }
        if self.polls == POLLS {
            (self.polls, self.in_vain) = (POLLS / 2, self.in_vain / 2);
        }
        self.polls += 1;
        match outcome {
            Outcome::Fetched { entries, new, changed, .. } => {
                self.in_vain += u32::from(*new == 0 && *changed == 0);
                self.window = *entries;
                // How many are new is how many were published: those of a list wait for their pages.
                if !first && *entries > 0 && !overlaps.unwrap_or(new != entries) {
                    self.gap_at = Some(at);
                }
            }
            _ => self.in_vain += 1,
        }
    }

    /// Takes in when an entry was published.
    pub fn note_entry(&mut self, published: Time) {
        let date = published.timestamp();
        let place = self.dates.partition_point(|known| *known > date);
        self.dates.insert(place, date);
        self.dates.truncate(REMEMBERED);
    }

    /// True if nothing has been published for far longer than the source's own rhythm: twice its longest
    /// pause, three days at least.
    pub fn is_silent(&self, now: Time) -> bool {
        let Some(newest) = self.dates.first() else { return false };
        let limit = match self.gaps().max() {
            Some(longest) => SILENT_AFTER.max(TimeDelta::seconds(longest.saturating_mul(2))),
            None => SILENT_WITHOUT_RHYTHM,
        };
        now.timestamp().saturating_sub(*newest) > limit.num_seconds()
    }

    /// The number of entries in the document of the poll at this time, if that poll shared no entry with the one before.
    pub fn missed_at(&self, at: Time) -> Option<u32> {
        (self.gap_at == Some(at)).then_some(self.window)
    }

    pub fn newest(&self) -> Option<Time> {
        self.dates.first().and_then(|date| Time::from_timestamp(*date, 0))
    }

    pub fn rhythm(&self) -> Option<Duration> {
        let mut gaps: Vec<_> = self.gaps().collect();
        gaps.sort_unstable();
        let median = gaps.get(gaps.len() / 2)?;
        Some(Duration::from_secs(u64::try_from(*median).unwrap_or(0)))
    }

    /// The share of polls that found nothing, in percent.
    pub fn in_vain(&self) -> Option<u32> {
        (self.polls > 0).then(|| self.in_vain * 100 / self.polls)
    }

    /// Advice to the operator, given the interval of polls. Empty when all is well.
    pub fn advice(&self, interval: Duration, now: Time) -> Vec<String> {
        let mut advice = Vec::new();
        if let Some(at) = self.gap_at.filter(|at| now - at < RECENTLY) {
            let date = at.format("%Y-%m-%d %H:%M");
            advice.push(format!(
                "entries may have been missed: at {date} UTC all {} were new; poll it more often",
                self.window
            ));
        } else if let Some((schedule, share)) = self.seldomer(interval) {
            advice.push(format!("{share} % of its polls find nothing: schedule = \"{schedule}\" would do"));
        }
        advice
    }

    /// A schedule that asks less often and loses nothing.
    fn seldomer(&self, interval: Duration) -> Option<(&'static str, u32)> {
        let share = self.in_vain().filter(|share| self.polls >= FEW && *share >= IN_VAIN)?;
        let (every, schedule) = schedule_for(self.rhythm()?, self.covered()?);
        (every > interval).then_some((schedule, share))
    }

    fn covered(&self) -> Option<Duration> {
        let (newest, oldest) = (self.dates.first()?, self.dates.last()?);
        let gaps = i64::try_from(self.dates.len()).ok()? - 1;
        let each = u64::try_from(newest - oldest).ok()?.checked_div(u64::try_from(gaps).ok()?)?;
        Some(Duration::from_secs(each.saturating_mul(u64::from(self.window))))
    }

    fn gaps(&self) -> impl Iterator<Item = i64> {
        self.dates.windows(2).map(|pair| pair[0] - pair[1])
    }
}

/// The schedules that are suggested, the most frequent first.
const SCHEDULES: [(u64, &str); 8] = [
    (20, "*/20 * * * *"),
    (30, "*/30 * * * *"),
    (60, "0 * * * *"),
    (120, "0 */2 * * *"),
    (180, "0 */3 * * *"),
    (360, "0 */6 * * *"),
    (720, "0 7,19 * * *"),
    (1440, "0 7 * * *"),
];

/// The schedule for a source that has news every `rhythm`, in documents that cover a time of `covered`:
/// about one poll for each entry, and three at least before one leaves the document.
pub fn schedule_for(rhythm: Duration, covered: Duration) -> (Duration, &'static str) {
    let most = rhythm.min(covered / 3);
    let every = |minutes: u64| Duration::from_secs(minutes * 60);
    let fitting = SCHEDULES.iter().rev().find(|(minutes, _)| every(*minutes) <= most);
    let (minutes, schedule) = fitting.unwrap_or(&SCHEDULES[0]);
    (every(*minutes), schedule)
}

#[cfg(test)]
mod tests;
