//! The words that two headlines share, for readers who ask why two reports are taken for one story.

/// Characters of a headline that are compared: the cost grows with their square.
const COMPARED: usize = 120;

/// Shorter runs of letters are shared by chance.
const RUN: usize = 2;

/// A headline in pieces, with those marked that stand in `other` too. The pieces together are the headline.
pub(super) fn marked<'a>(title: &'a str, other: &str) -> Vec<(bool, &'a str)> {
    let ends: Vec<usize> = title.char_indices().map(|(at, _)| at).chain([title.len()]).collect();
    let compared = (ends.len() - 1).min(COMPARED);
    let piece = |from: usize, to: usize| &title[ends[from]..ends[to]];
    let is_inside_word = |at: usize| {
        let (before, after) = (title[..ends[at]].chars().next_back(), title[ends[at]..].chars().next());
        [before, after].into_iter().all(|c| c.is_some_and(|c| c.is_ascii_alphanumeric()))
    };
    let (mut pieces, mut plain_from, mut at) = (Vec::new(), 0, 0);
    while at < compared {
        let shared = (at + 1..=compared).take_while(|to| other.contains(piece(at, *to)));
        let longest = shared.filter(|to| !is_inside_word(*to)).last();
        match longest.filter(|to| !is_inside_word(at) && is_run(piece(at, *to))) {
            Some(to) => {
                pieces.push((false, piece(plain_from, at)));
                pieces.push((true, piece(at, to)));
                (at, plain_from) = (to, to);
            }
            None => at += 1,
        }
    }
    pieces.push((false, &title[ends[plain_from]..]));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

/// True for a run that means something: two Chinese characters, or a word of three letters.
fn is_run(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
    letters >= if text.is_ascii() { RUN + 1 } else { RUN }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(title: &str, other: &str) -> String {
        let pieces = marked(title, other);
        assert_eq!(pieces.iter().map(|(_, piece)| *piece).collect::<String>(), title);
        pieces
            .iter()
            .map(|(is, piece)| if *is { format!("[{piece}]") } else { (*piece).to_owned() })
            .collect()
    }

    #[test]
    fn shared_runs_are_marked_and_single_letters_are_not() {
        let cases = [
            ("洛阳大鸨增至47只", "野生大鸨在洛阳增至47只", "[洛阳][大鸨][增至47只]"),
            ("一样的标题", "一样的标题", "[一样的标题]"),
            ("郑州地铁", "广州公交", "郑州地铁"),
            ("a b c", "a c d", "a b c"),
            ("Metro opens in Zhengzhou", "Zhengzhou metro", "Metro opens in [Zhengzhou]"),
            ("", "甲乙", ""),
        ];
        for (title, other, expected) in cases {
            assert_eq!(shared(title, other), expected, "{title} / {other}");
        }
    }

    #[test]
    fn a_long_headline_is_compared_in_part() {
        let long = "长".repeat(10 * COMPARED);
        let pieces = marked(&long, &long);
        assert_eq!(pieces[0], (true, "长".repeat(COMPARED).as_str()));
    }
}
