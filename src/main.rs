//! The `dibao` binary: arguments in, exit code out.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// With glibc's allocator a cycle takes a tenth to a third more CPU, and more memory stays behind
/// (docs/performance.md).
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// jemalloc reads this at its start. By default it keeps four arenas a core and gives memory back after ten
/// seconds: a first cycle of 30,000 entries then peaks at twice the memory.
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
