"""``authlens token``: the same checks for one token."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from authlens.cli import options
from authlens.cli.said import DONE, FOUND, UNUSABLE, say, show, width
from authlens.errors import InputError, UsageError

if TYPE_CHECKING:
    from authlens.config import Settings
    from authlens.inspection import Inspection

_LONGEST = 1024 * 1024  # bytes of a file that holds a token
_LIBRARY = re.compile(r"[5-9]|\d{1,2}(?:\.\d{1,3}){1,3}", re.ASCII)


def token(
    ctx: typer.Context,
    jwt: Annotated[
        str | None,
        typer.Argument(metavar="[JWT]", help="A file, or - for standard input (not shown); or the token itself."),
    ] = None,
    *,
    settings: options.SettingsFiles = None,
    scheme: Annotated[
        str | None, typer.Option("--scheme", metavar="NAME", help="Which of the API's schemes it is for.")
    ] = None,
    bundle: options.Bundles = None,
    jwks: options.Jwks = None,
    online: options.Online = None,
    offline: options.Offline = None,
    allow_issuer: options.AllowIssuer = None,
    ca_bundle: options.CaBundle = None,
    secret_file: options.SecretFile = None,
    cache: options.Cache = None,
    config_file: options.Config = None,
    rules: options.Rules = None,
    no_default_rules: options.NoDefaultRules = None,
    library: Annotated[
        str, typer.Option("--library", metavar="VERSION", help="Microsoft.IdentityModel: 6, 7, 8 or one like 7.1.2.")
    ] = "8",
    now: options.Now = None,
    timezone: options.Timezone = None,
    show_values: options.ShowValues = None,
    as_json: options.AsJson = False,
) -> int:
    """Checks one token; exit 1 if it would be refused."""
    flags = options.given(locals(), "jwt", "scheme", "library", "as_json")
    chosen = options.chosen(flags, ctx.obj or [])
    if not _LIBRARY.fullmatch(library):
        raise UsageError(f"--library: “{library[:20]}” is no version.", hint="6, 7, 8 or a full one such as 7.1.2.")
    found = _inspected(_given(jwt), chosen, scheme, library)
    _print(found, chosen, as_json=as_json)
    say(*(f"authlens: {text}" for text in found.result.unusable))
    if found.result.unusable:
        return UNUSABLE
    return FOUND if found.judgement.valid is False else DONE


def _inspected(text: str, chosen: Settings, scheme: str | None, library: str) -> Inspection:
    from authlens.inspection import inspect  # noqa: PLC0415 - a wrong option is known before anything is loaded

    return inspect(
        text,
        settings=chosen.settings,
        bundles=chosen.bundle,
        jwks=chosen.jwks,
        apis=chosen.apis,
        offline=chosen.offline,
        online=chosen.online,
        allow_issuers=chosen.allow_issuer,
        ca_bundle=chosen.ca_bundle,
        secret=chosen.secret,
        cache=chosen.cache,
        rules=chosen.rules,
        default_rules=chosen.default_rules,
        now=chosen.now,
        scheme=scheme,
        library=library,
    )


def _print(found: Inspection, chosen: Settings, *, as_json: bool) -> None:
    from authlens.reports import token as report  # noqa: PLC0415 - see above

    told = report.told(found, pseudonym_key=chosen.pseudonym_key, show_values=chosen.show_values)
    if as_json:
        sys.stdout.write(report.to_json(told))
    else:
        show(report.lines(told, width()))


# --------------------------------------------------------------------------- where the token is


def _given(jwt: str | None) -> str:
    """The text that holds the token: of standard input, of a file, or the argument."""
    if jwt is None or jwt == "-":
        return _hidden() if sys.stdin.isatty() else _decoded(sys.stdin.buffer.read(_LONGEST + 1), "standard input")
    if not _is_file(jwt):
        if not jwt.startswith("ey") and jwt.count(".") < 2 and len(jwt.split()) == 1:
            raise UsageError(
                f"{jwt[:80]}: there is no such file, and it is no token.", hint="authlens token - reads one."
            )
        return jwt
    try:
        with Path(jwt).open("rb") as stream:
            return _decoded(stream.read(_LONGEST + 1), jwt)
    except OSError as error:
        raise InputError(
            f"{jwt}: cannot be read: {error.strerror or error}.", hint="Name a file with one token."
        ) from error


def _is_file(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # a token is longer than any name of a file
        return False


def _decoded(data: bytes, name: str) -> str:
    if len(data) > _LONGEST:
        raise InputError(f"{name}: is too large for one token (1 MiB at most).", hint="authlens scan reads logs.")
    return data.decode("utf-8-sig", "replace")


def _hidden() -> str:
    """What is pasted on a terminal, which does not show it."""
    try:
        import termios  # noqa: PLC0415 - only terminals of Unix have it
    except ImportError:
        import getpass  # noqa: PLC0415 - see above

        return getpass.getpass("Token (not shown): ")
    say("Token (not shown):")
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    quiet = termios.tcgetattr(descriptor)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)  # a line that the terminal edits ends after 4,095 characters
    try:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, quiet)
        return sys.stdin.readline(_LONGEST)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
