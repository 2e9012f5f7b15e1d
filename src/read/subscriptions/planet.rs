//! The INI of Planet and Planet Venus: a section a feed, whose name is the address.

use super::{NoList, Subscription, Subscriptions};

pub(super) fn read(text: &str, list: &mut Subscriptions) -> Result<(), NoList> {
    let mut open: Option<Section> = None;
    for line in text.lines() {
        let is_comment = line.starts_with(['#', ';']);
        if let Some(name) = line.trim_end().strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            close(open.replace(Section::named(name)), list)?;
        } else if let Some(section) = open.as_mut().filter(|_| !is_comment) {
            section.line(line);
        }
    }
    close(open, list)
}

#[derive(Default)]
struct Section {
    name: String,
    title: Option<String>,
    /// The type of a list of feeds at the address; a feed has none.
    list: Option<String>,
}

impl Section {
    fn named(name: &str) -> Self {
        Self { name: name.trim().to_owned(), ..Self::default() }
    }

    fn line(&mut self, line: &str) {
        let Some((key, value)) = line.split_once(['=', ':']) else { return };
        let value = value.trim().to_owned();
        match key.trim().to_ascii_lowercase().as_str() {
            "name" => self.title = Some(value),
            "content_type" => self.list = Some(value),
            _ => {}
        }
    }
}

fn close(section: Option<Section>, list: &mut Subscriptions) -> Result<(), NoList> {
    // Other sections are settings and templates.
    let Some(section) = section.filter(|section| section.name.contains("://")) else { return Ok(()) };
    match section.list {
        Some(_) => list.skip(&section.name, "is a list of feeds; import what is at the address"),
        None => {
            let Section { name: url, title, .. } = section;
            list.take(Subscription { url, title, ..Subscription::default() })?;
        }
    }
    Ok(())
}
