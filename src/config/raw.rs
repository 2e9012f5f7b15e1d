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

/// Structs of tables. A field is read under the key of its name, or under the key that stands behind it.
macro_rules! tables {
    ($(
        $(#[$attribute:meta])*
        $name:ident { $($field:ident: $type:ty $(= $key:literal)?,)* }
    )*) => { $(
        $(#[$attribute])*
        #[derive(Debug)]
        pub(super) struct $name { $(pub(super) $field: $type,)* }

        impl $name {
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
    #[derive(Default)]
    Server {
        listen: OneOrManyTexts,
        public_url: Text,
        admin_socket: Text,
    }

    #[derive(Default)]
    State {
        dir: Text,
        scrub: Text,
    }

    #[derive(Default)]
    Polling {
        schedule: OneOrManyTexts,
        timezone: Text,
        jitter: Text,
        floor: Text,
        concurrency: Number,
        per_host: Number,
        host_delay: Text,
        timeout: Text,
        max_body: Text,
        freshness: Text,
        retry_after: Text,
        max_entries: Number,
        contact: Text,
        proxy: Option<At<SecretRef>>,
        allow_networks: Texts,
    }

    #[derive(Default)]
    Publish {
        entries: Number,
        first_poll: Number,
        max_age: Text,
        content: Text,
        rights: Text,
        static_dir: Text,
        websub_hub: Text,
        delta: Flag,
    }

    #[derive(Default)]
    Log {
        level: Text,
        format: Text,
    }

    #[derive(Default)]
    Retention {
        max_age: Text,
        keep_at_least: Number,
    }

    Region {
        id: Id,
        place: Location,
        name: Text,
        full_name: Text,
        code: Number,
        aliases: Texts,
        parent: Text,
        rules: Vec<PublishRule> = "rule",
    }

    /// `[[rule]]`: of regions, or of what is published.
    Rule {
        place: Location,
        pattern: Text = "match",
        region: OneOrManyTexts,
        not_region: OneOrManyTexts,
        exclude: Text,
        include: Text,
        rewrite: Text,
        with: Text,
        fields: OneOrManyTexts = "in",
    }

    /// `[[region.rule]]` and `[[source.rule]]`.
    PublishRule {
        place: Location,
        exclude: Text,
        include: Text,
        rewrite: Text,
        with: Text,
        fields: OneOrManyTexts = "in",
    }

    Source {
        id: Id,
        place: Location,
        title: Text,
        url: Text,
        kind: Text,
        page: Option<Page>,
        json: Option<Json>,
        region: OneOrManyTexts,
        route: Flag,
        schedule: OneOrManyTexts,
        timezone: Text,
        priority: Number,
        retry_after: Text,
        content: Text,
        headers: Option<At<Named<SecretRef>>>,
        proxy: Option<At<SecretRef>>,
        rights: Text,
        was: OneOrManyTexts,
        conditional: Flag,
        enabled: Flag,
        rules: Vec<PublishRule> = "rule",
    }

    Page {
        place: Location,
        entry: Text,
        link: Text,
        entry_title: Text,
        entry_date: Text,
        entry_section: Text,
        entry_summary: Text,
        next: Text,
        pages: Number,
        follow: Flag,
        follow_limit: Number,
        title: Text,
        date: Text,
        outlet: Text,
        editor: Text,
        section: Text,
        summary: Text,
        body: Text,
        remove: Texts,
    }

    Json {
        place: Location,
        entries: Text,
        title: Text,
        link: Text,
        link_template: Text,
        id: Text,
        time: Text,
        summary: Text,
        outlet: Text,
        region_code: Text,
    }
}

#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) include: Texts,
    pub(super) server: Server,
    pub(super) state: State,
    pub(super) polling: Polling,
    pub(super) publish: Publish,
    pub(super) retention: Retention,
    pub(super) log: Log,
    pub(super) regions: Vec<Region>,
    pub(super) rules: Vec<Rule>,
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
