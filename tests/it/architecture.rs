//! The shape of the code: dependencies point down, the core is pure, and each large foreign crate is
//! named in one place. What is not listed here is refused, so that a new module gets its place on purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// Each part of the crate, and the parts it may name.
const LAYERS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("cli", &["command", "log"]),
    (
        "command",
        &[
            "ask", "config", "daemon", "decide", "demo", "fetch", "ledger", "log", "model", "read", "search",
            "serve", "views",
        ],
    ),
    (
        "daemon",
        &["ask", "config", "decide", "fetch", "ledger", "log", "model", "read", "search", "serve", "views"],
    ),
    ("ask", &["config", "decide", "fetch", "model", "read"]),
    ("config", &["decide", "model", "read"]),
    ("log", &["config"]),
    ("demo", &["model", "read"]),
    ("fetch", &["decide", "model", "read"]),
    ("ledger", &["decide", "model", "read"]),
    ("search", &["decide", "ledger", "model", "read"]),
    ("serve", &["decide", "model", "read", "views"]),
    ("views", &["decide", "model", "read"]),
    ("decide", &["model", "read"]),
    ("read", &["model"]),
    ("model", &[]),
    // What unit tests share; it is compiled for them alone.
    ("testing", &["decide", "ledger", "model", "read"]),
];

/// Parts in which bytes and values go in, and bytes and values come out.
const PURE: &[&str] = &["model", "read", "decide", "views"];

/// The pure files of other parts.
const PURE_FILES: &[&str] =
    &["search/query.rs", "search/request.rs", "search/snippet.rs", "search/tokens.rs"];

/// What a pure part does not name: clocks, disks, sockets, the environment, chance, tasks.
const IMPURE: &[&str] = &[
    "tokio", "std::env", "std::fs", "std::process", "std::thread", "TcpStream", "TcpListener", "UdpSocket",
    "ToSocketAddrs", "SystemTime::now", "Instant::now", "Utc::now", "new_v4", "async fn", ".await",
    "println!", "tracing",
];

/// Foreign crates that could be replaced in one place, and that place.
const FOREIGN: &[(&str, &[&str])] = &[
    ("ammonia", &["read/html"]),
    ("atom_syndication", &["views/atom"]),
    ("axum", &["serve/", "daemon/run.rs", "demo/publisher.rs"]),
    ("brotli", &["fetch/coding", "views/page/"]),
    ("chardetng", &["read/decode"]),
    ("clap", &["cli/", "command/"]),
    ("clap_mangen", &["command/manual.rs"]),
    ("clap_complete", &["cli/", "command/complete.rs"]),
    ("crc32fast", &["ledger/store/value.rs"]),
    ("cron", &["decide/schedule"]),
    ("crossbeam_epoch", &["ledger/store/backend/disk.rs"]),
    ("ego_tree", &["read/page/"]),
    ("feed_rs", &["read/feed/"]),
    ("scraper", &["read/page/"]),
    ("flate2", &["fetch/coding", "views/page/", "demo/publisher.rs"]),
    ("http_body_util", &["serve/"]),
    ("hyper_util", &["serve/listener.rs"]),
    ("indicatif", &["command/progress.rs"]),
    ("listenfd", &["daemon/run/listen.rs"]),
    ("maud", &["views/html"]),
    ("quick_xml", &["read/subscriptions/opml.rs"]),
    ("reqwest", &["fetch/"]),
    (
        "rustix",
        &[
            "cli/mod.rs",
            "command/owner.rs",
            "command/probe.rs",
            "daemon/run.rs",
            "ledger/fault.rs",
            "ledger/dirs.rs",
            "ledger/room.rs",
            "ledger/store/backend/disk.rs",
            "log/mod.rs",
        ],
    ),
    ("rustls", &["fetch/"]),
    ("scraper", &["read/page/"]),
    ("sd_notify", &["daemon/systemd.rs"]),
    ("sled", &["ledger/store/backend/disk.rs"]),
    ("tantivy", &["search/index"]),
    ("tikv_jemallocator", &["main.rs"]),
    ("toml", &["config/"]),
    ("tracing_subscriber", &["log/"]),
    ("unicode_width", &["command/columns.rs", "command/table.rs"]),
    ("zstd", &["fetch/coding", "ledger/", "views/page/"]),
];

/// The one place of code that the compiler cannot check; the lint of that name refuses it elsewhere.
const UNSAFE: &str = "main.rs";

/// A path from the root of the crate or from a parent, with its group if it has one.
static PATH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:crate|super)(?:::\w+)*(?:::\{[^;]*?\})?").expect("it is well-formed"));

struct Source {
    /// Below `src/`.
    path: String,
    /// Its text without comments.
    code: String,
}

impl Source {
    /// The part of the crate it belongs to.
    fn part(&self) -> &str {
        let first = self.path.split('/').next().expect("a path has a first part");
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules lie between it and the crate's root.
    fn depth(&self) -> usize {
        let parts: Vec<&str> = self.path.split('/').collect();
        if parts.last() == Some(&"mod.rs") { parts.len() - 1 } else { parts.len() }
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/tests/")
    }

    /// The module it is, as the names from the root.
    fn module(&self) -> Vec<&str> {
        let path = self.path.strip_suffix("/mod.rs").or(self.path.strip_suffix(".rs"));
        path.expect("it is Rust").split('/').collect()
    }

    /// The paths that it names by way of `crate` or `super`, from the root; those of its unit tests left out.
    fn paths(&self) -> Vec<Vec<&str>> {
        let code = self.code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let mut paths = Vec::new();
        for found in PATH.find_iter(code) {
            let (head, group) = found.as_str().split_once("::{").unwrap_or((found.as_str(), ""));
            let mut from = if head.starts_with("crate") { Vec::new() } else { self.module() };
            for name in head.split("::") {
                match name {
                    "crate" => {}
                    "super" => drop(from.pop()),
                    name => from.push(name),
                }
            }
            for name in group.split([',', '{', '}']) {
                paths.push(from.iter().copied().chain(name.trim().split("::")).collect());
            }
        }
        paths
    }

    /// The parts of the crate that it names, as `crate::part`, `dibao::part` or by way of `super`.
    fn names(&self) -> BTreeSet<&str> {
        let up = "super::".repeat(self.depth());
        let heads = ["crate::", "dibao::", up.as_str()];
        let found = heads.iter().flat_map(|head| self.code.split(head).skip(1));
        found.map(|rest| rest.split(|c: char| !is_word(c)).next().unwrap_or_default()).collect()
    }

    fn has_word(&self, word: &str) -> bool {
        self.code.match_indices(word).any(|(at, _)| {
            let before = self.code[..at].chars().next_back();
            let after = self.code[at + word.len()..].chars().next();
            let goes_on_before = word.starts_with(is_word) && before.is_some_and(is_word);
            let goes_on_after = word.ends_with(is_word) && after.is_some_and(is_word);
            !goes_on_before && !goes_on_after
        })
    }

    fn uses_crate(&self, name: &str) -> bool {
        self.has_word(&format!("{name}::")) || self.has_word(&format!("use {name} as"))
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut sources, mut dirs) = (Vec::new(), vec![root.clone()]);
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).expect("src can be listed") {
            let path = entry.expect("src can be listed").path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                sources.push(read(&root, &path));
            }
        }
    }
    assert!(sources.len() > 50, "src was not found: {} files", sources.len());
    sources
}

fn read(root: &Path, path: &PathBuf) -> Source {
    let text = fs::read_to_string(path).expect("sources are UTF-8");
    let below = path.strip_prefix(root).expect("found below src").to_string_lossy().into_owned();
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    Source { path: below, code: code.join("\n") }
}

#[test]
fn dependencies_point_down() {
    let layers: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.path != "lib.rs") {
        let Some(allowed) = layers.get(source.part()) else {
            wrong.push(format!("{} has no place among the layers", source.path));
            continue;
        };
        if source.code.contains("crate::{") {
            wrong.push(format!("{} groups `crate::{{…}}`, which this test cannot read", source.path));
        }
        for name in source.names() {
            // A test of a decision may fold its changes into a real store.
            let by_test = source.is_test() && ["ledger", "testing"].contains(&name);
            if layers.contains_key(name) && !by_test && name != source.part() && !allowed.contains(&name) {
                wrong.push(format!("{} names {name}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A file may name the module it is part of, and what that module shares; the parts are one thing with it.
#[test]
fn no_files_name_one_another_in_a_circle() {
    let sources = sources();
    let modules: BTreeMap<String, &Source> = (sources.iter())
        .filter(|source| !source.is_test())
        .map(|source| (source.module().join("::"), source))
        .collect();
    let resolved = |path: &[&str]| {
        let heads = (1..=path.len()).rev().map(|end| path[..end].join("::"));
        heads.into_iter().find(|module| modules.contains_key(module))
    };
    let mut edges = BTreeSet::new();
    for (module, source) in &modules {
        let named = source.paths().into_iter().filter_map(|path| resolved(&path));
        let others = named.filter(|other| other != module && !module.starts_with(&format!("{other}::")));
        edges.extend(others.map(|other| (module.clone(), other)));
    }
    // What nobody names, and what names nobody, stands in no circle.
    loop {
        let (froms, tos): (BTreeSet<String>, BTreeSet<String>) = edges.iter().cloned().unzip();
        let before = edges.len();
        edges.retain(|(from, to)| tos.contains(from) && froms.contains(to));
        if edges.len() == before {
            break;
        }
    }
    let circles: Vec<String> = edges.iter().map(|(from, to)| format!("{from} names {to}")).collect();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn values_reading_deciding_and_views_are_pure() {
    let mut wrong = Vec::new();
    let is_pure =
        |source: &&Source| PURE.contains(&source.part()) || PURE_FILES.contains(&source.path.as_str());
    for source in sources().iter().filter(is_pure).filter(|source| !source.is_test()) {
        let impure = IMPURE.iter().filter(|word| source.has_word(word));
        wrong.extend(impure.map(|word| format!("{} names {word}", source.path)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_foreign_crate_has_its_place() {
    let sources = sources();
    let mut wrong = Vec::new();
    for (name, places) in FOREIGN {
        let users: Vec<&Source> =
            sources.iter().filter(|source| !source.is_test() && source.uses_crate(name)).collect();
        for source in users {
            if !places.iter().any(|place| source.path.starts_with(place)) {
                wrong.push(format!("{} names {name}, whose place is {}", source.path, places.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_compiler_cannot_check_has_one_place() {
    let unsafe_code: Vec<String> = sources()
        .into_iter()
        .filter(|source| source.has_word("unsafe_code"))
        .map(|source| source.path)
        .collect();
    assert_eq!(unsafe_code, [UNSAFE]);
}

#[test]
fn every_dependency_is_used() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let text = fs::read_to_string(manifest).expect("the manifest is there");
    let (_, after) = text.split_once("[dependencies]\n").expect("there are dependencies");
    let (table, _) = after.split_once("\n[").expect("another table follows");
    let sources = sources();
    let names =
        table.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.replace('-', "_"));
    let unused: Vec<String> =
        names.filter(|name| !sources.iter().any(|source| source.uses_crate(name))).collect();
    assert!(unused.is_empty(), "take out of Cargo.toml: {}", unused.join(", "));
}

#[test]
fn no_file_is_too_long_without_a_reason() {
    const LONGEST: usize = 500;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for source in sources() {
        let lines = source.code.lines().count();
        let text = fs::read_to_string(root.join(&source.path)).expect("it was read before");
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        if head.is_empty() && source.path != "main.rs" && !source.is_test() {
            wrong.push(format!("{} does not say what it owns", source.path));
        }
        if lines > LONGEST && !head.join(" ").contains("long") {
            wrong.push(format!(
                "{} has {lines} lines, and its head does not say why it is so long",
                source.path
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
