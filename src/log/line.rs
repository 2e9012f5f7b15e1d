//! One line of the log, as text and as JSON.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

pub(super) struct Line {
    level: Level,
    time: Option<String>,
    message: String,
    /// In the order of the event.
    fields: Vec<(&'static str, Content)>,
}

enum Content {
    Value(Value),
    /// As the event formats it.
    Formatted(String),
}

impl Line {
    pub(super) fn of(event: &Event<'_>, time: Option<String>) -> Self {
        let level = *event.metadata().level();
        let mut line = Self { level, time, message: String::new(), fields: Vec::new() };
        event.record(&mut line);
        line
    }

    /// The prefix by which the journal of systemd knows the priority (sd-daemon(3)).
    pub(super) fn priority(&self) -> &'static str {
        match self.level {
            Level::ERROR => "<3>",
            Level::WARN => "<4>",
            Level::INFO => "<6>",
            Level::DEBUG | Level::TRACE => "<7>",
        }
    }

    /// `TIME LEVEL message field=value`, with colours for a terminal.
    pub(super) fn text(&self, colours: bool) -> String {
        let (dim, strong, plain) = if colours { ("\x1b[2m", self.colour(), "\x1b[0m") } else { ("", "", "") };
        let time = self.time.as_ref().map_or_else(String::new, |time| format!("{dim}{time}{plain} "));
        let mut text = format!("{time}{strong}{:>5}{plain} {}", self.level.as_str(), one_line(&self.message));
        for (name, content) in &self.fields {
            // Writing to a string does not fail.
            let _ = match content {
                Content::Value(value) => write!(text, " {dim}{name}={plain}{value}"),
                Content::Formatted(value) => write!(text, " {dim}{name}={plain}{}", one_line(value)),
            };
        }
        text
    }

    fn colour(&self) -> &'static str {
        match self.level {
            Level::ERROR => "\x1b[31m",
            Level::WARN => "\x1b[33m",
            Level::INFO => "\x1b[32m",
            Level::DEBUG | Level::TRACE => "\x1b[34m",
        }
    }

    /// One object: `time`, `level`, `message`, and the fields by their names.
    pub(super) fn json(&self) -> String {
        let mut object = Map::new();
        object.extend(self.time.as_ref().map(|time| ("time".to_owned(), Value::from(time.as_str()))));
        object.insert("level".to_owned(), self.level.as_str().to_ascii_lowercase().into());
        object.insert("message".to_owned(), self.message.as_str().into());
        for (name, content) in &self.fields {
            let value = match content {
                Content::Value(value) => value.clone(),
                Content::Formatted(value) => value.as_str().into(),
            };
            object.insert((*name).to_owned(), value);
        }
        Value::Object(object).to_string()
    }

    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.fields.push((field.name(), Content::Value(value.into())));
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name => self.fields.push((name, Content::Formatted(format!("{value:?}")))),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            _ => self.add(field, value),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }
}

/// The text without line ends and other control characters. Publishers choose parts of it: a line of theirs would look
/// like one of ours, and an escape sequence would reach the terminal.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::Subscriber;
    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::{Context, SubscriberExt};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<Line>>>);

    impl<S: Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let time = Some("2026-11-20T08:00:00.123Z".to_owned());
            self.0.lock().expect("no poison").push(Line::of(event, time));
        }
    }

    /// The lines of the events that `work` makes.
    fn lines(work: impl FnOnce()) -> Vec<Line> {
        let kept = Kept::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(kept.clone()), work);
        std::mem::take(&mut *kept.0.lock().expect("no poison"))
    }

    fn some_lines() -> Vec<Line> {
        lines(|| {
            let (no, none): (&str, Option<u32>) = ("a \"b\"", None);
            tracing::info!(source.id = %"henan-daily", elapsed_ms = 120_u64, none, "fetched: {} entries", 3);
            tracing::warn!(hidden = true, delay = -2, share = 0.5, no, "it says\nWARN two\x1b[31m lines");
            tracing::error!(error = %"disk\nfull", "cannot write");
            tracing::debug!("done");
        })
    }

    #[test]
    fn lines_as_text() {
        let text: Vec<_> = some_lines().iter().map(|line| line.text(false)).collect();
        let expected = [
            "2026-11-20T08:00:00.123Z  INFO fetched: 3 entries source.id=henan-daily elapsed_ms=120",
            "2026-11-20T08:00:00.123Z  WARN it says\\nWARN two\\u{1b}[31m lines hidden=true delay=-2 share=0.5 \
             no=\"a \\\"b\\\"\"",
            "2026-11-20T08:00:00.123Z ERROR cannot write error=disk\\nfull",
            "2026-11-20T08:00:00.123Z DEBUG done",
        ];
        assert_eq!(text, expected);
        let coloured = some_lines()[3].text(true);
        assert_eq!(coloured, "\x1b[2m2026-11-20T08:00:00.123Z\x1b[0m \x1b[34mDEBUG\x1b[0m done");
    }

    #[test]
    fn lines_as_json() {
        let json: Vec<Value> =
            some_lines().iter().map(|line| serde_json::from_str(&line.json()).expect("JSON")).collect();
        let time = "2026-11-20T08:00:00.123Z";
        let expected = [
            serde_json::json!({ "time": time, "level": "info", "message": "fetched: 3 entries",
                "source.id": "henan-daily", "elapsed_ms": 120 }),
            serde_json::json!({ "time": time, "level": "warn", "message": "it says\nWARN two\u{1b}[31m lines",
                "hidden": true, "delay": -2, "share": 0.5, "no": "a \"b\"" }),
            serde_json::json!({ "time": time, "level": "error", "message": "cannot write", "error": "disk\nfull" }),
            serde_json::json!({ "time": time, "level": "debug", "message": "done" }),
        ];
        assert_eq!(json, expected);
        assert!(some_lines().iter().all(|line| !line.json().contains('\n')), "one line each");
    }

    #[test]
    fn lines_for_the_journal_carry_their_priority_and_no_time() {
        let told = lines(|| {
            tracing::warn!("w");
            tracing::error!("e");
            tracing::info!("i");
            tracing::trace!("t");
        });
        let told = told.into_iter().map(|line| Line { time: None, ..line });
        let told: Vec<_> = told.map(|line| format!("{}{}", line.priority(), line.text(false))).collect();
        assert_eq!(told, ["<4> WARN w", "<3>ERROR e", "<6> INFO i", "<7>TRACE t"]);
    }
}
