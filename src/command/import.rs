//! `dibao import`: the subscriptions of another program as `[[source]]` tables, for the operator to review. Changes no
//! configuration.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use ipnet::IpNet;
use tokio::task::JoinSet;

use super::probe::{self, Follow, Prober};
use super::progress::Progress;
use super::{BadConfig, Ended, Invocation, Subcommand};
use crate::config::{Config, RESERVED_WORDS};
use crate::decide::import::{Draft, Taken, comment, drafts};
use crate::model::region::RegionTable;
use crate::read::decode::decode;
use crate::read::subscriptions::{self, MAX_FILE};

// Not a doc comment: rustdoc would take the brackets for a link.
#[derive(Debug, clap::Args)]
#[command(about = "Read the subscriptions of another program, and print [[source]] tables to review")]
pub struct Import {
    /// OPML (of Miniflux, FreshRSS and any reader), newsboat's urls, or the INI of a Planet
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Ask every address once, politely, and write what is found; without an answer the source is disabled
    #[arg(long)]
    probe: bool,
    /// Append to this file. Addresses that are in it are left out, so an interrupted import goes on where it stopped
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
    /// A private network in which addresses may lie, besides polling.allow_networks
    #[arg(long, value_name = "CIDR")]
    allow_network: Vec<IpNet>,
}

impl Subcommand for Import {
    const NAME: &'static str = "import";

    async fn run(self, invocation: Invocation) -> anyhow::Result<Ended> {
        let config =
            probe::found(invocation.config.as_deref()).map_err(|faults| BadConfig(faults.to_string()))?;
        let name = self.file.display();
        let text = read(&self.file).with_context(|| format!("cannot import {name}"))?;
        let list = subscriptions::read(&text).with_context(|| format!("cannot import {name}"))?;
        let mut out = Out::open(self.into.as_deref())?;
        let mut taken = taken(config.as_ref(), &out.before);
        let regions = config.as_ref().map_or_else(RegionTable::builtin, |config| config.regions.clone());
        let (drafts, left_out) = drafts(&list.feeds, &regions, &mut taken);
        let (count, kind) = (list.feeds.len(), list.kind.name());
        if out.before.is_empty() {
            let head = format!("{count} feeds of {name} ({kind}). Review ids, regions and schedules.");
            out.write(&comment(&head))?;
        }
        let written = drafts.len();
        if self.probe {
            let prober = Prober::new(config.as_ref(), &self.allow_network)?;
            probe_all(Arc::new(prober), drafts, &mut out).await?;
        } else {
            drafts.iter().try_for_each(|draft| out.write(&format!("\n{}", draft.table())))?;
        }
        for line in list.skipped.iter().chain(&left_out) {
            eprintln!("left out: {line}");
        }
        eprintln!(
            "{written} of {count} feeds of {kind} are sources now; review them, put them into a file that \
             `include` names, and run `dibao check`"
        );
        Ok(Ended::Well)
    }
}

/// The text of a file, in any encoding.
fn read(path: &Path) -> anyhow::Result<String> {
    let mut octets = Vec::new();
    File::open(path)?.take(MAX_FILE as u64 + 1).read_to_end(&mut octets)?;
    anyhow::ensure!(octets.len() <= MAX_FILE, "it is larger than {} MiB", MAX_FILE >> 20);
    Ok(decode(&octets, None, None).text.into_owned())
}

/// The ids and addresses of the configuration and of the file that is appended to.
fn taken(config: Option<&Config>, before: &str) -> Taken {
    let mut taken = Taken::default();
    RESERVED_WORDS.iter().for_each(|word| taken.id(word));
    for source in config.iter().flat_map(|config| &config.sources) {
        taken.id(source.def.id.as_str());
        source.was.iter().for_each(|old| taken.id(old.as_str()));
        taken.address(&source.def.url);
    }
    // These lines are ours: a text in them is written as JSON writes it.
    for (key, value) in before.lines().filter_map(|line| line.split_once(" = ")) {
        let Ok(value) = serde_json::from_str::<String>(value) else { continue };
        match key {
            "id" => taken.id(&value),
            "url" => taken.address(&value),
            _ => {}
        }
    }
    taken
}

/// Probes all at once, as far as their hosts allow, and writes the tables in the order of the list.
async fn probe_all(prober: Arc<Prober>, drafts: Vec<Draft>, out: &mut Out) -> anyhow::Result<()> {
    let progress = Progress::of(drafts.len(), "asking");
    let mut asking = JoinSet::new();
    for (n, draft) in drafts.into_iter().enumerate() {
        let prober = Arc::clone(&prober);
        asking.spawn(async move {
            let report = prober.report(&draft.url, Follow::Nothing).await;
            (n, draft.probed(&report))
        });
    }
    let (mut ready, mut next) = (BTreeMap::new(), 0);
    while let Some(asked) = asking.join_next().await {
        let (n, table) = asked?;
        progress.add(1);
        ready.insert(n, table);
        while let Some(table) = ready.remove(&next) {
            progress.around(|| out.write(&format!("\n{table}")))?;
            next += 1;
        }
    }
    Ok(())
}

/// Where the tables go.
struct Out {
    to: Box<dyn Write + Send>,
    /// The text of the file so far.
    before: String,
}

impl Out {
    fn open(into: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = into else { return Ok(Self { to: Box::new(io::stdout()), before: String::new() }) };
        let open = || -> io::Result<Self> {
            let mut file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
            let mut before = String::new();
            file.read_to_string(&mut before)?;
            Ok(Self { to: Box::new(file), before })
        };
        open().with_context(|| format!("cannot append to {}", path.display()))
    }

    /// One write a table, so that an interrupted import leaves whole tables.
    fn write(&mut self, text: &str) -> io::Result<()> {
        self.to.write_all(text.as_bytes())?;
        self.to.flush()
    }
}
