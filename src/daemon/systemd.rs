//! Notifies systemd (sd_notify(3)). Does nothing without `$NOTIFY_SOCKET`.

use std::time::Duration;

use sd_notify::NotifyState;

pub fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("feeds are served")]);
}

/// The caller must call [`ready`] after the reload.
pub fn reloading() {
    let now = NotifyState::monotonic_usec_now().ok();
    let states = [Some(NotifyState::Reloading), now, Some(NotifyState::Status("reading the configuration"))];
    tell(&states.into_iter().flatten().collect::<Vec<_>>());
}

pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// Shows `status` in `systemctl status` before the daemon is ready.
pub fn starting(status: &str) {
    tell(&[NotifyState::Status(&one_line(status))]);
}

/// Also extends the start timeout: systemd ends the daemon only if it gets no further message `within` this
/// time.
pub fn still_starting(status: &str, within: Duration) {
    let micros = u32::try_from(within.as_micros()).unwrap_or(u32::MAX);
    tell(&[NotifyState::Status(&one_line(status)), NotifyState::ExtendTimeoutUsec(micros)]);
}

/// The time after which systemd restarts the daemon if it was not told that it is [`alive`].
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero())
}

pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// Each line of a notification is a separate assignment.
fn one_line(status: &str) -> String {
    status.replace(['\n', '\r'], " ")
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot notify systemd");
    }
}
