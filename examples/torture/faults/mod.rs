//! The faults. After a fault the daemon runs, or it has ended and the obstacle is removed, so that it must start
//! without help.

mod disk;
mod journal;
mod process;
mod store;

use crate::daemon::Wrong;
use crate::paper::Chance;
use crate::rig::Rig;

const KILLED: &[&str] = &["the last run was not shut down cleanly"];

/// What follows a fault.
pub(crate) struct Told {
    /// The log of the next start has to hold one of these, if there is any.
    pub(crate) any: &'static [&'static str],
    /// True if a scrub has to put something right before the next fault.
    pub(crate) scrub: bool,
}

impl Told {
    fn after_a_scrub(self) -> Self {
        Self { scrub: true, ..self }
    }
}

fn told(any: &'static [&'static str]) -> Told {
    Told { any, scrub: false }
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Kill,
    KillOpening,
    KillCompacting,
    KillRebuilding,
    KillScrubbing,
    CutJournal,
    FlipJournal,
    FlipBase,
    HealThenRemoveStore,
    HarmBoth,
    HarmStore,
    RemoveStore,
    FillDisk,
    FillDiskAndKill,
    ReadOnly,
    Second,
}

impl Kind {
    const ALL: [Self; 16] = [
        Self::Kill,
        Self::KillOpening,
        Self::KillCompacting,
        Self::KillRebuilding,
        Self::KillScrubbing,
        Self::CutJournal,
        Self::FlipJournal,
        Self::FlipBase,
        Self::HealThenRemoveStore,
        Self::HarmBoth,
        Self::HarmStore,
        Self::RemoveStore,
        Self::FillDisk,
        Self::FillDiskAndKill,
        Self::ReadOnly,
        Self::Second,
    ];

    /// The first cycles see each kind once, in an order of chance; then it is chance alone.
    pub(crate) fn of(cycle: u64, order: &mut Vec<Self>, chance: &mut Chance) -> Self {
        if cycle == 1 {
            *order = Self::ALL.to_vec();
        }
        if order.is_empty() { Self::any(chance) } else { order.swap_remove(chance.index(order.len())) }
    }

    /// Kills come more often. A disk takes seconds to be noticed, so that is seldom.
    fn any(chance: &mut Chance) -> Self {
        match chance.below(40) {
            0..6 => Self::Kill,
            6..10 => Self::KillOpening,
            10..14 => Self::KillCompacting,
            14..16 => Self::KillRebuilding,
            16 => Self::KillScrubbing,
            17..20 => Self::CutJournal,
            20..23 => Self::FlipJournal,
            23..26 => Self::FlipBase,
            26..29 => Self::HealThenRemoveStore,
            29 => Self::HarmBoth,
            30..33 => Self::HarmStore,
            33 => Self::RemoveStore,
            34 => Self::FillDisk,
            35 => Self::FillDiskAndKill,
            36..38 => Self::ReadOnly,
            _ => Self::Second,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kill => "killed in a poll",
            Self::KillOpening => "killed while opening",
            Self::KillCompacting => "killed while compacting",
            Self::KillRebuilding => "killed while rebuilding",
            Self::KillScrubbing => "journal flipped, then killed in a scrub",
            Self::CutJournal => "journal cut",
            Self::FlipJournal => "journal flipped",
            Self::FlipBase => "base flipped",
            Self::HealThenRemoveStore => "journal harmed, then store removed",
            Self::HarmBoth => "journal and store harmed at once",
            Self::HarmStore => "store file harmed",
            Self::RemoveStore => "store removed",
            Self::FillDisk => "disk filled and cleared again and again",
            Self::FillDiskAndKill => "disk filled and killed",
            Self::ReadOnly => "read-only",
            Self::Second => "second daemon",
        }
    }

    pub(crate) fn needs_a_disk(self) -> bool {
        matches!(self, Self::FillDisk | Self::FillDiskAndKill | Self::ReadOnly)
    }
}

impl Rig {
    pub(crate) fn fault(&mut self, kind: Kind) -> Result<Told, Wrong> {
        match kind {
            Kind::Kill => self.kill_in_a_poll(),
            Kind::KillOpening => self.kill_while_opening(),
            Kind::KillCompacting => self.kill_in(&["compact"]),
            Kind::KillRebuilding => self.kill_in(&["rebuild"]),
            Kind::KillScrubbing => self.kill_in_a_scrub(),
            Kind::CutJournal => Ok(self.cut_journal()),
            Kind::FlipJournal => Ok(self.flip_journal()),
            Kind::FlipBase => self.flip_base(),
            Kind::HealThenRemoveStore => self.heal_then_remove_store(),
            Kind::HarmBoth => Ok(self.harm_both()),
            Kind::HarmStore => Ok(self.harm_store()),
            Kind::RemoveStore => Ok(self.remove_store()),
            Kind::FillDisk => self.fill_disk(),
            Kind::FillDiskAndKill => self.fill_disk_and_kill(),
            Kind::ReadOnly => self.make_read_only(),
            Kind::Second => self.start_a_second(),
        }
    }

    pub(super) fn kill(&mut self) {
        self.running = None;
    }
}
