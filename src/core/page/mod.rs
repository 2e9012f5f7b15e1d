//! HTML pages and JSON documents to the same values as feeds. The only place that names `scraper`.

mod rules;

pub use rules::{ArticleRules, Css, JsonPath, JsonRules, ListRules, PageRules};
