//! A start that takes long, or that fails because of the disk: a signal ends it at any moment, and it goes on by
//! itself once the disk works again.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dibao::daemon::clock::SystemClock;
use dibao::daemon::run;
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::support::{Desk, entries, no_child_is_starting, output, source, spawn};

/// How long something may be waited for that comes within a second; on the slowest machine the test still ends.
const LONGEST: Duration = Duration::from_secs(60);

/// What systemd would be told.
fn systemd(desk: &Desk) -> UnixDatagram {
    let socket = UnixDatagram::bind(desk.dir.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(LONGEST)).unwrap();
    socket
}

fn heard(socket: &UnixDatagram) -> String {
    let mut message = [0; 4096];
    let octets = socket.recv(&mut message).unwrap();
    String::from_utf8(message[..octets].to_vec()).unwrap()
}

fn daemon(desk: &Desk) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dibao"));
    command.arg("--config").arg(desk.path()).arg("run").env("RUST_LOG", "info");
    command.env("NOTIFY_SOCKET", desk.dir.path().join("notify"));
    spawn(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()))
}

/// Opens a pipe to write as soon as somebody reads it.
fn reader_of(pipe: &Path, reader: &mut Child) -> File {
    let since = Instant::now();
    loop {
        match OpenOptions::new().write(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(pipe) {
            Ok(file) => return file,
            // Nobody reads it yet.
            Err(error) => assert_eq!(error.raw_os_error(), Some(Errno::NXIO.raw_os_error()), "{error}"),
        }
        assert!(reader.try_wait().unwrap().is_none(), "it ended");
        assert!(since.elapsed() < LONGEST, "nobody reads it");
        std::thread::yield_now();
    }
}

/// Waits for the daemon to end by itself. Returns its status and its log.
fn ended(mut child: Child) -> (Option<i32>, String) {
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() && since.elapsed() < LONGEST {
        std::thread::yield_now();
    }
    // One that hangs has no status then.
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// The address that a daemon logs as its first line.
fn listening(child: &mut Child) -> String {
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    child.stderr = Some(log.into_inner());
    let address = line.split("address=").nth(1).and_then(|rest| rest.split(' ').next());
    address.unwrap_or_else(|| panic!("it does not listen: {line}")).to_owned()
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn however_long_opening_takes_health_and_progress_are_told_and_a_signal_ends_it_at_once() {
    for signal in [Signal::TERM, Signal::INT] {
        let desk = Desk::new(&source("slow", "http://news.example/", "henan"));
        let told = systemd(&desk);
        // A file whose disk never answers.
        let journal = desk.dir.path().join("state/journal");
        fs::create_dir_all(&journal).unwrap();
        let pipe = journal.join("id");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let mut child = daemon(&desk);
        let _never_written = reader_of(&pipe, &mut child);
        let address = listening(&mut child);
        assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200 "));
        let progress = get(&address, "/readyz");
        assert!(progress.starts_with("HTTP/1.1 503 "), "{progress}");
        assert!(progress.contains("\r\n\r\nopening the state directory: "), "{progress}");
        kill_process(Pid::from_child(&child), signal).unwrap();
        let (status, log) = ended(child);
        assert_eq!(status, Some(0), "{signal:?}: {log}");
        assert!(!log.contains("WARN") && !log.contains("ERROR"), "{signal:?}: {log}");
        assert!(
            log.lines().last().is_some_and(|last| last.contains("stopped while starting")),
            "{signal:?}: {log}"
        );
        assert_eq!(heard(&told), "STATUS=opening the state directory\n");
        assert_eq!(heard(&told), "STOPPING=1\nSTATUS=stopping\n");
    }
}

/// The mark of the store is written by way of this file: on a full disk, while this stands there.
fn fill_the_disk(desk: &Desk) -> impl Fn() + use<> {
    let mark = desk.dir.path().join("state/store/00000001.new");
    symlink("/dev/full", &mark).unwrap();
    move || fs::remove_file(&mark).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_start_on_a_full_disk_waits_and_goes_on_when_there_is_room() {
    let desk = Desk::new("");
    desk.open().await.close().await.unwrap();
    let make_room = fill_the_disk(&desk);
    let (up, mut address) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let config = desk.config();
    no_child_is_starting();
    let daemon = tokio::spawn(async move {
        let shutdown = async { stopped.await.unwrap_or(()) };
        run::run(config, Arc::new(SystemClock), |at| up.send(at).unwrap(), shutdown, None, mpsc::channel(1).1)
            .await
    });
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(!daemon.is_finished(), "it waits");
    assert!(address.try_recv().is_err(), "and serves nothing");
    make_room();
    let since = Instant::now();
    address.await.unwrap();
    assert!(since.elapsed() <= Duration::from_secs(30), "{:?}", since.elapsed());
    stop.send(()).unwrap();
    daemon.await.unwrap().unwrap();
    let engine = desk.open().await;
    assert!(entries(&engine, None).await.is_empty());
    engine.close().await.unwrap();
}

#[test]
fn systemd_and_the_operator_are_told_what_a_start_waits_for_and_a_signal_ends_that() {
    let desk = Desk::new("");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { desk.open().await.close().await.unwrap() });
    let told = systemd(&desk);
    let _make_room = fill_the_disk(&desk);
    let child = daemon(&desk);
    assert_eq!(heard(&told), "STATUS=opening the state directory\n");
    let waits = heard(&told);
    let state = desk.dir.path().join("state/store/00000001.json");
    for part in
        ["STATUS=cannot start yet: /", &state.display().to_string(), "No space left", "; make room there; "]
    {
        assert!(waits.contains(part), "{part}: {waits}");
    }
    assert!(waits.ends_with("\nEXTEND_TIMEOUT_USEC=300000000\n"), "{waits}");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let (status, log) = ended(child);
    assert_eq!(status, Some(0), "{log}");
    assert_eq!(log.matches("cannot start yet: ").count(), 1, "{log}");
}

#[test]
fn the_allocator_keeps_few_arenas_and_gives_back_soon() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dibao"));
    let said = output(command.arg("--version").env("_RJEM_MALLOC_CONF", "stats_print:true")).stderr;
    let said = String::from_utf8(said).unwrap();
    for setting in ["narenas: 2", "tcache_max: 4096", "dirty_decay_ms: 1000", "muzzy_decay_ms: 0"] {
        assert!(said.contains(&format!("opt.{setting}")), "{setting} is not among what it says:\n{said}");
    }
    assert!(!said.contains("Invalid conf"), "{said}");
}
