//! When a list moves to other addresses, no entry is published again.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_followed_list_that_moves_its_pages_repeats_nothing() {
    let script = Script::start().await.unwrap();
    let moved =
        |numbers: std::ops::RangeInclusive<u32>| list(numbers.rev()).replace("/news/2026/", "/xw/2026/");
    script.on("/list", [html(&list([3, 2, 1])), html(&moved(1..=4)), html(&moved(1..=5))]);
    let desk = Desk::new(&followed(&script, 20));
    let engine = desk.open().await;
    for known in [3, 4, 5] {
        poll_all(&engine).await;
        assert_eq!(entries(&engine, None).await.len(), known);
    }
    let all = entries(&engine, None).await;
    assert!(all.iter().all(|row| row["link"].as_str().unwrap().contains("/xw/")), "and leads where they are");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_moves_repeats_nothing_though_the_minutes_became_known_since() {
    // The pages say the minute; or the list does, of what came today; then the list moves, twice.
    for by in ["page", "list"] {
        let script = Script::start().await.unwrap();
        let timed = |page: String| {
            let at = |page: String, n: u32| {
                page.replace(
                    &format!("第{n}号工程今天开工</a> <span>2026-11-20"),
                    &format!("第{n}号工程今天开工</a> <span>2026-11-20 08:{n:02}"),
                )
            };
            (1..=9).fold(page, at)
        };
        let said = |numbers: &[u32], path: &str, minutes: bool| {
            let page = list(numbers.iter().copied()).replace("/news/2026/", path);
            html(&if minutes { timed(page) } else { page })
        };
        let by_list = by == "list";
        script.on(
            "/list",
            [
                said(&[3, 2, 1], "/news/2026/", false),
                said(&[3, 2, 1], "/news/2026/", by_list),
                said(&[4, 3, 2, 1], "/xw/2026/", by_list),
                said(&[5, 4, 3, 2], "/zx/2026/", false),
            ],
        );
        for n in 1..=5 {
            for path in ["news", "xw", "zx"] {
                script.on(&format!("/{path}/2026/1120/{n}.html"), [html(&article(n))]);
            }
        }
        let desk = Desk::new(&if by_list { plain(&script) } else { followed(&script, 20) });
        let engine = desk.open().await;
        for known in [3, 3, 4, 5] {
            poll_all(&engine).await;
            let all = entries(&engine, None).await;
            assert_eq!(all.len(), known, "minutes told by the {by}: {all:?}");
        }
        engine.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bulletins_of_one_day_are_entries_of_their_own() {
    // One item, or two; each poll finds a list that has turned over.
    for items in [1, 2] {
        let script = Script::start().await.unwrap();
        // Those of even numbers are bulletins, which have one title all day.
        let titled = |page: String, n: u32| match n % 2 {
            0 => page.replace(&format!("河南一地第{n}号工程今天开工"), "河南省今日天气预报发布"),
            _ => page,
        };
        let numbers = |poll: u32| if items == 1 { vec![2 * poll] } else { vec![2 * poll, 2 * poll - 1] };
        let said = |poll: u32| html(&numbers(poll).into_iter().fold(list(numbers(poll)), titled));
        script.on("/list", [said(1), said(2), said(2)]);
        for n in 1..=4 {
            script.on(&format!("/news/2026/1120/{n}.html"), [html(&titled(article(n), n))]);
        }
        let desk = Desk::new(&followed(&script, 20));
        let engine = desk.open().await;
        for known in [items, 2 * items, 2 * items] {
            poll_all(&engine).await;
            assert_eq!(entries(&engine, None).await.len(), known, "{items} in the list");
        }
        engine.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_without_dates_that_moves_repeats_nothing_whose_number_it_keeps_and_loses_nothing_new() {
    let script = Script::start().await.unwrap();
    let said = |directory: &str, rows: &[(u32, &str)]| {
        let rows: String = rows
            .iter()
            .map(|(n, title)| format!("<li><a href=\"/{directory}/1023/{n}.htm\">{title}</a></li>"))
            .collect();
        html(&format!(
            "<html><head><title>要闻</title></head><body><ul class=\"l\">{rows}</ul></body></html>"
        ))
    };
    let (works, road) = ((45101, "河南一地水库工程今天开工"), (45102, "河南一地高速公路今天通车"));
    let (morning, evening) = ((45103, "河南省今日天气预报发布"), (45109, "河南省今日天气预报发布"));
    script.on(
        "/list",
        [
            said("info", &[morning, road, works]),
            said("xw/info", &[morning, road, works]),
            said("xw/info", &[evening, morning, road, works]),
            // A bulletin comes in the very poll that finds the list moved once more.
            said("zx/info", &[(45120, "河南省今日天气预报发布"), road, works]),
        ],
    );
    let desk = Desk::new(&(plain(&script) + "[source.page]\nentry = \"ul.l li\"\nlink = \"a\"\n"));
    let engine = desk.open().await;
    for known in [3, 3, 4, 5] {
        poll_all(&engine).await;
        let all = entries(&engine, None).await;
        assert_eq!(all.len(), known, "{all:?}");
    }
    engine.close().await.unwrap();
}
