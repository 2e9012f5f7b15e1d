//! What systemd is told (sd_notify(3)). Without `$NOTIFY_SOCKET` nothing is.

use sd_notify::NotifyState;

/// The daemon is up.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// It is going down.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot tell systemd");
    }
}
