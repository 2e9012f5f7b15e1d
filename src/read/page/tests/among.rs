//! Pages of one source, read one after the other with what those before them have in common. All wording is ours.

use chrono::{TimeZone as _, Utc};

use super::super::*;
use crate::model::page_habits::{PageHabits, PageTraits};
use crate::read::feed::FeedInput;

const BLURB: &str = "样本网是河湾镇最大的门户网站，为您提供新闻、天气、交通等各种服务，欢迎访问。";
const NOTICE: &str =
    "本网站使用必要的技术手段保障访问安全，继续浏览即表示您已经阅读并同意本网站的服务条款，谢谢。";

fn input(bytes: &[u8]) -> FeedInput<'_> {
    let fetched_at = Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).single().expect("a real instant");
    let url = "http://www.sample.example/a/p.html";
    FeedInput { bytes, url, content_type: None, zone: chrono_tz::Asia::Shanghai, fetched_at }
}

fn title(n: usize) -> String {
    format!("河湾镇召开第{n}次会议研究防汛工作")
}

fn prose(n: usize) -> String {
    format!(
        "<p>河湾镇第{n}次召开会议，研究部署今年的防汛工作，各村负责人参加会议并作了发言。</p>\
         <p>第{n}次会议要求，各村在月底以前把沟渠清理一遍，把沙袋备足，夜里也要有人值班。</p>\
         <p>镇里第{n}次派出三个小组，沿着河堤一段一段地查看，发现的问题当天就交给各村去办。</p>"
    )
}

/// Reads pages in order, each with what those before it share. Returns the last.
fn last(pages: impl IntoIterator<Item = String>) -> (Article, PageHabits) {
    let (mut habits, mut last) = (PageHabits::default(), Article::default());
    for page in pages {
        let read = article_among(&input(page.as_bytes()), &ArticleRules::default(), &habits);
        let (article, traits) = read.expect("an article");
        habits.note(Utc.timestamp_opt(0, 0).single().expect("an instant"), &traits);
        last = article;
    }
    (last, habits)
}

/// What is read of the fifth page of a kind, without and with the four before it.
fn fifth(page: impl Fn(usize) -> String) -> (Article, Article) {
    let alone = article(&input(page(5).as_bytes()), &ArticleRules::default()).expect("an article");
    (alone, last((1..=5).map(page)).0)
}

#[test]
fn a_suffix_of_all_titles_is_no_part_of_one_in_any_language() {
    for suffix in [" : Le Canard de Test", " • Пример", "～见本村だより"] {
        // No heading and no line says the title: only the head does.
        let (alone, among) = fifth(|n| {
            format!("<html><head><title>{}{suffix}</title></head><body>{}</body></html>", title(n), prose(n))
        });
        assert!(alone.title.is_some_and(|title| title.ends_with(suffix)), "{suffix}");
        assert_eq!(among.title, Some(title(5)), "{suffix}");
    }
}

#[test]
fn a_logo_that_is_a_heading_of_all_pages_is_no_title() {
    let (alone, among) = fifth(|n| {
        format!(
            "<html><head><title>样本网 河湾镇新闻门户--{}</title></head><body><h1>样本网 河湾镇新闻门户</h1>\
             <div>{}</div><div>2026-05-06 07:08</div>{}</body></html>",
            title(n),
            title(n),
            prose(n)
        )
    });
    assert_eq!(alone.title.as_deref(), Some("样本网 河湾镇新闻门户"));
    assert_eq!(among.title, Some(title(5)));
}

#[test]
fn a_heading_of_all_pages_stays_the_title_where_nothing_else_is() {
    let page = |n| format!("<html><body><h1>今日河湾镇天气预报</h1>{}</body></html>", prose(n));
    let (alone, among) = fifth(page);
    assert_eq!(alone.title.as_deref(), Some("今日河湾镇天气预报"));
    assert_eq!(among.title, alone.title);
}

#[test]
fn a_daily_column_is_not_named_after_its_site() {
    for head in [
        "<title>样本网</title>",
        "<title>样本网</title><meta property='og:title' content='河湾镇新闻门户样本网'>",
        "<title>河湾镇新闻门户样本网</title>",
    ] {
        let page = |n| {
            format!(
                "<html><head>{head}</head><body><article><h1>今日河湾镇天气预报</h1>{}</article>\
                 <div>河湾镇新闻门户样本网</div></body></html>",
                prose(n)
            )
        };
        let (_, among) = fifth(page);
        assert_eq!(among.title.as_deref(), Some("今日河湾镇天气预报"), "{head}");
    }
}

#[test]
fn a_description_of_all_pages_is_no_summary_of_one() {
    // The article has no text of its own by which the description could be judged.
    let page = |n: usize| {
        format!(
            "<html><head><meta name='description' content='{BLURB}'></head><body><h1>{}</h1>\
             <div><img src='{n}.jpg'></div></body></html>",
            title(n)
        )
    };
    let mut habits = PageHabits::default();
    for n in 1..=3_u32 {
        let whole = PageTraits {
            text: Some(n),
            description: Some(crate::model::hash::short(BLURB)),
            body: Some(1),
            ..PageTraits::default()
        };
        habits.note(Utc.timestamp_opt(0, 0).single().expect("an instant"), &whole);
    }
    let alone = article(&input(page(5).as_bytes()), &ArticleRules::default()).expect("an article");
    assert_eq!(alone.summary.as_deref(), Some(BLURB));
    let (among, _) =
        article_among(&input(page(5).as_bytes()), &ArticleRules::default(), &habits).expect("read");
    assert_eq!(among.summary, None);
}

#[test]
fn a_line_of_all_pages_stays_in_a_body() {
    const TO: &str = "<p>各市、县人民政府，省政府各部门：</p>";
    const FROM: &str = "<p>河南省人民政府办公厅</p>";
    // A rubric and a question of every page; a salutation beside the element of the body.
    for (before, after) in [("<div class='t'><p>【国内】</p>", "<p>问：</p></div>"), ("", "")] {
        let inner = |n| format!("{TO}{before}{}{after}{FROM}", prose(n));
        let page = |n| format!("<html><body><h1>{}</h1><div>{}</div></body></html>", title(n), inner(n));
        let (alone, among) = fifth(page);
        assert!(alone.body.as_ref().is_some_and(|body| body.contains("省政府各部门")));
        assert_eq!(among.body, alone.body);
    }
}

#[test]
fn a_notice_of_all_pages_does_not_take_the_place_of_a_short_article() {
    let (alone, among) = fifth(|n| {
        let own =
            if n == 5 { "<p>五号桥今天恢复通行，请慢行。</p>".to_owned() } else { prose(n) };
        format!(
            "<html><body><h1>{}</h1><div class='t'>{own}</div><div class='n'><p>{NOTICE}</p></div></body></html>",
            title(n)
        )
    });
    assert!(alone.body.is_some_and(|body| body.contains("服务条款")));
    let body = among.body.expect("a body");
    assert!(body.contains("恢复通行") && !body.contains("服务条款"), "{body}");
}

#[test]
fn lines_in_common_that_are_most_of_the_articles_stay() {
    // A bulletin that says the same but for one line.
    let (alone, among) = fifth(|n| {
        let same = "<p>今天白天到夜间多云转晴，偏北风二到三级。</p><p>请各村注意防火，出门带好雨具。</p>";
        format!(
            "<html><body><h1>{}</h1><div>{same}<p>最高气温{n}度，最低气温零下。</p></div></body></html>",
            title(n)
        )
    });
    assert_eq!(among.body, alone.body);
    let (alone, among) =
        fifth(|_| format!("<html><body><h1>{}</h1><div>{}</div></body></html>", title(1), prose(1)));
    assert_eq!(among.body, alone.body);
}

#[test]
fn a_rival_date_does_not_win_over_the_place_where_dates_stand() {
    let page = |n: usize| {
        // The fifth announces a broadcast above its time.
        let announced = if n == 5 { "<div class='live'>2026-05-01 20:00 直播</div>" } else { "" };
        format!(
            "<html><body><h1>{}</h1>{announced}<div class='info'>2026-05-06 07:0{n} 来源：样本日报</div>{}</body></html>",
            title(n),
            prose(n)
        )
    };
    let (alone, among) = fifth(page);
    let minute = |article: &Article| article.published.map(|stamp| stamp.at.format("%d %H:%M").to_string());
    assert_eq!(minute(&alone).as_deref(), Some("01 12:00"));
    assert_eq!(minute(&among).as_deref(), Some("05 23:05"));
    assert_eq!(among.outlet.as_deref(), Some("样本日报"));
}

#[test]
fn numbers_of_several_lines_are_a_date_only_if_nothing_else_says_one() {
    let day = |url: &str, head: &str, title: &str, lines: &str| {
        let page = format!(
            "<html><head>{head}</head><body>{title}<ul>{lines}</ul><div>{}</div></body></html>",
            prose(1)
        );
        let input = FeedInput { url, ..input(page.as_bytes()) };
        let read = article(&input, &ArticleRules::default()).expect("an article");
        read.published
            .map(|stamp| stamp.at.with_timezone(&chrono_tz::Asia::Shanghai).format("%F").to_string())
    };
    let (plain, dated) = ("http://www.sample.example/a/p.html", "http://www.sample.example/20261120/p.html");
    let (meta, h1) = ("<meta name='pubdate' content='2026-11-20'>", "<h1>河湾镇召开会议研究防汛工作</h1>");
    let (calendar, pager) = ("<li>2026</li><li>11</li><li>1</li>", "<li>1/8</li><li>2026</li>");
    for lines in [calendar, pager] {
        assert_eq!(day(plain, meta, h1, lines).as_deref(), Some("2026-11-20"), "{lines}");
        assert_eq!(day(dated, "", h1, lines).as_deref(), Some("2026-11-20"), "{lines}");
        assert_eq!(day(plain, "", "", lines), None, "{lines}");
    }
    assert_eq!(day(plain, "", h1, "<li>12</li><li>2026-11</li>").as_deref(), Some("2026-11-12"));
}

#[test]
fn a_rebuilt_site_is_read_as_it_is_now() {
    let old = |n: usize| {
        format!(
            "<html><head><title>{} : Alt</title></head><body><h1>旧站标识文字</h1><div class='a'>{}<p>想看更多，请记得收藏样本网。</p></div></body></html>",
            title(n),
            prose(n)
        )
    };
    let new = |n: usize| {
        format!(
            "<html><head><title>{} • 新样本</title></head><body><h1>{}</h1><main><div class='b'>{}</div></main></body></html>",
            title(n),
            title(n),
            prose(n)
        )
    };
    for (count, shares) in [(0, true), (3, false), (8, false)] {
        let (article, habits) = last((1..=8).map(old).chain((9..9 + count).map(new)));
        assert!(article.body.is_some() && article.title.is_some());
        let logo = crate::model::hash::short("旧站标识文字");
        assert_eq!(habits.shares(|page| page.headings.contains(&logo)), shares, "{count}");
    }
}
