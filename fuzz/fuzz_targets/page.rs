//! Reading a page as a list or as an article never panics, keeps the limits of its results, and gives the same
//! result for the same bytes.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run page -- -max_total_time=60`

#![no_main]

use chrono::{DateTime, Utc};
use dibao::read::feed::FeedInput;
use dibao::read::page::{ArticleRules, ListRules, article, enrich, feed_links, list};
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
