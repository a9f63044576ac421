#!/usr/bin/env python3
"""A substitute for the Docker HTTP API, with which MiniStack rolls services out.

No container runs: each is a record, and the tag of its image selects its behaviour.

    v1, v2, any other tag   starts at once and stays up
    slow*                   its image takes --slow seconds to pull
    crash*                  exits 1 after --crash seconds
    nopull*                 cannot be pulled

A command that contains `exit N` ends with N after --crash seconds whatever the tag
(`sh -c "exit 3"`), so that one-off tasks end too. Only the calls of
docker-py for MiniStack are supported; any other is a 404 that names the call.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import struct
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

API_VERSION = "1.41"
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
KNOWN_TAGS = ["latest", "slow", "crash", "nopull", *(f"v{n}" for n in range(1, 10))]


def sha256(text: str) -> str:
    """The digest of a text as registries write it."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def manifest(tag: str) -> str:
    """The image manifest that stands for a tag, in every repository the same."""
    config = {"mediaType": "application/vnd.docker.container.image.v1+json",
              "size": 1472, "digest": sha256(f"config of {tag}")}
    layer = {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
             "size": 2797612, "digest": sha256(f"layer of {tag}")}
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST_TYPE,
                       "config": config, "layers": [layer]})


def split_reference(reference: str) -> tuple[str, str]:
    """`host/name:tag` or `host/name@digest` as (name, tag or digest)."""
    if "@" in reference:
        name, _, digest = reference.partition("@")
        return name, digest
    head, slash, last = reference.rpartition("/")
    name, colon, tag = last.partition(":")
    return head + slash + name, tag if colon else "latest"


@dataclass
class Container:
    """One container. Times are of the monotonic clock."""

    name: str
    image: str
    tag: str
    labels: dict
    command: list
    exit_code: int | None
    id: str = field(default_factory=lambda: uuid.uuid4().hex * 2)
    started: float | None = None
    ends: float | None = None

    def running(self) -> bool:
        """Whether it is up now."""
        return self.started is not None and (self.ends is None or time.monotonic() < self.ends)

    def status(self) -> str:
        """Docker's word for its state."""
        if self.started is None:
            return "created"
        return "running" if self.running() else "exited"

    def log(self) -> list[str]:
        """The lines that it has written so far."""
        if self.started is None:
            return []
        lines = [f"starting {self.tag}", *([" ".join(self.command)] if self.command else [])]
        if not self.running():
            lines.append(f"fatal: exit code {self.exit_code}" if self.exit_code else "done")
        return lines


class Daemon:
    """Images and containers, and what happens to them."""

    def __init__(self, slow: float, crash: float) -> None:
        self.slow = slow
        self.crash = crash
        self.lock = threading.Lock()
        self.containers: dict[str, Container] = {}
        self.pulled: dict[tuple[str, str], float] = {}
        self.tags = {sha256(manifest(tag)): tag for tag in KNOWN_TAGS}

    def tag_of(self, reference: str) -> str:
        """The tag that an image reference means; a digest maps back to its tag."""
        wanted = split_reference(reference)[1]
        return self.tags.get(wanted, wanted)

    def digest_of(self, reference: str) -> str:
        """The manifest digest of an image reference."""
        tag = self.tag_of(reference)
        digest = tag if tag.startswith("sha256:") else sha256(manifest(tag))
        with self.lock:
            self.tags.setdefault(digest, tag)
        return digest

    def is_present(self, reference: str) -> bool:
        """Whether the image can be used without a pull."""
        tag = self.tag_of(reference)
        if tag.startswith("nopull"):
            return False
        if not tag.startswith("slow"):
            return True
        # A slow image is removed again, so that the next rollout waits for it too.
        key = (split_reference(reference)[0], tag)
        return time.monotonic() - self.pulled.get(key, float("-inf")) < self.slow

    def remember_pull(self, reference: str) -> None:
        """Note that an image has just been pulled."""
        self.pulled[split_reference(reference)[0], self.tag_of(reference)] = time.monotonic()

    def create(self, name: str, body: dict) -> Container:
        """A new container of the image that the body names."""
        tag = self.tag_of(body["Image"])
        command = body.get("Cmd") or []
        command = [command] if isinstance(command, str) else command
        ends_with = re.search(r"\bexit (\d+)", " ".join(command))
        exit_code = int(ends_with[1]) if ends_with else 1 if tag.startswith("crash") else None
        container = Container(name, body["Image"], tag, body.get("Labels") or {}, command, exit_code)
        with self.lock:
            self.containers[container.id] = container
        return container

    def find(self, reference: str) -> Container | None:
        """A container by its id, the start of its id, or its name."""
        with self.lock:
            for container in self.containers.values():
                if reference and (container.id.startswith(reference) or container.name == reference):
                    return container
        return None

    def start(self, container: Container) -> None:
        """Start it, and set its end if it has one."""
        container.started = time.monotonic()
        if container.exit_code is not None:
            container.ends = container.started + self.crash

    def stop(self, container: Container, exit_code: int) -> None:
        """End it now, if it is up."""
        if container.running():
            container.ends, container.exit_code = time.monotonic(), exit_code

    def remove(self, container: Container) -> None:
        """Remove it."""
        self.stop(container, 137)
        with self.lock:
            self.containers.pop(container.id, None)


def image_view(daemon: Daemon, reference: str) -> dict:
    """The answer of image inspect."""
    name, _ = split_reference(reference)
    digest = daemon.digest_of(reference)
    return {"Id": sha256(f"config of {daemon.tag_of(reference)}"),
            "RepoTags": [f"{name}:{daemon.tag_of(reference)}"],
            "RepoDigests": [f"{name}@{digest}"], "Os": "linux", "Architecture": "amd64",
            "Size": 2797612, "Config": {}, "RootFS": {"Type": "layers", "Layers": []}}


def container_view(container: Container) -> dict:
    """The answer of container inspect."""
    ended = container.status() == "exited"
    return {"Id": container.id, "Name": "/" + container.name, "Image": sha256(container.image),
            "State": {"Status": container.status(), "Running": container.running(),
                      "ExitCode": container.exit_code or 0 if ended else 0, "OOMKilled": False,
                      "Error": ""},
            "Config": {"Image": container.image, "Labels": container.labels, "Tty": False,
                       "Cmd": container.command, "Env": []},
            "HostConfig": {"LogConfig": {"Type": "json-file", "Config": {}}},
            "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}}, "Ports": {}}}


def list_entry(container: Container) -> dict:
    """One line of container list."""
    return {"Id": container.id, "Names": ["/" + container.name], "Image": container.image,
            "Labels": container.labels, "State": container.status(), "Status": container.status(),
            "Command": " ".join(container.command), "Created": 0}


def has_labels(container: Container, wanted: list[str]) -> bool:
    """Whether a container has every `key` or `key=value` of a label filter."""
    for label in wanted:
        key, equals, value = label.partition("=")
        if key not in container.labels or (equals and container.labels[key] != value):
            return False
    return True


class Handler(BaseHTTPRequestHandler):
    """One request of the Docker API."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    daemon: Daemon

    def log_message(self, format: str, *args: object) -> None:
        """Write a line a request only when asked to."""
        if self.server.verbose:
            super().log_message(format, *args)

    def do_GET(self) -> None:
        """Answer a GET."""
        self.dispatch("GET")

    def do_HEAD(self) -> None:
        """Answer a HEAD (of `/_ping`)."""
        self.dispatch("HEAD")

    def do_POST(self) -> None:
        """Answer a POST."""
        self.dispatch("POST")

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self.dispatch("DELETE")

    def dispatch(self, method: str) -> None:
        """Find the call by its method and path, and answer it."""
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        self.body = json.loads(raw) if raw else {}
        url = urlsplit(self.path)
        self.query = {key: values[0] for key, values in parse_qs(url.query).items()}
        path = re.sub(r"^/v[0-9.]+/", "/", unquote(url.path))
        for verb, pattern, call in ROUTES:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                call(self, *found.groups())
                return
        self.fail(404, f"the stand-in does not know {method} {path}")

    def reply(self, answer: object, status: int = 200) -> None:
        """Send an answer as JSON; None sends no body."""
        body = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Api-Version", API_VERSION)
        if status not in (204, 304):
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def fail(self, status: int, message: str) -> None:
        """Send an error as Docker does."""
        self.reply({"message": message}, status)

    def begin_stream(self, content_type: str) -> None:
        """Start an answer that comes in pieces."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send_piece(self, piece: bytes) -> None:
        """Send one piece; an empty one ends the answer."""
        self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.flush()

    def container(self, reference: str) -> Container | None:
        """The container of a call. If there is none, sends the error."""
        found = self.daemon.find(reference)
        if found is None:
            self.fail(404, f"No such container: {reference}")
        return found

    # The engine

    def ping(self) -> None:
        """`/_ping`."""
        self.reply("OK")

    def version(self) -> None:
        """`/version`, of which docker-py takes the API version."""
        self.reply({"Version": "20.10.0", "ApiVersion": API_VERSION, "MinAPIVersion": "1.12",
                    "Os": "linux", "Arch": "amd64"})

    def info(self) -> None:
        """`/info`."""
        self.reply({"ID": "STANDIN", "Name": "docker-standin", "OSType": "linux",
                    "Architecture": "x86_64", "ServerVersion": "20.10.0"})

    # Images

    def not_found(self, reference: str) -> str:
        """The error of a registry for an image that it does not have."""
        return f'failed to resolve reference "{reference}": {reference}: not found'

    def distribution(self, reference: str) -> None:
        """The registry's manifest digest of an image."""
        if self.daemon.tag_of(reference).startswith("nopull"):
            time.sleep(0.2)  # as long as a registry takes; MiniStack asks three times
            self.fail(404, self.not_found(reference))
            return
        self.reply({"Descriptor": {"mediaType": MANIFEST_TYPE, "size": 528,
                                   "digest": self.daemon.digest_of(reference)},
                    "Platforms": [{"architecture": "amd64", "os": "linux"}]})

    def pull(self) -> None:
        """Pull an image: at once, slowly, or not at all."""
        name, tag = self.query["fromImage"], self.query.get("tag", "latest")
        reference = f"{name}@{tag}" if tag.startswith("sha256:") else f"{name}:{tag}"
        if self.daemon.tag_of(reference).startswith("nopull"):
            time.sleep(self.daemon.crash)  # MiniStack tries again at once, without end
            self.fail(404, self.not_found(reference))
            return
        self.begin_stream("application/json")
        ready = time.monotonic() + (0 if self.daemon.is_present(reference) else self.daemon.slow)
        while time.monotonic() < ready:
            self.send_piece(b'{"status":"Downloading"}\r\n')  # keeps the client from timing out
            time.sleep(min(0.5, max(0.0, ready - time.monotonic())))
        self.daemon.remember_pull(reference)
        self.send_piece(b'{"status":"Status: Downloaded newer image"}\r\n')
        self.send_piece(b"")

    def inspect_image(self, reference: str) -> None:
        """An image that is present."""
        if self.daemon.is_present(reference):
            self.reply(image_view(self.daemon, reference))
        else:
            self.fail(404, f"No such image: {reference}")

    def tag_image(self, reference: str) -> None:
        """Tag an image: its record needs no change."""
        self.reply(None, 201)

    # Containers

    def create_container(self) -> None:
        """A new container, when its image is present."""
        image = self.body["Image"]
        if not self.daemon.is_present(image):
            self.fail(404, f"No such image: {image}")
            return
        container = self.daemon.create(self.query.get("name", ""), self.body)
        self.reply({"Id": container.id, "Warnings": []}, 201)

    def list_containers(self) -> None:
        """The containers that have the labels asked for."""
        labels = json.loads(self.query.get("filters", "{}")).get("label", [])
        everything = self.query.get("all") in ("1", "true", "True")
        with self.daemon.lock:
            chosen = [c for c in self.daemon.containers.values()
                      if has_labels(c, labels) and (everything or c.running())]
        self.reply([list_entry(container) for container in chosen])

    def inspect_container(self, reference: str) -> None:
        """One container."""
        if container := self.container(reference):
            self.reply(container_view(container))

    def start_container(self, reference: str) -> None:
        """Start a container."""
        if container := self.container(reference):
            self.daemon.start(container)
            self.reply(None, 204)

    def stop_container(self, reference: str, verb: str) -> None:
        """Stop or kill a container."""
        if container := self.container(reference):
            self.daemon.stop(container, 143 if verb == "stop" else 137)
            self.reply(None, 204)

    def remove_container(self, reference: str) -> None:
        """Remove a container."""
        if container := self.container(reference):
            self.daemon.remove(container)
            self.reply(None, 204)

    def wait_container(self, reference: str) -> None:
        """Answer once a container has ended."""
        if container := self.container(reference):
            while container.running():
                time.sleep(0.05)
            self.reply({"StatusCode": container.exit_code or 0})

    def container_logs(self, reference: str) -> None:
        """The log of a container; with `follow` until it ends."""
        container = self.container(reference)
        if container is None:
            return
        self.begin_stream("application/vnd.docker.multiplexed-stream")
        follow = self.query.get("follow") in ("1", "true", "True")
        sent = 0
        while True:
            alive = container.running()
            lines = container.log()
            for line in lines[sent:]:
                text = line.encode() + b"\n"
                self.send_piece(struct.pack(">BxxxL", 1, len(text)) + text)
            sent = len(lines)
            if not (follow and alive):
                break
            time.sleep(0.1)
        self.send_piece(b"")


ROUTES = [
    ("GET", r"/_ping", Handler.ping),
    ("HEAD", r"/_ping", Handler.ping),
    ("GET", r"/version", Handler.version),
    ("GET", r"/info", Handler.info),
    ("GET", r"/distribution/(.+)/json", Handler.distribution),
    ("POST", r"/images/create", Handler.pull),
    ("GET", r"/images/(.+)/json", Handler.inspect_image),
    ("POST", r"/images/(.+)/tag", Handler.tag_image),
    ("POST", r"/containers/create", Handler.create_container),
    ("GET", r"/containers/json", Handler.list_containers),
    ("GET", r"/containers/([^/]*)/json", Handler.inspect_container),
    ("GET", r"/containers/([^/]+)/logs", Handler.container_logs),
    ("POST", r"/containers/([^/]+)/start", Handler.start_container),
    ("POST", r"/containers/([^/]+)/(stop|kill)", Handler.stop_container),
    ("POST", r"/containers/([^/]+)/wait", Handler.wait_container),
    ("DELETE", r"/containers/([^/]+)", Handler.remove_container),
]


class Server(ThreadingHTTPServer):
    """The server. Ignores clients that disconnect."""

    daemon_threads = True
    request_queue_size = 128
    verbose = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore broken connections, show other errors."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--slow", type=float, default=10.0, help="seconds that a slow image takes")
    parser.add_argument("--crash", type=float, default=0.5, help="seconds until a crash")
    parser.add_argument("--verbose", action="store_true", help="a line a request, on stderr")
    args = parser.parse_args()
    Handler.daemon = Daemon(args.slow, args.crash)
    server = Server(("127.0.0.1", args.port), Handler)
    server.verbose = args.verbose
    print(f"listening on {server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
