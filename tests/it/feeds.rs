//! Every feed under `tests/fixtures/feeds/` is read and compared with its golden reading. `cases.toml` names the
//! real-world defect that each one keeps. `INSTA_UPDATE=always cargo test --test it feeds::` accepts readings that
//! change on purpose; look at the diff.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{TimeZone as _, Utc};
use dibao::read::feed::{FeedInput, read};
use serde::Deserialize;

use crate::support::bare;

const FEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/feeds");

#[derive(Deserialize)]
struct Corpus {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    file: String,
    keeps: String,
    content_type: Option<String>,
    url: Option<String>,
}

fn corpus() -> Vec<Case> {
    let index = fs::read_to_string(Path::new(FEEDS).join("cases.toml")).unwrap();
    toml::from_str::<Corpus>(&index).unwrap().case
}

fn reading(case: &Case) -> String {
    let bytes = fs::read(Path::new(FEEDS).join(&case.file)).unwrap();
    let input = FeedInput {
        bytes: &bytes,
        url: case.url.as_deref().unwrap_or("https://news.example/feed.xml"),
        content_type: case.content_type.as_deref(),
        zone: chrono_tz::Asia::Shanghai,
        fetched_at: Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).unwrap(),
    };
    match read(&input) {
        Ok(feed) => serde_json::to_string_pretty(&bare(serde_json::to_value(feed).unwrap())).unwrap(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_feed_of_the_corpus_reads_as_its_golden_says() {
    let cases = corpus();
    assert!(cases.len() >= 150, "the corpus has {} cases", cases.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(FEEDS).join("golden"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for case in &cases {
        settings.set_description(&case.keeps);
        let name = case.file.replace('/', "-");
        settings.bind(|| insta::assert_snapshot!(name, reading(case)));
    }
}

#[test]
fn every_feed_file_has_a_case_that_says_what_it_keeps() {
    let named: Vec<PathBuf> = corpus().iter().map(|c| Path::new(FEEDS).join(&c.file)).collect();
    for dir in fs::read_dir(FEEDS).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
        if dir.ends_with("golden") {
            continue;
        }
        for file in fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()) {
            assert!(named.contains(&file), "{} is in no case", file.display());
        }
    }
}

#[test]
fn reading_twice_gives_the_same_feed() {
    for case in corpus() {
        assert_eq!(reading(&case), reading(&case), "{}", case.file);
    }
}

#[test]
fn every_prefix_of_a_feed_is_read_or_refused_without_a_panic() {
    for case in corpus() {
        let bytes = fs::read(Path::new(FEEDS).join(&case.file)).unwrap();
        for end in (0..bytes.len()).step_by(31) {
            let input = FeedInput {
                bytes: &bytes[..end],
                url: "https://news.example/feed.xml",
                content_type: case.content_type.as_deref(),
                zone: chrono_tz::Asia::Shanghai,
                fetched_at: Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).unwrap(),
            };
            _ = read(&input);
        }
    }
}
