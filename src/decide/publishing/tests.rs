use super::*;
use crate::model::entry::{Category, Person};
use crate::model::source::RegionRule;
use crate::model::state::State;
use crate::testing::*;

fn rule(action: Action, pattern: &str, fields: &[Field]) -> PublishRule {
    PublishRule { action, pattern: Regex::new(pattern).expect("a pattern"), fields: fields.to_vec() }
}

fn entry() -> Entry {
    let mut body = body("郑州地铁广告招商", None);
    body.summary = Some(Body::Html("<p>河南日报讯，<b>新</b>线路开通</p>".to_owned()));
    body.authors = vec![Person { name: "河南日报客户端".to_owned(), ..Person::default() }];
    body.categories = vec![Category { term: "财经".to_owned(), ..Category::default() }];
    let defs = [def("paper", RegionRule::Auto)];
    let records = [config(0, &defs, &[]), seen("paper", 10, vec![new(1, body)], vec![])];
    let store = folded(&lines(records), &rules(&defs));
    let no = store.owner("urn:entry:1").expect("sound").expect("it is there");
    store.entry(no).expect("sound").expect("it is stored")
}

fn shows(rules: &PublishRules, feed: &FeedKey) -> bool {
    rules.shows(feed, &entry(), "中新网河南", &RegionTable::builtin())
}

fn everywhere(rules: Vec<PublishRule>) -> PublishRules {
    PublishRules { everywhere: rules, ..PublishRules::default() }
}

#[test]
fn each_field_is_looked_at() {
    let cases = [
        (Field::Title, "广告", true),
        (Field::Title, "日报", false),
        (Field::Text, "新线路", true),
        (Field::Text, "广告", true),
        (Field::Outlet, "^中新网", true),
        (Field::Outlet, "客户端$", true),
        (Field::Section, "^财经$", true),
        (Field::Region, "^henan$", true),
        (Field::Region, "河南", true),
        (Field::Region, "湖北", false),
        (Field::Link, r"news\.example", true),
    ];
    for (field, pattern, matches) in cases {
        let excluding = everywhere(vec![rule(Action::Exclude, pattern, &[field])]);
        assert_eq!(shows(&excluding, &FeedKey::All), !matches, "exclude {pattern} in {field:?}");
        let including = everywhere(vec![rule(Action::Include, pattern, &[field])]);
        assert_eq!(shows(&including, &FeedKey::All), matches, "include {pattern} in {field:?}");
    }
}

#[test]
fn one_of_several_includes_is_enough_and_no_include_undoes_an_exclude() {
    let include = |pattern| rule(Action::Include, pattern, &[Field::Title]);
    let exclude = || rule(Action::Exclude, "广告", &[Field::Title]);
    assert!(shows(&everywhere(vec![include("武汉"), include("郑州")]), &FeedKey::All));
    assert!(!shows(&everywhere(vec![include("郑州"), exclude()]), &FeedKey::All));
    assert!(shows(&PublishRules::default(), &FeedKey::All));
}

#[test]
fn rules_act_where_they_stand() {
    let exclude = || vec![rule(Action::Exclude, "广告", &[Field::Title])];
    let henan = RegionId::new("henan");
    let of_region = PublishRules { regions: [(henan.clone(), exclude())].into(), ..PublishRules::default() };
    assert!(!shows(&of_region, &FeedKey::Region(henan)));
    assert!(shows(&of_region, &FeedKey::All), "elsewhere it is shown");
    let of_source = |source: &str| PublishRules {
        sources: [(SourceId::new(source), exclude())].into(),
        ..PublishRules::default()
    };
    assert!(!shows(&of_source("paper"), &FeedKey::All));
    assert!(shows(&of_source("other"), &FeedKey::All));
}

#[test]
fn titles_are_rewritten_in_the_order_of_the_rules() {
    let rewrite = |pattern, with: &str| rule(Action::Rewrite(with.to_owned()), pattern, &[Field::Title]);
    let rules = everywhere(vec![rewrite("广告(..)", "$1公告"), rewrite("公告$", "")]);
    assert_eq!(rules.title(&FeedKey::All, &entry()), "郑州地铁招商");
    assert_eq!(PublishRules::default().title(&FeedKey::All, &entry()), "郑州地铁广告招商");
}
