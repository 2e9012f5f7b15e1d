//! Finds the elements that are not content: frames, by their names, and hidden elements. Decides by tags, names and
//! styles; `prose` weighs the text in them.

use std::collections::HashSet;
use std::sync::LazyLock;

use scraper::ElementRef;

use super::dom::attr;

/// Words in class names and ids that name parts of a frame. Whole words: `print` is none of `printer`.
const FRAME: &[&str] = &[
    "share", "sharing", "shares", "sharebar", "sharebox", "bdsharebuttonbox", "function_code_page", "social",
    "related", "adeditor", "copyright", "pagination", "paging", "pager", "footer", "foot", "breadcrumb",
    "breadcrumbs", "crumb", "crumbs", "comment", "comments", "commentlist", "disqus", "recommend",
    "recommends", "recommended", "recommendation", "recommendations", "tuijian", "toolbar", "sidebar",
    "aside", "qrcode", "hotnews", "pagenav", "prevnext", "newsletter", "subscribe", "cookie", "cookies",
    "consent", "promo", "outbrain", "taboola", "teaser", "teasers", "trending", "mostread", "popular",
    "advert", "advertisement", "ads", "sponsored", "readmore", "byline", "author", "authors", "bio", "login",
    "nav", "navbar", "navigation", "menu",
];

/// Words that name boxes, and on some pages what is larger than a box.
const BOXES: &[&str] = &["signup", "subscription", "ad"];

/// Words that name boxes with a word to the reader about the page, unless they show a picture or a film: some open
/// pictures so.
const NOTICES: &[&str] = &["tooltip", "toast", "popup", "modal", "fallback", "affiliate", "recirculation"];

/// Classes that stylesheets hide.
const UNSEEN: &[&str] =
    &["hidden", "hide", "d-none", "is-hidden", "sr-only", "visually-hidden", "screen-reader-text"];

/// Words that make a name a statement about the page: `with-sidebar`, `comments-enabled`, `has-related`.
const STATES: &[&str] =
    &["with", "has", "have", "no", "without", "enabled", "disabled", "is", "not", "grid", "layout"];

/// True if the tag or the names of an element say that it is part of a frame.
pub(super) fn is_framed(element: ElementRef<'_>) -> bool {
    match element.value().name() {
        "body" | "html" | "main" | "p" => false,
        "nav" | "footer" | "aside" | "button" | "form" | "select" => true,
        _ => {
            let names = [attr(element, "class"), attr(element, "id")];
            let names = || names.into_iter().flatten().flat_map(str::split_whitespace);
            names().any(is_frame_name) && !names().any(is_body_name)
        }
    }
}

/// True if the names of an element say that it is a box, or that a stylesheet hides it, and nothing says when it is
/// shown (`md:block`).
pub(super) fn is_boxed(element: ElementRef<'_>) -> bool {
    let Some(class) = attr(element, "class") else { return false };
    let classes = || class.split_whitespace();
    if classes().any(|class| UNSEEN.contains(&class)) && !classes().any(|class| class.contains(':')) {
        return true;
    }
    if !matches!(element.value().name(), "div" | "section" | "aside" | "ul") {
        return false;
    }
    let (mut is_box, mut is_notice) = (false, false);
    for_words(class, |word| {
        is_box |= BOXES.contains(&word);
        is_notice |= NOTICES.contains(&word);
    });
    is_box || is_notice && !has_media(element)
}

fn has_media(element: ElementRef<'_>) -> bool {
    let mut inner = element.descendent_elements().map(|inner| inner.value().name());
    inner.any(|name| matches!(name, "img" | "picture" | "video" | "audio" | "iframe"))
}

/// True if one of the words is in the names that some attributes give an element.
pub(super) fn has_word(element: ElementRef<'_>, attributes: &[&str], words: &[&str]) -> bool {
    let mut found = false;
    for names in attributes.iter().filter_map(|attribute| attr(element, attribute)) {
        for_words(names, |word| found |= words.contains(&word));
    }
    found
}

/// True if one name, a class or an id, is that of a frame.
fn is_frame_name(name: &str) -> bool {
    static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| FRAME.iter().copied().collect());
    // `print:hidden` is a style, and `tag-newsletter` what WordPress says the article is about.
    if name.contains(':') || ["tag-", "category-", "post_tag-"].iter().any(|start| name.starts_with(start)) {
        return false;
    }
    let (mut framed, mut states) = (WORDS.contains(name.to_ascii_lowercase().as_str()), false);
    for_words(name, |word| {
        framed |= WORDS.contains(word);
        states |= STATES.contains(&word);
    });
    framed && !states
}

/// True if a name says that the body of the article is in it: `article__content`, `storyText`.
fn is_body_name(name: &str) -> bool {
    let (mut subject, mut part) = (false, false);
    for_words(name, |word| {
        part |= subject && matches!(word, "content" | "body" | "text");
        subject |= matches!(word, "article" | "story" | "entry" | "post" | "news" | "detail");
    });
    part
}

/// Calls with the words of a name, in lower case: parted by marks, and where capitals follow small letters.
fn for_words(name: &str, mut each: impl FnMut(&str)) {
    let mut word = String::new();
    let mut small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (small && c.is_uppercase()) {
            each(&word);
            word.clear();
        }
        if c.is_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        small = c.is_lowercase();
    }
    each(&word);
}

/// True if an element is written so that nobody sees it.
pub(super) fn is_hidden(element: ElementRef<'_>) -> bool {
    if attr(element, "hidden").is_some() || attr(element, "aria-hidden") == Some("true") {
        return true;
    }
    let Some(style) = attr(element, "style") else { return false };
    let style: String =
        style.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    // `visibility` and `opacity` hide whole articles until a script has run; these are read.
    let far = |property: &&str| {
        let after = style.split_once(*property).map_or("", |(_, after)| after);
        after.bytes().take_while(u8::is_ascii_digit).count() >= 3
    };
    style.contains("display:none") || ["left:-", "top:-", "text-indent:-"].iter().any(far)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_frame_s_only_by_whole_words_that_state_nothing_about_the_page() {
        let frames = [
            "adEditor", "function_code_page", "comment", "article-comments", "shareBox", "js_related_news",
            "hot recommend",
        ];
        let others = [
            "detail-page-printer", "withSidebar", "comments-enabled", "has-comments", "authority",
            "commented", "tag-newsletter", "print:hidden",
        ];
        let is = |names: &&str| names.split(' ').any(is_frame_name);
        assert_eq!(frames.iter().filter(|names| is(names)).count(), frames.len());
        assert_eq!(others.iter().filter(|names| is(names)).collect::<Vec<_>>(), Vec::<&&str>::new());
    }
}
