"""Writes the three samples of the founding case: an Okta org server's access token sent to an API.

Run from the repository's root: ``python .dev/make_founding_samples.py``. The same bytes come out each time.
The tokens are made up: their signatures are digests, no key has ever signed them.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

OUT = Path(__file__).parent.parent / "sample_logs"
ORG = "https://dev-606497.oktapreview.com"
API = "http://api.azurewebsites.net"
TOKEN_KID = "J3VAnCx0IhCnHoUZYSAgsfZ9QCEgBFNLTGbCiHzJTkM"
# A published key with another kid; only its public half was ever kept.
PUBLISHED = {
    "alg": "RS256",
    "e": "AQAB",
    "kid": "w0nq9Xj0m2yZqK7eJc4pQH3r5uAfVbT8sLxGdNiR1Yk",
    "kty": "RSA",
    "n": "zRsTkBMRW88-NpzTqpkrLzUBI5Fav6Tf_obHeel0pMTJs_QaevKfhvcBjyVp90YO12R4bdmwwGVGxEwOLZRSQObaLFJ6cvNhdKqzfeFMwupb-cChoHbXe7gr_jlF5znjXC9zH441CS6D1sjxWePMn5AH4IiuaXyjvs6MczQ0JLMyTDjXvEtK93N-BkbplwCBaMCDuQVg61eUEVzG5JEPHPWKECHKAI5C-BvFg464E8poAwb_Ts4LgJ4htPHA8Zb73pJWk7Kb82uPlF1q6awt4-Po9IMvci1tkDtgnXYP2ZNaRLWMi_LVCJMOK8nRW9OnSuE8FGEEaOD1P72Li8U-cw",
    "use": "sig",
}
FRAMES_5 = """\
   at System.IdentityModel.Tokens.Jwt.JwtSecurityTokenHandler.ValidateSignature(String token, TokenValidationParameters validationParameters)
   at System.IdentityModel.Tokens.Jwt.JwtSecurityTokenHandler.ValidateToken(String token, TokenValidationParameters validationParameters, SecurityToken& validatedToken)
   at Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler.<HandleAuthenticateAsync>d__1.MoveNext()"""
FRAMES_7 = """\
   at Microsoft.IdentityModel.Tokens.Validators.ValidateAudience(IEnumerable`1 audiences, SecurityToken securityToken, TokenValidationParameters validationParameters)
   at Microsoft.IdentityModel.Tokens.InternalValidators.ValidateAfterSignatureFailed(SecurityToken securityToken, Nullable`1 notBefore, Nullable`1 expires, IEnumerable`1 audiences, TokenValidationParameters validationParameters, BaseConfiguration configuration)
   at Microsoft.IdentityModel.JsonWebTokens.JsonWebTokenHandler.ValidateSignature(JsonWebToken jwtToken, TokenValidationParameters validationParameters, BaseConfiguration configuration)
   at Microsoft.IdentityModel.JsonWebTokens.JsonWebTokenHandler.ValidateJWSAsync(JsonWebToken jsonWebToken, TokenValidationParameters validationParameters, BaseConfiguration configuration)"""


def segment(value: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def token(issued: int, jti: str) -> tuple[str, str]:
    """One org-server access token: encoded whole, and as the library prints it decoded."""
    header = {"alg": "RS256", "kid": TOKEN_KID}
    claims = {
        "ver": 1,
        "jti": jti,
        "iss": ORG,
        "aud": ORG,
        "iat": issued,
        "exp": issued + 3600,
        "cid": "0oa9b4x2kqWzLpT5m0h7",
        "uid": "00u8zq1v3nRcYkD2w0h7",
        "scp": ["openid", "profile", "email"],
        "sub": "ada.keller@example.com",
    }
    unsigned = f"{segment(header)}.{segment(claims)}"
    digest = b"".join(hashlib.sha256(f"{unsigned}{i}".encode()).digest() for i in range(8))
    whole = f"{unsigned}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
    pair = ".".join(json.dumps(part, separators=(",", ":")) for part in (header, claims))
    return whole, pair


def request(clock: str, n: int, body: list[str]) -> list[str]:
    return [
        f"{clock}.101 +00:00 [Information] Request starting HTTP/1.1 GET http://api.azurewebsites.net/api/orders/{n}",
        *body,
        f"{clock}.165 +00:00 [Information] Request finished in 64.2{n % 10}ms 401",
    ]


def refusal_2016(clock: str, n: int, issued: int) -> list[str]:
    whole, pair = token(issued, f"AT.{hashlib.sha256(str(n).encode()).hexdigest()[:32]}")
    shortened = f"{whole[:60]}...{whole[-40:]}"
    message = f"IDX10501: Signature validation failed. Unable to match 'kid': '{TOKEN_KID}', \ntoken: '{pair}'."
    return request(
        clock,
        n,
        [
            f"{clock}.148 +00:00 [Information] Failed to validate the token {shortened}.",
            f"Microsoft.IdentityModel.Tokens.SecurityTokenSignatureKeyNotFoundException: {message}",
            FRAMES_5,
            f"{clock}.151 +00:00 [Information] Bearer was not authenticated. Failure message: {message}",
            f"{clock}.158 +00:00 [Information] Authorization failed for user: null.",
            f"{clock}.160 +00:00 [Information] AuthenticationScheme: Bearer was challenged.",
        ],
    )


def refusal_newer(clock: str, n: int, message: str) -> list[str]:
    return request(
        clock,
        n,
        [
            f"{clock}.148 +00:00 [Information] Failed to validate the token.",
            f"Microsoft.IdentityModel.Tokens.SecurityTokenInvalidAudienceException: {message}",
            FRAMES_7,
            f"{clock}.151 +00:00 [Information] Bearer was not authenticated. Failure message: {message}",
            f"{clock}.158 +00:00 [Information] Authorization failed. These requirements were not met:",
            "DenyAnonymousAuthorizationRequirement: Requires an authenticated user.",
            f"{clock}.160 +00:00 [Information] AuthenticationScheme: Bearer was challenged.",
        ],
    )


def start(day: str) -> list[str]:
    return [
        f"{day} 08:58:02.511 +00:00 [Information] Now listening on: http://localhost:5000",
        f"{day} 08:58:02.513 +00:00 [Information] Application started. Press Ctrl+C to shut down.",
    ]


def write(name: str, text: str) -> None:
    (OUT / name).write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    OUT.mkdir(exist_ok=True)
    shown = (
        f"IDX10214: Audience validation failed. Audiences: '{ORG}'. Did not match: "
        f"validationParameters.ValidAudience: '{API}' or validationParameters.ValidAudiences: 'null'."
    )
    hidden = "IDX10214: Audience validation failed. See https://aka.ms/identitymodel/app-context-switches"
    lines_2016, lines_7, lines_8 = start("2016-11-08"), start("2024-06-11"), start("2026-03-04")
    for n, (clock, issued) in enumerate(
        [("09:14:03", 1478595600), ("09:14:07", 1478595600), ("09:31:40", 1478597460)], 4711
    ):
        lines_2016 += refusal_2016(f"2016-11-08 {clock}", n, issued)
        lines_7 += refusal_newer(f"2024-06-11 {clock}", n, shown)
        lines_8 += refusal_newer(f"2026-03-04 {clock}", n, hidden)
    write("okta-org-token.log", "\n".join(lines_2016) + "\n")
    write("okta-org-token-7.log", "\n".join(lines_7) + "\n")
    write("okta-org-token-8.log", "\n".join(lines_8) + "\n")
    settings = {"Authentication": {"Schemes": {"Bearer": {"Authority": ORG, "ValidAudiences": [API]}}}}
    write("okta-org-token.appsettings.json", json.dumps(settings, indent=2) + "\n")
    write("okta-org-token.jwks.json", json.dumps({"keys": [PUBLISHED]}, indent=2) + "\n")


main()
