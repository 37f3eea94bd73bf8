"""A web server on this machine that cuts, stalls, lies, redirects and serves wrong bytes, as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class WobblyServer(ThreadingHTTPServer):
    """Serves `content` at every path; each request does what the next of `script` says, and at its end is honest."""

    daemon_threads = True

    def __init__(self, content: bytes, script: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.script = content, list(script)
        self.requests: list[tuple[str, str | None]] = []  # path and Range of each
        self.released = threading.Event()  # ends those who stall

    def url(self, path: str = "/file.pt") -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: WobblyServer
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.requests.append((self.path, wanted))
        action = self.server.script.pop(0) if self.server.script else "honest"
        first = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and action != "no ranges" else 0
        getattr(self, "_" + action.replace(" ", "_"), self._honest)(first)

    def _send(self, first: int, body: bytes, length: int | None, kind: str = "application/octet-stream") -> None:
        self.send_response(206 if first else 200)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if first:
            self.send_header(
                "Content-Range", f"bytes {first}-{len(self.server.content) - 1}/{len(self.server.content)}"
            )
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _honest(self, first: int) -> None:
        body = self.server.content[first:]
        if first >= len(self.server.content):
            self.send_error(416)
        else:
            self._send(first, body, len(body))

    def _cut(self, first: int) -> None:
        body = self.server.content[first:]
        self._send(first, body[: len(body) // 2], len(body))

    def _stall(self, first: int) -> None:
        body = self.server.content[first:]
        self._send(first, body[: len(body) // 2], len(body))
        self.server.released.wait(30)

    def _silent(self, first: int) -> None:
        self.server.released.wait(30)

    def _claims_more(self, first: int) -> None:
        body = self.server.content[first:]
        self._send(first, body, len(body) + 1000)

    def _claims_less(self, first: int) -> None:
        body = self.server.content[first:]
        self._send(first, body, len(body) // 2)

    def _no_length(self, first: int) -> None:
        self._send(first, self.server.content[first:], None)

    def _wrong_bytes(self, first: int) -> None:
        body = bytes(len(self.server.content) - first)
        self._send(first, body, len(body))

    def _too_long(self, first: int) -> None:
        body = self.server.content + bytes(100_000)
        self._send(0, body, None)

    def _page(self, first: int) -> None:
        body = b"<html>Please sign in</html>"
        self._send(0, body, len(body), "text/html; charset=utf-8")

    def _page_in_disguise(self, first: int) -> None:
        body = b"\n <!DOCTYPE html>" + bytes(len(self.server.content))
        self._send(0, body[: len(self.server.content)], None)

    def _wrong_range(self, first: int) -> None:
        body = self.server.content[first:]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes 0-{len(body)}/{len(body)}")
        self.end_headers()
        self.wfile.write(body)

    def _redirect(self, first: int) -> None:
        self.send_response(302)
        self.send_header("Location", self.server.url("/elsewhere"))
        self.end_headers()

    def _round_and_round(self, first: int) -> None:
        self.server.script.append("round and round")
        self._redirect(first)

    def _to_a_file(self, first: int) -> None:
        self.send_response(302)
        self.send_header("Location", "file:///etc/hostname")
        self.end_headers()

    def _missing(self, first: int) -> None:
        self.send_error(404)

    def _busy(self, first: int) -> None:
        self.send_error(503)

    def _rubbish(self, first: int) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")

    def log_message(self, *arguments: Any) -> None:
        """Nothing is printed."""


@contextmanager
def wobbly(content: bytes, *script: str) -> Iterator[WobblyServer]:
    """The server, running."""
    server = WobblyServer(content, list(script))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
