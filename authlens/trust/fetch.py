"""The only requests that authlens makes: discovery documents and key sets, of issuers that the user allows.

Nothing of a token is ever sent. An address is read strictly, its host is resolved once, every address it resolves to
is examined, and the connection goes to one that was; redirects are not followed; size and time have bounds.
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
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from authlens import vendors
from authlens._version import __version__
from authlens.errors import InputError, UsageError
from authlens.model import Document
from authlens.trust import addresses
from authlens.trust.addresses import Target, UnsafeAddressError
from authlens.trust.bundles import LARGEST_DISCOVERY, LARGEST_KEY_SET, judge
from authlens.trust.history import USUAL, History, sightings

USER_AGENT: Final = f"authlens/{__version__}"
MOST_ISSUERS: Final = 20
"""Issuers from the log that one run asks; a log full of made-up issuers must not turn it into a scanner."""

_CHUNK = 16 * 1024
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s{0,4}=\s{0,4}\"?([0-9]{1,9})", re.IGNORECASE | re.ASCII)
_LONGEST_SHOWN = 256

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one request, in seconds and bytes."""

    connect_s: float = 3.0
    read_s: float = 5.0
    total_s: float = 10.0
    discovery: int = LARGEST_DISCOVERY
    key_set: int = LARGEST_KEY_SET


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which issuers may be asked, beside those that the user's configuration names."""

    offline: bool = False
    """Open no socket; a cache is read, though."""
    online: bool = False
    """Issuers from the log, too, where the vendor's own host answers."""
    allowed: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """An ``--allow-issuer``: compared part by part, ``*`` being one host label or one path segment."""

    text: str
    scheme: str
    labels: tuple[str, ...]
    port: str
    segments: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """No part is left open, so the user names this very host."""
        return "*" not in self.labels

    def fits(self, issuer: str) -> bool:
        """Tells whether the issuer is one of those meant."""
        try:
            other = pattern(issuer, wild=False)
        except UsageError:
            return False
        return (
            (self.scheme, self.port) == (other.scheme, other.port)
            and _parts_fit(self.labels, other.labels)
            and _parts_fit(self.segments, other.segments)
        )


def pattern(text: str, *, wild: bool = True) -> Pattern:
    """Reads an ``--allow-issuer``; UsageError where it is no address, or ``*`` is part of a label or segment."""
    scheme, mark, rest = text.strip().partition("://")
    authority, _, path = rest.partition("/")
    host, _, port = authority.partition(":")
    labels, segments = tuple(host.lower().split(".")), tuple(path.rstrip("/").split("/"))
    fault = None
    if not mark or scheme.lower() not in {"http", "https"} or not all(labels):
        fault = "write scheme and host: https://HOST/PATH"
    elif any("*" in part and (part != "*" or not wild) for part in (*labels, *segments, port)):
        fault = "* stands for one whole host label or one whole path segment"
    elif wild and len([x for x in labels if x != "*"]) < 2 and "*" in labels:
        fault = "at least the domain must be written out"
    if fault:
        raise UsageError(f"--allow-issuer {text!r}: {fault}", hint="For example: https://*.example.com/realms/*")
    standard = {"https": "443", "http": "80"}[scheme.lower()]
    return Pattern(text=text, scheme=scheme.lower(), labels=labels, port=port or standard, segments=segments)


def _parts_fit(wanted: tuple[str, ...], found: tuple[str, ...]) -> bool:
    return len(wanted) == len(found) and all(w in {"*", f} and f for w, f in zip(wanted, found, strict=True) if w or f)


# --------------------------------------------------------------------------- the fetcher


@dataclass(slots=True)
class _Run:
    """What one run has asked so far."""

    documents: dict[str, Document] = field(default_factory=dict)
    issuers: set[str] = field(default_factory=set)
    notes: dict[str, None] = field(default_factory=dict)


class Fetcher:
    """Asks for documents under a policy, each at most once, and keeps what it gets in the history."""

    def __init__(
        self,
        policy: Policy,
        *,
        history: History | None = None,
        ca_bundle: str | None = None,
        limits: Limits | None = None,
        resolve: Resolve | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepares; no socket is opened.

        Args:
            policy: Who may be asked.
            history: Where answers are kept; None keeps none.
            ca_bundle: Path of further certificate authorities, PEM.
            limits: Of a request.
            resolve: (host, port) to IP addresses; the system's resolver if None.
            now: The clock that answers are stamped with.

        Raises:
            InputError: ``ca_bundle`` cannot be used.
        """
        self._policy = policy
        self._history = history
        self._limits = limits or Limits()
        self._resolve = resolve or _resolved
        self._now = now
        self._ca_bundle = ca_bundle
        self._run = _Run()
        if ca_bundle is not None:
            self._context(ca_bundle)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know: answers that are old, proxies that were used, a cache that is not kept."""
        fault = self._history.fault if self._history is not None else None
        return (*self._run.notes, *((fault,) if fault else ()))

    # ----------------------------------------------------------------- questions of documents.Network

    def refusal(self, issuer: str, *, named: bool) -> str | None:
        """Says why an issuer is not asked, or None where it may be."""
        if self._policy.offline:
            return None if self._history is not None else "not asked: offline"
        try:
            addresses.checked(issuer, named=named or self._pattern_for(issuer) is not None)
        except UnsafeAddressError as error:
            return f"not asked: {error}"
        if not named and self._pattern_for(issuer) is None and not self._by_vendor(issuer):
            return _how_to_ask(issuer)
        if not named and issuer not in self._run.issuers and len(self._run.issuers) >= MOST_ISSUERS:
            return f"not asked: the log names more than {MOST_ISSUERS} issuers"
        return None

    def discovery(self, issuer: str, candidates: Sequence[str], *, named: bool) -> Document | None:
        """Asks the candidates in turn while the answer is 404."""
        self._count(issuer, named=named)
        answer = None
        for address in candidates:
            if not self._may_hold_discovery(issuer, address, named=named):
                continue
            found = self._document(address, self._limits.discovery, named=named or self._names(issuer))
            answer = found if answer is None or found.status != 404 else answer
            if found.status != 404:
                break
        return answer

    def key_set(self, issuer: str, discovery: str, address: str, *, named: bool) -> Document:
        """Asks for a key set, where its host may belong to the issuer."""
        self._count(issuer, named=named)
        host = addresses.host_of(address)
        vendor = vendors.resembling(issuer)
        theirs = {addresses.host_of(discovery), *(vendor.jwks_hosts if vendor else ())}
        if host not in theirs:
            reason = f"not asked: the document points to another host ({host[:_LONGEST_SHOWN]})"
            return self._unasked(address, reason)
        return self._document(address, self._limits.key_set, named=named or self._names(issuer))

    def history(self, address: str) -> tuple[Document, ...]:
        """Returns what the address served before, oldest first."""
        if self._history is None:
            return ()
        return tuple(document for kept in self._history.all(address) for document in sightings(kept))

    # ----------------------------------------------------------------- policy

    def _pattern_for(self, issuer: str) -> Pattern | None:
        return next((p for p in self._policy.allowed if p.fits(issuer)), None)

    def _names(self, issuer: str) -> bool:
        """The user wrote this very host, so a private network is meant."""
        allowed = self._pattern_for(issuer)
        return allowed is not None and allowed.exact

    def _by_vendor(self, issuer: str) -> bool:
        vendor = vendors.identify(issuer)
        return self._policy.online and vendor is not None and vendor.fetch_allowed

    def _may_hold_discovery(self, issuer: str, address: str, *, named: bool) -> bool:
        """Of an issuer that only the log names, the vendor's own address is asked and no other."""
        if named or self._pattern_for(issuer) is not None or self._policy.offline:
            return True
        vendor = vendors.identify(issuer)
        return vendor is not None and address == vendor.discovery_url

    def _count(self, issuer: str, *, named: bool) -> None:
        if not named:
            self._run.issuers.add(issuer)

    # ----------------------------------------------------------------- answers

    def _document(self, address: str, largest: int, *, named: bool) -> Document:
        if address not in self._run.documents:
            self._run.documents[address] = self._answered(address, largest, named=named)
        return self._run.documents[address]

    def _answered(self, address: str, largest: int, *, named: bool) -> Document:
        """A fresh answer from the cache, else the network's; where that fails, the last good one."""
        kept = self._history.newest(address) if self._history is not None else None
        if kept is not None and (self._policy.offline or kept.fresh(self._now())):
            return kept.document
        if self._policy.offline:
            return self._unasked(address, "not asked: offline, and not in the cache")
        document = self._asked(address, largest, named=named)
        if document.error is None or kept is None or document.status is not None:
            return document
        as_of = kept.document.as_of
        stamp = f" as of {as_of:%Y-%m-%d %H:%M}Z" if as_of is not None else ""
        self._run.notes[f"{address}: {document.error}; the last good answer serves,{stamp}"] = None
        return kept.document

    def _unasked(self, address: str, reason: str) -> Document:
        return Document(url=address, source="network", error=reason)

    def _asked(self, address: str, largest: int, *, named: bool) -> Document:
        try:
            target = addresses.checked(address, named=named)
            reply = self._get(target, largest, named=named)
        except UnsafeAddressError as error:
            return self._unasked(address, f"not asked: {error}")
        except _NoAnswerError as error:
            return Document(url=address, source="network", as_of=self._stamp(), error=str(error))
        document = judge(
            address, reply.text, source="network", status=reply.status, as_of=self._stamp(), error=reply.fault
        )
        if self._history is not None:
            self._history.keep(document, max_age=reply.max_age)
        return document

    def _stamp(self) -> datetime:
        return self._now().astimezone(UTC).replace(microsecond=0)

    # ----------------------------------------------------------------- one request

    def _get(self, target: Target, largest: int, *, named: bool) -> _Reply:
        deadline = _Deadline(self._limits.total_s)
        proxies = get_environ_proxies(target.url, no_proxy=None)
        proxy = proxies.get(target.scheme) or proxies.get("all")
        if proxy is not None:
            # A proxy resolves names itself, so the address cannot be examined: only what the user names.
            self._note_proxy(proxy)
            if not named:
                raise _NoAnswerError("not asked: a proxy hides where the host leads; --allow-issuer permits it")
        connect = functools.partial(self._connected, deadline=deadline, named=named or proxy is not None)
        try:
            with deadline, self._session(connect, target.scheme) as session:
                return _exchange(
                    session, target, largest, self._limits, deadline, {target.scheme: proxy} if proxy else {}
                )
        except _NoAnswerError:
            raise
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise _NoAnswerError(deadline.reason or _words(error)) from error

    def _note_proxy(self, proxy: str) -> None:
        host = proxy.rpartition("@")[2].removeprefix("http://").removeprefix("https://").rstrip("/")
        self._run.notes[f"documents were asked for through the proxy {host[:_LONGEST_SHOWN]}"] = None

    @contextlib.contextmanager
    def _session(self, connect: _Connect, scheme: str) -> Iterator[requests.Session]:
        session = requests.Session()
        session.trust_env = False  # no .netrc, no proxy that was not looked at
        session.headers.clear()
        session.mount(f"{scheme}://", _Adapter(connect, self._context(self._ca_bundle)))
        try:
            yield session
        finally:
            session.close()

    def _context(self, ca_bundle: str | None) -> ssl.SSLContext:
        """The system's trust (SSL_CERT_FILE included), certifi's where that is empty, and the user's own."""
        context = ssl.create_default_context()
        if not context.get_ca_certs() and not context.cert_store_stats()["x509_ca"]:
            context.load_verify_locations(requests.certs.where())
        if ca_bundle is not None:
            try:
                context.load_verify_locations(ca_bundle)
            except (OSError, ssl.SSLError) as error:
                raise InputError(
                    f"{ca_bundle}: is no file of certificates: {getattr(error, 'strerror', None) or error}",
                    hint="--ca-bundle takes PEM certificates.",
                ) from error
        return context

    def _connected(self, host: str, port: int, timeout: float, *, deadline: _Deadline, named: bool) -> socket.socket:
        """Resolves once, examines every address, and connects to one of those examined."""
        found = _in_time(lambda: self._resolve(host, port), deadline)
        if not found:
            raise _NoAnswerError(f"the host name {host} is unknown")
        refused = [a for a in found if not addresses.may_connect(a, private=named)]
        if refused:
            raise _NoAnswerError(f"not asked: {host} leads to {refused[0]}, which is no public address")
        fault: OSError | None = None
        for address in found:
            try:
                connection = socket.create_connection((address, port), min(timeout, deadline.left()))
            except OSError as error:
                fault = error
            else:
                deadline.watch(connection)
                return connection
        raise _NoAnswerError(f"{host} cannot be connected to: {_words(fault)}")


# --------------------------------------------------------------------------- the connection

_Connect = Callable[[str, int, float], socket.socket]


class _NoAnswerError(Exception):
    """There is no answer; the message says why."""


class _Deadline:
    """Ends a request as a whole: the socket is shut down, for a time-out of reads is renewed by every byte."""

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

    def over(self) -> bool:
        """Tells whether the time is up, and remembers it as the reason."""
        if time.monotonic() >= self._end:
            self.reason = self._late()
        return self.reason is not None

    def watch(self, connection: socket.socket) -> None:
        """Ends this connection, too; TLS takes the original socket over, hence the duplicate."""
        self._sockets.append(connection.dup())

    def _late(self) -> str:
        return f"no whole answer within {self._seconds:g} s"

    def _stop(self) -> None:
        self.reason = self._late()
        for connection in self._sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """Lets connections be made by a function, and trust be a context."""

    def __init__(self, connect: _Connect, context: ssl.SSLContext) -> None:
        self._connect = connect
        self._ssl_context = context
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._ssl_context, **kwargs)  # type: ignore[no-untyped-call]
        self.poolmanager.pool_classes_by_scheme = _pools(self._connect)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._ssl_context, **kwargs)
        manager.pool_classes_by_scheme = _pools(self._connect)
        return manager


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
        raise _NoAnswerError("the host name was not resolved in time") from None


# --------------------------------------------------------------------------- the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    status: int
    text: str = ""
    fault: str | None = None
    max_age: timedelta = USUAL


def _exchange(
    session: requests.Session,
    target: Target,
    largest: int,
    limits: Limits,
    deadline: _Deadline,
    proxies: dict[str, str],
) -> _Reply:
    headers = {
        "User-Agent": USER_AGENT,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    with session.get(
        target.url,
        headers=headers,
        timeout=(limits.connect_s, limits.read_s),
        allow_redirects=False,
        stream=True,
        proxies=proxies,
    ) as response:
        if 300 <= response.status_code <= 399:
            return _Reply(status=response.status_code, fault=_redirect(response.headers.get("Location", "")))
        data = _read(response, largest, deadline)
        if data is None:
            return _Reply(status=response.status_code, fault=f"is larger than {largest} bytes")
        return _reply(response, data)


def _redirect(location: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in location[:_LONGEST_SHOWN])
    return f"is redirected to {shown or 'nowhere'}, and redirects are not followed"


def _read(response: requests.Response, largest: int, deadline: _Deadline) -> bytes | None:
    """Reads the body, at most ``largest`` bytes after decompression; None where there are more."""
    wire = bytearray()
    while chunk := response.raw.read(_CHUNK, decode_content=False):
        wire += chunk
        if len(wire) > largest:
            return None
        if deadline.over():
            break
    if deadline.reason is not None:
        raise _NoAnswerError(deadline.reason)
    return _inflated(bytes(wire), response.headers.get("Content-Encoding", ""), largest)


def _inflated(data: bytes, encoding: str, largest: int) -> bytes | None:
    """Some servers compress though they were asked not to."""
    if encoding.strip().lower() in {"", "identity"}:
        return data
    if encoding.strip().lower() not in {"gzip", "deflate"}:
        raise _NoAnswerError("is compressed, though it was asked not to be")
    try:
        plain = zlib.decompressobj(47).decompress(data, largest + 1)
    except zlib.error as error:
        raise _NoAnswerError("is compressed and damaged") from error
    return plain if len(plain) <= largest else None


def _reply(response: requests.Response, data: bytes) -> _Reply:
    expected = response.headers.get("Content-Length", "")
    if (
        expected.isdecimal()
        and len(expected) < 12
        and "Content-Encoding" not in response.headers
        and len(data) < int(expected)
    ):
        raise _NoAnswerError(f"broke off after {len(data)} of {expected} bytes")
    match = _MAX_AGE.search(response.headers.get("Cache-Control", "")[:1024])
    age = timedelta(seconds=int(match[1])) if match else USUAL
    try:
        return _Reply(status=response.status_code, text=data.decode("utf-8-sig"), max_age=age)
    except UnicodeDecodeError:
        return _Reply(status=response.status_code, fault="is not UTF-8 text")


_CAUSES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (ssl.SSLError, "TLS failed"),
    (TimeoutError, "no answer in time"),
    (ConnectionRefusedError, "the connection was refused"),
    (ConnectionResetError, "the connection was reset"),
)


def _words(error: BaseException | None) -> str:
    """Says in a few words what went wrong, by the innermost cause that is known."""
    chain = list(_chain(error))
    for inner in reversed(chain):
        for kind, words in _CAUSES:
            if isinstance(inner, kind):
                detail = getattr(inner, "verify_message", "")
                return f"{words}: {detail}" if detail else words
    text = type(chain[-1]).__name__ if chain else "unknown"
    return f"no answer ({text})"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what lies beneath it; the libraries put causes into arguments, too."""
    seen: list[BaseException] = []
    while error is not None and error not in seen and len(seen) < 16:
        seen.append(error)
        yield error
        inner = getattr(error, "reason", None)
        inner = (
            inner
            if isinstance(inner, BaseException)
            else next((a for a in error.args if isinstance(a, BaseException)), None)
        )
        error = inner or error.__cause__ or error.__context__


def _how_to_ask(issuer: str) -> str:
    vendor = vendors.identify(issuer)
    address = vendor.discovery_url if vendor and vendor.discovery_url else addresses.well_known(issuer)
    shown = "".join(c if c.isprintable() else "?" for c in issuer[:_LONGEST_SHOWN])
    flag = " or --online" if vendor is not None and vendor.fetch_allowed else ""
    return f"not asked: --allow-issuer {shown}{flag} would ask {address[:_LONGEST_SHOWN]}"


def allow(texts: Iterable[str]) -> tuple[Pattern, ...]:
    """Reads the patterns of ``--allow-issuer``; UsageError for the first that is none."""
    return tuple(pattern(text) for text in texts)
