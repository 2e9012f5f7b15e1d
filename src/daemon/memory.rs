//! Memory that was given back by the daemon and is kept by its allocator. It decides nothing, and holds the
//! only unsafe code there is.
//!
//! glibc gives memory back to the system from the end of its heap alone. A store that is copied into a fresh
//! one is held twice for a moment, and what goes on living lies behind what is freed: without being asked,
//! glibc keeps all of it, and a little more with every copy (docs/design/0006 has the figures).

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
