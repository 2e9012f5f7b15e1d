//! A month of one source: what its article pages have in common is learned, used, and forgotten with a new design.

use super::*;

const PROMO: &str = "看更多本地消息，请收藏河湾观察。";
const BLURB: &str = "河湾观察是本地的新闻网站，每天报道河湾各村镇的消息，欢迎访问和收藏本站。";

/// A page whose only `h1` is the logo, and whose list cuts its title.
fn post(n: u32) -> Reply {
    let title = title(n);
    html(&format!(
        "<html><head><title>{title} • 河湾观察</title><meta name=\"description\" content=\"{BLURB}\"></head>\
         <body><h1>河湾观察新闻网站</h1><div class=\"zw\"><h2>{title}</h2><div class=\"info\">2026-11-20 08:{n:02}</div>\
         <div class=\"wz\"><p>第{n}号工程二十日开工，工期三年，建成后可供水五十万人，沿线各村都通上干净的水。</p>\
         <p>第{n}号工程的建设者当天上午在现场做了准备，机器陆续进场，沿线的村民前来观看。</p>\
         <p>{PROMO}</p></div></div></body></html>"
    ))
}

fn title(n: u32) -> String {
    format!("河南河湾一地第{n}号供水工程今天开工")
}

fn cut_list(last: u32) -> Reply {
    let row = |n: u32| {
        format!(
            "<li><a href=\"/news/2026/1120/{n}.html\">河南河湾一地第{n}号供水…</a> <span>2026-11-20</span></li>"
        )
    };
    let rows: String = (1..=last).rev().take(10).map(row).collect();
    html(&format!("<html><head><title>要闻</title></head><body><ul>{rows}</ul></body></html>"))
}

fn full(script: &Script) -> String {
    followed(script, 20).replace("[source.page]", "content = \"full\"\n[source.page]")
}

/// The advice on the source.
async fn advice(engine: &std::sync::Arc<dibao::daemon::engine::Engine>) -> String {
    ask(engine, Sources {}).await.0[0]["advice"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_pages_teaches_what_is_frame_and_changes_no_entry_of_before() {
    const DAYS: u32 = 30;
    let script = Script::start().await.unwrap();
    script.on("/list", (1..=DAYS).map(cut_list).collect::<Vec<_>>());
    for n in 1..=DAYS {
        script.on(&format!("/news/2026/1120/{n}.html"), [post(n)]);
    }
    let desk = Desk::new(&full(&script));
    let engine = desk.open().await;
    for n in 1..=DAYS {
        let rows = poll_all(&engine).await;
        let detail = rows[0]["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains("1 new, 0 changed") && !detail.contains("unlike"), "{n}: {detail}");
    }
    assert!(!advice(&engine).await.contains("stopped looking"));
    let atom = page(&engine, "source/a.atom");
    let feed = String::from_utf8(atom.clone()).unwrap();
    let all = entries(&engine, None).await;
    assert_eq!(all.len() as u32, DAYS);
    // A line in a body stays, whatever the pages share.
    let promos = feed.matches(PROMO).count();
    assert_eq!((promos, feed.matches(BLURB).count()), (2 * DAYS as usize, 0));
    for n in 4..=DAYS {
        assert!(all.iter().any(|row| row["title"] == title(n)), "{n}");
        assert!(feed.contains(&format!("第{n}号工程的建设者")), "{n}");
    }
    for n in 1..=DAYS {
        assert_eq!(asked(&script, &format!("/news/2026/1120/{n}.html")), 1, "{n}");
    }
    // The journal alone gives the same.
    let sources = ask(&engine, Sources {}).await.0;
    engine.close().await.unwrap();
    std::fs::remove_dir_all(desk.dir.path().join("state/store")).unwrap();
    let engine = desk.open().await;
    assert_eq!(page(&engine, "source/a.atom"), atom);
    assert_eq!(ask(&engine, Sources {}).await.0, sources);
    // What was learned is there too: the next page is read with it.
    script.on("/list", [cut_list(DAYS + 1)]);
    script.on(&format!("/news/2026/1120/{}.html", DAYS + 1), [post(DAYS + 1)]);
    poll_all(&engine).await;
    assert!(entries(&engine, None).await.iter().any(|row| row["title"] == title(DAYS + 1)));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_a_body_where_the_others_have_one_is_told_until_one_has_it_again() {
    let script = Script::start().await.unwrap();
    script.on("/list", (4..=7).map(|n| html(&list((1..=n).rev()))).collect::<Vec<_>>());
    for n in [1, 2, 3, 4, 7] {
        script.on(&format!("/news/2026/1120/{n}.html"), [html(&article(n))]);
    }
    for n in [5, 6] {
        let bare =
            format!("<html><body><h1>河南一地第{n}号工程今天开工</h1><div id=\"app\"></div></body></html>");
        script.on(&format!("/news/2026/1120/{n}.html"), [html(&bare)]);
    }
    let desk = Desk::new(&full(&script));
    let engine = desk.open().await;
    let unlike = "article pages unlike those before them (no body): 1";
    for (unusual, told) in [(false, false), (true, true), (true, true), (false, false)] {
        let rows = poll_all(&engine).await;
        assert_eq!(rows[0]["detail"].as_str().unwrap().contains(unlike), unusual, "{rows:?}");
        assert_eq!(advice(&engine).await.contains("stopped looking like the others since"), told);
    }
    assert_eq!(engine.recorder.meter().counts().odd_pages, 2);
    // Its entries are all there.
    assert_eq!(entries(&engine, None).await.len(), 7);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_with_many_odd_pages_counts_each_of_them_everywhere() {
    const ODD: u32 = 12;
    let script = Script::start().await.unwrap();
    script.on("/list", [html(&list((1..=4).rev())), html(&list((1..=4 + ODD).rev()))]);
    for n in 1..=4 + ODD {
        let bare = format!("<html><body><h1>河南一地第{n}号工程今天开工</h1></body></html>");
        let page = if n <= 4 { article(n) } else { bare };
        script.on(&format!("/news/2026/1120/{n}.html"), [html(&page)]);
    }
    let desk = Desk::new(&full(&script));
    let engine = desk.open().await;
    poll_all(&engine).await;
    let rows = poll_all(&engine).await;
    let told = format!("article pages unlike those before them (no body): {ODD}");
    assert!(rows[0]["detail"].as_str().unwrap().contains(&told), "{rows:?}");
    assert_eq!(engine.recorder.meter().counts().odd_pages, u64::from(ODD));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_selector_that_fits_no_more_is_no_silence() {
    let script = Script::start().await.unwrap();
    script.on("/list", [html(&list([4, 3, 2, 1])), html(&list([5, 4, 3, 2, 1]))]);
    for n in 1..=4 {
        script.on(&format!("/news/2026/1120/{n}.html"), [html(&article(n))]);
    }
    script.on("/news/2026/1120/5.html", [html(&article(5).replace("neirong", "content"))]);
    let desk = Desk::new(&(full(&script) + "body = \".neirong\"\n"));
    let engine = desk.open().await;
    assert!(!poll_all(&engine).await[0]["detail"].to_string().contains("unlike"));
    assert!(poll_all(&engine).await[0]["detail"].to_string().contains("no body"));
    assert!(advice(&engine).await.contains("no body"));
    assert_eq!(entries(&engine, None).await.len(), 5, "it is published as the list has it");
    engine.close().await.unwrap();
}
