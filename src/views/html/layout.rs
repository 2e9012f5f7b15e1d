//! What all pages have in common: head, masthead, search box, language switch, footer. A page is a pure function of
//! what it shows; it never says "now".

use maud::{DOCTYPE, Markup, html};

use super::assets::{ICON, SCRIPT, SOCIAL, STYLE};
use super::icons;
use super::lang::{Lang, Tongue};
use crate::model::feed_key::FeedKey;
use crate::model::search::LONGEST;
use crate::read::text;
use crate::views::format::Format;
use crate::views::opensearch;
use crate::views::site::Site;

/// A page in the making: the site and the language that its links keep.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) site: &'a Site,
    pub(super) tongue: Tongue,
}

/// What a page says of itself besides its body.
#[derive(Clone, Copy)]
pub(super) struct Head<'a> {
    /// Without the name of the site, which follows it; the name of the site for the home page.
    pub(super) title: &'a str,
    /// Its address below the public address: `henan/`.
    pub(super) path: &'a str,
    /// A sentence for search engines and previews.
    pub(super) description: &'a str,
    /// Further elements of the head: feeds, neighbours, the canonical address.
    pub(super) links: &'a Markup,
    /// The words in the search box.
    pub(super) query: &'a str,
}

impl<'a> Frame<'a> {
    pub(super) fn lang(&self) -> Lang {
        self.tongue.lang
    }

    /// The address of a page here, with the language if the address asked for one.
    pub(super) fn to(&self, path: &str) -> String {
        format!("{}/{path}{}", self.site.base_path(), self.tongue.query())
    }

    /// The address of a file here, which has no language.
    pub(super) fn file(&self, path: &str) -> String {
        format!("{}/{path}", self.site.base_path())
    }

    /// The name of a feed; a source's id for that of a source.
    pub(super) fn name<'b>(&self, feed: &'b FeedKey) -> &'b str
    where
        'a: 'b,
    {
        match feed {
            FeedKey::All => self.lang().all(),
            FeedKey::National => self.lang().national(),
            FeedKey::Region(id) => {
                self.site.regions.get(id.as_str()).map_or(id.as_str(), |region| self.lang().region(region))
            }
            FeedKey::Source(id) => id.as_str(),
        }
    }

    /// The title of a feed's page: its name in the language of the page; of a source its own title.
    pub(super) fn title<'b>(&self, feed: &'b FeedKey, own: &'b str) -> &'b str
    where
        'a: 'b,
    {
        if matches!(feed, FeedKey::Source(_)) { own } else { self.name(feed) }
    }

    /// A link by which readers find a feed of a page. `path` has no ending.
    pub(super) fn discover(&self, title: &str, path: &str, format: &Format) -> Markup {
        html! {
            link rel="alternate" type=(format.bare_type()) title=(title)
                href=(self.file(&format!("{path}{}", format.ending)));
            "\n"
        }
    }

    /// The whole page around the content of its `main`.
    pub(super) fn page(&self, head: &Head<'_>, main: &Markup) -> Vec<u8> {
        let (lang, site) = (self.lang(), self.site);
        let is_home = head.path.is_empty();
        let title =
            if is_home { head.title.to_owned() } else { format!("{} · {}", head.title, lang.site()) };
        let public = format!("{}/{}", site.public_url, head.path);
        let page = html! {
            (DOCTYPE) "\n"
            html lang=(lang.document()) {
                head {
                    meta charset="utf-8"; "\n"
                    meta name="viewport" content="width=device-width, initial-scale=1"; "\n"
                    title { (title) } "\n"
                    link rel="stylesheet" href=(self.file(&STYLE.path)); "\n"
                    link rel="icon" type="image/svg+xml" href=(self.file(&ICON.path)); "\n"
                    meta name="description" content=(head.description); "\n"
                    meta name="color-scheme" content="light dark"; "\n"
                    meta property="og:title" content=(head.title); "\n"
                    meta property="og:site_name" content=(lang.site()); "\n"
                    meta property="og:description" content=(head.description); "\n"
                    meta property="og:url" content=(public); "\n"
                    meta property="og:image" content=(format!("{}/{}", site.public_url, SOCIAL.path)); "\n"
                    @for other in Lang::ALL {
                        link rel="alternate" hreflang=(other.document())
                            href=(in_language(&public, other)); "\n"
                    }
                    @if site.search {
                        link rel="search" type="application/opensearchdescription+xml" title=(lang.site())
                            href=(self.file(opensearch::PATH)); "\n"
                    }
                    (head.links)
                    script defer src=(self.file(&SCRIPT.path)) {} "\n"
                } "\n"
                body {
                    a.skip href="#main" { (lang.skip()) } "\n"
                    (self.masthead(head)) "\n"
                    main id="main" tabindex="-1" { (main) } "\n"
                    (self.footer()) "\n"
                } "\n"
            } "\n"
        };
        // maud escapes markup; control characters are an error in HTML, escaped or not.
        text::xml_legal(&page.into_string()).as_bytes().to_vec()
    }

    fn masthead(&self, head: &Head<'_>) -> Markup {
        let lang = self.lang();
        let is_home = head.path.is_empty();
        let brand = html! {
            (icons::seal())
            span { (lang.site()) }
        };
        html! {
            header.masthead {
                div.bar {
                    @if is_home {
                        h1.brand { (brand) }
                    } @else {
                        p.brand { a href=(self.to("")) { (brand) } }
                    }
                    @if self.site.search { (self.search_box(head.query)) }
                    nav.tools aria-label=(lang.languages()) {
                        @for other in Lang::ALL {
                            @let here = in_language(&self.file(head.path), other);
                            a href=(here) lang=(other.document()) hreflang=(other.document())
                                aria-current=[(other == lang).then_some("true")] { (other.own_name()) }
                        }
                    }
                }
            }
        }
    }

    /// The form that asks for `/search?q=…`.
    pub(super) fn search_box(&self, query: &str) -> Markup {
        let lang = self.lang();
        html! {
            search {
                form.search action=(self.file("search")) method="get" {
                    input type="search" name="q" value=(query) required maxlength=(LONGEST)
                        aria-label=(lang.search_for()) placeholder=(lang.search_for());
                    @if self.tongue.kept {
                        input type="hidden" name="lang" value=(lang.tag());
                    }
                    button type="submit" aria-label=(lang.search()) { (icons::lens()) }
                }
            }
        }
    }

    fn footer(&self) -> Markup {
        let lang = self.lang();
        html! {
            footer {
                p {
                    a href=(self.to("")) { (lang.home()) } " "
                    a href=(self.to("all/")) { (lang.all()) } " "
                    a href=(self.to("national/")) { (lang.national()) } " "
                    a href=(self.to("status")) { (lang.status()) } " "
                    a href=(self.file("feeds.opml")) { "OPML" }
                }
                @if let Some(rights) = &self.site.rights { p dir="auto" { (rights) } }
                p { (lang.about()) }
            }
        }
    }
}

/// The address of a page in a language. The page of a search has a query already.
pub(super) fn in_language(address: &str, lang: Lang) -> String {
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}lang={}", lang.tag())
}
