//! Replays the history of a feed as if each version had been one poll's answer. Prints the new entries, the changed
//! entries, and the decisions that a person should check, with their evidence.
//!
//! ```sh
//! cargo run --release --example replay -- path/to/repository feed.xml   # each commit of a file in a git repository
//! cargo run --release --example replay -- path/to/folder                # the files of a folder, in order of their names
//! ```
//!
//! `--zone Asia/Shanghai` is the zone of dates that name none (else UTC), `--ref BRANCH` names the branch, `--json`
//! prints one object a version, `--all` every decision. It writes no files. It skips versions with the
//! same bytes as the one before, like a poll.
//!
//! It cannot know if an entry really was lost. It reports by its own measure:
//! - **perhaps lost**: an entry was overwritten by one of another title and another text;
//! - **perhaps repeated**: a new entry has the title of an earlier one, and its date, guid or address.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use clap::Parser;
use dibao::decide::diff::{self, DraftEntry, Findings, Manner, Origin};
use dibao::decide::identity::words;
use dibao::decide::rules::Rules;
use dibao::ledger::apply::apply;
use dibao::ledger::store::{MemoryBackend, Store};
use dibao::model::entry::ParsedEntry;
use dibao::model::identity::Vote;
use dibao::model::outcome::Outcome;
use dibao::model::poll_state::PollState;
use dibao::model::record::{
    ChangedEntry, ConfigRecord, LINE_VERSION, Line, NewEntry, Observation, PollRecord, Record,
};
use dibao::model::region::{RegionId, RegionTable};
use dibao::model::source::{RegionRule, SourceDef, SourceId};
use dibao::model::state::State;
use dibao::model::stored::Decision;
use dibao::model::time::Time;
use dibao::read::bound;
use dibao::read::feed::{self, FeedInput};
use dibao::read::link;
use serde_json::json;

/// As `polling.max_entries` has it by default.
const MAX_ENTRIES: usize = 2000;

/// Plays the history of a feed.
#[derive(Debug, Parser)]
struct Args {
    /// A git directory, or a folder of snapshots
    from: PathBuf,
    /// The feed's path in the repository
    path: Option<String>,
    /// The branch, tag or commit to end with
    #[arg(long = "ref", default_value = "HEAD")]
    at: String,
    /// The zone of dates that name none
    #[arg(long, default_value = "UTC")]
    zone: Tz,
    /// Where the feed was: what relative links resolve against
    #[arg(long, default_value = "https://feed.invalid/feed.xml")]
    url: String,
    /// One JSON object a version
    #[arg(long)]
    json: bool,
    /// Every decision, not only those to look at
    #[arg(long)]
    all: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let versions = match &args.path {
        Some(path) => Versions::of_git(&args.from, &args.at, path)?,
        None => Versions::of_folder(&args.from)?,
    };
    let mut replay = Replay::new(&args)?;
    let mut last = Vec::new();
    for n in 0..versions.len() {
        let (name, bytes) = versions.read(n)?;
        if bytes != last {
            replay.poll(&name, &bytes)?;
        }
        last = bytes;
    }
    replay.sum_up();
    Ok(())
}

/// The versions of a feed, oldest first.
enum Versions {
    Files(Vec<PathBuf>),
    Git { repository: PathBuf, blobs: Vec<(String, String)> },
}

impl Versions {
    fn of_folder(folder: &Path) -> Result<Self> {
        let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        files.retain(|file| file.is_file());
        files.sort();
        ensure!(!files.is_empty(), "{} holds no file", folder.display());
        Ok(Self::Files(files))
    }

    fn of_git(repository: &Path, at: &str, path: &str) -> Result<Self> {
        let log = git(repository)
            .args([
                "log", "--first-parent", "--raw", "--no-abbrev", "--no-renames", "--format=%h", at, "--",
                path,
            ])
            .stdout(Stdio::piped())
            .spawn()
            .context("git log")?;
        let (mut commit, mut blobs) = (String::new(), Vec::new());
        for line in BufReader::new(log.stdout.context("its output")?).lines() {
            let line = line?;
            match line.strip_prefix(':') {
                // Modes, blobs before and after, what was done: a file that was removed has no blob after.
                Some(raw) => blobs.extend(
                    raw.split(' ')
                        .nth(3)
                        .filter(|id| id.contains(|c| c != '0'))
                        .map(|id| (commit.clone(), id.to_owned())),
                ),
                None if !line.is_empty() => commit = line,
                None => {}
            }
        }
        blobs.reverse();
        ensure!(!blobs.is_empty(), "{path} has no history in {}", repository.display());
        Ok(Self::Git { repository: repository.to_owned(), blobs })
    }

    fn len(&self) -> usize {
        match self {
            Self::Files(files) => files.len(),
            Self::Git { blobs, .. } => blobs.len(),
        }
    }

    fn read(&self, n: usize) -> Result<(String, Vec<u8>)> {
        match self {
            Self::Files(files) => {
                let name = files[n].file_name().unwrap_or_default().to_string_lossy().into_owned();
                Ok((name, std::fs::read(&files[n])?))
            }
            Self::Git { repository, blobs } => {
                let (commit, id) = &blobs[n];
                let mut child =
                    git(repository).args(["cat-file", "blob", id]).stdout(Stdio::piped()).spawn()?;
                let mut bytes = Vec::new();
                child.stdout.take().context("its output")?.read_to_end(&mut bytes)?;
                ensure!(child.wait()?.success(), "git cat-file {id} failed");
                Ok((commit.clone(), bytes))
            }
        }
    }
}

fn git(repository: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(repository);
    git
}

/// A source that was polled so far.
struct Replay<'a> {
    args: &'a Args,
    source: SourceId,
    store: Store,
    rules: Rules,
    seq: u64,
    at: Time,
    /// All entries that ever were new, by what they may be repeated under.
    seen: BTreeMap<Likeness, String>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    versions: usize,
    unread: usize,
    entries: usize,
    changed: usize,
    lost: usize,
    repeated: usize,
}

/// A title with something else: by it a person takes two entries for one.
type Likeness = (String, String);

impl<'a> Replay<'a> {
    fn new(args: &'a Args) -> Result<Self> {
        let source = SourceId::new("replay");
        let region = RegionRule::Fixed(vec![RegionId::new("beijing")]);
        let def = SourceDef {
            id: source.clone(),
            title: None,
            url: args.url.clone(),
            region,
            rights: None,
            priority: 0,
        };
        let rules = Rules::new(&RegionTable::builtin(), Vec::new(), vec![def.clone()], []);
        let at = DateTime::from_timestamp(1_800_000_000, 0).context("an instant")?;
        let store = Store::new(Box::<MemoryBackend>::default());
        let mut replay =
            Self { args, source, store, rules, seq: 0, at, seen: BTreeMap::new(), counts: Counts::default() };
        let (instance, fingerprint) = (uuid::Uuid::nil(), String::new());
        replay.record(Record::Config(ConfigRecord {
            at,
            instance,
            fingerprint,
            sources: vec![def],
            gone: Vec::new(),
        }))?;
        Ok(replay)
    }

    fn record(&mut self, record: Record) -> Result<()> {
        self.seq += 1;
        let line = Line { v: LINE_VERSION, seq: self.seq, round: self.seq, record };
        let changes = apply(&self.store, &line, &self.rules)?;
        self.store.commit(&changes)?;
        Ok(())
    }

    fn poll(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.counts.versions += 1;
        // An hour between two polls: dates that have no year are read by the year it is.
        self.at += TimeDelta::hours(1);
        let (url, zone, at) = (self.args.url.as_str(), self.args.zone, self.at);
        let input = FeedInput { bytes, url, content_type: None, zone, fetched_at: at };
        let mut parsed = match feed::read(&input) {
            Ok(parsed) => parsed,
            Err(why) => {
                self.counts.unread += 1;
                println!(
                    "{}",
                    if self.args.json {
                        json!({ "version": name, "unread": why.to_string() }).to_string()
                    } else {
                        format!("{name}: not read: {why}")
                    }
                );
                return Ok(());
            }
        };
        let stored = self.store.source(&self.source)?;
        let order = stored.as_ref().and_then(|stored| stored.poll.grows_at_end);
        bound::newest(&mut parsed.entries, MAX_ENTRIES, order);
        bound::feed(&mut parsed);
        let origin =
            Origin { source: &self.source, stored: stored.as_ref(), url, manner: Manner::Whole, zone, at };
        let Findings { feed, new, changed, marks, grows_at_end, .. } =
            diff::findings(&self.store, origin, &parsed)?;
        let mut claimed = BTreeSet::new();
        let new = new.into_iter().map(|draft| self.named(draft, &mut claimed)).collect::<Result<Vec<_>>>()?;
        self.tell(name, parsed.entries.len(), &new, &changed)?;
        let state = PollState { marks, grows_at_end: grows_at_end.or(order), ..PollState::default() };
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (entries, fresh, rewritten) =
            (count(parsed.entries.len()), count(new.len()), count(changed.len()));
        let outcome = Outcome::Fetched { entries, new: fresh, changed: rewritten, repairs: Vec::new() };
        let poll =
            PollRecord { at, source: self.source.clone(), outcome, state, turn: None, pages: Vec::new() };
        self.record(Record::Observation(Observation { poll, feed, new, changed, left: Vec::new() }))
    }

    /// A new entry under the id it is published by: the publisher's, unless that is taken.
    fn named(&self, draft: DraftEntry, claimed: &mut BTreeSet<String>) -> Result<NewEntry> {
        let DraftEntry { iri, minted, keys, fingerprint, entry, backlog, decision } = draft;
        let mut published_id = iri.unwrap_or_else(|| minted.clone());
        while claimed.contains(&published_id) || self.store.owner(&published_id)?.is_some() {
            // The minted one, and if that is taken too, one made from it.
            let again = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, published_id.as_bytes());
            published_id = if published_id == minted || claimed.contains(&minted) {
                again.urn().to_string()
            } else {
                minted.clone()
            };
        }
        claimed.insert(published_id.clone());
        Ok(NewEntry { published_id, keys, fingerprint, entry, backlog, story: None, decision })
    }

    fn tell(&mut self, name: &str, entries: usize, new: &[NewEntry], changed: &[ChangedEntry]) -> Result<()> {
        let changed: Vec<_> = changed.iter().filter(|changed| !changed.renamed).collect();
        self.counts.entries += new.len();
        self.counts.changed += changed.len();
        let mut told = Vec::new();
        for new in new {
            let before = likenesses(&new.entry).iter().find_map(|likeness| self.seen.get(likeness).cloned());
            self.counts.repeated += usize::from(before.is_some());
            let what = if before.is_some() { "perhaps repeated" } else { "new" };
            told.push((what, title(&new.entry), before, new.decision.as_ref()));
        }
        for changed in &changed {
            let old = self
                .store
                .owner(&changed.published_id)?
                .map(|no| self.store.entry(no))
                .transpose()?
                .flatten();
            let lost =
                old.is_some_and(|old| is_other_news(&old.body, &changed.entry, changed.decision.as_ref()));
            self.counts.lost += usize::from(lost);
            let was = changed.decision.as_ref().and_then(|decision| decision.was.clone());
            told.push((
                if lost { "perhaps lost" } else { "changed" },
                title(&changed.entry),
                was,
                changed.decision.as_ref(),
            ));
        }
        for new in new {
            for likeness in likenesses(&new.entry) {
                self.seen.entry(likeness).or_insert_with(|| title(&new.entry));
            }
        }
        if self.args.json {
            println!("{}", json!({ "version": name, "entries": entries, "new": new, "changed": changed }));
            return Ok(());
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{name}: {entries} entries, {} new, {} changed", new.len(), changed.len())?;
        for (what, title, other, decision) in told {
            if self.args.all || what.starts_with("perhaps") {
                let evidence: Vec<_> =
                    decision.iter().flat_map(|d| &d.votes).map(ToString::to_string).collect();
                let other = other.map(|other| format!(" ← {other}")).unwrap_or_default();
                let evidence = if evidence.is_empty() {
                    "nothing like it was known".to_owned()
                } else {
                    evidence.join(", ")
                };
                writeln!(out, "  {what}: {title}{other} ({evidence})")?;
            }
        }
        Ok(())
    }

    fn sum_up(&self) {
        let Counts { versions, unread, entries, changed, lost, repeated } = self.counts;
        if !self.args.json {
            println!(
                "{versions} versions ({unread} not read), {entries} entries, {changed} changes, \
                 {lost} perhaps lost, {repeated} perhaps repeated"
            );
        }
    }
}

fn title(entry: &ParsedEntry) -> String {
    entry.title.clone().unwrap_or_else(|| "(no title)".to_owned())
}

fn likenesses(entry: &ParsedEntry) -> Vec<Likeness> {
    let Some(title) = entry.title.clone() else { return Vec::new() };
    let date = entry.published.or(entry.updated).map(|stamp| stamp.at.to_rfc3339());
    let page = entry.page().map(link::canonical);
    [date, entry.id.clone(), page].into_iter().flatten().map(|other| (title.clone(), other)).collect()
}

/// Whether an entry was overwritten by what has neither its title nor its text.
fn is_other_news(old: &ParsedEntry, now: &ParsedEntry, decision: Option<&Decision>) -> bool {
    let kept = decision.is_some_and(|decision| {
        let kept = |vote: &Vote| {
            matches!(vote, Vote::SameTitle | Vote::LikeTitle | Vote::SameText | Vote::LikeText(_))
        };
        decision.votes.iter().any(kept)
    });
    let text = |entry: &ParsedEntry| words(entry.summary.as_ref().or(entry.content.as_ref()));
    !kept && old.title != now.title && text(old) != text(now)
}
