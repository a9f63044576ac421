//! The HTTP server on loopback, on a thread of its own.
//!
//! Starts and stops it. Which connections are served is decided in `connections`, who may call in `access`, and how a
//! request is answered in `requests`.

mod access;
mod connections;
mod limits;
mod requests;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

pub(crate) use access::Token;
pub use limits::Limits;
pub(crate) use requests::{arrive, complete};

use crate::simulation::SharedSimulation;

/// What all connections of a server share.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) simulation: Arc<SharedSimulation>,
    /// The token that the control endpoints require.
    pub(crate) token: Token,
    pub(crate) limits: Limits,
}

/// A running server; it stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds a port on loopback (any free one when 0) and serves it from a new thread.
    ///
    /// # Errors
    /// When the port cannot be bound, or the thread cannot be started.
    pub(crate) fn start(endpoint: Endpoint, port: u16) -> io::Result<Server> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = connections::accept(listener, Arc::new(endpoint)) => {}
                    // The sender is never used, only dropped.
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Server { port, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the port that the server listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Stops listening, and closes all connections.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::debug!("the sandbox's thread panicked");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
