//! Why an entry is not shown.

use chrono::TimeDelta;
use regex::Regex;

use crate::daemon::renderer::Renderer;
use crate::daemon::renderer::tests::{news, published, seeds, site};
use crate::decide::publishing::{Action, Field, PublishRule, PublishRules};
use crate::model::feed_key::FeedKey;
use crate::model::region::RegionId;
use crate::model::state::State;
use crate::testing::{joining, seen};
use crate::views::site::Site;

const DAY: i64 = 86_400;

/// Why Henan's feed does not show the entry whose page has this number.
fn absence(renderer: &Renderer, n: u64) -> Option<String> {
    let store = renderer.store.load();
    let page = format!("https://news.example/{n}");
    let of_page = |no| store.entry(no).expect("sound").filter(|entry| entry.body.page() == Some(&page));
    let (no, entry) = (1..200).find_map(|no| Some((no, of_page(no)?))).expect("it is stored");
    let henan = FeedKey::Region(RegionId::new("henan"));
    renderer.absence(&henan, no, &entry).expect("read")
}

#[test]
fn every_reason_is_told_with_what_would_show_it() {
    // A first poll of thirty, which later entries of others push nothing out of.
    let backlog =
        seen("paper", 1, (1..=30).map(|n| news(n, -i64::try_from(n).expect("few"))).collect(), vec![]);
    let old = published(site(), [backlog]);
    let why = absence(&old, 30).expect("it is beyond the first twenty");
    assert!(why.contains("publish.first_poll = 20"), "{why}");
    assert_eq!(absence(&old, 1), None, "it is shown");

    let some = || {
        let one = |n: u64, when: i64| seen("wire", when + 1, vec![news(n, when)], vec![]);
        seeds().into_iter().chain([one(1, 50), one(2, 60), one(3, 70), one(4, 80)])
    };
    let few = published(Site { entries: 2, ..site() }, some());
    let why = absence(&few, 1).expect("two others are newer");
    assert!(why.contains("publish.entries = 2"), "{why}");

    let later = seen("wire", 9 * DAY + 1, vec![news(9, 9 * DAY)], vec![]);
    let short = Site { max_age: Some(TimeDelta::days(2)), ..site() };
    let why = absence(&published(short, some().chain([later])), 1).expect("it is too old");
    assert!(why.contains("publish.max_age = 2 days"), "{why}");
    assert!(why.contains("/henan/archive/2026-11.atom"), "where it stands: {why}");

    let rule = PublishRule {
        action: Action::Exclude,
        pattern: Regex::new("news.example/2$").expect("a pattern"),
        fields: vec![Field::Link],
    };
    let shown = PublishRules { everywhere: vec![rule], ..PublishRules::default() };
    let ruled = published(Site { shown, ..site() }, some());
    let why = absence(&ruled, 2).expect("a rule hides it");
    assert!(why.contains("exclude = \"news.example/2$\""), "{why}");
    assert_eq!(absence(&ruled, 3), None);

    let repeated = seen("radio", 90, vec![joining(news(5, 85), 4)], vec![]);
    let why = absence(&published(site(), some().chain([repeated])), 5).expect("wire has the same");
    assert!(why.contains("shown as wire has it"), "{why}");

    let each = |source: &str, from: u64, count: u64| {
        let one = |n: u64| seen(source, i64::try_from(n).expect("small"), vec![news(n, 5)], vec![]);
        (from..from + count).map(one).collect::<Vec<_>>()
    };
    let quiet = ["paper", "radio", "post"].iter().zip([10, 20, 30]);
    let quiet = quiet.flat_map(|(source, from)| each(source, from, 10));
    let crowded = published(site(), seeds().into_iter().chain(quiet).chain(each("wire", 100, 30)));
    let why = absence(&crowded, 119).expect("ten of wire are newer");
    assert!(why.contains("the 10 places that one source has") && why.contains("/source/wire.atom"), "{why}");
    assert_eq!(absence(&crowded, 120), None);
    assert_eq!(absence(&crowded, 10), None, "though it is older");
}
