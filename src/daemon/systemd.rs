//! What systemd is told (sd_notify(3)). Without `$NOTIFY_SOCKET` nothing is.

use std::time::Duration;

use sd_notify::NotifyState;

/// The daemon is up.
pub fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("feeds are served")]);
}

/// It reads its configuration again; [`ready`] says that this is over.
pub fn reloading() {
    let now = NotifyState::monotonic_usec_now().ok();
    let states = [Some(NotifyState::Reloading), now, Some(NotifyState::Status("reading the configuration"))];
    tell(&states.into_iter().flatten().collect::<Vec<_>>());
}

/// It is going down.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// What it does before it is up, for `systemctl status`.
pub fn starting(status: &str) {
    tell(&[NotifyState::Status(&one_line(status))]);
}

/// The same, and that it must not be taken for one that hangs: it will be heard of again within this time.
pub fn still_starting(status: &str, within: Duration) {
    let micros = u32::try_from(within.as_micros()).unwrap_or(u32::MAX);
    tell(&[NotifyState::Status(&one_line(status)), NotifyState::ExtendTimeoutUsec(micros)]);
}

/// Each line of a message is an assignment of its own.
fn one_line(status: &str) -> String {
    status.replace(['\n', '\r'], " ")
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot tell systemd");
    }
}
