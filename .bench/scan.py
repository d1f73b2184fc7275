"""How fast ``authlens scan`` reads, and what memory it takes.

``python .bench/scan.py [--mib 200] [--every 400] [--distinct 5] [--jobs N]`` makes a Serilog text log of that size in
a temporary folder (one record in ``--every`` is a refusal, ``--distinct`` percent of them with a token of their own),
scans it to JSON in a child process, and prints megabytes and failures a second and the child's largest resident set.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
NOISE = (
    "Request starting HTTP/1.1 GET http://localhost:5000/api/orders/{n} - null null",
    "Executing endpoint 'HTTP: GET /api/orders/{{id:int}}'",
    "Order {n} loaded for customer {n} in 12 ms from the primary replica, 3 lines, total 129.90",
    "Writing value of type 'OrderView' as Json.",
    "Executed endpoint 'HTTP: GET /api/orders/{{id:int}}'",
    "Request finished HTTP/1.1 GET http://localhost:5000/api/orders/{n} - 200 null application/json 4.2ms",
)
FRAMES = "\n".join(
    f"   at Microsoft.IdentityModel.Tokens.{m}"
    for m in (
        "Validators.ValidateLifetime(Nullable`1 notBefore, Nullable`1 expires, SecurityToken securityToken)",
        "JsonWebTokenHandler.ValidateTokenPayloadAsync(JsonWebToken jsonWebToken, BaseConfiguration configuration)",
        "JsonWebTokenHandler.ValidateJWSAsync(JsonWebToken jsonWebToken, BaseConfiguration configuration)",
    )
)


def stamp(n: int) -> str:
    """The head's time of record ``n``."""
    return (START + timedelta(milliseconds=3 * n)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " +00:00"


def refusal(n: int, distinct: int, percent: float) -> str:
    """Events 1 and 7 of a key that is not published; the token shows its decoded form."""
    serial = distinct if (n * 7919) % 100 < percent else 0
    sub = hashlib.sha256(str(serial).encode()).hexdigest()[:16]
    pair = (
        '{"alg":"RS256","kid":"k-2026-03","typ":"JWT"}.{"iss":"https://login.example.com/t1","aud":"api://orders",'
        f'"sub":"{sub}","exp":{1772700000 + serial % 3000}}}'
    )
    message = (
        "IDX10501: Signature validation failed. Unable to match key: \nkid: 'k-2026-03'.\nExceptions caught:\n ''. \n"
        f"token: '{pair}'."
    )
    kind = "Microsoft.IdentityModel.Tokens.SecurityTokenSignatureKeyNotFoundException"
    return (
        f"{stamp(n)} [INF] Failed to validate the token.\n{kind}: {message}\n{FRAMES}\n"
        f"{stamp(n)} [INF] Bearer was not authenticated. Failure message: {message}\n"
    )


def make(path: Path, size: int, every: int, percent: float) -> int:
    """Writes the log; answers how many failures it holds."""
    failures = n = written = 0
    with path.open("w", encoding="utf-8", newline="\n") as out:
        while written < size:
            block = []
            for _ in range(2000):
                n += 1
                if n % every == 0:
                    failures += 1
                    block.append(refusal(n, failures, percent))
                else:
                    block.append(f"{stamp(n)} [INF] {NOISE[n % len(NOISE)].format(n=n)}\n")
            text = "".join(block)
            written += out.write(text)
    return failures


def main() -> None:
    """Makes, scans, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=200, help="size of the log")
    parser.add_argument("--every", type=int, default=400, help="one record in so many is a refusal")
    parser.add_argument("--distinct", type=float, default=5, help="percent of the failures with a token of their own")
    parser.add_argument("--option", action="append", default=[], help="a further option of scan, as --option=--jobs=2")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log, report = Path(folder, "app.log"), Path(folder, "out.json")
        expected = make(log, args.mib * 1024 * 1024, args.every, args.distinct)
        size = log.stat().st_size
        began = time.perf_counter()
        command = [sys.executable, "-m", "authlens", "scan", str(log), "--offline", "-q", "--json", str(report)]
        status = subprocess.run([*command, *args.option], check=False).returncode
        took = time.perf_counter() - began
        found = json.loads(report.read_text(encoding="utf-8"))["summary"]["failures"]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"log       {size / 1e6:10.1f} MB, {expected} failures, one record in {args.every}")
    print(f"found     {found:10d} failures (exit {status})")
    print(f"time      {took:10.2f} s")
    print(f"speed     {size / 1e6 / took:10.1f} MB/s, {found / took:.0f} failures/s")
    print(f"peak      {peak:10.1f} MiB resident, largest child")
    if found != expected:
        sys.exit("the count is wrong: the figures above mean nothing")


main()
