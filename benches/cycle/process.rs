//! A child process: its use of CPU and memory (proc(5)), and its end.

use std::fs;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::clock;

/// Ends with the value that holds it.
pub(crate) struct Process(Child);

/// KiB.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) anonymous: u64,
    pub(crate) files: u64,
    /// The most that both together were.
    pub(crate) peak: u64,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(command.spawn().with_context(|| format!("{command:?}"))?))
    }

    /// Seconds of CPU.
    pub(crate) fn cpu(&self) -> Result<f64> {
        cpu(self.0.id())
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().ok())
        };
        Ok(Memory {
            anonymous: of("RssAnon").unwrap_or(0),
            files: of("RssFile").unwrap_or(0),
            peak: of("VmHWM").unwrap_or(0),
        })
    }

    pub(crate) fn has_ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }

    /// Waits for its end, looking at its memory every few milliseconds, and returns the highest peak.
    pub(crate) fn watch(mut self, what: &str, longest: Duration) -> Result<Memory> {
        let mut most = Memory::default();
        let mut status = None;
        clock::until(what, longest, Duration::from_millis(5), || {
            // Of a process that has just ended there is no memory to read.
            if let Ok(seen) = self.memory()
                && seen.peak >= most.peak
            {
                most = seen;
            }
            status = self.has_ended()?;
            Ok(status.is_some())
        })?;
        match status.is_some_and(|status| status.success()) {
            true => Ok(most),
            false => bail!("{what} failed: {status:?}"),
        }
    }

    /// SIGTERM, then its end.
    pub(crate) fn stop(mut self) -> Result<Duration> {
        let begun = clock::now();
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        clock::until("stopping", Duration::from_secs(300), Duration::from_millis(2), || {
            Ok(self.has_ended()?.is_some())
        })?;
        Ok(begun.elapsed())
    }

    /// SIGKILL, and its end.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

/// Seconds of CPU of a process, of all its threads, those that ended included. The kernel counts hundredths.
pub(crate) fn cpu(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in brackets may hold blanks; user and system time are fields 14 and 15.
    let fields: Vec<&str> = stat.rsplit_once(')').context("no name in stat")?.1.split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap_or(0.0)).sum();
    Ok(ticks / 100.0)
}

impl Drop for Process {
    /// SIGTERM first: nginx would leave its workers behind.
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let gone = || Ok(!matches!(self.0.try_wait(), Ok(None)));
        if clock::until("ending", Duration::from_secs(3), Duration::from_millis(5), gone).is_err() {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}
