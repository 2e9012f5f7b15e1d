//! The page of a search: the form with its filters, the stories that were found with marks, and how to subscribe to
//! the search.

use maud::{Markup, html};

use super::lang::{Lang, Tongue};
use super::layout::{Frame, Head, in_language};
use super::{icons, listing};
use crate::model::search::{Fault, LONGEST, Piece, WORDS};
use crate::views::document::EntryDoc;
use crate::views::document::search::PATH;
use crate::views::formats::FORMATS;
use crate::views::site::Site;

/// The values of the form.
#[derive(Clone, Debug, Default)]
pub struct Form<'a> {
    pub q: &'a str,
    /// The path of a region's feed; empty for all regions.
    pub region: String,
    pub source: String,
    pub from: String,
    pub to: String,
    /// The language of the entries; empty for all. It has no field that is seen.
    pub language: String,
    pub by_relevance: bool,
}

/// A story that was found.
#[derive(Clone, Copy, Debug)]
pub struct Result<'a> {
    pub entry: &'a EntryDoc,
    pub title: &'a [Piece],
    pub excerpt: &'a [Piece],
}

/// What the page shows.
#[derive(Clone, Debug)]
pub struct SearchPage<'a> {
    pub form: Form<'a>,
    pub results: &'a [Result<'a>],
    /// All entries that match.
    pub total: usize,
    /// The stories on the pages before this one.
    pub first: usize,
    pub faults: &'a [Fault],
    /// Why there is no answer: the index is being built (true), or the search takes too long.
    pub unready: Option<bool>,
    /// True if something was asked for.
    pub asked: bool,
    /// The query of the feeds of this search, if it has feeds.
    pub feed: Option<String>,
    /// The path of this page with its query, without a language.
    pub address: String,
    pub earlier: Option<String>,
    pub later: Option<String>,
}

/// The page of a search.
pub fn search(site: &Site, tongue: Tongue, page: &SearchPage<'_>) -> Vec<u8> {
    let frame = Frame { site, tongue };
    let lang = frame.lang();
    let title = match page.form.q {
        "" => lang.search().to_owned(),
        q => lang.searched_for(q),
    };
    let links = html! {
        @if let Some(query) = &page.feed {
            @for format in FORMATS.iter().filter(|format| format.is_feed) {
                link rel="alternate" type=(format.bare_type()) title=(title) href=(feed(frame, query, format.ending)); "\n"
            }
        }
        @if let Some(earlier) = &page.earlier { link rel="prev" href=(to(frame, earlier)); "\n" }
        @if let Some(later) = &page.later { link rel="next" href=(to(frame, later)); "\n" }
        meta name="robots" content="noindex"; "\n"
    };
    let main = html! {
        h1 dir="auto" { (title) }
        div.columns {
            div {
                (form(frame, &page.form))
                (faults(lang, page.faults))
                (answer(frame, page))
                (pages(frame, page))
            }
            aside {
                @if let Some(query) = &page.feed { (subscribe(frame, query)) }
                p.hint { (lang.how_to_search()) }
            }
        }
    };
    let head =
        Head { title: &title, path: &page.address, description: &title, links: &links, query: page.form.q };
    frame.page(&head, &main)
}

/// The address of a search here, with the language if the address asked for one.
fn to(frame: Frame<'_>, address: &str) -> String {
    let address = frame.file(address);
    if frame.tongue.kept { in_language(&address, frame.lang()) } else { address }
}

fn feed(frame: Frame<'_>, query: &str, ending: &str) -> String {
    frame.file(&format!("{PATH}{ending}?{query}"))
}

fn form(frame: Frame<'_>, form: &Form<'_>) -> Markup {
    let lang = frame.lang();
    html! {
        form.filters action=(frame.file(PATH)) method="get" aria-label=(lang.filters()) {
            input type="hidden" name="q" value=(form.q);
            @if frame.tongue.kept { input type="hidden" name="lang" value=(lang.tag()); }
            @if !form.language.is_empty() { input type="hidden" name="language" value=(form.language); }
            label { (lang.region_of()) " "
                select name="region" {
                    option value="" { (lang.everywhere()) }
                    @for standing in frame.site.standing().skip(1) {
                        @let path = Site::path(&standing);
                        option value=(path) selected[path == form.region] { (frame.name(&standing)) }
                    }
                }
            } " "
            label { (lang.source()) " " input name="source" value=(form.source) size="12" maxlength="64"; } " "
            label { (lang.first_day()) " " input type="date" name="from" value=(form.from); } " "
            label { (lang.last_day()) " " input type="date" name="to" value=(form.to); } " "
            label { (lang.sorted()) " "
                select name="sort" {
                    option value="time" { (lang.by_time()) }
                    option value="relevance" selected[form.by_relevance] { (lang.by_relevance()) }
                }
            } " "
            button type="submit" { (lang.apply()) }
        }
    }
}

fn faults(lang: Lang, faults: &[Fault]) -> Markup {
    html! {
        @if !faults.is_empty() {
            ul.faults role="status" { @for fault in faults { li { (said(lang, fault)) } } }
        }
    }
}

/// A fault in a sentence.
fn said(lang: Lang, fault: &Fault) -> String {
    match fault {
        Fault::TooLong => lang.fault_too_long(LONGEST),
        Fault::TooManyWords => lang.fault_many_words(WORDS),
        Fault::OpenQuote => lang.fault_open_quote().to_owned(),
        Fault::NoLetters(part) => lang.fault_no_letters(part),
        Fault::OnlyWithout => lang.fault_only_without().to_owned(),
        Fault::Parameter { value, .. } => lang.fault_parameter(value),
        Fault::DaysReversed => lang.fault_days().to_owned(),
    }
}

fn answer(frame: Frame<'_>, page: &SearchPage<'_>) -> Markup {
    let lang = frame.lang();
    html! {
        @match page.unready {
            Some(true) => p.none { (lang.search_is_built()) },
            Some(false) => p.none { (lang.search_takes_long()) },
            None if !page.asked => {},
            None if page.results.is_empty() && page.total > 0 => p.none { (lang.no_more_results(page.total)) },
            None if page.results.is_empty() => p.none { (lang.nothing_found()) },
            None => {
                p.meta { (lang.found(page.total)) }
                ol.headlines.results start=(page.first + 1) {
                    @for result in page.results { (result_of(frame, *result)) "\n" }
                }
            },
        }
    }
}

fn result_of(frame: Frame<'_>, result: Result<'_>) -> Markup {
    let published = result.entry.published.with_timezone(&frame.site.zone);
    let clock = html! {
        span.other { (published.format("%Y-%m-%d")) " " }
        (published.format("%H:%M"))
    };
    let told = (!result.excerpt.is_empty()).then(|| pieces(result.excerpt));
    listing::item(frame, result.entry, &clock, &pieces(result.title), told.as_ref(), true)
}

fn pieces(pieces: &[Piece]) -> Markup {
    html! {
        @for piece in pieces {
            @if piece.is_match { mark { (piece.text) } } @else { (piece.text) }
        }
    }
}

fn pages(frame: Frame<'_>, page: &SearchPage<'_>) -> Markup {
    let lang = frame.lang();
    html! {
        @if page.earlier.is_some() || page.later.is_some() {
            nav.pages aria-label=(lang.pages()) {
                @if let Some(earlier) = &page.earlier { a rel="prev" href=(to(frame, earlier)) { (lang.newer_results()) } } " "
                @if let Some(later) = &page.later { a rel="next" href=(to(frame, later)) { (lang.older_results()) } }
            }
        }
    }
}

fn subscribe(frame: Frame<'_>, query: &str) -> Markup {
    let lang = frame.lang();
    html! {
        section.subscribe aria-labelledby="subscribe" {
            h2 id="subscribe" { (icons::feed()) (lang.subscribe_search()) }
            @for format in FORMATS.iter().filter(|format| format.is_feed) {
                p { a href=(feed(frame, query, format.ending)) { (format.name) } }
            }
            p.hint { (lang.formats()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::tests::{nasty, site};

    fn page(form: Form<'_>, results: &[Result<'_>], faults: &[Fault], tongue: Tongue) -> String {
        let page = SearchPage {
            address: format!("search?q={}", form.q.len()),
            form,
            results,
            total: results.len(),
            first: 0,
            faults,
            unready: None,
            asked: true,
            feed: Some("q=x".to_owned()),
            earlier: None,
            later: Some("search?q=x&page=2".to_owned()),
        };
        String::from_utf8(search(&site(), tongue, &page)).expect("UTF-8")
    }

    #[test]
    fn nothing_that_was_asked_or_found_is_markup() {
        let script = "<script>alert(1)</script>\"'";
        let doc = nasty();
        let piece = |is_match| Piece { text: script.to_owned(), is_match };
        let pieces = [piece(false), piece(true)];
        let result = Result { entry: &doc.entries[0], title: &pieces, excerpt: &pieces };
        let faults = [
            Fault::NoLetters(script.to_owned()),
            Fault::Parameter { name: "region", value: script.to_owned() },
        ];
        let (source, language) = (script.to_owned(), script.to_owned());
        let form = Form { q: script, source, language, ..Form::default() };
        for lang in Lang::ALL {
            let shown = page(form.clone(), &[result], &faults, Tongue { lang, kept: true });
            assert!(!shown.contains("<script>alert"), "{shown}");
            assert_eq!(shown.matches("<mark>&lt;script&gt;").count(), 2, "{shown}");
        }
    }

    #[test]
    fn a_page_behind_the_last_does_not_say_that_nothing_was_found() {
        let behind = SearchPage {
            form: Form { q: "x", ..Form::default() },
            results: &[],
            total: 45,
            first: 60,
            faults: &[],
            unready: None,
            asked: true,
            feed: None,
            address: "search?q=x".to_owned(),
            earlier: Some("search?q=x&page=3".to_owned()),
            later: None,
        };
        for lang in Lang::ALL {
            let shown = search(&site(), Tongue { lang, kept: false }, &behind);
            let shown = String::from_utf8(shown).expect("UTF-8");
            assert!(!shown.contains(lang.nothing_found()), "{shown}");
            assert!(shown.contains(&lang.no_more_results(45)), "{shown}");
        }
    }

    #[test]
    fn links_keep_the_search_and_the_language() {
        let form = Form { q: "x", language: "zh".to_owned(), ..Form::default() };
        let shown = page(form, &[], &[], Tongue { lang: Lang::En, kept: true });
        for link in [
            "search?q=x&amp;page=2&amp;lang=en\"",
            "search?q=1&amp;lang=zh\"",
            "search.atom?q=x\"",
            "rel=\"search\" type=\"application/opensearchdescription+xml\"",
            "name=\"q\" value=\"x\"",
            "name=\"q\" value=\"x\" required maxlength=\"200\"",
            "name=\"language\" value=\"zh\"",
        ] {
            assert!(shown.contains(link), "{link}: {shown}");
        }
    }
}
