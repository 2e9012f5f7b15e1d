//! Sources that were taken out of the configuration, or renamed.

use arc_swap::ArcSwap;

use crate::daemon::renderer::Renderer;
use crate::daemon::renderer::tests::{defs, news, seeds, site, text};
use crate::model::source::SourceId;
use crate::serve::{View, Views};
use crate::testing::{config, folded, lines, rules, seen};

const DAY: i64 = 86_400;

/// The renderer while these sources are configured.
fn under(configured: &[&str]) -> Renderer {
    let told = [("paper", 1, 50), ("wire", 2, 60), ("paper", 3, 9 * DAY), ("wire", 4, 9 * DAY + 1)];
    let told = told.map(|(source, n, when)| seen(source, when + 1, vec![news(n, when)], vec![]));
    let records = [config(0, &defs(), &[])].into_iter().chain(seeds()).chain(told);
    let store = folded(&lines(records), &rules(&defs()));
    let configured = configured.iter().map(|id| SourceId::new(id)).collect();
    Renderer::new(site(), ArcSwap::from_pointee(store).into(), configured)
}

#[test]
fn its_entries_leave_every_feed_and_come_back_unchanged() {
    let everything = || under(&["paper", "wire", "radio", "post"]);
    let (all, without) = (everything(), under(&["wire", "radio", "post"]));
    let months = [("henan.atom", 3, 4), ("all.rss", 3, 4), ("henan.json", 3, 4)];
    for (path, of_paper, of_wire) in months.into_iter().chain([("henan/archive/2026-11.atom", 1, 2)]) {
        let has = |renderer: &Renderer, n: u64| {
            text(renderer, path).contains(&format!("https://news.example/{n}\""))
                || text(renderer, path).contains(&format!("https://news.example/{n}<"))
        };
        assert!(has(&all, of_paper) && has(&all, of_wire), "{path}: both are there");
        assert!(!has(&without, of_paper), "{path}: it is shown no more");
        assert!(has(&without, of_wire), "{path}: the others stay");
    }
    assert!(matches!(without.view("source/paper.atom"), View::Gone));
    assert!(matches!(without.view("source/paper/archive/2026-11.atom"), View::Gone));
    assert_eq!(text(&everything(), "henan.atom"), text(&all, "henan.atom"));
}

#[test]
fn a_source_that_was_renamed_stays_until_the_store_is_built_anew() {
    let former = [SourceId::new("paper")].into();
    let renamed = under(&["gazette", "wire", "radio", "post"]).renaming(former);
    assert!(text(&renamed, "henan.atom").contains("https://news.example/3"));
}
