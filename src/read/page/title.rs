//! Finds the title of an article: its headings, its lines and its head vote together. The head of this page cannot
//! vote for text that is on every page of a site, a logo or a rubric.

use std::collections::HashSet;

use scraper::ElementRef;
use url::Url;

use super::dom::{Page, select, text};
use super::lines::TextLine;
use super::meta;
use super::notes::{Found, Part};
use super::prose::Prose;
use super::shared::{Shared, social_title};

/// Marks that separate a title from the name of the site.
const MARKS: &[char] = &['_', '|', '｜', '-', '–', '—', '·', '«', '»', '‹'];

/// The title of an article. What is `shared` with other pages is none: a heading, `<title>` or `og:title`.
pub(super) fn title(
    page: &Page,
    prose: &Prose<'_>,
    lines: &[TextLine],
    shared: Shared<'_>,
) -> Option<String> {
    let headings: Vec<(ElementRef<'_>, String)> = select(&page.html, "h1")
        .filter(|heading| prose.is_shown(*heading))
        .map(|heading| (heading, text(heading)))
        .filter(|(_, said)| said.chars().count() >= 4 && !shared.is_logo(said))
        .collect();
    let found = by_rules(page, lines, &headings, shared);
    if page.notes.are_kept() {
        note(page, lines, &headings, found.as_ref());
    }
    found.map(|(said, _)| said)
}

/// Notes the title with the element that shows it, and the other headings.
fn note(
    page: &Page,
    lines: &[TextLine],
    headings: &[(ElementRef<'_>, String)],
    found: Option<&(String, &'static str)>,
) {
    /// More headings than a person compares; a hostile page has thousands.
    const MAX_HEADINGS: usize = 8;
    let shows = |title: &str| {
        let heading = headings.iter().find(|(_, said)| said == title).map(|(heading, _)| heading.id());
        heading.or_else(|| lines.iter().find(|line| line.text == title).map(|line| line.block))
    };
    if let Some((title, why)) = found {
        let found = Found { value: title.clone(), node: shows(title), why };
        page.notes.add_found(Part::Title, true, &found);
    }
    let others = headings.iter().filter(|(_, said)| found.is_none_or(|(title, _)| title != said));
    for (heading, said) in others.take(MAX_HEADINGS) {
        let why = "a heading; an earlier rule gave the title, or the head of the page has other words";
        let lost = Found { value: said.clone(), node: Some(heading.id()), why };
        page.notes.add_found(Part::Title, false, &lost);
    }
}

/// The title, and the rule that gave it.
fn by_rules(
    page: &Page,
    lines: &[TextLine],
    headings: &[(ElementRef<'_>, String)],
    shared: Shared<'_>,
) -> Option<(String, &'static str)> {
    /// A line that the page's title begins with is no shorter, in characters.
    const MIN_LINE: usize = 5;
    if let Some(standard) = page.meta(&["articletitle"]) {
        return Some((standard, "ArticleTitle in the head"));
    }
    // A site with one `<title>` for all pages does not name an article by it.
    let own = |said: &String| !shared.is_logo(said);
    let declared = page.title.clone().filter(own).unwrap_or_default();
    let own_declared = shared.own_title(&declared);
    let social = social_title(page).filter(own).unwrap_or_default();
    let own_social = shared.own_title(&social);
    let whole = |said: &str| declared.contains(said) || social.contains(said);
    let agreed = headings.iter().filter(|(_, said)| whole(said) && !is_rubric(said, &declared));
    if let Some((_, said)) = agreed.max_by_key(|(_, said)| said.chars().count()) {
        return Some((said.clone(), "the heading that the head of the page agrees with"));
    }
    let sites = sites(page);
    let head = format!("{declared} {social}");
    let social = Some(meta::article_title(own_social, &sites)).filter(|title| !title.is_empty());
    if let [(only, said)] = headings
        && (likeness(said, &head) * 3 >= 100 || (said.chars().count() >= 8 && stands_in_article(*only)))
    {
        // A heading may have the rubric before the title in it; the head has the title alone.
        let own = social.as_ref().filter(|own| own.chars().count() >= 8 && said.ends_with(own.as_str()));
        return Some((own.unwrap_or(said).clone(), "the only heading"));
    }
    let ends = |said: &str| {
        let rest = declared.strip_prefix(said).map(str::trim_start);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(MARKS)) || said == own_declared
    };
    let starts = lines.iter().filter(|line| line.text.chars().count() >= MIN_LINE && ends(&line.text));
    let starts = starts.filter(|line| !shared.is_logo(&line.text));
    if let Some(line) =
        starts.filter(|line| !is_rubric(&line.text, &declared)).max_by_key(|line| line.text.len())
    {
        return Some((line.text.clone(), "a line with which <title> begins"));
    }
    // `行情--标题-某某网`: the part between that stands on the page as a line.
    let parts: HashSet<&str> = own_declared.split(MARKS).map(str::trim).collect();
    let part =
        lines.iter().filter(|line| line.text.chars().count() >= 8 && parts.contains(line.text.as_str()));
    let part = part.filter(|line| !shared.is_logo(&line.text));
    if let Some(line) = part.max_by_key(|line| line.text.len()) {
        return Some((line.text.clone(), "a line that is a part of <title>"));
    }
    let long = headings.iter().map(|(_, said)| said).find(|said| said.chars().count() >= 8);
    let long = long.filter(|said| declared.is_empty() || likeness(said, &head) > 0);
    let declared = Some(meta::article_title(own_declared, &sites)).filter(|title| !title.is_empty());
    let social = social.map(|said| (said, "og:title in the head"));
    let declared = declared.map(|said| (said, "<title> without the name of the site"));
    social.or(declared).or(long.map(|said| (said.clone(), "a heading that shares words with the head")))
}

/// True if a text is a rubric or a tag before the title: the page's title goes on with much more in the
/// same part.
fn is_rubric(said: &str, declared: &str) -> bool {
    let part = declared.split(['|', '_', '｜']).map(str::trim).find(|part| part.contains(said));
    part.is_some_and(|part| part != said && said.chars().count() * 3 < part.chars().count())
}

fn stands_in_article(heading: ElementRef<'_>) -> bool {
    let mut above = heading.ancestors().filter_map(ElementRef::wrap).map(|up| up.value().name());
    above.any(|name| matches!(name, "article" | "main"))
}

/// The share of a text that another has, in hundredths: words, or pairs of characters where no blanks part words.
pub(super) fn likeness(said: &str, other: &str) -> usize {
    share(&units(said), &units(other))
}

/// The share of some units that others have, in hundredths.
pub(super) fn share(of: &HashSet<String>, all: &HashSet<String>) -> usize {
    if of.is_empty() { 0 } else { of.intersection(all).count() * 100 / of.len() }
}

/// The words of a text, or its pairs of characters.
pub(super) fn units(said: &str) -> HashSet<String> {
    /// Words of fewer letters are in every sentence.
    const MIN_WORD: usize = 4;
    let lower = said.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut found = HashSet::new();
    for word in words {
        let letters: Vec<char> = word.chars().collect();
        if word.is_ascii() || letters.iter().all(|c| *c < '\u{0E00}') {
            found.extend((letters.len() >= MIN_WORD).then(|| word.to_owned()));
        } else {
            found.extend(letters.windows(2).map(|pair| pair.iter().collect()));
        }
    }
    found
}

/// The names of the site, as its head and its address have them: letters and digits, in lower case.
fn sites(page: &Page) -> Vec<String> {
    let host = Url::parse(&page.url).ok().and_then(|url| url.domain().map(str::to_owned)).unwrap_or_default();
    let labels =
        host.split('.').filter(|label| label.len() >= 3 && !matches!(*label, "www" | "com" | "org" | "net"));
    let named = page.meta(&["og:site_name"]);
    labels.map(meta::plain_name).chain(named.map(|name| meta::plain_name(&name))).collect()
}
