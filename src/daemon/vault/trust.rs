//! Whether a sound store may be used: whether it is one of this journal, under these rules.

use super::VaultError;
use super::heal::Examined;
use super::pair::Pairing;
use crate::core::rules::Rules;
use crate::core::source::SourceDef;
use crate::core::state::State;
use crate::ledger::journal::Journal;
use crate::ledger::store::Store;

/// Why the store cannot be one of this journal, if it cannot.
pub(super) fn contradicts(
    store: &Store,
    journal: &Journal,
    examined: &Examined,
    pairing: Pairing,
) -> Result<Option<String>, VaultError> {
    let Some(meta) = store.meta()? else {
        return Ok((journal.seq() > 0).then(|| "it is empty, and the journal is not".to_owned()));
    };
    if examined.instance.is_some_and(|instance| instance != meta.instance && !meta.instance.is_nil()) {
        return Ok(Some("it is of another instance than the journal".to_owned()));
    }
    // Without a token it may as well be the journal that is an older one.
    if meta.seq > journal.seq() && pairing != Pairing::Same {
        return Ok(Some(format!("it is ahead of the journal ({} > {})", meta.seq, journal.seq())));
    }
    if meta.seq < journal.base_seq() {
        return Ok(Some(format!(
            "it is behind the base of the journal ({} < {})",
            meta.seq,
            journal.base_seq()
        )));
    }
    Ok(None)
}

/// Why the journal says something else under today's rules than the store says, if it does.
pub(super) fn derived_otherwise(store: &Store, rules: &Rules) -> Result<Option<String>, VaultError> {
    let Some(meta) = store.meta()? else { return Ok(None) };
    if meta.rules != rules.fingerprint {
        return Ok(Some("the regions or the rules changed".to_owned()));
    }
    for (id, source) in store.sources()? {
        // Stories tell a source by its title.
        let derived = |def: &SourceDef| (def.region.clone(), def.title.clone());
        let changed = rules.definition(&id).is_some_and(|def| derived(def) != derived(&source.def));
        if changed && source.entries > 0 {
            return Ok(Some(format!("the regions or the title of source {id} changed")));
        }
    }
    Ok(None)
}
