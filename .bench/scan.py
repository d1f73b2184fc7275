"""How fast ``authlens scan`` reads, and what memory it takes; every figure beside what it is compared with.

``python .bench/scan.py [--quick] [usual sparse dense compressed small long]`` makes Serilog text logs in a temporary
folder, scans them to JSON in child processes, and prints ratios to ``rg`` and to the decompressor of the same run.
Where other work shares the machine the seconds of processor are what can be compared.
"""

import argparse
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

MIB = 1024 * 1024
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
    serial = distinct if (distinct * 37) % 100 < percent else 0
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


def scan(log: Path, *options: str) -> tuple[float, float, float, bytes]:
    """Seconds, seconds of processor (with the processes it started), largest resident set in MiB, and the JSON."""
    report = log.with_suffix(".json")
    command = [sys.executable, "-m", "authlens", "scan", str(log), "--offline", "-q", "--now", "2026-03-05T00:00:00Z"]
    code = (
        "import resource, subprocess, sys; status = subprocess.run(sys.argv[1:]).returncode; "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024); sys.exit(status)"
    )
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *command, "--json", str(report), *options],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    took = time.perf_counter() - began
    if done.returncode not in (0, 1):
        sys.exit(f"scan ended with {done.returncode}")
    processor, peak = map(float, done.stdout.split()[-2:])
    return took, processor, peak, report.read_bytes()


def found(report: bytes, expected: int) -> int:
    """How many failures the report has; the figures mean nothing where it is not what was made."""
    count = int(json.loads(report)["summary"]["failures"])
    if count != expected:
        sys.exit(f"the count is wrong ({count}, not {expected}): the figures above mean nothing")
    return count


def timed(*command: str) -> float:
    """Seconds of the better of two runs: the first fills the cache."""
    best = float("inf")
    for _ in range(2):
        began = time.perf_counter()
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        best = min(best, time.perf_counter() - began)
    return best


def sparse(folder: Path, mib: int, percent: float) -> None:
    """One failure in 2,000 records against a search for the code alone."""
    log = folder / "sparse.log"
    expected = make(log, mib * MIB, 2000, percent)
    rg = timed("rg", "-c", "IDX", str(log)) if shutil.which("rg") else float("nan")
    took, processor, peak, report = scan(log)
    found(report, expected)
    print(f"sparse      {mib} MiB, {expected} failures: {took:.2f} s, {mib / took:.0f} MiB/s, peak {peak:.0f} MiB")
    print(f"            {processor:.2f} s of processor, {mib / processor:.0f} MiB a second of it")
    print(f"            rg -c IDX {rg:.3f} s; (scan - 1 s) / rg = {(took - 1) / rg:.1f} (wanted: at most 6)")


def long(folder: Path, mib: int, percent: float) -> None:
    """The same log ten times as long: the memory it takes must not grow with it, but for what the failures take."""
    log = folder / "long.log"
    expected = make(log, mib * MIB, 2000, percent)
    took, processor, peak, report = scan(log)
    found(report, expected)
    print(f"long        {mib} MiB, {expected} failures: {took:.2f} s ({processor:.2f} of processor)")
    print(f"            peak {peak:.0f} MiB (wanted: at most 300, and 800 bytes a failure)")


def usual(folder: Path, mib: int, percent: float) -> None:
    """A log as an API in trouble writes it: one failure in 400 records."""
    log = folder / "usual.log"
    expected = make(log, mib * MIB, 400, percent)
    took, _, peak, report = scan(log)
    found(report, expected)
    size = log.stat().st_size / 1e6
    print(
        f"usual       {size:.0f} MB, {expected} failures: {took:.2f} s, {size / took:.0f} MB/s (wanted: 200 MB in 10 s)"
    )
    print(f"            {expected / took:.0f} failures/s, peak {peak:.0f} MiB (wanted: at most 400)")


def dense(folder: Path, mib: int, percent: float) -> None:
    """One record in five is a refusal; one process, then two."""
    log = folder / "dense.log"
    expected = make(log, mib * MIB, 5, percent)
    one, processor, peak, report = scan(log, "--jobs", "1")
    count = found(report, expected)
    print(f"dense       {mib} MiB, {count} failures: {one:.2f} s, {count / one:.0f} failures/s (wanted: 12000)")
    print(f"            {count / processor:.0f} failures a second of processor, peak {peak:.0f} MiB")
    two, both, _, again = scan(log, "--jobs", "2")
    same = "the same bytes" if report == again else "OTHER BYTES"
    print(f"            two processes {two:.2f} s: {one / two:.2f} times as fast (wanted: 1.6), {same}")
    print(f"            {both:.2f} s of processor instead of {processor:.2f}")


def packed(folder: Path, mib: int, percent: float) -> None:
    """A compressed log against its decompressor alone."""
    log = folder / "sparse.log"
    make(log, mib * MIB, 2000, percent)
    with log.open("rb") as plain, gzip.open(folder / "sparse.log.gz", "wb", compresslevel=6) as out:
        shutil.copyfileobj(plain, out, MIB)
    code = "import gzip, sys; f = gzip.open(sys.argv[1])\nwhile f.read(1 << 18): pass"
    alone = timed(sys.executable, "-c", code, str(folder / "sparse.log.gz"))
    took, processor, peak, _ = scan(folder / "sparse.log.gz", "--jobs", "2")
    print(f"compressed  {mib} MiB: {took:.2f} s, alone {alone:.2f} s: {alone / took:.2f} of its speed (wanted: 0.8)")
    print(f"            {processor:.2f} s of processor, peak {peak:.0f} MiB")


def small(folder: Path) -> None:
    """What starting costs."""
    log = folder / "small.log"
    make(log, 1, 400, 5)
    version = timed(sys.executable, "-m", "authlens", "--version")
    print(f"small       scan {scan(log)[0]:.2f} s (wanted: 1.2), --version {version * 1000:.0f} ms (wanted: 150)")


def main() -> None:
    """Makes, scans, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a sixteenth of the size, for development")
    parser.add_argument("--distinct", type=float, default=5, help="percent of the failures with a token of their own")
    parser.add_argument(
        "only", nargs="*", help="usual, sparse, dense, compressed, small, long; all but long without one"
    )
    args = parser.parse_args()
    part = 16 if args.quick else 1
    chosen = args.only or ["usual", "sparse", "dense", "compressed", "small"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "usual" in chosen:
            usual(folder, 200 // part, args.distinct)
        if "sparse" in chosen:
            sparse(folder, 1024 // part, args.distinct)
        if "dense" in chosen:
            dense(folder, 256 // part, args.distinct)
        if "compressed" in chosen:
            packed(folder, 1024 // part, args.distinct)
        if "small" in chosen:
            small(folder)
        if "long" in chosen:
            long(folder, 10240 // part, args.distinct)


if __name__ == "__main__":
    main()
