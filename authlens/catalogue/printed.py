"""How .NET and the libraries print values: hidden ones, keys, lists, dates, socket and TLS errors.

A printed date has no zone (it is UTC) and no fixed order of day and month: it follows the culture of the thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from authlens.catalogue.restored import unbroken
from authlens.model import Frozen

# --------------------------------------------------------------------------- hidden values

_PII: Final = re.compile(r"\[PII of type '([^']{1,300})' is hidden")
_BARE_TYPE: Final = re.compile(
    r"(?:System(?:\.[A-Za-z_][\w`+]{0,100}){1,8}|Microsoft\.IdentityModel(?:\.\w{1,100}){1,6})(?:\[\S{1,300})?"
)
_DOUBTFUL: Final = frozenset((*" nNeE(<[#SM.…*\n\r\t", ""))
"""With these begin all words for nothing, all forms of hidden values and all type names."""
_LEFT_OUT: Final = re.compile(r"[\s.…]*|\*{2,}")
"""What a person or a mask leaves of a value."""
_NOTHING: Final = frozenset(("", "null", "empty", "(null)", "<null>"))


def is_nothing(value: str) -> bool:
    """Whether a printed value says nothing: ``null``, ``empty``, nothing at all, dots for what was left out."""
    return (
        value.strip().lower() in _NOTHING
        or _LEFT_OUT.fullmatch(value) is not None
        or value.startswith("[PII of type 'Null' ")
    )


def is_plain(value: str) -> bool:
    """Whether a value certainly is what it says: no word for nothing, not hidden, no type name."""
    return value[:1] not in _DOUBTFUL


def is_hidden(value: str) -> bool:
    """Whether the PII switch (or the one for tokens) withheld the value, in any of its forms but the bare type name."""
    if value[:1] == "[":
        return value.startswith(("[PII is hidden", "[PII of type '", "[Security Artifact of type '"))
    return value == "#ScrubbedArtifact#"


def is_type_name(value: str) -> bool:
    """Whether the value is a bare type name, which is how 6.4.1 to 6.14.1 hide values (``System.String``)."""
    return value[:1] in "SM" and _BARE_TYPE.fullmatch(value) is not None


def hidden_type(value: str) -> str | None:
    """The type that a hidden value's text names, or None."""
    m = _PII.match(value)
    return m[1] if m else (value if is_type_name(value) else None)


# --------------------------------------------------------------------------- lists and keys

_COMMA: Final = re.compile(r",(?:[ \t]{0,20}\r?\n\s{0,40}| )")
_QUOTED: Final = re.compile(r"\b(KeyId|Kid|InternalId):\s'([^']{0,1000})'")
_PLAIN_ID: Final = re.compile(r"\bKeyId: ?([^\s',][^\s,]{0,500})")
_NO_TYPE: Final = re.compile(r"[^\w.+`]")
_LONGEST_TYPE: Final = 300
_MOST_KEYS: Final = 500


def items(value: str) -> list[str]:
    """The elements of a printed list, with their own white space; nulls are left out."""
    if "," not in value and is_plain(value):
        return [unbroken(value) if "\n" in value else value]
    found = [one for one in _COMMA.split(value) if not is_nothing(one)]
    return [unbroken(one) for one in found] if "\n" in value else found


@lru_cache(maxsize=256)
def keys(value: str) -> tuple[Frozen[str | None], ...]:
    """The keys that ``Keys tried`` prints, each with the short name of its type, its kid and its internal id.

    Remembered: an API tries the same keys for hours.
    """
    heads = list(_key_heads(value))
    ends = [*(start for start, _ in heads), len(value)][1:]
    return tuple(_key(value[start:end], value[end:last]) for (start, end), last in zip(heads, ends, strict=True))


def _key_heads(value: str) -> Iterator[tuple[int, int]]:
    """Where full type names of keys begin and end."""
    position = 0
    for _ in range(_MOST_KEYS):
        end = _next_key(value, position)
        if end < 0:
            return
        start = max(position, end - _LONGEST_TYPE)
        start = max((m.end() for m in _NO_TYPE.finditer(value, start, end)), default=start)
        position = end
        if not value[end : end + 1].isalnum():
            yield start, end


def _next_key(value: str, position: int) -> int:
    ends = [at + len(word) for word in ("SecurityKey", "JsonWebKey") if (at := value.find(word, position)) >= 0]
    return min(ends, default=-1)


def _key(name: str, rest: str) -> Frozen[str | None]:
    said = dict(reversed([(m[1], unbroken(m[2])) for m in _QUOTED.finditer(rest[:4000])]))
    kid = said.get("KeyId") or said.get("Kid")
    if not kid and "KeyId" not in said:
        plain = _PLAIN_ID.search(rest[:4000])
        kid = plain[1] if plain else None
    return Frozen(type=short(name), kid=kid or None, internal_id=said.get("InternalId") or None)


def short(type_name: str) -> str:
    """A type's name without its namespace."""
    return type_name.rpartition(".")[2]


# --------------------------------------------------------------------------- dates

_NUMBERS: Final = re.compile(r"\d+")
_OFFSET: Final = re.compile(r"\s?([+-])(\d\d):?(\d\d)$|Z$")
_FRACTION: Final = re.compile(r"(?<=:\d\d)[.,]\d{1,9}")
_MORNING: Final = ("am", "上午", "오전", "午前", "πμ", "ص", "sa", "dop", "fm", "öö", "de", "pd", "eparadites", "pg")
_EVENING: Final = ("pm", "下午", "오후", "午後", "μμ", "م", "ch", "odp", "em", "ös", "du", "md", "epasdites", "ptg")
_INVARIANT: Final = re.compile(
    r"(\d\d)/(\d\d)/(\d{4}) ((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?: ([+-](?:0\d|1[0-4]):[0-5]\d))?", re.ASCII
)
_LONGEST: Final = 60
_BUDDHIST: Final = range(2400, 2800)
"""Years that th-TH prints."""
_MOON_AND_SUN: Final = range(1300, 1500)
"""Years of the Hijri and Persian calendars: not converted, the day would be a guess."""


_Date = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Moment:
    """A printed date: what it is with the month first and with the day first."""

    month_first: datetime | None
    day_first: datetime | None

    @property
    def sure(self) -> bool:
        """Both readings agree, or only one is a date."""
        return self.month_first == self.day_first or self.month_first is None or self.day_first is None

    def read(self, *, day_first: bool) -> datetime | None:
        """One of the readings; the only one there is where the other is no date."""
        first, second = self.month_first, self.day_first
        return (second or first) if day_first else (first or second)


@lru_cache(maxsize=4096)
def moment(value: str) -> Moment | None:
    """The readings of a printed date, in UTC; None for what is no date (masked, hidden, another calendar)."""
    text = value.strip()
    plain = _INVARIANT.fullmatch(text)
    if plain is not None:
        return _both(*plain.groups("+00:00"))
    if not 8 <= len(text) <= _LONGEST or "*" in text:  # the shortest is 1/1/0001
        return None
    text, offset = _without_offset(_FRACTION.sub("", text))
    numbers = [int(n) for n in _NUMBERS.findall(text)]
    digits = _NUMBERS.findall(text)
    if len(numbers) != 6 or max(map(len, digits)) > 4:  # y m d h m s
        return None
    half = _half(text)
    clock = _clock(numbers[3], half, *numbers[4:])
    if clock is None:
        return None
    dates = _dates(digits, numbers, text, half)
    read = [_aware(d, clock, offset) if d else None for d in dates]
    return Moment(read[0], read[1]) if any(read) else None


def _both(first: str, second: str, year: str, clock: str, offset: str) -> Moment | None:
    """The readings of a date in .NET's invariant form, whose day and month are not told apart."""
    day_first = _iso(year, second, first, f"{clock}{offset}")
    same = first == second or int(year) in _BUDDHIST
    month_first = day_first if same else _iso(year, first, second, f"{clock}{offset}")
    return Moment(month_first, day_first) if month_first or day_first else None


def _iso(year: str, month: str, day: str, clock: str) -> datetime | None:
    number = _gregorian(int(year))
    try:
        when = datetime.fromisoformat(f"{number:04}-{month}-{day}T{clock}") if number else None
        return when if when is None or when.tzinfo is UTC else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _gregorian(year: int) -> int | None:
    """The year as it is counted here; None where that would be a guess, or where it is the least that .NET has."""
    if year in _BUDDHIST:
        return year - 543
    return None if year in _MOON_AND_SUN or year <= 1 else year


def _without_offset(text: str) -> tuple[str, timedelta]:
    m = _OFFSET.search(text)
    if m is None:
        return text, timedelta()
    offset = timedelta(hours=int(m[2] or 0), minutes=int(m[3] or 0))
    return text[: m.start()], -offset if m[1] == "-" else offset


def _half(text: str) -> str:
    """``am`` or ``pm`` or nothing."""
    letters = "".join(c for c in text.lower() if c.isalpha()).removeprefix("t").replace("г", "")
    if letters in _EVENING:
        return "pm"
    return "am" if letters in _MORNING else ""


def _clock(hour: int, half: str, minute: int, second: int) -> tuple[int, int, int] | None:
    if half == "pm" and hour < 12:  # noon
        hour += 12
    elif half == "am" and hour == 12:  # midnight
        hour = 0
    return (hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def _dates(digits: Sequence[str], numbers: Sequence[int], text: str, half: str) -> tuple[_Date, _Date]:
    """Year, month and day with the month first, and with the day first."""
    a, b, c = numbers[:3]
    if len(digits[0]) == 4:  # a year
        return (a, b, c), (a, b, c)
    year = c + 2000 if len(digits[2]) <= 2 else c  # a year in two digits
    month_first, day_first = (year, a, b), (year, b, a)
    if text[len(digits[0]) : len(digits[0]) + 1] != "/" or year in _BUDDHIST:
        return day_first, day_first
    order = _order(digits, text, half) if max(a, b) <= 12 else ""  # months
    return {"month": (month_first, month_first), "day": (day_first, day_first)}.get(order, (month_first, day_first))


def _order(digits: Sequence[str], text: str, half: str) -> str:
    """Which culture's pattern this is: ``month`` or ``day`` first, nothing where both print so."""
    if not half:  # with a clock of 24 hours, only those that begin with the day leave zeros out
        return "day" if min(map(len, (digits[0], digits[1], digits[3]))) == 1 else ""
    if "AM" not in text and "PM" not in text:
        return "day"
    if len(digits[0]) == 1 and digits[1][0] == "0":  # en-AU: 5/03/2024
        return "day"
    return "" if digits[0][0] == "0" else "month"


def _aware(date: _Date, clock: tuple[int, int, int], offset: timedelta) -> datetime | None:
    year = _gregorian(date[0])
    try:
        return datetime(year, date[1], date[2], *clock, tzinfo=UTC) - offset if year else None
    except (ValueError, OverflowError):
        return None


def written(when: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return f"{when.isoformat()[:19]}Z"


# --------------------------------------------------------------------------- socket and TLS errors

_SOCKET: Final = re.compile(r"SocketException \(([0-9A-Fa-fx, -]{1,40})\)")
_BY_NUMBER: Final = {
    "ConnectionRefused": (111, 61, 10061),
    "HostNotFound": (11001, 0xFFFDFFFF, 11003),
    "TryAgain": (11002, 11),
    "NoData": (11004,),
    "TimedOut": (110, 60, 10060),
    "NetworkUnreachable": (101, 51, 10051),
    "HostUnreachable": (113, 65, 10065),
    "ConnectionReset": (104, 54, 10054),
    "ConnectionAborted": (103, 53, 10053),
    "AccessDenied": (13, 10013),
    "AddressNotAvailable": (99, 49, 10049),
    "NetworkDown": (100, 50, 10050),
}
_NAMES: Final = {number: name for name, numbers in _BY_NUMBER.items() for number in numbers}
_GENERIC: Final = 0x80004005
"""E_FAIL: the number says nothing, the text does."""
_BY_TEXT: Final = (
    ("ConnectionRefused", ("Connection refused", "actively refused", "die Verbindung verweigerte", "expressément refusée",
                           "denegó expresamente", "rifiuto persistente", "recusou ativamente", "recusaram ativamente",
                           "积极拒绝", "拒絕連線", "拒否された", "отверг запрос на подключение", "aktywnie go odmawia",
                           "etkin olarak reddet", "actief geweigerd", "aktivt nekade")),
    ("HostNotFound", ("No such host is known", "Name or service not known", "nodename nor servname", "could not be resolved",
                      "Host ist unbekannt", "konnte nicht aufgelöst", "ôte inconnu", "hôte n'est connu", "Host desconocido",
                      "host desconocido", "ost sconosciuto", "host não é conhecido", "不知道这样的主机", "無法識別這台主機",
                      "ホストは不明", "хост неизвестен", "Nieznany host", "Host is onbekend", "host is onbekend",
                      "nincs ismert", "Bilinen böyle bir ana bilgisayar yok", "Det finns ingen sådan värd")),
    ("TryAgain", ("Temporary failure in name resolution", "Resource temporarily unavailable", "Try again")),
    ("TimedOut", ("did not properly respond after a period", "onnection timed out", "peration timed out",
                  "nicht richtig reagiert", "n’a pas répondu convenablement", "n'a pas répondu convenablement",
                  "no respondió adecuadamente", "non ha risposto correttamente", "não respondeu corretamente",
                  "一段时间后没有正确答复", "正しく応答しなかった", "за требуемое время", "nie odpowiedziała")),
    ("NetworkUnreachable", ("etwork is unreachable", "unreachable network")),
    ("HostUnreachable", ("No route to host", "unreachable host")),
    ("ConnectionReset", ("forcibly closed by the remote host", "Connection reset by peer", "vom Remotehost geschlossen",
                         "远程主机强迫关闭")),
)  # fmt: skip
_TLS: Final = re.compile(
    r"\b(?:RemoteCertificate(?:NameMismatch|ChainErrors|NotAvailable)|UntrustedRoot|PartialChain|NotTimeValid|NotTimeNested|Revoked"
    r"|RevocationStatusUnknown|OfflineRevocation|NotSignatureValid|NotValidForUsage|ExplicitDistrust|HasWeakSignature|InvalidPolicyConstraints"
    r"|InvalidNameConstraints|InvalidBasicConstraints|CtlNotTimeValid)\b"
)


def socket_error(text: str) -> str | None:
    """.NET's name of the socket error in an exception's text and its number as printed: ``ConnectionRefused (111)``."""
    m = _SOCKET.search(text)
    number = m[1].strip() if m else ""
    name = _named(number) or _spoken(text)
    if number and name:
        return f"{name} ({number})"
    return name or number or None


def _named(number: str) -> str | None:
    """The last number decides: .NET prints ``(00000005, 0xFFFDFFFF)``."""
    last = number.rpartition(",")[2].strip()
    try:
        value = int(last, 16 if last.lower().startswith("0x") else 10)
    except ValueError:
        return None
    return None if value == _GENERIC else _NAMES.get(value)


def _spoken(text: str) -> str | None:
    return next((name for name, texts in _BY_TEXT if any(t in text for t in texts)), None)


def ssl_policy_error(text: str) -> str | None:
    """What TLS found wrong, as .NET's enumerations name it; several are joined by a comma."""
    return ", ".join(dict.fromkeys(_TLS.findall(text))) or None
