"""How fast tokens are decoded, verified and checked, beside what OpenSSL itself verifies on the same core.

``python .bench/tokens.py [--tokens 3000] [--rounds 5]`` signs distinct RS256 tokens with one key of 2048 bits and reads
each for the first time: decoded and verified alone, with all checks as a scan makes them, and by ``authlens.validate``;
then the same tokens again. Prints tokens a second of the processor's time, and the ratio to ``openssl speed rsa2048``;
each figure is the best of several rounds, for whoever else uses the machine slows some of them down.
"""

import argparse
import base64
import gc
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from authlens import tokens
from authlens.model import CheckVerdict, Expectations, Key
from authlens.trust import keys as published
from authlens.trust import validate
from authlens.trust.checks import form, signature
from authlens.trust.checks.case import Case
from authlens.trust.checks.library import library

ISSUER, AUDIENCE = "https://login.example.com/tenant-1/v2.0", "api://orders"
AT = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
DEMANDS = Expectations(issuers=(ISSUER,), audiences=(AUDIENCE,))
WANTED, WANTED_REPEATED = 0.35, 150_000


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    """A number as a key set holds it."""
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def claims(serial: int) -> dict[str, object]:
    """What a usual access token says, each token something else."""
    start = int(AT.timestamp()) - serial % 3000
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": f"user-{serial:08}",
        "jti": f"{serial:032x}",
        "iat": start,
        "nbf": start,
        "exp": start + 3600,
        "tid": "tenant-1",
        "azp": "orders-web",
        "scp": "orders.read orders.write",
        "ver": "2.0",
    }


def made(count: int) -> tuple[list[str], dict[str, object]]:
    """Distinct tokens, and the key set that verifies them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    header = encoded(json.dumps({"typ": "JWT", "alg": "RS256", "kid": "k-2026-03"}).encode())
    texts = [f"{header}.{encoded(json.dumps(claims(serial)).encode())}" for serial in range(count)]
    public = key.public_key().public_numbers()
    jwk = {"kty": "RSA", "use": "sig", "kid": "k-2026-03", "n": number(public.n), "e": number(public.e)}
    return [f"{t}.{encoded(key.sign(t.encode(), padding.PKCS1v15(), SHA256()))}" for t in texts], {"keys": [jwk]}


def verified(text: str, keys: tuple[Key, ...]) -> bool:
    """Decode a token and verify its signature, and nothing else."""
    token, version = tokens.parse(text), library("8")
    reading = form.read(token, version)
    answers = signature.checks(Case(token=token, reading=reading, library=version, expectations=DEMANDS, keys=keys))
    return answers[-1].check.name == signature.VALID and answers[-1].check.verdict is CheckVerdict.PASS


def scanned(text: str, keys: tuple[Key, ...], at: datetime) -> bool | None:
    """All checks, as a scan makes them."""
    return validate.judge(tokens.parse(text), keys, DEMANDS, at).valid


def validated(text: str, key_set: dict[str, object]) -> bool | None:
    """All checks, as ``authlens.validate`` makes them."""
    return validate.validate(text, key_set, issuers=[ISSUER], audiences=[AUDIENCE], at=AT).valid


def openssl() -> float:
    """Verifications a second of ``openssl speed``."""
    command = ["openssl", "speed", "-seconds", "1", "rsa2048"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    line = next(line for line in printed.splitlines() if re.match(r"rsa +2048 bits", line))
    return float(line.split()[-1])


def rate(check: Callable[[str, int], bool | None], texts: Sequence[str]) -> float:
    """Good tokens a second of the processor's time; ``check`` is given each with its number."""
    start = time.process_time()
    good = sum(check(text, serial) is True for serial, text in enumerate(texts))
    spent = time.process_time() - start
    if good != len(texts):
        sys.exit(f"{len(texts) - good} good tokens were refused")
    return good / spent


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    gc.set_threshold(200_000)  # as the command line does
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # openssl runs on the same core
    checks: dict[str, Callable[[str, int], bool | None]] = {
        "decode and verify, distinct": lambda text, _: verified(text, keys),
        "all checks of a scan, distinct": lambda text, n: scanned(text, keys, AT + timedelta(milliseconds=n)),
        "authlens.validate, distinct": lambda text, _: validated(text, key_set),
    }
    texts, key_set = made(given.rounds * len(checks) * given.tokens)
    keys, fresh = published.parse(key_set), iter(texts)  # what was verified once is remembered
    best: Counter[str] = Counter()
    for _ in range(given.rounds):
        best["openssl"] = max(best["openssl"], round(openssl()))
        for name, check in checks.items():
            best[name] = max(best[name], round(rate(check, list(islice(fresh, given.tokens)))))
    print(f"openssl speed rsa2048, verify    {best['openssl']:>9,}/s")
    for name in checks:
        print(f"{name:32} {best[name]:>9,}/s  {best[name] / best['openssl']:.2f} of openssl's (wanted {WANTED})")
    repeated = rate(lambda text, _: validated(text, key_set), texts[-500:] * 100)
    print(f"{'authlens.validate, repeated':32} {repeated:>9,.0f}/s  (wanted {WANTED_REPEATED:,})")


if __name__ == "__main__":
    main()
