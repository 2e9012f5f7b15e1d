//! Stories: which pairs of reports are found to be the same news, and which story a new entry joins.

use chrono::{NaiveDateTime, TimeZone, Utc};
use chrono_tz::Asia::Shanghai;
use dibao::decide::regions::Classifier;
use dibao::decide::story::{Index, Joined, LinkMark, Sketch, StoryInput, same, sketch};
use dibao::model::region::{RegionId, RegionTable};
use dibao::model::story::Reason;
use dibao::model::time::Time;
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

/// An index, and the number of the next entry.
struct Shelf(Index, u64);

impl Shelf {
    fn new(limit: usize) -> Self {
        Self(Index::new(limit), 0)
    }

    /// Decides an entry's story and files the entry: the story it joined, or `None` if it founded one.
    fn place(&mut self, sketch: &Sketch) -> Option<Joined> {
        let joined = self.0.find(sketch);
        self.0.file(self.1, joined.map_or(self.1, |joined| joined.founder), sketch);
        self.1 += 1;
        joined
    }
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
        let mut shelf = Shelf::new(10);
        shelf.place(&entry(&pair["a"]));
        let found = shelf.0.find(&entry(&pair["b"]));
        assert_eq!(found.is_some(), pair["label"] == "same", "{found:?} for {line}");
    }
}

const TEXT: &str = "市交通局今天宣布，连接老城与新区的滨河大桥主跨合龙，全长1860米，双向六车道，\
                    预计年底通车，届时两岸往来时间将由四十分钟缩短到八分钟。";

#[test]
fn reasons_say_which_rule_applied() {
    let same = |a: &Sketch, b: &Sketch| same(a, b).map(|verdict| verdict.reason);
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
    let mut shelf = Shelf::new(1000);
    // Two days apart either way from the third, four days from one another.
    assert_eq!(shelf.place(&report("滨河大桥合龙", TEXT, "甲报", hour(0))), None);
    assert_eq!(shelf.place(&report("滨河大桥主跨合龙", TEXT, "乙报", hour(96))), None);
    let joined = shelf.place(&report("大桥主跨合龙", TEXT, "丙报", hour(48))).unwrap();
    assert_eq!(joined.founder, 0);
    let again = shelf.place(&report("大桥合龙", TEXT, "丁报", hour(130))).unwrap();
    assert_eq!(again.founder, 1, "the second story is still its own");
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
    let mut shelf = Shelf::new(1000);
    let stories: Vec<u64> = (0..9)
        .map(|step| {
            let entry = step as u64;
            shelf.place(&told(step * 3, step as i64)).map_or(entry, |joined| joined.founder)
        })
        .collect();
    assert!(stories.iter().any(|story| *story != 0), "{stories:?}");
    for (step, story) in stories.iter().enumerate() {
        assert!(step - *story as usize <= 2, "{stories:?}: {step}");
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
    let mut shelf = Shelf::new(1000);
    assert_eq!(shelf.place(&bulletin(11, 62, "环境发布")), None);
    assert_eq!(shelf.place(&bulletin(12, 47, "环境发布")), None);
    // Another outlet's report of the second goes to the second, though the first is older and near.
    assert_eq!(shelf.place(&bulletin(12, 47, "甲报")).unwrap().founder, 1);
}

#[test]
fn an_entry_without_any_text_joins_nothing() {
    let empty = report("", "", "", hour(0));
    assert_eq!(same(&empty, &empty), None);
    let mut shelf = Shelf::new(10);
    assert_eq!((shelf.place(&empty), shelf.place(&empty)), (None, None));
}

fn linked(page: &str, title: &str, text: &str, outlet: &str, hours: i64) -> Sketch {
    sketch(&StoryInput { page: Some(page), ..plain(title, text, outlet, hour(hours)) })
}

#[test]
fn an_entry_that_left_by_the_bound_is_known_by_its_link_to_other_outlets() {
    let page = "https://example.com/a/1.html";
    let mut shelf = Shelf::new(2);
    shelf.place(&linked(page, "滨河大桥合龙", TEXT, "甲报", 0));
    for other in ["青川启用新校舍", "北川下雪了", "南川修路了"] {
        shelf.place(&report(other, "", "丙报", hour(1)));
    }
    assert_eq!(shelf.0.len(), 2);
    let same_link = Some(Joined { founder: 0, reason: Reason::SameLink, copy_of: None });
    let cases = [
        ("another outlet", linked(page, "通车", "", "乙报", 2), same_link),
        ("the same outlet: its texts would have to say", linked(page, "通车", "", "甲报", 2), None),
        ("after a month", linked(page, "通车", "", "乙报", 24 * 31), None),
        ("another page", linked("https://example.com/a/2.html", "通车", "", "乙报", 2), None),
        ("its text alone", report("滨河大桥合龙", TEXT, "乙报", hour(2)), None),
    ];
    for (name, entry, want) in cases {
        assert_eq!(shelf.0.find(&entry), want, "{name}");
    }
    let mut index = Index::new(2);
    index.file_link(7, &LinkMark::of(Some(page), "甲报", hour(0)).unwrap());
    assert_eq!(index.find(&linked(page, "通车", "", "乙报", 2)).unwrap().founder, 7);
}

#[test]
fn what_is_removed_is_found_no_more_and_what_is_filed_again_is() {
    let told = report("滨河大桥合龙", TEXT, "甲报", hour(0));
    let retold = report("滨河大桥合龙", TEXT, "乙报", hour(1));
    let mut index = Index::new(10);
    index.file(1, 1, &told);
    index.file(2, 1, &retold);
    index.remove(1);
    assert_eq!(index.find(&told).unwrap().founder, 1, "the other member is still there");
    index.remove(2);
    index.remove(2);
    index.remove(3);
    assert_eq!((index.find(&told), index.len()), (None, 0));
    // Rewritten: another text under the same number and story.
    index.file(2, 1, &report("青川启用新校舍迎接开学季", "", "乙报", hour(1)));
    index.file(2, 1, &retold);
    assert_eq!((index.find(&told).unwrap().founder, index.len()), (1, 1));
    assert_eq!(index.find(&report("青川启用新校舍迎接开学季", "", "丙报", hour(1))), None);
}

#[test]
fn an_entry_rewritten_for_ever_takes_no_more_room() {
    let mut index = Index::new(100);
    let told = |n: i64| report(&format!("滨河大桥合龙第{n}天"), &format!("{n}{TEXT}"), "甲报", hour(n));
    for no in 0..50 {
        index.file(no, no, &told(no as i64));
    }
    let before = index.octets();
    for n in 0..20_000 {
        index.file(7, 7, &told(n % 100));
    }
    assert_eq!(index.len(), 50);
    assert!(index.octets() < before * 2, "{before} {}", index.octets());
}

/// Octets an entry of the index, its scratch left out.
fn octets_an_entry(text: impl Fn(u64) -> String) -> usize {
    let mut shelf = Shelf::new(20_000);
    let empty = shelf.0.octets();
    for n in 0..20_000 {
        let title: String = text(n).chars().take(25).collect();
        let page = format!("https://example.com/{n}.html");
        shelf.place(&linked(&page, &title, &text(n + 1_000_000), "甲报", n as i64 / 400));
    }
    (shelf.0.octets() - empty) / shelf.0.len()
}

/// Letters without a pattern, in clauses of twelve.
fn letters(seed: u64, count: usize) -> String {
    let mut state = seed;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from_u32(0x4e00 + (state >> 33) as u32 % 3000).unwrap()
    };
    (1..=count).map(|n| if n % 13 == 0 { '，' } else { letter() }).collect()
}

#[test]
fn a_filed_entry_is_small() {
    let usual = octets_an_entry(|n| letters(n, 125));
    assert!(usual < 650, "{usual}");
    let longest = octets_an_entry(|n| letters(n, 1000));
    assert!(longest < 1050, "{longest}");
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
    fn what_one_looks_for_the_other_finds(a in any_report(), hours in -71..71_i64) {
        // The same report filed at another time of the window is found through every key of its own.
        let text = TEXT;
        let there = report("滨河大桥合龙", text, "甲报", hour(100));
        let here = report("滨河大桥合龙", text, "乙报", hour(100 + hours));
        let mut shelf = Shelf::new(1000);
        shelf.place(&a);
        shelf.place(&there);
        prop_assert!(shelf.0.find(&here).is_some());
    }

    #[test]
    fn the_same_entries_in_the_same_order_give_the_same_stories(all in prop::collection::vec(any_report(), 0..12)) {
        let run = || {
            let mut shelf = Shelf::new(1000);
            all.iter().map(|s| shelf.place(s)).collect::<Vec<_>>()
        };
        prop_assert_eq!(run(), run());
    }
}

/// What a story does with the second of two reports.
#[derive(Debug, PartialEq)]
enum Second {
    Hidden,
    Related,
    Apart,
}

fn second(a: &Sketch, b: &Sketch) -> Second {
    match (same(a, b), same(b, a)) {
        (Some(x), Some(y)) if x.copy && y.copy => Second::Hidden,
        (Some(x), Some(y)) if !x.copy && !y.copy => Second::Related,
        (None, None) => Second::Apart,
        mixed => panic!("it has a direction: {mixed:?}"),
    }
}

/// A notice of an office, filled in for somebody; long enough that a name is a small part of it.
fn appointment(who: &str, office: &str) -> String {
    format!(
        "各区县人民政府，市政府各部门、各直属机构：经研究，市人民政府决定任命{who}为{office}副局长，试用期一年，\
         自发文之日起计算。请各单位认真做好工作交接，严格执行干部任职有关规定，确保各项工作平稳有序推进，\
         有关待遇按照规定执行，特此通知，请遵照执行。"
    )
}

#[test]
fn only_the_same_report_is_hidden() {
    use Second::{Apart, Hidden, Related};
    let classifier = Classifier::new(&RegionTable::builtin());
    /// Title, text, outlet, page, hour.
    type Told<'a> = (&'a str, &'a str, &'a str, &'a str, i64);
    let of = |(title, text, outlet, page, hours): Told<'_>| {
        let named = classifier.classify(title, Some(text));
        let page = (!page.is_empty()).then_some(page);
        sketch(&StoryInput { page, named: &named, ..plain(title, text, outlet, hour(hours)) })
    };
    let [zhang, li] = [appointment("张伟民", "市水利局"), appointment("李晓娜", "市教育局")];
    let warning = "预计未来六小时内，我县大部分乡镇降雨量将达五十毫米以上，局部伴有雷暴大风，请有关单位和人员做好防范准备工作。";
    let wire = format!(
        "山城{TEXT}大桥由三百多名工人历时两年建成，两侧设有人行道和观景台，通车后公交线路将同步调整。"
    );
    let copied = wire.replace("今天宣布", "今天说");
    let prices = |wheat: u32, corn: u32| {
        format!(
            "城东粮食批发市场小麦成交均价每吨{wheat}元，玉米每吨{corn}元，成交量较前日略增，市场走势总体平稳，后市以稳为主，贸易商随购随销。"
        )
    };
    let letter = "各区县人民政府，各部门、各直属机构：现将修订后的文件印发给你们，请结合工作实际认真贯彻执行，执行中遇到的问题请及时反馈。";
    let [first, next] = [prices(2510, 2240), prices(2520, 2255)];
    let meeting = |nth: &str| {
        format!(
            "市人大常委会举行第{nth}次会议，听取审议政府工作报告，表决通过关于城市供水条例的修改决定，并对下一步立法工作作出安排部署。"
        )
    };
    let [m23, m24] = [meeting("二十三"), meeting("二十四")];
    let cases: [(&str, Told<'_>, Told<'_>, Second); 26] = [
        (
            "a wire's text under another headline",
            ("滨河大桥主跨今日合龙", &wire, "甲报", "http://a.example/1", 0),
            ("年底通车！两岸八分钟可达", &copied, "乙网", "http://b.example/9", 5),
            Hidden,
        ),
        (
            "the same from two sites that name one agency",
            ("滨河大桥主跨今日合龙", &wire, "山河社", "http://a.example/1", 0),
            ("滨河大桥主跨今日合龙", &wire, "山河社", "http://b.example/9", 50),
            Hidden,
        ),
        (
            "one page in two feeds",
            ("滨河大桥合龙", "", "甲报要闻", "http://a.example/1", 0),
            ("滨河大桥合龙", "", "甲报本地", "http://www.a.example/1?utm_source=x", 0),
            Hidden,
        ),
        (
            "one article in two channels of an outlet",
            ("滨河大桥合龙", TEXT, "甲报", "http://a.example/yw/1", 0),
            ("滨河大桥合龙", TEXT, "甲报", "http://a.example/bd/1", 1),
            Hidden,
        ),
        (
            "equal titles alone, of two outlets",
            ("滨河大桥主跨今日合龙年底通车", "", "甲报", "http://a.example/1", 0),
            ("滨河大桥主跨今日合龙年底通车", "", "乙网", "http://b.example/9", 3),
            Related,
        ),
        (
            "a text that goes on",
            ("滨河大桥合龙", &TEXT[..TEXT.floor_char_boundary(160)], "甲报", "", 0),
            ("滨河大桥合龙", TEXT, "乙网", "", 3),
            Related,
        ),
        (
            "the same warning two days later, titles only",
            ("海南省气象台发布暴雨黄色预警信号请注意防范", "", "气象台", "http://w.example/1001", 0),
            ("海南省气象台发布暴雨黄色预警信号请注意防范", "", "气象台", "http://w.example/1057", 57),
            Apart,
        ),
        (
            "the same warning in the same words a day later",
            ("暴雨黄色预警信号", warning, "气象台", "http://w.example/1001", 0),
            ("暴雨黄色预警信号", warning, "气象台", "http://w.example/1057", 24),
            Related,
        ),
        (
            "the warning of another county, which says our county",
            ("暴雨黄色预警信号", warning, "甲县发布", "http://a.example/1", 0),
            ("暴雨黄色预警信号", warning, "乙县发布", "http://b.example/1", 1),
            Related,
        ),
        (
            "two cities' congresses under one official title",
            ("市十六届人大常委会举行第二十三次会议", "", "甲市人大", "http://a.example/1", 0),
            ("市十六届人大常委会举行第二十三次会议", "", "乙市人大", "http://b.example/9", 10),
            Apart,
        ),
        (
            "the next meeting, by a number in words",
            ("市人大常委会会议闭幕", &m23, "甲报", "http://a.example/1", 0),
            ("市人大常委会会议闭幕", &m24, "乙网", "http://b.example/2", 60),
            Related,
        ),
        (
            "two appointments in one form",
            ("市人民政府关于张伟民同志任职的通知", &zhang, "市政府", "http://g.example/1", 0),
            ("市人民政府关于李晓娜同志任职的通知", &li, "市政府", "http://g.example/2", 0),
            Related,
        ),
        (
            "two appointments that two sites copy",
            ("张伟民任市水利局副局长", &zhang, "甲报", "http://a.example/1", 0),
            ("李晓娜任市教育局副局长", &li, "乙网", "http://b.example/2", 0),
            Related,
        ),
        (
            "two covering letters in the same words",
            ("市政府办公室关于印发防汛应急预案的通知", letter, "甲市发布", "http://a.example/1", 0),
            ("市政府办公室关于印发抗旱应急预案的通知", letter, "甲市要闻", "http://b.example/2", 1),
            Apart,
        ),
        (
            "one text under two headlines of one outlet, at once",
            ("滨河大桥主跨今日合龙", &wire, "甲报", "http://a.example/yw/1", 0),
            ("年底通车！两岸八分钟可达", &wire, "甲报", "http://a.example/bd/1", 1),
            Hidden,
        ),
        (
            "the next part of a series, by its bracket",
            ("滨河大桥合龙回头看（三）", TEXT, "甲报", "http://a.example/1", 0),
            ("滨河大桥合龙回头看（四）", TEXT, "乙网", "http://b.example/2", 5),
            Related,
        ),
        (
            "today's prices on the page of yesterday's",
            ("粮食批发市场每日行情", &first, "甲报", "http://a.example/price/", 0),
            ("粮食批发市场每日行情", &next, "乙网", "http://a.example/price/", 24),
            Related,
        ),
        (
            "two notices of one page",
            (
                "花园路片区今晚停水检修",
                "因管网改造，花园路沿线居民楼今晚八点至次日六点停水，请提前储水备用。",
                "供水快报",
                "http://g.example/notice/",
                0,
            ),
            (
                "变电站扩容工程竣工投运",
                "扩容后新增容量五万千伏安，缓解城北用电紧张的局面，工程历时十一个月建成。",
                "供电快报",
                "http://g.example/notice/",
                0,
            ),
            Apart,
        ),
        (
            "a warning at one page, reissued with another figure",
            ("海上大风警报", "八级", "气象台", "http://w.example/warn", 0),
            ("海上大风警报", "十级", "气象台", "http://w.example/warn", 1),
            Related,
        ),
        (
            "and in the same words hours later: it is in force again",
            ("海上大风警报", "八级", "气象台", "http://w.example/warn", 0),
            ("海上大风警报", "八级", "气象台", "http://w.example/warn", 6),
            Related,
        ),
        (
            "a page of one house in two channels, with its short text",
            ("海上大风警报", "南部海面八级", "气象台", "http://w.example/warn", 0),
            ("海上大风警报", "南部海面八级", "气象台", "http://w.example/warn", 1),
            Hidden,
        ),
        (
            "a monitor that tells its states at one address",
            ("api.example.org is DOWN", "", "Status", "http://s.example/api", 0),
            ("api.example.org is UP", "", "Status", "http://s.example/api", 1),
            Related,
        ),
        (
            "two comments of one post",
            (
                "Comment on How to grow tomatoes by Alice",
                "Water them early.",
                "Garden",
                "http://g.example/p#comment-1",
                0,
            ),
            (
                "Comment on How to grow tomatoes by Bob",
                "Mine all died.",
                "Garden",
                "http://g.example/p#comment-2",
                0,
            ),
            Related,
        ),
        (
            "one page of which two houses tell other figures",
            ("海上大风警报", "八级", "气象台", "http://w.example/warn", 0),
            ("海上大风警报", "十级", "海事快讯", "http://w.example/warn", 6),
            Related,
        ),
        (
            "one page, and another house carries its beginning",
            ("滨河大桥合龙", TEXT, "甲报", "http://a.example/1", 0),
            ("滨河大桥合龙", &TEXT[..TEXT.floor_char_boundary(160)], "乙网", "http://a.example/1", 3),
            Hidden,
        ),
        (
            "two notices of one page, titles only",
            ("花园路片区今晚停水检修", "", "供水快报", "http://g.example/notice/", 0),
            ("变电站扩容工程竣工投运", "", "供电快报", "http://g.example/notice/", 0),
            Related,
        ),
    ];
    for (name, a, b, want) in cases {
        assert_eq!(second(&of(a), &of(b)), want, "{name}");
    }
}
