//! A truncated page loses no entry: a later poll reads the rest.

use super::*;

fn paged(script: &Script) -> String {
    plain(script) + "[source.page]\nnext = \"a.next\"\npages = 3\n"
}

fn with_next(numbers: impl IntoIterator<Item = u32>, next: &str) -> String {
    list(numbers).replace("</body>", &format!("<a class=\"next\" href=\"{next}\">下一页</a></body>"))
}

/// A page up to a place in it.
fn up_to<'a>(page: &'a str, place: &str) -> &'a str {
    &page[..page.find(place).unwrap()]
}

/// Polls as often as there are outcomes, and expects each with so many entries known after it.
async fn expect_polls(source: &str, expected: &[(&str, usize)]) {
    let desk = Desk::new(source);
    let engine = desk.open().await;
    for (n, (state, known)) in expected.iter().enumerate() {
        let rows = poll_all(&engine).await;
        let found = (outcome(&rows), entries(&engine, None).await.len());
        assert_eq!(found, (*state, *known), "poll {}: {rows:?}", n + 1);
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_page_that_breaks_off_loses_no_further_page() {
    let script = Script::start().await.unwrap();
    let whole = with_next([6, 5, 4], "/list_2");
    script.on("/list", [html(up_to(&whole, "4.html")), html(&whole)]);
    script.on("/list_2", [html(&list([3, 2, 1]))]);
    expect_polls(&paged(&script), &[("failed", 0), ("fetched", 6)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_page_that_is_never_closed_is_taken_whole_when_it_comes_again() {
    let script = Script::start().await.unwrap();
    let open = |page: String| html(&page.replace("</html>", ""));
    script.on("/list", [open(with_next([6, 5, 4], "/list_2"))]);
    script.on("/list_2", [open(list([3, 2, 1]))]);
    let polls = [("failed", 0), ("fetched", 6), ("fetched", 6), ("unchanged", 6)];
    expect_polls(&paged(&script), &polls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_page_that_breaks_off_excuses_no_further_page_that_does() {
    let script = Script::start().await.unwrap();
    let above = "<body><a class=\"next\" href=\"/list_2\">下一页</a>";
    let (first, second) = (list([6, 5, 4]).replace("<body>", above), list([3, 2, 1]));
    script.on("/list", [html(up_to(&first, "4.html")), html(&first)]);
    script.on("/list_2", [html(up_to(&second, "2.html")), html(&second)]);
    expect_polls(&paged(&script), &[("failed", 0), ("fetched", 6)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_page_that_is_never_closed_and_never_the_same_is_taken_each_time() {
    let script = Script::start().await.unwrap();
    let page =
        |numbers: [u32; 3], next| html(&with_next(numbers, next).replace("</html>", &format!("{numbers:?}")));
    // Each time it has turned over, which is why further pages are read.
    script.on(
        "/list",
        [page([6, 5, 4], "/list_2"), page([12, 11, 10], "/list_5"), page([15, 14, 13], "/list_9")],
    );
    script.on("/list_2", [html(&list([3, 2, 1]))]);
    script.on("/list_5", [html(&list([9, 8, 7]))]);
    script.on("/list_9", [html(&list([12, 11, 10]))]);
    expect_polls(&paged(&script), &[("fetched", 6), ("fetched", 12), ("fetched", 15)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_breaks_off_otherwise_each_time_is_taken_in_the_end() {
    let script = Script::start().await.unwrap();
    let whole = with_next([6, 5, 4], "/list_2");
    let dated = |n| html(&(up_to(&whole, "4.html").to_owned() + &"0".repeat(n)));
    script.on("/list", [1, 2, 3, 4].map(dated));
    expect_polls(&paged(&script), &[("failed", 0), ("failed", 0), ("failed", 0), ("fetched", 2)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_page_that_breaks_off_after_something_known_needs_none_of_its_rest() {
    let script = Script::start().await.unwrap();
    let second = with_next([7, 6, 5], "/list_2");
    script.on("/list", [html(&with_next([6, 5, 4], "/list_2")), html(up_to(&second, "5.html"))]);
    script.on("/list_2", [html(&list([3, 2, 1]))]);
    expect_polls(&paged(&script), &[("fetched", 6), ("fetched", 7)]).await;
    assert_eq!(asked(&script, "/list_2"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_further_page_that_breaks_off_is_asked_for_again() {
    let script = Script::start().await.unwrap();
    let second = list([3, 2, 1]);
    script.on("/list", [html(&with_next([6, 5, 4], "/list_2"))]);
    script.on("/list_2", [html(up_to(&second, "2.html")), html(&second)]);
    expect_polls(&paged(&script), &[("failed", 0), ("fetched", 6), ("unchanged", 6)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn further_pages_that_are_never_closed_are_taken_when_the_first_of_them_comes_again() {
    let script = Script::start().await.unwrap();
    let open = |page: String| html(&page.replace("</html>", ""));
    script.on("/list", [html(&with_next([9, 8, 7], "/list_2"))]);
    script.on("/list_2", [open(with_next([6, 5, 4], "/list_3"))]);
    script.on("/list_3", [open(list([3, 2, 1]))]);
    expect_polls(&paged(&script), &[("failed", 0), ("fetched", 9), ("unchanged", 9)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_further_page_that_breaks_off_otherwise_each_time_is_taken_in_the_end() {
    let script = Script::start().await.unwrap();
    let second = list([3, 2, 1]);
    let dated = |n| html(&(up_to(&second, "2.html").to_owned() + &"0".repeat(n)));
    script.on("/list", [html(&with_next([6, 5, 4], "/list_2"))]);
    script.on("/list_2", [1, 2, 3, 4].map(dated));
    expect_polls(&paged(&script), &[("failed", 0), ("failed", 0), ("failed", 0), ("fetched", 4)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_page_that_is_never_closed_is_emptied_when_it_comes_again() {
    let script = Script::start().await.unwrap();
    script.on("/list", [html("<html><head><title>要闻</title></head><body><p>栏目建设中</p>")]);
    expect_polls(&plain(&script), &[("failed", 0), ("emptied", 0)]).await;
}

fn full(script: &Script) -> String {
    followed(script, 20).replace("[source.page]", "content = \"full\"\n[source.page]")
}

const PAGE: &str = "/news/2026/1120/1.html";
const LAST: &str = "沿线村民前来观看";

#[tokio::test(flavor = "multi_thread")]
async fn an_article_that_breaks_off_is_read_again() {
    for place in ["<!DOCTYPE", "<h1>", "当天上午", "（完）"] {
        let script = Script::start().await.unwrap();
        let whole = article(1);
        let cut = if place.starts_with("<!") { place } else { up_to(&whole, place) };
        script.on("/list", [html(&list([1]))]);
        script.on(PAGE, [html(cut), html(&whole)]);
        let desk = Desk::new(&full(&script));
        let engine = desk.open().await;
        for known in [0, 1] {
            poll_all(&engine).await;
            assert_eq!(entries(&engine, None).await.len(), known, "{place}");
        }
        let atom = String::from_utf8(page(&engine, "henan.atom")).unwrap();
        assert!(atom.contains(LAST), "{place}: {atom}");
        engine.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_that_breaks_off_each_time_is_taken_as_it_is_in_the_end() {
    let script = Script::start().await.unwrap();
    script.on("/list", [html(&list([1]))]);
    script.on(PAGE, [html(up_to(&article(1), "（完）"))]);
    let desk = Desk::new(&full(&script));
    let engine = desk.open().await;
    for known in [0, 0, 1, 1] {
        poll_all(&engine).await;
        assert_eq!(entries(&engine, None).await.len(), known);
    }
    assert_eq!(asked(&script, PAGE), 3);
    let atom = String::from_utf8(page(&engine, "henan.atom")).unwrap();
    assert!(atom.contains(LAST), "{atom}");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_never_closed_is_no_article_that_breaks_off() {
    let script = Script::start().await.unwrap();
    script.on("/list", [html(&list([3, 2, 1]))]);
    let ended = ["</body>", "<div class=\"footer\">版权所有 河南网", "</body></html>"];
    for (n, end) in (1..).zip(ended) {
        let page = article(n).replace("</body></html>", end);
        script.on(&format!("/news/2026/1120/{n}.html"), [html(&page)]);
    }
    expect_polls(&full(&script), &[("fetched", 3)]).await;
}
