mod among;
mod explain;
mod left_out;
mod wild;

use chrono::{NaiveDate, TimeZone as _, Utc};
use proptest::prelude::*;

use super::*;
use crate::model::entry::{Body, Link, ParsedEntry};
use crate::model::time::{Precision, Stamp};
use crate::read::feed::FeedInput;

const URL: &str = "https://www.ha.chinanews.com.cn/news/";

fn input(bytes: &[u8]) -> FeedInput<'_> {
    FeedInput {
        bytes,
        url: URL,
        content_type: None,
        zone: chrono_tz::Asia::Shanghai,
        fetched_at: Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).single().expect("a real instant"),
    }
}

fn listed(body: &str) -> Result<ListPage, PageError> {
    list(&input(format!("<html><body>{body}</body></html>").as_bytes()), &ListRules::default())
}

fn read(body: &str) -> Article {
    let page = format!("<html><body>{body}</body></html>");
    article(&input(page.as_bytes()), &ArticleRules::default()).expect("an article")
}

#[test]
fn the_day_in_an_address_is_found_in_every_form_and_nowhere_else() {
    let last = NaiveDate::from_ymd_opt(2026, 11, 24).expect("a day");
    let cases = [
        ("/2018/0308/1.shtml", Some((2018, 3, 8))),
        ("/news/2026/09-28/394937.shtml", Some((2026, 9, 28))),
        ("/news/2026/2026-09-16/590805.html", Some((2026, 9, 16))),
        ("/dizhou/2026-08-31/detail-ihfabc.shtml", Some((2026, 8, 31))),
        ("/kjww/20250924455061.shtml", Some((2025, 9, 24))),
        ("/gd/local/20260806/t20260806_527750982.shtml", Some((2026, 8, 6))),
        ("/gd/local/t20260806_527750982.shtml", Some((2026, 8, 6))),
        ("/n2/2026/0728/c410739-41652610.html", Some((2026, 7, 28))),
        ("/2026/08/31/12345.html", Some((2026, 8, 31))),
        ("/html/2026-08/31/content_1.htm", Some((2026, 8, 31))),
        ("/202608/31/1.html", Some((2026, 8, 31))),
        ("/26/0831/07/AB1CD.html", Some((2026, 8, 31))),
        ("/a/content_20260831123.html", Some((2026, 8, 31))),
        ("/2/2026/0915/103997.html", Some((2026, 9, 15))),
        // No such day, one to come, an id, an archive of a day, a product of the last century.
        ("/2026/0230/1.html", None),
        ("/2027/0101/1.html", None),
        ("/more/12345678.html", None),
        ("/2026/0831/", None),
        ("/19010101/1.html", None),
        ("/focus/5.html", None),
        ("/detail-20260831.html", None),
        ("/", None),
    ];
    for (path, day) in cases {
        let expected = day.and_then(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d));
        assert_eq!(dated::day_of(&format!("http://a.example{path}"), last), expected, "{path}");
    }
}

#[test]
fn a_list_takes_dates_from_beside_the_link_but_never_from_a_headline_or_the_next_row() {
    let at = |body: &str| {
        let page = listed(body).expect("a list");
        let stamps = page.feed.entries.iter().map(|entry| {
            let stamp = entry.published.expect("a date");
            (stamp.at.format("%m-%dT%H:%M").to_string(), stamp.precision)
        });
        stamps.collect::<Vec<_>>()
    };
    let a = |day: &str, title: &str| format!("<a href='/2026/09{day}/1{day}.html'>{title}</a>");
    let (one, two) = (a("27", "第一条足够长的标题"), a("26", "第二条足够长的标题"));
    let cases = [
        (
            "table rows",
            format!(
                "<table><tr><td>{one}</td><td>09-27 22:20</td></tr><tr><td>{two}</td><td>09-26 08:00</td></tr></table>"
            ),
        ),
        ("after, parted by line ends", format!("<div>{one} 09-27 22:20<br>{two} 09-26 08:00<br></div>")),
        ("before, parted by nothing", format!("<div><i>09-27 22:20</i>{one}<i>09-26 08:00</i>{two}</div>")),
        (
            "terms and definitions",
            format!("<dl><dt>{one}</dt><dd>09-27 22:20</dd><dt>{two}</dt><dd>09-26 08:00</dd></dl>"),
        ),
    ];
    for (name, body) in cases {
        let expected =
            [("09-27T14:20".to_owned(), Precision::Second), ("09-26T00:00".to_owned(), Precision::Second)];
        assert_eq!(at(&body), expected, "{name}");
    }
    let headline = a("27", "2026年9月25日 10:00 起全城停水的通知");
    assert_eq!(at(&format!("<p>{headline}</p>")), [("09-27T15:59".to_owned(), Precision::Day)]);
    let count = format!("<ul><li>{one}<span>1024</span></li><li>{two}<span>20260926</span></li></ul>");
    assert!(at(&count).iter().all(|(_, precision)| *precision == Precision::Day));
}

#[test]
fn links_of_the_frame_and_of_other_sites_are_no_entries() {
    let body = "<a href='/2026/0927/1.html'>短标题</a>\
        <a href='https://www.xj.chinanews.com.cn/2026/0927/2.html'>另一个省的频道上的一条新闻</a>\
        <a href='javascript:void(0)'>一个只会运行脚本的链接</a>\
        <a href='/2026/0927/3.html#top'>这是唯一的一条够长的新闻</a>\
        <a href='http://ha.chinanews.com/2026/0927/3.html'>这是唯一的一条够长的新闻</a>";
    let page = listed(body).expect("a list");
    let links: Vec<_> = page.feed.entries.iter().filter_map(ParsedEntry::page).collect();
    assert_eq!(links, ["https://www.ha.chinanews.com.cn/2026/0927/3.html"]);
    assert_eq!(listed("<p>什么都没有</p>"), Err(PageError::Empty));
    let few = "<ul><li><a href='/x?id=12345'>没有日期的一条足够长的标题</a></li></ul>";
    assert_eq!(listed(few), Err(PageError::Empty), "one undated link is no list");
}

#[test]
fn a_next_page_of_another_site_is_not_followed() {
    let entry = "<a href='/2026/0927/1.html'>这是一条足够长的新闻标题</a>";
    let next = |link: &str| listed(&format!("{entry}{link}")).expect("a list").next;
    assert_eq!(
        next("<a href='index_2.html'>下一页</a>").as_deref(),
        Some("https://www.ha.chinanews.com.cn/news/index_2.html")
    );
    assert_eq!(next("<a href='http://evil.example/2.html'>下一页</a>"), None);
    assert_eq!(next("<a href='#'>下一页</a>"), None);
}

#[test]
fn an_article_without_paragraph_tags_keeps_its_lines() {
    let lines = "　　第一段讲了一件不大不小的事，说得还算清楚。<br>　　第二段接着讲，也有一两句引语。<br>（示例记者）";
    let page = read(&format!(
        "<h1>一条用换行分段的旧式新闻</h1><div>2026-09-27 10:00 来源：示例社</div><td><div id='zoom'>{lines}</div></td>"
    ));
    let body = page.body.expect("a body");
    assert!(body.contains("第一段") && body.contains("第二段") && body.contains("（示例记者）"), "{body}");
    assert!(!body.contains("来源"), "{body}");
    assert_eq!(page.outlet.as_deref(), Some("示例社"));
}

#[test]
fn paragraphs_that_are_divs_are_all_kept() {
    let page = read(
        "<h1>一条每段都是块的新闻</h1><div class='text'><div>这一段很长很长，几乎是全文，因为记者把话都写在一处，一句接着一句，没有停。</div>\
         <div>（完）</div></div>",
    );
    assert!(page.body.expect("a body").contains("（完）"));
}

#[test]
fn a_sentence_about_editors_or_sources_is_not_the_frame() {
    let page = read(
        "<h1>编辑部里的一天是怎样过的</h1><div class='t'><p>编辑：这个称呼在这里用了三十年，谁也没有想过要改。</p>\
         <p>“水的来源：山上。”老人说，他每天都要走一趟，看一看。</p></div>",
    );
    assert_eq!((page.editor, page.outlet), (None, None));
    let body = page.body.expect("a body");
    assert!(body.contains("三十年") && body.contains("山上"), "{body}");
}

#[test]
fn what_the_head_says_counts_where_the_page_is_silent() {
    let page = "<html><head><title>一条时间写在数据里的新闻_样本网</title>\
        <meta name='robots' content='noindex, nosnippet'>\
        <script type='application/ld+json'>{\"@graph\":[{\"datePublished\":\"2026-09-27T10:00:00+08:00\"}]}</script></head>\
        <body><div><p>正文只有一句话，但这一句话足够长，也有标点。</p></div></body></html>";
    let page = article(&input(page.as_bytes()), &ArticleRules::default()).expect("an article");
    assert_eq!(page.title.as_deref(), Some("一条时间写在数据里的新闻"));
    assert_eq!(
        page.published.map(|stamp| stamp.at.to_rfc3339()).as_deref(),
        Some("2026-09-27T02:00:00+00:00")
    );
    assert!(page.noindex && page.nosnippet);
}

#[test]
fn enriching_takes_what_is_better_and_nothing_that_is_refused() {
    let second = Stamp::second(Utc.with_ymd_and_hms(2026, 9, 27, 2, 0, 0).single().expect("an instant"));
    let day = Stamp::day(Utc.with_ymd_and_hms(2026, 9, 27, 15, 59, 59).single().expect("an instant"));
    let entry = ParsedEntry {
        title: Some("老城区修鞋摊搬进了...".to_owned()),
        links: vec![Link {
            href: "https://a.example/1".to_owned(),
            rel: "alternate".to_owned(),
            ..Link::default()
        }],
        published: Some(day),
        ..ParsedEntry::default()
    };
    let page = Article {
        title: Some("老城区修鞋摊搬进了社区服务站".to_owned()),
        published: Some(second),
        outlet: Some("示例社".to_owned()),
        editor: Some("张三、李四 王五".to_owned()),
        section: vec!["社会".to_owned()],
        summary: Some("短文".to_owned()),
        body: Some("<p>长文</p>".to_owned()),
        rights: Some("不得转载".to_owned()),
        ..Article::default()
    };
    let whole = enrich(&entry, &page);
    assert_eq!(whole.title, page.title);
    assert_eq!(whole.published, Some(second));
    assert_eq!(whole.authors[0].name, "示例社");
    assert_eq!(
        whole.contributors.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(),
        ["张三", "李四", "王五"]
    );
    assert_eq!(whole.categories[0].term, "社会");
    assert_eq!(whole.content, Some(Body::Html("<p>长文</p>".to_owned())));
    assert_eq!(whole.rights.as_deref(), Some("不得转载"));
    assert_eq!(enrich(&whole, &page), whole, "doing it twice changes nothing");

    assert_eq!(enrich(&entry, &Article { noindex: true, ..page.clone() }), entry);
    let shy = enrich(&entry, &Article { nosnippet: true, ..page.clone() });
    assert_eq!((shy.summary, shy.content), (None, None));
    assert_eq!(shy.title, page.title);
    let other =
        Article { title: Some("完全不同的一个标题".to_owned()), published: Some(day), ..page };
    let kept = enrich(&ParsedEntry { published: Some(second), ..entry.clone() }, &other);
    assert_eq!((kept.title, kept.published), (entry.title, Some(second)));
}

#[test]
fn walls_are_told_from_pages_that_redirect_or_run_scripts() {
    let long = format!("<script>document.cookie='a=b'</script><p>{}</p>", "真正的内容很多。".repeat(100));
    let cases = [
        (
            "a cookie setter",
            "<html><script>document.cookie='__jsl_clearance=1';location.reload()</script></html>",
            true,
        ),
        (
            "Cloudflare",
            "<title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/h/b'></script>",
            true,
        ),
        (
            "packed code",
            "<html><body><script>eval(function(p,a,c,k,e,d){return p}('0'))</script></body></html>",
            true,
        ),
        ("a refresh", "<html><head><meta http-equiv=\"refresh\" content=\"0; url=/x\"></head></html>", true),
        ("a page with a script and words", long.as_str(), false),
        ("a page with words only", "<html><body><p>短</p></body></html>", false),
        (
            "a refresh with a link",
            "<meta http-equiv=\"refresh\" content=\"0;url=/n\"><a href=\"/n\">新的地址</a>",
            false,
        ),
    ];
    for (name, page, wall) in cases {
        assert_eq!(is_challenge(page).is_some(), wall, "{name}");
    }
}

#[test]
fn declared_feeds_are_found_once_and_absolute() {
    let page = "<html><head><link rel='alternate' type='application/rss+xml' title='要闻' href='/rss.xml'>\
        <link rel='alternate' type='application/rss+xml' href='/rss.xml'>\
        <link rel='alternate' hreflang='en' href='/en/'><link rel='stylesheet' type='text/css' href='/a.css'>\
        <link rel='ALTERNATE' type='application/atom+xml' href='https://b.example/atom'></head><body><p>字</p></body></html>";
    let found = feed_links(&input(page.as_bytes()));
    let shown: Vec<_> = found.iter().map(|link| (link.href.as_str(), link.title.as_deref())).collect();
    assert_eq!(
        shown,
        [("https://www.ha.chinanews.com.cn/rss.xml", Some("要闻")), ("https://b.example/atom", None)]
    );
}

#[test]
fn hostile_markup_is_read_in_bounds() {
    let deep = [
        "<div>",
        "<b>",
        "<table><tr><td>",
        "<form>",
        "<a href='/2026/0927/1.html'>",
        "<font><p>",
        "<ul><li>",
        "</p>",
        "<title>",
        "<!--",
    ];
    for piece in deep {
        let page = format!("<html><body>{}这是一条新闻，有标点。", piece.repeat(40_000));
        // A parser whose time grows with the square of the depth does not come back from this.
        let _ = list(&input(page.as_bytes()), &ListRules::default());
        let _ = article(&input(page.as_bytes()), &ArticleRules::default());
    }
}

/// Minutes, where the parts of a title are cut off one by one, or each heading is looked for in all of it.
#[test]
fn a_title_without_end_is_read_as_far_as_it_goes_on_a_line() {
    let title = format!("标题是这一行{}", "-新闻网".repeat(40_000));
    let headings = "<h1>这里是别的一行</h1>".repeat(10_000);
    for head in [format!("<title>{title}</title>"), format!("<meta property='og:title' content='{title}'>")] {
        let page =
            format!("<html><head>{head}</head><body>{headings}<p>这是一条新闻，有标点。</p></body></html>");
        let read = article(&input(page.as_bytes()), &ArticleRules::default()).expect("an article");
        let title = read.title.expect("a title");
        assert!(
            title.starts_with("标题是这一行") && title.chars().count() <= crate::read::bound::MAX_LINE,
            "{title}"
        );
    }
}

/// Minutes, where the body is searched for each line before it, a long name is read for each line in it, or the text
/// of an element for each line that it holds.
#[test]
fn the_lines_about_an_article_are_judged_in_bounds() {
    let title = "<h1>这里是一篇文章的标题</h1>";
    let line = |n: usize| format!("<p>这是第{n}条，和正文里的一样。</p>");
    let lines: String = (0..10_000).map(line).collect();
    let long = "class ".repeat(100_000);
    let spans = format!("{}<br>", "<span class='source'>镇报 ".repeat(200));
    for page in [
        format!("{title}<div class='lead'>{lines}</div><article><div>{lines}{lines}</div></article>"),
        format!("{title}<div class='{long}'>{lines}</div><article><div>{lines}{lines}</div></article>"),
        format!("<div>{}</div>", spans.repeat(250)),
    ] {
        let page =
            format!("<html><head><title>这里是一篇文章的标题</title></head><body>{page}</body></html>");
        let _ = article(&input(page.as_bytes()), &ArticleRules::default());
    }
}

/// Minutes, where a name that is one long word is read for each line or each row in it.
#[test]
fn a_name_without_a_blank_is_read_in_bounds() {
    let name = "A".repeat(1 << 20);
    let lines = "<p>发布：2024-05-12</p>".repeat(30_000);
    let row = |n: usize| format!("<li><a href='/2026/0927/{n}.html'>第{n}条足够长的标题</a></li>");
    let rows: String = (0..15_000).map(row).collect();
    for name in [format!("class='{name}'"), format!("id='{name}'"), format!("style='{name}'")] {
        for inner in [&lines, &rows] {
            let page = format!("<html><body><div {name}>{inner}</div></body></html>");
            let _ = list(&input(page.as_bytes()), &ListRules::default());
            let _ = article(&input(page.as_bytes()), &ArticleRules::default());
        }
    }
}

#[test]
fn a_page_that_grows_at_its_end_is_read_to_its_end() {
    let row = |n: usize| format!("<li><a href='/2026/0927/{n:05}.html'>第{n}条足够长的标题</a></li>");
    let page = format!("<html><body><ul>{}</ul></body></html>", (0..2_500).map(row).collect::<String>());
    let selected = ListRules { entry: Some(Css::parse("li").expect("a selector")), ..ListRules::default() };
    for rules in [ListRules::default(), selected] {
        let list = list(&input(page.as_bytes()), &rules).expect("a list");
        let last = list.feed.entries.last().and_then(|entry| entry.title.as_deref());
        assert_eq!(last, Some("第2499条足够长的标题"));
    }
}

#[test]
fn a_parser_sees_no_more_depth_than_the_bound() {
    let page = dom::Page::read(&input("<div>".repeat(100_000).as_bytes())).expect("a page");
    let deepest = page.html.tree.nodes().map(|node| node.ancestors().count()).max();
    assert!(deepest.is_some_and(|depth| depth <= crate::read::html::MAX_NESTING + 4), "{deepest:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = list(&input(&bytes), &ListRules::default());
        let _ = article(&input(&bytes), &ArticleRules::default());
        let _ = feed_links(&input(&bytes));
    }

    #[test]
    fn no_markup_makes_it_panic_or_give_what_no_entry_may_have(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "<div>", "</div>", "<p>", "<table>", "<tr>", "<td>", "<a href='/2026/0927/1.html'>", "<a href='x", "</a>",
                "一条足够长的新闻标题", "<ul><li>", "</ul>", "<br>", "09-27 22:20", "<form>", "</form>", "<b>", "<i></b>",
                "来源：", "责任编辑：", "首页 > 正文", "<h1>", "<title>", "<script>", "&#0;", "<input value='\"", "<svg>", "。，",
            ]),
            0..60,
        )
    ) {
        let page = format!("<html>{}", pieces.concat());
        if let Ok(page) = list(&input(page.as_bytes()), &ListRules::default()) {
            prop_assert!(!page.feed.entries.is_empty());
            for entry in &page.feed.entries {
                let title = entry.title.as_deref().unwrap_or_default();
                prop_assert!(!title.is_empty() && title.trim() == title, "{:?}", title);
                prop_assert!(entry.page().is_some_and(|page| page.starts_with("http")));
            }
        }
        let _ = article(&input(page.as_bytes()), &ArticleRules::default());
    }
}
