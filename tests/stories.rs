//! Stories: which pairs of reports are told to be the same news, and which story a new entry joins.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own fixture has failed")]

use chrono::{NaiveDateTime, TimeZone, Utc};
use chrono_tz::Asia::Shanghai;
use dibao::core::region::{RegionId, RegionTable};
use dibao::core::regions::Classifier;
use dibao::core::story::{
    KEY_LEN, MAX_KEYS, MemoryShelf, Reason, Sketch, StoryInput, index_keys, lookups, same, sketch,
};
use dibao::core::time::Time;
use proptest::prelude::*;

fn at(local: &str) -> Time {
    let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M:%S").unwrap();
    Shanghai.from_local_datetime(&local).unwrap().with_timezone(&Utc)
}

fn hour(hour: i64) -> Time {
    Utc.with_ymd_and_hms(2026, 5, 1, 0, 0, 0).unwrap() + chrono::TimeDelta::hours(hour)
}

fn plain<'a>(title: &'a str, summary: &'a str, outlet: &'a str, published: Time) -> StoryInput<'a> {
    StoryInput {
        title,
        page: None,
        summary: Some(summary),
        content: None,
        outlet,
        regions: &[],
        named: &[],
        published,
    }
}

fn report(title: &str, summary: &str, outlet: &str, published: Time) -> Sketch {
    sketch(&plain(title, summary, outlet, published))
}

/// Every pair of the fixture is decided as its label says; each stands for a kind of report or trap,
/// written for this test.
#[test]
fn the_fixture_pairs_are_decided_as_labelled() {
    let classifier = Classifier::new(&RegionTable::builtin());
    let text = std::fs::read_to_string("tests/fixtures/stories/own.jsonl").unwrap();
    let entry = |value: &serde_json::Value| {
        let field = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let (title, summary) = (field("title"), field("summary"));
        let named = classifier.classify(&title, Some(&summary));
        let (page, outlet) = (value["link"].as_str(), field("source"));
        let input = plain(&title, &summary, &outlet, at(&field("published_ms")));
        sketch(&StoryInput { page, named: &named, ..input })
    };
    for line in text.lines() {
        let pair: serde_json::Value = serde_json::from_str(line).unwrap();
        let mut shelf = MemoryShelf::default();
        shelf.place(entry(&pair["a"]));
        let found = shelf.find(&entry(&pair["b"]));
        assert_eq!(found.is_some(), pair["label"] == "same", "{found:?} for {line}");
    }
}

const TEXT: &str = "市交通局今天宣布，连接老城与新区的滨河大桥主跨合龙，全长1860米，双向六车道，\
                    预计年底通车，届时两岸往来时间将由四十分钟缩短到八分钟。";

#[test]
fn reasons_say_which_rule_applied() {
    let linked = |page| sketch(&StoryInput { page: Some(page), ..plain("甲", "", "某报", hour(0)) });
    assert_eq!(
        same(
            &linked("http://www.example.com/a/1.html"),
            &linked("https://m.example.com/a/1.html?utm_source=x")
        ),
        Some(Reason::SameLink)
    );
    let title = |title, outlet| report(title, "", outlet, hour(0));
    assert_eq!(
        same(&title("滨河大桥主跨今天合龙(图)", "甲报"), &title("滨河大桥主跨今天合龙 - 乙网", "乙网")),
        Some(Reason::SameTitle)
    );
    let told = report("滨河大桥合龙", TEXT, "甲报", hour(0));
    let retold = report("年底可通车！", &TEXT.replace("今天宣布", "昨天表示"), "乙网", hour(30));
    assert!(matches!(same(&told, &retold), Some(Reason::NearText { percent: 80.. })));
    let head: String = TEXT.chars().take(45).collect();
    let cut = report("主跨合龙", &head, "乙网", hour(2));
    assert!(matches!(same(&told, &cut), Some(Reason::PartOfText { .. } | Reason::NearText { .. })));
}

#[test]
fn equal_words_more_than_three_days_apart_are_another_occasion() {
    let told = |hours| report("滨河大桥合龙", TEXT, "甲报", hour(hours));
    assert!(same(&told(0), &told(72)).is_some());
    assert_eq!(same(&told(0), &told(73)), None);
}

#[test]
fn equal_titles_of_two_regions_are_not_enough() {
    let title = "全省文化和旅游发展大会今天举行开幕式";
    let of = |id: &str, summary: &str, outlet: &str| {
        let regions = [RegionId::new(id)];
        sketch(&StoryInput { regions: &regions, ..plain(title, summary, outlet, hour(0)) })
    };
    assert!(same(&of("henan", "", "甲报"), &of("henan", "", "乙报")).is_some());
    assert_eq!(same(&of("henan", "", "甲报"), &of("hunan", "", "乙报")), None);
}

#[test]
fn our_province_is_another_in_each_regions_paper() {
    let text = "记者从有关部门获悉，我省将于下月起对老旧电梯开展集中更新，居民每梯最高可获补贴十五万元，\
                申请材料由街道统一受理，首批名单月底公布。";
    let of = |id: &str, outlet: &str| {
        let regions = [RegionId::new(id)];
        sketch(&StoryInput { regions: &regions, ..plain("老旧电梯更新启动", text, outlet, hour(0)) })
    };
    assert!(same(&of("henan", "甲报"), &of("henan", "乙报")).is_some());
    assert_eq!(same(&of("henan", "甲报"), &of("hunan", "乙报")), None);
}

#[test]
fn a_national_report_in_two_regions_papers_is_one_story() {
    let of = |id: &str, outlet: &str| {
        let regions = [RegionId::new(id)];
        sketch(&StoryInput { regions: &regions, ..plain("滨河大桥合龙", TEXT, outlet, hour(0)) })
    };
    assert!(same(&of("henan", "甲报"), &of("hunan", "乙报")).is_some());
}

#[test]
fn a_new_entry_joins_the_older_of_two_stories_and_merges_none() {
    let mut shelf = MemoryShelf::default();
    // Two days apart either way from the third, four days from one another.
    assert_eq!(shelf.place(report("滨河大桥合龙", TEXT, "甲报", hour(0))), None);
    assert_eq!(shelf.place(report("滨河大桥主跨合龙", TEXT, "乙报", hour(96))), None);
    let joined = shelf.place(report("大桥主跨合龙", TEXT, "丙报", hour(48))).unwrap();
    assert_eq!(joined.story, 0);
    let again = shelf.place(report("大桥合龙", TEXT, "丁报", hour(130))).unwrap();
    assert_eq!(again.story, 1, "the second story is still its own");
}

#[test]
fn a_story_does_not_drift_from_report_to_report() {
    let clauses: Vec<String> = (0..40)
        .map(|n| {
            let word = |k: u32| char::from_u32(0x4e00 + (n * 131 + k * 977) % 6000).unwrap();
            (0..12).map(word).chain(['，']).collect()
        })
        .collect();
    // Each report drops the oldest clauses of the one before and adds new ones.
    let told =
        |n: usize, hours| report("连续报道", &clauses[n..n + 12].concat(), &format!("{n}"), hour(hours));
    assert!(same(&told(0, 0), &told(3, 1)).is_some(), "neighbours are near");
    assert_eq!(same(&told(0, 0), &told(12, 1)), None, "the ends are not");
    let mut shelf = MemoryShelf::default();
    let stories: Vec<u64> = (0..9)
        .map(|step| {
            let entry = step as u64;
            shelf.place(told(step * 3, step as i64)).map_or(entry, |joined| joined.story)
        })
        .collect();
    assert!(stories.iter().any(|story| *story != 0), "{stories:?}");
    for (step, story) in stories.iter().enumerate() {
        let founder = told(*story as usize * 3, 0);
        assert!(step - *story as usize <= 2, "{stories:?}: {step} joined what began as {}", founder.version);
    }
}

#[test]
fn the_next_bulletin_of_one_outlet_founds_its_own_story() {
    let bulletin = |day: i64, figure: i64, outlet: &str| {
        let text = format!(
            "5月{day}日，全市环境空气质量指数为{figure}，细颗粒物平均浓度{}微克，首要污染物为臭氧，\
             市生态环境局提醒市民合理安排户外活动。",
            figure / 2
        );
        report("空气质量日报", &text, outlet, hour(day * 24))
    };
    let mut shelf = MemoryShelf::default();
    assert_eq!(shelf.place(bulletin(11, 62, "环境发布")), None);
    assert_eq!(shelf.place(bulletin(12, 47, "环境发布")), None);
    // Another outlet's report of the second goes to the second, though the first is older and near.
    assert_eq!(shelf.place(bulletin(12, 47, "甲报")).unwrap().story, 1);
}

#[test]
fn an_entry_without_any_text_is_filed_nowhere_and_joins_nothing() {
    let empty = report("", "", "", hour(0));
    assert_eq!(index_keys(&empty), []);
    assert_eq!(same(&empty, &empty), None);
}

#[test]
fn a_stored_sketch_is_small() {
    let size = |text: &str| {
        postcard::to_stdvec(&report("滨河大桥主跨今天合龙年底通车", text, "甲报", hour(0))).unwrap().len()
    };
    assert!(size(TEXT) < 500, "{}", size(TEXT));
    let endless: String = (0..20_000_u32).filter_map(|n| char::from_u32(0x4e00 + n * 37 % 20_000)).collect();
    assert!(size(&endless) < 1200, "{}", size(&endless));
}

fn any_report() -> impl Strategy<Value = Sketch> {
    let title = prop_oneof![".{0,40}", "(湖南|湖北|郑州)启动[一二三四]级响应(（图）| - 某网)?"];
    let text = prop_oneof![".{0,300}", "[市省交通大桥今天1-9，。：（）日月电讯]{0,200}"];
    (title, text, "[甲乙丙]报", 0..200_i64)
        .prop_map(|(title, text, outlet, hours)| report(&title, &text, &outlet, hour(hours)))
}

proptest! {
    #[test]
    fn sameness_has_no_direction(a in any_report(), b in any_report()) {
        prop_assert_eq!(same(&a, &b), same(&b, &a));
    }

    #[test]
    fn keys_are_bounded_and_lie_in_their_own_lookups(a in any_report()) {
        let keys = index_keys(&a);
        let ranges = lookups(&a);
        prop_assert!(keys.len() <= MAX_KEYS && ranges.len() <= 2 * MAX_KEYS);
        for key in keys {
            prop_assert_eq!(key.0.len(), KEY_LEN);
            prop_assert!(ranges.iter().any(|r| r.from <= key && key <= r.to));
        }
        for range in ranges {
            prop_assert!(range.from <= range.to);
        }
    }

    #[test]
    fn what_one_looks_for_the_other_finds(a in any_report(), hours in -71..71_i64) {
        // The same report filed at another time of the window is found through every key of its own.
        let text = TEXT;
        let there = report("滨河大桥合龙", text, "甲报", hour(100));
        let here = report("滨河大桥合龙", text, "乙报", hour(100 + hours));
        let mut shelf = MemoryShelf::default();
        shelf.place(a);
        shelf.place(there);
        prop_assert!(shelf.find(&here).is_some());
    }

    #[test]
    fn a_sketch_survives_storage(a in any_report()) {
        let bytes = postcard::to_stdvec(&a).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Sketch>(&bytes).unwrap(), a);
    }

    #[test]
    fn the_same_entries_in_the_same_order_give_the_same_stories(all in prop::collection::vec(any_report(), 0..12)) {
        let run = || {
            let mut shelf = MemoryShelf::default();
            all.iter().cloned().map(|s| shelf.place(s)).collect::<Vec<_>>()
        };
        prop_assert_eq!(run(), run());
    }
}
