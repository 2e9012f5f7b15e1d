//! Every page under `tests/fixtures/pages/` is read by the generic rule and by selectors, in each encoding that it
//! may have, and compared with its golden reading. `INSTA_UPDATE=always cargo test --test it pages::` accepts
//! readings that change on purpose; look at the diff.

use std::fs;
use std::path::Path;

use chrono::{TimeZone as _, Utc};
use dibao::model::entry::ParsedFeed;
use dibao::read::feed::FeedInput;
use dibao::read::page::{
    Article, ArticleRules, Css, JsonPath, JsonRules, ListPage, ListRules, PageError, article,
    explain_article, explain_list, json, list,
};
use encoding_rs::GBK;
use serde::Deserialize;
use serde_json::json as value;

use crate::support::bare;

const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pages");

#[derive(Deserialize)]
struct Corpus {
    list: Vec<Case>,
    article: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    file: String,
    url: String,
    keeps: String,
    selectors: Selectors,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Selectors {
    entry: Option<String>,
    link: Option<String>,
    title: Option<String>,
    date: Option<String>,
    section: Option<String>,
    summary: Option<String>,
    outlet: Option<String>,
    editor: Option<String>,
    body: Option<String>,
    remove: Vec<String>,
}

fn css(text: &Option<String>) -> Option<Css> {
    text.as_deref().map(|text| Css::parse(text).unwrap())
}

impl Selectors {
    fn list(&self) -> ListRules {
        ListRules {
            entry: css(&self.entry),
            link: css(&self.link),
            title: css(&self.title),
            date: css(&self.date),
            section: css(&self.section),
            summary: css(&self.summary),
            next: None,
        }
    }

    fn article(&self) -> ArticleRules {
        ArticleRules {
            title: css(&self.title),
            date: css(&self.date),
            outlet: css(&self.outlet),
            editor: css(&self.editor),
            section: css(&self.section),
            summary: css(&self.summary),
            body: css(&self.body),
            remove: self.remove.iter().map(|text| Css::parse(text).unwrap()).collect(),
        }
    }
}

fn corpus() -> Corpus {
    toml::from_str(&fs::read_to_string(Path::new(PAGES).join("cases.toml")).unwrap()).unwrap()
}

fn bytes(file: &str) -> Vec<u8> {
    fs::read(Path::new(PAGES).join(file)).unwrap()
}

fn input<'a>(bytes: &'a [u8], url: &'a str) -> FeedInput<'a> {
    FeedInput {
        bytes,
        url,
        content_type: Some("text/html"),
        zone: chrono_tz::Asia::Shanghai,
        fetched_at: Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).unwrap(),
    }
}

fn shown_list(read: Result<ListPage, PageError>) -> String {
    let shown = match read {
        Ok(page) => value!({ "feed": page.feed, "next": page.next, "encoding": page.encoding }),
        Err(error) => value!(error.to_string()),
    };
    serde_json::to_string_pretty(&bare(shown)).unwrap()
}

fn shown_article(read: Result<Article, PageError>) -> String {
    let shown = match read {
        Ok(a) => value!({
            "title": a.title, "published": a.published, "outlet": a.outlet, "editor": a.editor,
            "section": a.section, "summary": a.summary, "body": a.body, "rights": a.rights,
            "canonical": a.canonical,
        }),
        Err(error) => value!(error.to_string()),
    };
    serde_json::to_string_pretty(&bare(shown)).unwrap()
}

fn golden(case: &Case, kind: &str, shown: String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(PAGES).join("golden"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(&case.keeps);
    let name = format!("{}-{kind}", case.file.replace('/', "-"));
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

#[test]
fn every_list_reads_as_its_golden_says_with_and_without_selectors() {
    let corpus = corpus();
    assert!(corpus.list.len() >= 10, "{} lists", corpus.list.len());
    for case in &corpus.list {
        let bytes = bytes(&case.file);
        let input = input(&bytes, &case.url);
        golden(case, "generic", shown_list(list(&input, &ListRules::default())));
        golden(case, "selectors", shown_list(list(&input, &case.selectors.list())));
    }
}

#[test]
fn every_article_reads_as_its_golden_says_with_and_without_selectors() {
    for case in &corpus().article {
        let bytes = bytes(&case.file);
        let input = input(&bytes, &case.url);
        golden(case, "generic", shown_article(article(&input, &ArticleRules::default())));
        golden(case, "selectors", shown_article(article(&input, &case.selectors.article())));
    }
}

/// A page's text in UTF-8 and GBK bytes, each labelled as either: the last two labels lie.
fn dressed(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let (start, rest) = text.split_once("charset=").unwrap();
    let end = rest.find(['"', '>']).unwrap_or(0);
    let quote = usize::from(end == 0);
    let end = end + if quote == 1 { rest[1..].find('"').unwrap() + 1 } else { 0 };
    let labelled = |label: &str| format!("{start}charset={}{label}{}", &rest[..quote], &rest[end..]);
    let gbk = |text: &str| GBK.encode(text).0.into_owned();
    vec![
        ("UTF-8 that says so", labelled("utf-8").into_bytes()),
        ("GBK that says so", gbk(&labelled("gbk"))),
        ("GBK that says gb2312", gbk(&labelled("gb2312"))),
        ("UTF-8 that says gb2312", labelled("gb2312").into_bytes()),
        ("GBK that says UTF-8", gbk(&labelled("utf-8"))),
    ]
}

fn without_repairs(mut feed: ParsedFeed) -> ParsedFeed {
    feed.repairs.clear();
    feed
}

#[test]
fn a_page_reads_the_same_in_utf_8_in_gbk_and_with_a_lying_label() {
    for case in &corpus().list {
        let text = String::from_utf8(bytes(&case.file)).unwrap();
        for rules in [ListRules::default(), case.selectors.list()] {
            let read = |bytes: &[u8]| without_repairs(list(&input(bytes, &case.url), &rules).unwrap().feed);
            let mut forms = dressed(&text).into_iter();
            let first = read(&forms.next().unwrap().1);
            for (name, bytes) in forms {
                assert_eq!(read(&bytes), first, "{} as {name}", case.file);
            }
        }
    }
    for case in &corpus().article {
        let stored = bytes(&case.file);
        let encoding = if case.file.contains("gb2312") { GBK } else { encoding_rs::UTF_8 };
        let text = encoding.decode(&stored).0;
        let read = |bytes: &[u8]| article(&input(bytes, &case.url), &ArticleRules::default()).unwrap();
        let mut forms = dressed(&text).into_iter();
        let first = read(&forms.next().unwrap().1);
        for (name, bytes) in forms {
            assert_eq!(read(&bytes), first, "{} as {name}", case.file);
        }
    }
}

#[test]
fn the_model_article_loses_nothing_of_its_body_and_takes_nothing_of_its_frame() {
    let corpus = corpus();
    let case = corpus.article.iter().find(|case| case.file.contains("henan")).unwrap();
    let bytes = bytes(&case.file);
    for rules in [ArticleRules::default(), case.selectors.article()] {
        let read = article(&input(&bytes, &case.url), &rules).unwrap();
        assert_eq!(read.title.as_deref(), Some("“一针一线”里的新日子：豫西山村的刺绣合作社"));
        assert_eq!(read.published.unwrap().at.to_rfc3339(), "2022-04-20T06:06:00+00:00");
        assert_eq!(read.outlet.as_deref(), Some("河南日报客户端"));
        assert_eq!(read.editor.as_deref(), Some("王示例"));
        assert_eq!(read.section, ["同心中原"]);
        assert!(read.rights.unwrap().contains("务经书面授权"));
        let body = read.body.unwrap();
        for kept in [
            "　　春分过后",
            "“从前一个人在家绣",
            "一间旧屋，十一个座位",
            "订单从集市走到网上",
            "/u/2022/0420/1.jpg",
            "<td>1260</td>",
            "(记者 示例甲 通讯员 示例乙)",
        ] {
            assert!(body.contains(kept), "{kept} is lost: {body}");
        }
        for frame in
            ["北京", "首页", "14:06", "来源", "责任编辑", "分享", "相关新闻", "旧新闻", "电话", "授权"]
        {
            assert!(!body.contains(frame), "{frame} is of the frame: {body}");
        }
    }
}

#[test]
fn what_is_no_list_has_a_name() {
    let url = "http://www.ha.chinanews.com.cn/news/hnxw/";
    let read = |file: &str, rules: &ListRules| list(&input(&bytes(file), url), rules).unwrap_err();
    let none = ListRules::default();
    let gone = ListRules { entry: Some(Css::parse("div.newslist li").unwrap()), ..ListRules::default() };
    assert_eq!(read("state/emptied.html", &none), PageError::Empty);
    assert!(matches!(read("state/challenge.html", &none), PageError::Challenge(_)));
    assert!(matches!(read("state/refresh.html", &none), PageError::Challenge(_)));
    let stopped = PageError::SelectorsMatchNothing { selector: "div.newslist li".to_owned(), generic: 3 };
    assert_eq!(read("list/henan.html", &gone), stopped);
    assert!(matches!(
        list(&input(b"<?xml version='1.0'?><rss></rss>", url), &none),
        Err(PageError::LooksLikeFeed(_))
    ));
    assert!(matches!(list(&input(b"%PDF-1.7", url), &none), Err(PageError::NotHtml(_))));
}

#[test]
fn a_json_list_gives_entries_and_the_codes_of_their_regions() {
    let path = |text: &str| JsonPath::parse(text).unwrap();
    let rules = JsonRules {
        entries: path("data.page.list"),
        title: path("title"),
        link: Some(path("url")),
        link_template: None,
        id: Some(path("alertid")),
        time: Some(path("issuetime")),
        summary: None,
        outlet: None,
        region_code: Some(path("alertid")),
    };
    let bytes = bytes("json/alarms.json");
    let input = input(&bytes, "http://www.nmc.cn/rest/findAlarm?pageNo=1");
    let feed = json(&input, &rules).unwrap();
    let shown: Vec<(&str, &str, String, &str)> = feed
        .entries
        .iter()
        .map(|e| {
            let at = e.published.unwrap().at.to_rfc3339();
            (e.id.as_deref().unwrap(), e.page().unwrap(), at, e.categories[0].term.as_str())
        })
        .collect();
    assert_eq!(
        shown,
        [
            (
                "44010041600000_20261122091500",
                "http://www.nmc.cn/publish/alarm/44010041600000_20261122091500.html",
                "2026-11-22T01:15:00+00:00".to_owned(),
                "440100"
            ),
            (
                "41000041600000_20261121180000",
                "http://www.nmc.cn/publish/alarm/41000041600000_20261121180000.html",
                "2026-11-21T10:00:00+00:00".to_owned(),
                "410000"
            ),
        ]
    );
    assert_eq!(feed.entries[0].categories[0].scheme.as_deref(), Some("urn:gb2260"));
    let template =
        JsonRules { link_template: Some("https://a.example/{alertid}".to_owned()), ..rules.clone() };
    let feed = json(&input, &template).unwrap();
    assert_eq!(feed.entries[1].page(), Some("https://a.example/41000041600000_20261121180000"));
    let moved = JsonRules { entries: path("data.list"), ..rules };
    assert!(matches!(json(&input, &moved), Err(PageError::NotJson(_))));
}

/// An explanation is that of the reader, and a proposal holds on the page that it was made of.
#[test]
fn every_page_is_explained_as_it_is_read_and_its_selectors_give_no_less() {
    let corpus = corpus();
    for case in &corpus.list {
        let bytes = bytes(&case.file);
        let input = input(&bytes, &case.url);
        let read = list(&input, &ListRules::default()).map_or(Vec::new(), |page| page.feed.entries);
        let explained = explain_list(&input).unwrap();
        let Some(proposal) = explained.proposal else {
            // A link to another site stands among its rows, and nothing distinguishes it.
            assert_eq!(case.file, "list/guangdong.html");
            continue;
        };
        let given = list(&input, &proposal.rules).unwrap().feed.entries;
        assert_eq!((given.len(), read.len()), (proposal.entries, proposal.found), "{}", case.file);
        assert!(
            read.iter().all(|entry| given.iter().any(|other| other.page() == entry.page())),
            "{}",
            case.file
        );
        let rows = explained.explained.candidates.iter().filter(|candidate| candidate.taken);
        assert!(rows.filter_map(|candidate| candidate.rows).sum::<usize>() >= read.len(), "{}", case.file);
    }
    for case in &corpus.article {
        let bytes = bytes(&case.file);
        let input = input(&bytes, &case.url);
        let read = article(&input, &ArticleRules::default()).unwrap();
        let explained = explain_article(&input).unwrap();
        assert_eq!(explained.article.as_ref(), Some(&read), "{}", case.file);
        let given = article(&input, &explained.proposal.rules).unwrap();
        assert_eq!((&given.title, given.published), (&read.title, read.published), "{}", case.file);
        assert!(explained.proposal.rules.body.is_some(), "{}: no selector of the body", case.file);
    }
}
