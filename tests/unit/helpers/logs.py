"""Small Serilog logs, made record by record."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
EXPIRED = (
    "IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '03/04/2026 08:00:00', "
    "Current time (UTC): '03/04/2026 09:00:00'."
)
KIND = "Microsoft.IdentityModel.Tokens.SecurityTokenExpiredException"


def stamp(n: int) -> str:
    """The time of record ``n``, one a second."""
    return (START + timedelta(seconds=n)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " +00:00"


def line(n: int, text: str, request: str = "") -> str:
    """One record."""
    return f"{stamp(n)} [INF]{f' [{request}]' if request else ''} {text}\n"


def first(n: int, message: str = EXPIRED, request: str = "") -> str:
    """The handler's exception."""
    return line(n, f"Failed to validate the token.\n{KIND}: {message}\n   at A.B.C()", request)


def second(n: int, message: str = EXPIRED, request: str = "") -> str:
    """The handler's refusal."""
    return line(n, f"Bearer was not authenticated. Failure message: {message}", request)


def refusal(n: int, message: str = EXPIRED, request: str = "") -> str:
    """Both."""
    return first(n, message, request) + second(n, message, request)


def noise(n: int) -> str:
    """A record that tells nothing."""
    return line(n, f"Order {n} loaded in 12 ms from the primary replica")
