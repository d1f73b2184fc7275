"""One request: to an address that was examined, with bounds on everything that the other side decides.

The host is resolved once, all that it resolves to is examined, and the connection goes to an address that was, so
that no second look-up can lead elsewhere. Redirects are not followed.
"""

from __future__ import annotations

import contextlib
import functools
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, IncompleteRead

from authlens._version import __version__
from authlens.errors import InputError
from authlens.trust import addresses
from authlens.trust.addresses import Target
from authlens.trust.fetch_answer import LONGEST_SHOWN, NoAnswerError, Reply, redirect, reply, shown, too_large

_CHUNK = 16 * 1024
USER_AGENT: Final = f"authlens/{__version__}"
_HEADERS: Final = {
    "User-Agent": USER_AGENT,
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
}

Resolve = Callable[[str, int], Sequence[str]]
_Connect = Callable[[str, int, float], socket.socket]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one request, in seconds."""

    connect_s: float = 3.0
    read_s: float = 5.0
    total_s: float = 10.0


class Client:
    """Sends requests, each over a connection of its own."""

    def __init__(
        self, *, ca_bundle: str | None = None, limits: Limits | None = None, resolve: Resolve | None = None
    ) -> None:
        """Prepares; no socket is opened.

        Args:
            ca_bundle: Path of further certificate authorities, PEM.
            limits: Of a request.
            resolve: (host, port) to IP addresses; the system's resolver if None.

        Raises:
            InputError: ``ca_bundle`` cannot be used.
        """
        self._limits = limits or Limits()
        self._resolve = resolve or _resolved
        self._ca_bundle = ca_bundle
        if ca_bundle is not None:
            _load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_bundle)

    @functools.cached_property
    def _context(self) -> ssl.SSLContext:
        """The system's trust (OpenSSL reads SSL_CERT_FILE), certifi's where that is empty, and the user's own."""
        context = ssl.create_default_context()
        if not context.cert_store_stats()["x509_ca"]:
            context.load_verify_locations(requests.utils.DEFAULT_CA_BUNDLE_PATH)
        if self._ca_bundle is not None:
            _load(context, self._ca_bundle)
        return context

    def get(self, target: Target, *, largest: int, private: bool) -> tuple[Reply, str | None]:
        """Asks for one document; returns the answer, and the proxy that was asked for it.

        Args:
            target: The address, examined.
            largest: Bytes that the answer may have, decompressed.
            private: Networks of the user's own are meant.

        Raises:
            NoAnswerError: There is none.
        """
        proxies, verify = _environment(target)
        proxy = proxies.get(target.scheme) or proxies.get("all")
        deadline = _Deadline(self._limits.total_s)
        # A proxy resolves names itself; its own host stands in the user's environment.
        connect = functools.partial(self._connected, deadline=deadline, private=private or proxy is not None)
        try:
            with deadline, self._session(connect, verify) as session:
                return self._exchange(session, target, largest, deadline, proxies), _shown_proxy(proxy)
        except InputError as error:
            names = "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE"
            raise NoAnswerError(f"not asked: what {names} says cannot be used: {error}") from error
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            through = f", through the proxy {_shown_proxy(proxy)}" if proxy is not None else ""
            raise NoAnswerError((deadline.reason or _words(error)) + through) from error

    @contextlib.contextmanager
    def _session(self, connect: _Connect, verify: str | None) -> Iterator[requests.Session]:
        session = requests.Session()
        session.trust_env = False  # no .netrc, and no proxy that was not looked at
        session.headers.clear()
        if verify is not None:
            _load(self._context, verify)
        adapter = _Adapter(connect, self._context)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        try:
            yield session
        finally:
            session.close()

    def _exchange(
        self,
        session: requests.Session,
        target: Target,
        largest: int,
        deadline: _Deadline,
        proxies: Mapping[str, str],
    ) -> Reply:
        with session.get(
            target.url,
            headers=_HEADERS,
            timeout=(self._limits.connect_s, self._limits.read_s),
            allow_redirects=False,
            stream=True,
            proxies=dict(proxies),
        ) as response:
            status, headers = response.status_code, response.headers
            if 300 <= status <= 399:
                return Reply(status=status, fault=redirect(headers.get("Location", "")))
            data = _read(response, largest, deadline)
            return too_large(status, largest) if data is None else reply(status, headers, data, largest)

    def _connected(self, host: str, port: int, timeout: float, *, deadline: _Deadline, private: bool) -> socket.socket:
        """Resolves once, examines every address, and connects to one of those examined."""
        found = _in_time(lambda: self._resolve(host, port), deadline)
        if not found:
            raise NoAnswerError(f"the host name {host} is unknown")
        refused = [a for a in found if not addresses.may_connect(a, private=private)]
        if refused:
            raise NoAnswerError(f"not asked: {host} leads to {refused[0]}, which is no public address")
        fault: OSError | None = None
        for address in found:
            try:
                connection = socket.create_connection((address, port), min(timeout, deadline.left()))
            except OSError as error:
                fault = error
            else:
                deadline.watch(connection)
                return connection
        raise NoAnswerError(f"{host} cannot be connected to: {_words(fault)}")


# --------------------------------------------------------------------------- the connection


class _Deadline:
    """Ends a request as a whole: the socket is shut down, for the time-out of reads is renewed by every byte."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._seconds = seconds
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._stop)
        self._timer.daemon = True
        self.reason: str | None = None

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        for connection in self._sockets:
            connection.close()

    def left(self) -> float:
        """Seconds until the end."""
        return max(0.001, self._end - time.monotonic())

    def watch(self, connection: socket.socket) -> None:
        """Ends this connection, too; TLS takes the original socket over, hence the duplicate."""
        self._sockets.append(connection.dup())
        if self.reason is not None:
            self._stop()

    def _stop(self) -> None:
        self.reason = f"no whole answer within {self._seconds:g} s"
        for connection in tuple(self._sockets):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """Lets connections be made by a function, and trust be a context."""

    def __init__(self, connect: _Connect, context: ssl.SSLContext) -> None:
        self._connect = connect
        self._ssl_context = context
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._ssl_context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._connect)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._ssl_context, **kwargs)
        manager.pool_classes_by_scheme = _pools(self._connect)
        return manager

    def cert_verify(self, conn: Any, url: str, verify: object, cert: object) -> None:
        """Certificates are always verified, by the context and nothing that requests would add to it."""
        del url, verify, cert
        conn.cert_reqs = "CERT_REQUIRED"


def _pools(connect: _Connect) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools whose connections are made by ``connect``, and by nothing else."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self.host, self.port or self.default_port, _seconds(self.timeout))

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self.host, self.port or self.default_port, _seconds(self.timeout))

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _seconds(timeout: object) -> float:
    return float(timeout) if isinstance(timeout, int | float) else Limits().connect_s


def _environment(target: Target) -> tuple[Mapping[str, str], str | None]:
    """Proxies (HTTPS_PROXY, NO_PROXY…) and certificates (REQUESTS_CA_BUNDLE…) as the environment says."""
    said = requests.Session().merge_environment_settings(target.url, {}, None, None, None)
    verify = said["verify"]
    return {k: v for k, v in said["proxies"].items() if v}, verify if isinstance(verify, str) else None


def _load(context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            f"{path}: is no file of certificates: {getattr(error, 'strerror', None) or error}",
            hint="Certificate authorities are PEM certificates in one file.",
        ) from error


def _resolved(host: str, port: int) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _in_time(resolve: Callable[[], Sequence[str]], deadline: _Deadline) -> Sequence[str]:
    """Runs the resolver, which knows no time-out, beside and waits no longer than there is time."""
    answers: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(resolve()), daemon=True).start()
    try:
        return answers.get(timeout=deadline.left())
    except queue.Empty:
        raise NoAnswerError("the host name was not resolved in time") from None


def _shown_proxy(proxy: str | None) -> str | None:
    """A proxy's address may hold a password."""
    return None if proxy is None else proxy.rpartition("@")[2].rpartition("//")[2].rstrip("/")[:LONGEST_SHOWN]


def _read(response: requests.Response, largest: int, deadline: _Deadline) -> bytes | None:
    """Reads the body as it is sent; None where it has more than ``largest`` bytes."""
    wire = bytearray()
    while chunk := response.raw.read(_CHUNK, decode_content=False):
        wire += chunk
        if len(wire) > largest:
            return None
    if deadline.reason is not None:
        raise NoAnswerError(deadline.reason)
    return bytes(wire)


# --------------------------------------------------------------------------- what went wrong


_CAUSES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (ssl.SSLError, "TLS failed"),
    (TimeoutError, "no answer in time"),
    (ConnectionRefusedError, "the connection was refused"),
    (ConnectionResetError, "the connection was reset"),
    (IncompleteRead, "the answer broke off"),
)


_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3}[^\r\n]{0,80})")
"""What http.client says where a proxy answers CONNECT with an error of its own."""


def _words(error: BaseException | None) -> str:
    """Says in a few words what went wrong, by the innermost cause that is known."""
    chain = list(_chain(error))
    for inner in reversed(chain):
        for kind, words in _CAUSES:
            if isinstance(inner, kind):
                detail = getattr(inner, "verify_message", "")
                return f"{words}: {detail}" if detail else words
        if refused := _TUNNEL.search(str(inner)):
            return f"no tunnel was opened: {shown(refused[1])}"
    return f"no answer ({type(chain[-1]).__name__})" if chain else "no answer"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what lies beneath it; these libraries put causes into arguments, too."""
    seen: list[BaseException] = []
    while error is not None and error not in seen and len(seen) < 16:
        seen.append(error)
        yield error
        inner = (error.reason if hasattr(error, "reason") else None, *error.args)
        error = next((i for i in inner if isinstance(i, BaseException)), error.__cause__ or error.__context__)
