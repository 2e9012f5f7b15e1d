//! Pages as the web has them, one small one for each kind of trouble; all wording is ours.

use chrono::{TimeZone as _, Utc};

use super::super::*;
use crate::read::feed::FeedInput;

pub(super) const TITLE: &str = "河湾镇召开会议研究防汛工作安排";
pub(super) const PROSE: &str = "<p>河湾镇昨天召开会议，研究部署今年的防汛工作，各村负责人参加会议并作了发言。</p>\
    <p>会议要求，各村在月底以前把沟渠清理一遍，把沙袋备足，夜里也要有人值班。</p>";

fn input<'a>(bytes: &'a [u8], url: &'a str) -> FeedInput<'a> {
    let fetched_at = Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).single().expect("a real instant");
    FeedInput { bytes, url, content_type: None, zone: chrono_tz::Asia::Shanghai, fetched_at }
}

pub(super) fn read(head: &str, body: &str) -> Article {
    let page = format!("<html><head><title>{TITLE}-样本网</title>{head}</head><body>{body}</body></html>");
    article(&input(page.as_bytes(), "http://www.sample.example/a/p.html"), &ArticleRules::default())
        .expect("an article")
}

/// The titles of a list with the days of its entries.
pub(super) fn listed(body: &str) -> Vec<(String, String)> {
    let page = format!("<html><head><title>要闻</title></head><body>{body}</body></html>");
    let read =
        list(&input(page.as_bytes(), "http://www.sample.example/yw/index.html"), &ListRules::default());
    let entries = read.expect("a list").feed.entries.into_iter();
    let shown = |entry: crate::model::entry::ParsedEntry| {
        let day = entry
            .published
            .map(|stamp| stamp.at.with_timezone(&chrono_tz::Asia::Shanghai).date_naive().to_string());
        (entry.title.unwrap_or_default(), day.unwrap_or_default())
    };
    entries.map(shown).collect()
}

pub(super) fn rows(range: std::ops::Range<usize>, href: impl Fn(usize) -> String, date: &str) -> String {
    let row = |n: usize| format!("<li><a href='{}'>镇里今天的第{n}件要紧的事情</a>{date}</li>", href(n));
    format!("<ul>{}</ul>", range.map(row).collect::<String>())
}

#[test]
fn a_body_is_found_whatever_the_names_around_it_sound_like() {
    let heading = format!("<h1>{TITLE}</h1><div>2026-05-06 07:08 来源：示例日报</div>");
    for name in
        ["detail-page-printer", "withSidebar", "comments-enabled", "print", "tag-newsletter", "sidebar"]
    {
        let page = read("", &format!("<div class='{name}'>{heading}<div class='text'>{PROSE}</div></div>"));
        assert!(page.body.is_some_and(|body| body.contains("沙袋备足")), "{name}");
    }
}

#[test]
fn what_is_recommended_or_commented_beside_an_article_is_no_part_of_it() {
    let others = "<p>邻镇的集市这个月改在周末，和这篇文章没有关系，只是排在下面，请不要误会。</p>\
        <p>县城的图书馆延长了开放时间，和这篇文章没有关系，也排在下面，请不要误会。</p>";
    for beside in [
        format!("<div class='tuijian'>{others}</div>"),
        format!("<ul class='x'><li><div><div>{others}</div></div></li></ul>"),
    ] {
        let page = read(
            "",
            &format!("<h1>{TITLE}</h1><div class='left'><div class='a'>{PROSE}</div>{beside}</div>"),
        );
        let body = page.body.expect("a body");
        assert!(body.contains("沙袋备足") && !body.contains("请不要误会"), "{body}");
    }
}

#[test]
fn an_article_cut_into_several_blocks_of_a_kind_is_read_whole() {
    let block = |n: usize| {
        format!(
            "<div class='box'><div><div class='part'>{}</div></div></div>",
            PROSE.replace("昨天", &format!("第{n}次"))
        )
    };
    let page = read("", &format!("<h1>{TITLE}</h1><div>{}{}{}</div>", block(1), block(2), block(3)));
    let body = page.body.expect("a body");
    assert!((1..=3).all(|n| body.contains(&format!("第{n}次"))), "{body}");
}

#[test]
fn prose_is_told_in_every_script() {
    let cases = [
        ("Hindi", "नगर में कल एक बैठक हुई जिसमें बाढ़ से बचाव की तैयारी पर चर्चा हुई। सब गाँव के लोग आए।"),
        ("Uyghur", "شەھەردە تۈنۈگۈن يىغىن ئېچىلدى، يىغىندا كەلكۈندىن ساقلىنىش خىزمىتى مۇزاكىرە قىلىندى."),
        ("Tibetan", "ཁ་སང་གྲོང་བརྡལ་དུ་ཚོགས་འདུ་ཞིག་འཚོགས་ནས་ཆུ་ལོག་སྔོན་འགོག་གི་ལས་དོན་གྲོས་བསྡུར་བྱས།"),
        ("Mongolian", "ᠥᠴᠥᠭᠡᠳᠦᠷ ᠪᠠᠯᠭᠠᠰᠤᠨ ᠳᠤ ᠬᠤᠷᠠᠯ ᠬᠢᠪᠡ᠂ ᠦᠶᠡᠷ ᠡᠴᠡ ᠰᠡᠷᠭᠡᠶᠢᠯᠡᠬᠦ ᠠᠵᠢᠯ ᠢ ᠵᠥᠪᠯᠡᠪᠡ᠃"),
        ("Vietnamese", "Hôm qua thị trấn họp bàn về việc phòng chống lũ lụt, có đại diện các thôn tham dự."),
    ];
    for (name, said) in cases {
        let page = read(
            "",
            &format!(
                "<div><h1>{TITLE}</h1></div><div class='a'><p>{said}</p><p>{said}</p></div><div>底</div>"
            ),
        );
        assert!(page.body.is_some_and(|body| body.contains(said) && !body.contains("底")), "{name}");
    }
}

#[test]
fn a_title_is_neither_hidden_nor_a_tag_nor_a_logo() {
    let meta = "<div>2026-05-06 07:08 来源：示例日报</div>";
    let share = format!("<div style='display: none'><p>{TITLE}-样本网</p></div>");
    assert_eq!(read("", &format!("<div>{TITLE}</div>{meta}{PROSE}{share}")).title.as_deref(), Some(TITLE));
    assert_eq!(
        read("", &format!("<a href='/t'>河湾镇召开</a><h1>{TITLE}</h1>{meta}{PROSE}")).title.as_deref(),
        Some(TITLE)
    );
    let logo = format!("<h1>本县最权威的资讯网站大全</h1><div>{TITLE}</div>{meta}{PROSE}");
    assert_eq!(read("", &logo).title.as_deref(), Some(TITLE));
    let english = "<html><head><title>Harbour wins a new bridge after long talks | SAMPLE.EXAMPLE</title></head>\
        <body><div>Harbour</div><p>The talks were long, and everyone was tired. The bridge will be built next year.</p></body></html>";
    let read = article(&input(english.as_bytes(), "http://www.sample.example/a"), &ArticleRules::default())
        .expect("an article");
    assert_eq!(read.title.as_deref(), Some("Harbour wins a new bridge after long talks"));
}

#[test]
fn time_and_outlet_are_read_where_they_stand() {
    let below = format!(
        "<h1>{TITLE}</h1><div>{PROSE}</div><div>发布日期：2026-05-06 07:08</div><div>来源：示例日报 作者：</div>"
    );
    let head = "<meta name='ArticleTitle' content='河湾镇召开会议研究防汛工作安排'><meta name='PubDate' content='2026-05-06 07:08'>\
        <meta name='ContentSource' content='示例日报'><meta name='ColumnName' content='要闻'>";
    let cases = [
        ("below the body", "", below),
        ("in the government's standard", head, format!("<div>{TITLE}</div>{PROSE}")),
        (
            "without a colon",
            "",
            format!(
                "<h1>{TITLE}</h1><div>发表于2026-05-06 07:08| 120次阅读| 来源<a>示例日报</a>| 0 条评论</div>{PROSE}"
            ),
        ),
        (
            "without a label",
            "",
            format!("<h1>{TITLE}</h1><div><span>2026年05月06日 07:08</span> <a>示例日报</a></div>{PROSE}"),
        ),
    ];
    for (name, head, body) in cases {
        let page = read(head, &body);
        let at = page.published.map(|stamp| stamp.at.to_rfc3339());
        assert_eq!(at.as_deref(), Some("2026-05-05T23:08:00+00:00"), "{name}");
        assert_eq!(page.outlet.as_deref(), Some("示例日报"), "{name}");
    }
    let unlabelled = [
        ("<p class='author-name'>样本小站</p><div><span>05-06</span> <span>07:08</span></div>", "样本小站"),
        ("<span class='a_source'>棱角</span> <span>2026-05-06 07:08</span>", "棱角"),
        ("<span>2026-05-06 07:08 样本网[整理]</span>", "样本网"),
        ("<p>示例社</p><p>2026-05-06 07:08</p>", "示例社"),
        ("<div><span>原创</span> <span>河湾人家</span> <span>2026-05-06 07:08:09</span></div>", "河湾人家"),
        ("<span class='rich_meta_nickname'><a id='js_name'>河湾人</a><div>微信号</div></span>", "河湾人"),
        ("<a class='author' href='/author/5'><div>扬声</div></a><p>2026-05-06 07:08</p>", "扬声"),
        ("<div class='sourceText-3c'><a href='/m/3'>示例电台</a></div><p>下载客户端</p>", "示例电台"),
    ];
    for (about, outlet) in unlabelled {
        let page = read("", &format!("<h1>{TITLE}</h1><div>{about}</div>{PROSE}"));
        assert_eq!(page.outlet.as_deref(), Some(outlet), "{about}");
    }
    let others = [
        "<div><span>工作动态</span> <span>2026-05-06 07:08</span></div>",
        "<div><a href='/yw'>河湾之声</a> <span>2026-05-06 07:08</span></div>",
        "<span class='author'>丙丁</span><p>2026-05-06 07:08</p>",
        "<p>下载客户端</p><p>2026-05-06 07:08</p>",
    ];
    for about in others {
        let page = read("", &format!("<h1>{TITLE}</h1><div>{about}</div>{PROSE}"));
        assert_eq!(page.outlet, None, "{about}");
    }
    let none = read("", &format!("<h1>{TITLE}</h1><div>2026-05-06 07:08 要闻</div>{PROSE}"));
    assert_eq!(none.outlet, None, "a section is no outlet");
    let unknown = read("", &format!("<h1>{TITLE}</h1><div>2026-05-06 07:08</div>{PROSE}<p>来源网络</p>"));
    assert_eq!(unknown.outlet, None, "nobody knows where it came from");
    let button = format!("<h1>{TITLE}</h1><div>2026-05-06 07:08 来源：示例日报参与互动</div>{PROSE}");
    assert_eq!(read("", &button).outlet.as_deref(), Some("示例日报"));
    let page = read(head, &format!("<div>{TITLE}</div>{PROSE}"));
    assert_eq!(page.section, ["要闻"]);
}

#[test]
fn a_lead_between_title_and_body_is_part_of_the_body_once() {
    const LEAD: &str = "河湾镇的干部和村民这个月都在做同一件事，就是防汛。";
    let heading = format!("<h1>{TITLE}</h1>");
    let body = format!("<div class='text'>{PROSE}</div>");
    let head = format!("<meta name='description' content='{LEAD}'>");
    let cases = [
        (
            "named",
            "",
            format!("{heading}<div class='article-lead'>{LEAD}</div><div>2026-05-06 07:08</div>{body}"),
        ),
        ("described", head.as_str(), format!("{heading}<div><p>{LEAD}</p></div>{body}")),
        (
            "in the body already",
            head.as_str(),
            format!("{heading}<div class='text'><p>{LEAD}</p>{PROSE}</div>"),
        ),
    ];
    for (name, head, body) in cases {
        let body = read(head, &body).body.expect("a body");
        assert_eq!(body.matches(LEAD).count(), 1, "{name}: {body}");
        assert!(body.contains("沙袋备足"), "{name}");
    }
    let other = format!("{heading}<div><p>{LEAD}</p></div>{body}");
    assert!(!read("", &other).body.expect("a body").contains(LEAD), "nothing says that it is the lead");
}

#[test]
fn what_a_stylesheet_hides_is_no_part_of_a_body_unless_it_is_most_of_it() {
    let offer = "<p>订阅本报的数字版，就可以在任何地方阅读，每个月只要很少的钱。</p>";
    let page = |class: &str, more: &str| {
        read(
            "",
            &format!(
                "<h1>{TITLE}</h1><div>{PROSE}{PROSE}{PROSE}<div class='{class}'>{offer}</div>{more}</div>"
            ),
        )
    };
    for class in ["hidden", "box sr-only", "signup-box", "ad__container"] {
        assert!(!page(class, "").body.expect("a body").contains("数字版"), "{class}");
    }
    assert!(page("hidden md:block", "").body.expect("a body").contains("数字版"));
    let all = read("", &format!("<h1>{TITLE}</h1><div class='hidden'>{PROSE}</div>"));
    assert!(all.body.is_some_and(|body| body.contains("沙袋备足")), "a script shows the article");
}

#[test]
fn editors_are_people() {
    let cases = [
        ("甲一 人气： 53 次 评论(8)", vec!["甲一"]),
        ("Ada Lovelace", vec!["Ada Lovelace"]),
        ("甲一_NBJ11331", vec!["甲一"]),
        ("甲一、乙二 PN054", vec!["甲一", "乙二"]),
    ];
    for (said, names) in cases {
        let page = read("", &format!("<h1>{TITLE}</h1>{PROSE}<p>责任编辑：{said}</p>"));
        assert_eq!(meta::names(&page.editor.unwrap_or_default()), names, "{said}");
    }
}

#[test]
fn a_description_of_the_site_is_no_summary() {
    let head = "<meta name='description' content='样本网是本县最大的门户网站，为您提供新闻、天气、交通等各种服务，欢迎访问。'>";
    let summary = read(head, &format!("<h1>{TITLE}</h1>{PROSE}")).summary.expect("a summary");
    assert!(summary.starts_with("河湾镇昨天"), "{summary}");
    let lead = format!(
        "<h1>{TITLE}</h1><div><p>安装示例客户端，第一时间接收最全面的资讯，【下载地址】</p>{PROSE}</div>"
    );
    let summary = read("", &lead).summary.expect("a summary");
    assert!(summary.starts_with("河湾镇昨天"), "{summary}");
    let ending = format!(
        "<h1>{TITLE}</h1><div>{PROSE}<p>安装示例客户端，第一时间接收最全面的资讯，【下载地址】</p></div>"
    );
    let said = read("", &ending).summary;
    assert!(
        said.is_some_and(|said| said.starts_with("河湾镇昨天")),
        "an advertisement at the end cuts nothing"
    );
}

#[test]
fn blocks_of_one_shape_are_one_list_in_the_page_s_order() {
    let page: String =
        [0, 5, 10].map(|from| rows(from..from + 5, |n| format!("/info/1001/{}.htm", 4000 + n), "")).concat();
    let titles: Vec<String> = listed(&page).into_iter().map(|(title, _)| title).collect();
    assert_eq!(titles.len(), 15);
    assert!(titles.iter().enumerate().all(|(n, title)| title.contains(&format!("第{n}件"))), "{titles:?}");
}

#[test]
fn rows_of_one_block_count_together_whatever_their_host_and_length() {
    let own = |n: usize| match n {
        0..3 => format!("/yw/202605{:02}/a{n}.html", n + 1),
        _ => format!("https://mp.letters.example/s/Ab{n}"),
    };
    assert_eq!(listed(&rows(0..6, own, "<i>2026-05-09</i>")).len(), 6);
    let sisters = rows(0..6, |n| format!("http://new.sample.example/omn/202605{:02}A0{n}.html", n + 1), "");
    assert_eq!(listed(&sisters).len(), 6);
    let friends = rows(0..6, |n| format!("http://friend{n}.example/2026/0501/{n}.html"), "");
    assert_eq!(listed(&format!("{}{friends}", rows(0..3, own, ""))).len(), 3, "links of friends are no list");
    let short = "<ul><li><a href='/yw/202605/t20260501_1.html'>镇里今天的一件要紧的事情</a></li>\
        <li><a href='/yw/202605/t20260502_2.html'>镇里今天又一件要紧的事情</a></li>\
        <li><a href='/yw/202605/t20260503_9.html'>搬迁公告</a></li></ul>";
    assert_eq!(listed(short).len(), 3);
}

#[test]
fn a_side_column_without_dates_is_left_out_of_a_list_with_dates() {
    let address = |n: usize| format!("/c/2026-05-{:02}/{}.html", n + 1, 9000 + n);
    let main = rows(0..6, address, "<i>2026-05-09</i>");
    let side = rows(10..14, address, "");
    assert_eq!(listed(&format!("<div class='main'>{main}</div><div class='hot'>{side}</div>")).len(), 6);
    let undated = rows(0..6, address, "");
    assert_eq!(
        listed(&format!("<div class='a'>{undated}</div><div class='b'>{side}</div>")).len(),
        10,
        "all are lists"
    );
}

#[test]
fn a_date_beside_a_row_wins_over_the_day_its_page_was_moved() {
    let moved = |n: usize| format!("/xw/202605/t20260515_{}.html", 100 + n);
    let days: Vec<String> =
        listed(&rows(0..3, moved, "<span>2021-11-20</span>")).into_iter().map(|(_, day)| day).collect();
    assert_eq!(days, ["2021-11-20"; 3]);
    let aside = "<span>自2021年11月20日起，这条路改为单行道，来往的车辆请注意。</span>";
    let days: Vec<String> = listed(&rows(0..3, moved, aside)).into_iter().map(|(_, day)| day).collect();
    assert_eq!(days, ["2026-05-15"; 3], "a date in a sentence is another's");
}

#[test]
fn a_picture_before_the_title_of_a_selected_row_costs_no_entry() {
    let row = |n: usize| {
        let href = format!("/2026/0506/{n}.html");
        format!(
            "<li><a href='{href}'><img src='x.jpg'></a><a href='{href}'>镇里今天的第{n}件要紧的事情</a></li>"
        )
    };
    let page = format!("<html><body><ul>{}</ul></body></html>", (0..6).map(row).collect::<String>());
    let rules = ListRules { entry: Some(Css::parse("ul li").expect("a selector")), ..ListRules::default() };
    let read = list(&input(page.as_bytes(), "http://www.sample.example/yw/"), &rules).expect("a list");
    assert_eq!(read.feed.entries.len(), 6);
}

#[test]
fn a_date_that_is_cut_into_elements_is_read_in_articles_and_rows() {
    for cut in [
        "<b>2024</b>-<i>05</i>-<i>12</i>",
        "<span>12</span><span>2024-05</span>",
        "<div><div>12</div><div>2024-05</div></div>",
        "<p>12</p><p>2024年05月</p>",
        "<em>05-12</em><em>2024</em>",
        "<script>document.write(\"2024-05-12\")</script>",
    ] {
        let page = read("", &format!("<h1>{TITLE}</h1><div class='date'>{cut}</div><div>{PROSE}</div>"));
        let day = page.published.map(|stamp| stamp.at.format("%Y-%m-%d").to_string());
        assert_eq!(day.as_deref(), Some("2024-05-12"), "{cut}");
        let body = page.body.expect("a body");
        assert!(body.contains("沙袋备足"), "{body}");
        let rows = rows(1..6, |n| format!("/a/{n}0042.html"), cut);
        for row in listed(&rows) {
            assert_eq!(row.1, "2024-05-12", "{cut}: {}", row.0);
        }
        // The row itself is the link.
        let row = |n: usize| {
            format!(
                "<li><a href='/a/{n}0042.html'><div>{cut}</div><p>镇里今天的第{n}件要紧的事情</p></a></li>"
            )
        };
        let linked = listed(&format!("<ul>{}</ul>", (1..6).map(row).collect::<String>()));
        assert_eq!(linked.len(), 5, "{cut}");
        for (n, row) in (1..6).zip(linked) {
            assert_eq!(row, (format!("镇里今天的第{n}件要紧的事情"), "2024-05-12".to_owned()), "{cut}");
        }
    }
}

#[test]
fn a_date_in_a_script_is_taken_only_where_nothing_else_could_be_meant() {
    let of = |script: &str, seen: &str| {
        let page = read(
            "",
            &format!("<h1>{TITLE}</h1><div>{seen}</div><div>{PROSE}</div><script>{script}</script>"),
        );
        page.published.map(|stamp| stamp.at.format("%Y-%m-%dT%H:%M").to_string())
    };
    let day_s_end = Some("2024-05-12T15:59".to_owned());
    let minute = Some("2024-05-12T02:11".to_owned());
    assert_eq!(of("var pubtime = '2024-05-12 10:11'", ""), minute);
    assert_eq!(of("x({\"publishTime\":\"2024-05-12T10:11:00+08:00\"})", ""), minute);
    // What the page shows wins unless the script says when on that day.
    assert_eq!(of("var pubtime = '2024-05-12 10:11'", "2024-05-12"), minute);
    assert_eq!(of("var pubtime = '2024-05-13 10:11'", "2024-05-12"), day_s_end);
    // Several articles, a build, a year of rights.
    assert_eq!(of("[{\"pubTime\":\"2024-05-12 10:11\"},{\"pubTime\":\"2024-05-12 11:11\"}]", ""), None);
    assert_eq!(of("var build = '2024-05-12 10:11', year = '2024', v = 20240512", ""), None);
}

#[test]
fn what_a_player_shows_where_it_cannot_play_is_no_part_of_a_body() {
    let film = "<video src='v.mp4'>请更新浏览器。<source src='v.webm'><p>观看本片需要较新的浏览器，请更新以后再来。</p></video>";
    let body = read("", &format!("<h1>{TITLE}</h1><div>{PROSE}{film}</div>")).body.expect("a body");
    assert!(body.contains("<video") && body.contains("v.webm") && !body.contains("浏览器"), "{body}");
}
