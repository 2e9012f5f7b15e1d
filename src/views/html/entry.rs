//! The page of an entry: what it says, where to read it, who else reports it, why it stands where it does, and how it
//! changed. Shows as much of the text as the feeds do.

use maud::{Markup, PreEscaped, html};
use serde_json::{Map, Value, json};

use super::lang::{Lang, Tongue};
use super::layout::{Frame, Head};
use super::{alike, icons, listing};
use crate::model::entry::Person;
use crate::model::evidence::{Evidence, Place, Rule};
use crate::model::stored::Entry;
use crate::model::story::Reason;
use crate::model::time::{Time, rfc3339};
use crate::read::html::prose;
use crate::views::document::{EntryDoc, Related, SUMMARY_CHARS, entry_path};
use crate::views::site::Site;

/// What the page of an entry shows.
#[derive(Clone, Copy)]
pub struct EntryPage<'a> {
    /// The entry as a feed shows it.
    pub doc: &'a EntryDoc,
    /// The same as it is stored, for the decisions about it.
    pub stored: &'a Entry,
    /// The title that it had before, as far as it may be shown.
    pub was: Option<&'a str>,
}

/// The page of an entry.
pub fn entry(site: &Site, tongue: Tongue, page: &EntryPage<'_>) -> Vec<u8> {
    let frame = Frame { site, tongue };
    let EntryPage { doc, stored, was } = *page;
    let language = doc.language.as_deref();
    let original = listing::page(doc);
    let main = html! {
      div.columns {
       div {
        article.entry {
            h1 lang=[language] dir="auto" { (doc.title) }
            (facts(frame, doc))
            @match &doc.content {
                Some(content) => div.prose lang=[language] dir="auto" { (PreEscaped(prose(content))) },
                None => @if let Some(summary) = &doc.summary { p.lede lang=[language] dir="auto" { (summary) } },
            }
            @if let Some(original) = original {
                p { a.action href=(original) { (frame.lang().original()) (icons::outward()) } }
            }
            @if let Some(rights) = &doc.rights { p.hint dir="auto" { (rights) } }
        }
        @if !doc.reports.is_empty() { (others(frame, doc)) }
       }
       aside {
        section.why {
            h2 { (frame.lang().why_here()) }
            (regions(frame, doc, &stored.regions))
            h2 { (frame.lang().corrections()) }
            p { (corrections(frame, stored, was)) }
        }
       }
      }
    };
    let path = doc.path();
    let links = html! {
        @if let Some(original) = original { link rel="canonical" href=(original); "\n" }
        meta property="og:type" content="article"; "\n"
        script type="application/ld+json" { (PreEscaped(machine_readable(frame, doc, original))) } "\n"
    };
    let description = doc.summary.as_deref().unwrap_or(&doc.title);
    let description: String = description.chars().take(SUMMARY_CHARS).collect();
    frame.page(
        &Head { title: &doc.title, path: &path, description: &description, links: &links, query: "" },
        &main,
    )
}

/// When, by whom, in which section and regions.
fn facts(frame: Frame<'_>, doc: &EntryDoc) -> Markup {
    let lang = frame.lang();
    let authors: Vec<&Person> = doc.authors.iter().filter(|person| person.name != doc.source.title).collect();
    let fact = |name: &str, value: Markup| html! { div { dt { (name) } dd { (value) } } };
    html! {
        dl.facts {
            (fact(lang.published(), instant(frame, doc.published)))
            (fact(lang.outlet(), html! {
                a dir="auto" href=(frame.to(&format!("source/{}/", doc.source.slug))) { (doc.source.title) }
            }))
            @if !authors.is_empty() { (fact(lang.by(), names(&authors))) }
            @if !doc.contributors.is_empty() {
                (fact(lang.editor(), names(&doc.contributors.iter().collect::<Vec<_>>())))
            }
            @if let Some(section) = listing::section(doc) {
                (fact(lang.section(), html! { span dir="auto" { (section) } }))
            }
        }
    }
}

fn names(people: &[&Person]) -> Markup {
    html! { @for person in people { span.name dir="auto" { (person.name) } " " } }
}

/// The other reports of its story, with the words that they share with it.
fn others(frame: Frame<'_>, doc: &EntryDoc) -> Markup {
    let lang = frame.lang();
    let left = doc.others.saturating_sub(doc.reports.len());
    html! {
        section.story {
            h2 { (lang.other_reports()) " " span.count { (listing::count(frame, doc)) } }
            ul.headlines {
                @for other in &doc.reports { li { (clock(frame, other.published)) (other_report(frame, doc, other)) } }
            }
            @if left > 0 { p.hint { (lang.more_reports(left)) } }
            p.hint { (lang.marked_alike()) }
        }
    }
}

fn other_report(frame: Frame<'_>, doc: &EntryDoc, other: &Related) -> Markup {
    let lang = frame.lang();
    let title = html! {
        @for (shared, piece) in alike::marked(&other.title, &doc.title) {
            @if shared { mark { (piece) } } @else { (piece) }
        }
    };
    html! {
        div {
            p.headline lang=[other.language.as_deref()] dir="auto" {
                a href=[Some(&other.href).filter(|href| listing::of_the_web(href))] { (title) }
            }
            p.meta {
                a.outlet dir="auto" href=(frame.to(&format!("source/{}/", other.source))) { (other.outlet) }
                span { (reason(lang, other.reason)) }
                a.details href=(frame.to(&entry_path(&other.id))) aria-label=(lang.details_of(&other.title)) {
                    (lang.details())
                }
            }
        }
    }
}

/// Why a report was taken for one of the story.
fn reason(lang: Lang, reason: Option<Reason>) -> String {
    match reason {
        None => lang.first_of_story().to_owned(),
        Some(Reason::SameLink) => lang.same_link().to_owned(),
        Some(Reason::SameTitle) => lang.same_title().to_owned(),
        Some(Reason::NearText { percent }) => lang.near_text(percent),
        Some(Reason::PartOfText { percent }) => lang.part_of_text(percent),
        Some(Reason::NearTitle { percent }) => lang.near_title(percent),
    }
}

/// The regions it stands in, each with the evidence.
fn regions(frame: Frame<'_>, doc: &EntryDoc, evidence: &[Evidence]) -> Markup {
    let lang = frame.lang();
    let name = |evidence: &Evidence| {
        let region = frame.site.regions.get(evidence.region.as_str());
        region.map_or(evidence.region.as_str(), |region| lang.region(region)).to_owned()
    };
    html! {
        @if doc.regions.is_empty() {
            p { a href=(frame.to("national/")) { (lang.national()) } (lang.colon()) (lang.names_no_region()) }
        } @else {
            ul {
                @for evidence in evidence {
                    li {
                        a href=(frame.to(&format!("{}/", evidence.region))) { (name(evidence)) }
                        (lang.colon()) (in_words(lang, evidence, &name(evidence)))
                    }
                }
            }
        }
    }
}

fn in_words(lang: Lang, evidence: &Evidence, region: &str) -> String {
    let text = &evidence.text;
    let told = match evidence.place {
        Place::Title => lang.in_title(text),
        Place::Dateline => lang.in_dateline(text),
        Place::Rule => return lang.by_rule(text),
        Place::Source => return lang.of_source(region),
        Place::Code => return lang.by_code().to_owned(),
        Place::Operator => return lang.by_operator().to_owned(),
    };
    let kind = match evidence.rule {
        Rule::Province => lang.rule_province(),
        Rule::Prefecture | Rule::PrefectureShort => lang.rule_prefecture(),
        Rule::County | Rule::CountyShort => lang.rule_county(),
        Rule::Bingtuan => lang.rule_bingtuan(),
        Rule::Abbreviation => lang.rule_abbreviation(),
        Rule::Group => lang.rule_group(),
        Rule::Landmark => lang.rule_landmark(),
        Rule::Club => lang.rule_club(),
        Rule::Alias => lang.rule_alias(),
        Rule::Fixed | Rule::Pattern | Rule::Code | Rule::Assigned => return told,
    };
    lang.with_kind(told, kind)
}

/// How it changed since it was first seen.
fn corrections(frame: Frame<'_>, stored: &Entry, was: Option<&str>) -> Markup {
    let lang = frame.lang();
    html! {
        (lang.first_seen(minute(frame, stored.first_seen))) " "
        @if stored.rewrites == 0 {
            (lang.never_changed())
        } @else {
            (lang.rewritten(stored.rewrites)) (lang.comma()) (lang.last_changed(minute(frame, stored.updated)))
            @if let Some(was) = was { " " span dir="auto" { (lang.titled_before(was)) } }
        }
    }
}

/// The entry for machines, as schema.org names its parts.
fn machine_readable(frame: Frame<'_>, doc: &EntryDoc, original: Option<&str>) -> String {
    let mut publisher = json!({ "@type": "NewsMediaOrganization", "name": doc.source.title });
    if let Some(home) = &doc.source.home_url {
        publisher["url"] = home.as_str().into();
    }
    let person = |person: &Person| json!({ "@type": "Person", "name": person.name });
    let mut data = Map::new();
    let mut put = |name: &str, value: Option<Value>| data.extend(value.map(|value| (name.to_owned(), value)));
    put("@context", Some("https://schema.org".into()));
    put("@type", Some("NewsArticle".into()));
    put("headline", Some(doc.title.as_str().into()));
    put("datePublished", Some(rfc3339(doc.published).into()));
    put("dateModified", Some(rfc3339(doc.updated).into()));
    put("url", original.map(Value::from));
    put("mainEntityOfPage", original.map(Value::from));
    put("inLanguage", doc.language.as_deref().map(Value::from));
    put("description", doc.summary.as_deref().map(Value::from));
    put("articleSection", listing::section(doc).map(Value::from));
    let places = doc.regions.iter().map(|(_, name)| json!({ "@type": "Place", "name": name }));
    put("contentLocation", Some(places.collect::<Vec<_>>()).filter(|all| !all.is_empty()).map(Value::from));
    let authors = doc.authors.iter().filter(|author| author.name != doc.source.title).map(person);
    put("author", Some(authors.collect::<Vec<_>>()).filter(|all| !all.is_empty()).map(Value::from));
    let editors = doc.contributors.iter().map(person);
    put("editor", Some(editors.collect::<Vec<_>>()).filter(|all| !all.is_empty()).map(Value::from));
    put("publisher", Some(publisher));
    put("isPartOf", Some(json!({ "@type": "WebSite", "name": "邸报", "url": frame.site.public_url })));
    // In a script element no text may end the element or begin a comment.
    Value::Object(data).to_string().replace('<', "\\u003c")
}

fn clock(frame: Frame<'_>, at: Time) -> Markup {
    let local = at.with_timezone(&frame.site.zone);
    html! {
        time.clock datetime=(rfc3339(at)) { span.other { (local.format("%-m-%-d")) " " } (local.format("%H:%M")) }
    }
}

fn instant(frame: Frame<'_>, at: Time) -> Markup {
    html! { time datetime=(rfc3339(at)) { (minute(frame, at)) } }
}

fn minute(frame: Frame<'_>, at: Time) -> String {
    at.with_timezone(&frame.site.zone).format("%Y-%m-%d %H:%M").to_string()
}
