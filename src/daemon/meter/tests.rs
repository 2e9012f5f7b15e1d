//! Counts.

use super::*;

#[test]
fn only_statuses_that_were_answered_are_counted() {
    let requests = Requests::default();
    [200, 304, 304, 599, 99, 600].into_iter().for_each(|status| requests.answered(status));
    assert_eq!(requests.counts().collect::<Vec<_>>(), [(200, 1), (304, 2), (599, 1)]);
}

#[test]
fn a_group_is_recorded_from_its_beginning_to_its_end() {
    let (meter, since) = (Meter::default(), crate::testing::at(5));
    assert_eq!(meter.recording_since(), None);
    meter.recording(Some(since));
    assert_eq!(meter.recording_since(), Some(since));
    meter.recording(None);
    assert_eq!(meter.recording_since(), None);
}
