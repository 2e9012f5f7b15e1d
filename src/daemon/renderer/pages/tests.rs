//! Tests of the pages for people: days and months leave nothing out, and an entry has a page while a feed shows it.

use std::collections::BTreeSet;

use regex::Regex;

use super::super::tests::{news, published, seeds, site, text};
use super::*;
use crate::decide::publishing::{Action, Field, PublishRule, PublishRules};
use crate::model::outcome::Outcome;
use crate::model::record::{ChangedEntry, Record, Withdrawal};
use crate::model::stored::Decision;
use crate::model::turn::Turn;
use crate::serve::{Share, Views};
use crate::testing::*;
use crate::views::document::entry_path;
use crate::views::site::Site;

const DAY: i64 = 86_400;

/// One entry a day for forty days, and none on the tenth.
fn forty_days() -> Vec<Record> {
    let days = (1..40).filter(|day| *day != 10);
    let one = |day: i64| {
        let no = u64::try_from(day).expect("small");
        seen("paper", day * DAY + 60, vec![news(no, day * DAY)], vec![])
    };
    seeds().into_iter().chain(days.map(one)).collect()
}

/// The target of the link of this relation in a page.
fn link(page: &str, rel: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("<link rel=\"{rel}\" href=\"/dibao/"))?;
    Some(rest.split('"').next().expect("an address").to_owned())
}

/// The pages of publishers that a page links.
fn publishers(page: &str) -> BTreeSet<String> {
    let links = page.split("href=\"https://news.example/").skip(1);
    let paths = links.filter_map(|rest| rest.split('"').next());
    paths.filter(|path| path.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned).collect()
}

fn path_of(n: u64) -> String {
    entry_path(&format!("urn:entry:{n}"))
}

#[test]
fn the_days_of_a_feed_are_linked_and_hold_every_entry() {
    let renderer = published(site(), forty_days());
    for feed in ["henan", "all", "source/paper"] {
        let mut path = format!("{feed}/2026-11-24/");
        let (mut days, mut found) = (1, publishers(&text(&renderer, &path)));
        while let Some(next) = link(&text(&renderer, &path), "next") {
            assert_eq!(link(&text(&renderer, &next), "prev"), Some(path), "{next} leads back");
            found.extend(publishers(&text(&renderer, &next)));
            (path, days) = (next, days + 1);
        }
        let ours = found.iter().filter(|n| n.len() < 4).count();
        assert_eq!((days, ours), (38, 38), "{feed}: the day without entries has no page");
        let month = text(&renderer, &format!("{feed}/2026-12/"));
        assert_eq!(link(&month, "prev"), Some(format!("{feed}/2026-11/")));
        assert_eq!(month.matches("<li>").count(), 30, "{feed}: of 31 days one has nothing");
    }
}

#[test]
fn a_day_or_month_without_entries_is_missing_and_a_month_whose_entries_left_is_gone() {
    let withdraw =
        |n| Record::Withdraw(Withdrawal { at: at(41 * DAY), published_id: format!("urn:entry:{n}") });
    // The ninth day, and all of January that there is.
    let renderer = published(site(), forty_days().into_iter().chain([9, 38, 39].map(withdraw)));
    let cases = [
        ("henan/2026-12-03/", false),
        ("henan/2026-10/", false),
        ("henan/2027-02-01/", false),
        ("anhui/2026-11-25/", false),
        ("henan/2026-12-02/", false),
        ("henan/2027-01/", true),
    ];
    for (path, gone) in cases {
        let view = renderer.view(path);
        let as_expected = if gone { matches!(view, View::Gone) } else { matches!(view, View::Missing) };
        assert!(as_expected && !renderer.has(path), "{path}: {view:?}");
    }
    assert!(renderer.has("henan/2026-12-01/") && renderer.has("henan/2026-12/?lang=en"));
}

#[test]
fn pages_of_entries_take_no_place_of_feeds() {
    let renderer = published(site(), forty_days());
    let pages =
        [path_of(1), "henan/2026-11/".to_owned(), "henan/?lang=en".to_owned(), "source/paper/".to_owned()];
    for path in &pages {
        text(&renderer, path);
        assert_eq!(renderer.share(path), Share::RarePage, "{path}");
        assert!(renderer.pages.slot(path).is_some() && renderer.views.slot(path).is_none(), "{path}");
        assert!(renderer.at_hand(path).is_some(), "{path}");
    }
    for path in ["source/paper.atom", "henan.atom", "henan/", "robots.txt"] {
        text(&renderer, path);
        assert!(renderer.views.slot(path).is_some() && renderer.pages.slot(path).is_none(), "{path}");
    }
    assert_eq!(renderer.share("source/paper.atom"), Share::RareFeed);
    assert_eq!(renderer.share("henan/"), Share::Common);
}

#[test]
fn an_entry_has_a_page_while_a_feed_shows_it() {
    let withdraw = Record::Withdraw(Withdrawal { at: at(41 * DAY), published_id: "urn:entry:2".to_owned() });
    let records: Vec<Record> = forty_days().into_iter().chain([withdraw]).collect();
    let renderer = published(site(), records.clone());
    assert!(
        text(&renderer, &path_of(1)).contains("<link rel=\"canonical\" href=\"https://news.example/1\">")
    );
    assert!(text(&renderer, &format!("{}?lang=en", path_of(1))).contains("<html lang=\"en\">"));
    assert!(matches!(renderer.view(&path_of(2)), View::Gone), "it was withdrawn");
    assert!(matches!(renderer.view(&path_of(4711)), View::Missing), "it never was");

    let rule = PublishRule {
        action: Action::Exclude,
        pattern: Regex::new("news.example/3$").expect("a pattern"),
        fields: vec![Field::Link],
    };
    let shown = PublishRules { everywhere: vec![rule], ..PublishRules::default() };
    let ruled = published(Site { shown, ..site() }, records);
    assert!(matches!(ruled.view(&path_of(3)), View::Missing), "a rule hides it from every feed");
    assert!(matches!(ruled.view(&path_of(4)), View::Page(_)));
}

#[test]
fn a_former_title_is_shown_as_the_rules_of_the_operator_let_it() {
    let first = seen("paper", 60, vec![news(1, 50)], vec![]);
    let decision = Some(Decision { votes: Vec::new(), apart: None, was: Some("旧题 机密".to_owned()) });
    let renamed = ChangedEntry { decision, ..changed(1, body("新题", None)) };
    let records =
        || seeds().into_iter().chain([first.clone(), seen("paper", 90, vec![], vec![renamed.clone()])]);
    let page = |action: Option<Action>| {
        let pattern = Regex::new("机密").expect("a pattern");
        let everywhere = action.map(|action| PublishRule { action, pattern, fields: vec![Field::Title] });
        let shown = PublishRules { everywhere: everywhere.into_iter().collect(), ..PublishRules::default() };
        text(&published(Site { shown, ..site() }, records()), &path_of(1))
    };
    assert!(page(None).contains("标题曾是“旧题 机密”。"));
    assert!(page(Some(Action::Rewrite("某事".to_owned()))).contains("标题曾是“旧题 某事”。"));
    let hidden = page(Some(Action::Exclude));
    assert!(hidden.contains("新题") && !hidden.contains("旧题"), "{hidden}");
}

#[test]
fn an_entry_names_the_others_of_its_story_and_they_name_it() {
    let other = seen("wire", 90, vec![joining(news(2, 80), 1)], vec![]);
    let first = seen("paper", 60, vec![news(1, 50)], vec![]);
    let renderer = published(site(), seeds().into_iter().chain([first, other]));
    for (one, other) in [(1, 2), (2, 1)] {
        let page = text(&renderer, &path_of(one));
        assert!(page.contains(&format!("href=\"/dibao/{}\"", path_of(other))), "{page}");
        assert!(page.contains("2 家报道"), "{page}");
    }
}

#[test]
fn the_home_page_marks_what_has_news_on_the_day_of_the_newest_poll() {
    let marked = |records: Vec<Record>| {
        let page = text(&published(site(), records), "");
        assert!(page.contains("<a class=\"quiet\" href=\"/dibao/anhui/\">安徽</a>"), "{page}");
        page.contains("<a href=\"/dibao/henan/\">河南</a>")
    };
    // Midnight in Shanghai is at 16:00 UTC.
    let evening = seen("paper", 15 * 3600, vec![news(1, 15 * 3600)], vec![]);
    let records: Vec<Record> = seeds().into_iter().chain([evening]).collect();
    assert!(marked(records.clone()));
    let after_midnight = records.into_iter().chain([poll("paper", 16 * 3600 + 1)]).collect();
    assert!(!marked(after_midnight), "what came before midnight is of yesterday");
}

#[test]
fn the_page_of_a_source_changes_when_its_state_does() {
    let renderer = published(site(), seeds());
    let page = "source/paper/";
    let (before, feed) = (renderer.version_of(page), renderer.version_of("source/paper.atom"));
    renderer.changes.turned(&[(id("paper"), 99)]);
    assert_ne!(renderer.version_of(page), before);
    assert_eq!(renderer.version_of("source/paper.atom"), feed, "its feed says nothing of its state");

    let mut failed = poll_record("paper", 600, crate::model::outcome::Outcome::Gone);
    failed.turn = Some(Turn { was: "ok".to_owned(), state: "gone".to_owned(), missed: None });
    let told = text(&published(site(), seeds().into_iter().chain([Record::Poll(failed)])), page);
    assert!(told.contains("<strong>已关闭</strong>"), "{told}");
    assert!(text(&renderer, page).contains("<strong>正常</strong>"));
}

#[test]
fn a_source_that_was_only_held_is_not_polled_yet() {
    let told = |outcome| {
        let polled = Record::Poll(poll_record("paper", 600, outcome));
        text(&published(site(), [polled]), "source/paper/")
    };
    let held = Outcome::Held { why: "the network is down".to_owned() };
    assert!(told(held).contains("<strong>尚未抓取</strong>"));
    assert!(told(Outcome::NotModified).contains("<strong>正常</strong>"));
}

#[test]
fn the_bars_of_a_source_end_with_the_day_of_the_newest_poll() {
    let page = text(&published(site(), forty_days()), "source/paper/");
    let told =
        page.split("aria-label=\"最近两周 ").nth(1).and_then(|rest| rest.split('"').next()).expect("bars");
    assert!(told.starts_with("12-19: 1 ") && told.ends_with("1-1: 1"), "{told}");
}
