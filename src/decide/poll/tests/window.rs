//! Tests of the beginning of a document.

use super::*;

#[test]
fn where_a_document_began_is_remembered_for_weeks_whether_or_not_it_is_sent_again() {
    let week = |state: &PollState| state.windows.lowest(TimeDelta::days(7));
    let mut state = before();
    for day in 0..9 {
        let sent = state.validators.clone();
        let poll = Circumstances { at: at(day * 86_400), sent: &sent, ..circumstances(CONFIGURED) };
        (_, state) = conclude(&state, poll, &Exchange::NotModified(head(304)), None);
    }
    assert_eq!(week(&state), Some(7));
}
