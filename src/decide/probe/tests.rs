use chrono_tz::Tz;
use encoding_rs::GBK;

use super::*;
use crate::decide::answer::{self, BodyReader, EarlierBody, Expected};
use crate::decide::robots::{self, AGENT};
use crate::model::exchange::{Block, FetchFault, Response, Validators};
use crate::read::page::ListRules;

fn now() -> Time {
    "2026-11-23T08:00:00Z".parse().expect("an instant")
}

/// The exchange with an address that answered with this.
fn body(url: &str, content_type: &str, bytes: &[u8]) -> Exchange {
    let head = ResponseHead {
        status: 200,
        final_url: url.to_owned(),
        content_type: Some(content_type.to_owned()),
        ..ResponseHead::default()
    };
    Exchange::Body(Response { head, body: bytes.to_vec().into() })
}

fn look_at(url: &str, exchange: &Exchange, expected: Expected) -> ProbeReport {
    let (zone, at) = (Tz::Asia__Shanghai, now());
    let reader = BodyReader { expected, zone, at, max_entries: 2_000, known: EarlierBody::default() };
    let answer = answer::of(exchange, url, url, &reader);
    examine(&Subject { url, exchange, answer: &answer, zone, at })
}

fn examined(url: &str, content_type: &str, bytes: &[u8]) -> ProbeReport {
    look_at(url, &body(url, content_type, bytes), Expected::Any)
}

/// A list of so many entries, one an hour.
fn list(entries: usize) -> String {
    let row = |n: usize| {
        let (day, hour) = (22 - n / 12, 23 - n % 12);
        format!(
            "<li><a href=\"/news/hnxw/2026/11{day}/{n}.shtml\">郑州第{n}条地铁新线今日正式开通运营</a>\
             <span>2026-11-{day} {hour}:10</span></li>"
        )
    };
    let rows: String = (0..entries).map(row).collect();
    format!(
        "<html><head><meta charset=\"gb2312\"><title>河南新闻-中国新闻网河南</title></head>\
         <body><div class=\"liebiao\"><ul>{rows}</ul></div></body></html>"
    )
}

const RSS: &str = r#"<?xml version="1.0" encoding="gbk"?><rss version="2.0"><channel>
<title>测试日报</title><link>https://www.chinanews.com.cn/</link>
<item><title>郑州地铁新线开通</title><link>https://www.chinanews.com.cn/gn/2026/11-23/1.shtml</link>
<pubDate>Mon, 23 Nov 2026 15:00:00 +0800</pubDate></item>
<item><title>洛阳牡丹季闭幕...</title><link>/gn/2026/11-23/2.shtml</link>
<pubDate>Mon, 23 Nov 2026 13:00:00 +0800</pubDate></item>
<item><title>开封夜市迎来客流</title><link>https://www.chinanews.com.cn/gn/2026/11-23/3.shtml</link>
<pubDate>Mon, 23 Nov 2026 11:00:00 +0800</pubDate></item>
<item><title>开封夜市迎来客流</title><link>https://www.chinanews.com.cn/gn/2026/11-23/3.shtml</link>
<pubDate>2026-11-23</pubDate></item>
<item><title>没有日期的一条</title><link>https://www.chinanews.com.cn/gn/2026/11-23/4.shtml</link></item>
</channel></rss>"#;

#[test]
fn a_feed_is_described_with_its_defects() {
    let url = "https://www.chinanews.com.cn/rss/china.xml";
    let mut exchange = body(url, "text/xml", RSS.as_bytes());
    if let Exchange::Body(response) = &mut exchange {
        response.head.validators = Validators { etag: Some(b"\"7\"".to_vec()), ..Default::default() };
        response.head.cache_control = Some("max-age=60".to_owned());
    }
    let verdict = robots::Robots::parse(b"User-agent: *\nCrawl-delay: 5").permission(AGENT, "/rss/china.xml");
    let report = look_at(url, &exchange, Expected::Any).with_robots(verdict, Some(Duration::from_secs(5)));
    assert_eq!(report.state(), "ok");
    insta::assert_snapshot!(report);
}

#[test]
fn a_list_page_of_a_known_house_gets_its_region() {
    let text = list(14);
    let (page, ..) = GBK.encode(&text);
    let mut report = examined("https://www.ha.chinanews.com.cn/news/hnxw/", "text/html", &page);
    report.followed = Some(Followed {
        link: "https://www.ha.chinanews.com.cn/news/hnxw/2026/1122/0.shtml".to_owned(),
        title: Some("郑州第0条地铁新线今日正式开通运营".to_owned()),
        characters: 812,
        ..Followed::default()
    });
    assert_eq!(to_follow(&report), report.entries[0].link.as_deref());
    insta::assert_snapshot!(report);
}

#[test]
fn a_page_with_feeds_lists_them() {
    let page = "<html><head><title>某报</title>\
        <link rel=alternate type='application/rss+xml' title='要闻' href='/rss/1.xml'>\
        <link rel=alternate type='application/atom+xml' href='https://b.example/atom'></head><body>欢迎</body></html>";
    insta::assert_snapshot!(examined("https://a.example/", "text/html; charset=utf-8", page.as_bytes()));
}

#[test]
fn a_json_document_gets_paths() {
    let json = r#"{"msg":"success","data":{"page":{"pageNo":1,"list":[
        {"alertid":"41010041600000_20261123150000","title":"河南省郑州市发布大风蓝色预警","issuetime":"2026/11/23 15:00",
         "url":"/publish/alarm/41010041600000_20261123150000.html","pic":"a.png"},
        {"alertid":"44010041600000_20261123140000","title":"广东省广州市发布暴雨黄色预警","issuetime":"2026/11/23 14:00",
         "url":"/publish/alarm/44010041600000_20261123140000.html","pic":"b.png"}]}}}"#;
    insta::assert_snapshot!(examined(
        "http://www.nmc.cn/rest/findAlarm?pageNo=1",
        "application/json",
        json.as_bytes()
    ));
}

#[test]
fn whatever_comes_has_a_name_and_a_state() {
    let head = |status| ResponseHead { status, ..ResponseHead::default() };
    let html = |text: &str| body("https://a.example/", "text/html", text.as_bytes());
    let cases = [
        ("an old feed", html(&RSS.replace("2026", "2024").replace("Mon, ", "")), "feed", "stale"),
        (
            "a feed with nothing in it",
            html("<rss><channel><title>x</title></channel></rss>"),
            "feed",
            "emptied",
        ),
        ("a page of prose", html("<html><body><p>欢迎光临</p></body></html>"), "not-a-feed", "not-a-feed"),
        ("nothing", html(""), "not-a-feed", "not-a-feed"),
        ("JSON without a list", html("{\"a\":[1,2]}"), "not-a-feed", "not-a-feed"),
        ("broken JSON", html("{\"a\":"), "not-a-feed", "not-a-feed"),
        (
            "a wall",
            html("<html><script>document.cookie='a=1';location.reload()</script></html>"),
            "blocked",
            "blocked",
        ),
        ("403", Exchange::Blocked { head: head(403), why: Block::Forbidden }, "blocked", "blocked"),
        ("521", Exchange::Blocked { head: head(521), why: Block::Challenge }, "blocked", "blocked"),
        ("404", Exchange::Status(head(404)), "failed", "failed"),
        ("410", Exchange::Gone(head(410)), "gone", "gone"),
        ("429", Exchange::Throttled(head(429)), "throttled", "throttled"),
        ("silence", Exchange::Failed(FetchFault::Reset), "failed", "failed"),
    ];
    for (name, exchange, what, state) in cases {
        let report = look_at("https://a.example/", &exchange, Expected::Any);
        assert_eq!((report.answer.name(), report.state()), (what, state), "{name}: {}", report.because);
        assert_eq!(report.toml.is_some(), what == "feed", "{name}");
        assert!(!report.to_string().contains('\0') && !report.because.is_empty(), "{name}");
    }
}

#[test]
fn a_configured_page_is_read_by_its_selectors() {
    let url = "https://a.example/";
    let page = body(url, "text/html; charset=utf-8", list(14).replace("gb2312", "utf-8").as_bytes());
    let css = |text| Some(crate::read::page::Css::parse(text).expect("a selector"));
    let fitting = ListRules { entry: css("div.liebiao li"), ..ListRules::default() };
    assert_eq!(look_at(url, &page, Expected::Page(Box::new(fitting))).state(), "ok");
    let gone = ListRules { entry: css("div.neirong li"), ..ListRules::default() };
    let report = look_at(url, &page, Expected::Page(Box::new(gone)));
    assert_eq!(report.state(), "selectors-stopped");
    assert!(report.because.contains("div.neirong li"), "{}", report.because);
    assert_eq!(look_at(url, &page, Expected::Feed).state(), "not-a-feed", "a page where a feed was");
}

#[test]
fn robots_txt_binds_pages_and_not_feeds() {
    let no = || Permission { allowed: false, why: "no".to_owned() };
    let page = examined("https://a.example/", "text/html", list(14).as_bytes());
    assert!(page.toml.is_some());
    let page = page.with_robots(no(), None);
    assert!(page.toml.is_none() && page.defects[0].starts_with("robots.txt forbids it"));
    let feed = examined("https://a.example/", "text/xml", RSS.as_bytes()).with_robots(no(), None);
    assert!(feed.toml.is_some() && !feed.robots.is_some_and(|robots| robots.allowed));
}

#[test]
fn hosts_tell_regions_only_where_they_are_on_record() {
    let cases = [
        ("https://www.ha.chinanews.com.cn/", Some("henan")),
        ("http://hn.chinanews.com/", Some("hunan")),
        ("https://www.hi.chinanews.com.cn/", Some("hainan")),
        ("https://www.shx.chinanews.com.cn/", Some("shaanxi")),
        ("https://www.sx.chinanews.com.cn/", Some("shanxi")),
        ("https://www.gz.chinanews.com.cn/", Some("guizhou")),
        ("https://www.bt.chinanews.com.cn/", Some("bingtuan")),
        ("https://www.chinanews.com.cn/", None),
        ("http://he.people.com.cn/", Some("hebei")),
        ("http://henan.people.com.cn/", Some("henan")),
        ("http://sn.news.cn/", Some("shaanxi")),
        ("https://rthk.hk/x", Some("xianggang")),
        ("https://news.ltn.com.tw/rss/all.xml", Some("taiwan")),
        ("https://shpeople.com.cn/", None),
        ("https://ha.example.cn/", None),
    ];
    for (url, region) in cases {
        let known = hosts::of(&Url::parse(url).expect("an address"));
        assert_eq!(known.region, region, "{url}");
    }
}

#[test]
fn spans_are_told_in_a_unit_that_says_enough() {
    let told: Vec<String> = [5, 300, 10_800, 864_000].into_iter().map(span).collect();
    assert_eq!(told, ["5 s", "5 min", "3 h", "10 days"]);
}

const PAGE: &str = "https://www.sample.example/yw/";

/// A list with a side column, and one of its pages.
fn pages() -> (String, String) {
    let rows = |day: u32, count: u32, date: &str| -> String {
        let row =
            |n| format!("<li><a href='/2026/11{day}/{n}.html'>河湾镇第{n}座便民桥通车了</a>{date}</li>");
        (0..count).map(row).collect()
    };
    let list = format!(
        "<html><head><title>要闻</title></head><body><div class='main'><ul class='news'>{}</ul></div>\
         <div class='side'><ul class='hot'>{}</ul></div></body></html>",
        rows(22, 6, "<span>2026-11-22 10:00</span>"),
        rows(21, 4, ""),
    );
    let article = "<html><head><title>河湾镇第0座便民桥通车了-样本网</title></head><body>\
        <h1>河湾镇第0座便民桥通车了</h1><div class='meta'>2026-11-22 10:00 来源：示例日报</div>\
        <div class='text'><p>河湾镇的便民桥今天上午通车，两岸的村民不用再绕路，孩子上学也近了许多。</p></div>\
        <div class='comments'><p>这座桥修得真好，老人们都说，以后赶集就方便多了，谢谢大家。</p></div></body></html>";
    (list, article.to_owned())
}

/// The report with both pages explained, as the command makes it.
fn explained(url: &str, list: &str, article: &str) -> ProbeReport {
    let exchange = body(url, "text/html; charset=utf-8", list.as_bytes());
    let page = |bytes: &str| {
        let exchange = body(url, "text/html; charset=utf-8", bytes.as_bytes());
        let Exchange::Body(response) = exchange else { unreachable!("it has a body") };
        response
    };
    let (zone, at) = (Tz::Asia__Shanghai, now());
    let expected = Expected::Any;
    let reader = BodyReader { expected, zone, at, max_entries: 2_000, known: EarlierBody::default() };
    let list = crate::read::page::explain_list(&reader.input(&page(list))).expect("a page");
    let article = crate::read::page::explain_article(&reader.input(&page(article))).expect("a page");
    let rules = list.proposal.as_ref().map(|proposal| Box::new(proposal.rules.clone()));
    let read = rules.map(|rules| look_at(url, &exchange, Expected::Page(rules)));
    look_at(url, &exchange, Expected::Any).with_chosen(Some(list), Some(article), read)
}

#[test]
fn what_was_taken_and_left_is_a_tree_with_selectors() {
    let (list, article) = pages();
    let report = explained(PAGE, &list, &article);
    let trees = report.chosen.as_ref().expect("they were explained").trees();
    let trees: Vec<String> = trees.iter().map(|lines| lines.join("\n")).collect();
    insta::assert_snapshot!(format!("{}\n\n{}", trees.join("\n\n"), report.toml.expect("a table")));
}

#[test]
fn selectors_that_find_what_dibao_does_not_stand_in_the_table_and_others_as_comments() {
    let (list, article) = pages();
    let as_found = explained(PAGE, &list, &article).toml.expect("a table");
    assert!(
        as_found
            .lines()
            .skip_while(|line| !line.starts_with("# No selector"))
            .all(|line| line.starts_with('#'))
    );
    let named = list.replace("/2026/1122/", "/post/a").replace("/2026/1121/", "/post/b").replace(".html", "");
    let report = explained(PAGE, &named, &article);
    assert!(matches!(report.answer, Answer::NotAFeed(_)), "{report}");
    let toml = report.toml.expect("a table with the selectors");
    assert!(toml.contains("\n[source.page]\nentry = \"ul.news li\"\n# On an entry"), "{toml}");
    assert!(toml.contains("kind = \"page\""), "{toml}");
}

#[test]
fn robots_txt_that_forbids_a_page_leaves_no_table_with_selectors() {
    let (list, article) = pages();
    let exchange = body(PAGE, "text/html", list.as_bytes());
    let forbidden = Permission { allowed: false, why: "Disallow: /".to_owned() };
    let report = look_at(PAGE, &exchange, Expected::Any).with_robots(forbidden, None);
    let whole = explained(PAGE, &list, &article);
    let input = |text: &str| body(PAGE, "text/html", text.as_bytes());
    let Exchange::Body(response) = input(&list) else { unreachable!("it has a body") };
    let (zone, at) = (Tz::Asia__Shanghai, now());
    let reader =
        BodyReader { expected: Expected::Any, zone, at, max_entries: 9, known: EarlierBody::default() };
    let list = crate::read::page::explain_list(&reader.input(&response)).ok();
    assert_eq!(report.with_chosen(list, None, Some(whole)).toml, None);
}

/// Nothing that a browser would load or run: one stylesheet of ours, and no attribute of the page.
#[test]
fn the_outlined_page_forbids_all_but_its_own_style() {
    let (list, article) = pages();
    let hostile = "<script>alert(1)</script><img src='//x.example/a.png' onerror='alert(1)'>\
        <a href='javascript:alert(1)' style='background:url(//x.example)'>x</a>";
    let article = article.replace("<h1>", &format!("{hostile}<h1>"));
    let report = explained("https://www.sample.example/\"><script>x</script>", &list, &article);
    let page = outlined(&report);
    let (head, shown) = page.split_once("</head>").expect("it has a head");
    assert!(head.contains("default-src 'none'; style-src 'sha256-"), "{head}");
    assert_eq!((page.matches("<style>").count(), page.matches("<script").count()), (1, 0));
    let attribute = regex::Regex::new("<[a-z0-9]+ ([a-z-]+)=").expect("well-formed");
    assert!(attribute.captures_iter(shown).all(|found| &found[1] == "class"), "{shown}");
    for part in ["row 1", "row 1, not taken", "title", "date, outlet", "body", "frame, not taken"] {
        assert!(shown.contains(&format!("data-label=\"{part}\"")), "{part}: {shown}");
    }
    assert!(!shown.contains("javascript") && !shown.contains("x.example/a.png") && !shown.contains("alert"));
}
