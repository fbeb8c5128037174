"""The model hub over HTTP: which commit, which files, and their bytes from any offset. Every failure is a sentence.

The endpoints are those of the Hugging Face hub; `HF_ENDPOINT` names a mirror, the usual proxy variables a proxy.
"""

from __future__ import annotations

import email.utils
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import truststore
import urllib3
from urllib3.exceptions import HTTPError, LocationParseError

from inpaint_studio.engines.library.paths import safe_path
from inpaint_studio.engines.library.places import endpoint
from inpaint_studio.engines.library.record import FileEntry
from inpaint_studio.errors import StudioError

_TIMEOUT = urllib3.Timeout(connect=15, read=30)
_MOST_HOPS = 8
_LONGEST_ANSWER = 32 << 20
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AGENT = "inpaint-studio"


class TransientError(StudioError):
    """A failure that may be gone at the next try. wait: seconds the server asks for; None: it doesn't say."""

    def __init__(self, message: str, hint: str, wait: float | None = None) -> None:
        super().__init__(message, hint)
        self.wait = wait


class RangeRefusedError(Exception):
    """The server does not send this file from the offset asked for: begin at its start."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A file on its way. `read` gives at most `most` bytes as soon as there are any, none at the end."""

    response: urllib3.BaseHTTPResponse

    def read(self, most: int) -> bytes:
        """The next bytes. Raises TransientError when the connection breaks or rests too long."""
        try:
            return self.response.read1(most)
        except (HTTPError, OSError) as error:
            raise _unreachable(error) from error

    def stop(self) -> None:
        """Wake a `read` that waits in another thread; it will fail."""
        try:
            self.response.shutdown()
        except (OSError, ValueError, RuntimeError, AttributeError):
            # it has ended by itself meanwhile
            return

    def close(self) -> None:
        # without reading the rest: the connection is of no more use
        self.response.close()


class Hub:
    """The hub at `address` (by default `endpoint()`), asked in the name of `token` where a model needs one."""

    def __init__(self, address: str = "", token: str = "") -> None:
        self.address = address or endpoint()
        self._token = token
        parts = urlsplit(self.address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise StudioError(f"{self.address} is no address of a hub.", "Set HF_ENDPOINT to https://… or unset it.")
        self._pool = _pool(self.address)

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.clear()

    def commit(self, repository: str, revision: str) -> str:
        """The commit that `revision` stands for now. Raises StudioError."""
        answer, _ = self._json(f"/api/models/{repository}/revision/{quote(revision, safe='')}", repository)
        commit = answer.get("sha") if isinstance(answer, dict) else None
        if not isinstance(commit, str) or not commit.isalnum():
            raise _nonsense(self.address)
        return commit

    def files(self, repository: str, commit: str) -> list[FileEntry]:
        """Every file of the repository at `commit`, with size and digest, by the tree listing. Raises StudioError."""
        entries: list[FileEntry] = []
        path: str | None = f"/api/models/{repository}/tree/{commit}?recursive=true"
        while path is not None:
            listing, path = self._json(path, repository)
            if not isinstance(listing, list):
                raise _nonsense(self.address)
            entries += [self._entry(item) for item in listing if isinstance(item, dict) and item.get("type") == "file"]
        return entries

    def small(self, repository: str, commit: str, path: str) -> Any:
        """A small JSON file of the repository. Raises StudioError."""
        return self._json(f"/{repository}/resolve/{commit}/{quote(path)}", repository)[0]

    def open(self, repository: str, commit: str, path: str, offset: int) -> Stream:
        """The bytes of a file from `offset` on. Raises StudioError, RangeRefusedError."""
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={offset}-"} if offset else {})
        response = self._get(f"{self.address}/{repository}/resolve/{commit}/{quote(path)}", headers, repository)
        if offset and not _begins_at(response, offset):
            response.close()
            raise RangeRefusedError
        return Stream(response)

    def _entry(self, item: dict[str, Any]) -> FileEntry:
        large = item.get("lfs")
        digest, kind = (large.get("oid"), "sha256") if isinstance(large, dict) else (item.get("oid"), "sha1")
        size, path = item.get("size"), item.get("path")
        if not (isinstance(path, str) and type(size) is int and size >= 0 and isinstance(digest, str)):
            raise _nonsense(self.address)
        return FileEntry(safe_path(path), size, digest.removeprefix("sha256:"), kind)

    def _json(self, path: str, repository: str) -> tuple[Any, str | None]:
        """A JSON answer, and the path of its next page."""
        response = self._get(self.address + path, {}, repository)
        try:
            body = response.read(_LONGEST_ANSWER)
        except (HTTPError, OSError) as error:
            raise _unreachable(error) from error
        finally:
            response.close()
        try:
            answer = json.loads(body)
        except ValueError as error:
            raise _nonsense(self.address) from error
        return answer, self._next_page(response.headers.get("Link", ""))

    def _next_page(self, link: str) -> str | None:
        target, _, relation = link.partition(";")
        if 'rel="next"' not in relation:
            return None
        address = urljoin(self.address, target.strip().strip("<>"))
        # pages of one listing lie on one server
        return address.removeprefix(self.address) if address.startswith(self.address + "/") else None

    def _get(self, address: str, headers: Mapping[str, str], repository: str) -> urllib3.BaseHTTPResponse:
        """The answer at `address` after redirections, its body still to be read. Raises StudioError."""
        for _ in range(_MOST_HOPS):
            response = self._ask(address, headers)
            if response.status not in _REDIRECTS:
                break
            target = urljoin(address, response.headers.get("Location", ""))
            response.close()
            if urlsplit(address).scheme == "https" and urlsplit(target).scheme != "https":
                raise StudioError(
                    f"{_host(address)} leads to an unprotected address.", "Try again from another network."
                )
            address = target
        else:
            raise StudioError(f"{_host(address)} leads in circles.", "Try again later.")
        if response.status in {200, 206}:
            return response
        failure = self._failure(response, repository)
        response.close()
        raise failure

    def _ask(self, address: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        own = {"User-Agent": _AGENT, **headers}
        # a server that the hub leads to must not learn the token
        if self._token and _origin(address) == _origin(self.address):
            own["Authorization"] = f"Bearer {self._token}"
        try:
            return self._pool.request(
                "GET", address, headers=own, redirect=False, retries=False, preload_content=False, timeout=_TIMEOUT
            )
        except LocationParseError as error:
            raise _nonsense(self.address) from error
        except (HTTPError, OSError) as error:
            raise _unreachable(error) from error

    def _failure(self, response: urllib3.BaseHTTPResponse, repository: str) -> StudioError | RangeRefusedError:
        status, host = response.status, _host(self.address)
        if status == 416:
            return RangeRefusedError()
        if status in {401, 403}:
            return self._no_access(status, response.headers.get("X-Error-Code", ""), repository)
        if status in {404, 410}:
            return StudioError(
                f"{host} does not have {repository} (any more).", "Update the program, or choose another model."
            )
        if status == 429:
            return TransientError(f"{host} asks for a pause: too many requests.", "Try again later.", _pause(response))
        if status >= 500:
            return TransientError(f"{host} has trouble (error {status}).", "Try again later.", _pause(response))
        return StudioError(f"{host} refused to send {repository} (error {status}).", "Try again later.")

    def _no_access(self, status: int, code: str, repository: str) -> StudioError:
        page = f"{self.address}/{repository}"
        if status == 401 and not self._token:
            return StudioError(
                f"{repository} is given only to people who have accepted its licence.",
                f"Accept it on {page}, make an access token there, and give it to the library, or to the command models token.",
            )
        if code == "GatedRepo" or status == 403:
            return StudioError(
                f"Your account has no access to {repository} yet.", f"Accept its licence on {page}, then try again."
            )
        return StudioError(
            f"{_host(self.address)} does not accept your access token.",
            "Make a new one on your account's page, and give it to the library, or to the command models token.",
        )


def _pool(address: str) -> urllib3.PoolManager:
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    parts = urlsplit(address)
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.hostname or ""):
        auth = urlsplit(proxy)
        headers = urllib3.make_headers(proxy_basic_auth=f"{auth.username}:{auth.password}") if auth.username else None
        return urllib3.ProxyManager(proxy, proxy_headers=headers, ssl_context=context)
    return urllib3.PoolManager(ssl_context=context)


def _begins_at(response: urllib3.BaseHTTPResponse, offset: int) -> bool:
    return response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")


def _pause(response: urllib3.BaseHTTPResponse) -> float | None:
    """Seconds of a Retry-After header, which may be a number or a date."""
    told = response.headers.get("Retry-After", "")
    if told.isdigit():
        return float(told)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - time.time())
    except ValueError:
        return None


def _origin(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port


def _host(address: str) -> str:
    return urlsplit(address).hostname or address


#: urllib3's names for: no such host here and now, nobody takes the call.
_NO_NETWORK = {"NameResolutionError", "NewConnectionError", "ConnectTimeoutError"}


def _unreachable(error: Exception) -> TransientError:
    name = type(getattr(error, "reason", None) or error).__name__
    if name in _NO_NETWORK:
        return TransientError(
            "The model hub can't be reached.", "Is this computer online? The download goes on where it stopped."
        )
    return TransientError(
        f"The connection to the hub broke ({name}).", "Check the network; the download can be resumed."
    )


def _nonsense(address: str) -> StudioError:
    return StudioError(
        f"{_host(address)} answers in a way that can't be understood.", "Check HF_ENDPOINT, or try later."
    )
