//! Accepts connections and serves them, within the limits. Never ends because of a connection or a failed accept.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Endpoint, requests};

/// The pause after a failed accept, and the longest after several in a row.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Serves all connections that come; never returns.
pub(super) async fn accept(listener: TcpListener, endpoint: Arc<Endpoint>) {
    let places = Arc::new(Semaphore::new(endpoint.limits.connections));
    let mut pause = FIRST_PAUSE;
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                pause = FIRST_PAUSE;
                tokio::spawn(serve(stream, Arc::clone(&endpoint), place));
            }
            Err(error) => {
                // Without file descriptors the next accept fails at once too, until a connection has ended.
                tracing::warn!(%error, "the sandbox failed to accept a connection, and goes on");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Serves one connection to its end; its place is free afterwards.
async fn serve(stream: TcpStream, endpoint: Arc<Endpoint>, _place: OwnedSemaphorePermit) {
    // Answers are small, and clients wait for each: none is held back to be sent with the next.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a sandbox connection cannot send without delay");
    }
    let idle = endpoint.limits.idle;
    let service = service_fn(|request| requests::serve(Arc::clone(&endpoint), request));
    let mut server = http1::Builder::new();
    // The time to the next head is also the time for which a connection may be idle.
    server.timer(TokioTimer::new()).header_read_timeout(idle);
    if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a sandbox connection ended early");
    }
}
