//! Element names: namespaces to vocabularies, spellings to meanings. Owns every name a feed may use for a
//! thing; must not know what is done with it.

/// The vocabularies that say something about entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vocab {
    /// RSS of any version, Atom of any version, CDF, or no namespace at all: their names do not clash.
    Core,
    Dc,
    DcTerms,
    Content,
    Media,
    Itunes,
    Xhtml,
    /// When the feed changes: the syndication module of RSS 1.0.
    Syndication,
    /// Known to say nothing that is read here, or unknown.
    Other,
}

/// The vocabulary of a namespace name. Compared without case, scheme or trailing slash: all three are
/// written wrongly in the wild.
pub(super) fn vocab(uri: &str) -> Vocab {
    let uri = uri.trim().to_ascii_lowercase();
    let bare = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://")).unwrap_or(&uri);
    match bare.trim_end_matches(['/', '#']) {
        ""
        | "www.w3.org/2005/atom"
        | "purl.org/atom/ns"
        | "purl.org/echo"
        | "purl.org/pie"
        | "example.com/newformat"
        | "example.com/necho"
        | "uri/of/echo/namespace"
        | "purl.org/rss/1.0"
        | "my.netscape.com/rdf/simple/0.9"
        | "channel.netscape.com/rdf/simple/0.9"
        | "purl.org/rss/1.0/modules/rss091"
        | "blogs.law.harvard.edu/tech/rss"
        | "cyber.harvard.edu/rss"
        | "www.rssboard.org/rss-specification" => Vocab::Core,
        "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" => Vocab::Dc,
        "purl.org/dc/terms" => Vocab::DcTerms,
        "purl.org/rss/1.0/modules/content" => Vocab::Content,
        "purl.org/rss/1.0/modules/syndication" => Vocab::Syndication,
        "search.yahoo.com/mrss" => Vocab::Media,
        "www.itunes.com/dtds/podcast-1.0.dtd" | "example.com/dtds/podcast-1.0.dtd" => Vocab::Itunes,
        "www.w3.org/1999/xhtml" => Vocab::Xhtml,
        bare if bare.starts_with("backend.userland.com/rss") => Vocab::Core,
        _ => Vocab::Other,
    }
}

/// What a prefix means where no declaration says so.
pub(super) fn usual_prefix(prefix: &str) -> Vocab {
    match prefix {
        "rss" | "atom" | "atom10" | "a10" => Vocab::Core,
        "dc" => Vocab::Dc,
        "dcterms" => Vocab::DcTerms,
        "content" => Vocab::Content,
        "media" => Vocab::Media,
        "itunes" => Vocab::Itunes,
        "sy" => Vocab::Syndication,
        "xhtml" | "html" => Vocab::Xhtml,
        _ => Vocab::Other,
    }
}

/// What an element is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// `<rss>`, `<rdf:RDF>`.
    Envelope,
    /// `<feed>`: Atom.
    AtomFeed,
    /// `<channel>`: RSS, CDF.
    Channel,
    /// `<item>`, `<entry>`.
    Entry,
    /// A channel's image or text input box: none of its fields are the feed's.
    Aside,
    /// Atom and RSS `<source>`.
    Source,
    Person(Role),
    Name,
    Email,
    Homepage,
    Text(Field),
    Link,
    Enclosure,
    Category,
    Keywords,
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Author,
    Contributor,
    Publisher,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    /// A title of last resort: the media object's, the podcast's.
    OtherTitle,
    Id,
    Link,
    /// RSS `description`: by convention HTML.
    Description,
    /// Atom `summary` and its kin: plain unless said otherwise.
    Summary,
    OtherSummary,
    Abstract,
    Content,
    /// `content:encoded`, `fullitem`: HTML.
    Encoded,
    /// `xhtml:body`, `body`: inline markup.
    Body,
    Published,
    Updated,
    Created,
    Rights,
    Subtitle,
    Language,
    Ttl,
    UpdatePeriod,
    UpdateFrequency,
    SkipHour,
    SkipDay,
    Category,
    Keywords,
    Name,
    Email,
    Homepage,
}

impl Field {
    /// Whether the field is one short value, in which another entry field cannot stand.
    pub(super) fn is_short(self) -> bool {
        !matches!(
            self,
            Self::Description
                | Self::Summary
                | Self::OtherSummary
                | Self::Abstract
                | Self::Content
                | Self::Encoded
                | Self::Body
                | Self::Rights
                | Self::Subtitle
        )
    }
}

/// The meaning of an element; `local` in lower case.
pub(super) fn meaning(vocab: Vocab, local: &str) -> Meaning {
    use Vocab::{Core, Dc, Itunes, Media};
    match (vocab, local) {
        (Core, "rss" | "rdf") => Meaning::Envelope,
        (Core, "feed") => Meaning::AtomFeed,
        (Core, "channel") => Meaning::Channel,
        (Core, "item" | "entry") => Meaning::Entry,
        (Core, "image" | "textinput" | "cloud") => Meaning::Aside,
        (Core, "source") => Meaning::Source,
        (Core, "author" | "managingeditor") | (Dc, "creator" | "author") | (Itunes, "author") => {
            Meaning::Person(Role::Author)
        }
        (Core | Dc, "contributor") => Meaning::Person(Role::Contributor),
        (Core, "webmaster") | (Dc, "publisher") | (Itunes, "owner") => Meaning::Person(Role::Publisher),
        (Core | Itunes, "name") => Meaning::Name,
        (Core | Itunes, "email") => Meaning::Email,
        (Core, "uri" | "url" | "homepage") => Meaning::Homepage,
        (Core, "link") => Meaning::Link,
        (Core, "enclosure") | (Media, "content") => Meaning::Enclosure,
        (Core | Media | Itunes, "category") | (Dc, "subject") => Meaning::Category,
        (Core | Media | Itunes, "keywords") => Meaning::Keywords,
        _ => field(vocab, local).map_or(Meaning::Nothing, Meaning::Text),
    }
}

fn field(vocab: Vocab, local: &str) -> Option<Field> {
    use Vocab::{Core, Dc, DcTerms, Itunes, Media, Syndication};
    Some(match (vocab, local) {
        (Core | Dc, "title") => Field::Title,
        (Media | Itunes, "title") => Field::OtherTitle,
        (Core, "id" | "guid") => Field::Id,
        (Core | Dc, "description") => Field::Description,
        (Core | Itunes, "summary") => Field::Summary,
        (Media, "description") => Field::OtherSummary,
        (Core, "abstract") => Field::Abstract,
        (Core, "content") => Field::Content,
        (Core, "fullitem" | "encoded") | (Vocab::Content, "encoded") => Field::Encoded,
        (Core | Vocab::Xhtml, "body") => Field::Body,
        (Core, "published" | "issued" | "pubdate") | (DcTerms, "issued") => Field::Published,
        (Core, "updated" | "modified" | "lastbuilddate") | (DcTerms, "modified") => Field::Updated,
        (Core | Dc, "date") => Field::Updated,
        (Core | DcTerms, "created") => Field::Created,
        (Core | Dc, "rights") | (Core, "copyright") => Field::Rights,
        (Core | Itunes, "subtitle") | (Core, "tagline") => Field::Subtitle,
        (Core | Dc, "language") => Field::Language,
        (Core, "ttl") => Field::Ttl,
        (Core, "hour") => Field::SkipHour,
        (Core, "day") => Field::SkipDay,
        (Syndication, "updateperiod") => Field::UpdatePeriod,
        (Syndication, "updatefrequency") => Field::UpdateFrequency,
        _ => return None,
    })
}
