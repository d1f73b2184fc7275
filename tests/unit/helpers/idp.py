"""An identity provider on loopback, over HTTPS, with a certificate authority of its own."""

from __future__ import annotations

import http.server
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KEY = {
    "kty": "RSA",
    "kid": "k1",
    "use": "sig",
    "alg": "RS256",
    "n": "u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLez" * 9,
    "e": "AQAB",
}


@dataclass
class Provider:
    """Where it is, and what it was asked."""

    issuer: str
    ca: Path
    pages: dict[str, Any]
    asked: list[str] = field(default_factory=list)


@contextmanager
def provider(folder: Path, **pages: Any) -> Iterator[Provider]:
    """Serves a discovery document and a key set; ``pages`` by path replace or add."""
    ca = folder / "ca.pem"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = _context(folder, ca).wrap_socket(server.socket, server_side=True)
    issuer = f"https://127.0.0.1:{server.server_address[1]}"
    found = Provider(issuer=issuer, ca=ca, pages={**_documents(issuer), **pages})
    server.found = found  # type: ignore[attr-defined] # the handler finds it there
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _documents(issuer: str) -> Mapping[str, Any]:
    return {
        "/.well-known/openid-configuration": {"issuer": issuer, "jwks_uri": f"{issuer}/keys"},
        "/keys": {"keys": [KEY]},
    }


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found: Provider = self.server.found  # type: ignore[attr-defined] # see provider
        found.asked.append(self.path)
        page = found.pages.get(self.path)
        body = json.dumps(page).encode()
        self.send_response(404 if page is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _context(folder: Path, ca: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authlens test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = folder / "server.pem"
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, *private) + ca.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secret)
    return context
