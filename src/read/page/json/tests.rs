use chrono::{TimeZone as _, Utc};

use super::*;

fn reading(text: &str) -> Result<ParsedFeed, PageError> {
    let path = |text: &str| JsonPath::parse(text).expect("a path");
    let rules = JsonRules {
        entries: path("list"),
        title: path("title"),
        link: Some(path("url")),
        link_template: None,
        id: None,
        time: None,
        summary: Some(path("text")),
        outlet: None,
        region_code: None,
    };
    let input = FeedInput {
        bytes: text.as_bytes(),
        url: "https://news.example/list.json",
        content_type: None,
        zone: chrono_tz::Asia::Shanghai,
        fetched_at: Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).single().expect("a real instant"),
    };
    json(&input, &rules)
}

#[test]
fn a_list_with_faults_gives_its_rows() {
    for text in [
        "{\"list\":[{\"title\":\"甲\n\",\"url\":\"/1\"},{\"title\":\"乙\",\"url\":\"/2\"},]}",
        "callback({\"list\":[{\"title\":\"甲\",\"url\":\"/1\"},{\"title\":\"乙\",\"url\":\"/2\",}]});",
    ] {
        let feed = reading(text).expect(text);
        let titles: Vec<_> = feed.entries.iter().filter_map(|entry| entry.title.as_deref()).collect();
        assert_eq!((titles, feed.ending), (vec!["甲", "乙"], Ending::Whole), "{text}");
        assert_eq!(feed.repairs, ["malformed JSON was mended"], "{text}");
    }
    let cut = reading("{\"list\":[{\"title\":\"甲\",\"url\":\"/1\"},{\"title\":\"乙").expect("a list");
    assert_eq!((cut.entries.len(), cut.ending), (2, Ending::InEntry));
    for none in ["{\"list\":[", "{\"other\":[{\"title\":\"甲\"", "{"] {
        assert_eq!(reading(none).err(), Some(PageError::CutShort), "{none}");
    }
}

#[test]
fn a_list_that_grows_at_its_end_is_read_to_its_end() {
    let rows: Vec<String> = (0..2_500).map(|n| format!("{{\"title\":\"第{n}条\"}}")).collect();
    let feed = reading(&format!("{{\"list\":[{}]}}", rows.join(","))).expect("a list");
    assert_eq!(feed.entries.last().and_then(|entry| entry.title.as_deref()), Some("第2499条"));
}

#[test]
fn a_row_without_a_title_is_an_entry_if_it_has_a_text_and_else_it_is_said() {
    let feed =
        reading("{\"list\":[{\"title\":\"甲\"},{\"title\":\"\",\"text\":\"快讯一条\"},{\"url\":\"/ad\"},7]}");
    let feed = feed.expect("a list");
    assert_eq!(feed.entries.len(), 2);
    assert_eq!(feed.entries[1].summary, Some(Body::Text("快讯一条".to_owned())));
    assert_eq!(feed.repairs, ["rows with neither a title nor a summary were left out: 2"]);
    let stopped = reading("{\"list\":[{\"headline\":\"甲\",\"text\":\"一\"}]}");
    assert!(matches!(stopped, Err(PageError::SelectorsMatchNothing { .. })), "{stopped:?}");
}
