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

fn shown(lang: Lang) -> String {
    let look = look();
    let polls = vec![PollMark::News, PollMark::Failed];
    let pulses = [Pulse { polls, due: Some(at(160)) }, Pulse { polls: Vec::new(), due: None }];
    let mut hours = [0; HOURS];
    (hours[22], hours[23]) = (1, 4);
    let heat = [
        Heat { region: RegionId::new("henan"), hours },
        Heat { region: RegionId::new("hubei"), hours: [0; HOURS] },
    ];
    let page = StatusPage { look: &look, status: &look.status(), pulses: &pulses, heat: &heat };
    String::from_utf8(super::status(&site(), Tongue { lang, kept: false }, &page)).expect("UTF-8")
}

#[test]
fn the_page_says_what_is_wrong_first_and_lists_every_source() {
    let page = shown(Lang::Zh);
    for part in [
        "<strong>运行异常</strong>",
        "<li>polls wait: no &lt;room&gt;</li>",
        "<tr id=\"fails\">",
        "fails报 &lt;&amp;&gt;",
        "<td class=\"bad\">不是订阅源</td>",
        "成功 2",
        "href=\"/a'b/status.atom\"",
        "7 条",
        "works报",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(page.find("fails报") < page.find("works报"), "trouble comes first");
    assert!(shown(Lang::En).contains("<td class=\"bad\">not a feed</td>"));
}

#[test]
fn polls_and_hours_are_drawn_and_told() {
    let page = shown(Lang::En);
    assert!(page.contains("aria-label=\"1 with news, 0 without, 1 failed\""), "{page}");
    assert!(page.contains("d=\"M1 16v-14\"") && page.contains("class=\"bad\" d=\"M5 16v-14\""), "{page}");
    assert!(
        page.contains("<rect class=\"h1\" x=\"176\"") && page.contains("<rect class=\"h4\" x=\"184\""),
        "{page}"
    );
    assert!(page.contains("Henan") && !page.contains(">Hubei<"), "a region without news has no row: {page}");
}
