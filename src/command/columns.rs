//! Two texts side by side on a terminal, or one below the other where it is narrow. Counts columns of a terminal, two
//! for a Chinese character.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A terminal with fewer columns shows one text below the other: half of it would break most lines.
const MIN_WIDTH: usize = 120;

/// Blanks between the two.
const GAP: usize = 3;

/// The texts, each as lines, in `width` columns; `None` if nobody knows the width.
pub(super) fn beside(texts: &[Vec<String>], width: Option<usize>) -> String {
    let wide = width.filter(|width| *width >= MIN_WIDTH);
    let (Some(width), [left, right]) = (wide, texts) else {
        return texts.iter().map(|lines| format!("\n{}\n", lines.join("\n"))).collect();
    };
    let half = (width - GAP) / 2;
    let fold = |lines: &[String]| lines.iter().flat_map(|line| folded(line, half)).collect::<Vec<_>>();
    let (left, right) = (fold(left), fold(right));
    let mut out = "\n".to_owned();
    for n in 0..left.len().max(right.len()) {
        let cell = |side: &[String]| side.get(n).cloned().unwrap_or_default();
        let (left, right) = (cell(&left), cell(&right));
        let pad = " ".repeat(half + GAP - left.width().min(half));
        out.push_str(format!("{left}{pad}{right}").trim_end());
        out.push('\n');
    }
    out
}

/// A line in pieces of at most `width` columns; the later ones go on below the branches of the first.
fn folded(line: &str, width: usize) -> Vec<String> {
    let branches: String = line
        .chars()
        .take_while(|c| " │├└✓✗".contains(*c))
        .map(|c| if "│├".contains(c) { '│' } else { ' ' })
        .collect();
    let (mut pieces, mut piece, mut used) = (Vec::new(), String::new(), 0);
    for c in line.chars() {
        let size = c.width().unwrap_or_default();
        if used + size > width {
            pieces.push(std::mem::replace(&mut piece, branches.clone()));
            used = branches.width();
        }
        piece.push(c);
        used += size;
    }
    pieces.push(piece);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> [Vec<String>; 2] {
        let long = format!("├ {}", "字".repeat(70));
        [vec!["list".to_owned(), long, "└ end".to_owned()], vec!["article".to_owned()]]
    }

    #[test]
    fn a_wide_terminal_has_both_side_by_side_and_no_line_is_wider_than_it() {
        let shown = beside(&texts(), Some(120));
        let lines: Vec<&str> = shown.trim_start().lines().collect();
        assert!(lines[0].starts_with("list ") && lines[0].ends_with("article"), "{shown}");
        assert!(lines.iter().all(|line| line.width() <= 120), "{shown}");
        assert_eq!(shown.matches('字').count(), 70);
        assert!(lines[2].starts_with("│ 字"), "a folded line goes on below its branch: {shown}");
    }

    #[test]
    fn a_narrow_one_or_a_file_has_them_one_below_the_other_and_whole() {
        for width in [None, Some(119)] {
            let shown = beside(&texts(), width);
            assert!(shown.contains(&"字".repeat(70)) && shown.ends_with("\narticle\n"), "{shown}");
        }
    }

    #[test]
    fn a_branch_as_wide_as_the_terminal_is_folded_too() {
        let deep = format!("{}x", "│ ".repeat(100));
        let pieces = folded(&deep, 58);
        assert!(pieces.len() <= deep.chars().count(), "{pieces:?}");
    }
}
