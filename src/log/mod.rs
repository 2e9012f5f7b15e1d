//! The log: one line an event on stderr, as text or JSON. Under systemd each line begins with its priority and has no
//! time, because the journal dates lines itself. Level and format may change while the daemon runs.

mod line;

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{SecondsFormat, Utc};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

use crate::config::{Log, LogFormat, LogLevel};
use line::Line;

static SWITCH: OnceLock<Switch> = OnceLock::new();

/// The settings of the log that may change.
struct Switch {
    /// `None` if `RUST_LOG` decides.
    filter: Option<reload::Handle<EnvFilter, Registry>>,
    default: String,
    json: AtomicBool,
    /// True if the command line names the format.
    has_format: bool,
    is_terminal: bool,
    is_journal: bool,
}

/// Starts the log of this process, which logs from the level `default` on. `RUST_LOG` and `--log-format` win over that
/// and over the configuration.
#[expect(clippy::disallowed_methods, reason = "where a log goes is the process's affair, not the config's")]
pub fn start(default: &str, format: Option<&str>) {
    let of_environment = EnvFilter::try_from_default_env().ok();
    let is_fixed = of_environment.is_some();
    let filter = of_environment.unwrap_or_else(|| EnvFilter::new(default));
    let (filter, handle) = reload::Layer::new(filter);
    let switch = Switch {
        filter: (!is_fixed).then_some(handle),
        default: default.to_owned(),
        json: AtomicBool::new(format == Some("json")),
        has_format: format.is_some(),
        is_terminal: std::io::stderr().is_terminal(),
        is_journal: std::env::var("JOURNAL_STREAM").is_ok_and(|stream| is_stderr(&stream)),
    };
    if SWITCH.set(switch).is_ok() {
        tracing_subscriber::registry().with(filter).with(Stderr).init();
    }
}

/// Applies the `[log]` table of a configuration, from now on.
pub fn configure(log: &Log) {
    let Some(switch) = SWITCH.get() else { return };
    if !switch.has_format {
        switch.json.store(log.format == LogFormat::Json, Ordering::Relaxed);
    }
    if let Some(filter) = &switch.filter {
        let wanted = log.level.map_or_else(|| switch.default.clone(), |level| directives(level).to_owned());
        // Fails only if the log is gone.
        let _ = filter.reload(EnvFilter::new(wanted));
    }
}

/// Below `info`, other people's libraries say more than dibao.
fn directives(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Off => "off",
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "info,dibao=debug",
        LogLevel::Trace => "info,dibao=trace",
    }
}

/// True if stderr is the stream that systemd names (`JOURNAL_STREAM` of systemd.exec(5)): device and inode. A command
/// that a service runs with stderr to a file has the variable too.
fn is_stderr(stream: &str) -> bool {
    rustix::fs::fstat(std::io::stderr())
        .is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// Writes events to stderr.
struct Stderr;

impl<S: Subscriber> Layer<S> for Stderr {
    #[expect(clippy::disallowed_methods, reason = "the time of a line of the log decides nothing")]
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(switch) = SWITCH.get() else { return };
        let time = (!switch.is_journal).then(|| Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true));
        let line = Line::of(event, time);
        let text = match switch.json.load(Ordering::Relaxed) {
            true => line.json(),
            false => line.text(switch.is_terminal),
        };
        let priority = if switch.is_journal { line.priority() } else { "" };
        // Nobody can be told that stderr is closed.
        let _ = std::io::stderr().lock().write_all(format!("{priority}{text}\n").as_bytes());
    }
}
