//! The part of a text that shows what matched, cut into marked and unmarked pieces.

use std::ops::Range;

use crate::model::search::Piece;

/// Characters before the first mark: enough to see what it is about.
const BEFORE: usize = 20;

/// Cuts a text into pieces. `marks` are octets of it, in order and without overlaps.
pub fn pieces(text: &str, marks: &[Range<usize>]) -> Vec<Piece> {
    part(text, marks, 0..text.len())
}

/// The part of a text with the most marks, at most `longest` characters and two ellipses.
pub fn excerpt(text: &str, marks: &[Range<usize>], longest: usize) -> Vec<Piece> {
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let characters = starts.len() - 1;
    if characters <= longest {
        return pieces(text, marks);
    }
    let place = |octet: usize| starts.partition_point(|at| *at < octet);
    let places: Vec<Range<usize>> = marks.iter().map(|mark| place(mark.start)..place(mark.end)).collect();
    let last = characters - longest;
    let candidates = places.iter().map(|mark| mark.start.saturating_sub(BEFORE).min(last));
    // The marked characters before each mark: a text may have thousands of marks.
    let mut before = vec![0];
    before.extend(places.iter().scan(0, |sum, mark| {
        *sum += mark.len();
        Some(*sum)
    }));
    let marked = |from: &usize| {
        let first = places.partition_point(|mark| mark.start < *from);
        let end = places.partition_point(|mark| mark.end <= from + longest);
        before[end].saturating_sub(before[first])
    };
    // Of equals the first.
    let from = candidates.rev().max_by_key(marked).unwrap_or(0);
    let to = from + longest;
    let mut cut = part(text, marks, starts[from]..starts[to]);
    let ellipsis = || Piece { text: "…".to_owned(), is_match: false };
    if from > 0 {
        cut.insert(0, ellipsis());
    }
    if to < characters {
        cut.push(ellipsis());
    }
    cut
}

fn part(text: &str, marks: &[Range<usize>], within: Range<usize>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut put = |octets: Range<usize>, is_match| {
        if !octets.is_empty() {
            pieces.push(Piece { text: text[octets].to_owned(), is_match });
        }
    };
    let mut from = within.start;
    for mark in marks {
        let mark = mark.start.max(within.start)..mark.end.min(within.end);
        if mark.is_empty() {
            continue;
        }
        put(from..mark.start, false);
        from = mark.end;
        put(mark, true);
    }
    put(from..within.end, false);
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::query::Query;
    use super::*;

    fn show(pieces: &[Piece]) -> String {
        pieces
            .iter()
            .map(|piece| if piece.is_match { format!("[{}]", piece.text) } else { piece.text.clone() })
            .collect()
    }

    #[test]
    fn an_excerpt_shows_the_part_with_the_most_marks() {
        let marked = |text: &str, query: &str, longest| {
            show(&excerpt(text, &Query::parse(query).matched(text, false), longest))
        };
        assert_eq!(marked("漯河防汛", "防汛", 40), "漯河[防汛]");
        let text = format!("漯河{}防汛和漯河{}", "字".repeat(50), "尾".repeat(50));
        let shown = marked(&text, "漯河 防汛", 30);
        assert_eq!(shown, format!("…{}[防汛]和[漯河]{}…", "字".repeat(20), "尾".repeat(5)));
        assert_eq!(marked(&text, "没有", 4), "漯河字字…");
    }

    proptest! {
        #[test]
        fn pieces_are_the_text_and_an_excerpt_is_part_of_it(
            text in "[漯河防汛a ，]{0,80}", query in "[漯河防汛a]{1,3}", longest in 1_usize..30
        ) {
            let marks = Query::parse(&query).matched(&text, false);
            let whole: String = pieces(&text, &marks).into_iter().map(|piece| piece.text).collect();
            prop_assert_eq!(&whole, &text);
            let part: String = excerpt(&text, &marks, longest).into_iter().map(|piece| piece.text).collect();
            prop_assert!(text.contains(part.trim_matches('…')) && part.chars().count() <= longest + 2);
        }
    }
}
