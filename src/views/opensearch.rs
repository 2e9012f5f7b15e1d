//! The description by which browsers and readers add this site's search (OpenSearch 1.1, draft 6).

use super::formats::FORMATS;
use super::site::Site;
use super::xml::Writer;

pub const MEDIA_TYPE: &str = "application/opensearchdescription+xml; charset=utf-8";

/// The path of the description.
pub const PATH: &str = "opensearch.xml";

/// Writes the description.
#[must_use]
pub fn render(site: &Site) -> Vec<u8> {
    let mut xml = Writer::new();
    xml.open("OpenSearchDescription", &[("xmlns", "http://a9.com/-/spec/opensearch/1.1/")]);
    // At most 16 characters.
    xml.text("ShortName", &[], "邸报");
    xml.text("Description", &[], "搜索各地新闻");
    xml.text("InputEncoding", &[], "UTF-8");
    xml.text("Language", &[], "zh");
    let url = |ending: &str| format!("{}/search{ending}?q={{searchTerms}}", site.public_url);
    xml.empty("Url", &[("type", "text/html"), ("template", &url(""))]);
    for format in FORMATS.iter().filter(|format| format.is_feed) {
        xml.empty("Url", &[("type", format.bare_type()), ("template", &url(format.ending))]);
    }
    let own = format!("{}/{PATH}", site.public_url);
    xml.empty(
        "Url",
        &[("type", "application/opensearchdescription+xml"), ("rel", "self"), ("template", &own)],
    );
    xml.finish()
}
