//! Imported subscriptions to `[[source]]` tables, for the operator to review: ids, and regions by the names of
//! folders. The tables are text that the configuration can read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use url::Url;

use super::probe::{self, ProbeReport, suggest};
use crate::model::region::RegionTable;
use crate::model::source::is_slug;
use crate::read::link;
use crate::read::subscriptions::{Subscription, shown};

/// The longest id that is made of an address; the rest of 64 characters is for a number behind it.
const MAX_ID: usize = 58;

/// A source that was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub id: String,
    pub title: Option<String>,
    pub url: String,
    /// Ids of regions; empty for `auto`.
    pub regions: Vec<String>,
    /// Comments above the table.
    pub notes: Vec<String>,
}

/// The sources that a configuration has already, and the ids it cannot have.
#[derive(Debug, Default)]
pub struct Taken {
    ids: BTreeSet<String>,
    /// Addresses without what does not tell one from another.
    addresses: BTreeSet<String>,
}

impl Taken {
    pub fn id(&mut self, id: &str) {
        self.ids.insert(id.to_owned());
    }

    pub fn address(&mut self, url: &str) {
        self.addresses.insert(link::canonical(url));
    }

    fn free_id(&mut self, wanted: &str) -> String {
        let wanted: String = wanted.chars().take(MAX_ID).collect();
        let wanted = if is_slug(&wanted) { wanted } else { "imported".to_owned() };
        let numbered = (2..).map(|n| format!("{wanted}-{n}"));
        let id = std::iter::once(wanted.clone()).chain(numbered).find(|id| !self.ids.contains(id));
        let id = id.expect("there are more numbers than ids");
        self.ids.insert(id.clone());
        id
    }
}

/// The subscriptions as sources, in their order. A feed that is listed twice is one source, with the regions of both
/// folders. Feeds that are `taken` are left out. The second list tells what was left out, and why.
pub fn drafts(feeds: &[Subscription], regions: &RegionTable, taken: &mut Taken) -> (Vec<Draft>, Vec<String>) {
    let (mut drafts, mut left_out): (Vec<Draft>, Vec<String>) = Default::default();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let names = region_names(regions);
    for feed in feeds {
        let url = match address(&feed.url) {
            Ok(url) => url,
            Err(why) => {
                left_out.push(format!("{}: {why}", shown(&feed.url)));
                continue;
            }
        };
        let key = link::canonical(url.as_str());
        if taken.addresses.contains(&key) {
            left_out.push(format!("{}: is there already", shown(&feed.url)));
            continue;
        }
        let named = feed.folders.iter().filter_map(|folder| names.get(&folder.trim().to_lowercase()));
        let named = named.map(|id| (*id).to_owned());
        if let Some(draft) = places.get(&key).map(|at| &mut drafts[*at]) {
            named.for_each(|region| add(&mut draft.regions, region));
            continue;
        }
        let mut draft = Draft {
            id: taken.free_id(&suggest::id_of(&url)),
            title: feed.title.clone(),
            url: url.to_string(),
            regions: Vec::new(),
            notes: feed.note.map(|note| format!("{note}; see what `dibao probe` says")).into_iter().collect(),
        };
        named.for_each(|region| add(&mut draft.regions, region));
        if draft.regions.is_empty() {
            draft.regions.extend(probe::region_of_host(&draft.url).map(str::to_owned));
        }
        if had_password(&feed.url) {
            draft.notes.push("had a password; write headers = { Authorization = … }".to_owned());
        }
        places.insert(key, drafts.len());
        drafts.push(draft);
    }
    (drafts, left_out)
}

fn add(regions: &mut Vec<String>, region: String) {
    if !regions.contains(&region) {
        regions.push(region);
    }
}

/// Regions by id and by every name, in lower case. A name of two regions names neither.
fn region_names(regions: &RegionTable) -> BTreeMap<String, &str> {
    let mut names: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for region in regions.iter() {
        let id = region.id.as_str();
        let all = [id, &region.name, &region.full_name].into_iter();
        for name in all.chain(region.aliases.iter().map(String::as_str)) {
            let known = names.entry(name.to_lowercase()).or_insert(Some(id));
            *known = known.filter(|known| *known == id);
        }
    }
    // An id always names its own region.
    names.extend(regions.iter().map(|region| (region.id.as_str().to_owned(), Some(region.id.as_str()))));
    names.into_iter().filter_map(|(name, id)| Some((name, id?))).collect()
}

/// The address to poll.
fn address(text: &str) -> Result<Url, String> {
    // Some readers write it with Apple's scheme.
    let text = text.strip_prefix("feed://").map_or_else(|| text.to_owned(), |rest| format!("http://{rest}"));
    let text = text.strip_prefix("feed:").unwrap_or(&text);
    let url = Url::parse(text).map_err(|error| format!("is no address ({error})"))?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err("is neither http nor https".to_owned());
    }
    suggest::without_credentials(url.as_str()).ok_or_else(|| "is no address".to_owned())
}

fn had_password(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

impl Draft {
    /// The `[[source]]` table.
    pub fn table(&self) -> String {
        self.comments(&[]) + &self.bare()
    }

    /// The table without the notes.
    fn bare(&self) -> String {
        let mut out = "[[source]]\n".to_owned();
        self.push_names(&mut out);
        let _ = writeln!(out, "url = {}", suggest::quoted(&self.url));
        let _ = writeln!(out, "region = {}", self.region());
        out
    }

    /// The table with what a probe found. A source that gave no entries is disabled.
    pub fn probed(&self, report: &ProbeReport) -> String {
        let mut found = Vec::new();
        if !report.has_entries() {
            found.push(format!("{}: {}", report.state(), report.because));
        }
        found.extend(report.feeds.iter().map(|feed| format!("a feed of this page: {}", feed.url)));
        found.extend(report.defects.iter().cloned());
        let Some(suggested) = report.toml.as_deref().filter(|_| report.has_entries()) else {
            return self.comments(&found) + &self.bare() + "enabled = false\n";
        };
        self.comments(&found) + &self.merged(suggested)
    }

    /// A suggested table under the names of the list.
    fn merged(&self, suggested: &str) -> String {
        let (mut out, mut is_inner) = (String::new(), false);
        for line in suggested.lines() {
            is_inner |= line.starts_with("[source.");
            match line.split(" = ").next().filter(|_| !is_inner) {
                Some("[[source]]") => {
                    out.push_str("[[source]]\n");
                    self.push_names(&mut out);
                }
                Some("title") if self.title.is_some() => {}
                Some("id") => {}
                // A later import knows the source by the address of the list. dibao follows a moved feed by itself.
                Some("url") => {
                    let _ = writeln!(out, "url = {}", suggest::quoted(&self.url));
                }
                // Folders are the operator's word, and the host of the address was asked already.
                Some("region") => {
                    let _ = writeln!(out, "region = {}", self.region());
                }
                _ => {
                    let _ = writeln!(out, "{line}");
                }
            }
        }
        out
    }

    fn push_names(&self, out: &mut String) {
        // Writing to a string does not fail.
        let _ = writeln!(out, "id = {}", suggest::quoted(&self.id));
        if let Some(title) = &self.title {
            let _ = writeln!(out, "title = {}", suggest::quoted(title));
        }
    }

    fn region(&self) -> String {
        match self.regions.as_slice() {
            [] => "\"auto\"".to_owned(),
            [one] => suggest::quoted(one),
            many => {
                let many: Vec<String> = many.iter().map(|region| suggest::quoted(region)).collect();
                format!("[{}]", many.join(", "))
            }
        }
    }

    fn comments(&self, found: &[String]) -> String {
        self.notes.iter().chain(found).map(|note| comment(note)).collect()
    }
}

/// A line of comment. A control character would end it, or is forbidden in TOML.
pub fn comment(text: &str) -> String {
    format!("# {}\n", crate::read::text::one_line(text))
}

#[cfg(test)]
mod tests;
