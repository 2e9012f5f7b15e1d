//! Tests of the time at which views are rendered: seldom, and never too late.

use std::time::Duration;

use arc_swap::ArcSwap;

use super::super::changes::EXCUSED;
use super::super::*;
use super::{defs, news, seeds, site};
use crate::ledger::apply::apply;
use crate::model::record::Record;
use crate::testing::*;
use crate::views::page::Coding;

/// A renderer, and who records for it.
struct Desk {
    renderer: Renderer,
    records: Vec<Record>,
}

impl Desk {
    fn new() -> Self {
        let records: Vec<_> = [config(0, &defs(), &[])].into_iter().chain(seeds()).collect();
        let store = folded(&lines(records.clone()), &rules(&defs()));
        let configured = defs().into_iter().map(|def| def.id).collect();
        let renderer = Renderer::new(site(), Arc::new(ArcSwap::from_pointee(store)), configured);
        Self { renderer, records }
    }

    /// Records an entry of a source in Henan, as the recorder does.
    fn record(&mut self, n: u64) {
        let second = i64::try_from(n).expect("small");
        self.records.push(seen("paper", 100 + second, vec![news(n, 50 + second)], vec![]));
        let line = lines(self.records.clone()).pop().expect("a line");
        let store = self.renderer.store.load();
        let changes = apply(&**store, &line, &rules(&defs())).expect("sound");
        store.commit(&changes).expect("sound");
        let feeds: Vec<_> = changes.feeds.into_iter().collect();
        self.renderer.touched(&feeds);
    }

    fn at_hand(&self, path: &str) -> Option<Arc<Page>> {
        self.renderer.at_hand(path)
    }

    fn get(&self, path: &str) -> Arc<Page> {
        match (self.at_hand(path), self.renderer.view(path)) {
            (Some(page), _) | (None, View::Page(page)) => page,
            (None, other) => panic!("{path}: {other:?}"),
        }
    }

    fn last(&self, path: &str) -> Option<Arc<Page>> {
        self.renderer.last(path)
    }
}

fn same(one: &Option<Arc<Page>>, other: &Option<Arc<Page>>) -> bool {
    one.as_ref().map(Arc::as_ptr) == other.as_ref().map(Arc::as_ptr)
}

#[test]
fn a_burst_renders_nothing_and_what_was_asked_for_is_rendered_once_after_it() {
    let mut desk = Desk::new();
    desk.get("henan.atom");
    desk.get("henan.atom");
    desk.get("all.atom");
    let (henan, all) = (desk.last("henan.atom"), desk.last("all.atom"));
    (1..=20).for_each(|n| desk.record(n));
    assert!(same(&desk.last("henan.atom"), &henan), "nobody has asked since");
    desk.renderer.refresh().expect("sound");
    let rendered = desk.last("henan.atom");
    assert!(!same(&rendered, &henan), "it was asked for after it was rendered");
    assert!(same(&desk.last("all.atom"), &all), "this one was not");
    assert!(desk.last("henan.rss").is_none(), "nor was this, ever");
    assert!(same(&desk.at_hand("henan.atom"), &rendered), "it shows everything");
    (21..=25).for_each(|n| desk.record(n));
    desk.renderer.refresh().expect("sound");
    let second = desk.last("henan.atom");
    (26..=30).for_each(|n| desk.record(n));
    desk.renderer.refresh().expect("sound");
    assert!(same(&desk.last("henan.atom"), &second), "nobody has asked for it since the last time");
}

#[test]
fn views_are_rendered_in_advance_in_the_codings_they_were_asked_for_in() {
    let mut desk = Desk::new();
    (1..=20).for_each(|n| desk.record(n));
    let first = desk.get("henan.atom");
    first.bytes(Some(Coding::Zstd));
    assert!(desk.at_hand("henan.atom").is_some());
    desk.record(21);
    desk.renderer.refresh().expect("sound");
    let page = desk.last("henan.atom").expect("it was rendered");
    let at_hand = Coding::ALL.map(|coding| page.bytes_at_hand(Some(coding)).is_some());
    assert_eq!(at_hand, [false, true, false]);
}

#[tokio::test(start_paused = true)]
async fn while_the_recorder_is_busy_a_rendering_serves_for_a_moment() {
    let mut desk = Desk::new();
    let first = desk.get("henan.atom");
    desk.renderer.busy(2);
    desk.record(1);
    tokio::time::advance(EXCUSED - Duration::from_millis(1)).await;
    assert!(Arc::ptr_eq(&desk.get("henan.atom"), &first));
    let View::Page(exact) = desk.renderer.view("henan.atom") else { panic!("no page") };
    assert!(!Arc::ptr_eq(&exact, &first), "files and the hub are never given an old one");

    desk.record(2);
    tokio::time::advance(EXCUSED).await;
    let third = desk.get("henan.atom");
    assert!(!Arc::ptr_eq(&third, &exact), "it was too old");
    desk.record(3);
    desk.renderer.busy(0);
    assert!(!Arc::ptr_eq(&desk.get("henan.atom"), &third), "an idle recorder has told everything");
}

#[test]
fn what_was_recorded_is_seen_at_once() {
    let mut desk = Desk::new();
    for n in 1..5 {
        desk.record(n);
        assert!(desk.at_hand("henan.atom").is_none(), "it is stale");
        let text = String::from_utf8(desk.get("henan.atom").plain.to_vec()).expect("UTF-8");
        assert!(text.contains(&format!("urn:entry:{n}<")), "{n}");
        assert!(desk.at_hand("henan.atom").is_some());
    }
}

#[test]
fn a_start_renders_the_home_page_and_the_feeds_with_news() {
    let desk = Desk::new();
    desk.renderer.warm().expect("sound");
    for (path, rendered) in
        [("", true), ("all.atom", true), ("henan.atom", true), ("henan/", true), ("hubei.atom", false)]
    {
        assert_eq!(desk.at_hand(path).is_some(), rendered, "{path}");
    }
}
