//! Tells whether a request went out on a connection that an earlier request had opened. The server may have closed
//! such a connection in the meantime, and then it never saw the request.

use std::cell::Cell;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

tokio::task_local! {
    /// True once the request of this task has dialled a connection of its own.
    static DIALLED: Cell<bool>;
}

/// Runs a request and tells whether it used a kept connection. A request that began to dial, and then took a
/// connection that became free, counts as one that dialled.
pub(super) async fn watched<F: Future>(request: F) -> (F::Output, bool) {
    let watched = async {
        let answer = request.await;
        (answer, !DIALLED.with(Cell::get))
    };
    DIALLED.scope(Cell::new(false), watched).await
}

/// Notes each new connection for [`watched`]. The client dials within the task of the request that asks for a
/// connection.
#[derive(Clone, Copy)]
pub(super) struct Watch;

impl<S> Layer<S> for Watch {
    type Service = Watched<S>;

    fn layer(&self, connector: S) -> Self::Service {
        Watched(connector)
    }
}

/// A connector that is watched.
#[derive(Clone)]
pub(super) struct Watched<S>(S);

impl<R, S: Service<R>> Service<R> for Watched<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, to: R) -> Self::Future {
        // A request that nobody watches has no such value.
        let _ = DIALLED.try_with(|dialled| dialled.set(true));
        self.0.call(to)
    }
}
