//! A disk that does not read a place of a segment, or a segment at all.

use std::io::{BufReader, Seek, SeekFrom};
use std::ops::Range;

use super::super::reading::{Reading, lines, seq_of};
use super::*;

/// A file of which some octets cannot be read. As the kernel has it: what stands before them is read first.
struct Sectors<'a> {
    bytes: &'a [u8],
    bad: Range<usize>,
    at: usize,
}

impl Read for Sectors<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.bad.contains(&self.at) {
            return Err(io::Error::from_raw_os_error(5));
        }
        let end = if self.at < self.bad.start { self.bad.start } else { self.bytes.len() };
        let mut from = self.bytes.get(self.at..end).unwrap_or_default();
        let n = from.read(into)?;
        self.at += n;
        Ok(n)
    }
}

impl Seek for Sectors<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => usize::try_from(at).expect("small"),
            SeekFrom::Current(by) => self.at.saturating_add_signed(isize::try_from(by).expect("small")),
            SeekFrom::End(by) => self.bytes.len().saturating_add_signed(isize::try_from(by).expect("small")),
        };
        Ok(self.at as u64)
    }
}

#[test]
fn a_sector_that_cannot_be_read_costs_the_frames_it_lies_in() {
    let (dir, mut journal) = begun();
    for n in 0..200 {
        append(&mut journal, [n], day(1));
    }
    let segment = segment::list(&dir.path().join("journal")).expect("a listing").remove(0);
    let bytes = fs::read(&segment.path).expect("read");
    let magic = [0x28, 0xb5, 0x2f, 0xfd];
    let starts: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, four)| *four == magic).map(|(at, _)| at).collect();
    let ends = starts[1..].iter().copied().chain([bytes.len()]);
    let frames: Vec<Range<usize>> = starts.iter().copied().zip(ends).map(|(from, to)| from..to).collect();
    assert!(frames.len() == 200 && bytes.len() > 5 * 4096, "{} octets", bytes.len());
    let last = bytes.len() / 4096 * 4096;
    for bad in [0..4096, 4096..8192, 8192..20_480, last..bytes.len(), 0..bytes.len()] {
        let mut seqs = Vec::new();
        let reader = BufReader::new(Sectors { bytes: &bytes, bad: bad.clone(), at: 0 });
        let len = bytes.len() as u64;
        let mut reading = Reading::new(&segment.path, Some(reader), len, 0).expect("it is opened");
        while reading.next().expect("it is read").is_some() {
            let found =
                lines(reading.text()).map(|line| seq_of(line, &segment.path).expect("of this version"));
            seqs.extend(found.flatten());
        }
        let end = reading.end();
        let beyond = |frame: &Range<usize>| frame.end <= bad.start || frame.start >= bad.end;
        let expected: Vec<u64> =
            (1..).zip(&frames).filter(|(_, frame)| beyond(frame)).map(|(seq, _)| seq).collect();
        assert_eq!(seqs, expected, "{bad:?}");
        let torn = end.torn(&segment.path);
        let damage: Vec<&Damage> = end.damage.iter().chain(&torn).collect();
        assert!(damage.len() == 1 && damage[0].refused && end.refused, "{bad:?}: {damage:?}");
        assert!(damage[0].from <= bad.start as u64 && damage[0].to >= bad.end as u64, "{bad:?}: {damage:?}");
    }
}

/// A file that gives `EIO` at its first octet.
#[cfg(target_os = "linux")]
const UNREADABLE: &str = "/proc/self/mem";

#[cfg(target_os = "linux")]
#[test]
fn a_segment_that_cannot_be_read_is_passed_over_and_left_alone() {
    for bad in 0..3 {
        let (dir, mut journal) = begun();
        for n in 1..=3 {
            append(&mut journal, [n * 2, n * 2 + 1], day(n));
        }
        drop(journal);
        let path = segments(&dir).remove(bad);
        fs::remove_file(&path).expect("removed");
        std::os::unix::fs::symlink(UNREADABLE, &path).expect("linked");
        let (mut journal, report) = open(&dir, day(3));
        let last = if bad == 2 { 4 } else { 6 };
        assert_eq!((report.seq, report.cut, report.damage.len()), (last, 0, usize::from(bad == 2)), "{bad}");
        journal.go_on_behind(6);
        assert_eq!(append(&mut journal, [9], day(3))[0].seq, 7, "{bad}");
        let (lines, losses) = read(&journal, 0);
        let gone = bad as u64 * 2 + 1;
        assert_eq!((lines.len(), &losses.gaps), (5, &vec![(gone, gone + 1)]), "{bad}");
        let refused = losses.refused().expect("the disk did not read it");
        assert_eq!((&refused.path, losses.damage.len()), (&path, 1), "{bad}");
        assert!(fs::symlink_metadata(&path).expect("there").is_symlink(), "{bad}: it is left alone");
        drop(journal);
        assert_eq!(open(&dir, day(3)).1.seq, 7, "{bad}: again");
    }
}
