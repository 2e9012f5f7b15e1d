//! The daemon: everything that runs, put together from the parts that do not know one another.
//!
//! ```text
//! scheduler ─due─▶ worker ─draft─▶ recorder ─▶ ledger (journal, then store)
//!                                     └─touched feeds─▶ renderer ─views─▶ serve
//! ```

pub mod clock;
pub mod dues;
pub mod engine;
pub mod forget;
pub mod front;
pub mod indexer;
pub mod keeper;
pub mod meter;
pub mod outlets;
pub mod recorder;
pub mod reload;
pub mod renderer;
pub mod run;
pub mod scheduler;
pub mod static_files;
pub mod status;
pub mod systemd;
pub mod watchdog;
pub mod websub;
pub mod worker;
