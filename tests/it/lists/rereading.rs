//! dibao requests a page unconditionally, though it has a validator, once the rules that read it have changed; and
//! the outcome when a redirect's target is gone.

use super::*;

fn selecting(script: &Script, entry: &str) -> String {
    plain(script) + &format!("[source.page]\nentry = \"{entry}\"\n")
}

fn tagged(body: &str, tag: &str) -> Reply {
    Reply::of(200, &[HTML[0], &format!("ETag: {tag}")], body.as_bytes())
}

fn to(status: u16, path: &str) -> Reply {
    Reply::of(status, &[&format!("Location: {path}")], b"")
}

/// Whether the requests for a path were conditional.
fn conditional(script: &Script, path: &str) -> Vec<bool> {
    let seen = script.seen();
    seen.iter().filter(|seen| seen.path == path).map(|seen| seen.header("if-none-match").is_some()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_read_anew_once_its_selectors_were_mended() {
    // A publisher that tags its page, and one that does not: then the bytes are the same.
    for tag in [Some("\"1\""), None] {
        let script = Script::start().await.unwrap();
        let page = list([6, 5, 4, 3, 2, 1]);
        let answer = || tag.map_or_else(|| html(&page), |tag| tagged(&page, tag));
        let after = if tag.is_some() { Reply::of(304, &[], b"") } else { answer() };
        script.on("/list", [answer(), after.clone(), answer(), after]);
        let desk = Desk::new(&selecting(&script, "li:first-child"));
        let mut engine = desk.open().await;
        for mended in [false, true] {
            for first in [true, false] {
                let rows = poll_all(&engine).await;
                let same = if tag.is_some() { "not-modified" } else { "unchanged" };
                assert_eq!(outcome(&rows), if first { "fetched" } else { same }, "{mended}");
                let expected = if mended { 6 } else { 1 };
                assert_eq!(entries(&engine, Some("henan")).await.len(), expected, "{rows:?}");
            }
            engine.close().await.unwrap();
            drop(engine);
            desk.set_sources(&selecting(&script, "li"));
            engine = desk.open().await;
        }
        engine.close().await.unwrap();
        if tag.is_some() {
            assert_eq!(conditional(&script, "/list"), [false, true, false, true], "once");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_that_leads_elsewhere_leads_to_another_page_whatever_its_tag() {
    let script = Script::start().await.unwrap();
    script.on("/list", [to(302, "/a"), to(302, "/a"), to(302, "/b")]);
    script.on("/a", [tagged(&list([1]), "W/\"1\""), Reply::of(304, &[], b"")]);
    script.on("/b", [tagged(&list([2]), "W/\"1\""), Reply::of(304, &[], b"")]);
    let desk = Desk::new(&plain(&script));
    let engine = desk.open().await;
    for (expected, known) in [("fetched", 1), ("not-modified", 1), ("fetched", 2), ("not-modified", 2)] {
        assert_eq!(outcome(&poll_all(&engine).await), expected);
        assert_eq!(entries(&engine, Some("henan")).await.len(), known);
    }
    for path in ["/a", "/b"] {
        assert_eq!(
            conditional(&script, path),
            [false, true],
            "{path}: in full once, while it stays the same"
        );
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_source_led_may_go_while_the_source_stays() {
    let script = Script::start().await.unwrap();
    let back = html(&list([2, 1]));
    script.on("/list", [to(301, "/new"), to(301, "/new"), to(301, "/new"), back, to(302, "/new")]);
    let found = html(&list([1]));
    script.on("/new", [found.clone(), found.clone(), found, Reply::of(410, &[], b"")]);
    let desk = Desk::new(&plain(&script));
    let engine = desk.open().await;
    let gone = || engine.worker.past(engine.store().load().sources().unwrap().values().next()).gone;
    for expected in ["fetched", "unchanged", "unchanged", "failed", "fetched", "failed"] {
        assert_eq!(outcome(&poll_all(&engine).await), expected);
        assert!(!gone(), "it has its turns");
    }
    assert_eq!((asked(&script, "/list"), asked(&script, "/new")), (5, 5));
    script.on("/list", [Reply::of(410, &[], b"")]);
    assert_eq!(outcome(&poll_all(&engine).await), "gone");
    assert!(gone(), "said by the configured address itself");
    engine.close().await.unwrap();
}
