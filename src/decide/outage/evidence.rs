//! The hosts that speak for an outage: those that gave no answer since the last answer of any host.

use std::collections::{BTreeMap, BTreeSet};

use super::Sign;

/// Hosts without an answer, and none with one between them, from which the network is called down. Two may share a
/// provider; three in a row that answered until now are no chance.
const ENOUGH: usize = 3;

#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    silent: BTreeSet<String>,
    /// The hosts for each possible portal.
    strangers: BTreeMap<String, BTreeSet<String>>,
    /// Hosts that gave no answer while others did, or for as long as an outage may last: they are down themselves, and
    /// prove nothing until they answer.
    down: BTreeSet<String>,
}

impl Evidence {
    pub(super) fn take(&mut self, host: &str, sign: Sign) {
        match sign {
            Sign::Answer => {
                let strangers = std::mem::take(&mut self.strangers).into_values().flatten();
                self.down.extend(std::mem::take(&mut self.silent).into_iter().chain(strangers));
                self.down.remove(host);
            }
            Sign::Silence if !self.down.contains(host) => drop(self.silent.insert(host.to_owned())),
            Sign::Stranger(mark) if !self.down.contains(host) => {
                let led = self.strangers.entry(mark).or_default();
                led.insert(host.to_owned());
                // Two hosts do not send one page by chance.
                if led.len() > 1 {
                    self.silent.extend(led.iter().cloned());
                }
            }
            Sign::Silence | Sign::Stranger(_) | Sign::Nothing => {}
        }
    }

    /// True if it shows that the network is down. With one host that could answer, nothing shows it.
    pub(super) fn is_conclusive(&self, hosts: &BTreeSet<String>) -> bool {
        let able = hosts.iter().filter(|host| !self.down.contains(*host)).count();
        let silent = self.silent.iter().filter(|host| hosts.contains(*host)).count();
        able > 1 && silent >= ENOUGH.min(able)
    }

    pub(super) fn has(&self, host: &str) -> bool {
        self.silent.contains(host) || self.strangers.values().any(|led| led.contains(host))
    }

    /// All hosts are down themselves.
    pub(super) fn give_up(&mut self, hosts: &BTreeSet<String>) {
        self.silent.clear();
        self.strangers.clear();
        self.down.extend(hosts.iter().cloned());
    }
}
