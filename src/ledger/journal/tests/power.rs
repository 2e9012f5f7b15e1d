//! Power cuts: everything that the journal asks of the file system is recorded; then, after every prefix of
//! the record, what a disk may hold is made from it, and the journal opened there.
//!
//! What a disk may hold: of a file, what was there at its last sync; of what was written since, each write
//! whole, in part, as zeroes of its length, or not at all, whatever became of the others. Of a directory,
//! the names of its last sync; each change since, or not, whatever became of the others.

use std::collections::BTreeMap;

use super::base::base_parts;
use super::*;
use crate::model::base::Base;

/// How many states of the disk are tried after each prefix: all torn in another way.
const SAMPLES: u64 = 4;

/// What a disk writes as one (a sector), of which any may be missing of a write that was not synced.
const SECTOR: usize = 512;

/// Chance that can be repeated (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let z = usize::try_from(z >> 33).expect("31 bits");
        if end == 0 { 0 } else { z % end }
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// A file, whatever it is called.
type Inode = usize;

/// One thing asked of the file system.
#[derive(Clone, Debug)]
enum Asked {
    Create(PathBuf, Inode),
    Append(Inode, Vec<u8>),
    Cut(Inode, usize),
    Sync(Inode),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    SyncDir,
    /// Not asked of it: the journal said that all up to here is durable.
    Acknowledged(u64),
    /// Not asked of it either: an octet rots.
    Rot(Inode, usize),
    /// There is a store, closed well, that has all up to here; or none that could be trusted.
    Store(Option<u64>),
}

/// What was asked, in order, and which file has which name now.
#[derive(Default)]
struct Tape {
    asked: Vec<Asked>,
    names: BTreeMap<PathBuf, Inode>,
    files: Inode,
}

#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<Tape>>);

impl Recorded {
    fn note(&self, asked: Asked) {
        self.0.lock().expect("no poison").asked.push(asked);
    }
}

struct RecordedFile {
    file: Box<dyn Disk>,
    inode: Inode,
    tape: Recorded,
}

impl Files for Recorded {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn Disk>> {
        let file = disk::Real.open(path, mode)?;
        let mut tape = self.0.lock().expect("no poison");
        let inode = match tape.names.get(path).copied() {
            Some(inode) => {
                if mode == Mode::Fresh {
                    tape.asked.push(Asked::Cut(inode, 0));
                }
                inode
            }
            None => {
                tape.files += 1;
                let inode = tape.files;
                tape.names.insert(path.to_owned(), inode);
                tape.asked.push(Asked::Create(path.to_owned(), inode));
                inode
            }
        };
        drop(tape);
        Ok(Box::new(RecordedFile { file, inode, tape: self.clone() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        disk::Real.rename(from, to)?;
        let mut tape = self.0.lock().expect("no poison");
        if let Some(inode) = tape.names.remove(from) {
            tape.names.insert(to.to_owned(), inode);
        }
        tape.asked.push(Asked::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        disk::Real.remove(path)?;
        let mut tape = self.0.lock().expect("no poison");
        tape.names.remove(path);
        tape.asked.push(Asked::Remove(path.to_owned()));
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        if dir.ends_with("journal") {
            self.note(Asked::SyncDir);
        }
        Ok(())
    }
}

impl Disk for RecordedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tape.note(Asked::Append(self.inode, bytes.to_vec()));
        self.file.append(bytes)
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.tape.note(Asked::Cut(self.inode, usize::try_from(len).expect("in memory")));
        self.file.cut(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        // The machine under the test keeps its power: real syncs would only take time.
        self.tape.note(Asked::Sync(self.inode));
        Ok(())
    }
}

/// A file as it is in memory, and what of it is on the disk for certain.
#[derive(Clone, Default)]
struct Content {
    durable: Vec<u8>,
    now: Vec<u8>,
    /// Since the last sync: where it was written and what, or the length it was cut to.
    since: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

impl Content {
    /// What a power cut may leave of it.
    fn survivor(&self, chance: &mut Chance) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for change in &self.since {
            match change {
                Change::Cut(len) if chance.coin() => bytes.truncate(*len),
                Change::Cut(_) => {}
                Change::Write(at, written) => write_some(&mut bytes, *at, written, chance),
            }
        }
        bytes
    }
}

fn write_some(bytes: &mut Vec<u8>, at: usize, written: &[u8], chance: &mut Chance) {
    let mut survives = written.to_vec();
    match chance.below(5) {
        0 => return,
        1 => survives.truncate(chance.below(written.len())),
        2 => survives.fill(0),
        3 => survives.chunks_mut(SECTOR).for_each(|sector| {
            if chance.coin() {
                sector.fill(0);
            }
        }),
        _ => {}
    }
    let end = at + survives.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[at..end].copy_from_slice(&survives);
}

/// The file system after a part of the tape.
#[derive(Default)]
struct Model {
    files: BTreeMap<Inode, Content>,
    durable_names: BTreeMap<PathBuf, Inode>,
    names_since: Vec<Asked>,
    acknowledged: u64,
    /// What a store has that can be trusted.
    stored: u64,
}

fn rename_in(names: &mut BTreeMap<PathBuf, Inode>, asked: &Asked, all: &BTreeMap<PathBuf, Inode>) {
    match asked {
        Asked::Create(path, inode) => {
            names.insert(path.clone(), *inode);
        }
        Asked::Rename(from, to) => {
            names.remove(from);
            names.insert(to.clone(), all[from]);
        }
        Asked::Remove(path) => {
            names.remove(path);
        }
        _ => {}
    }
}

impl Model {
    fn take(&mut self, asked: &Asked) {
        match asked {
            Asked::Append(inode, bytes) => {
                let file = self.files.entry(*inode).or_default();
                file.since.push(Change::Write(file.now.len(), bytes.clone()));
                file.now.extend(bytes);
            }
            Asked::Cut(inode, len) => {
                let file = self.files.entry(*inode).or_default();
                file.since.push(Change::Cut(*len));
                file.now.truncate(*len);
            }
            Asked::Sync(inode) => {
                let file = self.files.entry(*inode).or_default();
                file.durable.clone_from(&file.now);
                file.since.clear();
            }
            Asked::SyncDir => {
                self.durable_names = self.names_with(|| true);
                self.names_since.clear();
            }
            Asked::Acknowledged(seq) => self.acknowledged = *seq,
            Asked::Rot(inode, at) => {
                let file = self.files.entry(*inode).or_default();
                file.now[*at] ^= 0x55;
                file.durable[*at] ^= 0x55;
            }
            Asked::Store(has) => self.stored = has.unwrap_or(0),
            Asked::Create(..) | Asked::Rename(..) | Asked::Remove(_) => self.names_since.push(asked.clone()),
        }
    }

    /// True if there is but one thing a power cut can leave.
    fn is_durable(&self) -> bool {
        self.names_since.is_empty() && self.files.values().all(|file| file.since.is_empty())
    }

    /// The names, with those changes since the last sync that `survives` lets live.
    fn names_with(&self, mut survives: impl FnMut() -> bool) -> BTreeMap<PathBuf, Inode> {
        let (mut names, mut all) = (self.durable_names.clone(), self.durable_names.clone());
        for asked in &self.names_since {
            if survives() {
                rename_in(&mut names, asked, &all);
            }
            let before = all.clone();
            rename_in(&mut all, asked, &before);
        }
        names
    }

    /// Writes what a power cut may leave into a directory.
    fn cut_the_power(&self, chance: &mut Chance) -> TempDir {
        let dir = TempDir::new().expect("a directory");
        let journal = dir.path().join("journal");
        fs::create_dir(&journal).expect("created");
        for (path, inode) in self.names_with(|| chance.coin()) {
            let bytes = self.files.get(&inode).map(|file| file.survivor(chance)).unwrap_or_default();
            fs::write(journal.join(path.file_name().expect("a file")), bytes).expect("written");
        }
        dir
    }
}

/// The journal is closed, rots, and is healed from a store at its next start.
fn rot_and_heal(
    tape: &Recorded,
    mut journal: Journal,
    chance: &mut Chance,
    open: &dyn Fn() -> Journal,
) -> Journal {
    journal.sync().expect("synced");
    let seq = journal.seq();
    tape.note(Asked::Acknowledged(seq));
    tape.note(Asked::Store(Some(seq)));
    let segments = segment::list(&journal.dir).expect("listed");
    let segments: Vec<_> = segments.iter().filter(|s| segment::length(&s.path).expect("there") > 0).collect();
    drop(journal);
    for _ in 0..3 {
        let path = &segments[chance.below(segments.len())].path;
        let mut bytes = fs::read(path).expect("read");
        let at = chance.below(bytes.len());
        bytes[at] ^= 0x55;
        fs::write(path, bytes).expect("written");
        let inode = tape.0.lock().expect("no poison").names[path];
        tape.note(Asked::Rot(inode, at));
    }
    let mut journal = open();
    journal.go_on_behind(seq);
    let mut writer = journal.begin_base(journal.date()).expect("begun");
    base_parts().into_iter().try_for_each(|part| writer.push(part)).expect("written");
    let base = journal.put_in_place(writer.finish().expect("finished")).expect("named");
    journal.keep_from(&base).expect("removed");
    // From here on the store is written to, and a power cut leaves none.
    tape.note(Asked::Store(None));
    journal
}

/// A life of a journal: commits, appends that wait for their sync, new days, bases, rot that is healed, and
/// starts between.
/// Returns the tape, and the lines as they were written.
fn live_through(chance: &mut Chance) -> (Vec<Asked>, BTreeMap<u64, Line>) {
    let dir = TempDir::new().expect("a directory");
    let (tape, mut lines) = (Recorded::default(), BTreeMap::new());
    let open = |today| {
        let opened = Journal::open_on(Arc::new(tape.clone()), &dir.path().join("journal"), today, None);
        opened.expect("the journal opens").0
    };
    let (mut today, mut n) = (1, 0);
    let mut journal = open(day(today));
    for step in 0..40 {
        let records: Vec<Record> = (0..=chance.below(4))
            .map(|_| {
                n += 1;
                record(n)
            })
            .collect();
        match (step, chance.below(10)) {
            // Whatever chance says: one base with a tail before it and another after it.
            (15 | 30, _) => {
                let mut writer = journal.begin_base(day(today)).expect("begun");
                // begin_base synced what was written before it.
                tape.note(Asked::Acknowledged(journal.seq()));
                base_parts().into_iter().try_for_each(|part| writer.push(part)).expect("written");
                let during = journal.commit(records, day(today)).expect("committed");
                lines.extend(during.into_iter().map(|line| (line.seq, line)));
                tape.note(Asked::Acknowledged(journal.seq()));
                let base = journal.put_in_place(writer.finish().expect("finished")).expect("named");
                journal.keep_from(&base).expect("removed");
            }
            (8 | 24 | 36, _) => {
                journal = rot_and_heal(&tape, journal, chance, &|| open(day(today)));
            }
            (_, 0..3) => {
                let written = journal.append(records, day(today)).expect("appended");
                lines.extend(written.into_iter().map(|line| (line.seq, line)));
            }
            (_, 3) => {
                journal.sync().expect("synced");
                tape.note(Asked::Acknowledged(journal.seq()));
            }
            (_, 4) => today += 1,
            (_, 5) => {
                drop(journal);
                journal = open(day(today));
                tape.note(Asked::Acknowledged(journal.seq()));
            }
            _ => {
                let written = journal.commit(records, day(today)).expect("committed");
                lines.extend(written.into_iter().map(|line| (line.seq, line)));
                tape.note(Asked::Acknowledged(journal.seq()));
            }
        }
    }
    let asked = tape.0.lock().expect("no poison").asked.clone();
    (asked, lines)
}

/// Every acknowledged line is there or in the store, as it was written, and none twice; and the journal goes
/// on.
fn holds(dir: &TempDir, model: &Model, written: &BTreeMap<u64, Line>, what: &str) {
    let Model { acknowledged, stored, .. } = *model;
    let reopen = || {
        let disks = Arc::new(Recorded::default());
        Journal::open_on(disks, &dir.path().join("journal"), day(28), None).expect("the journal opens")
    };
    let (mut journal, report) = reopen();
    let (lines, losses) = read(&journal, 0);
    let (base, lines): (Vec<Line>, Vec<Line>) =
        lines.into_iter().partition(|line| matches!(line.record, Record::Base(_)));
    let mut last = journal.base_seq();
    if last > stored {
        let parts: Vec<Base> = base
            .into_iter()
            .map(|line| match line.record {
                Record::Base(part) => part,
                _ => unreachable!("only bases are here"),
            })
            .collect();
        assert_eq!(parts, base_parts(), "{what}: the base is not whole");
    }
    for line in &lines {
        assert!(line.seq > last, "{what}: line {} is there twice", line.seq);
        assert!(
            line.seq == last + 1 || last >= acknowledged || line.seq <= stored + 1,
            "{what}: lost from {} on, {losses:?}",
            last + 1
        );
        assert_eq!(Some(line), written.get(&line.seq), "{what}: not what was written");
        last = line.seq;
    }
    assert!(
        last.max(stored) >= acknowledged,
        "{what}: ends at {last}, acknowledged was {acknowledged}, {report:?}"
    );
    assert_eq!(journal.seq(), last, "{what}");
    journal.go_on_behind(stored);
    let last = last.max(stored);
    let more = append(&mut journal, 900..901, day(28));
    assert_eq!(more[0].seq, last + 1, "{what}");
    drop(journal);
    assert_eq!(read(&reopen().0, last).0, more, "{what}: it does not go on");
}

#[test]
fn what_was_acknowledged_survives_a_power_cut_after_any_prefix_of_what_was_asked_of_the_disk() {
    let (mut prefixes, mut cuts) = (0, 0);
    for seed in 1..=3 {
        let mut chance = Chance(seed);
        let (asked, written) = live_through(&mut chance);
        let mut model = Model::default();
        for (at, step) in asked.iter().enumerate() {
            model.take(step);
            prefixes += 1;
            for sample in 0..if model.is_durable() { 1 } else { SAMPLES } {
                let dir = model.cut_the_power(&mut chance);
                let what = format!("seed {seed}, after {at} of {}, sample {sample}", asked.len());
                holds(&dir, &model, &written, &what);
                cuts += 1;
            }
        }
    }
    println!("{prefixes} prefixes, {cuts} power cuts, nothing acknowledged lost or doubled");
    assert!(prefixes > 300, "only {prefixes} prefixes were tried");
}
