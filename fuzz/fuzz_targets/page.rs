//! Reading or explaining a page as a list or as an article never panics, keeps the limits of its results, and gives the
//! same result for the same bytes; also with what other pages taught.
//!
//! `fuzz/run page -max_total_time=60`

#![no_main]

use chrono::{DateTime, Utc};
use dibao::model::page_habits::PageHabits;
use dibao::read::feed::FeedInput;
use dibao::read::page::{
    ArticleRules, ListRules, article, article_among, enrich, explain_article, explain_list, feed_links, list,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let input = FeedInput {
        bytes: data,
        url: "https://www.news.example/list/index.html",
        content_type: None,
        zone: chrono_tz::Asia::Shanghai,
        fetched_at: DateTime::<Utc>::UNIX_EPOCH + chrono::Duration::days(20_500),
    };
    let lists = list(&input, &ListRules::default());
    assert_eq!(lists, list(&input, &ListRules::default()), "two readings of a list differ");
    let told = article(&input, &ArticleRules::default());
    assert_eq!(told, article(&input, &ArticleRules::default()), "two readings of an article differ");
    among(&input, told.is_ok());
    explained(&input);
    for link in feed_links(&input) {
        assert!(link.href.starts_with("http"), "link {:?}", link.href);
    }
    let Ok(page) = lists else { return };
    assert!(!page.feed.entries.is_empty(), "an empty list has a name");
    assert!(page.next.is_none_or(|next| next.starts_with("http")));
    for entry in &page.feed.entries {
        let title = entry.title.as_deref().unwrap_or_default();
        assert!(!title.is_empty() && !title.contains('\n') && title.trim() == title, "title {title:?}");
        assert!(entry.page().is_some_and(|page| page.starts_with("http")), "links {:?}", entry.links);
        if let Ok(told) = &told {
            let once = enrich(entry, told);
            assert_eq!(enrich(&once, told), once, "enriching twice differs");
        }
    }
});

/// Reads a page after beginnings of it: they share its frame, and each has another text. `is_article` is true if it is
/// one without them.
fn among(input: &FeedInput<'_>, is_article: bool) {
    let rules = ArticleRules::default();
    let mut habits = PageHabits::default();
    for quarters in 1..4 {
        let part = FeedInput { bytes: &input.bytes[..input.bytes.len() * quarters / 4], ..*input };
        if let Ok((_, traits)) = article_among(&part, &rules, &habits) {
            habits.note(input.fetched_at, &traits);
        }
    }
    let read = article_among(input, &rules, &habits);
    assert_eq!(read, article_among(input, &rules, &habits), "two readings with the same habits differ");
    assert_eq!(read.is_ok(), is_article, "habits decide if it is an article: {read:?}");
}

/// An explanation is of what was read, and takes no selector that does not choose it.
fn explained(input: &FeedInput<'_>) {
    let explained = explain_article(input).ok().and_then(|explained| explained.article);
    if let Ok(read) = article(input, &ArticleRules::default()) {
        assert_eq!(explained.as_ref(), Some(&read), "an article is explained otherwise than it is read");
    }
    let proposal = explain_list(input).ok().and_then(|explained| explained.proposal);
    if let Some(proposal) = proposal {
        assert!(list(input, &proposal.rules).is_ok(), "the proposed selectors give no list");
    }
}
