//! The reference of the configuration, `docs/configuration.md`, and its JSON Schema for editors,
//! `config/dibao.schema.json`. Both are made from the types and comments in `raw.rs`, by the tests alone: the daemon
//! carries neither. `BLESS=1 cargo test --lib config::reference` writes them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::fault::{At, FaultList};
use super::raw::{self, File, Id};
use super::table::{Named, OneOrMany, SecretRef};
use super::{Env, check};

const SCHEMA: &str = "config/dibao.schema.json";
const REFERENCE: &str = "docs/configuration.md";

/// The tables: how a file names each, its properties in the schema, and its keys in their order.
const TABLES: &[(&str, &str, &[&str])] = &[
    ("server", "", raw::Server::KEYS),
    ("state", "", raw::State::KEYS),
    ("polling", "", raw::Polling::KEYS),
    ("publish", "", raw::Publish::KEYS),
    ("search", "", raw::Search::KEYS),
    ("log", "", raw::Log::KEYS),
    ("retention", "", raw::Retention::KEYS),
    ("region", "/items", raw::Region::KEYS),
    ("rule", "/items", raw::Rule::KEYS),
    ("source", "/items", raw::Source::KEYS),
    ("source.page", "", raw::Page::KEYS),
    ("source.json", "", raw::Json::KEYS),
    ("source.rule", "/items", raw::PublishRule::KEYS),
];

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn schema_name() -> Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = T::json_schema(generator);
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

impl JsonSchema for SecretRef {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let table = |key: &str| {
            json!({
                "type": "object",
                "properties": { (key): { "type": "string" } },
                "required": [key],
                "additionalProperties": false,
            })
        };
        json_schema!({ "anyOf": [{ "type": "string" }, table("file"), table("credential")] })
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn schema_name() -> Cow<'static, str> {
        "Named".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = T::json_schema(generator);
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}

/// The schema of a main file. Draft 7 is what editors' TOML extensions read.
fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<File>().to_value();
    tidy(&mut schema);
    schema["title"] = "The configuration of dibao".into();
    schema["description"] = "dibao.toml, and the files it includes".into();
    schema
}

/// TOML has no null, and a table or list that is left out is empty.
fn tidy(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(tidy),
        Value::Object(map) => {
            map.values_mut().for_each(tidy);
            tidy_schema(map);
        }
        _ => {}
    }
}

fn tidy_schema(map: &mut Map<String, Value>) {
    let is_null = |value: &Value| *value == json!("null") || *value == json!({ "type": "null" });
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| !is_null(name));
        let only = types.first().cloned();
        map.extend(only.map(|only| ("type".to_owned(), only)));
    }
    if let Some(Value::Array(any)) = map.get_mut("anyOf") {
        any.retain(|schema| !is_null(schema));
        if let [Value::Object(_)] = any.as_slice()
            && let Some(Value::Object(only)) = any.pop()
        {
            map.remove("anyOf");
            map.extend(only);
        }
    }
    if let (Some(Value::Array(required)), Some(Value::Object(properties))) =
        (map.get("required").cloned(), map.get("properties"))
    {
        let is_value = |key: &Value| properties[key.as_str().unwrap_or_default()]["type"] == "string";
        let required: Vec<Value> = required.into_iter().filter(is_value).collect();
        map.remove("required");
        map.extend((!required.is_empty()).then(|| ("required".to_owned(), required.into())));
    }
    // The width of the integers of this program is no concern of an editor.
    if map.get("format").is_some_and(|format| format == "int64") {
        map.remove("format");
    }
    if let Some(Value::String(text)) = map.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

/// The schema of a table.
fn table<'s>(schema: &'s Value, (name, items, _): &(&str, &str, &[&str])) -> &'s Value {
    let pointer = match name.split_once('.') {
        None => format!("/properties/{name}{items}"),
        Some((outer, inner)) => format!("/properties/{outer}/items/properties/{inner}{items}"),
    };
    schema.pointer(&pointer).unwrap_or_else(|| panic!("{pointer} is no table"))
}

fn heading((name, items, _): &(&str, &str, &[&str])) -> String {
    match (items.is_empty(), *name) {
        (_, "source.rule") => "[[source.rule]] and [[region.rule]]".to_owned(),
        (true, name) => format!("[{name}]"),
        (false, name) => format!("[[{name}]]"),
    }
}

/// The reference as Markdown.
fn reference(schema: &Value) -> String {
    let mut out = include_str!("reference.md").to_owned();
    let about = |schema: &Value| schema["description"].as_str().unwrap_or_default().to_owned();
    let include = &schema["properties"]["include"];
    write!(out, "\n| key | default | meaning |\n|---|---|---|\n{}", line("include", include))
        .expect("a text");
    for entry in TABLES {
        let table = table(schema, entry);
        let _ = write!(out, "\n## `{}`\n\n{}\n\n", heading(entry), about(table));
        out.push_str("| key | default | meaning |\n|---|---|---|\n");
        for key in entry.2 {
            let value = &table["properties"][key];
            // Tables within have a section of their own, and the place of a table is no key.
            let is_table = value["properties"].is_object() || value["items"]["properties"].is_object();
            if !value.is_null() && !is_table {
                out.push_str(&line(key, value));
            }
        }
    }
    out
}

fn line(key: &str, value: &Value) -> String {
    let default = match &value["default"] {
        Value::Null => String::new(),
        Value::String(text) => format!("`\"{text}\"`"),
        other => format!("`{other}`"),
    };
    let words: Vec<&str> = value["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let words =
        if words.is_empty() { String::new() } else { format!(" One of `\"{}\"`.", words.join("\"`, `\"")) };
    let about = value["description"].as_str().unwrap_or_default().replace('|', "\\|");
    format!("| `{key}` | {default} | {}: {about}{words} |\n", kind(value))
}

/// The type of a value in words.
fn kind(value: &Value) -> &'static str {
    let any = value["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    match (value["type"].as_str(), any) {
        (Some("string"), _) => "Text",
        (Some("integer"), _) => "Number",
        (Some("boolean"), _) => "`true` or `false`",
        (Some("array"), _) => "List",
        (Some("object"), _) => "Table of texts or secrets",
        (None, [_, list]) if list["type"] == "array" => "Text or list",
        (None, [_, _, _]) => "Text or secret",
        _ => panic!("a value of another type: {value}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the test sets BLESS")]
fn holds(path: &str, text: &str) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, text).expect("the repository can be written");
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == text, "{path} is not as the types are: BLESS=1 cargo test --lib config::reference");
}

#[test]
fn schema_and_reference_are_as_the_types() {
    let schema = schema();
    holds(SCHEMA, &format!("{schema:#}\n"));
    holds(REFERENCE, &reference(&schema));
}

/// The keys of each table in the shipped file, comments included, with the value of the last line of each. A key that
/// cannot stand beside another follows it as `# or key = value`.
fn shown() -> BTreeMap<String, BTreeMap<String, String>> {
    let (mut tables, mut table) = (BTreeMap::new(), String::new());
    for line in include_str!("../../config/dibao.toml").lines() {
        let line = line.strip_prefix("# ").unwrap_or(line);
        let head = line.trim_start_matches('[');
        if head.len() < line.len()
            && let Some(name) = head.strip_suffix("]]").or(head.strip_suffix(']'))
        {
            name.clone_into(&mut table);
        } else if let Some((key, value)) = line.split_once(" = ")
            && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        {
            let keys: &mut BTreeMap<String, String> = tables.entry(table.clone()).or_default();
            keys.insert(key.to_owned(), value.split("  #").next().unwrap_or_default().trim().to_owned());
            let other = value.split_once("# or ").and_then(|(_, other)| other.split_once(" = "));
            keys.extend(other.map(|(key, value)| (key.to_owned(), value.to_owned())));
        }
    }
    tables
}

#[test]
fn the_shipped_file_shows_every_key_and_its_default() {
    let (schema, shown) = (schema(), shown());
    for entry in TABLES.iter().filter(|(name, ..)| *name != "source.rule") {
        let properties = table(&schema, entry)["properties"].as_object().expect("a table has keys");
        let is_table =
            |value: &Value| value["properties"].is_object() || value["items"]["properties"].is_object();
        let keys = properties.iter().filter(|(_, value)| !is_table(value)).map(|(key, _)| key.as_str());
        let shown = &shown[entry.0];
        assert_eq!(keys.collect::<BTreeSet<_>>(), shown.keys().map(String::as_str).collect(), "{}", entry.0);
        // In the tables of a list the shipped file shows examples.
        for (key, value) in properties.iter().filter(|_| entry.1.is_empty() && !entry.0.contains('.')) {
            if !value["default"].is_null() {
                assert_eq!(shown[key], value["default"].to_string(), "{}.{key}", entry.0);
            }
        }
    }
}

/// A configuration of these lines in a table, as it is checked.
fn checked(table: &str, lines: &[String]) -> String {
    let source = "[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n";
    let text = match table {
        "source" => format!("{source}{}", lines.join("\n")),
        "source.page" => format!("{source}kind = \"page\"\n[source.page]\n{}", lines.join("\n")),
        table => format!("[{table}]\n{}", lines.join("\n")),
    };
    let mut report = FaultList::default();
    let path = Path::new("dibao.toml");
    let file = raw::read_main(path, &text, &mut report);
    let config = check::check(path, file, &Env::default(), &mut report);
    assert_eq!(report.into_faults().faults, [], "{text}");
    format!("{config:?}")
}

#[test]
fn the_defaults_of_the_reference_are_those_of_the_code() {
    let schema = schema();
    let mut compared = 0;
    for entry in TABLES {
        for (key, value) in table(&schema, entry)["properties"].as_object().expect("a table has keys") {
            if value["default"].is_null() {
                continue;
            }
            // Some keys need another one beside them.
            let beside = [("source.page", "next", "\"a\""), ("source.page", "follow", "true")];
            let mut lines: Vec<String> = (beside.iter())
                .filter(|(table, other, _)| *table == entry.0 && other != key)
                .map(|(_, other, value)| format!("{other} = {value}"))
                .collect();
            let without = checked(entry.0, &lines);
            lines.push(format!("{key} = {}", value["default"]));
            assert_eq!(checked(entry.0, &lines), without, "{}.{key}", entry.0);
            compared += 1;
        }
    }
    assert!(compared >= 25, "{compared}");
}
