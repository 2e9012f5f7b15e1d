//! The sources that were taken out of the configuration: their entries are stored, and shown nowhere until the
//! source is back.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::core::source::SourceId;
use crate::core::state::SourceNo;
use crate::ledger::store::{Store, StoreError};

/// The removed sources of one store. Lists name a source by its number, entries by its id.
#[derive(Debug, Default)]
pub(super) struct Removed {
    numbers: HashSet<SourceNo>,
    ids: BTreeSet<SourceId>,
}

impl Removed {
    fn of(store: &Store, stays: impl Fn(&SourceId) -> bool) -> Result<Self, StoreError> {
        let gone = store.sources()?.into_iter().filter(|(id, _)| !stays(id));
        let mut removed = Self::default();
        for (id, state) in gone {
            removed.numbers.insert(state.no);
            removed.ids.insert(id);
        }
        Ok(removed)
    }

    pub(super) fn has_number(&self, source: SourceNo) -> bool {
        self.numbers.contains(&source)
    }

    pub(super) fn has(&self, source: &SourceId) -> bool {
        self.ids.contains(source)
    }
}

/// The removed sources of the store in use. A store that is built anew may number its sources otherwise.
#[derive(Default)]
pub(super) struct Known(Mutex<Option<(Weak<Store>, Arc<Removed>)>>);

impl Known {
    pub(super) fn of(
        &self,
        store: &Arc<Store>,
        stays: impl Fn(&SourceId) -> bool,
    ) -> Result<Arc<Removed>, StoreError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, removed)) = &*known
            && std::ptr::eq(of.as_ptr(), Arc::as_ptr(store))
        {
            return Ok(Arc::clone(removed));
        }
        let removed = Arc::new(Removed::of(store, stays)?);
        *known = Some((Arc::downgrade(store), Arc::clone(&removed)));
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use arc_swap::ArcSwap;

    use super::super::Publisher;
    use super::super::tests::{defs, news, seeds, site, text};
    use crate::core::source::SourceId;
    use crate::serve::{View, Views};
    use crate::testing::{config, folded, lines, rules, seen};

    const DAY: i64 = 86_400;

    /// What is shown while these sources are configured.
    fn under(configured: &[&str]) -> Publisher {
        let told = [("paper", 1, 50), ("wire", 2, 60), ("paper", 3, 9 * DAY), ("wire", 4, 9 * DAY + 1)];
        let told = told.map(|(source, n, when)| seen(source, when + 1, vec![news(n, when)], vec![]));
        let records = [config(0, &defs(), &[])].into_iter().chain(seeds()).chain(told);
        let store = folded(&lines(records), &rules(&defs()));
        let configured = configured.iter().map(|id| SourceId::new(id)).collect();
        Publisher::new(site(), ArcSwap::from_pointee(store).into(), configured)
    }

    #[test]
    fn its_entries_leave_every_feed_and_come_back_unchanged() {
        let everything = || under(&["paper", "wire", "radio", "post"]);
        let (all, without) = (everything(), under(&["wire", "radio", "post"]));
        let months = [("henan.atom", 3, 4), ("all.rss", 3, 4), ("henan.json", 3, 4)];
        for (path, of_paper, of_wire) in months.into_iter().chain([("henan/archive/2026-11.atom", 1, 2)]) {
            let has = |publisher: &Publisher, n: u64| {
                text(publisher, path).contains(&format!("https://news.example/{n}\""))
                    || text(publisher, path).contains(&format!("https://news.example/{n}<"))
            };
            assert!(has(&all, of_paper) && has(&all, of_wire), "{path}: both are there");
            assert!(!has(&without, of_paper), "{path}: it is shown no more");
            assert!(has(&without, of_wire), "{path}: the others stay");
        }
        assert!(matches!(without.view("source/paper.atom"), View::Gone));
        assert!(matches!(without.view("source/paper/archive/2026-11.atom"), View::Gone));
        assert_eq!(text(&everything(), "henan.atom"), text(&all, "henan.atom"));
    }

    #[test]
    fn a_source_that_was_renamed_stays_until_the_store_is_built_anew() {
        let former = [SourceId::new("paper")].into();
        let renamed = under(&["gazette", "wire", "radio", "post"]).renaming(former);
        assert!(text(&renamed, "henan.atom").contains("https://news.example/3"));
    }
}
