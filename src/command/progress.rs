//! Progress of long work, on stderr, only if that is a terminal. The only file that names `indicatif`.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The time between two pictures of a spinner.
const TICK: Duration = Duration::from_millis(120);

/// The progress of one piece of work. It leaves the terminal when it is dropped.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Of work on so many things.
    pub(super) fn of(length: usize, what: &'static str) -> Self {
        Self::with(Some(length as u64), "{msg} [{bar:30}] {pos} of {len}, {eta} left", what)
    }

    /// Of work on so many octets.
    pub(super) fn of_octets(length: u64, what: &'static str) -> Self {
        Self::with(Some(length), "{msg} [{bar:30}] {bytes} of {total_bytes}, {eta} left", what)
    }

    /// Of work whose amount is unknown. `{pos}` stands for what is done.
    pub(super) fn unknown(template: &'static str) -> Self {
        let progress = Self::with(None, &format!("{{spinner}} {template}, {{elapsed}}"), "");
        progress.0.enable_steady_tick(TICK);
        progress
    }

    fn with(length: Option<u64>, template: &str, what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template(template).expect("the templates here are well-formed"));
        bar.set_message(what);
        Self(bar)
    }

    pub(super) fn add(&self, more: u64) {
        self.0.inc(more);
    }

    pub(super) fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// Writes to the terminal without mixing with the bar.
    pub(super) fn around<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
