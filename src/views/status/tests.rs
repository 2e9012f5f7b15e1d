use crate::model::time::rfc3339;
use std::collections::BTreeSet;

use super::*;
use crate::testing::at;
use crate::views::tests::site;

const INSTANCE: Uuid = Uuid::from_u128(7);

fn turn(seq: u64, was: &str, state: &str, missed: Option<u32>) -> PastTurn {
    let turn = Turn { was: was.to_owned(), state: state.to_owned(), missed };
    PastTurn { at: at(i64::try_from(seq).expect("small") * 10), seq, turn }
}

fn turns(id: &str, title: &str, turns: Vec<PastTurn>) -> SourceTurns {
    SourceTurns { id: SourceId::new(id), title: title.to_owned(), turns }
}

fn written(sources: &[SourceTurns]) -> String {
    let changes = Changes { instance: INSTANCE, configured: at(0), sources };
    String::from_utf8(feed(&site(), &changes)).expect("UTF-8")
}

/// The text of each child of this name in each entry.
fn texts(feed: &str, name: &str) -> Vec<String> {
    let doc = roxmltree::Document::parse(feed).expect("well-formed");
    let entries = doc.root_element().children().filter(|node| node.has_tag_name("entry"));
    let texts = entries.flat_map(|entry| entry.children().filter(|node| node.has_tag_name(name)));
    texts.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

#[test]
fn changes_come_newest_first_under_ids_that_stay() {
    let one =
        turns("a", "甲报 <&>", vec![turn(3, "ok", "blocked", None), turn(9, "blocked", "ok", Some(30))]);
    let two = turns("b", "乙报", vec![turn(5, "ok", "stale", None)]);
    let feed = written(&[one.clone(), two.clone()]);
    assert_eq!(
        texts(&feed, "title"),
        [
            "甲报 <&>：恢复 recovered，可能有遗漏 missed entries",
            "乙报：久无新闻 stale",
            "甲报 <&>：被拒绝 blocked"
        ]
    );
    assert_eq!(texts(&feed, "updated")[0], rfc3339(at(90)));
    let ids: BTreeSet<String> = texts(&feed, "id").into_iter().collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| id.starts_with("urn:uuid:")));
    let later = written(&[two, turns("c", "丙", vec![turn(11, "new", "failed", None)]), one]);
    let kept: BTreeSet<String> = texts(&later, "id").into_iter().collect();
    assert!(kept.is_superset(&ids), "another source changes no id");
}

#[test]
fn an_empty_feed_is_dated_by_nobodys_clock() {
    let feed = written(&[turns("a", "甲", Vec::new())]);
    assert!(feed.contains("<updated>1970-01-01T00:00:00Z</updated>"), "{feed}");
}

#[test]
fn the_feed_is_bounded_and_keeps_the_newest() {
    let all: Vec<PastTurn> = (1..=300).map(|seq| turn(seq, "ok", "failed", None)).collect();
    let dates = texts(&written(&[turns("a", "甲", all)]), "updated");
    assert_eq!(dates.len(), CHANGES);
    assert_eq!((&dates[0], &dates[199]), (&rfc3339(at(3000)), &rfc3339(at(1010))));
}

#[test]
fn the_bytes_change_with_the_newest_change_or_the_configuration() {
    let sources = [turns("a", "甲", vec![turn(3, "ok", "failed", None)])];
    let of = |configured| Changes { instance: INSTANCE, configured, sources: &sources }.modified();
    assert_eq!((of(at(0)), of(at(99))), (at(30), at(99)));
}
