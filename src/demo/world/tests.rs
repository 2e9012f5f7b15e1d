use std::collections::{BTreeMap, HashSet};

use super::*;

fn world(seed: u64) -> World {
    World::new(seed, "2026-11-23T08:00:00Z".parse().expect("a time"))
}

fn channel(id: &str) -> &'static Channel {
    CHANNELS.iter().find(|channel| channel.id == id).expect("a channel")
}

#[test]
fn the_same_seed_epoch_and_step_give_the_same_bytes() {
    for step in [0, 1, 7, 1000] {
        assert_eq!(world(1).at(step), world(1).at(step));
    }
    assert_ne!(world(1).at(0), world(2).at(0));
}

#[test]
fn every_step_changes_some_feeds_and_leaves_others() {
    let mut before = world(7).at(0);
    for step in 1..60 {
        let after = world(7).at(step);
        let changed = before.iter().zip(&after).filter(|(a, b)| a.bytes != b.bytes).count();
        assert!((1..CHANNELS.len()).contains(&changed), "{changed} feeds changed at step {step}");
        for (a, b) in before.iter().zip(&after) {
            if let (Some(x), Some(y)) = (&a.etag, &b.etag) {
                assert_eq!(x == y, a.bytes == b.bytes, "{} at step {step}", a.path);
            }
            if let (Some(x), Some(y)) = (a.last_modified, b.last_modified) {
                assert_eq!(x == y, a.bytes == b.bytes, "{} at step {step}", a.path);
            }
        }
        before = after;
    }
}

#[test]
fn no_report_is_dated_after_the_step_it_appears_in() {
    let world = world(3);
    for step in [0, 1, 50, 500] {
        let now = world.epoch + TimeDelta::seconds(step);
        for channel in &CHANNELS {
            let reports = world.reports(channel, step);
            assert!((6..=WINDOW).contains(&reports.len()), "{} has {}", channel.id, reports.len());
            assert!(reports.iter().all(|report| report.at <= now && report.updated <= now));
            assert!(reports.is_sorted_by(|a, b| a.at >= b.at));
        }
    }
}

#[test]
fn ids_links_and_titles_of_a_paper_never_repeat() {
    let world = world(11);
    for channel in &CHANNELS {
        let mut seen: BTreeMap<String, (String, String, Time)> = BTreeMap::new();
        for step in (0..300).step_by(5) {
            for report in world.reports(channel, step) {
                let told = (report.link, report.title, report.at);
                assert_eq!(*seen.entry(report.key).or_insert_with(|| told.clone()), told);
            }
        }
        let links: HashSet<_> = seen.values().map(|(link, ..)| link).collect();
        let titles: HashSet<_> = seen.values().map(|(_, title, _)| title).collect();
        assert_eq!((links.len(), titles.len()), (seen.len(), seen.len()), "{}", channel.id);
    }
}

#[test]
fn a_wire_story_is_carried_by_two_papers_in_the_same_words() {
    let world = world(5);
    let mut stories = 0;
    for at in 0..60 {
        let Some(story) = world.wire(channel("demo-national"), at) else { continue };
        let others: Vec<_> = CHANNELS[1..].iter().filter_map(|other| world.wire(other, at)).collect();
        assert_eq!(others.len(), 1, "{}", story.title);
        assert_eq!((&others[0].title, &others[0].text), (&story.title, &story.text));
        assert_ne!(others[0].link, story.link);
        stories += 1;
    }
    assert_eq!(stories, 10);
}

#[test]
fn a_correction_keeps_its_entry() {
    let world = world(9);
    let sichuan = channel("demo-sichuan");
    let corrected = (2..200).find(|&at| {
        let (early, late) = (world.own(sichuan, at, at), world.own(sichuan, at, at + CORRECTION_AFTER));
        early.zip(late).is_some_and(|(early, late)| {
            assert_eq!((&early.key, &early.link, early.at), (&late.key, &late.link, late.at));
            early.text != late.text && early.updated < late.updated
        })
    });
    assert!(corrected.is_some());
}

#[test]
fn gbk_holds_every_word_and_is_not_utf8() {
    for feed in world(1).at(400) {
        let gbk = feed.path.starts_with("/henan") || feed.path.starts_with("/hebei");
        assert_eq!(std::str::from_utf8(&feed.bytes).is_err(), gbk, "{}", feed.path);
        if gbk {
            let (text, _, broken) = encoding_rs::GBK.decode(&feed.bytes);
            assert!(!broken && text.contains("演示") && !text.contains("&#"));
        }
    }
}

#[test]
fn xml_feeds_are_well_formed_and_the_json_feed_is_json() {
    for step in [0, 33] {
        for feed in world(1).at(step).into_iter().filter(|feed| !feed.path.ends_with(".html")) {
            let text = if feed.path.starts_with("/henan") {
                encoding_rs::GBK.decode(&feed.bytes).0.into_owned()
            } else {
                String::from_utf8(feed.bytes).expect("UTF-8")
            };
            if feed.path.ends_with(".json") {
                let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                assert_eq!(json["items"].as_array().map(Vec::len), Some(9 + usize::from(step > 0) * 3));
            } else {
                roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", feed.path));
            }
        }
    }
}

#[test]
fn one_paper_fails_and_one_asks_for_patience_now_and_then() {
    let answers = |step| -> Vec<Answer> { world(1).at(step).iter().map(|feed| feed.answer).collect() };
    for step in 0..8 {
        let now = answers(step);
        assert_eq!(now.iter().filter(|a| **a == Answer::Fail).count(), 1);
        let throttled = now.iter().filter(|a| matches!(a, Answer::Throttle { .. })).count();
        assert_eq!(throttled, usize::from(step % 4 == 2));
    }
}

#[test]
fn sources_point_at_the_feeds() {
    let sources = World::sources("http://127.0.0.1:4000/");
    let feeds = world(1).at(0);
    assert_eq!(sources.len(), feeds.len());
    for (source, feed) in sources.iter().zip(&feeds) {
        assert_eq!(source.url, format!("http://127.0.0.1:4000{}", feed.path));
    }
    assert_eq!(sources[0].region, RegionRule::Auto);
}

#[test]
fn every_entry_of_a_list_page_has_a_page_of_its_own() {
    for step in [0, 5, 90] {
        let world = world(1);
        let list = world.at(step).into_iter().find(|feed| feed.path.ends_with(".html")).expect("a list");
        let list = encoding_rs::GBK.decode(&list.bytes).0.into_owned();
        let articles = world.articles(step);
        assert_eq!(list.matches("<li><a ").count(), articles.len());
        for (path, bytes) in articles {
            assert!(list.contains(&format!("href=\"{path}\"")), "{path}");
            assert!(encoding_rs::GBK.decode(&bytes).0.contains("来源:燕赵演示网"));
        }
    }
}
