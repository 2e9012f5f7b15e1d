//! HTML pages and JSON documents to the same values as feeds. The only place that names `scraper`.
//!
//! bytes ─decode─▶ text ─bounded markup─▶ `dom` ─generic rule or selectors─▶ entries, or an article
//!
//! Must not sanitise bodies, make up dates, or hand a parser markup that was not bounded before.

mod article;
mod blocks;
mod body;
mod challenge;
mod date_parts;
mod dated;
mod dom;
mod enrich;
mod entry_link;
mod explain;
mod frame;
mod generic;
mod json;
mod lead;
mod lines;
mod list;
mod meta;
mod near;
mod notes;
mod outlet;
mod outline;
mod propose;
mod prose;
mod rules;
mod selectors;
mod shared;
#[cfg(test)]
mod tests;
mod title;
mod when;

pub use article::{Article, article, article_among};
pub use challenge::is_challenge;
pub use dom::feed_links;
pub use enrich::{enrich, says_no_more};
pub use explain::{Candidate, Explained, ExplainedArticle, ExplainedList, explain_article, explain_list};
pub use json::json;
pub use list::{ListPage, breaks_off, list};
pub use notes::Part;
pub use propose::{ArticleProposal, ListProposal};
pub use rules::{ArticleRules, Css, JsonPath, JsonRules, ListRules, PageRules};

/// Why bytes are not the page or document that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    #[error("not an HTML page: {0}")]
    NotHtml(String),
    #[error("not a page but a feed: {0}")]
    LooksLikeFeed(String),
    #[error("not the JSON document that was described: {0}")]
    NotJson(String),
    #[error("the document is cut short")]
    CutShort,
    #[error("a wall stands before the page: {0}")]
    Challenge(String),
    #[error("the page is empty: nothing on it could be an entry")]
    Empty,
    #[error("the selector {selector:?} matches nothing; without selectors there would be {generic} entries")]
    SelectorsMatchNothing {
        selector: String,
        /// The number of entries that the generic rule finds.
        generic: usize,
    },
}
