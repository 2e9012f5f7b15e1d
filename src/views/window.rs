//! Selects the entries of a feed of limited size: the first ones of a list, but no source takes more than its share
//! while others have entries.

use std::collections::HashMap;

use crate::model::source::SourceNo;

/// The least share: with fewer, a busy source of a quiet province would be cut for a window that a
/// reader takes in at a glance.
const LEAST: usize = 10;

/// A quarter: a wire that puts out hundreds a day stays visible as the largest, and three others have
/// room beside it.
const PART: usize = 4;

/// The places that a source has in a window of this size, however much others have.
pub fn share(limit: usize) -> usize {
    (limit / PART).max(LEAST)
}

/// A window being filled, in the order of the list.
#[derive(Debug)]
pub struct Window<T> {
    limit: usize,
    share: usize,
    offered: usize,
    taken: Vec<(usize, T)>,
    /// Entries over their source's share: rank among the source's own entries, position in the list.
    passed: Vec<(usize, usize, T)>,
    counts: HashMap<SourceNo, usize>,
}

impl<T> Window<T> {
    /// A window of a feed in which sources share the places.
    pub fn shared(limit: usize) -> Self {
        Self::new(limit, share(limit))
    }

    /// A window of a feed of one source.
    pub fn whole(limit: usize) -> Self {
        Self::new(limit, limit)
    }

    fn new(limit: usize, share: usize) -> Self {
        Self { limit, share, offered: 0, taken: Vec::new(), passed: Vec::new(), counts: HashMap::new() }
    }

    /// True if no further entry can change it.
    pub fn is_full(&self) -> bool {
        self.taken.len() >= self.limit
    }

    /// Offers the next entry of the list.
    pub fn offer(&mut self, source: SourceNo, entry: T) {
        if self.is_full() {
            return;
        }
        let count = self.counts.entry(source).or_default();
        if *count < self.share {
            self.taken.push((self.offered, entry));
        } else if *count < self.limit {
            self.passed.push((*count, self.offered, entry));
        }
        *count += 1;
        self.offered += 1;
    }

    /// The selected entries, in the order of the list. Free places go to entries over their source's share, one to
    /// each source in turn.
    pub fn finish(mut self) -> Vec<T> {
        let left = self.limit.saturating_sub(self.taken.len());
        self.passed.sort_by_key(|(nth, at, _)| (*nth, *at));
        let mut all = self.taken;
        all.extend(self.passed.into_iter().take(left).map(|(_, at, entry)| (at, entry)));
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, entry)| entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    /// The window over a list written as one letter an entry, and the list it leaves.
    fn filled(mut window: Window<String>, list: &[(&str, usize)]) -> String {
        for (source, n) in list {
            for _ in 0..*n {
                window.offer(u32::from(source.as_bytes()[0]), (*source).to_owned());
            }
        }
        window.finish().concat()
    }

    #[test]
    fn a_source_has_its_share_and_what_nobody_else_takes() {
        let a = |n| "a".repeat(n);
        let cases = [
            ("a source alone has every place", vec![("a", 60)], a(40)),
            ("fewer than the share are all there", vec![("a", 9), ("b", 1)], a(9) + "b"),
            (
                "a chatty source leaves room for those behind it",
                vec![("a", 60), ("b", 10), ("c", 10), ("d", 10)],
                a(10) + &"b".repeat(10) + &"c".repeat(10) + &"d".repeat(10),
            ),
            (
                "places that others leave are given back, where they stood",
                vec![("a", 60), ("b", 3)],
                a(37) + "bbb",
            ),
            (
                "they are given back evenly",
                vec![("a", 60), ("b", 13), ("c", 60)],
                a(14) + &"b".repeat(13) + &"c".repeat(13),
            ),
            (
                "those that end the list have their share like those that begin it",
                vec![("b", 2), ("a", 60), ("c", 40)],
                "bb".to_owned() + &a(19) + &"c".repeat(19),
            ),
        ];
        for (name, list, wanted) in cases {
            assert_eq!(filled(Window::shared(40), &list), wanted, "{name}");
        }
        assert_eq!(filled(Window::whole(40), &[("a", 60), ("b", 3)]), a(40), "a source's own feed");
        assert_eq!(filled(Window::shared(4), &[("a", 3), ("b", 3)]), "aaab", "the least share");
        assert_eq!(filled(Window::shared(0), &[("a", 3)]), "", "no place at all");
    }
}
