"""A copy of a log that can be shared: its records stay what they are, without tokens, secrets and people.

Two walks over the log where it can be read twice: the first learns who is named anywhere, the second writes; from a
pipe there is one, and a person is known from the first record on that names them as such.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TextIO

from authlens.model import Part, Token
from authlens.redact import (
    MAIL,
    MOST_ALIKE,
    SHORTEST,
    TECHNICAL,
    Member,
    Pseudonyms,
    is_personal,
    is_random,
    leaves,
    masked,
    members,
)
from authlens.reports.wording import count
from authlens.tokens import find
from authlens.tokens.words import STARTS

LONGEST_LINE: Final = 4 * 1024 * 1024
"""Characters that are looked at together; a longer line is cut where a word ends."""
_LONGEST_KEY: Final = 400  # lines of one private key
_AMBIGUOUS: Final = frozenset(
    {"address", "mobile", "name", "nickname", "phone", "picture", "profile", "sid", "uid", "website"}
)
"""A person's in the claims of a token; elsewhere also a host's, a scheme's, a logger's."""
_CLAIMS: Final = ("iss", "aud", "exp", "iat", "sub")
_NEAR: Final = 4000  # characters on both sides in which the rest of a token's claims stands
_WORD = re.compile(r"\\u[0-9A-Fa-f]{4}|[^\W_][\w.@+\-]{0,255}")
_PAIR = re.compile(r"(?<!\w)(?P<name>[A-Za-z][\w.\-]{1,60}+)(?P<sign>=|: ?|, )")
"""``name=value`` of logfmt, a query or a form; ``name: value``; ``[name, value]``."""
_VALUE = re.compile(
    r"\\{0,3}[\"'](?P<quoted>[^\"'\\\r\n]{1,256})(?=\\{0,3}[\"'])|(?P<word>[^\s\"'&;,<>()\[\]{}\\]{1,256})"
)
_USERS: Final = frozenset(("user", "user.name", "user.id", "user.email", "enduser.id"))
"""Names of people where names are no claims' (OpenTelemetry's are among them)."""
_NEAR_PAIR: Final = 200
_LONGEST_WORD: Final = 5  # characters of names that are words as well: "email: missing"
_OPENING: Final = frozenset("[({")
_CLOSING: Final = frozenset("])}")
_NOBODY: Final = frozenset(("null", "none", "true", "false", "anonymous", "unknown", "undefined", "nil"))
_CLAIM = re.compile(r"(?<!\w)(?:sub|upn|email|preferred_username|oid)=")
_GOES_ON = re.compile(r"[^\r\n]{0,80}?(?<![\w.\-])([\w\-][\w.\-]{11,65536}+)", re.ASCII)
_OPEN_END = re.compile(r"\[(?:token \w{12}|secret)\]\s*\Z")
_ADDRESS = re.compile(
    r"(?:(?<![\w.\-:])|(?<=\w:))[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{0,34}:(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{0,4})(?![\w:])"
    r"|(?:(?<![\w.\-/])|(?<=%3A))(?:\d{1,3}\.){3}\d{1,3}(?![\w\-]|\.\d)"
)
_VERSION = re.compile(r"(?:version|\bv)[\s\"':=\\]{0,8}$", re.IGNORECASE)
_BEGIN, _END = "PRIVATE KEY-----", "-----END"


@dataclass(slots=True)
class Tally:
    """What the copy leaves out."""

    lines: int = 0
    changed: int = 0
    """Lines that differ from the log's."""
    people: int = 0


class Copier:
    """Masks lines; the same person is called the same everywhere."""

    def __init__(self, *, key: str | None = None) -> None:
        """Knows nobody yet; with a key the names are stable across copies."""
        self._names = Pseudonyms(key=key)
        self._words: dict[str, set[str]] = {}
        self._people: dict[str, str] = {}
        self._key_lines = 0
        self._in_token = False
        self.tally = Tally()

    def learn(self, text: str) -> None:
        """Remembers who is named in a line."""
        for token in find(text) if "alg" in text or any(start in text for start in STARTS) else ():
            self._learn_token(token)
        if ":" in text:
            for member in members(text):
                if _of_a_person(text, member):
                    self._learn(member.value)
        for _, value in _pairs(text):
            if not value.isalpha():  # a word may be anyone's
                self._learn(value)

    def line(self, text: str) -> str:
        """The line, masked."""
        self.tally.lines += 1
        out = self._in_key(text) or self._without_people(self._rest_of_token(masked(text)))
        self.tally.changed += out != text
        self.tally.people = len(self._people)
        return out

    # ----------------------------------------------------------------- private keys over several lines

    def _in_key(self, text: str) -> str | None:
        """What a line of a private key becomes; None where it belongs to none."""
        if self._key_lines:
            ends = _END in text
            self._key_lines = 0 if ends else self._key_lines - 1
            return _end_of(text, "[private key]")
        if _BEGIN in text and "BEGIN" in text and _END not in text:
            self._key_lines = _LONGEST_KEY
            return _end_of(text, text[: text.index("BEGIN")].rstrip("-") + "[private key]")
        return None

    # ----------------------------------------------------------------- tokens over several lines

    def _rest_of_token(self, text: str) -> str:
        """A line without the piece of a token that begins on the line before."""
        found = _GOES_ON.match(text) if self._in_token else None
        if found is not None and is_random(found[1]):
            text = f"{text[: found.start(1)]}[secret]{text[found.end(1) :]}"
        self._in_token = text.rstrip().endswith("]") and _OPEN_END.search(text, max(0, len(text) - 40)) is not None
        return text

    # ----------------------------------------------------------------- people

    def _learn_token(self, token: Token) -> None:
        technical = {t for name in TECHNICAL for t in leaves(token.claims.get(name))}
        for name, value in token.claims.items():
            if is_personal(name):
                for one in leaves(value):
                    if one not in technical:
                        self._learn(one)

    def _learn(self, value: str) -> None:
        if not value or value in self._people or _is_code(value):
            return
        self._people[value] = self._names.name(value)
        first = next((m.group() for m in _WORD.finditer(value) if not m.group().startswith("\\u")), None)
        if first is not None and len(value) >= SHORTEST and not value.isdigit():  # a number may be anything's
            alike = self._words.setdefault(first.rstrip(".-"), set())
            if len(alike) < MOST_ALIKE:
                alike.add(value)

    def _without_people(self, text: str) -> str:
        if ":" in text and ('"' in text or "0022" in text or "&" in text):
            text = self._members(text)
        text = self._pairs(text)
        if "@" in text or "%40" in text:
            text = MAIL.sub(self._named, text)
        if self._words:
            text = self._known(text)
        return _ADDRESS.sub(self._address, text)

    def _members(self, text: str) -> str:
        out: list[str] = []
        done = 0
        for member in members(text):
            if member.start >= done and _of_a_person(text, member):
                self._learn(member.value)
                out += (text[done : member.start], _as_written(text, member, self._names.name(member.value)))
                done = member.end
        return "".join((*out, text[done:]))

    def _pairs(self, text: str) -> str:
        out: list[str] = []
        done = 0
        for start, value in _pairs(text):
            if start >= done:
                out += (text[done:start], self._names.name(value))
                done = start + len(value)
        return "".join((*out, text[done:])) if out else text

    def _known(self, text: str) -> str:
        """Replaces whoever was ever named; where several begin at a word, the longest."""
        out: list[str] = []
        done = 0
        for match in _WORD.finditer(text):
            if match.start() < done:
                continue
            fit = self._words.get(match.group().rstrip(".-"), ())
            value = max((v for v in fit if text.startswith(v, match.start())), key=len, default="")
            if value:
                out += (text[done : match.start()], self._people[value])
                done = match.start() + len(value)
        return "".join((*out, text[done:])) if out else text

    def _named(self, match: re.Match[str]) -> str:
        self._learn(match.group())
        return self._names.name(match.group())

    def _address(self, match: re.Match[str]) -> str:
        """A client's address is a person's; a version and an address of the machine itself are not."""
        if _VERSION.search(match.string, max(0, match.start() - 24), match.start()):
            return match.group()
        try:
            found = ipaddress.ip_address(match.group())
        except ValueError:
            return match.group()
        if found.is_loopback or found.is_unspecified:
            return match.group()
        self._learn(match.group())
        return self._names.name(match.group())


def _of_a_person(text: str, member: Member) -> bool:
    """Whether a member's value is a person's: by its name alone, or where the claims of a token stand around it."""
    if not member.value or not is_personal(member.name) or _is_code(member.value):
        return False
    if member.name.replace("_", "").replace("-", "").lower() not in _AMBIGUOUS:
        return True
    near = text[max(0, member.start - _NEAR) : member.end + _NEAR]
    return member.name.islower() and any(f"{member.quote}{claim}{member.quote}" in near for claim in _CLAIMS)


def _pairs(text: str) -> Iterator[tuple[int, str]]:
    """Where the values of pairs that name a person begin, and the values."""
    for pair in _PAIR.finditer(text):
        if _names_person(text, pair) and (found := _VALUE.match(text, pair.end())):
            kind = found.lastgroup or ""
            value = found[kind].rstrip(".:!?")
            if value and value.lower() not in _NOBODY and not _is_code(value) and _is_told(text, pair, found, value):
                yield found.start(kind), value


def _names_person(text: str, pair: re.Match[str]) -> bool:
    name = pair["name"].lower()
    if name in _USERS or name not in _AMBIGUOUS:
        return name in _USERS or is_personal(name)
    return pair["sign"] == "=" and bool(_CLAIM.search(text, max(0, pair.start() - _NEAR_PAIR), pair.end() + _NEAR_PAIR))


def _is_told(text: str, pair: re.Match[str], found: re.Match[str], value: str) -> bool:
    """Whether it is a pair and no sentence: ``email: missing`` is one."""
    alone = (
        text[max(0, pair.start() - 1) : pair.start()] in _OPENING and text[found.end() : found.end() + 1] in _CLOSING
    )
    if alone or pair["sign"] == "=":
        return True
    word = found.lastgroup == "word" and len(pair["name"]) <= _LONGEST_WORD and value.isalpha()
    return pair["sign"] != ", " and not word


def _as_written(text: str, member: Member, name: str) -> str:
    """The name in place of a value; a number gets quotes, so that the record stays JSON."""
    quoted = text.startswith(member.quote, member.start - len(member.quote))
    return name if quoted else f"{member.quote}{name}{member.quote}"


def _is_code(value: str) -> bool:
    """A name of the platform's own, such as a logger's or a type's."""
    return value.startswith(
        ("Microsoft.", "System.", "OpenIddict", "Owin", "Duende.", "IdentityServer", "IDX", "user-")
    )


def _end_of(text: str, instead: str) -> str:
    """Another text with the line's own end."""
    return instead + text[len(text.rstrip("\r\n")) :]


# --------------------------------------------------------------------------- lines


def lines(parts: Iterable[Part]) -> Iterator[str]:
    """The lines of a source with their ends; one that is very long comes in pieces that end between words."""
    rest = b""
    for part in parts:
        data = rest + part.data
        whole = data.rfind(b"\n") + 1
        if not whole and len(data) > LONGEST_LINE:  # the border of a part may lie in a word
            whole = data.rfind(b" ") + 1 or len(data)
        rest = data[whole:]
        for line in _split(data[:whole].decode("utf-8", "replace")):
            yield from _pieces(line)
    yield from _pieces(rest.decode("utf-8", "replace")) if rest else ()


def _split(text: str) -> Iterator[str]:
    """Lines end with a line feed and with nothing else."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _pieces(line: str) -> Iterator[str]:
    while len(line) > LONGEST_LINE:
        at = max(line.rfind(sign, LONGEST_LINE // 2, LONGEST_LINE) for sign in (" ", ",", "\t")) + 1
        if at:
            yield line[:at]
            line = line[at:]
        else:
            run = re.match(r"\S*", line)
            end = run.end() if run is not None else len(line)
            yield f"[{end} characters without a break]"
            line = line[end:]
    if line:
        yield line


def write(source: Iterable[str], copier: Copier, out: TextIO) -> None:
    """Writes the copy of a log's lines."""
    out.writelines(map(copier.line, source))


def told(tally: Tally) -> str:
    """How much was masked, and that a person has to look all the same."""
    return (
        f"{count(tally.lines, 'line')} copied, {tally.changed:,} of them masked, {count(tally.people, 'personal value')} "
        "named by pseudonyms. Look through the copy before you share it."
    )
