//! Tests of the data, and of the decisions case by case.

use std::collections::BTreeMap;

use super::gazetteer::{KINDS, rows_of_names};
use super::*;
use crate::model::region::{Region, RegionTable};
use crate::model::source::RegionRule;

fn classifier() -> Classifier {
    Classifier::new(&RegionTable::builtin())
}

/// The ids found, in order, with spaces between them.
fn ids(found: &[Evidence]) -> String {
    found.iter().map(|e| e.region.as_str()).collect::<Vec<_>>().join(" ")
}

fn check(cases: &[(&str, &str, &str)]) {
    let classifier = classifier();
    for (case, title, wanted) in cases {
        let found = classifier.classify(title, None);
        assert_eq!(ids(&found), *wanted, "{case}: {title}: {found:?}");
    }
}

#[test]
fn every_line_of_the_names_is_well_formed_and_no_name_has_two_meanings() {
    let table = RegionTable::builtin();
    let mut seen: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for line in rows_of_names() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [kind, regions, names] = columns[..] else { panic!("not three columns: {line}") };
        assert!(KINDS.contains(&kind), "unknown kind: {line}");
        for region in regions.split(',').filter(|r| *r != "-") {
            assert!(table.get(region).is_some(), "unknown region {region}: {line}");
        }
        for name in names.split(' ') {
            assert!(!name.is_empty(), "two spaces: {line}");
            if let Some(before) = seen.insert(name, (kind, regions)) {
                assert_eq!(before, (kind, regions), "{name} has two meanings");
            }
        }
    }
}

#[test]
fn names_of_every_level_are_found() {
    check(&[
        ("a province by its short name", "河南出台方案", "henan"),
        ("a province by its full name", "内蒙古自治区成立纪念活动举行", "neimenggu"),
        ("a prefecture by its full name", "绵阳市新建三座水厂", "sichuan"),
        ("a prefecture by its short name", "襄阳一老桥完成改造", "hubei"),
        ("an autonomous prefecture by its usual name", "黔南州办起夜校", "guizhou"),
        ("a county by its full name", "和静县举办招聘会", "xinjiang"),
        ("an autonomous county by its usual name", "大化瑶族自治县通高铁", "guangxi"),
        ("a well-known county by its short name", "义乌小商品出海", "zhejiang"),
        ("several regions in order of appearance", "甘肃援青医疗队抵达西宁", "gansu qinghai"),
        ("a region once however often it is named", "四川成都与四川德阳同城化", "sichuan"),
    ]);
}

#[test]
fn abbreviations_count_only_where_they_mean_a_place() {
    check(&[
        ("help for a province", "多地医疗队驰援鄂州之外 援鄂队员返湘", "hubei hunan"),
        ("movement to the capital", "返京人员注意事项", "beijing"),
        ("position in a city", "论坛在渝举行", "chongqing"),
        ("two letters side by side", "闽台渔民同祭妈祖", "fujian taiwan"),
        ("a city's letter beside another", "穗港青年交流营开营", "guangdong xianggang"),
        ("people of the island", "台胞回乡祭祖", "taiwan"),
        ("an enterprise of a province", "浙企出海忙", "zhejiang"),
        ("a letter in a word is no place", "收藏家捐出藏品 冷藏车上路", ""),
        ("a platform is not an island", "平台商家在台阶前 电台播出", ""),
        ("a foreign name keeps its letters", "苏丹与秘鲁代表在东京会谈", ""),
        ("a line's end points are not its news", "京沪高铁增开列车", ""),
    ]);
}

#[test]
fn groups_name_each_of_their_regions() {
    check(&[
        ("the north-east", "东北三省粮食增产", "liaoning jilin heilongjiang"),
        ("the capital's region", "京津冀协同发展", "beijing tianjin hebei"),
        ("the delta of the Yangtze", "长三角铁路客流增长", "shanghai jiangsu zhejiang anhui"),
        ("the bay area", "粤港澳大湾区建设提速", "guangdong xianggang aomen"),
        ("the two shores of the strait", "两岸青年共绘乡村", "taiwan"),
        ("the two shores of a river", "长江两岸披绿装 沿河两岸是我家", ""),
        ("a line between neighbours", "川藏铁路建设提速", "sichuan xizang"),
        ("a section of it", "川藏铁路雅安段隧道贯通", "sichuan"),
        ("the islands", "港澳台侨青年夏令营", "xianggang aomen taiwan"),
    ]);
}

#[test]
fn bingtuan_is_itself_and_its_cities_are_xinjiang_too() {
    check(&[
        ("the corps alone", "兵团今年植棉面积稳定", "bingtuan"),
        ("its full name does not name the province", "新疆生产建设兵团召开会议", "bingtuan"),
        ("a city of the corps", "石河子垦区迎来丰收", "bingtuan xinjiang"),
        ("an army formation", "回忆志愿军第九兵团", ""),
    ]);
}

#[test]
fn words_across_a_border_are_no_places() {
    check(&[
        ("天全", "今天全天有雨", ""),
        ("大新", "二十大新闻中心启用", ""),
        ("平和", "习近平和彭丽媛会见来宾", ""),
        ("界首", "产量居世界首位", ""),
        ("政和", "党委和政府齐抓共管", ""),
        ("济南", "经济南北差距缩小", ""),
        ("重庆", "各界隆重庆祝教师节", ""),
        ("大连", "重大连环事故原因查明", ""),
        ("长春", "多所学校延长春季学期", ""),
        ("修水", "农民冬修水利忙", ""),
        ("上杭 against 杭州", "网上杭州一键办事", "zhejiang"),
        ("河南 at the end of a river's name", "黄河南岸现候鸟", ""),
        ("天津 is still found after 今天", "今天天津有雨", "tianjin"),
    ]);
}

#[test]
fn ordinary_words_and_named_things_are_no_places() {
    check(&[
        ("words that are counties too", "合作共赢 资源节约 和平发展 振兴通道", ""),
        ("a ship", "南昌舰编队完成训练", ""),
        ("a street", "南京路上好八连精神永存", ""),
        ("a street whose city begins with an abbreviation", "在陕西南路一带", ""),
        ("a famous sight's name elsewhere", "惠州西湖换新颜", "guangdong"),
        ("a small place's name right after another region", "上海甘泉街道", "shanghai"),
        ("an organisation", "上海合作组织峰会闭幕", ""),
        ("the time", "北京时间今晚开赛", ""),
        ("a leader's name", "周永康在会上讲话 李长春出席", ""),
        ("a given name", "张金华讲述创业故事", ""),
        ("a market", "东方市场回暖", ""),
        ("an area", "海南区域气象中心发布预报", "hainan"),
        ("a shared name without context", "朝阳产业前景广阔 鼓楼夜市开街", ""),
        ("a shared name most readers resolve", "朝阳区一小区加装电梯", "beijing"),
        ("a shared name that the title resolves", "长春朝阳区一小区加装电梯", "jilin"),
        ("海南州 is in 青海", "海南州举办牧民运动会", "qinghai"),
        ("吉林市 is in 吉林", "吉林市雾凇迎客", "jilin"),
        ("a club in a title about sport", "中超：国安主场战平", "beijing"),
        ("the same word elsewhere", "国安部门提醒：谨防泄密", ""),
    ]);
}

#[test]
fn traditional_names_are_found_and_shown_as_written() {
    let found = classifier().classify("臺灣與廣東業者交流", None);
    assert_eq!(ids(&found), "taiwan guangdong");
    assert_eq!(found[0].text, "臺灣");
    assert_eq!(found[0].rule, Rule::Province);
}

#[test]
fn the_dateline_counts_only_where_the_title_names_nothing() {
    let classifier = classifier();
    let cases = [
        ("a dateline", "\n　　中新社泉州4月18日电 (记者 张三)今天", "fujian"),
        ("one with the province", "新华社河南郑州５月２日电 记者", "henan"),
        ("one of a place whose short name is an ordinary word", "中新网白银4月18日电", "gansu"),
        ("one in brackets", "【本报昆明4月18日讯】", "yunnan"),
        ("Beijing means nothing", "中新社北京4月18日电 河南今天", ""),
        ("no place", "中新网4月18日电 据河南省气象台消息", ""),
        ("no dateline", "河南省气象台今天发布预报，郑州4月18日电力供应平稳", ""),
        ("a shared name", "新华社朝阳4月18日电", ""),
    ];
    for (case, summary, wanted) in cases {
        let found = classifier.classify("专家谈防汛", Some(summary));
        assert_eq!(ids(&found), wanted, "{case}: {found:?}");
        assert!(found.iter().all(|e| e.place == Place::Dateline), "{case}");
    }
    let found = classifier.classify("湖南专家谈防汛", Some("中新社泉州4月18日电"));
    assert_eq!(ids(&found), "hunan");
}

fn region(id: &str, name: &str, full_name: &str, aliases: &[&str]) -> Region {
    Region {
        id: RegionId::new(id),
        name: name.to_owned(),
        full_name: full_name.to_owned(),
        code: None,
        aliases: aliases.iter().map(|a| (*a).to_owned()).collect(),
        parent: None,
    }
}

#[test]
fn a_region_that_the_config_replaces_is_known_by_its_own_names_alone() {
    let mut table = RegionTable::builtin();
    table.set(region("henan", "中州", "中州地区", &["河洛"]));
    let classifier = Classifier::new(&table);
    assert_eq!(ids(&classifier.classify("郑州与河南各地", None)), "");
    assert_eq!(ids(&classifier.classify("河洛文化节开幕", None)), "henan");
}

#[test]
fn a_built_in_region_may_gain_aliases() {
    let mut table = RegionTable::builtin();
    table.set(region("henan", "河南", "河南省", &["河洛"]));
    let classifier = Classifier::new(&table);
    assert_eq!(ids(&classifier.classify("河洛文化节开幕", None)), "henan");
    assert_eq!(ids(&classifier.classify("郑州地铁延长运营", None)), "henan");
}

#[test]
fn decisions_join_the_source_the_patterns_and_the_classifier() {
    let classifier = classifier();
    let id = RegionId::new;
    let pattern = |text: &str, force: &[&str], forbid: &[&str]| RegionPattern {
        pattern: regex::Regex::new(text).expect("a pattern of the test"),
        force: force.iter().map(|r| id(r)).collect(),
        forbid: forbid.iter().map(|r| id(r)).collect(),
    };
    let patterns = [pattern("猪肉价格", &["hebei"], &[]), pattern("广告", &[], &["shanghai", "hebei"])];
    let decide = |rule: &RegionRule, title: &str| ids(&decide(rule, &patterns, &classifier, title, None));
    let henan = || vec![id("henan")];
    assert_eq!(decide(&RegionRule::Fixed(henan()), "上海猪肉价格"), "henan");
    assert_eq!(decide(&RegionRule::Routed(henan()), "上海猪肉价格"), "henan hebei shanghai");
    assert_eq!(decide(&RegionRule::Auto, "上海猪肉价格"), "hebei shanghai");
    assert_eq!(decide(&RegionRule::Auto, "广告：上海猪肉价格"), "");
    assert_eq!(decide(&RegionRule::Routed(vec![id("shanghai")]), "广告"), "shanghai");
}

proptest::proptest! {
    #[test]
    fn any_text_is_classified_without_a_panic_and_with_its_own_words(title in "[港台京津在返第兵团南海州市A-z0 ,，臺]{0,40}|\\PC{0,60}") {
        let classifier = shared();
        let found = classifier.classify(&title, Some(&title));
        for evidence in &found {
            proptest::prop_assert!(title.contains(&evidence.text));
            proptest::prop_assert_eq!(found.iter().filter(|e| e.region == evidence.region).count(), 1);
        }
        proptest::prop_assert_eq!(&found, &classifier.classify(&title, Some(&title)));
    }
}

fn shared() -> &'static Classifier {
    static SHARED: std::sync::OnceLock<Classifier> = std::sync::OnceLock::new();
    SHARED.get_or_init(classifier)
}
