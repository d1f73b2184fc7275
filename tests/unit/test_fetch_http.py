"""One request: what a hostile or half-dead server can do to it, and where it never goes."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from authlens.errors import InputError
from authlens.trust.addresses import checked
from authlens.trust.fetch_answer import NoAnswerError, Reply
from authlens.trust.fetch_http import Client, Limits

HOST = "idp.authlens.example"
PATIENT = Limits(connect_s=10.0, read_s=10.0, total_s=20.0)
"""Where the answer is what is tested, a busy machine must not fail the test."""
HURRIED = Limits(connect_s=0.5, read_s=0.5, total_s=1.0)
LARGEST = 4096


# --------------------------------------------------------------------------- a certificate authority


@dataclass(frozen=True)
class Authority:
    """A certificate authority that exists for a test run."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    path: Path

    def server_context(self, folder: Path, host: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        certificate = _certificate(host, key, self.certificate.subject, self.key, names)
        pem = folder / f"{host}.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    names: x509.SubjectAlternativeName | None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=names is None,
        crl_sign=names is None,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=names is None, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if names is not None:
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer, hashes.SHA256())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authlens test root")])
    certificate = _certificate("authlens test root", key, name, key, None)
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(key=key, certificate=certificate, path=path)


# --------------------------------------------------------------------------- a server of all vices


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.seen.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
        with contextlib.suppress(OSError):
            server.answers[self.path.partition("?")[0]](self)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass

    def reply(self, body: bytes, *, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, answers: dict[str, Callable[[Handler], None]], handler: type[Handler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.answers = answers
        self.seen: list[dict[str, str]] = []
        self.stopping = threading.Event()

    def handle_error(self, *_: object) -> None:
        pass


def _drip(handler: Handler) -> None:
    """One byte at a time, each well within the time-out of a read."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    server = handler.server
    assert isinstance(server, Server)
    while not server.stopping.wait(0.05):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def _drip_headers(handler: Handler) -> None:
    server = handler.server
    assert isinstance(server, Server)
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not server.stopping.wait(0.05):
        handler.wfile.write(b"a")
        handler.wfile.flush()


def _silent(handler: Handler) -> None:
    server = handler.server
    assert isinstance(server, Server)
    server.stopping.wait(5)


def _endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.wfile.write(b"400\r\n" + b" " * 1024 + b"\r\n")


def _broken(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"issuer":')


ANSWERS: dict[str, Callable[[Handler], None]] = {
    "/ok": lambda h: h.reply(b'{"a": 1}', Cache_Control="public, max-age=3600", Set_Cookie="a=b"),
    "/bom": lambda h: h.reply(b"\xef\xbb\xbf{}"),
    "/latin": lambda h: h.reply(b'{"a": "\xe4"}'),
    "/huge": lambda h: h.reply(b" " * (LARGEST + 1)),
    "/just": lambda h: h.reply(b" " * LARGEST),
    "/endless": _endless,
    "/bomb": lambda h: h.reply(gzip.compress(b" " * 4_000_000), Content_Encoding="gzip"),
    "/gzip": lambda h: h.reply(gzip.compress(b"{}"), Content_Encoding="gzip"),
    "/brotli": lambda h: h.reply(b"abc", Content_Encoding="br"),
    "/damaged": lambda h: h.reply(b"abc", Content_Encoding="gzip"),
    "/drip": _drip,
    "/drip-headers": _drip_headers,
    "/silent": _silent,
    "/broken": _broken,
    "/dead": lambda h: h.connection.close(),
    "/moved": lambda h: h.reply(b"", status=302, Location="http://169.254.169.254/latest/meta-data"),
    "/error": lambda h: h.reply(b"{}", status=503),
}


@contextlib.contextmanager
def _serving(context: ssl.SSLContext | None, handler: type[Handler] = Handler) -> Iterator[Server]:
    server = Server(dict(ANSWERS), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Idp:
    """A server, and a client that finds it under its host name."""

    server: Server
    client: Client
    asked: list[str] = field(default_factory=list)

    def get(self, path: str, *, private: bool = True, largest: int = LARGEST, host: str = HOST) -> Reply:
        target = checked(f"https://{host}:{self.server.server_port}{path}", named=True)
        return self.client.get(target, largest=largest, private=private)[0]


@pytest.fixture(scope="module")
def idp(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Idp]:
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ("127.0.0.1",)

    context = authority.server_context(tmp_path_factory.mktemp("server"), HOST)
    client = Client(ca_bundle=str(authority.path), limits=PATIENT, resolve=resolve)
    with _serving(context) as server:
        yield Idp(server=server, client=client, asked=asked)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


# --------------------------------------------------------------------------- good answers


def test_a_good_answer_is_read_whole(idp: Idp) -> None:
    """Text, status and the server's own permission to keep it."""
    assert idp.get("/ok") == Reply(status=200, text='{"a": 1}', max_age=timedelta(hours=1))


def test_nothing_is_sent_that_tells_who_asks(idp: Idp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A fixed User-Agent; no cookie that was set before, no .netrc, no credentials."""
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login me password secret\n", "utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    idp.get("/ok")
    idp.get("/ok")
    sent = idp.server.seen[-1]
    assert sent["user-agent"].startswith("authlens/")
    assert sent["host"] == f"{HOST}:{idp.server.server_port}"
    assert set(sent) == {"path", "host", "user-agent", "accept", "accept-encoding", "connection"}


def test_the_host_is_resolved_once(idp: Idp) -> None:
    """A second look-up could lead elsewhere than the one that was examined."""
    idp.asked.clear()
    idp.get("/ok")
    assert idp.asked == [HOST]


@pytest.mark.parametrize(("path", "text"), [("/bom", "{}"), ("/gzip", "{}"), ("/just", " " * LARGEST)])
def test_peculiar_but_usable_answers(idp: Idp, path: str, text: str) -> None:
    """A byte order mark, compression that nobody asked for, and exactly the largest size."""
    assert idp.get(path) == Reply(status=200, text=text)


# --------------------------------------------------------------------------- bad answers


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/huge", f"is larger than {LARGEST} bytes"),
        ("/endless", f"is larger than {LARGEST} bytes"),
        ("/bomb", f"is larger than {LARGEST} bytes"),
        ("/latin", "is not UTF-8 text"),
    ],
)
def test_answers_that_cannot_be_used(idp: Idp, path: str, fault: str) -> None:
    """Size is counted after decompression, and an answer without an end has one here."""
    assert idp.get(path).fault == fault


def test_a_redirect_is_reported_and_not_followed(idp: Idp) -> None:
    """Where it points is evidence; going there would be an attack."""
    before = len(idp.server.seen)
    reply = idp.get("/moved")
    assert (reply.status, len(idp.server.seen) - before) == (302, 1)
    assert reply.fault is not None
    assert "http://169.254.169.254/latest/meta-data" in reply.fault


def test_an_error_status_is_an_answer(idp: Idp) -> None:
    """What it is worth, others judge."""
    assert idp.get("/error") == Reply(status=503, text="{}")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/broken", "the answer broke off"),
        ("/dead", "no answer|was reset"),
        ("/brotli", "compressed"),
        ("/damaged", "compressed and damaged"),
    ],
)
def test_answers_that_are_none(idp: Idp, path: str, reason: str) -> None:
    """Each says what is wrong with it."""
    with pytest.raises(NoAnswerError, match=reason):
        idp.get(path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/drip", "within 1 s"), ("/drip-headers", "within 1 s"), ("/silent", "no answer in time|within 1 s")],
)
def test_half_dead_servers_cost_no_more_than_the_deadline(
    idp: Idp, authority: Authority, path: str, reason: str
) -> None:
    """Every byte renews the time-out of a read, so only a deadline ends a drip."""
    client = Client(ca_bundle=str(authority.path), limits=HURRIED, resolve=lambda *_: ("127.0.0.1",))
    target = checked(f"https://{HOST}:{idp.server.server_port}{path}", named=True)
    with pytest.raises(NoAnswerError, match=reason):
        client.get(target, largest=LARGEST, private=True)


def test_a_server_that_never_shakes_hands() -> None:
    """TCP is accepted, TLS is not answered."""
    client = Client(limits=HURRIED, resolve=lambda *_: ("127.0.0.1",))
    with socket.create_server(("127.0.0.1", 0)) as mute:
        target = checked(f"https://{HOST}:{mute.getsockname()[1]}/", named=True)
        with pytest.raises(NoAnswerError, match=r"no answer in time|within 1 s"):
            client.get(target, largest=LARGEST, private=True)


def test_a_resolver_that_never_answers() -> None:
    """The system's resolver knows no time-out of its own."""
    release = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        release.wait(5)
        return ("127.0.0.1",)

    client = Client(limits=Limits(total_s=0.2), resolve=resolve)
    with pytest.raises(NoAnswerError, match="not resolved in time"):
        client.get(checked("https://idp.example.com/"), largest=LARGEST, private=False)
    release.set()


# --------------------------------------------------------------------------- trust


def test_an_unknown_authority_is_not_trusted(idp: Idp) -> None:
    """There is no retry without verification."""
    client = Client(limits=PATIENT, resolve=lambda *_: ("127.0.0.1",))
    target = checked(f"https://{HOST}:{idp.server.server_port}/ok", named=True)
    before = len(idp.server.seen)
    with pytest.raises(NoAnswerError, match="its certificate is not trusted"):
        client.get(target, largest=LARGEST, private=True)
    assert len(idp.server.seen) == before


def test_a_certificate_for_another_host_is_not_trusted(idp: Idp) -> None:
    """The name is checked, though the connection goes to an address."""
    with pytest.raises(NoAnswerError, match="its certificate is not trusted"):
        idp.get("/ok", host="other.authlens.example")


def test_the_environment_may_name_authorities(idp: Idp, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """As curl and requests have it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
    client = Client(limits=PATIENT, resolve=lambda *_: ("127.0.0.1",))
    target = checked(f"https://{HOST}:{idp.server.server_port}/ok", named=True)
    assert client.get(target, largest=LARGEST, private=True)[0].status == 200


def test_authorities_of_the_environment_that_cannot_be_used_are_why_there_is_no_answer(
    idp: Idp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of this document; nothing else ends by it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    target = checked(f"https://{HOST}:{idp.server.server_port}/ok", named=True)
    with pytest.raises(
        NoAnswerError, match=r"not asked: what REQUESTS_CA_BUNDLE .*gone\.pem: is no file of certificates"
    ):
        Client(limits=PATIENT, resolve=lambda *_: ("127.0.0.1",)).get(target, largest=LARGEST, private=True)


def test_a_ca_bundle_that_is_none_is_told_at_once(tmp_path: Path) -> None:
    """Before any request, with the file's name."""
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing", "utf-8")
    with pytest.raises(InputError, match=r"bad\.pem: is no file of certificates"):
        Client(ca_bundle=str(bad))
    with pytest.raises(InputError, match=r"missing\.pem"):
        Client(ca_bundle=str(tmp_path / "missing.pem"))


# --------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "resolved",
    [("127.0.0.1",), ("93.184.216.34", "10.0.0.1"), ("::ffff:127.0.0.1",), ("169.254.169.254",), ("64:ff9b::7f00:1",)],
)
def test_no_connection_is_made_when_any_address_is_private(idp: Idp, resolved: tuple[str, ...]) -> None:
    """One private address among public ones is enough: the resolver's order is the attacker's choice."""
    client = Client(limits=PATIENT, resolve=lambda *_: resolved)
    target = checked(f"https://{HOST}:{idp.server.server_port}/ok", named=True)
    before = len(idp.server.seen)
    with pytest.raises(NoAnswerError, match="no public address"):
        client.get(target, largest=LARGEST, private=False)
    assert len(idp.server.seen) == before


def test_a_metadata_service_is_refused_even_where_private_networks_are_meant() -> None:
    """The user's configuration may name an internal host; it never means the cloud's metadata service."""
    client = Client(limits=PATIENT, resolve=lambda *_: ("169.254.169.254",))
    with pytest.raises(NoAnswerError, match="no public address"):
        client.get(checked("https://idp.example.com/"), largest=LARGEST, private=True)


def test_an_unknown_host_is_said_to_be_unknown() -> None:
    """Not just "no answer"."""
    client = Client(limits=PATIENT, resolve=lambda *_: ())
    with pytest.raises(NoAnswerError, match=r"the host name idp\.example\.com is unknown"):
        client.get(checked("https://idp.example.com/"), largest=LARGEST, private=False)


def test_the_next_address_is_tried_where_one_refuses(idp: Idp, authority: Authority) -> None:
    """Hosts often have an IPv6 address that nobody listens on."""
    client = Client(ca_bundle=str(authority.path), limits=PATIENT, resolve=lambda *_: ("127.0.0.2", "127.0.0.1"))
    target = checked(f"https://{HOST}:{idp.server.server_port}/ok", named=True)
    assert client.get(target, largest=LARGEST, private=True)[0].status == 200


# --------------------------------------------------------------------------- proxies


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
def test_a_proxy_of_the_environment_is_asked_and_named(
    idp: Idp, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Its password is not."""
    with _serving(None) as proxy:
        proxy.answers = {f"http://{HOST}:81/ok": lambda h: h.reply(b"{}")}
        monkeypatch.setenv(variable, f"http://me:secret@127.0.0.1:{proxy.server_port}/")
        reply, named = idp.client.get(checked(f"http://{HOST}:81/ok", named=True), largest=LARGEST, private=True)
        assert (reply.text, named) == ("{}", f"127.0.0.1:{proxy.server_port}")
        assert proxy.seen[0]["path"] == f"http://{HOST}:81/ok"


class Tunnel(Handler):
    """A proxy that connects whoever asks to the one server there is, and sees nothing of what they say."""

    upstream = 0

    def do_CONNECT(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.seen.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
        with socket.create_connection(("127.0.0.1", self.upstream)) as there:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pass_on, args=(there, self.connection), daemon=True)
            back.start()
            _pass_on(self.connection, there)
            back.join(5)
        self.close_connection = True


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def tunnel(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(Tunnel, "upstream", idp.server.server_port)
    with _serving(None, Tunnel) as proxy:
        monkeypatch.setenv("https_proxy", f"http://me:secret@127.0.0.1:{proxy.server_port}/")
        yield proxy


def test_a_tunnel_of_a_proxy_sees_the_host_and_nothing_else(idp: Idp, tunnel: Server) -> None:
    """CONNECT, with the credentials of the environment; the document goes from end to end."""
    target = checked(f"https://{HOST}:{idp.server.server_port}/ok", named=True)
    reply, named = idp.client.get(target, largest=LARGEST, private=True)
    assert (reply.status, reply.text) == (200, '{"a": 1}')
    assert named == f"127.0.0.1:{tunnel.server_port}"
    (seen,) = tunnel.seen
    assert seen["path"] == f"{HOST}:{idp.server.server_port}"
    assert seen["proxy-authorization"].startswith("Basic ")
    assert "proxy-authorization" not in idp.server.seen[-1]


def test_a_proxy_cannot_stand_in_for_the_server(idp: Idp, tunnel: Server) -> None:
    """The certificate at the tunnel's end is checked as any other."""
    target = checked(f"https://other.authlens.example:{idp.server.server_port}/ok", named=True)
    with pytest.raises(NoAnswerError, match="certificate"):
        idp.client.get(target, largest=LARGEST, private=True)
    assert len(tunnel.seen) == 1


def test_a_proxy_that_refuses_is_told(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own error, by its address; never by its password."""
    target = checked(f"https://{HOST}:{idp.server.server_port}/ok", named=True)
    with _serving(None) as proxy:
        monkeypatch.setenv("https_proxy", f"http://me:secret@127.0.0.1:{proxy.server_port}/")
        with pytest.raises(NoAnswerError) as refused:
            idp.client.get(target, largest=LARGEST, private=True)
    through = f"through the proxy 127.0.0.1:{proxy.server_port}"
    assert str(refused.value) == f"no tunnel was opened: 501 Unsupported method ('CONNECT'), {through}"
    with pytest.raises(NoAnswerError) as gone:
        idp.client.get(target, largest=LARGEST, private=True)
    assert str(gone.value) == "127.0.0.1 cannot be connected to: the connection was refused"


def test_no_proxy_is_honoured(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts that the environment excepts are asked directly."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9/")
    monkeypatch.setenv("no_proxy", HOST)
    assert idp.get("/ok").status == 200
