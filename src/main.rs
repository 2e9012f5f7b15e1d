//! The `dibao` binary: the allocator, and the call of [`dibao::cli`]. Decides nothing.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// glibc's allocator needs a tenth to a third more CPU for a cycle and returns less memory to the system
/// (docs/performance.md).
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// jemalloc reads this when it starts. Its defaults are four arenas a core and ten seconds until it returns
/// memory: with them a first cycle of 30,000 entries peaks at twice the memory.
#[expect(
    unsafe_code,
    reason = "jemalloc finds its settings under this name; nothing else in dibao is unsafe"
)]
#[unsafe(export_name = "_rjem_malloc_conf")]
static SETTINGS: &[u8; 86] =
    b"narenas:2,tcache_max:4096,dirty_decay_ms:1000,muzzy_decay_ms:0,background_thread:true\0";

fn main() -> ExitCode {
    dibao::cli::main()
}
