"""How many messages a second ``authlens.messages.read`` reads.

``python .bench/messages.py [--seconds 2]`` fills the texts of the twenty commonest codes with values of their own, so
that no text comes twice (cold), and reads events 1 and 7 of each, which quote the same message (pairs); then the same
twenty texts again and again (warm), as a log with one repeated failure has them. Prints messages a second.
"""

import argparse
import itertools
import re
import time

from authlens import messages
from authlens.catalogue.templates import templates

COMMONEST = (
    *("IDX10223", "IDX10214", "IDX10205", "IDX10503", "IDX10501", "IDX10500", "IDX10511", "IDX10517", "IDX10222", "IDX10208"),
    *("IDX20803", "IDX20804", "IDX10204", "IDX10225", "IDX10504", "IDX14100", "IDX12741", "IDX10230", "IDX10206", "IDX40001"),
)  # fmt: skip
STACK = "\n   at Microsoft.IdentityModel.Tokens.Validators.Validate(String value, SecurityToken token)\n   at System.Runtime.X.Y()"


def texts(number: int) -> list[str]:
    """The twenty messages with values that hold the number."""
    return [re.sub(r"\{(\w+)\}", rf"value-\1-{number}", templates(code)[0].text) for code in COMMONEST]


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
    for number in itertools.count(1):
        batch = [text for one in range(20) for text in records(0 if same else 20 * number + one, pairs=pairs)]
        start = time.process_time()
        for text in batch:
            messages.read(text)
        spent += time.process_time() - start
        read += len(batch)
        if spent >= seconds:
            break
    return read / spent


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    seconds = parser.parse_args().seconds
    rate(0.05, pairs=True, same=True)
    print(f"cold, every text new        {rate(seconds, pairs=False, same=False):>10,.0f} messages/s")
    print(f"cold, events 1 and 7        {rate(seconds, pairs=True, same=False):>10,.0f} messages/s")
    print(f"warm, twenty texts repeated {rate(seconds, pairs=False, same=True):>10,.0f} messages/s")


if __name__ == "__main__":
    main()
