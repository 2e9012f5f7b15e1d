//! TOML tables whose keys are taken one by one, so that one load reports every fault: serde stops at the first. The
//! only file that names `toml`. It knows how values are written, not what they mean.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{At, FaultList, LineColumn, Location, did_you_mean};

/// One file's text, to tell offsets as lines.
struct Source<'d> {
    file: Arc<Path>,
    text: &'d str,
    lines: Vec<usize>,
}

impl<'d> Source<'d> {
    fn new(file: &Path, text: &'d str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { file: Arc::from(file), text, lines }
    }

    fn place(&self, offset: usize, key: String) -> Location {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines[line - 1];
        let before = self.text.get(start..offset).unwrap_or_default();
        let at = LineColumn { line, column: before.chars().count() + 1 };
        Location { file: Arc::clone(&self.file), at: Some(at), key }
    }
}

/// Reads a text and hands its root table to `read`. Where it has faults of syntax they are reported, and
/// what is left of the text is read all the same.
pub(super) fn read<T>(
    file: &Path,
    text: &str,
    report: &mut FaultList,
    read: impl FnOnce(Table<'_>, &mut FaultList) -> T,
) -> T {
    let source = Source::new(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let offset = error.span().map_or(text.len(), |span| span.start);
        let there =
            error.span().and_then(|span| text.get(span)).map(str::trim).filter(|there| is_word(there));
        let message = format!("{}, found {}", error.message().trim_end(), there.unwrap_or("nothing"));
        report.broken(&source.place(offset, String::new()), message);
    }
    let place = source.place(0, String::new());
    read(Table::new(&source, root.get_ref(), "", place), report)
}

/// True if a piece of text is short enough to be quoted in a line of a report.
fn is_word(text: &str) -> bool {
    (1..=40).contains(&text.len()) && !text.contains(char::is_control)
}

/// One table, of which keys are taken until [`Table::finish`] reports those that nobody wanted.
pub(super) struct Table<'d> {
    source: &'d Source<'d>,
    entries: Vec<(Location, &'d str, &'d Spanned<DeValue<'d>>)>,
    known: Vec<&'static str>,
    /// The kind of table, as `polling` or `source`; empty for the root.
    shape: &'static str,
    place: Location,
}

impl<'d> Table<'d> {
    fn new(source: &'d Source<'d>, table: &'d DeTable<'d>, shape: &'static str, place: Location) -> Self {
        let entries = table
            .iter()
            .map(|(key, value)| {
                let name: &str = key.get_ref();
                let dotted = if place.key.is_empty() { name.into() } else { format!("{}.{name}", place.key) };
                (source.place(key.span().start, dotted), name, value)
            })
            .collect();
        Self { source, entries, known: Vec::new(), shape, place }
    }

    pub(super) fn place(&self) -> &Location {
        &self.place
    }

    /// Calls the table by its id in all faults from now on: `source.henan` for `source[3]`.
    pub(super) fn call(&mut self, name: &str) {
        let old = std::mem::replace(&mut self.place.key, format!("{}.{name}", self.shape));
        for (place, _, _) in &mut self.entries {
            place.key.replace_range(..old.len(), &self.place.key);
        }
    }

    /// Takes a key's value; a value of the wrong type is reported and counts as absent.
    pub(super) fn take<T: FromToml>(&mut self, key: &'static str, report: &mut FaultList) -> Option<At<T>> {
        let (place, value) = self.take_any(key)?;
        let value = T::from_toml(&Value { source: self.source, place: place.clone(), value }, report)?;
        Some(At { value, place })
    }

    pub(super) fn table(&mut self, key: &'static str, report: &mut FaultList) -> Option<Table<'d>> {
        let (place, value) = self.take_any(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(Table::new(self.source, table, key, place)),
            other => {
                report.fault(&place, format!("must be a table: write [{key}], not {}", noun(other)));
                None
            }
        }
    }

    /// Takes a list of tables within, `[[key]]`.
    pub(super) fn tables(&mut self, key: &'static str, report: &mut FaultList) -> Vec<Table<'d>> {
        let Some((place, value)) = self.take_any(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            report.fault(
                &place,
                format!("must be a list of tables: write [[{key}]], not {}", noun(value.get_ref())),
            );
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (n, value) in array.iter().enumerate() {
            let dotted = match self.place.key.as_str() {
                "" => format!("{key}[{}]", n + 1),
                within => format!("{within}.{key}[{}]", n + 1),
            };
            let place = self.source.place(value.span().start, dotted);
            match value.get_ref() {
                DeValue::Table(table) => tables.push(Table::new(self.source, table, key, place)),
                other => report.fault(&place, format!("must be a table, not {}", noun(other))),
            }
        }
        tables
    }

    /// Reports the keys that were not taken, with `elsewhere` to say which of them have a meaning in another place.
    pub(super) fn finish(self, elsewhere: impl Fn(&str) -> Option<&'static str>, report: &mut FaultList) {
        for (place, key, _) in &self.entries {
            match elsewhere(key) {
                Some(why) => report.fault(place, why),
                None => {
                    let hint = did_you_mean(key, self.known.iter().copied());
                    report.fault(place, format!("is not a known key{hint}"));
                }
            }
        }
    }

    fn take_any(&mut self, key: &'static str) -> Option<(Location, &'d Spanned<DeValue<'d>>)> {
        self.known.push(key);
        let at = self.entries.iter().position(|(_, name, _)| *name == key)?;
        let (place, _, value) = self.entries.swap_remove(at);
        Some((place, value))
    }
}

/// A value as [`FromToml`] sees it.
pub(super) struct Value<'d> {
    source: &'d Source<'d>,
    place: Location,
    value: &'d Spanned<DeValue<'d>>,
}

impl Value<'_> {
    fn expected<T>(&self, what: &str, report: &mut FaultList) -> Option<T> {
        report.fault(&self.place, format!("must be {what}, not {}", noun(self.value.get_ref())));
        None
    }
}

/// Types that TOML values are read as.
pub(super) trait FromToml: Sized {
    /// The value, or `None` after a report.
    fn from_toml(value: &Value<'_>, report: &mut FaultList) -> Option<Self>;
}

impl FromToml for String {
    fn from_toml(value: &Value<'_>, report: &mut FaultList) -> Option<Self> {
        match value.value.get_ref() {
            DeValue::String(text) => Some(text.clone().into_owned()),
            _ => value.expected("a text in quotes", report),
        }
    }
}

impl FromToml for bool {
    fn from_toml(value: &Value<'_>, report: &mut FaultList) -> Option<Self> {
        value.value.get_ref().as_bool().or_else(|| value.expected("true or false", report))
    }
}

impl FromToml for i64 {
    fn from_toml(value: &Value<'_>, report: &mut FaultList) -> Option<Self> {
        let DeValue::Integer(integer) = value.value.get_ref() else {
            return value.expected("a whole number", report);
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        number.or_else(|| {
            report.fault(&value.place, format!("{integer} is too large a number"));
            None
        })
    }
}

/// A list, `["a", "b"]`.
impl<T: FromToml> FromToml for Vec<At<T>> {
    fn from_toml(value: &Value<'_>, report: &mut FaultList) -> Option<Self> {
        let DeValue::Array(array) = value.value.get_ref() else {
            return value.expected("a list in [ ]", report);
        };
        let elements = array.iter().filter_map(|element| {
            let place = value.source.place(element.span().start, value.place.key.clone());
            let inner = Value { source: value.source, place: place.clone(), value: element };
            Some(At { value: T::from_toml(&inner, report)?, place })
        });
        Some(elements.collect())
    }
}

/// One value, or a list of them: `"a"` or `["a", "b"]`.
#[derive(Debug)]
pub(super) enum OneOrMany<T> {
    One(At<T>),
    Many(Vec<At<T>>),
}

impl<T> OneOrMany<T> {
    pub(super) fn as_slice(&self) -> &[At<T>] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl<T: FromToml> FromToml for OneOrMany<T> {
    fn from_toml(value: &Value<'_>, report: &mut FaultList) -> Option<Self> {
        if value.value.get_ref().is_array() {
            return Vec::from_toml(value, report).map(Self::Many);
        }
        Some(Self::One(At { value: T::from_toml(value, report)?, place: value.place.clone() }))
    }
}

/// A value that may be kept out of the file.
#[derive(Debug)]
pub(super) enum SecretRef {
    /// Written in the file.
    Plain(String),
    /// `{ file = "/path" }`: the text of that file.
    File(String),
    /// `{ credential = "name" }`: the systemd credential of that name.
    Credential(String),
}

impl FromToml for SecretRef {
    fn from_toml(value: &Value<'_>, report: &mut FaultList) -> Option<Self> {
        let what = "a text in quotes, { file = \"/path\" } or { credential = \"name\" }";
        let table = match value.value.get_ref() {
            DeValue::String(text) => return Some(Self::Plain(text.clone().into_owned())),
            DeValue::Table(table) => table,
            _ => return value.expected(what, report),
        };
        let mut table = Table::new(value.source, table, "", value.place.clone());
        let file = table.take::<String>("file", report);
        let credential = table.take::<String>("credential", report);
        table.finish(|_| None, report);
        match (file, credential) {
            (Some(file), None) => Some(Self::File(file.value)),
            (None, Some(name)) => Some(Self::Credential(name.value)),
            _ => {
                report.fault(&value.place, format!("must be {what}, and one of them"));
                None
            }
        }
    }
}

/// A table of names that the operator chooses, as the names of headers.
#[derive(Debug)]
pub(super) struct Named<T>(pub(super) Vec<(String, At<T>)>);

impl<T: FromToml> FromToml for Named<T> {
    fn from_toml(value: &Value<'_>, report: &mut FaultList) -> Option<Self> {
        let DeValue::Table(table) = value.value.get_ref() else {
            return value.expected("a table { Name = \"value\" }", report);
        };
        let table = Table::new(value.source, table, "", value.place.clone());
        let mut named = Vec::new();
        for (place, name, inner) in table.entries {
            let inner = Value { source: value.source, place: place.clone(), value: inner };
            named.extend(T::from_toml(&inner, report).map(|value| (name.to_owned(), At { value, place })));
        }
        Some(Self(named))
    }
}

/// A value as a person would call it.
fn noun(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
