//! Files on a real disk, from views that a test sets.

use std::sync::Mutex;

use chrono::DateTime;

use super::*;

/// Views by path; the text may change.
#[derive(Default)]
struct Shelf(Mutex<BTreeMap<String, Arc<Page>>>);

impl Shelf {
    fn put(&self, path: &str, text: &str) {
        let modified = DateTime::from_timestamp(1_790_000_000, 0).expect("an instant");
        let page = Page::new(text.as_bytes().to_vec(), "text/plain", modified);
        self.0.lock().expect("no poison").insert(path.to_owned(), Arc::new(page));
    }

    fn paths(&self) -> Vec<String> {
        self.0.lock().expect("no poison").keys().cloned().collect()
    }
}

impl Views for Shelf {
    fn view(&self, path: &str) -> View {
        let pages = self.0.lock().expect("no poison");
        pages.get(path).map_or(View::Missing, |page| View::Page(Arc::clone(page)))
    }

    fn has(&self, path: &str) -> bool {
        matches!(self.view(path), View::Page(_))
    }
}

fn long(text: &str) -> String {
    text.repeat(1000)
}

fn names(dir: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(dir).expect("it is there") {
        let entry = entry.expect("readable");
        let name = entry.file_name().into_string().expect("UTF-8");
        if entry.path().is_dir() {
            found.extend(names(&entry.path()).into_iter().map(|inner| format!("{name}/{inner}")));
        } else {
            found.insert(name);
        }
    }
    found
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

struct Site {
    shelf: Shelf,
    files: StaticFiles,
    dir: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let shelf = Shelf::default();
        shelf.put("", "<p>索引");
        shelf.put("henan/", "<p>河南");
        shelf.put("henan.atom", &long("河南新闻。"));
        Self { shelf, files: StaticFiles::new(dir.path().join("www")), dir }
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("www")
    }

    fn sync(&mut self) -> Result<usize, StaticError> {
        let paths = self.shelf.paths();
        self.files.sync(&paths, &self.shelf, &|_| None)
    }

    fn text(&self, name: &str) -> Vec<u8> {
        fs::read(self.root().join(name)).expect("it is there")
    }
}

const ALL: [&str; 6] =
    [MANIFEST, "henan.atom", "henan.atom.br", "henan.atom.gz", "henan/index.html", "index.html"];

#[test]
fn every_view_has_its_file_and_what_compresses_has_companions() {
    let mut site = Site::new();
    assert_eq!(site.sync().expect("the disk takes it"), 5);
    assert_eq!(names(&site.root()), set(&ALL));
    assert_eq!(site.text("henan/index.html"), "<p>河南".as_bytes());
    assert_eq!(site.text("henan.atom"), long("河南新闻。").as_bytes());
    let View::Page(page) = site.shelf.view("henan.atom") else { panic!("it was put there") };
    for (coding, ending) in BESIDE {
        let coded = page.bytes(Some(coding));
        assert_eq!(site.text(&format!("henan.atom{ending}")), *coded);
    }
    let meta = fs::metadata(site.root().join("henan.atom")).expect("it is there");
    assert_eq!(meta.modified().expect("a time"), SystemTime::from(page.modified));
    assert_eq!(meta.permissions().mode() & 0o777, 0o644, "the web server is another user");
}

#[test]
fn files_are_written_only_when_their_bytes_change() {
    let mut site = Site::new();
    site.sync().expect("the disk takes it");
    assert_eq!(site.sync().expect("nothing to do"), 0);
    site.files = StaticFiles::new(site.root());
    assert_eq!(site.sync().expect("nothing to do"), 0, "after a restart");
    site.shelf.put("henan/", "<p>河南，新");
    assert_eq!(site.sync().expect("the disk takes it"), 1);
    fs::write(site.root().join("henan.atom"), "spoilt").expect("it can be");
    site.files = StaticFiles::new(site.root());
    assert_eq!(site.sync().expect("the disk takes it"), 1, "what was spoilt meanwhile is mended");
}

#[test]
fn a_change_within_the_same_second_gives_the_file_another_one() {
    let mut site = Site::new();
    let time = |site: &Site| {
        let modified = fs::metadata(site.root().join("henan/index.html")).expect("there").modified();
        modified.expect("a time").duration_since(SystemTime::UNIX_EPOCH).expect("since 1970").as_secs()
    };
    site.sync().expect("the disk takes it");
    let first = time(&site);
    for (n, text) in ["<p>河北", "<p>河东"].into_iter().enumerate() {
        site.shelf.put("henan/", text);
        site.sync().expect("the disk takes it");
        assert_eq!(time(&site), first + 1 + n as u64, "{text}: as long as before, and dated alike");
    }
}

#[test]
fn what_is_no_view_any_more_goes_and_what_others_put_there_stays() {
    let mut site = Site::new();
    site.sync().expect("the disk takes it");
    fs::write(site.root().join("favicon.ico"), "theirs").expect("it can be");
    fs::write(site.root().join("henan/logo.svg"), "theirs").expect("it can be");
    site.shelf.0.lock().expect("no poison").remove("henan/");
    site.shelf.put("henan.atom", "short");
    site.files = StaticFiles::new(site.root());
    // The page, and the two companions of a feed that is too short for them now; the feed is written.
    assert_eq!(site.sync().expect("the disk takes it"), 4);
    let expected = [MANIFEST, "favicon.ico", "henan.atom", "henan/logo.svg", "index.html"];
    assert_eq!(names(&site.root()), set(&expected));
    assert_eq!(
        fs::read_to_string(site.root().join(MANIFEST)).expect("it is there"),
        "henan.atom\nindex.html\n"
    );
}

#[test]
fn a_file_of_somebody_else_s_is_not_overwritten() {
    let mut site = Site::new();
    fs::create_dir(site.root()).expect("it can be");
    fs::write(site.root().join("index.html"), "my home page").expect("it can be");
    let error = site.sync().expect_err("it is refused");
    assert!(matches!(&error, StaticError::Foreign(path) if path.ends_with("index.html")), "{error}");
    assert_eq!(site.text("index.html"), b"my home page");
    fs::remove_file(site.root().join("index.html")).expect("it can be");
    assert_eq!(site.sync().expect("it goes on"), 5);
}

#[test]
fn a_manifest_names_nothing_outside_its_directory() {
    let mut site = Site::new();
    site.sync().expect("the disk takes it");
    fs::write(site.dir.path().join("precious"), "theirs").expect("it can be");
    let absolute = site.dir.path().join("precious").display().to_string();
    let manifest = site.root().join(MANIFEST);
    let text = fs::read_to_string(&manifest).expect("it is there") + "../precious\n" + &absolute + "\n\n";
    fs::write(&manifest, text).expect("it can be");
    site.files = StaticFiles::new(site.root());
    site.sync().expect("nothing to do");
    assert!(site.dir.path().join("precious").exists());
}

#[test]
fn a_view_that_cannot_be_rendered_takes_no_file_away() {
    let mut site = Site::new();
    site.sync().expect("the disk takes it");
    let mut paths = site.shelf.paths();
    paths.push("lost.atom".to_owned());
    let error = site.files.sync(&paths, &site.shelf, &|_| None).expect_err("there is no such view");
    assert!(matches!(error, StaticError::View(path) if path == "lost.atom"));
    assert_eq!(names(&site.root()), set(&ALL));
}

#[test]
fn a_disk_that_refuses_is_tried_again() {
    let mut site = Site::new();
    // A directory where a file is to be: a refusal that holds for root too.
    site.sync().expect("the disk takes it");
    let file = site.root().join("henan.atom");
    fs::remove_file(&file).expect("it can be");
    fs::create_dir(&file).expect("it can be");
    site.shelf.put("henan.atom", &long("新的。"));
    site.sync().expect_err("a directory is in the way");
    fs::remove_dir(&file).expect("it can be");
    site.sync().expect("the next change");
    assert_eq!(site.text("henan.atom"), long("新的。").as_bytes());
}

#[test]
fn a_writer_that_was_killed_leaves_nothing_behind() {
    let mut site = Site::new();
    fs::create_dir_all(site.root().join("henan")).expect("it can be");
    for dir in ["", "henan"] {
        fs::write(site.root().join(dir).join(UNFINISHED), "half").expect("it can be");
    }
    site.sync().expect("the disk takes it");
    assert_eq!(names(&site.root()), set(&ALL));
}
