#!/usr/bin/env python3
"""Proxy between a client and an emulator: record the calls, and refuse targets.

Every call is passed on as it is, and a line is added to FOLDER/calls.txt: the operation
of a JSON or query protocol, else the method and path. No emulator answers PutTargets with
a FailedEntryCount, so this does: a target whose id stands in FOLDER/refuse.txt is taken
out of the call, and named among the FailedEntries of its answer, as EventBridge does.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

REFUSED = {"ErrorCode": "InternalException",
           "ErrorMessage": "The target was refused by the proxy of the tests."}
# Headers of one connection, or derived from the body.
DROPPED = {"connection", "transfer-encoding", "content-length", "keep-alive"}


def operation_of(method: str, path: str, target: str | None, body: bytes) -> str:
    """The name of a call."""
    if target:
        return target.rpartition(".")[2]
    action = parse_qs(body.decode("utf-8", "replace")).get("Action") if method == "POST" else None
    return action[0] if action else f"{method} {urlsplit(path).path}"


class Handler(BaseHTTPRequestHandler):
    """One call."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    upstream: str
    folder: Path
    lock = threading.Lock()

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""

    def forward(self) -> None:
        """Pass a call on, and its answer back."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation = operation_of(self.command, self.path, self.headers.get("X-Amz-Target"), body)
        body, refused = self.without_refused(body) if operation == "PutTargets" else (body, [])
        if problem := self.refusal(operation, body):
            status, headers, answer = 400, [("Content-Type", "application/x-amz-json-1.1")], problem
        else:
            status, headers, answer = self.ask(body)
            answer = self.respelled(operation, answer) if status == 200 else answer
        if refused and status == 200:
            entries = [{"TargetId": name, **REFUSED} for name in refused]
            answer = json.dumps({"FailedEntryCount": len(entries), "FailedEntries": entries}).encode()
        with self.lock, open(self.folder / "calls.txt", "a", encoding="utf-8") as calls:
            calls.write(operation + "\n")
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in DROPPED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = forward

    def refusal(self, operation: str, body: bytes) -> bytes | None:
        """The error that answers a call instead of the emulator; none here."""
        return None

    def respelled(self, operation: str, answer: bytes) -> bytes:
        """The answer as it is passed back; here as it is."""
        return answer

    def without_refused(self, body: bytes) -> tuple[bytes, list[str]]:
        """A PutTargets without the targets that are refused, and their ids."""
        path = self.folder / "refuse.txt"
        refuse = path.read_text("utf-8").split() if path.exists() else []
        call = json.loads(body)
        refused = [target["Id"] for target in call["Targets"] if target["Id"] in refuse]
        call["Targets"] = [target for target in call["Targets"] if target["Id"] not in refuse]
        return json.dumps(call).encode() if refused else body, refused

    def ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """The emulator's answer: status, headers and body."""
        connection = http.client.HTTPConnection(self.upstream, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
        headers["Content-Length"] = str(len(body))
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        whole = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), whole


class Server(ThreadingHTTPServer):
    """The server. Ignores clients that disconnect."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore broken connections, show other errors."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main(handler: type[Handler]) -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=sys.modules[handler.__module__].__doc__.splitlines()[0])
    parser.add_argument("--upstream", required=True, help="URL of the emulator")
    parser.add_argument("--folder", required=True, type=Path, help="where calls.txt and refuse.txt are")
    args = parser.parse_args()
    Handler.upstream, Handler.folder = urlsplit(args.upstream).netloc, args.folder
    server = Server(("127.0.0.1", 0), handler)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(Handler)
