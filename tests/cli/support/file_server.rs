//! An HTTP server on loopback for the files of a release, for what installs ecsail.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A file as it is served.
#[derive(Clone)]
pub(crate) enum Served {
    Whole(Vec<u8>),
    /// The connection ends after half of the file.
    CutOff(Vec<u8>),
}

/// The files by their path, and the paths that were asked for.
#[derive(Clone, Default)]
pub(crate) struct FileServer {
    files: Arc<Mutex<BTreeMap<String, Served>>>,
    requests: Arc<Mutex<Vec<String>>>,
    address: String,
}

impl FileServer {
    /// Starts a server that ends with the test program.
    pub(crate) fn start() -> FileServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let server = FileServer { address, ..FileServer::default() };
        let served = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                served.answer(stream);
            }
        });
        server
    }

    pub(crate) fn url(&self) -> &str {
        &self.address
    }

    pub(crate) fn put(&self, path: &str, file: Served) {
        self.files.lock().expect("not poisoned").insert(path.to_owned(), file);
    }

    pub(crate) fn remove(&self, path: &str) {
        self.files.lock().expect("not poisoned").remove(path);
    }

    /// Returns the paths that were asked for so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("not poisoned").clone()
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut lines = BufReader::new(&stream).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        // The client sends nothing after the empty line.
        lines.map_while(Result::ok).find(String::is_empty);
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let file = self.files.lock().expect("not poisoned").get(&path).cloned();
        self.requests.lock().expect("not poisoned").push(path);
        let (status, length, body) = match file {
            Some(Served::Whole(bytes)) => ("200 OK", bytes.len(), bytes),
            Some(Served::CutOff(bytes)) => ("200 OK", bytes.len(), bytes[..bytes.len() / 2].to_vec()),
            None => ("404 Not Found", 0, Vec::new()),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        // A client that has gone away needs no answer.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
    }
}
