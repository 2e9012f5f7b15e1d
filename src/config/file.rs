//! The shape of the TOML: which tables and keys there are, and how their values are written. What they
//! mean, and whether they are sensible, is `resolve`'s business.

use std::path::Path;

use super::document::{self, Named, OneOrMany, SecretRef, Table};
use super::fault::{At, Place, Report};
use super::page::{RawJson, RawPage};

type Text = Option<At<String>>;
type Number = Option<At<i64>>;
type Texts = Option<At<Vec<At<String>>>>;
type OneOrManyTexts = Option<At<OneOrMany<String>>>;

/// One file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) include: Texts,
    pub(super) server: Server,
    pub(super) state: State,
    pub(super) polling: Polling,
    pub(super) publish: Publish,
    pub(super) retention: Retention,
    pub(super) regions: Vec<Region>,
    pub(super) rules: Vec<Rule>,
    pub(super) sources: Vec<Source>,
}

/// `[server]`.
#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) listen: OneOrManyTexts,
    pub(super) public_url: Text,
    pub(super) admin_socket: Text,
}

/// `[state]`.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) dir: Text,
    pub(super) scrub: Text,
}

/// `[polling]`.
#[derive(Debug, Default)]
pub(super) struct Polling {
    pub(super) schedule: OneOrManyTexts,
    pub(super) timezone: Text,
    pub(super) jitter: Text,
    pub(super) floor: Text,
    pub(super) concurrency: Number,
    pub(super) per_host: Number,
    pub(super) host_delay: Text,
    pub(super) timeout: Text,
    pub(super) max_body: Text,
    pub(super) freshness: Text,
    pub(super) retry_after: Text,
    pub(super) max_entries: Number,
    pub(super) contact: Text,
    pub(super) proxy: Option<At<SecretRef>>,
    pub(super) allow_networks: Texts,
}

/// `[publish]`.
#[derive(Debug, Default)]
pub(super) struct Publish {
    pub(super) entries: Number,
    pub(super) first_poll: Number,
    pub(super) max_age: Text,
    pub(super) content: Text,
    pub(super) rights: Text,
    pub(super) static_dir: Text,
    pub(super) websub_hub: Text,
    pub(super) delta: Option<At<bool>>,
}

/// `[retention]`.
#[derive(Debug, Default)]
pub(super) struct Retention {
    pub(super) max_age: Text,
    pub(super) keep_at_least: Number,
}

/// `[[region]]`.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) place: Place,
    pub(super) id: Text,
    pub(super) name: Text,
    pub(super) full_name: Text,
    pub(super) code: Number,
    pub(super) aliases: Texts,
    pub(super) parent: Text,
    pub(super) rules: Vec<PublishingRule>,
}

/// `[[rule]]`.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) place: Place,
    pub(super) pattern: Text,
    pub(super) region: OneOrManyTexts,
    pub(super) not_region: OneOrManyTexts,
    pub(super) publishing: PublishingRule,
}

/// What a rule of any table may say of what is shown.
#[derive(Debug)]
pub(super) struct PublishingRule {
    pub(super) place: Place,
    pub(super) exclude: Text,
    pub(super) include: Text,
    pub(super) rewrite: Text,
    pub(super) with: Text,
    pub(super) fields: OneOrManyTexts,
}

/// `[[source]]`.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) place: Place,
    pub(super) id: Text,
    pub(super) title: Text,
    pub(super) url: Text,
    pub(super) kind: Text,
    pub(super) page: Option<RawPage>,
    pub(super) json: Option<RawJson>,
    pub(super) region: OneOrManyTexts,
    pub(super) route: Option<At<bool>>,
    pub(super) schedule: OneOrManyTexts,
    pub(super) timezone: Text,
    pub(super) priority: Number,
    pub(super) retry_after: Text,
    pub(super) content: Text,
    pub(super) headers: Option<At<Named<SecretRef>>>,
    pub(super) proxy: Option<At<SecretRef>>,
    pub(super) rights: Text,
    pub(super) was: OneOrManyTexts,
    pub(super) conditional: Option<At<bool>>,
    pub(super) enabled: Option<At<bool>>,
    pub(super) rules: Vec<PublishingRule>,
}

/// Reads the main file.
pub(super) fn read_main(path: &Path, text: &str, report: &mut Report) -> File {
    document::read(path, text, report, |mut root, report| {
        let file = File {
            include: root.take("include", report),
            server: read_table(&mut root, "server", Server::read, report),
            state: read_table(&mut root, "state", State::read, report),
            polling: read_table(&mut root, "polling", Polling::read, report),
            publish: read_table(&mut root, "publish", Publish::read, report),
            retention: read_table(&mut root, "retention", Retention::read, report),
            regions: read_tables(&mut root, "region", Region::read, report),
            rules: read_tables(&mut root, "rule", Rule::read, report),
            sources: read_tables(&mut root, "source", Source::read, report),
        };
        root.finish(unknown, report);
        file
    })
}

/// Reads an included file, which holds regions and sources only.
pub(super) fn read_included(path: &Path, text: &str, report: &mut Report) -> File {
    document::read(path, text, report, |mut root, report| {
        let file = File {
            regions: read_tables(&mut root, "region", Region::read, report),
            sources: read_tables(&mut root, "source", Source::read, report),
            ..File::default()
        };
        let elsewhere = |_shape: &str, key: &str| {
            let main_only =
                ["include", "server", "state", "polling", "publish", "retention", "rule"].contains(&key);
            let message = "belongs in the main file: an included file holds [[source]] and [[region]] only";
            main_only.then_some(message)
        };
        root.finish(elsewhere, report);
        file
    })
}

fn read_table<T: Default>(
    root: &mut Table<'_>,
    key: &'static str,
    read: impl FnOnce(&mut Table<'_>, &mut Report) -> T,
    report: &mut Report,
) -> T {
    let Some(mut table) = root.table(key, report) else { return T::default() };
    let value = read(&mut table, report);
    table.finish(unknown, report);
    value
}

/// A table within a table, if it is there.
fn read_within<T>(
    table: &mut Table<'_>,
    key: &'static str,
    read: impl FnOnce(&mut Table<'_>, &mut Report) -> T,
    report: &mut Report,
) -> Option<T> {
    let mut table = table.table(key, report)?;
    let value = read(&mut table, report);
    table.finish(unknown, report);
    Some(value)
}

fn read_tables<T>(
    root: &mut Table<'_>,
    key: &'static str,
    read: impl Fn(&mut Table<'_>, &mut Report) -> T,
    report: &mut Report,
) -> Vec<T> {
    let tables = root.tables(key, report);
    let read_one = |mut table: Table<'_>| {
        let value = read(&mut table, report);
        table.finish(unknown, report);
        value
    };
    tables.into_iter().map(read_one).collect()
}

/// There is nothing to say of an unknown key but that it is one.
fn unknown(_shape: &str, _key: &str) -> Option<&'static str> {
    None
}

/// Takes the id of a table, by which its faults are told from now on.
fn take_id(table: &mut Table<'_>, report: &mut Report) -> Text {
    let id: Text = table.take("id", report);
    if let Some(id) = &id {
        table.call(&id.value);
    }
    id
}

impl Server {
    fn read(table: &mut Table<'_>, report: &mut Report) -> Self {
        Self {
            listen: table.take("listen", report),
            public_url: table.take("public_url", report),
            admin_socket: table.take("admin_socket", report),
        }
    }
}

impl Polling {
    fn read(table: &mut Table<'_>, report: &mut Report) -> Self {
        Self {
            schedule: table.take("schedule", report),
            timezone: table.take("timezone", report),
            jitter: table.take("jitter", report),
            floor: table.take("floor", report),
            concurrency: table.take("concurrency", report),
            per_host: table.take("per_host", report),
            host_delay: table.take("host_delay", report),
            timeout: table.take("timeout", report),
            max_body: table.take("max_body", report),
            freshness: table.take("freshness", report),
            retry_after: table.take("retry_after", report),
            max_entries: table.take("max_entries", report),
            contact: table.take("contact", report),
            proxy: table.take("proxy", report),
            allow_networks: table.take("allow_networks", report),
        }
    }
}

impl Publish {
    fn read(table: &mut Table<'_>, report: &mut Report) -> Self {
        Self {
            entries: table.take("entries", report),
            first_poll: table.take("first_poll", report),
            max_age: table.take("max_age", report),
            content: table.take("content", report),
            rights: table.take("rights", report),
            static_dir: table.take("static_dir", report),
            websub_hub: table.take("websub_hub", report),
            delta: table.take("delta", report),
        }
    }
}

impl State {
    fn read(table: &mut Table<'_>, report: &mut Report) -> Self {
        Self { dir: table.take("dir", report), scrub: table.take("scrub", report) }
    }
}

impl Retention {
    fn read(table: &mut Table<'_>, report: &mut Report) -> Self {
        Self { max_age: table.take("max_age", report), keep_at_least: table.take("keep_at_least", report) }
    }
}

impl Region {
    fn read(table: &mut Table<'_>, report: &mut Report) -> Self {
        let id = take_id(table, report);
        Self {
            place: table.place().clone(),
            id,
            name: table.take("name", report),
            full_name: table.take("full_name", report),
            code: table.take("code", report),
            aliases: table.take("aliases", report),
            parent: table.take("parent", report),
            rules: read_tables(table, "rule", PublishingRule::read, report),
        }
    }
}

impl Rule {
    fn read(table: &mut Table<'_>, report: &mut Report) -> Self {
        Self {
            place: table.place().clone(),
            pattern: table.take("match", report),
            region: table.take("region", report),
            not_region: table.take("not_region", report),
            publishing: PublishingRule::read(table, report),
        }
    }
}

impl PublishingRule {
    fn read(table: &mut Table<'_>, report: &mut Report) -> Self {
        Self {
            place: table.place().clone(),
            exclude: table.take("exclude", report),
            include: table.take("include", report),
            rewrite: table.take("rewrite", report),
            with: table.take("with", report),
            fields: table.take("in", report),
        }
    }

    /// Whether nothing of it was written.
    pub(super) fn is_absent(&self) -> bool {
        let texts = [&self.exclude, &self.include, &self.rewrite, &self.with];
        texts.into_iter().all(Option::is_none) && self.fields.is_none()
    }
}

impl Source {
    fn read(table: &mut Table<'_>, report: &mut Report) -> Self {
        let id = take_id(table, report);
        Self {
            place: table.place().clone(),
            id,
            title: table.take("title", report),
            url: table.take("url", report),
            kind: table.take("kind", report),
            page: read_within(table, "page", RawPage::read, report),
            json: read_within(table, "json", RawJson::read, report),
            region: table.take("region", report),
            route: table.take("route", report),
            schedule: table.take("schedule", report),
            timezone: table.take("timezone", report),
            priority: table.take("priority", report),
            retry_after: table.take("retry_after", report),
            content: table.take("content", report),
            headers: table.take("headers", report),
            proxy: table.take("proxy", report),
            rights: table.take("rights", report),
            was: table.take("was", report),
            conditional: table.take("conditional", report),
            enabled: table.take("enabled", report),
            rules: read_tables(table, "rule", PublishingRule::read, report),
        }
    }
}
