//! Runs the binary under test, as a daemon and as commands. Every wait has a limit; a longer wait counts as a
//! hang.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A start, a poll of six feeds and a listing take a second or two; a machine under load gets this long.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Why something went wrong.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// It did not end.
    Hang(String),
    /// It ended otherwise than it should.
    Other(String),
}

/// Asks until there is an answer, or not longer than `limit`.
pub(crate) fn within<T>(
    limit: Duration,
    what: &str,
    mut ask: impl FnMut() -> Result<Option<T>, Wrong>,
) -> Result<T, Wrong> {
    let began = Instant::now();
    loop {
        if let Some(found) = ask()? {
            return Ok(found);
        }
        if began.elapsed() > limit {
            return Err(Wrong::Hang(format!("{what}: not within {} s", limit.as_secs())));
        }
        sleep(Duration::from_millis(10));
    }
}

/// Where a daemon is, and what it is started with.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) dibao: PathBuf,
    pub(crate) config: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) port: u16,
}

/// A command that ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.dibao);
        command.arg("--config").arg(&self.config).env("RUST_LOG", "info").stdin(Stdio::null());
        command
    }

    /// Starts a daemon; its log is that of this start alone.
    pub(crate) fn spawn(&self) -> Running {
        let log = File::create(&self.log).expect("a log can be written");
        let child = self.command().arg("run").stdout(Stdio::null()).stderr(log).spawn();
        Running { child: child.expect("the binary starts"), place: self.clone() }
    }

    /// Starts a daemon and waits until it answers.
    pub(crate) fn start(&self) -> Result<Running, Wrong> {
        let mut running = self.spawn();
        let up = within(LIMIT, "a start", || {
            if let Some(status) = running.over() {
                return Err(Wrong::Other(format!("it did not start ({status}): {}", self.last_line())));
            }
            Ok(self.is_ready().then_some(()))
        });
        match up {
            Ok(_) => Ok(running),
            Err(wrong) => {
                running.kill();
                Err(wrong)
            }
        }
    }

    /// Runs a command to its end, without the output of which a pipe would be full.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Result<Ended, Wrong> {
        let (out, err) = (self.log.with_extension("out"), self.log.with_extension("err"));
        let file = |path: &Path| File::create(path).expect("the working directory can be written");
        let mut command = self.command();
        let mut child =
            command.args(arguments).stdout(file(&out)).stderr(file(&err)).spawn().expect("starts");
        let status = within(LIMIT, &arguments.join(" "), || Ok(child.try_wait().expect("it is ours")));
        if status.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let text =
            |path: &Path| String::from_utf8_lossy(&fs::read(path).expect("it was written")).into_owned();
        Ok(Ended { status: status?, out: text(&out), err: text(&err) })
    }

    /// True if it serves feeds.
    pub(crate) fn is_ready(&self) -> bool {
        self.get("/readyz").is_ok_and(|(status, _)| status == 200)
    }

    /// The status and the body of a page.
    pub(crate) fn get(&self, path: &str) -> Result<(u16, String), std::io::Error> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(LIMIT))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        status.zip(body).ok_or_else(|| std::io::Error::other("no HTTP"))
    }

    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    fn last_line(&self) -> String {
        self.said().lines().last().unwrap_or("it said nothing").to_owned()
    }

    /// Starts a daemon that has to refuse, and returns why: one line beside what it tells of its own accord.
    pub(crate) fn refusal(&self) -> Result<String, Wrong> {
        let mut running = self.spawn();
        let status = within(LIMIT, "a refusal", || Ok(running.over()));
        running.kill();
        let status = status?;
        let said = self.said();
        let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("dibao: ")).collect();
        match (status.success(), &lines[..]) {
            (false, [line]) if !said.contains("panicked") => Ok((*line).to_owned()),
            _ => Err(Wrong::Other(format!("not refused in one line ({status}): {said}"))),
        }
    }
}

/// A daemon that runs, until it is killed.
pub(crate) struct Running {
    child: Child,
    place: Place,
}

impl Running {
    pub(crate) fn over(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is ours")
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until its log says so once more than `before` times.
    pub(crate) fn says(&mut self, what: &str, before: u64, limit: Duration) -> Result<(), Wrong> {
        let place = self.place.clone();
        within(limit, &format!("the line {what:?}"), || {
            self.goes_on()?;
            Ok((place.said().matches(what).count() as u64 > before).then_some(()))
        })
    }

    /// That it has not ended.
    pub(crate) fn goes_on(&mut self) -> Result<(), Wrong> {
        match self.over() {
            Some(status) => Err(Wrong::Other(format!("it ended ({status}): {}", self.place.last_line()))),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
