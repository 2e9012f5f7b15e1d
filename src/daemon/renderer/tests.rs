//! Tests of the views that are published of a journal: windows, archives, and that nothing stale is served.

mod iri;
mod rendering;

use std::collections::BTreeSet;

use arc_swap::ArcSwap;
use chrono::TimeDelta;
use chrono_tz::Tz;
use roxmltree::Document;

use super::removed::Removed;
use super::*;
use crate::decide::rules::Rules;
use crate::ledger::apply::apply;
use crate::model::entry::{Link, ParsedEntry, Person};
use crate::model::record::{Expiry, Line, NewEntry, Record, Withdrawal};
use crate::model::region::{RegionId, RegionTable};
use crate::model::source::{ContentPolicy, SourceDef};
use crate::model::time::Stamp;
use crate::testing::*;
use crate::views::site::Polled;

const DAY: i64 = 86_400;

/// In Shanghai, December begins so long after the day that the tests count from.
const DECEMBER: i64 = 7 * DAY + 16 * 3600;

pub(in crate::daemon) fn site() -> Site {
    let polled = Polled { minutes: 20, region: fixed(&["henan"]) };
    Site {
        public_url: "https://news.example/dibao".to_owned(),
        regions: RegionTable::builtin(),
        entries: 40,
        first_poll: 20,
        max_age: Some(TimeDelta::days(30)),
        rights: None,
        content: [].into(),
        default_content: ContentPolicy::Summary,
        zone: Tz::Asia__Shanghai,
        delta: true,
        unread: [].into(),
        hub: None,
        shown: crate::decide::publishing::PublishRules::default(),
        polled: [(id("paper"), polled)].into(),
        search: true,
    }
}

pub(in crate::daemon) fn defs() -> Vec<SourceDef> {
    ["paper", "wire", "radio", "post"].map(|source| def(source, fixed(&["henan"]))).into()
}

fn renderer_of(site: Site, store: Store) -> Renderer {
    let configured = store.sources().expect("sound").into_keys().collect();
    Renderer::new(site, Arc::new(ArcSwap::from_pointee(store)), configured)
}

/// The views of these records, by a source seeded long ago.
pub(in crate::daemon) fn published(site: Site, records: impl IntoIterator<Item = Record>) -> Renderer {
    let all = [config(0, &defs(), &[])].into_iter().chain(records);
    let store = folded(&lines(all), &rules(&defs()));
    store.check().expect("sound");
    renderer_of(site, store)
}

/// An entry that nobody else tells of, dated so many seconds after the day that the tests count from.
pub(in crate::daemon) fn news(n: u64, seconds: i64) -> NewEntry {
    let title = Draw::new(n).noise(24);
    let href = format!("https://news.example/{n}");
    let page = Link { href, rel: "alternate".to_owned(), ..Link::default() };
    let published = Some(Stamp::second(at(seconds)));
    new(n, ParsedEntry { title: Some(title), links: vec![page], published, ..ParsedEntry::default() })
}

/// First polls of every source, each of one entry, so that what follows is no backlog.
pub(in crate::daemon) fn seeds() -> Vec<Record> {
    let sources = ["paper", "wire", "radio", "post"];
    (900_001..).zip(sources).map(|(n, source)| seen(source, 1, vec![news(n, 0)], vec![])).collect()
}

pub(super) fn text(renderer: &Renderer, path: &str) -> String {
    match renderer.view(path) {
        View::Page(page) => String::from_utf8(page.plain.to_vec()).expect("UTF-8"),
        other => panic!("{path}: {other:?}"),
    }
}

/// The numbers of the entries of an Atom view.
fn numbers(renderer: &Renderer, path: &str) -> Vec<u64> {
    let text = text(renderer, path);
    let doc = Document::parse(&text).expect("well-formed");
    let entries = doc.root_element().children().filter(|node| node.has_tag_name("entry"));
    let ids = entries.map(|entry| {
        let id = entry.children().find(|node| node.tag_name().name() == "id").and_then(|node| node.text());
        id.and_then(|id| id.strip_prefix("urn:entry:")).and_then(|n| n.parse().ok()).expect("an id")
    });
    ids.collect()
}

/// The path that a link of the view leads to.
fn link(renderer: &Renderer, path: &str, rel: &str) -> Option<String> {
    let text = text(renderer, path);
    let doc = Document::parse(&text).expect("well-formed");
    let mut links = doc.root_element().children().filter(|node| node.has_tag_name("link"));
    let href = links.find(|node| node.attribute("rel") == Some(rel))?.attribute("href").expect("an address");
    Some(href.strip_prefix("https://news.example/dibao/").expect("an address of ours").to_owned())
}

/// One entry a source and day, over seventy days.
fn seventy_days() -> Vec<Record> {
    let mut records = seeds();
    for day in 1..70 {
        for (n, source) in (0..).zip(["paper", "wire"]) {
            let (no, now) = (u64::try_from(day * 10 + n).expect("small"), day * DAY + n * 100);
            records.push(seen(source, now + 60, vec![news(no, now)], vec![]));
        }
    }
    records
}

#[test]
fn the_feed_and_its_archives_hold_every_entry_once() {
    for path in ["henan", "all", "source/paper"] {
        let renderer = published(site(), seventy_days());
        let (mut at, mut months, mut all) = (format!("{path}.atom"), Vec::new(), Vec::new());
        all.extend(numbers(&renderer, &at));
        while let Some(prev) = link(&renderer, &at, "prev-archive") {
            let back = link(&renderer, &prev, "next-archive");
            assert_eq!(back, months.last().cloned(), "{prev} leads back");
            assert_eq!(link(&renderer, &prev, "current"), Some(format!("{path}.atom")));
            assert!(text(&renderer, &prev).contains("<fh:archive"), "{prev}");
            all.extend(numbers(&renderer, &prev));
            months.push(prev.clone());
            at = prev;
        }
        let months: Vec<_> =
            months.iter().map(|m| m.rsplit('/').next().expect("a name").to_owned()).collect();
        assert_eq!(months, ["2026-12.atom", "2026-11.atom"][..], "{path}: January is open");
        let stored = if path == "source/paper" { 1 + 69 } else { 4 + 2 * 69 };
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), stored, "{path}: every entry");
    }
}

#[test]
fn the_open_month_reaches_back_to_the_newest_archive_however_few_entries_a_feed_has() {
    let few = Site { entries: 3, ..site() };
    let renderer = published(few, seventy_days());
    let shown = numbers(&renderer, "henan.atom");
    let archived = numbers(&renderer, "henan/archive/2026-12.atom");
    assert_eq!(shown.last().map(|n| n / 10), archived.first().map(|n| n / 10 + 1), "no day between them");
    assert!(shown.len() > 3, "{shown:?}");
    assert!(shown.is_sorted_by(|a, b| a > b) || shown.windows(2).all(|w| w[0] / 10 >= w[1] / 10));
}

#[test]
fn a_feed_that_cannot_reach_its_archive_does_not_say_so() {
    let busy = |n: i64| {
        let many = (0..n).map(|n| news(1000 + u64::try_from(n).expect("small"), DECEMBER + 500)).collect();
        seeds().into_iter().chain([seen("paper", DECEMBER + 600, many, vec![])]).collect::<Vec<_>>()
    };
    let cases = [
        ("a quiet month", site(), busy(50), true),
        ("a month of more than a thousand entries", site(), busy(1001), false),
        (
            "a limit of age that is shorter than the month so far",
            Site { max_age: Some(TimeDelta::days(2)), ..site() },
            busy(5).into_iter().chain([seen("wire", DECEMBER + 5 * DAY, vec![news(7, 0)], vec![])]).collect(),
            false,
        ),
    ];
    for (name, site, records, linked) in cases {
        let renderer = published(site, records);
        assert_eq!(link(&renderer, "henan.atom", "prev-archive").is_some(), linked, "{name}");
        assert!(matches!(renderer.view("henan/archive/2026-11.atom"), View::Page(_)), "{name}");
    }
}

#[test]
fn on_the_last_day_of_a_long_month_its_first_entries_are_still_there() {
    let first = seen("paper", DECEMBER + 60, vec![news(1, DECEMBER)], vec![]);
    let last = seen("paper", DECEMBER + 31 * DAY - 60, vec![news(2, DECEMBER + 31 * DAY - 120)], vec![]);
    let renderer = published(site(), seeds().into_iter().chain([first, last]));
    assert_eq!(numbers(&renderer, "henan.atom"), [2, 1]);
    assert!(link(&renderer, "henan.atom", "prev-archive").is_some());
}

#[test]
fn months_that_are_open_or_empty_have_no_archive() {
    let withdrawn =
        |n: u64| Record::Withdraw(Withdrawal { at: at(40 * DAY), published_id: format!("urn:entry:{n}") });
    let december = seen("paper", 10 * DAY, vec![news(1, 10 * DAY)], vec![]);
    let january = seen("paper", 40 * DAY, vec![news(2, 40 * DAY)], vec![]);
    let renderer = published(site(), seeds().into_iter().chain([december, january, withdrawn(1)]));
    assert!(matches!(renderer.view("henan/archive/2026-11.atom"), View::Page(_)), "there are entries");
    assert!(matches!(renderer.view("henan/archive/2026-12.atom"), View::Gone), "its only one was withdrawn");
    assert!(matches!(renderer.view("henan/archive/2027-01.atom"), View::Missing), "it is open");
    assert!(matches!(renderer.view("henan/archive/2027-02.atom"), View::Missing), "it is to come");
    assert!(matches!(renderer.view("henan/archive/2026-10.atom"), View::Missing), "it is before all");
    assert!(matches!(renderer.view("anhui/archive/2026-11.atom"), View::Missing), "nothing of it");
    assert_eq!(link(&renderer, "henan.atom", "prev-archive").as_deref(), Some("henan/archive/2026-11.atom"));
}

#[test]
fn an_archive_that_leaves_entries_out_says_so() {
    let renderer = published(site(), seventy_days());
    let (store, meta) = (renderer.store.load(), renderer.meta().expect("there"));
    let december = Month::parse("2026-12").expect("a month");
    let henan = FeedKey::Region(RegionId::new("henan"));
    let archive = |most| {
        let source = FeedSource { site: &renderer.site, store: &store, meta: &meta, feed: &henan };
        let doc = source.archive(&Removed::default(), december, most);
        doc.expect("read").expect("there are entries")
    };
    let whole = archive(feeds::ARCHIVE);
    let all = whole.entries.len();
    assert_eq!((whole.issues.cut, whole.title.as_str()), (None, "邸报：河南（2026-12）"));
    assert_eq!(archive(all).issues, whole.issues, "as many as there may be");
    let cut = archive(all - 1);
    assert_eq!(cut.title, format!("邸报：河南（2026-12，只有最新的 {} 条）", all - 1));
    assert_eq!(cut.entries[..], whole.entries[..all - 1], "the oldest is left out");
    assert_eq!(cut.issues.prev, whole.issues.prev, "what is older can still be found");
}

#[test]
fn a_month_whose_entries_expired_is_gone_and_one_that_never_was_is_missing() {
    let expire = |at_seconds: i64, ids: Vec<String>| {
        Record::Expire(Expiry { at: at(at_seconds), entries: ids, ..Expiry::default() })
    };
    // Nothing comes in December.
    let january = seen("paper", 40 * DAY, vec![news(2, 40 * DAY)], vec![]);
    let february = seen("paper", 70 * DAY, vec![news(3, 70 * DAY)], vec![]);
    let records: Vec<_> = seeds().into_iter().chain([january, february]).collect();
    let before = published(site(), records.clone());
    let november = numbers(&before, "henan/archive/2026-11.atom");
    let ids = november.iter().map(|n| format!("urn:entry:{n}")).collect();
    let renderer = published(site(), records.into_iter().chain([expire(71 * DAY, ids)]));
    let cases = [
        ("henan/archive/2026-10.atom", false, "it is before all"),
        ("henan/archive/2026-11.atom", true, "all of it expired, and nothing is older"),
        ("henan/archive/2026-12.atom", false, "nothing ever came in it"),
        ("anhui/archive/2026-11.atom", false, "there never was any of it here"),
    ];
    for (path, gone, why) in cases {
        let view = renderer.view(path);
        assert!(
            if gone { matches!(view, View::Gone) } else { matches!(view, View::Missing) },
            "{path}: {why}"
        );
    }
    assert!(matches!(renderer.view("henan/archive/2027-01.atom"), View::Page(_)), "it is still there");
}

#[test]
fn an_expired_month_is_gone_still_after_a_compaction_and_a_rebuild_from_the_base() {
    use crate::ledger::Ledger;
    let (dir, rules) = (tempfile::tempdir().expect("a directory"), Arc::new(rules(&defs())));
    let open = || Ledger::open(dir.path(), Arc::clone(&rules), at(0).date_naive()).expect("it opens");
    let entries = (900_001..).take(seeds().len()).map(|n| format!("urn:entry:{n}")).collect();
    let expiry = Record::Expire(Expiry { at: at(71 * DAY), entries, ..Expiry::default() });
    let january = seen("paper", 40 * DAY, vec![news(2, 40 * DAY)], vec![]);
    let february = seen("paper", 70 * DAY, vec![news(3, 70 * DAY)], vec![]);
    let first = [config(0, &defs(), &[])].into_iter().chain(seeds());
    let (mut ledger, _) = open();
    for record in first.chain([january, february, expiry]) {
        ledger.record_lines(vec![record], at(0).date_naive()).expect("recorded");
    }
    let compaction = ledger.begin_compaction(at(0).date_naive()).expect("begun").expect("there is something");
    let compacted = compaction.write().expect("written");
    ledger.finish_compaction(compacted).expect("finished");
    ledger.close().expect("closed");
    std::fs::remove_dir_all(dir.path().join("store")).expect("removed");
    let (mut ledger, notes) = open();
    assert!(notes.rebuild.is_some(), "nothing but the base is left");
    ledger.settle(&mut |_| {}).expect("built");
    let renderer = Renderer::new(site(), ledger.store(), defs().into_iter().map(|def| def.id).collect());
    for feed in ["henan", "all", "source/paper"] {
        let of = |month: &str| renderer.view(&format!("{feed}/archive/{month}.atom"));
        assert!(matches!(of("2026-10"), View::Missing), "{feed}: nothing was before all");
        assert!(matches!(of("2026-11"), View::Gone), "{feed}: all of it expired");
        assert!(matches!(of("2026-12"), View::Missing), "{feed}: nothing ever came in it");
        assert!(matches!(of("2027-01"), View::Page(_)), "{feed}: it is still there");
    }
}

#[test]
fn entries_too_old_to_be_shown_when_they_came_are_in_no_archive() {
    let old = vec![news(1, -60 * DAY), news(2, 0)];
    let later = seen("wire", DECEMBER + 60, vec![news(3, DECEMBER)], vec![]);
    let renderer = published(site(), [seen("paper", 60, old, vec![]), later]);
    assert_eq!(numbers(&renderer, "henan/archive/2026-11.atom"), [2]);
}

#[test]
fn a_new_source_does_not_flood_the_feeds_it_shares() {
    let backlog: Vec<NewEntry> =
        (0..35).map(|n| news(100 + n, -60 * i64::try_from(n).expect("small"))).collect();
    let renderer = published(site(), [seen("paper", 60, backlog, vec![])]);
    let newest: Vec<u64> = (100..120).collect();
    assert_eq!(numbers(&renderer, "henan.atom"), newest);
    assert_eq!(numbers(&renderer, "all.atom"), newest);
    assert_eq!(numbers(&renderer, "source/paper.atom").len(), 35);
    let later = seen("wire", DECEMBER + 60, vec![news(3, DECEMBER)], vec![]);
    let backlog: Vec<NewEntry> =
        (0..35).map(|n| news(100 + n, -60 * i64::try_from(n).expect("small"))).collect();
    let renderer = published(site(), [seen("paper", 60, backlog, vec![]), later]);
    assert_eq!(numbers(&renderer, "henan/archive/2026-11.atom").len(), 35, "archives hold all of it");
}

#[test]
fn what_lies_behind_the_far_end_of_a_first_poll_is_seen() {
    let small = Site { entries: 10, first_poll: 2, ..site() };
    let others = (0..8).map(|n| news(1 + n, -DAY)).collect();
    let backlog = (0..300).map(|n| news(100 + n, 50)).collect();
    let records = seeds().into_iter().chain([seen("wire", 20, others, vec![])]).chain([seen(
        "fifth",
        60,
        backlog,
        vec![],
    )]);
    let mut defs = defs();
    defs.push(def("fifth", fixed(&["henan"])));
    let all = [config(0, &defs, &[])].into_iter().chain(records);
    let renderer = renderer_of(small, folded(&lines(all), &rules(&defs)));
    assert_eq!(numbers(&renderer, "henan.atom"), [100, 101, 1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn what_a_publisher_writes_badly_makes_no_view_invalid() {
    let mut bad = news(1, 50);
    bad.entry.language = Some("Chinese (simplified)".to_owned());
    bad.entry.authors = vec![Person { name: " ".to_owned(), ..Person::default() }];
    bad.entry.contributors =
        vec![Person { name: "张三".to_owned(), email: Some("none".to_owned()), uri: Some("b".to_owned()) }];
    let href = "https://news.example/a.mp3".to_owned();
    let media_type = Some("mp3".to_owned());
    bad.entry.links.push(Link { href, rel: "enclosure".to_owned(), media_type, ..Link::default() });
    let renderer = published(site(), seeds().into_iter().chain([seen("paper", 60, vec![bad], vec![])]));
    let text = text(&renderer, "source/paper.atom");
    let doc = Document::parse(&text).expect("well-formed");
    let entry = doc.descendants().find(|node| node.has_tag_name("entry")).expect("an entry");
    let of = |name: &str| entry.children().find(|node| node.tag_name().name() == name).expect("it is there");
    let people =
        |name: &str| of(name).children().filter_map(|node| node.text()).map(str::trim).collect::<String>();
    assert_eq!((people("author"), people("contributor")), ("paper".to_owned(), "张三".to_owned()));
    assert_eq!(of("title").attribute(("http://www.w3.org/XML/1998/namespace", "lang")), None);
    let enclosure = entry.children().find(|node| node.attribute("rel") == Some("enclosure"));
    assert_eq!(enclosure.and_then(|link| link.attribute("type")), None, "it is there, without a type");
    assert!(enclosure.is_some());
}

#[test]
fn a_chatty_source_leaves_room_for_the_others() {
    let mut records = seeds();
    let few = |from: u64| (from..from + 12).map(|n| news(n, 100)).collect::<Vec<_>>();
    records.push(seen("wire", 200, few(1), vec![]));
    records.push(seen("radio", 201, few(21), vec![]));
    records.push(seen("paper", 300, (100..160).map(|n| news(n, 250)).collect(), vec![]));
    let renderer = published(site(), records);
    let shown = numbers(&renderer, "henan.atom");
    let of_paper = shown.iter().filter(|n| (100..160).contains(*n)).count();
    assert_eq!((shown.len(), of_paper), (40, 13), "its share of ten, and a third of what is left");
    assert_eq!(numbers(&renderer, "source/paper.atom").len(), 40, "its own feed is its own");
}

#[test]
fn who_asks_for_months_that_never_were_puts_out_nothing_that_is_kept() {
    let renderer = published(site(), seventy_days());
    let kept = ["source/paper.atom", "source/paper/archive/2026-11.atom"];
    let kept = kept.map(|path| ViewKey::parse(path, &renderer.site.regions).expect("a view"));
    kept.iter().for_each(|view| assert!(renderer.page(view).expect("sound").is_some()));
    // Before all, and after; one of them is open.
    for year in 1990..2050 {
        for month in (1..=12).filter(|month| (year, *month) != (2026, 11) && (year, *month) != (2026, 12)) {
            let path = format!("source/paper/archive/{year}-{month:02}.atom");
            assert!(matches!(renderer.view(&path), View::Missing), "{path}");
        }
    }
    for view in kept {
        assert!(renderer.last(&view.path()).is_some(), "{}", view.path());
    }
}

#[test]
fn whether_there_is_a_feed_is_told_without_rendering_it() {
    let renderer = published(site(), seeds());
    for (path, there) in [
        ("", true),
        ("henan/", true),
        ("source/paper/", true),
        ("source/paper.atom", true),
        ("source/nobody/", false),
        ("henan", false),
        ("henan/archive/2026-10.atom", false),
    ] {
        assert_eq!(renderer.has(path), there, "{path}");
        if let Some(view) = ViewKey::parse(path, &renderer.site.regions) {
            assert!(renderer.last(&view.path()).is_none(), "{path}");
        }
    }
}

#[test]
fn every_path_leads_to_a_view() {
    let renderer = published(site(), seventy_days());
    let paths = renderer.paths().expect("sound");
    assert_eq!(paths.len(), paths.iter().collect::<BTreeSet<_>>().len(), "each once");
    for path in &paths {
        assert!(matches!(renderer.view(path), View::Page(_)), "{path}");
    }
    for path in ["", "feeds.opml", "henan/", "source/radio.json", "henan/archive/2026-12.atom"] {
        assert!(paths.iter().any(|known| known == path), "{path}");
    }
    assert!(text(&renderer, "henan.rss").contains("<ttl>20</ttl>"));
}

/// Tells the renderer of a line as the recorder does.
fn follow(renderer: &Renderer, line: &Line, rules: &Rules) {
    let store = renderer.store.load();
    let changes = apply(&**store, line, rules).expect("sound");
    store.commit(&changes).expect("sound");
    renderer.touched(&changes.feeds.into_iter().collect::<Vec<_>>());
    if matches!(line.record, Record::Config(_)) {
        renderer.everything();
    }
}

fn nothing_is_stale(lines: &[Line], rules: &Rules, steps: usize) {
    let small = || Site { entries: 8, ..site() };
    let renderer = renderer_of(small(), memory());
    let configured: std::collections::BTreeSet<SourceId> =
        rules.definitions().map(|def| def.id.clone()).collect();
    let renderer = Renderer { configured: configured.clone(), ..renderer };
    for (n, line) in lines.iter().enumerate() {
        follow(&renderer, line, rules);
        if n % steps != 0 && n + 1 != lines.len() {
            continue;
        }
        let fresh = Renderer::new(small(), Arc::clone(&renderer.store), configured.clone());
        let ours = |path: &&String| ["henan", "all", "source", "feeds"].iter().any(|p| path.starts_with(p));
        let paths = fresh.paths().expect("sound");
        for path in paths.iter().filter(ours).chain([&String::new()]) {
            let (View::Page(kept), View::Page(new)) = (renderer.view(path), fresh.view(path)) else {
                panic!("{path}: no page");
            };
            assert_eq!(kept, new, "{path} after {n} lines");
        }
    }
}

#[test]
fn what_was_kept_is_what_would_be_rendered_now() {
    // At the end, months that are over change: by a correction, and by a withdrawal.
    let now = 69 * DAY + 500;
    let corrected = seen("paper", now, vec![], vec![changed(50, news(51_000, 5 * DAY).entry)]);
    let withdrawn = Record::Withdraw(Withdrawal { at: at(now), published_id: "urn:entry:60".to_owned() });
    let all = seventy_days().into_iter().chain([corrected, withdrawn]);
    let records = [config(0, &defs(), &[])].into_iter().chain(all);
    nothing_is_stale(&lines(records), &rules(&defs()), 41);
    for seed in 0..2 {
        nothing_is_stale(&workload(seed, 60), &rules(&sources()), 11);
    }
}
