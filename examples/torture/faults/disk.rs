//! A full or read-only file system.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::{KILLED, Told, told};
use crate::daemon::{LIMIT, Running, Wrong, within};
use crate::rig::Rig;

/// How long after there is room again the daemon may take to notice: it tries every thirty seconds at least.
const NOTICES: Duration = Duration::from_secs(60);

/// What a start that waits for the disk says.
const WAITS: &str = "cannot start yet";

impl Rig {
    /// Fills the file system; a part of the time a little is left, but less than is left alone.
    fn fill(&mut self) -> PathBuf {
        let filler = self.disk.as_ref().expect("asked before").join("filler");
        let mut file = File::create(&filler).expect("created");
        for chunk in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![0; chunk]).is_ok() {}
        }
        let left = self.chance.below(4) << 20;
        let len = file.metadata().expect("it is open").len();
        file.set_len(len.saturating_sub(left)).expect("it can be cut");
        filler
    }

    fn polls_stop(&mut self, round: u64) -> Result<(), Wrong> {
        self.paper.advance(&mut self.chance);
        let running = self.running.as_mut().expect("it runs");
        running.says("polls stop until it works again", round, LIMIT)?;
        let refused = self.place.ask(&["poll", "--all"])?;
        if refused.status.success() {
            return Err(Wrong::Other("a poll was acknowledged on a full disk".to_owned()));
        }
        match self.place.get("/henan.atom") {
            Ok((200, _)) => Ok(()),
            other => Err(Wrong::Other(format!("not served while the disk is full: {other:?}"))),
        }
    }

    /// It fills up, is cleared, and fills up again, while polls go on.
    pub(super) fn fill_disk(&mut self) -> Result<Told, Wrong> {
        for round in 0..=1 + self.chance.below(2) {
            let filler = self.fill();
            let stopped = self.polls_stop(round);
            fs::remove_file(filler).expect("it can be removed");
            stopped?;
            let running = self.running.as_mut().expect("it runs");
            running.says("polls continue", round, NOTICES)?;
            self.poll()?;
        }
        Ok(told(&[]))
    }

    /// On a full disk it starts and serves, or says that it waits, and starts by itself once there is room.
    pub(super) fn fill_disk_and_kill(&mut self) -> Result<Told, Wrong> {
        let filler = self.fill();
        let tried = self.polls_stop(0).and_then(|()| {
            self.kill();
            let mut running = self.place.spawn();
            let serves = within(LIMIT, "a start on a full disk", || {
                running.goes_on()?;
                let waits = self.place.said().contains(WAITS);
                Ok(if waits { Some(false) } else { self.place.is_ready().then_some(true) })
            })?;
            Ok((running, serves))
        });
        fs::remove_file(filler).expect("it can be removed");
        let (running, serves) = tried?;
        if !serves {
            self.start_by_itself(running)?;
        }
        Ok(told(KILLED))
    }

    /// It says that it waits, and why; then it starts by itself.
    pub(super) fn make_read_only(&mut self) -> Result<Told, Wrong> {
        self.kill();
        self.remount("remount,ro")?;
        let mut running = self.place.spawn();
        let waits = running.says(WAITS, 0, LIMIT);
        self.remount("remount,rw")?;
        waits?;
        let said = self.place.said();
        if !said.contains("Read-only file system") {
            return Err(Wrong::Other(format!("it does not say what is wrong: {said}")));
        }
        self.start_by_itself(running)?;
        Ok(told(KILLED))
    }

    fn start_by_itself(&mut self, mut running: Running) -> Result<(), Wrong> {
        within(NOTICES, "a start that goes on", || {
            running.goes_on()?;
            Ok(self.place.is_ready().then_some(()))
        })?;
        self.running = Some(running);
        Ok(())
    }

    fn remount(&self, how: &str) -> Result<(), Wrong> {
        let disk = self.disk.as_ref().expect("asked before");
        let status = Command::new("mount").args(["-o", how]).arg(disk).status().expect("mount is there");
        if status.success() { Ok(()) } else { Err(Wrong::Other(format!("mount -o {how}: {status}"))) }
    }
}
