//! What publishers do to ids, case by case.

use std::collections::BTreeMap;

use chrono::{TimeZone, Utc};
use chrono_tz::Asia::Shanghai;
use proptest::prelude::*;

use super::{Candidate, Document, Facts, Identified, Past, candidates, fingerprint, minted, original_iri};
use crate::model::entry::{Body, Link, ParsedEntry};
use crate::model::identity::{IdentityKey, KeyKind, Marks};
use crate::model::source::SourceId;
use crate::model::time::Stamp;

mod habits;
mod kinds;
mod moves;

/// `guid|link|title|day|text`, empty for none. A day is eight in the morning UTC; `1d` is only the day, in
/// Shanghai; `1m` is its midnight, UTC.
fn entry(spec: &str) -> ParsedEntry {
    let mut parts = spec.split('|').map(|part| Some(part).filter(|p| !p.is_empty()));
    let mut next = || parts.next().flatten().map(str::to_owned);
    let (id, href, title, day, text) = (next(), next(), next(), next(), next());
    let links =
        href.map(|href| Link { href, rel: "alternate".to_owned(), ..Link::default() }).into_iter().collect();
    let at = |day: &str, hour, minute, second| {
        Utc.with_ymd_and_hms(2026, 11, day.parse().ok()?, hour, minute, second).single()
    };
    let published = day.and_then(|said| match (said.strip_suffix('d'), said.strip_suffix('m')) {
        (Some(day), _) => at(day, 15, 59, 59).map(Stamp::day),
        (_, Some(day)) => at(day, 0, 0, 0).map(Stamp::second),
        _ => at(&said, 8, 0, 0).map(Stamp::second),
    });
    let summary = text.map(Body::Text);
    ParsedEntry { id, title, links, published, summary, ..ParsedEntry::default() }
}

fn document(specs: &[&str]) -> Vec<ParsedEntry> {
    specs.iter().map(|spec| entry(spec)).collect()
}

/// A store in small: every key of an entry leads to it, the newest winning.
#[derive(Default)]
struct Store {
    by_key: BTreeMap<IdentityKey, u64>,
    entries: BTreeMap<u64, (Candidate, Facts, ParsedEntry)>,
    marks: Marks,
}

impl Store {
    fn poll(&mut self, entries: &[ParsedEntry]) -> Vec<Identified> {
        let document = Document::new(entries, self.marks.clone(), Shanghai);
        let hits =
            document.keys().into_iter().filter_map(|key| Some((key, *self.by_key.get(&key)?))).collect();
        let past = |no: u64| {
            let (candidate, facts, body) = self.entries.get(&no)?;
            Some(Past { facts, fingerprint: candidate.fingerprint, body, followed: false })
        };
        let matched = document.judged(&hits, &past);
        self.marks = matched.marks;
        for ((candidate, verdict), entry) in matched.candidates.iter().zip(&matched.identified).zip(entries) {
            match verdict {
                Identified::Known { no, .. } => self.keep(*no, candidate, entry, None),
                Identified::New { key, .. } => {
                    let no = self.entries.len() as u64 + 1;
                    self.keep(no, candidate, entry, Some(*key));
                }
                Identified::Duplicate(_) => {}
            }
        }
        matched.identified
    }

    fn keep(&mut self, no: u64, candidate: &Candidate, entry: &ParsedEntry, own: Option<IdentityKey>) {
        self.entries.insert(no, (candidate.clone(), Facts::of(entry), entry.clone()));
        for key in candidate.to_record().into_iter().chain(own) {
            self.by_key.insert(key, no);
        }
    }
}

/// `1` known as number 1, `new`, `=0` the same as the entry at 0.
fn shown(identified: &[Identified]) -> String {
    let one = |v: &Identified| match v {
        Identified::Known { no, .. } => no.to_string(),
        Identified::New { .. } => "new".to_owned(),
        Identified::Duplicate(of) => format!("={of}"),
    };
    identified.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_a_second_poll_makes_of_the_first() {
    let a = "http://a.cn/1";
    let cases: &[(&str, &[&str], &[&str], &str)] = &[
        ("nothing changed", &["g1|http://a.cn/1|甲|1"], &["g1|http://a.cn/1|甲|1"], "1"),
        ("guid stable, link changed", &["g1|http://a.cn/1|甲|1"], &["g1|http://a.cn/2|甲|1"], "1"),
        (
            "guid stable, title corrected, date bumped",
            &["g1|http://a.cn/1|甲|1"],
            &["g1|http://a.cn/1|乙|2"],
            "1",
        ),
        ("guid reused for something else", &["g1|http://a.cn/1|甲|1"], &["g1|http://a.cn/2|乙|2"], "new"),
        ("guid and date new, title same", &["x1|http://a.cn/1|甲|1"], &["x2|http://a.cn/1|甲|2"], "new"),
        ("guid new, title and date same", &["x1|http://a.cn/1|甲|1"], &["x2|http://a.cn/1|甲|1"], "1"),
        ("guid and title new, date same", &["x1|http://a.cn/1|甲|1"], &["x2|http://a.cn/1|乙|1"], "new"),
        ("guid new, live page", &["x1|http://a.cn/live|甲|1"], &["x2|http://a.cn/live|乙|2"], "new"),
        (
            "guids new at each poll, one title and date corrected",
            &["x1|http://a.cn/1|甲|1", "x2|http://a.cn/2|乙|2"],
            &["y1|http://a.cn/1|甲|1", "y2|http://a.cn/2|丙|3"],
            "1 new",
        ),
        ("no guid, title corrected", &["|http://a.cn/1|甲|1"], &["|http://a.cn/1|乙|1"], "1"),
        (
            "no guid, tracking and scheme differ",
            &["|http://a.cn/1|甲|1"],
            &["|https://www.a.cn/1?utm_source=x|甲|1"],
            "1",
        ),
        (
            "no guid, another id in the query",
            &["|http://a.cn/x?id=1|甲|1"],
            &["|http://a.cn/x?id=2|乙|1"],
            "new",
        ),
        ("guid appears later", &["|http://a.cn/1|甲|1"], &["g1|http://a.cn/1|甲|1"], "1"),
        ("no guid, no link", &["||甲|1", "||乙|1"], &["||乙|1", "||丙|1", "||甲|1"], "2 new 1"),
        ("no guid, no link, no date", &["||甲|"], &["||甲|", "||乙|"], "1 new"),
        (
            "links all the home page, guids good",
            &["g1|http://a.cn/|甲|1", "g2|http://a.cn/|乙|2"],
            &["g3|http://a.cn/|丙|3", "g1|http://a.cn/|甲|1", "g2|http://a.cn/|丁|2"],
            "new 1 2",
        ),
        (
            "links all one page, guids good, no titles",
            &["g1|http://a.cn/x||1", "g2|http://a.cn/x||2"],
            &["g3|http://a.cn/x||3", "g2|http://a.cn/x||2"],
            "new 2",
        ),
        (
            "links all the home page, no guids",
            &["|http://a.cn/|甲|1", "|http://a.cn/|乙|2"],
            &["|http://a.cn/|丙|3", "|http://a.cn/|乙|2"],
            "new 2",
        ),
        (
            "guids all one, links good",
            &["0|http://a.cn/1|甲|1", "0|http://a.cn/2|乙|2"],
            &["0|http://a.cn/3|丙|3", "0|http://a.cn/2|乙二|2"],
            "new 2",
        ),
        (
            "guids and links all one",
            &["0|http://a.cn/x|甲|1", "0|http://a.cn/x|乙|2"],
            &["0|http://a.cn/x|丙|3", "0|http://a.cn/x|乙|2"],
            "new 2",
        ),
        (
            "no guid, no link, a minute for the day and the day again",
            &["||甲|1d", "||乙|1"],
            &["||甲|1", "||乙|1d", "||丙|1"],
            "1 2 new",
        ),
        (
            "guid new at each poll, a minute of that day",
            &["x1|http://a.cn/1|甲|1d"],
            &["x2|http://a.cn/1|甲|1"],
            "1",
        ),
        (
            "one page twice, once with the day only",
            &[],
            &["|http://a.cn/1|甲|1d", "|http://a.cn/1|甲|1"],
            "new =0",
        ),
        (
            "a page that two share, and one of them again by its day",
            &["|http://a.cn/1|乙|1", "||甲|1d", "|http://a.cn/1|甲|1"],
            &["|http://a.cn/1|乙|1", "||甲|1d", "|http://a.cn/1|甲|1"],
            "1 2 =1",
        ),
        (
            "two of one title and day, and one of them again by its day",
            &[],
            &["||甲|1", "||甲|1d", "|http://a.cn/3|甲|1"],
            "=2 =2 new",
        ),
        (
            "two with one title and date, guids good",
            &["g1|http://a.cn/1|快讯|1"],
            &["g2|http://a.cn/2|快讯|1", "g1|http://a.cn/1|快讯|1"],
            "new 1",
        ),
        ("the same twice", &[], &["g1|http://a.cn/1|甲|1", "g1|http://a.cn/1|甲|1"], "new =0"),
        (
            "twice, once without its guid and date",
            &[],
            &["g1|http://a.cn/1|甲|1", "|http://a.cn/1|甲|"],
            "new =0",
        ),
        ("twice, under http and https", &[], &["|http://a.cn/1|甲|1", "|https://a.cn/1|甲|1"], "=1 new"),
        ("twice, the later one counts", &[], &["g1|http://a.cn/1|甲|1", "g1|http://a.cn/1|甲|2"], "=1 new"),
        ("empty guids", &[], &[" |http://a.cn/1|甲|1", " |http://a.cn/2|乙|1"], "new new"),
    ];
    assert_eq!(entry(&format!("|{a}||")).page(), Some(a));
    for (name, first, second, want) in cases {
        let mut store = Store::default();
        store.poll(&document(first));
        assert_eq!(shown(&store.poll(&document(second))), *want, "{name}");
    }
}

#[test]
fn a_reused_guid_gives_another_published_id() {
    let mut store = Store::default();
    let id = |identified: &[Identified]| match identified {
        [Identified::New { key, .. }] => minted(&SourceId::new("a"), key),
        other => format!("{other:?}"),
    };
    let first = id(&store.poll(&document(&["g1|http://a.cn/1|甲|1"])));
    let second = id(&store.poll(&document(&["g1|http://a.cn/2|乙|2"])));
    assert!(first.starts_with("urn:uuid:") && second.starts_with("urn:uuid:"), "{first} {second}");
    assert_ne!(first, second);
}

#[test]
fn keys_and_ids_never_change_their_bytes() {
    let found = candidates(&document(&["g1|http://a.cn/1|甲|1"]), Shanghai);
    let kinds: Vec<_> = found[0].keys.iter().filter_map(IdentityKey::kind).collect();
    assert_eq!(kinds, [KeyKind::Guid, KeyKind::Link, KeyKind::TitleDate]);
    let written = serde_json::to_string(&found[0].keys).expect("keys are strings");
    let read: Vec<IdentityKey> = serde_json::from_str(&written).expect("what was written");
    assert_eq!(read, found[0].keys);
    insta::assert_snapshot!(format!(
        "{}\n{}\n{}",
        written,
        found[0].fingerprint,
        minted(&SourceId::new("ha"), &found[0].keys[0])
    ));
    let other = minted(&SourceId::new("hb"), &found[0].keys[0]);
    assert_ne!(
        other,
        minted(&SourceId::new("ha"), &found[0].keys[0]),
        "one guid in two sources is two entries"
    );
}

#[test]
fn only_what_a_reader_sees_is_an_update() {
    let base = entry("g1|http://a.cn/1|甲|1");
    let with = |change: &dyn Fn(&mut ParsedEntry)| {
        let mut changed = base.clone();
        change(&mut changed);
        fingerprint(&base).differs(&fingerprint(&changed))
    };
    assert!(with(&|e| e.title = Some("乙".to_owned())));
    assert!(with(&|e| e.summary = Some(Body::Text("新".to_owned()))));
    assert!(with(&|e| e.content = Some(Body::Html("<p>新</p>".to_owned()))));
    assert!(with(&|e| e.links[0].href = "http://a.cn/2".to_owned()));
    assert!(!with(&|e| e.links[0].href = "https://www.a.cn/1?utm_source=rss".to_owned()));
    assert!(!with(&|e| e.published = None));
    assert!(!with(&|e| e.title = Some("　甲 ".to_owned())));
    assert!(
        !with(&|e| e.content = Some(Body::Html("<img src=http://x.cn/c?1 width=1 height=1>".to_owned())))
    );
}

#[test]
fn ids_that_can_be_published_are_kept_and_others_are_not() {
    for good in [
        "http://a.cn/1",
        "https://a.cn/新闻?id=1#x",
        "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a",
        "tag:a.cn,2026:河南",
        "tag:1,2026:x",
        " http://a.cn/1\n",
        "mailto:a@b.cn",
        "HTTPS://a.cn/1",
    ] {
        assert_eq!(original_iri(Some(good)).as_deref(), Some(good.trim()), "{good}");
    }
    for bad in [
        "",
        "1",
        "123:456",
        "/news/1",
        "http://",
        "http:///",
        "http:a.cn",
        "C:\\x",
        "c:/x",
        "a b:c",
        "http://a.cn/a b",
        "http://a.cn/<x>",
        "http://a.cn/%zz",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/plain,x",
        "file:///etc/passwd",
        "ftp://a.cn/1",
        "oai:arXiv.org:2401",
        "yt:video:abc",
        "urn:x",
        "http://a.cn/\u{1}",
        "http://a.cn/\u{fffe}",
        "localhost:8080",
        "news.a.cn:80/x",
        "标题:x",
        "http://a.cn/\u{202e}x",
        "mailto:",
        "title: 河南",
    ] {
        assert_eq!(original_iri(Some(bad)), None, "{bad}");
    }
    assert_eq!(original_iri(None), None);
    assert_eq!(original_iri(Some(&format!("http://a.cn/{}", "x".repeat(2000)))), None);
}

fn specs() -> impl Strategy<Value = Vec<String>> {
    let part = |of: &'static [&'static str]| prop::sample::select(of);
    let one = (
        part(&["", "0", "g1", "g2", "g3", "g4"]),
        part(&["", "http://a.cn/", "http://a.cn/1", "https://a.cn/1", "http://a.cn/2", "http://a.cn/2#x"]),
        part(&["", "甲", "乙", "丙"]),
        part(&["", "1", "1d", "2", "3m"]),
        part(&["", "文", "另一段"]),
    )
        .prop_map(|(guid, link, title, day, text)| format!("{guid}|{link}|{title}|{day}|{text}"));
    proptest::collection::vec(one, 0..8)
}

/// What was decided for each entry, by its content rather than its place.
fn by_content(specs: &[String], identified: &[Identified]) -> Vec<(String, String)> {
    let mut decided: Vec<(String, String)> = specs
        .iter()
        .zip(identified)
        .map(|(spec, verdict)| {
            let verdict = match verdict {
                Identified::Duplicate(of) => format!("as {}", specs[*of]),
                other => format!("{other:?}"),
            };
            (spec.clone(), verdict)
        })
        .collect();
    decided.sort();
    decided
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_document_seen_again_has_nothing_new(first in specs(), second in specs()) {
        let mut store = Store::default();
        store.poll(&first.iter().map(|s| entry(s)).collect::<Vec<_>>());
        let document: Vec<_> = second.iter().map(|s| entry(s)).collect();
        store.poll(&document);
        let again = store.poll(&document);
        let new = again.iter().any(|v| matches!(v, Identified::New { .. }));
        prop_assert!(!new, "{:?} {:?} {}", first, second, shown(&again));
    }

    #[test]
    fn the_order_of_entries_decides_nothing(
        first in specs(),
        (second, shuffled) in specs().prop_flat_map(|s| (Just(s.clone()), Just(s).prop_shuffle()))
    ) {
        let first: Vec<_> = first.iter().map(|s| entry(s)).collect();
        let decide = |specs: &[String]| {
            let mut store = Store::default();
            store.poll(&first);
            by_content(specs, &store.poll(&specs.iter().map(|s| entry(s)).collect::<Vec<_>>()))
        };
        prop_assert_eq!(decide(&second), decide(&shuffled));
    }
}
