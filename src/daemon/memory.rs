//! What glibc's allocator is told: to keep few arenas, and to give back what is free. It holds the only unsafe
//! code there is.
//!
//! glibc keeps an arena for each thread that allocates at the same time as others, and gives memory back from
//! the end of one alone. With an arena a thread, a cycle of 30,000 entries held 1.2 GB; with two, 0.23 GB
//! (docs/performance.md).

/// Arenas: one for the recorder, and one for those who read meanwhile.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: i32 = 2;

/// Bounds the arenas. To be called before there are threads. Elsewhere than with glibc it does nothing.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the only way to say it")]
pub fn bound_arenas() {
    // SAFETY: it takes two numbers and knows no pointers of ours (mallopt(3): MT-Safe init).
    let _ = unsafe { libc::mallopt(libc::M_ARENA_MAX, ARENAS) };
}

/// Other allocators have their own ways.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn bound_arenas() {}

/// Asks the allocator to give back what nobody uses. It locks each of its heaps for some milliseconds a
/// gigabyte: to be called after great works, not in the middle of them. Elsewhere than with glibc it does nothing.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the only way to say it; nothing else in dibao is unsafe")]
pub fn give_back() {
    // SAFETY: it takes a number, knows no pointers of ours, and may be called from any thread at any time
    // (malloc_trim(3): MT-Safe). What it returns says whether there was anything.
    let _ = unsafe { libc::malloc_trim(0) };
}

/// Other allocators give memory back of themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}
