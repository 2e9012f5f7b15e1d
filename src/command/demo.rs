//! `dibao demo`: the unchanged daemon against a small news world on loopback. The state directory keeps the step of the
//! world, so a restart goes on from there.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::{Ended, Invocation, Subcommand, run};
use crate::config::{self, Env};
use crate::daemon::clock::{Clock, SystemClock};
use crate::demo::publisher::Publisher;
use crate::demo::world::World;
use crate::model::time::Time;

/// The seed of every demo's world, so that all people see the same.
const SEED: u64 = 1;

/// Run the daemon against a small news world of its own: no network, no config
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Address at which the feeds are served; the demo's own publisher takes the next port
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Directory of the state
    #[arg(long, default_value = "target/demo", value_name = "DIR")]
    state: PathBuf,
    /// Begin a new world: remove what is in the state directory
    #[arg(long)]
    fresh: bool,
    /// Seconds between two steps of the world, each with something new; 0 freezes it
    #[arg(long, default_value_t = 15, value_name = "SECONDS")]
    step_every: u64,
}

/// The position of the world.
#[derive(Serialize, Deserialize)]
struct Standing {
    seed: u64,
    epoch: Time,
    step: u64,
}

impl Subcommand for Demo {
    const NAME: &'static str = "demo";
    const LOG: &'static str = "info";

    async fn run(self, _: Invocation) -> anyhow::Result<Ended> {
        show(self).await?;
        Ok(Ended::Well)
    }
}

async fn show(args: Demo) -> anyhow::Result<()> {
    prepare(&args)?;
    let path = args.state.join("world.json");
    let standing = standing(&path)?;
    let world = World::new(standing.seed, standing.epoch);
    let publisher = Publisher::new(world, standing.step);
    let port = args.listen.port().checked_add(1).filter(|_| args.listen.port() != 0).unwrap_or(0);
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(at).await.with_context(|| {
        format!("the demo's publisher cannot listen on {at}; choose another port with --listen")
    })?;
    let base = format!("http://{}", listener.local_addr()?);
    let config = args.state.join("dibao.toml");
    fs::write(&config, config_text(&args, &base)?)?;
    let config = config::load(&config, &Env::default()).map_err(|faults| anyhow::anyhow!("{faults}"))?;
    tokio::spawn(Arc::clone(&publisher).serve(listener));
    if args.step_every > 0 {
        tokio::spawn(keep_going(publisher, standing, path, Duration::from_secs(args.step_every)));
    }
    let banner = |address| print_banner(&args, address);
    run::daemon(Arc::new(config), None, banner).await
}

fn prepare(args: &Demo) -> anyhow::Result<()> {
    // Only what a demo made is removed: the flag must not cost anyone a directory of their own.
    if args.fresh && args.state.join("world.json").exists() {
        fs::remove_dir_all(&args.state).with_context(|| format!("cannot remove {}", args.state.display()))?;
    }
    fs::create_dir_all(&args.state).with_context(|| format!("cannot create {}", args.state.display()))
}

fn standing(path: &Path) -> anyhow::Result<Standing> {
    if let Ok(text) = fs::read(path) {
        return serde_json::from_slice(&text)
            .with_context(|| format!("{} is not a demo's; use --fresh", path.display()));
    }
    let standing = Standing { seed: SEED, epoch: SystemClock.now(), step: 0 };
    fs::write(path, serde_json::to_vec(&standing)?)?;
    Ok(standing)
}

async fn keep_going(publisher: Arc<Publisher>, mut standing: Standing, path: PathBuf, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        standing.step = publisher.advance();
        let written = serde_json::to_vec(&standing).map(|text| fs::write(&path, text));
        if !matches!(written, Ok(Ok(()))) {
            tracing::warn!(path = %path.display(), "cannot keep the demo's step");
        }
        tracing::info!(step = standing.step, "the demo's world goes on");
    }
}

/// The demo's configuration as a file, so that the other commands can be tried on the demo too.
fn config_text(args: &Demo, base: &str) -> anyhow::Result<String> {
    let state = fs::canonicalize(&args.state)?;
    let mut text = format!(
        "# Written anew by every `dibao demo`. Try: dibao --config {}/dibao.toml sources\n\
         [server]\nlisten = \"{}\"\npublic_url = \"http://{}\"\n\n[state]\ndir = {:?}\n\n\
         [polling]\nschedule = \"*/10 * * * * *\"\njitter = \"3s\"\nfloor = \"5s\"\n\
         retry_after = \"source\"\nallow_networks = [\"127.0.0.0/8\"]\n",
        args.state.display(),
        args.listen,
        args.listen,
        state.display().to_string(),
    );
    text.push_str(&World::tables(base));
    Ok(text)
}

fn print_banner(args: &Demo, address: SocketAddr) {
    let pace = match args.step_every {
        0 => "its world stands still (--step-every 0)".to_owned(),
        n => format!("something new happens every {n} s"),
    };
    println!(
        "\n  dibao demo: a small news world on this machine; {pace}\n\n\
         \x20   open   http://{address}/\n\
         \x20   read   curl -s http://{address}/henan.atom\n\
         \x20   ask    cargo run --release -- --config {}/dibao.toml sources\n\
         \x20   stop   Ctrl-C; the next start goes on from here (--fresh begins anew)\n",
        args.state.display(),
    );
}
