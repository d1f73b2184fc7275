"""How many messages a second ``authlens.messages.read`` reads.

``python .bench/messages.py [--seconds 2]`` fills the texts of the twenty commonest codes with issuers, kids, times and
tokens of their own, so that no text comes twice (cold), and reads events 1 and 7 of each, which quote the same message
(pairs); then the same twenty texts again and again (warm), as a log with one repeated failure has them. Prints messages
a second of the processor's time, and what the catalogue costs a start.
"""

import argparse
import gc
import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from authlens import messages
from authlens.catalogue.templates import Template, templates

COMMONEST = (
    *("IDX10223", "IDX10214", "IDX10205", "IDX10503", "IDX10501", "IDX10500", "IDX10511", "IDX10517", "IDX10222", "IDX10208"),
    *("IDX20803", "IDX20804", "IDX10204", "IDX10225", "IDX10504", "IDX14100", "IDX12741", "IDX10230", "IDX10206", "IDX40001"),
)  # fmt: skip
STACK = "\n   at Microsoft.IdentityModel.Tokens.Validators.Validate(String value, SecurityToken token)\n   at System.Runtime.X.Y()"


KEY = "Microsoft.IdentityModel.Tokens.RsaSecurityKey, KeyId: '{0}', InternalId: '{0}-internal'. , KeyId: {0}\n"
START = datetime(2026, 11, 24, 9, 14, tzinfo=UTC)


def value(kind: str, number: int) -> str:
    """One printed value; only the keys that the API has loaded are the same in every message."""
    if kind in {"valid_to", "valid_from", "current_time"}:
        return f"{START + timedelta(seconds=number):%m/%d/%Y %H:%M:%S}"
    return {
        "keys": KEY.format("5f0c2a") + KEY.format("9e71bd"),
        "keys_in_tvp": "0",
        "keys_in_configuration": "2",
        "nested": "",
        "retry_at": f"{START + timedelta(seconds=number):%m/%d/%Y %H:%M:%S} +00:00",
        "token": f'{{"alg":"RS256","kid":"key-{number}"}}.{{"iss":"https://login.contoso.com/{number}/","aud":"api://orders"}}',
    }.get(kind, f"https://login.contoso.com/{kind}/{number}")


def texts(number: int) -> list[str]:
    """The twenty messages with values that hold the number."""
    return ["".join(_pieces(templates(code)[0], number)) for code in COMMONEST]


def _pieces(form: Template, number: int) -> Iterator[str]:
    yield form.literals[0]
    for kind, literal in zip(form.kinds, form.literals[1:], strict=True):
        yield value(kind, number)
        yield literal


def records(number: int, *, pairs: bool) -> list[str]:
    """What is logged of them."""
    plain = texts(number)
    refused = [f"Bearer was not authenticated. Failure message: {text}" for text in plain]
    if not pairs:
        return plain
    thrown = [
        f"Failed to validate the token.\nMicrosoft.IdentityModel.Tokens.SecurityTokenException: {text}{STACK}"
        for text in plain
    ]
    return [one for both in zip(thrown, refused, strict=True) for one in both]


def rate(seconds: float, *, pairs: bool, same: bool) -> float:
    """Messages read in a second of the processor's time."""
    read, spent = 0, 0.0
    batch: list[str] = []
    for number in itertools.count(1):
        if not (same and batch):
            batch = [text for one in range(20) for text in records(0 if same else 20 * number + one, pairs=pairs)]
        start = time.process_time()
        for text in batch:
            messages.read(text)
        spent += time.process_time() - start
        read += len(batch)
        if spent >= seconds:
            break
    return read / spent


def loading() -> float:
    """What the first message costs beyond the import, milliseconds of the processor's time."""
    start = time.process_time()
    messages.read("IDX10223: Lifetime validation failed.")
    return 1000 * (time.process_time() - start)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    seconds = parser.parse_args().seconds
    gc.set_threshold(200_000)  # as the command line does
    print(f"the catalogue loads in      {loading():>10.1f} ms")
    rate(0.05, pairs=True, same=True)
    print(f"cold, every text new        {rate(seconds, pairs=False, same=False):>10,.0f} messages/s")
    print(f"cold, events 1 and 7        {rate(seconds, pairs=True, same=False):>10,.0f} messages/s")
    print(f"warm, twenty texts repeated {rate(seconds, pairs=False, same=True):>10,.0f} messages/s")


if __name__ == "__main__":
    main()
