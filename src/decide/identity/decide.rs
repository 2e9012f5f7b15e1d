//! The decision for one pair, row by row as in the table of docs/design/0010-identity.md. It is asymmetric: an
//! entry wrongly taken for another is lost, an entry wrongly taken for new is only repeated. So contradictory
//! evidence means new.

use super::alike::{Text, Title};
use super::evidence::{Date, Evidence, Guid, Page};

/// What the document as a whole says for a pair.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    /// The source's guids have proved to stay with their entries.
    pub(super) proved: bool,
    /// The document is that of before at other addresses, and this title is one of those that show it.
    pub(super) moved: bool,
}

/// True if the two are one entry.
pub(super) fn is_same(e: &Evidence, context: Context) -> bool {
    match (e.guid, e.page) {
        (Guid::Same, _) => context.proved || is_uncontradicted(e) || under_one_guid(e),
        (_, Page::Same) => is_uncontradicted(e) || at_one_address(e),
        _ if e.nameless && is_uncontradicted(e) => true,
        _ => elsewhere(e, context.moved),
    }
}

fn is_uncontradicted(e: &Evidence) -> bool {
    e.guid != Guid::Other
        && e.page != Page::Other
        && !matches!(e.title, Title::Next | Title::Other)
        && e.date != Date::Other
        && e.text != Text::Other
}

/// A guid that has not proved itself yet needs something else that is the same.
fn under_one_guid(e: &Evidence) -> bool {
    let kept = e.text.is_kept();
    match (e.page, e.title) {
        // The next strip of a comic, the next month of a table.
        (Page::Same | Page::Kin, Title::Next) => e.date != Date::Other || kept,
        (Page::Same | Page::Kin, Title::Other) => e.numbered || e.page == Page::Kin || e.text != Text::Other,
        (Page::Same | Page::Kin, _) => true,
        (Page::Other, Title::Same) => e.date != Date::Other && e.text != Text::Other || kept,
        (Page::Silent, Title::Same) => !(e.date == Date::Other && e.text == Text::Other),
        (_, Title::Like) => agrees(e.date) || kept,
        (_, Title::Silent) => agrees(e.date) && e.text != Text::Other || kept,
        // Not the day alone, which all that a generator lists may have.
        (Page::Silent, Title::Other) => e.date == Date::Second && e.text != Text::Other || kept,
        (_, Title::Other) => kept,
        (_, Title::Next) => false,
    }
}

/// At one address, and the guid is another one or says nothing.
fn at_one_address(e: &Evidence) -> bool {
    if e.title != Title::Next && e.text.is_kept() {
        return true;
    }
    let reissued = e.guid == Guid::Other;
    let rewritten = e.text == Text::Other;
    match (e.title, e.date) {
        (Title::Same, Date::Second) | (Title::Like, Date::Second) => true,
        // A page of notices under one title: the guid and the text say that it is the next one.
        (Title::Same, Date::Day | Date::Silent) => !(reissued && rewritten) || e.numbered,
        (Title::Same, Date::Other) => !reissued && (!rewritten || e.numbered),
        (Title::Like, Date::Day | Date::Silent) => !reissued || e.numbered,
        (Title::Like, Date::Other) => !reissued && !rewritten,
        (Title::Silent, Date::Other) => !reissued && e.text == Text::Silent,
        (Title::Silent, _) => !reissued || e.date == Date::Second,
        // A headline that was corrected, or holds a number that grows: nobody uses a numbered page again.
        (Title::Other, Date::Second) => !reissued && (!rewritten || e.numbered),
        (Title::Next, Date::Second) => e.numbered,
        (Title::Next, Date::Other) | (Title::Other, Date::Other) => false,
        (Title::Other, Date::Day | Date::Silent) => !reissued && e.numbered && !rewritten,
        (Title::Next, _) => !reissued && e.numbered,
    }
}

/// At other addresses, or at none: title and date are what is left.
fn elsewhere(e: &Evidence, moved: bool) -> bool {
    if e.title == Title::Silent {
        return e.date == Date::Second && matches!(e.text, Text::Same { .. });
    }
    if e.title != Title::Same || e.text == Text::Other {
        return false;
    }
    let long = matches!(e.text, Text::Same { long: true });
    match e.date {
        // Equal in all it says: whoever reads one of them misses nothing.
        _ if e.nameless && long => true,
        Date::Second => e.alone || e.nameless,
        // A bulletin comes more than once a day, and a title without a date comes back for ever.
        Date::Day => e.nameless || moved || e.alone && e.text.is_kept(),
        Date::Silent => e.nameless || moved || e.alone && long,
        Date::Other => false,
    }
}

fn agrees(date: Date) -> bool {
    matches!(date, Date::Second | Date::Day)
}
