"""A model hub on this machine, with the bad habits of real ones: it cuts, corrupts, redirects, gates and stalls on request."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_LARGE = 1000
_BLOCK = 4096


@dataclass
class Asked:
    """A request as it came: path with its query, and headers."""

    path: str
    headers: Mapping[str, str]


@dataclass
class HubServer:
    """Serves `root`/ORG/NAME as repositories. Faults are set from outside, by file name.

    cut: bytes after which the connection breaks, once for each number. corrupt: how often the file comes with wrong bytes.
    fail: answers (status, headers) given, one each, before the real one; keys are file names, or "revision" and "tree".
    stall: bytes after which it waits for `released`; `stalled` tells that it does.
    gate: the token a repository wants. elsewhere: another server that the files are redirected to.
    deaf: ignores ranges. listing: rewrites the tree listing.
    """

    root: Path
    cut: dict[str, list[int]] = field(default_factory=dict)
    corrupt: dict[str, int] = field(default_factory=dict)
    fail: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    stall: dict[str, int] = field(default_factory=dict)
    gate: dict[str, str] = field(default_factory=dict)
    elsewhere: str = ""
    deaf: bool = False
    page: int = 1000
    commit: str = COMMIT
    listing: dict[str, dict[str, object]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        server = self

        class Handler(_Handler):
            hub = server

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def ranges(self, name: str) -> list[str]:
        """What was asked of the file `name`, in order; empty for the whole of it."""
        return [asked.headers.get("Range", "") for asked in self.asked if asked.path.endswith(name)]

    def entries(self, repository: str) -> list[dict[str, object]]:
        folder = self.root / repository
        return [self._entry(path, folder) for path in sorted(folder.rglob("*")) if path.is_file()]

    def _entry(self, path: Path, folder: Path) -> dict[str, object]:
        data = path.read_bytes()
        name = path.relative_to(folder).as_posix()
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324  git's way
        entry: dict[str, object] = {"type": "file", "path": name, "size": len(data), "oid": blob}
        if len(data) > _LARGE:
            entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
        return entry | self.listing.get(name, {})


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.0"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep still."""

    def do_GET(self) -> None:
        self.hub.asked.append(Asked(self.path, dict(self.headers)))
        path = unquote(self.path.partition("?")[0])
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/(revision|tree)/([^/]+)", path):
            self._api(*match.groups())
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._file(match[1], match[3])
        else:
            self._answer(404, {})

    def _api(self, repository: str, kind: str, _revision: str) -> None:
        if self._faulty(kind) or not self._admitted(repository):
            return
        if not (self.hub.root / repository).is_dir():
            self._answer(401, {"X-Error-Code": "RepoNotFound"})
        elif kind == "revision":
            self._answer(200, {}, {"id": repository, "sha": self.hub.commit})
        else:
            entries = self.hub.entries(repository)
            start = int(match[1]) if (match := re.search(r"cursor=(\d+)", self.path)) else 0
            rest = start + self.hub.page
            link = {"Link": f'<{self.hub.url}{self.path.split("&")[0]}&cursor={rest}>; rel="next"'}
            self._answer(200, link if rest < len(entries) else {}, entries[start:rest])

    def _file(self, repository: str, name: str) -> None:
        path = self.hub.root / repository / name
        if self._faulty(path.name) or not self._admitted(repository):
            return
        if not path.is_file():
            self._answer(404, {"X-Error-Code": "EntryNotFound"})
        elif self.hub.elsewhere and not name.endswith(".json"):
            self._answer(302, {"Location": self.hub.elsewhere + self.path})
        else:
            self._send(path)

    def _send(self, path: Path) -> None:
        data = path.read_bytes()
        asked = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and not self.hub.deaf else 0
        if start >= len(data) > 0:
            self._answer(416, {})
            return
        if self.hub.corrupt.get(path.name, 0) > 0:
            self.hub.corrupt[path.name] -= 1
            data = bytes(byte ^ 0x55 for byte in data)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        cuts = self.hub.cut.get(path.name, [])
        end = start + cuts.pop(0) if cuts else len(data)
        wait = self.hub.stall.pop(path.name, None)
        try:
            if wait is not None:
                self.wfile.write(data[start : start + wait])
                self.hub.stalled.set()
                self.hub.released.wait()
                start += wait
            for block in range(start, end, _BLOCK):
                self.wfile.write(data[block : min(block + _BLOCK, end)])
        except OSError:
            self.close_connection = True
        if end < len(data):
            self.close_connection = True

    def _admitted(self, repository: str) -> bool:
        wanted = self.hub.gate.get(repository)
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if wanted is None or given == wanted:
            return True
        # the hub tells strangers and accounts that have not agreed apart
        self._answer(
            403 if given == "stranger" else 401, {"X-Error-Code": "GatedRepo"} if given in {"", "stranger"} else {}
        )
        return False

    def _faulty(self, name: str) -> bool:
        faults = self.hub.fail.get(name, [])
        if not faults:
            return False
        status, headers = faults.pop(0)
        self._answer(status, headers)
        return True

    def _answer(self, status: int, headers: Mapping[str, str], content: object = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
