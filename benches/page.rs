//! Reading an article page and a list page of 200 KB, beside html5ever's parse of the same page alone.
//!
//! `cargo bench --bench page` prints the milliseconds of both and their ratio, the fastest of alternating rounds, so
//! that a busy machine slows both equally. An article is read with what eight pages before it share.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use dibao::model::page_habits::PageHabits;
use dibao::read::feed::FeedInput;
use dibao::read::page::{ArticleRules, ListRules, article_among, list};
use scraper::Html;

/// The size of the pages, in octets.
const SIZE: usize = 200 << 10;
const ROUNDS: usize = 200;
const ROWS: usize = 200;

fn main() {
    let mut habits = PageHabits::default();
    for n in 0..8 {
        let page = article(n);
        let (_, traits) =
            article_among(&input(&page), &ArticleRules::default(), &habits).expect("an article");
        habits.note(DateTime::<Utc>::UNIX_EPOCH, &traits);
    }
    let pages = [("article", article(9)), ("article of many lines", long_article()), ("list", rows())];
    for (name, page) in &pages {
        let read = || match *name {
            "list" => {
                let read = list(&input(page), &ListRules::default()).expect("a list");
                assert_eq!(read.feed.entries.len(), ROWS);
            }
            _ => {
                let read = article_among(&input(page), &ArticleRules::default(), &habits);
                assert!(read.expect("an article").0.body.is_some());
            }
        };
        let mut best = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            best.0 = best.0.min(timed(read));
            best.1 = best.1.min(timed(|| {
                black_box(Html::parse_document(black_box(page)));
            }));
        }
        println!(
            "{name}, {} KB: dibao {:.2?}, html5ever {:.2?}, ratio {:.2}",
            page.len() >> 10,
            best.0,
            best.1,
            best.0.as_secs_f64() / best.1.as_secs_f64()
        );
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]
fn timed(work: impl Fn()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn input(page: &str) -> FeedInput<'_> {
    FeedInput {
        bytes: page.as_bytes(),
        url: "https://news.example/gd/202605/t20260506_9042.html",
        content_type: Some("text/html; charset=utf-8"),
        zone: chrono_tz::Asia::Shanghai,
        fetched_at: DateTime::<Utc>::UNIX_EPOCH + chrono::Duration::days(20_600),
    }
}

/// What portals put around an article: scripts, styles, menus, columns of links.
fn framed(title: &str, inner: &str) -> String {
    let mut page = format!(
        "<!DOCTYPE html><html lang=\"zh\"><head><meta charset=\"utf-8\"><title>{title} • 样本网</title>\
         <meta name=\"description\" content=\"样本网是本地的新闻网站，每天报道各村镇的消息，欢迎访问。\">"
    );
    for n in 0..20 {
        write!(
            page,
            "<link rel=\"stylesheet\" href=\"/static/css/site-{n}.css\"><style>.c{n}{{color:red}}</style>"
        )
        .ok();
    }
    let _ = write!(
        page,
        "<script>window.__STATE__={{{}\"buildTime\":\"2026-01-01 10:00\"}}</script></head><body>",
        state()
    );
    for n in 0..300 {
        let _ = write!(
            page,
            "<div class=\"nav nav-{n}\"><ul class=\"menu\"><li class=\"item\"><a href=\"/c/{n}/index.html\" \
             target=\"_blank\"><span>频道{n}</span></a></li></ul></div>"
        );
    }
    page.push_str(inner);
    let mut n = 0;
    while page.len() < SIZE {
        n += 1;
        let _ = write!(
            page,
            "<div class=\"side\"><dl><dt><a href=\"/gd/202604/t20260406_{n}.html\" title=\"侧栏的第{n}条新闻\">\
             <img src=\"/img/{n}.jpg\" alt=\"\">侧栏的第{n}条新闻标题</a></dt><dd>这里是第{n}条新闻的简短介绍，只有一句话。</dd></dl></div>"
        );
    }
    page + "<footer class=\"foot\"><p>版权所有 样本网 未经授权不得转载</p></footer></body></html>"
}

fn state() -> String {
    (0..200).map(|n| format!("\"key{n}\":{{\"id\":{n},\"name\":\"value {n}\",\"on\":true}},")).collect()
}

fn prose(n: usize, paragraphs: usize) -> String {
    (0..paragraphs)
        .map(|p| {
            format!(
                "<p style=\"text-indent:2em\">　　第{n}号工程的第{p}段，<strong>建设者</strong>当天上午在现场做了准备，\
                 机器陆续进场，沿线的村民前来观看，工期三年，建成后可以供水五十万人。</p>"
            )
        })
        .collect()
}

fn heading(n: usize) -> String {
    format!(
        "<h1>河湾一地第{n}号供水工程今天开工</h1><div class=\"info\"><span>2026-05-06 07:08</span> 来源：样本日报</div>"
    )
}

fn article(n: usize) -> String {
    let title = format!("河湾一地第{n}号供水工程今天开工");
    let inner = format!(
        "<div class=\"main\">{}<div class=\"text\">{}<p>想看更多，请记得收藏样本网。</p></div></div>",
        heading(n),
        prose(n, 40)
    );
    framed(&title, &inner)
}

/// All of it is the article.
fn long_article() -> String {
    let inner =
        format!("<div class=\"main\">{}<div class=\"text\">{}</div></div>", heading(10), prose(10, 700));
    framed("河湾一地第10号供水工程今天开工", &inner)
}

fn rows() -> String {
    let rows: String = (0..ROWS)
        .map(|n| {
            format!(
                "<li class=\"row\"><a href=\"/gd/202605/t202605{:02}_{n}.html\">镇里今天的第{n}件要紧的事情</a>\
                 <span class=\"date\">2026-05-{:02}</span></li>",
                n % 6 + 1,
                n % 6 + 1
            )
        })
        .collect();
    let page = framed("要闻", &format!("<div class=\"list\"><ul>{rows}</ul></div>"));
    // The side columns of a list page lead to its channels, not to entries.
    page.replace("/gd/202604/t20260406_", "/c/").replace("侧栏的第", "栏")
}
