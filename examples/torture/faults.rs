//! What is done to the daemon. A fault leaves it running, or gone with whatever was in its way taken away:
//! then it has to start by itself.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::daemon::{LIMIT, Wrong, within};
use crate::frames;
use crate::paper::Chance;
use crate::rig::Rig;

/// A start takes about this long, so kills fall into all of it.
const START_MS: u64 = 400;

/// How far from the journal's end it is damaged: several frames.
const TAIL: u64 = 6000;

/// How long after there is room again the daemon may take to notice: it tries every thirty seconds.
const NOTICES: Duration = Duration::from_secs(60);

const KILLED: &[&str] = &["the last run did not stop in good order"];

/// What has to be told at the next start.
pub(crate) struct Told {
    /// One of these, if there is any.
    pub(crate) any: &'static [&'static str],
    /// Nothing can be told: what is left is whole.
    pub(crate) quiet: bool,
}

fn told(any: &'static [&'static str]) -> Told {
    Told { any, quiet: false }
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Kill,
    KillOpening,
    CutJournal,
    FlipJournal,
    HarmStore,
    RemoveStore,
    FillDisk,
    FillDiskAndKill,
    ReadOnly,
    Second,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Kill,
        Self::KillOpening,
        Self::CutJournal,
        Self::FlipJournal,
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

    /// Kills come more often. Waiting for a disk to be noticed takes half a minute, so that is seldom.
    fn any(chance: &mut Chance) -> Self {
        match chance.below(32) {
            0..8 => Self::Kill,
            8..14 => Self::KillOpening,
            14..18 => Self::CutJournal,
            18..22 => Self::FlipJournal,
            22..25 => Self::HarmStore,
            25 => Self::RemoveStore,
            26 => Self::FillDisk,
            27 => Self::FillDiskAndKill,
            28..30 => Self::ReadOnly,
            _ => Self::Second,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kill => "killed",
            Self::KillOpening => "killed while opening",
            Self::CutJournal => "journal cut",
            Self::FlipJournal => "journal flipped",
            Self::HarmStore => "store file harmed",
            Self::RemoveStore => "store removed",
            Self::FillDisk => "disk filled",
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
            Kind::CutJournal => Ok(self.cut_journal()),
            Kind::FlipJournal => Ok(self.flip_journal()),
            Kind::HarmStore => Ok(self.harm_store()),
            Kind::RemoveStore => Ok(self.remove_store()),
            Kind::FillDisk => self.fill_disk(),
            Kind::FillDiskAndKill => self.fill_disk_and_kill(),
            Kind::ReadOnly => self.make_read_only(),
            Kind::Second => self.start_a_second(),
        }
    }

    fn kill(&mut self) {
        self.running = None;
    }

    /// The poll that is cut off may be acknowledged or not: only its exit code says.
    fn kill_in_a_poll(&mut self) -> Result<Told, Wrong> {
        let (place, shown) = (self.place.clone(), self.paper.shown());
        let poll = thread::spawn(move || place.ask(&["poll", "--all"]));
        thread::sleep(Duration::from_millis(self.chance.below(START_MS)));
        self.kill();
        let ended = poll.join().expect("it does not panic")?;
        if ended.status.success() {
            self.ledger.acknowledge(shown.into_iter().flatten());
        }
        Ok(told(KILLED))
    }

    fn kill_while_opening(&mut self) -> Result<Told, Wrong> {
        self.kill();
        for _ in 0..=self.chance.below(3) {
            let mut running = self.place.spawn();
            thread::sleep(Duration::from_millis(self.chance.below(START_MS)));
            if let Some(status) = running.over() {
                return Err(Wrong::Other(format!("it ended while opening ({status})")));
            }
        }
        // Killed before it had opened anything, or after: the run before was killed too.
        Ok(told(KILLED))
    }

    fn tail(&mut self) -> Option<(PathBuf, u64, Vec<frames::Frame>)> {
        self.kill();
        let path = frames::last_segment(&self.state)?;
        let len = fs::metadata(&path).expect("it was listed").len();
        (len > 0).then(|| (path.clone(), len, frames::read(&path)))
    }

    fn condemn(&mut self, frames: &[frames::Frame], is_hit: impl Fn(&frames::Frame) -> bool) {
        let hit = frames.iter().filter(|frame| is_hit(frame));
        let ids: BTreeSet<&str> = hit.flat_map(|frame| frame.ids.iter().map(String::as_str)).collect();
        self.ledger.condemn(&ids);
    }

    fn cut_journal(&mut self) -> Told {
        let Some((path, len, frames)) = self.tail() else { return told(KILLED) };
        let at = len - 1 - self.chance.below(len.min(TAIL));
        let file = OpenOptions::new().write(true).open(&path).expect("it was listed");
        file.set_len(at).expect("it can be cut");
        self.condemn(&frames, |frame| frame.to > at);
        // Between two frames there is nothing to see, but for a store that knows more.
        let between = at == 0 || frames.iter().any(|frame| frame.to == at);
        if between { Told { any: &[], quiet: true } } else { told(&["cut that off", "damaged"]) }
    }

    fn flip_journal(&mut self) -> Told {
        let Some((path, len, frames)) = self.tail() else { return told(KILLED) };
        let mut bytes = fs::read(&path).expect("it was listed");
        let mut places = BTreeSet::new();
        for _ in 0..=self.chance.below(8) {
            let at = len - 1 - self.chance.below(len.min(TAIL));
            places.insert(at);
            bytes[usize::try_from(at).expect("in memory")] ^= 1 << self.chance.below(8);
        }
        fs::write(&path, bytes).expect("it can be written");
        self.condemn(&frames, |frame| places.range(frame.from..frame.to).next().is_some());
        // Not every bit of a frame bears on its content.
        let harmed = frames::read(&path).len() < frames.len();
        if harmed { told(&["damaged", "cut that off"]) } else { told(&[]) }
    }

    fn harm_store(&mut self) -> Told {
        self.kill();
        let mut files = Vec::new();
        files_below(&self.state.join("store"), &mut files);
        files.sort();
        if files.is_empty() {
            return told(KILLED);
        }
        let path = &files[self.chance.index(files.len())];
        let mut bytes = fs::read(path).expect("it was listed");
        match self.chance.below(3) {
            0 => fs::remove_file(path).expect("it can be removed"),
            1 => {
                bytes.truncate(self.chance.index(bytes.len()));
                fs::write(path, bytes).expect("it can be written");
            }
            _ if bytes.is_empty() => {}
            _ => {
                for _ in 0..=self.chance.below(16) {
                    let at = self.chance.index(bytes.len());
                    bytes[at] ^= 1 << self.chance.below(8);
                }
                fs::write(path, bytes).expect("it can be written");
            }
        }
        // sled may not have needed those octets; otherwise it says that the store was built anew.
        told(&["the last run did not stop in good order", "built the store anew"])
    }

    fn remove_store(&mut self) -> Told {
        self.kill();
        fs::remove_dir_all(self.state.join("store")).expect("it can be removed");
        told(&["built the store anew"])
    }

    /// Fills the file system; a part of the time a little is left, but less than is left alone.
    fn fill(&mut self) -> PathBuf {
        let filler = self.disk.as_ref().expect("asked before").join("filler");
        let mut file = File::create(&filler).expect("created");
        for chunk in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![0; chunk]).is_ok() {}
        }
        let left = self.chance.below(4) << 20;
        let len = file.metadata().expect("it is open").len();
        file.set_len(len.saturating_sub(left)).expect("it can be cut");
        filler
    }

    fn polls_stop(&mut self) -> Result<(), Wrong> {
        self.paper.advance(&mut self.chance);
        let running = self.running.as_mut().expect("it runs");
        running.says("polls stop until that works again", LIMIT)?;
        let refused = self.place.ask(&["poll", "--all"])?;
        if refused.status.success() {
            return Err(Wrong::Other("a poll was acknowledged on a full disk".to_owned()));
        }
        match self.place.get("/henan.atom") {
            Ok((200, _)) => Ok(()),
            other => Err(Wrong::Other(format!("not served while the disk is full: {other:?}"))),
        }
    }

    fn fill_disk(&mut self) -> Result<Told, Wrong> {
        let filler = self.fill();
        let stopped = self.polls_stop();
        fs::remove_file(filler).expect("it can be removed");
        stopped?;
        self.running.as_mut().expect("it runs").says("polls go on", NOTICES)?;
        Ok(told(&[]))
    }

    /// On a full disk it starts and serves, or refuses in one line.
    fn fill_disk_and_kill(&mut self) -> Result<Told, Wrong> {
        let filler = self.fill();
        let tried = self.polls_stop().and_then(|()| {
            self.kill();
            let mut running = self.place.spawn();
            let serves = within(LIMIT, "a start on a full disk", || match running.over() {
                Some(_) => Ok(Some(false)),
                None => Ok(self.place.get("/healthz").is_ok().then_some(true)),
            })?;
            drop(running);
            if serves { Ok(()) } else { self.place.refusal().map(|_| ()) }
        });
        fs::remove_file(filler).expect("it can be removed");
        tried?;
        Ok(told(KILLED))
    }

    fn make_read_only(&mut self) -> Result<Told, Wrong> {
        self.kill();
        self.remount("remount,ro")?;
        let refused = self.place.refusal();
        self.remount("remount,rw")?;
        let line = refused?;
        if !line.to_lowercase().contains("read-only") {
            return Err(Wrong::Other(format!("it does not say what is wrong: {line}")));
        }
        Ok(told(KILLED))
    }

    fn remount(&self, how: &str) -> Result<(), Wrong> {
        let disk = self.disk.as_ref().expect("asked before");
        let status = Command::new("mount").args(["-o", how]).arg(disk).status().expect("mount is there");
        if status.success() { Ok(()) } else { Err(Wrong::Other(format!("mount -o {how}: {status}"))) }
    }

    fn start_a_second(&mut self) -> Result<Told, Wrong> {
        let line = self.second.refusal()?;
        if !line.contains("in use by another dibao") {
            return Err(Wrong::Other(format!("it does not say what is wrong: {line}")));
        }
        match self.running.as_mut().expect("it runs").over() {
            None => Ok(told(&[])),
            Some(status) => Err(Wrong::Other(format!("the first ended with the second: {status}"))),
        }
    }
}

fn files_below(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        match path.is_dir() {
            // What was set aside is read by nobody.
            true if path.ends_with("damaged") => {}
            true => files_below(&path, files),
            false => files.push(path),
        }
    }
}
