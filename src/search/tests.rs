use std::path::Path;
use std::sync::atomic::AtomicUsize;

use tempfile::TempDir;
use tokio::time::Instant;

use super::*;
use crate::decide::rules::Rules;
use crate::ledger::apply::apply;
use crate::model::record::Line;
use crate::model::search::Order;
use crate::search::query::Query;
use crate::testing::{
    Draw, body, changed, config, def, fixed, lines, memory, new, rules, seen, sources, workload,
};

/// A store, the index beside it, and the count of documents that were made for it.
struct Desk {
    dir: TempDir,
    store: Store,
    rules: Rules,
    search: Search,
    made: AtomicUsize,
}

impl Desk {
    fn over(store: Store, rules: Rules) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let search = Search::new(dir.path());
        Self { dir, store, rules, search, made: AtomicUsize::new(0) }
    }

    /// One with entries of these titles, the first of number 1.
    fn of(titles: &[&str]) -> Self {
        let defs = [def("a", fixed(&["henan"]))];
        let desk = Self::over(memory(), rules(&defs));
        let entries = (1..).zip(titles).map(|(n, title)| new(n, body(title, None))).collect();
        desk.apply(&lines([config(0, &defs, &[]), seen("a", 1, entries, Vec::new())]));
        desk
    }

    /// Applies lines as the recorder does, and tells the index.
    fn apply(&self, lines: &[Line]) {
        for line in lines {
            let changes = apply(&self.store, line, &self.rules).expect("applied");
            self.store.commit(&changes).expect("in memory");
            self.search.changed(line.seq, &changes.entries.into_keys().collect::<Vec<_>>());
        }
    }

    fn document(&self, no: EntryNo, entry: &Entry) -> Document {
        self.made.fetch_add(1, Ordering::Relaxed);
        Document {
            no,
            surfaced: entry.surfaced,
            published: entry.published,
            feeds: entry.feeds(),
            language: None,
            title: entry.title().to_owned(),
            body: String::new(),
        }
    }

    fn step(&self, of: &str) -> Result<Step, SearchError> {
        self.search.step(&self.store, of, &|no, entry| self.document(no, entry))
    }

    fn catch_up(&self) {
        while self.step("this").expect("stepped") == Step::More {}
        assert!(self.search.is_ready());
    }

    /// The documents that were made since the last call.
    fn made(&self) -> usize {
        self.made.swap(0, Ordering::Relaxed)
    }

    /// The titles of what is found, in order.
    fn titles(&self, query: &str) -> Vec<String> {
        let title =
            |no: EntryNo| self.store.entry(no).expect("in memory").expect("stored").title().to_owned();
        let mut titles: Vec<String> = self.find(query).expect("it is ready").into_iter().map(title).collect();
        titles.sort();
        titles
    }

    fn find(&self, query: &str) -> Result<Vec<EntryNo>, Unready> {
        let none = std::collections::BTreeSet::new();
        let query = Query::parse(query);
        let ask = Ask {
            query: &query,
            listed_in: Vec::new(),
            without: &none,
            language: None,
            from: None,
            before: None,
            order: Order::Time,
            most: 10_000,
            after: None,
            deadline: Instant::now() + Duration::from_secs(60),
        };
        self.search.find(&ask).map(|hits| {
            let mut numbers = hits.numbers;
            numbers.sort_unstable();
            numbers
        })
    }

    /// What reading the whole store finds.
    fn read(&self, query: &str) -> Vec<EntryNo> {
        let query = Query::parse(query);
        let entries = self.store.entries_from(0, usize::MAX).expect("in memory").into_iter();
        let found = entries.filter(|(_, entry)| entry.is_shown() && query.matches(entry.title(), ""));
        found.map(|(no, _)| no).collect()
    }

    /// The next start of a process that was killed: the files are as they are now.
    fn restart_after_a_kill(&mut self) {
        let dir = tempfile::tempdir().expect("a directory");
        copy(self.dir.path(), dir.path());
        self.search = Search::new(dir.path());
        self.dir = dir;
    }

    fn restart(&mut self) {
        self.search.close().expect("closed");
        self.search = Search::new(self.dir.path());
    }

    /// The files of the index.
    fn files(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.search.dir()).expect("there is an index");
        let paths = files.map(|file| file.expect("listed").path());
        paths.filter(|path| path.extension().is_none_or(|ending| ending != "lock")).collect()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("listed") {
        let path = entry.expect("listed").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else if let Err(error) = fs::copy(&path, &target) {
            // A merge removes files meanwhile.
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
        }
    }
}

#[test]
fn an_index_is_built_and_follows_the_store() {
    let desk = Desk::of(&["漯河启动防汛应急响应", "许昌举行防汛演练", "南阳月季花开"]);
    assert_eq!(desk.find("防汛"), Err(Unready::Building), "it says so, and fails nobody");
    desk.catch_up();
    assert_eq!(desk.titles("防汛"), ["漯河启动防汛应急响应", "许昌举行防汛演练"]);
    let revision = desk.search.revision();
    let renamed = changed(2, body("许昌演练结束", None));
    let mut more = lines([seen("a", 2, vec![new(4, body("洛阳防汛", None))], vec![renamed])]);
    more[0].seq = 3;
    desk.apply(&more);
    desk.catch_up();
    assert_eq!(desk.titles("防汛"), ["洛阳防汛", "漯河启动防汛应急响应"]);
    assert_eq!(desk.titles("演练"), ["许昌演练结束"]);
    assert!(desk.search.revision() > revision, "kept answers are stale");
    assert_eq!(desk.search.documents(), 4);
    desk.made();
    desk.catch_up();
    assert_eq!(desk.made(), 0, "nothing is indexed twice");
}

#[test]
fn a_restart_goes_on_where_the_index_is() {
    let mut desk = Desk::of(&["漯河防汛", "许昌防汛"]);
    desk.catch_up();
    desk.made();
    desk.restart();
    assert_eq!(desk.find("防汛"), Err(Unready::Building), "it is not open yet");
    desk.catch_up();
    assert_eq!((desk.made(), desk.find("防汛")), (0, Ok(vec![1, 2])));
    desk.restart_after_a_kill();
    desk.catch_up();
    assert_eq!((desk.made(), desk.find("防汛")), (0, Ok(vec![1, 2])));
}

#[test]
fn changes_that_the_index_missed_are_found_at_the_next_start() {
    let mut desk = Desk::of(&["漯河防汛", "许昌防汛"]);
    desk.catch_up();
    desk.restart();
    let renamed = changed(2, body("许昌演练", None));
    let mut more = lines([seen("a", 2, vec![new(3, body("洛阳防汛", None))], vec![renamed])]);
    more[0].seq = 3;
    desk.apply(&more);
    // The notice is lost with the process.
    desk.search = Search::new(desk.dir.path());
    desk.made();
    desk.catch_up();
    assert_eq!(
        (desk.titles("防汛"), desk.titles("演练")),
        (vec!["洛阳防汛".to_owned(), "漯河防汛".to_owned()], vec!["许昌演练".to_owned()])
    );
    assert_eq!(desk.made(), 2, "the others are left alone");
}

#[test]
fn an_index_of_another_store_or_of_other_texts_is_built_anew() {
    let desk = Desk::of(&["漯河防汛"]);
    desk.catch_up();
    desk.made();
    while desk.step("that").expect("stepped") == Step::More {}
    assert_eq!((desk.made(), desk.find("防汛")), (1, Ok(vec![1])));
}

#[test]
fn an_index_with_entries_that_the_store_does_not_have_is_built_anew() {
    let mut desk = Desk::of(&["漯河防汛", "许昌防汛"]);
    desk.catch_up();
    desk.restart();
    let other = Desk::of(&["许昌演练"]);
    (desk.store, desk.rules) = (other.store, other.rules);
    assert_eq!(desk.search.peek(&desk.store, "this"), Err(Unready::Building));
    desk.made();
    desk.catch_up();
    assert_eq!((desk.made(), desk.find("防汛"), desk.find("演练")), (1, Ok(vec![]), Ok(vec![1])));
}

#[test]
fn without_room_there_is_no_index_until_there_is_room_for_a_whole_one() {
    let mut desk = Desk::of(&["漯河防汛"]);
    desk.catch_up();
    desk.search.room = Box::new(|_| false);
    assert_eq!(desk.step("this").expect("stepped"), Step::NoRoom);
    assert_eq!(desk.find("防汛"), Err(Unready::Building));
    assert!(!desk.search.root.exists(), "it gives its room back");
    desk.search.room = Box::new(|more| more <= MARGIN);
    assert_eq!(desk.step("this").expect("stepped"), Step::NoRoom, "the last one took more");
    desk.search.room = Box::new(|more| more <= 2 * MARGIN);
    desk.catch_up();
    assert_eq!(desk.find("防汛"), Ok(vec![1]));
}

#[test]
fn an_index_that_another_process_has_open_is_left_alone() {
    let mut desk = Desk::of(&["漯河防汛"]);
    desk.catch_up();
    let first = std::mem::replace(&mut desk.search, Search::new(desk.dir.path()));
    for _ in 0..2 {
        let refused = desk.step("this");
        assert!(refused.as_ref().is_err_and(SearchError::is_passing), "{refused:?}");
    }
    first.close().expect("closed");
    desk.made();
    desk.catch_up();
    assert_eq!((desk.made(), desk.find("防汛")), (0, Ok(vec![1])));
}

#[test]
fn an_index_that_is_not_up_to_date_is_not_opened_for_reading_alone() {
    let mut desk = Desk::of(&["漯河防汛"]);
    assert_eq!(desk.search.peek(&desk.store, "this"), Err(Unready::Building));
    desk.catch_up();
    desk.restart();
    assert_eq!(desk.search.peek(&desk.store, "that"), Err(Unready::Building));
    assert_eq!(desk.search.peek(&desk.store, "this"), Ok(()));
    assert_eq!(desk.find("防汛"), Ok(vec![1]));
    let mut more = lines([seen("a", 2, vec![new(2, body("洛阳防汛", None))], Vec::new())]);
    more[0].seq = 3;
    desk.apply(&more);
    assert_eq!(Search::new(desk.dir.path()).peek(&desk.store, "this"), Err(Unready::Building));
}

#[test]
fn a_removed_index_leaves_no_directory() {
    let desk = Desk::of(&["漯河防汛"]);
    desk.catch_up();
    desk.search.close().expect("closed");
    Search::remove(desk.dir.path()).expect("removed");
    assert_eq!(fs::read_dir(desk.dir.path()).expect("listed").count(), 0);
    Search::remove(desk.dir.path()).expect("there was none");
}

#[test]
fn damage_of_any_file_ends_in_an_index_that_finds_all() {
    let titles: Vec<String> = (0..120).map(|n| format!("漯河防汛第{n}期 report")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut sound = Desk::of(&titles);
    sound.catch_up();
    sound.search.close().expect("closed");
    let (files, intact) = (sound.files(), tempfile::tempdir().expect("a directory"));
    copy(sound.dir.path(), intact.path());
    assert!(files.len() > 5);
    for file in files {
        let name = file.file_name().expect("a name").to_owned();
        for damage in 0..4 {
            let dir = tempfile::tempdir().expect("a directory");
            copy(intact.path(), dir.path());
            (sound.search, sound.dir) = (Search::new(dir.path()), dir);
            let path = sound.search.dir().join(&name);
            let mut octets = fs::read(&path).expect("read");
            let middle = octets.len() / 2;
            match damage {
                0 => octets.truncate(middle),
                1 => octets.clear(),
                2 => octets.iter_mut().for_each(|octet| *octet ^= 0xff),
                _ => octets[middle] ^= 0x10,
            }
            fs::write(&path, octets).expect("written");
            // A step may find the damage and throw the index away.
            while sound.step("this").is_ok_and(|step| step == Step::More) {}
            sound.catch_up();
            assert_eq!(sound.find("防汛").map(|found| found.len()), Ok(120), "{}", name.display());
            sound.search.close().expect("closed");
        }
    }
}

#[test]
fn damage_under_an_open_index_is_survived() {
    let titles: Vec<String> = (0..120).map(|n| format!("漯河防汛第{n}期 report")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let desk = Desk::of(&titles);
    desk.catch_up();
    for file in desk.files().iter().filter(|file| file.extension().is_some_and(|ending| ending == "term")) {
        let octets = fs::read(file).expect("read");
        let garbage: Vec<u8> = octets.iter().map(|octet| octet ^ 0xa5).collect();
        // The same length in place: the index has the file mapped.
        let mut open = fs::OpenOptions::new().write(true).open(file).expect("opened");
        io::Write::write_all(&mut open, &garbage).expect("written");
    }
    for query in ["防汛", "report", "漯河防汛第7期", "汛 -河"] {
        let _ = desk.find(query);
    }
    if !desk.search.is_ready() {
        desk.catch_up();
        assert_eq!(desk.find("防汛").map(|found| found.len()), Ok(120));
    }
}

/// Whatever a journal does to entries (rewrites, withdrawals, expiry, sources that are forgotten), and however often
/// the process ends between two steps, the index finds what the store shows.
#[test]
fn after_any_journal_and_any_stops_the_index_finds_what_the_store_shows() {
    for seed in 0..6 {
        let mut desk = Desk::over(memory(), rules(&sources()));
        let mut draw = Draw::new(seed + 1);
        for part in workload(seed, 120).chunks(9) {
            desk.apply(part);
            match draw.below(4) {
                0 => desk.catch_up(),
                1 => drop(desk.step("this").expect("stepped")),
                2 => desk.restart(),
                _ => desk.restart_after_a_kill(),
            }
        }
        desk.catch_up();
        for query in ["河南", "新疆", "台风", "合作协议", "铁路 -安阳", "运行图", "a"] {
            assert_eq!(desk.find(query), Ok(desk.read(query)), "{query} after journal {seed}");
        }
    }
}
