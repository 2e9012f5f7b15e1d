//! The routes of the public listener.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::timeout::TimeoutLayer;

use super::conditional;
use super::{View, Views};

/// A view is in memory or rendered in milliseconds; whoever waits longer waits for a disk that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// The public routes.
pub fn public(views: Arc<dyn Views>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/", get(index))
        .route("/{*path}", get(view))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .with_state(views)
}

async fn index(state: State<Arc<dyn Views>>, method: Method, headers: HeaderMap) -> Response {
    view(state, Path(String::new()), method, headers).await
}

async fn view(
    State(views): State<Arc<dyn Views>>,
    Path(path): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let found = tokio::task::spawn_blocking(move || views.view(&path)).await.unwrap_or(View::Failed);
    match found {
        View::Page(page) => conditional::respond(&page, &method, &headers),
        View::Gone => text(StatusCode::GONE, "this source is no longer polled\n"),
        View::Missing => text(StatusCode::NOT_FOUND, "there is no such feed; / lists them\n"),
        View::Failed => text(StatusCode::INTERNAL_SERVER_ERROR, "this cannot be shown just now\n"),
    }
}

fn text(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
