//! Entries in order of time, in sorted runs of a few hundred octets: neighbours in time are neighbours in memory,
//! and filing an entry moves few others.

/// The low bits of the serial of an entry.
pub(super) type Low = u32;

/// An entry of a timeline: the minute in the upper half, the low bits of the serial in the lower one.
type Timed = u64;

/// Entries of a run before it is split.
const RUN: usize = 128;

/// See the module. No run is empty, and every run lies before the next one.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    /// The first entry of each run.
    firsts: Vec<Timed>,
    runs: Vec<Vec<Timed>>,
}

impl Timeline {
    /// Files an entry; nothing if it is there already.
    pub(super) fn insert(&mut self, timed: Timed) {
        if self.runs.is_empty() {
            self.firsts.push(timed);
            self.runs.push(vec![timed]);
            return;
        }
        let at = self.run_of(timed);
        let run = &mut self.runs[at];
        let Err(place) = run.binary_search(&timed) else { return };
        run.insert(place, timed);
        self.firsts[at] = run[0];
        if run.len() > RUN {
            let mut half = Vec::with_capacity(RUN + 1);
            half.extend(run.drain(RUN / 2..));
            self.firsts.insert(at + 1, half[0]);
            self.runs.insert(at + 1, half);
        }
    }

    /// Entries at or before `minute`, from the nearest back to `from`.
    pub(super) fn back_from(&self, minute: u32, from: u32) -> impl Iterator<Item = Low> {
        let point = timed(minute, Low::MAX);
        let last = self.run_of(point);
        let runs = self.runs.get(..=last).unwrap_or_default().iter().rev();
        let all = runs.flat_map(move |run| run[..run.partition_point(|t| *t <= point)].iter().rev());
        all.take_while(move |t| **t >= timed(from, 0)).map(|t| low(*t))
    }

    /// Entries after `minute`, from the nearest on to `to`.
    pub(super) fn on_from(&self, minute: u32, to: u32) -> impl Iterator<Item = Low> {
        let point = timed(minute, Low::MAX);
        let runs = self.runs.get(self.run_of(point)..).unwrap_or_default().iter();
        let all = runs.flat_map(move |run| run[run.partition_point(|t| *t <= point)..].iter());
        all.take_while(move |t| **t <= timed(to, Low::MAX)).map(|t| low(*t))
    }

    /// Keeps those that `keep` says of, by minute and low bits.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(u32, Low) -> bool) {
        self.runs.iter_mut().for_each(|run| run.retain(|t| keep((t >> 32) as u32, low(*t))));
        self.runs.retain(|run| !run.is_empty());
        self.firsts = self.runs.iter().map(|run| run[0]).collect();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Timed> {
        self.runs.iter().flatten().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.runs.iter().map(Vec::len).sum()
    }

    pub(super) fn octets(&self) -> usize {
        let runs: usize = self.runs.iter().map(|run| run.capacity() * size_of::<Timed>()).sum();
        runs + self.runs.capacity() * size_of::<Vec<Timed>>() + self.firsts.capacity() * size_of::<Timed>()
    }

    /// The run that an entry belongs in.
    fn run_of(&self, timed: Timed) -> usize {
        self.firsts.partition_point(|first| *first <= timed).saturating_sub(1)
    }
}

pub(super) fn timed(minute: u32, low: Low) -> Timed {
    (u64::from(minute) << 32) | u64::from(low)
}

pub(super) fn low(timed: Timed) -> Low {
    timed as Low
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::decide::story::hash::mix;

    #[test]
    fn the_nearest_are_found_in_order_on_both_sides() {
        let (mut timeline, mut all) = (Timeline::default(), BTreeSet::new());
        assert_eq!((timeline.back_from(5, 0).count(), timeline.on_from(5, 9).count()), (0, 0));
        for n in 0..2000 {
            let entry = timed(mix(n) as u32 % 500, n as Low);
            timeline.insert(entry);
            timeline.insert(entry);
            all.insert(entry);
        }
        timeline.retain(|minute, low| low % 7 != 0 && minute != 250);
        all.retain(|t| !low(*t).is_multiple_of(7) && t >> 32 != 250);
        assert!(timeline.iter().eq(all.iter().copied()) && timeline.len() == all.len());
        for minute in [0_u32, 3, 249, 250, 251, 499, 600] {
            let (from, to) = (minute.saturating_sub(20), minute + 20);
            let back = all.range(timed(from, 0)..=timed(minute, Low::MAX)).rev().map(|t| low(*t));
            assert!(timeline.back_from(minute, from).eq(back), "{minute}");
            let on = all.range(timed(minute + 1, 0)..=timed(to, Low::MAX)).map(|t| low(*t));
            assert!(timeline.on_from(minute, to).eq(on), "{minute}");
        }
    }
}
