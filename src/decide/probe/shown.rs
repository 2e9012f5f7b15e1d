//! A report as text for people.

use std::fmt::{self, Display, Write};

use super::{Followed, Freshness, ProbeReport, Rhythm, RobotsReport, Shown};

impl Display for ProbeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.url)?;
        fact(f, "answered", self.answered.as_ref())?;
        fact(f, "is", Some(format!("{}: {}", self.answer.name().replace('-', " "), self.because)))?;
        fact(f, "title", self.title.as_ref())?;
        fact(f, "encoding", self.encoding.as_ref())?;
        fact(f, "robots", self.robots.as_ref())?;
        if self.status.is_some_and(|status| status < 300) {
            fact(f, "freshness", Some(&self.freshness))?;
        }
        fact(f, "rhythm", self.rhythm.as_ref())?;
        fact(f, "", self.silent.then_some("nothing new for far longer than that: it may be dead"))?;
        let ids: Vec<String> = self.ids.iter().map(|(kind, n)| format!("{n} by {kind}")).collect();
        fact(f, "known by", (!ids.is_empty()).then(|| ids.join(", ")))?;
        for (n, defect) in self.defects.iter().enumerate() {
            fact(f, if n == 0 { "defects" } else { "" }, Some(defect))?;
        }
        if self.defects.is_empty() && self.count > 0 {
            fact(f, "defects", Some("none"))?;
        }
        for (n, feed) in self.feeds.iter().enumerate() {
            let title = feed.title.as_deref().map_or(String::new(), |title| format!("  {title}"));
            fact(f, if n == 0 { "feeds" } else { "" }, Some(format!("{}{title}", feed.url)))?;
        }
        self.entries(f)?;
        self.followed.as_ref().map_or(Ok(()), |followed| followed.fmt(f))?;
        match &self.toml {
            Some(toml) => write!(f, "\n{toml}"),
            None => Ok(()),
        }
    }
}

impl ProbeReport {
    fn entries(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.entries.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nthe first {} of {} entries:", self.entries.len(), self.count)?;
        self.entries.iter().try_for_each(|entry| entry.fmt(f))
    }
}

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date.as_deref().unwrap_or("no date");
        writeln!(f, "  {date:<26}  {}", self.title.as_deref().unwrap_or("(no title)"))?;
        writeln!(f, "  {:<26}  {}", format!("by {}", self.id), self.link.as_deref().unwrap_or("(no link)"))
    }
}

impl Display for RobotsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        self.crawl_delay.map_or(Ok(()), |seconds| write!(f, "; Crawl-delay {seconds} s"))
    }
}

impl Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers = [
            ("ETag", &self.etag),
            ("Last-Modified", &self.last_modified),
            ("Cache-Control", &self.cache_control),
            ("Expires", &self.expires),
            ("X-Robots-Tag", &self.x_robots_tag),
        ];
        let said: Vec<String> = headers
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}: {}", value.as_deref()?)))
            .collect();
        if self.etag.is_none() && self.last_modified.is_none() {
            f.write_str("no validators: every poll fetches all of it")?;
            f.write_str(if said.is_empty() { "" } else { "; " })?;
        }
        f.write_str(&said.join("; "))
    }
}

impl Display for Rhythm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.covers > 0 {
            write!(f, "{:.1} entries a day", self.per_day)?;
            if let Some(gap) = self.usual_gap {
                write!(f, ", usually {} apart", span(gap))?;
            }
            write!(f, ", over {}; ", span(self.covers))?;
        }
        match self.newest_age {
            ..0 => write!(f, "the newest is dated {} ahead", span(-self.newest_age)),
            age => write!(f, "the newest is {} old", span(age)),
        }
    }
}

impl Display for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\none of their pages: {}", self.link)?;
        if let Some(why) = &self.failed {
            return writeln!(f, "  not read: {why}");
        }
        let facts = [
            ("title", &self.title),
            ("date", &self.date),
            ("outlet", &self.outlet),
            ("editor", &self.editor),
            ("section", &self.section),
        ];
        for (name, value) in facts {
            writeln!(f, "  {name:<10}  {}", value.as_deref().unwrap_or("-"))?;
        }
        writeln!(f, "  {:<10}  {} characters", "body", self.characters)
    }
}

fn fact(f: &mut fmt::Formatter<'_>, name: &str, value: Option<impl Display>) -> fmt::Result {
    value.map_or(Ok(()), |value| writeln!(f, "{name:<10}  {value}"))
}

/// A length of time, in its largest unit that says enough.
pub fn span(seconds: i64) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = match seconds {
        ..120 => write!(out, "{seconds} s"),
        120..7_200 => write!(out, "{} min", seconds / 60),
        7_200..172_800 => write!(out, "{} h", seconds / 3_600),
        _ => write!(out, "{} days", seconds / 86_400),
    };
    out
}
