use super::*;
use crate::model::entry::Category;
use crate::model::time::Stamp;

fn with(title: &str, id: &str, href: &str, text: &str) -> ParsedEntry {
    let link = Link { href: href.to_owned(), rel: "alternate".to_owned(), ..Link::default() };
    ParsedEntry {
        id: Some(id.to_owned()),
        title: Some(title.to_owned()),
        links: vec![link],
        summary: Some(Body::Text(text.to_owned())),
        ..ParsedEntry::default()
    }
}

fn listed(dates: &[i64]) -> Vec<ParsedEntry> {
    let dated = |(n, seconds): (usize, &i64)| {
        let at = chrono::DateTime::from_timestamp(*seconds, 0).expect("an instant");
        let published = (*seconds > 0).then(|| Stamp::second(at));
        ParsedEntry { title: Some(n.to_string()), published, ..ParsedEntry::default() }
    };
    dates.iter().enumerate().map(dated).collect()
}

#[test]
fn a_document_that_is_too_long_keeps_its_newest() {
    type Case = (&'static str, &'static [i64], Option<bool>, &'static str);
    let cases: [Case; 8] = [
        ("newest first", &[5, 4, 3, 2, 1], None, "0 1 2"),
        ("oldest first", &[1, 2, 3, 4, 5], None, "2 3 4"),
        ("in no order", &[3, 5, 1, 4, 2], None, "0 1 3"),
        ("oldest first, one without a date", &[1, 0, 3, 4, 5], None, "2 3 4"),
        ("without dates, grows at its end", &[0; 5], Some(true), "4"),
        ("without dates, grows at its beginning", &[0; 5], Some(false), "0 1"),
        ("without dates, of unknown order", &[0; 5], None, "0 1 4"),
        ("all of one date, grows at its end", &[7; 5], Some(true), "4"),
    ];
    for (name, dates, grows_at_end, want) in cases {
        let mut entries = listed(dates);
        assert!(newest(&mut entries, 3, grows_at_end), "{name}");
        let left: Vec<_> = entries.iter().filter_map(|entry| entry.title.as_deref()).collect();
        assert_eq!(left.join(" "), want, "{name}");
        assert!(!newest(&mut entries, 3, grows_at_end), "{name}: once is enough");
    }
}

#[test]
fn what_an_undated_document_had_from_the_first_never_comes_later_as_news() {
    for at_end in [false, true] {
        let mut known = std::collections::BTreeSet::new();
        // The first poll; one that sees where new ones come; one that goes by that.
        for (polled, grows_at_end) in [None, None, Some(at_end), Some(at_end)].into_iter().enumerate() {
            let mut titles: Vec<usize> = (0..300 + 10 * polled).rev().collect();
            if at_end {
                titles.reverse();
            }
            let entry = |n: usize| ParsedEntry { title: Some(n.to_string()), ..ParsedEntry::default() };
            let mut entries: Vec<_> = titles.into_iter().map(entry).collect();
            newest(&mut entries, 200, grows_at_end);
            let taken = entries.iter().filter_map(|entry| entry.title.as_ref()?.parse::<usize>().ok());
            let new: Vec<usize> = taken.filter(|n| known.insert(*n)).filter(|_| polled > 0).collect();
            assert_eq!(new.len(), if polled > 0 { 10 } else { 0 }, "poll {polled}: {new:?}");
            assert!(new.iter().all(|n| *n >= 300), "poll {polled}: {new:?}");
        }
    }
}

#[test]
fn what_fits_stays_as_it_is() {
    let mut one = with(&"长".repeat(MAX_LINE), "urn:x", "https://a.example/", &"文".repeat(10_000));
    let before = one.clone();
    assert!(!entry(&mut one));
    assert_eq!(one, before);
}

#[test]
fn what_does_not_is_cut_or_left_out() {
    let long = "长".repeat(2_500_000);
    let mut one = with(&long, &long, &long, &long);
    one.authors = vec![Person { name: long.clone(), uri: Some(long.clone()), email: None }];
    one.categories = vec![Category { term: long.clone(), label: Some(long.clone()), scheme: None }];
    let mut all = ParsedFeed { title: Some(long), entries: vec![one], ..ParsedFeed::default() };
    assert!(feed(&mut all));
    let one = &all.entries[0];
    let title = one.title.as_deref().expect("a title");
    assert_eq!(title.chars().count(), MAX_LINE);
    assert!(title.ends_with('…'));
    assert_eq!((&one.id, one.links.len(), &one.authors[0].uri), (&None, 0, &None));
    assert!(one.summary.as_ref().is_some_and(|body| body.as_str().len() <= MAX_HTML));
    let size = serde_json::to_string(&all).expect("plain values").len();
    assert!(size < MAX_HTML + 20 * MAX_LINE, "{size} octets");
    assert!(!feed(&mut all), "once is enough");
}
