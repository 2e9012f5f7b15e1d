//! robots.txt is obeyed for redirects too.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_leads_nowhere_that_robots_txt_forbids() {
    let script = Script::start().await.unwrap();
    let to = |place: &str| [Reply::of(302, &[&format!("Location: {place}")], b"")];
    script.on("/robots.txt", [Reply::of(200, &[], b"User-agent: *\nDisallow: /private\n")]);
    script.on("/list", to("/private/list"));
    script.on("/private/list", [html(&list([1]))]);
    let desk = Desk::new(&followed(&script, 20));
    let engine = desk.open().await;
    let rows = poll_all(&engine).await;
    assert_eq!(outcome(&rows), "blocked", "{rows:?}");
    assert_eq!(asked(&script, "/private/list"), 0);

    script.on("/list", [html(&list([1]))]);
    script.on("/news/2026/1120/1.html", to("/private/1.html"));
    script.on("/private/1.html", [html(&article(1))]);
    poll_all(&engine).await;
    assert_eq!(entries(&engine, None).await.len(), 1, "published as its list has it");
    assert_eq!((asked(&script, "/news/2026/1120/1.html"), asked(&script, "/private/1.html")), (1, 0));
    engine.close().await.unwrap();
}
