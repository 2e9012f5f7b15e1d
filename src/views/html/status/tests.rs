use std::collections::BTreeMap;

use super::*;
use crate::decide::health::{Progress, Sizes, SourceLook};
use crate::model::source::SourceId;
use crate::testing::at;
use crate::views::tests::site;

fn look() -> Look {
    let source = |id: &str, state: &str, failing_since: Option<Time>| SourceLook {
        id: SourceId::new(id),
        title: format!("{id}报 <&>"),
        state: state.to_owned(),
        failing_since,
        good: None,
        newest: None,
        failures: 3,
        polled: true,
    };
    Look {
        now: at(100),
        configured: at(0),
        sources: vec![source("works", "ok", None), source("fails", "not-a-feed", Some(at(0)))],
        feeds: vec![("henan".to_owned(), at(60))],
        polls: BTreeMap::from([("fetched".to_owned(), 2)]),
        progress: Progress { stall: Some("no <room>".to_owned()), ended: at(0), ..Progress::default() },
        sizes: Sizes { entries: 7, ..Sizes::default() },
    }
}

#[test]
fn the_page_says_what_is_wrong_first_and_lists_only_sources_in_trouble() {
    let look = look();
    let tongue = Tongue::default();
    let page = String::from_utf8(super::status(&site(), tongue, &look, &look.status())).expect("UTF-8");
    for part in [
        "<h1>运行异常</h1>",
        "<ul class=\"trouble\" lang=\"en\"><li>polls wait: no &lt;room&gt;</li>",
        "<tr id=\"fails\">",
        "fails报 &lt;&amp;&gt;",
        "<td>不是订阅源</td>",
        "成功 2",
        ">河南</a></th>",
        "href=\"/a'b/status.atom\"",
        "共 7 条",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("works报"), "{page}");
}
