//! The metrics of a daemon in the text format of Prometheus (version 0.0.4), made of values. [`FAMILIES`] is the table
//! of all metrics: a new one is one line there. No label has more values than there are outcomes, statuses, configured
//! sources or regions.

use std::fmt::{Display, Write};

use crate::decide::health::{Health, Look, Status};
use crate::model::counts::{Counts, Histogram};
use crate::model::outcome::Outcome;
use crate::model::time::Time;

pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What metrics are made of.
pub struct Measured<'a> {
    pub look: &'a Look,
    pub status: &'a Status,
    pub counts: &'a Counts,
}

/// A metric with its samples.
pub struct Family {
    pub name: &'static str,
    kind: &'static str,
    help: &'static str,
    samples: fn(&Measured<'_>, &mut Samples<'_>),
}

const fn counter(
    name: &'static str,
    help: &'static str,
    samples: fn(&Measured<'_>, &mut Samples<'_>),
) -> Family {
    Family { name, kind: "counter", help, samples }
}

const fn gauge(
    name: &'static str,
    help: &'static str,
    samples: fn(&Measured<'_>, &mut Samples<'_>),
) -> Family {
    Family { name, kind: "gauge", help, samples }
}

const fn histogram(
    name: &'static str,
    help: &'static str,
    samples: fn(&Measured<'_>, &mut Samples<'_>),
) -> Family {
    Family { name, kind: "histogram", help, samples }
}

/// Every metric.
#[rustfmt::skip]
pub static FAMILIES: &[Family] = &[
    gauge("dibao_build_info", "The version that runs; always 1.", |m, out| out.labelled("version", &m.status.version, 1)),
    gauge("dibao_config_timestamp_seconds", "Time since which the configuration is in use.", |m, out| {
        out.put(m.look.configured.timestamp());
    }),
    gauge("dibao_healthy", "1 if `dibao status` says well, 0 if it says degraded.", |m, out| {
        out.put(u8::from(m.status.health == Health::Well));
    }),
    gauge("dibao_ready", "1 while polls go on and are recorded, as /readyz says it.", |m, out| {
        out.put(u8::from(m.look.progress.stops(m.look.now).is_none()));
    }),
    counter("dibao_polls_total", "Recorded polls by outcome. The share of not-modified is that of answers without a body.", polls),
    histogram("dibao_poll_duration_seconds", "Time of a poll from its start to its record, the wait for its host included.", |m, out| {
        out.histogram(&m.counts.poll_seconds);
    }),
    counter("dibao_read_bytes_total", "Size of the documents that polls read, content codings undone.", |m, out| {
        out.put(m.counts.octets);
    }),
    counter("dibao_entries_total", "Recorded entries: new, updated (rewritten), merged (new, and the same report as another source's).", entries),
    counter("dibao_odd_pages_total", "Article pages that lack what those before them had: a body, a date, the usual places of both.", |m, out| {
        out.put(m.counts.odd_pages);
    }),
    gauge("dibao_stored_entries", "Entries in the store.", |m, out| out.put(m.look.sizes.entries)),
    histogram("dibao_scheduler_lag_seconds", "Time from the instant at which a poll was due to its start.", |m, out| {
        out.histogram(&m.counts.lag_seconds);
    }),
    gauge("dibao_overdue_seconds", "Time since which the longest due poll is due and has not ended.", |m, out| {
        out.put(m.look.progress.due.map_or(0, |due| m.look.seconds_since(due)));
    }),
    gauge("dibao_recorder_waiting", "Records that wait for the recorder.", |m, out| out.put(m.look.sizes.waiting)),
    histogram("dibao_journal_sync_duration_seconds", "Time of a sync of the journal (fdatasync).", |m, out| {
        out.histogram(&m.counts.sync_seconds);
    }),
    gauge("dibao_journal_bytes", "Size of the journal.", |m, out| out.maybe(m.look.sizes.journal_octets)),
    gauge("dibao_store_bytes", "Size of the store.", |m, out| out.maybe(m.look.sizes.store_octets)),
    gauge("dibao_search_entries", "Entries in the search index.", |m, out| out.maybe(m.look.sizes.indexed)),
    gauge("dibao_search_ready", "1 if searches are answered, 0 while the index is being built.", |m, out| {
        out.maybe(m.look.sizes.searchable.map(u8::from));
    }),
    gauge("process_resident_memory_bytes", "Memory of the machine that the process holds.", |m, out| {
        out.maybe(m.look.sizes.memory_octets);
    }),
    gauge("dibao_sources", "Configured sources by state.", |m, out| {
        for (state, count) in &m.status.states {
            out.labelled("state", state, count);
        }
    }),
    gauge("dibao_source_state", "The state of a source; always 1.", |m, out| {
        for source in &m.look.sources {
            out.sample(&[("source", source.id.as_str()), ("state", &source.state)], 1);
        }
    }),
    gauge("dibao_source_failing_seconds", "Time since which a source fails; 0 if it does not.", |m, out| {
        for source in &m.look.sources {
            let failing = source.failing_since.map_or(0, |since| m.look.seconds_since(since));
            out.labelled("source", source.id.as_str(), failing);
        }
    }),
    gauge("dibao_source_freshness_seconds", "Age of the newest entry of a source that has brought one.", |m, out| {
        let ages = m.look.sources.iter().filter_map(|source| Some((source.id.as_str(), source.newest?)));
        ages.for_each(|(id, newest)| out.age(m.look, "source", id, newest));
    }),
    gauge("dibao_region_freshness_seconds", "Age of the newest entry of a region that has one.", |m, out| {
        m.look.feeds.iter().for_each(|(feed, newest)| out.age(m.look, "region", feed, *newest));
    }),
    counter("dibao_views_rendered_total", "Views that were rendered; other requests are answered from memory.", |m, out| {
        out.put(m.counts.rendered);
    }),
    counter("dibao_requests_total", "Responses of the public listener by status.", |m, out| {
        for (status, count) in &m.counts.requests {
            out.labelled("status", &status.to_string(), count);
        }
    }),
];

/// Every outcome has a sample from the start, so that the first poll of an outcome is an increase.
fn polls(measured: &Measured<'_>, out: &mut Samples<'_>) {
    for outcome in Outcome::NAMES {
        out.labelled("outcome", outcome, measured.counts.polls.get(outcome).unwrap_or(&0));
    }
}

fn entries(measured: &Measured<'_>, out: &mut Samples<'_>) {
    let entries = measured.counts.entries;
    for (change, count) in [("new", entries.new), ("updated", entries.updated), ("merged", entries.merged)] {
        out.labelled("change", change, count);
    }
}

/// Writes all metrics.
pub fn render(measured: &Measured<'_>) -> String {
    let mut text = String::new();
    for family in FAMILIES {
        let Family { name, kind, help, samples } = family;
        // Writing to a string does not fail.
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        samples(measured, &mut Samples { name, text: &mut text });
    }
    text
}

/// Writes the samples of one metric.
struct Samples<'a> {
    name: &'static str,
    text: &'a mut String,
}

impl Samples<'_> {
    fn put(&mut self, value: impl Display) {
        self.sample(&[], value);
    }

    fn maybe(&mut self, value: Option<impl Display>) {
        if let Some(value) = value {
            self.put(value);
        }
    }

    fn labelled(&mut self, label: &str, of: &str, value: impl Display) {
        self.sample(&[(label, of)], value);
    }

    fn age(&mut self, look: &Look, label: &str, of: &str, newest: Time) {
        self.labelled(label, of, look.seconds_since(newest));
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.line("", labels, value);
    }

    fn histogram(&mut self, histogram: &Histogram) {
        for (bound, count) in histogram.up_to() {
            self.line("_bucket", &[("le", &bound.to_string())], count);
        }
        self.line("_bucket", &[("le", "+Inf")], histogram.count());
        self.line("_sum", &[], histogram.sum);
        self.line("_count", &[], histogram.count());
    }

    fn line(&mut self, ending: &str, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.name);
        self.text.push_str(ending);
        for (n, (label, of)) in labels.iter().enumerate() {
            let of = of.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.text, "{}{label}=\"{of}\"", if n == 0 { '{' } else { ',' });
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{close} {value}");
    }
}

#[cfg(test)]
mod tests;
