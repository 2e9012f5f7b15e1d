//! The tables of the configuration as the operator writes them: the keys of each table, and their TOML types.
//! `check` decides if the values make sense.

use std::path::Path;

use super::fault::{At, FaultList, Location};
use super::table::{self, FromToml, Named, OneOrMany, SecretRef, Table};

pub(super) type Text = Option<At<String>>;
type Flag = Option<At<bool>>;
type Number = Option<At<i64>>;
type Texts = Option<At<Vec<At<String>>>>;
type OneOrManyTexts = Option<At<OneOrMany<String>>>;

/// Reading of one field of a table, under a key.
trait Field: Sized {
    fn take(table: &mut Table<'_>, key: &'static str, report: &mut FaultList) -> Self;
}

impl<T: FromToml> Field for Option<At<T>> {
    fn take(table: &mut Table<'_>, key: &'static str, report: &mut FaultList) -> Self {
        table.take(key, report)
    }
}

/// The id of a table. Faults name the table by it from then on, so it is read first.
#[derive(Clone, Debug)]
pub(super) struct Id(pub(super) Text);

impl Field for Id {
    fn take(table: &mut Table<'_>, key: &'static str, report: &mut FaultList) -> Self {
        let id: Text = table.take(key, report);
        if let Some(id) = &id {
            table.call(&id.value);
        }
        Self(id)
    }
}

/// The place of the table itself, whatever the name of the field.
impl Field for Location {
    fn take(table: &mut Table<'_>, _key: &'static str, _report: &mut FaultList) -> Self {
        table.place().clone()
    }
}

/// Structs of tables. A field is read under the key of its name, or under the key that stands behind `=`. Its default
/// stands in brackets and its words in braces, for the reference (`config/reference.rs`), which tests write from these
/// comments. The checks have the defaults in code, and a test compares them.
macro_rules! tables {
    ($(
        $(#[$attribute:meta])*
        $name:ident { $(
            $(#[$about:meta])*
            $field:ident: $type:ty $(= $key:literal)? $([$default:literal])? $({ $($word:literal)|+ })?,
        )* }
    )*) => { $(
        #[derive(Debug)]
        #[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
        $(#[$attribute])*
        pub(super) struct $name { $(
            $(#[$about])*
            $(#[cfg_attr(test, schemars(rename = $key))])?
            $(#[cfg_attr(test, schemars(extend("default" = $default)))])?
            $(#[cfg_attr(test, schemars(extend("enum" = [$($word),+])))])?
            pub(super) $field: $type,
        )* }

        impl $name {
            /// The keys, in the order of the reference, and the places among them.
            #[cfg(test)]
            pub(super) const KEYS: &[&str] = &[$(tables!(@key $field $($key)?)),*];

            fn read(table: &mut Table<'_>, report: &mut FaultList) -> Self {
                Self { $($field: Field::take(table, tables!(@key $field $($key)?), report),)* }
            }
        }

        impl Field for Option<$name> {
            fn take(table: &mut Table<'_>, key: &'static str, report: &mut FaultList) -> Self {
                let mut table = table.table(key, report)?;
                let value = $name::read(&mut table, report);
                table.finish(unknown, report);
                Some(value)
            }
        }

        impl Field for Vec<$name> {
            fn take(table: &mut Table<'_>, key: &'static str, report: &mut FaultList) -> Self {
                let tables = table.tables(key, report);
                let read_one = |mut table: Table<'_>| {
                    let value = $name::read(&mut table, report);
                    table.finish(unknown, report);
                    value
                };
                tables.into_iter().map(read_one).collect()
            }
        }
    )* };
    (@key $field:ident $key:literal) => { $key };
    (@key $field:ident) => { stringify!($field) };
}

tables! {
    /// The addresses of the server.
    #[derive(Default)]
    Server {
        /// Addresses of the public server: one or several of `127.0.0.1:8080`, `[::]:8080` (every address of the machine),
        /// `localhost:8080`, `unix:/run/dibao/http.sock`. Sockets from systemd (`dibao.socket`) take its place.
        listen: OneOrManyTexts ["127.0.0.1:8080"],
        /// The address that readers subscribe to. Every feed contains it. It may have a path. Default: the address
        /// of `listen`, with a warning.
        public_url: Text,
        /// The socket over which commands talk to the daemon. Default: `admin.sock` in `$RUNTIME_DIRECTORY`, else in
        /// the state directory.
        admin_socket: Text,
    }

    /// Journal and store.
    #[derive(Default)]
    State {
        /// The directory of both. Default: `$STATE_DIRECTORY`, which systemd sets, else `/var/lib/dibao`.
        dir: Text,
        /// The interval between two scrubs, in whole days, or `none`. A scrub reads journal and store and repairs
        /// damage.
        scrub: Text ["7d"],
    }

    /// Polling: the limits of all sources together, and the defaults of each.
    #[derive(Default)]
    Polling {
        /// Schedule of the polls: cron with five fields (six begin with seconds), or `@hourly`, `@daily` …; one or
        /// several.
        schedule: OneOrManyTexts ["*/20 * * * *"],
        /// The zone of schedules, and of dates in feeds that name none.
        timezone: Text ["Asia/Shanghai"],
        /// The maximum delay after the scheduled instant. A source always has the same share of it.
        jitter: Text ["2m"],
        /// The minimum time between two polls of a source, whatever its schedule.
        floor: Text ["10m"],
        /// The maximum number of parallel polls.
        concurrency: Number [32],
        /// The maximum number of parallel requests to one host.
        per_host: Number [1],
        /// The minimum time between two requests to one host.
        host_delay: Text ["1s"],
        /// The maximum time of a request.
        timeout: Text ["30s"],
        /// The maximum size of a document, decompressed.
        max_body: Text ["8MiB"],
        /// The maximum delay of a poll by the publisher's freshness (Cache-Control, Expires, `ttl`, `sy:*`,
        /// `skipHours`). `0s` ignores it.
        freshness: Text ["6h"],
        /// Scope of a Retry-After: all sources of the host, or the one source.
        retry_after: Text ["host"] { "host" | "source" },
        /// The maximum number of entries that are read from one document.
        max_entries: Number [2000],
        /// Tells publishers how to reach you, as part of the User-Agent.
        contact: Text,
        /// The proxy of all requests: http, https, socks5 or socks5h. One with a password belongs in a file or
        /// credential.
        proxy: Option<At<SecretRef>>,
        /// Private networks in which sources may lie. All others are refused.
        allow_networks: Texts,
    }

    /// The content of the feeds.
    #[derive(Default)]
    Publish {
        /// The maximum number of entries in a feed.
        entries: Number [100],
        /// The maximum number of entries of a new source's first poll that other feeds than its own show.
        first_poll: Number [20],
        /// The maximum age of an entry in a feed, or `none`.
        max_age: Text ["30d"],
        /// The part of an entry that is published: the title (with link, date, outlet), also a short text, or
        /// everything.
        content: Text ["summary"] { "title" | "summary" | "full" },
        /// A rights notice for the merged feeds.
        rights: Text,
        /// A directory in which dibao also writes every view as a file, for a web server.
        static_dir: Text,
        /// A WebSub hub that dibao notifies of changed feeds.
        websub_hub: Text,
        /// Sends readers with `A-IM: feed` only new entries (RFC 3229).
        delta: Flag [false],
    }

    /// The search.
    #[derive(Default)]
    Search {
        /// Answers `/search` and `dibao search` by an index in the state directory, about as large as the texts.
        enabled: Flag [true],
    }

    /// The daemon's log. `RUST_LOG` and `--log-format` win over it.
    #[derive(Default)]
    Log {
        /// The level from which the daemon logs. A reload changes it. Default: `info`.
        level: Text { "off" | "error" | "warn" | "info" | "debug" | "trace" },
        /// A line for people, or a JSON object.
        format: Text ["text"] { "text" | "json" },
    }

    /// The retention of entries.
    #[derive(Default)]
    Retention {
        /// Entries expire so long after they were first seen; `none` keeps them for ever.
        max_age: Text ["365d"],
        /// The number of newest entries of each source and region that never expire.
        keep_at_least: Number [50],
    }

    /// A region: overrides a built-in one, or adds one.
    #[cfg_attr(test, schemars(extend("required" = ["id"])))]
    Region {
        /// The region's name in addresses: a-z, 0-9 and `-`.
        id: Id,
        #[cfg_attr(test, schemars(skip))]
        place: Location,
        /// Its short name.
        name: Text,
        /// Its full name.
        full_name: Text,
        /// Its code in GB/T 2260.
        code: Number,
        /// Further names of the region in titles.
        aliases: Texts,
        /// The id of a region that contains it, for display only.
        parent: Text,
        /// Rules for this region's feeds.
        rules: Vec<PublishRule> = "rule",
    }

    /// A rule: corrects the regions that titles name, or hides or rewrites entries in every feed.
    Rule {
        #[cfg_attr(test, schemars(skip))]
        place: Location,
        /// A regular expression, searched in titles. The rule then says which regions such an entry has.
        pattern: Text = "match",
        /// Regions that matching entries have.
        region: OneOrManyTexts,
        /// Regions that matching entries do not have.
        not_region: OneOrManyTexts,
        /// Hides the entries in which this regular expression is found.
        exclude: Text,
        /// Hides the entries in which this regular expression is not found.
        include: Text,
        /// A regular expression. Its finds in titles are replaced.
        rewrite: Text,
        /// The replacement; `$1` stands for the first group.
        with: Text,
        /// Fields that `exclude` and `include` search: `title`, `text`, `outlet`, `section`, `region`, `link`. Default:
        /// `title`.
        fields: OneOrManyTexts = "in",
    }

    /// A rule for the feeds of one region, or for the entries of one source.
    PublishRule {
        #[cfg_attr(test, schemars(skip))]
        place: Location,
        /// Hides the entries in which this regular expression is found.
        exclude: Text,
        /// Hides the entries in which this regular expression is not found.
        include: Text,
        /// A regular expression. Its finds in titles are replaced.
        rewrite: Text,
        /// The replacement; `$1` stands for the first group.
        with: Text,
        /// Fields that `exclude` and `include` search: `title`, `text`, `outlet`, `section`, `region`, `link`. Default:
        /// `title`.
        fields: OneOrManyTexts = "in",
    }

    /// A source: an address that dibao polls.
    #[cfg_attr(test, schemars(extend("required" = ["id", "url"])))]
    Source {
        /// The source's name in addresses and commands: a-z, 0-9 and `-`. Never reuse one for another source.
        id: Id,
        #[cfg_attr(test, schemars(skip))]
        place: Location,
        /// Its name. Default: the title of the feed.
        title: Text,
        /// The address that is polled.
        url: Text,
        /// The kind of document at the address: a feed in any format, a list page, or a JSON document.
        kind: Text ["feed"] { "feed" | "page" | "json" },
        /// Rules that read a list page.
        page: Option<Page>,
        /// Rules that read a JSON document.
        json: Option<Json>,
        /// The regions of all its entries, or `auto`: dibao finds them in each title.
        region: OneOrManyTexts ["auto"],
        /// Entries also get the regions that their titles name.
        route: Flag [false],
        /// Default: that of `[polling]`.
        schedule: OneOrManyTexts,
        /// Default: that of `[polling]`.
        timezone: Text,
        /// If several sources report a story, feeds show the report of the highest priority.
        priority: Number [0],
        /// Default: that of `[polling]`.
        retry_after: Text { "host" | "source" },
        /// Default: that of `[publish]`.
        content: Text { "title" | "summary" | "full" },
        /// Request headers. Keep secrets in files or credentials.
        headers: Option<At<Named<SecretRef>>>,
        /// Default: that of `[polling]`.
        proxy: Option<At<SecretRef>>,
        /// A rights notice. Default: that of the feed.
        rights: Text,
        /// Earlier ids of the source, so that it keeps its entries.
        was: OneOrManyTexts,
        /// Conditional requests. `false` for a server that answers 304 although it has news.
        conditional: Flag [true],
        /// `false` ends the polls and keeps the entries.
        enabled: Flag [true],
        /// Rules for this source's entries.
        rules: Vec<PublishRule> = "rule",
    }

    /// Rules that read a list page. Selectors are CSS. Without this table, links to dated addresses of the site are the
    /// entries.
    Page {
        #[cfg_attr(test, schemars(skip))]
        place: Location,
        /// One element for each entry.
        entry: Text,
        /// The link of an entry. Default: the first.
        link: Text,
        /// The title of an entry. Default: the text of the link.
        entry_title: Text,
        /// The date of an entry.
        entry_date: Text,
        /// The section of an entry.
        entry_section: Text,
        /// The summary of an entry.
        entry_summary: Text,
        /// The link to the following list page.
        next: Text,
        /// The number of list pages in one poll, 1 to 5.
        pages: Number [1],
        /// Reads each new entry's own page, once. The keys from `title` on act there, if dibao finds a wrong part.
        follow: Flag [false],
        /// The maximum number of those in one poll, 1 to 100.
        follow_limit: Number [20],
        /// The title.
        title: Text,
        /// The date.
        date: Text,
        /// The outlet (来源).
        outlet: Text,
        /// The editor.
        editor: Text,
        /// The section.
        section: Text,
        /// The summary.
        summary: Text,
        /// The text.
        body: Text,
        /// Parts to cut out of the text.
        remove: Texts,
    }

    /// Rules that read a JSON document. A path is written `data.list` or `sender[0].name`.
    #[cfg_attr(test, schemars(extend("required" = ["entries", "title"])))]
    Json {
        #[cfg_attr(test, schemars(skip))]
        place: Location,
        /// Path to the list of entries. The other paths begin at an entry.
        entries: Text,
        /// Path to the title.
        title: Text,
        /// Path to the address.
        link: Text,
        /// The address, with fields in braces: `https://example.org/{id}.html`.
        link_template: Text,
        /// Path to the id.
        id: Text,
        /// Path to the date: in any form, or Unix seconds or milliseconds.
        time: Text,
        /// Path to the summary.
        summary: Text,
        /// Path to the outlet.
        outlet: Text,
        /// Path to a value that begins with a GB/T 2260 code.
        region_code: Text,
    }
}

#[derive(Debug, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(super) struct File {
    /// Files with further regions and sources, relative to this file; the last part of a path may have `*` and `?`.
    pub(super) include: Texts,
    pub(super) server: Server,
    pub(super) state: State,
    pub(super) polling: Polling,
    pub(super) publish: Publish,
    pub(super) retention: Retention,
    pub(super) search: Search,
    pub(super) log: Log,
    #[cfg_attr(test, schemars(rename = "region"))]
    pub(super) regions: Vec<Region>,
    #[cfg_attr(test, schemars(rename = "rule"))]
    pub(super) rules: Vec<Rule>,
    #[cfg_attr(test, schemars(rename = "source"))]
    pub(super) sources: Vec<Source>,
}

pub(super) fn read_main(path: &Path, text: &str, report: &mut FaultList) -> File {
    table::read(path, text, report, |mut root, report| {
        let file = File {
            include: root.take("include", report),
            server: table(&mut root, "server", report),
            state: table(&mut root, "state", report),
            polling: table(&mut root, "polling", report),
            publish: table(&mut root, "publish", report),
            retention: table(&mut root, "retention", report),
            search: table(&mut root, "search", report),
            log: table(&mut root, "log", report),
            regions: Field::take(&mut root, "region", report),
            rules: Field::take(&mut root, "rule", report),
            sources: Field::take(&mut root, "source", report),
        };
        root.finish(unknown, report);
        file
    })
}

/// Reads an included file, which holds regions and sources only.
pub(super) fn read_included(path: &Path, text: &str, report: &mut FaultList) -> File {
    table::read(path, text, report, |mut root, report| {
        let file = File {
            regions: Field::take(&mut root, "region", report),
            sources: Field::take(&mut root, "source", report),
            ..File::default()
        };
        let elsewhere = |key: &str| {
            let main_only = ["include", "server", "state", "polling", "publish", "retention", "log", "rule"]
                .contains(&key);
            let message = "belongs in the main file: an included file holds [[source]] and [[region]] only";
            main_only.then_some(message)
        };
        root.finish(elsewhere, report);
        file
    })
}

/// A table that may be left out, with all its keys.
fn table<T: Default>(root: &mut Table<'_>, key: &'static str, report: &mut FaultList) -> T
where
    Option<T>: Field,
{
    <Option<T> as Field>::take(root, key, report).unwrap_or_default()
}

/// An unknown key has no better place.
fn unknown(_key: &str) -> Option<&'static str> {
    None
}

impl Rule {
    /// The rule split into its part about regions and its part about publishing, if it has one.
    pub(super) fn publishing(&mut self) -> Option<PublishRule> {
        let rule = PublishRule {
            place: self.place.clone(),
            exclude: self.exclude.take(),
            include: self.include.take(),
            rewrite: self.rewrite.take(),
            with: self.with.take(),
            fields: self.fields.take(),
        };
        let texts = [&rule.exclude, &rule.include, &rule.rewrite, &rule.with];
        let is_absent = texts.into_iter().all(Option::is_none) && rule.fields.is_none();
        (!is_absent).then_some(rule)
    }
}
