//! Kills, and a second daemon.

use std::thread;
use std::time::Duration;

use super::{KILLED, Told, told};
use crate::daemon::{Ended, Wrong};
use crate::rig::Rig;

/// A start takes about this long, so kills fall into all of it.
const START_MS: u64 = 400;

/// So long does a command take that writes everything anew, and some.
const REWRITE_MS: u64 = 250;

impl Rig {
    /// The poll that is cut off may be acknowledged or not: only its exit code says.
    pub(super) fn kill_in_a_poll(&mut self) -> Result<Told, Wrong> {
        let shown = self.paper.shown();
        let ended = self.ask_and_kill(&["poll", "--all"], START_MS)?;
        if ended.status.success() {
            self.ledger.acknowledge(shown.into_iter().flatten());
        }
        Ok(told_after(&ended))
    }

    /// Kills in the middle of a command that writes journal or store anew. A part of the time the start
    /// after it is killed, too.
    pub(super) fn kill_in(&mut self, command: &'static [&'static str]) -> Result<Told, Wrong> {
        let ended = self.ask_and_kill(command, REWRITE_MS)?;
        if self.chance.below(3) == 0 { self.kill_while_opening() } else { Ok(told_after(&ended)) }
    }

    pub(super) fn ask_and_kill(
        &mut self,
        command: &'static [&'static str],
        longest: u64,
    ) -> Result<Ended, Wrong> {
        let place = self.place.clone();
        let asked = thread::spawn(move || place.ask(command));
        thread::sleep(Duration::from_millis(self.chance.below(longest)));
        self.kill();
        asked.join().expect("it does not panic")
    }

    pub(super) fn kill_while_opening(&mut self) -> Result<Told, Wrong> {
        self.kill();
        for _ in 0..=self.chance.below(3) {
            let mut running = self.place.spawn();
            thread::sleep(Duration::from_millis(self.chance.below(START_MS)));
            if let Some(status) = running.over() {
                return Err(Wrong::Other(format!("it ended while opening ({status})")));
            }
        }
        // Killed before it had opened anything, or after: the run before was killed too. Where that one had
        // begun to build the store anew, this is what is told.
        Ok(told(&["the last run was not shut down cleanly", "rebuilt the store"]))
    }

    pub(super) fn start_a_second(&mut self) -> Result<Told, Wrong> {
        let line = self.second.refusal()?;
        if !line.contains("in use by another dibao") {
            return Err(Wrong::Other(format!("it does not say what is wrong: {line}")));
        }
        match self.running.as_mut().expect("it runs").over() {
            None => Ok(told(&[])),
            Some(status) => Err(Wrong::Other(format!("the first ended with the second: {status}"))),
        }
    }
}

/// A command that finds the daemon gone opens the state directory itself, is told, and stops in good order.
fn told_after(ended: &Ended) -> Told {
    let was_told = KILLED.iter().chain(&["rebuilt the store"]).any(|line| ended.err.contains(line));
    told(if was_told { &[] } else { KILLED })
}
