"""What the schemes of an API demand: from settings, from authlens.toml, from the log."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from authlens.errors import FaultsError
from authlens.model import Expectations, Failure, Frozen, Origin, Said
from authlens.trust.expectations import (
    Book,
    configuration_address,
    from_config,
    issuers_of,
    learn,
    read_settings,
)
from tests.unit.helpers.growth import is_linear

DATA = Path(__file__).parent.parent / "data" / "settings"
TID = "72f988bf-86f1-41af-91ab-2d7cd011db47"
CLIENT = "2158cd3c-2c99-5f97-d114-d95800f75d06"


def _from(*paths: Path) -> tuple[Expectations, ...]:
    settings = read_settings(paths)
    assert not settings.faults
    return settings.expectations


def _read(tmp_path: Path, content: object) -> tuple[Expectations, ...]:
    path = tmp_path / "appsettings.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return _from(path)


def _one(tmp_path: Path, content: object) -> Expectations:
    (found,) = _read(tmp_path, content)
    return found


def _failure(scheme: str | None = None, **fields: object) -> Failure:
    return Failure(origin=Origin(path="app.log", offset=0, line=1), scheme=scheme, said=Said(fields=Frozen(fields)))


# --------------------------------------------------------------------------- files


def test_schemes_as_jwtbearer_reads_them() -> None:
    """Comments, trailing commas, and nothing but the schemes."""
    customers, staff = _from(DATA / "api" / "appsettings.json")
    assert (customers.scheme, customers.authority) == ("Customers", "https://shop.example.com/realms/shop")
    assert customers.audiences == ("shop-api", "shop-admin", "shop-old")
    assert customers.source.endswith("appsettings.json: Authentication:Schemes:Customers")
    assert (staff.scheme, staff.audiences, staff.authority) == ("Staff", ("api://staff",), None)
    assert (
        configuration_address(staff) == f"https://login.microsoftonline.com/{TID}/v2.0/.well-known/openid-configuration"
    )


def test_a_text_where_a_list_belongs_is_told() -> None:
    """JwtBearer finds no issuer there, and says nothing."""
    settings = read_settings([DATA / "api" / "appsettings.json"])
    (note,) = settings.notes
    assert "Staff:ValidIssuers is one text" in note
    assert settings.expectations[1].issuers == ()


@pytest.mark.parametrize(
    "order", [("appsettings.json", "appsettings.Production.json"), ("appsettings.Production.json", "appsettings.json")]
)
def test_an_environments_file_lies_over_the_base(order: tuple[str, str]) -> None:
    """Whichever is named first; keys have no case, and a shorter list replaces only its own places."""
    customers, _staff, signed = _from(*(DATA / "api" / name for name in order))
    assert customers.authority == "https://www.example.com/realms/shop"
    assert customers.audiences == ("live-api", "shop-admin", "shop-old")
    assert (signed.issuers, signed.has_keys) == (("dotnet-user-jwts",), True)


def test_two_applications_do_not_overlay_each_other() -> None:
    """A second appsettings.json is another application's."""
    files = [
        DATA / "api" / "appsettings.json",
        DATA / "other" / "appsettings.json",
        DATA / "api" / "appsettings.Production.json",
    ]
    found = _from(*files)
    assert [e.section for e in found] == [
        "Authentication:Schemes:Customers",
        "Authentication:Schemes:Staff",
        "Authentication:Schemes:Signed",
        "Jwt",
    ]
    assert found[0].authority == "https://www.example.com/realms/shop"


@pytest.mark.parametrize("name", ["api/appsettings.json", "api/appsettings.Production.json", "other/appsettings.json"])
def test_no_secret_is_kept(name: str) -> None:
    """Not in the values, not in their printed form, not in a pickle."""
    settings = read_settings([DATA / name])
    for text in (repr(settings), pickle.dumps(settings).decode("latin-1")):
        assert "made-up" not in text
        assert "bWFkZS11cC1rZXk" not in text


def test_a_password_in_an_address_is_not_kept(tmp_path: Path) -> None:
    """https://user:password@host has been seen."""
    found = _one(tmp_path, {"Jwt": {"Authority": "https://me:hidden@idp.example.com/x", "Audience": "a"}})
    assert found.authority == "https://idp.example.com/x"


@pytest.mark.parametrize(
    ("name", "line", "column", "words"),
    [
        ("broken/colon-missing.json", 4, 16, "is not JSON"),
        ("broken/comment-open.json", 2, 12, "a comment is not closed"),
        ("broken/absent.json", 1, 1, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_fault_with_its_place(name: str, line: int, column: int, words: str) -> None:
    """The others are read all the same."""
    settings = read_settings([DATA / "other" / "appsettings.json", DATA / name])
    (fault,) = settings.faults
    assert (fault.line, fault.column) == (line, column)
    assert fault.path.endswith(name)
    assert words in fault.message
    assert [e.section for e in settings.expectations] == ["Jwt"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[1",
        b"\xff\xfe\x00",
        b'{"a": NaN}',
        b'{"a": ' * 100,
        b"[" * 100_000,
        b'"text"',
        b"5",
        b'{"a": "\xe4"}',
        b"{} x",
    ],
)
def test_garbage_is_a_fault_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    """No depth and no byte brings the reader down."""
    path = tmp_path / "appsettings.json"
    path.write_bytes(content)
    assert len(read_settings([path]).faults) == 1


@pytest.mark.parametrize("piece", ['"', '\\"', "/*", "//", "/* */", ",", "[", '{"a":'])
def test_hostile_settings_cost_little(tmp_path: Path, piece: str) -> None:
    """Reading is linear, whatever is repeated."""
    path = tmp_path / "appsettings.json"

    def written_and_read(size: int) -> None:
        path.write_text(piece * size, "utf-8")
        read_settings([path])

    assert is_linear(written_and_read, 25_000)


def test_encodings(tmp_path: Path) -> None:
    """A byte order mark, and UTF-16 as some editors write it."""
    (marked,) = _from(DATA / "bom.json")
    path = tmp_path / "appsettings.json"
    path.write_bytes('{"Jwt": {"Issuer": "ä", "Audience": "b"}}'.encode("utf-16"))
    (wide,) = _from(path)
    assert (marked.issuers, wide.issuers) == (("a",), ("ä",))


def test_comment_marks_inside_a_text_are_text(tmp_path: Path) -> None:
    """https:// is no comment."""
    found = _one(tmp_path, '{"Jwt": {"Authority": "https://idp.example.com/*a*/", "Audience": "a,]"}}')
    assert found.authority == "https://idp.example.com/*a*/"
    assert found.audiences == ("a", "]")


def test_settings_that_say_nothing_of_tokens_are_noted(tmp_path: Path) -> None:
    """The user believes that they do."""
    path = tmp_path / "appsettings.json"
    path.write_text('{"Logging": {"LogLevel": {"Default": "Debug"}}}', "utf-8")
    (note,) = read_settings([path]).notes
    assert "no section says which tokens the API accepts" in note


# --------------------------------------------------------------------------- forms of settings

ENTRA_ISSUERS = (f"https://login.microsoftonline.com/{TID}/v2.0", f"https://sts.windows.net/{TID}/")
INSTANCE = "https://login.microsoftonline.com/"

FORMS: list[tuple[str, object, Mapping[str, object]]] = [
    (
        "Identity.Web",
        {"AzureAd": {"Instance": INSTANCE, "TenantId": TID, "ClientId": CLIENT}},
        {
            "authority": f"https://login.microsoftonline.com/{TID}/v2.0",
            "issuers": ENTRA_ISSUERS,
            "audiences": (CLIENT, f"api://{CLIENT}"),
            "by_tenant": True,
            "by_version": True,
        },
    ),
    (
        "Identity.Web with an audience",
        {"AzureAd": {"Instance": INSTANCE, "TenantId": TID, "ClientId": CLIENT, "Audience": "api://orders"}},
        {"audiences": ("api://orders",), "by_tenant": True, "by_version": False},
    ),
    (
        "Identity.Web with parameters",
        {"AzureAd": {"Instance": INSTANCE, "TenantId": TID, "TokenValidationParameters": {"ValidAudiences": ["a"]}}},
        {"audiences": ("a",), "issuers": ENTRA_ISSUERS},
    ),
    (
        "Identity.Web for several tenants",
        {"AzureAd": {"Instance": INSTANCE, "TenantId": "organizations", "AllowedTenants": [TID]}},
        {"authority": "https://login.microsoftonline.com/organizations/v2.0", "issuers": ENTRA_ISSUERS},
    ),
    (
        "Identity.Web for every tenant",
        {"AzureAd": {"Instance": INSTANCE, "TenantId": "common", "ClientId": CLIENT}},
        {"authority": "https://login.microsoftonline.com/common/v2.0", "issuers": ()},
    ),
    (
        "US Government",
        {"AzureAd": {"Instance": "https://login.microsoftonline.us", "TenantId": TID}},
        {"issuers": (f"https://login.microsoftonline.us/{TID}/v2.0", f"https://sts.windows.net/{TID}/")},
    ),
    (
        "B2C",
        {
            "AzureAdB2C": {
                "Instance": "https://contoso.b2clogin.com/",
                "Domain": "contoso.onmicrosoft.com",
                "ClientId": CLIENT,
                "SignUpSignInPolicyId": "b2c_1_in",
            }
        },
        {
            "authority": "https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_in/v2.0",
            "audiences": (CLIENT,),
            "issuers": (),
            "by_tenant": True,
            "by_version": False,
        },
    ),
    (
        "Okta.AspNetCore",
        {"Okta": {"OktaDomain": "https://dev-1.okta.com"}},
        {"authority": "https://dev-1.okta.com/oauth2/default", "audiences": ("api://default",)},
    ),
    (
        "Okta.AspNetCore with a server",
        {"Okta": {"OktaDomain": "dev-1.okta.com", "AuthorizationServerId": "aus1", "Audience": "api://a"}},
        {"authority": "https://dev-1.okta.com/oauth2/aus1", "audiences": ("api://a",)},
    ),
    (
        "Okta.AspNetCore, org server",
        {"Okta": {"OktaDomain": "https://dev-1.okta.com", "AuthorizationServerId": ""}},
        {"authority": "https://dev-1.okta.com", "audiences": ()},
    ),
    (
        "Auth0",
        {"Auth0": {"Domain": "acme.eu.auth0.com", "Audience": "https://api.example.com", "ClientSecret": "x"}},
        {"authority": "https://acme.eu.auth0.com/", "audiences": ("https://api.example.com",)},
    ),
    (
        "Keycloak.AuthServices",
        {"Keycloak": {"realm": "shop", "auth-server-url": "https://sso.example.com/", "resource": "shop-api"}},
        {"authority": "https://sso.example.com/realms/shop", "audiences": ("shop-api",), "validate_audience": True},
    ),
    (
        "Keycloak.AuthServices without audience",
        {"Keycloak": {"realm": "a", "auth-server-url": "https://sso.example.com", "verify-token-audience": False}},
        {"validate_audience": False},
    ),
    (
        "Cognito",
        {"AWS": {"Region": "eu-west-1", "UserPoolId": "eu-west-1_AbC"}},
        {"authority": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
    ),
    (
        "Firebase",
        {"Firebase": {"ProjectId": "my-proj"}},
        {"authority": "https://securetoken.google.com/my-proj", "audiences": ("my-proj",)},
    ),
    (
        "OpenIddict",
        {"OpenIddict": {"Validation": {"Issuer": "https://id.example.com/", "Audiences": ["orders"]}}},
        {"authority": "https://id.example.com/", "issuers": ("https://id.example.com/",), "audiences": ("orders",)},
    ),
    (
        "IdentityServer",
        {"IdentityServer": {"Authority": "https://id.example.com", "ApiName": "orders"}},
        {"authority": "https://id.example.com", "audiences": ("orders",)},
    ),
    (
        "ABP",
        {"AuthServer": {"Authority": "https://id.example.com", "Audience": "orders"}},
        {"authority": "https://id.example.com", "audiences": ("orders",)},
    ),
    (
        "a key of one's own",
        {"JwtSettings": {"Issuer": "contoso-auth", "Audience": "a; b", "SecretKey": "x", "ExpiryMinutes": 5}},
        {"issuers": ("contoso-auth",), "audiences": ("a", "b"), "has_keys": True, "authority": None},
    ),
    (
        "parameters of one's own",
        {
            "Security": {
                "TokenValidationParameters": {
                    "ValidIssuer": "a",
                    "ClockSkew": "00:01:30",
                    "ValidTypes": ["at+jwt"],
                    "ValidAlgorithms": ["RS256"],
                    "RequireExpirationTime": False,
                    "ValidateAudience": "False",
                }
            }
        },
        {
            "issuers": ("a",),
            "clock_skew_s": 90.0,
            "types": ("at+jwt",),
            "algorithms": ("RS256",),
            "require_expiration": False,
            "validate_audience": False,
        },
    ),
    (
        "environment variables",
        {
            "Authentication__Schemes__Bearer__Authority": "https://idp.example.com",
            "Authentication__Schemes__Bearer__ValidAudiences__0": "a",
        },
        {"scheme": "Bearer", "authority": "https://idp.example.com", "audiences": ("a",)},
    ),
    (
        "keys with colons",
        {"Authentication:Schemes:Bearer:ValidIssuer": "a", "Authentication:Schemes:Bearer:ValidAudiences": ["b"]},
        {"scheme": "Bearer", "issuers": ("a",), "audiences": ("b",)},
    ),
    (
        "App Service's export",
        [{"name": "Jwt__Authority", "value": "https://idp.example.com", "slotSetting": False}],
        {"authority": "https://idp.example.com"},
    ),
    (
        "local.settings.json",
        {"IsEncrypted": False, "Values": {"Jwt__Authority": "https://idp.example.com"}},
        {"authority": "https://idp.example.com"},
    ),
    (
        "launchSettings.json",
        {"profiles": {"api": {"environmentVariables": {"Jwt__Authority": "https://idp.example.com"}}}},
        {"authority": "https://idp.example.com"},
    ),
    ("an unnamed place", {"Authority": "https://idp.example.com", "Audience": "a"}, {"audiences": ("a",)}),
]


@pytest.mark.parametrize(("content", "expected"), [f[1:] for f in FORMS], ids=[f[0] for f in FORMS])
def test_a_form_of_settings(tmp_path: Path, content: object, expected: Mapping[str, object]) -> None:
    """Each library, and each habit, has its own keys and its own defaults."""
    found = _one(tmp_path, content)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    "content",
    [
        {"Authentication": {"Google": {"ClientId": "a", "ClientSecret": "b"}}},
        {"DownstreamApi": {"Authority": "https://x.example", "BaseUrl": "https://y.example"}},
        {"Serilog": {"WriteTo": [{"Args": {"issuer": "a", "audience": "b"}}]}},
        {"ConnectionStrings": {"Authority": "a"}},
        {"Email": {"Domain": "example.com", "Key": "a"}},
        {"Storage": {"Region": "eu", "Key": "b"}},
        {"AzureAd": {"ClientId": CLIENT}},
    ],
)
def test_sections_that_say_nothing_of_tokens(tmp_path: Path, content: object) -> None:
    """What is not about tokens is not made into an expectation."""
    assert _read(tmp_path, content) == ()


def test_the_issuer_that_follows_from_an_authority() -> None:
    """Certain for Entra, unknown for a server of one's own."""
    entra = Expectations(
        metadata_address=f"https://login.microsoftonline.com/{TID}/v2.0/.well-known/openid-configuration"
    )
    assert issuers_of(entra) == (f"https://login.microsoftonline.com/{TID}/v2.0",)
    assert issuers_of(Expectations(authority="https://sso.example.com/realms/a", issuers=("x",))) == ("x",)
    assert configuration_address(Expectations(authority="https://a/")) == "https://a/.well-known/openid-configuration"
    assert configuration_address(Expectations(issuers=("a",))) is None


# --------------------------------------------------------------------------- authlens.toml


def test_api_tables() -> None:
    """The configuration's own names."""
    (found,) = from_config(
        [{"scheme": "Bearer", "authority": "https://a", "audiences": ["b"], "clock_skew_s": 0, "types": ["at+jwt"]}]
    )
    assert found == Expectations(
        scheme="Bearer",
        source="authlens.toml",
        section="api",
        authority="https://a",
        audiences=("b",),
        clock_skew_s=0.0,
        types=("at+jwt",),
    )


def test_all_faults_of_api_tables_at_once() -> None:
    """Each at its line."""
    text = '[[api]]\nauthority = 5\n\n[[api]]\nscheme = "b"\nissuer = "x"\n  clock_skew_s = -1\n'
    tables = [{"authority": 5}, {"scheme": "b", "issuer": "x", "clock_skew_s": -1}]
    with pytest.raises(FaultsError) as caught:
        from_config(tables, path="a.toml", text=text)
    places = [(f.line, f.column) for f in caught.value.faults]
    assert places == [(2, 1), (6, 1), (7, 3), (4, 1)]
    assert "has no key 'issuer'" in str(caught.value)


# --------------------------------------------------------------------------- the log


def test_what_the_log_reveals() -> None:
    """By scheme, from messages that print the parameters; it says that it is learnt."""
    found = learn(
        [
            _failure("A", valid_issuer="i1", valid_audiences=["a1", "a2"]),
            _failure("B", kid="x"),
            _failure("A", configuration_issuer="i2", valid_audience="a1", metadata_url="https://m"),
            _failure(None, valid_issuers=["i3", 7, None]),
        ]
    )
    assert [(e.scheme, e.issuers, e.audiences, e.metadata_address, e.learnt) for e in found] == [
        ("A", ("i1", "i2"), ("a1", "a2"), "https://m", True),
        (None, ("i3",), (), None, True),
    ]


# --------------------------------------------------------------------------- the book

A = Expectations(scheme="A", source="s", authority="https://a.example", audiences=("a",))
B = Expectations(scheme="B", source="s", authority="https://b.example", audiences=("b",))


def test_schemes_are_found_without_regard_to_case() -> None:
    """As ASP.NET Core's configuration keys."""
    assert Book([A, B]).for_scheme("a") == A


def test_an_unknown_scheme_gets_the_only_demands_there_are() -> None:
    """None where there are two, or where the only ones are another scheme's by name."""
    assert Book([A]).for_scheme(None) == A
    assert Book([replace(A, scheme=None)]).for_scheme("Bearer") == replace(A, scheme=None)
    assert Book([A, B]).for_scheme(None) is None
    assert Book([A]).for_scheme("Webhook") is None
    assert Book().for_scheme("A") is None


def test_two_that_demand_the_same_are_not_ambiguous() -> None:
    """The name is all that differs."""
    assert Book([A, replace(A, scheme="C")]).for_scheme(None) == A


def test_two_applications_with_the_same_scheme_are_ambiguous() -> None:
    """Nothing tells which one wrote the log."""
    assert Book([A, replace(A, audiences=("x",))]).for_scheme("A") is None


def _sections(*sections: str) -> list[Expectations]:
    return [Expectations(section=s, authority=f"https://{n}.example") for n, s in enumerate(sections)]


@pytest.mark.parametrize(
    ("scheme", "section"),
    [
        ("Bearer", "AzureAd"),
        ("Reports", "AzureAdReports"),
        ("B2C", "AzureAdB2C"),
        ("OpenIddict.Validation.AspNetCore", "OpenIddict:Validation"),
        ("Okta", "Security:OktaSettings"),
        ("Customers", None),
    ],
)
def test_a_sections_name_hints_at_the_scheme(scheme: str, section: str | None) -> None:
    """Prefixes such as AzureAd are dress; the bare section is the default scheme's."""
    book = Book(_sections("AzureAd", "AzureAdReports", "AzureAdB2C", "OpenIddict:Validation", "Security:OktaSettings"))
    found = book.for_scheme(scheme)
    assert (found.section if found else None) == section


def test_a_message_tells_whose_demands_it_printed() -> None:
    """Where the name does not: issuers, audiences and addresses that only one section has."""
    book = Book(_sections("AzureAd", "AzureAdB2C"))
    failure = _failure("Customers", metadata_url="https://1.example/.well-known/openid-configuration")
    found = book.for_failure(failure)
    assert found is not None
    assert found.section == "AzureAdB2C"
    other = Book.of(_sections("AzureAd", "AzureAdB2C"), [failure]).for_scheme("Customers")
    assert other is not None
    assert other.section == "AzureAdB2C"


def test_what_is_left_over_belongs_to_the_scheme_that_is() -> None:
    """Where one section and one scheme have no name in common with any other."""
    schemes = [_failure("Bearer"), _failure("Reports"), _failure("Customers")]
    found = Book.of(_sections("AzureAd", "AzureAdReports", "AzureAdB2C"), schemes).for_scheme("Customers")
    assert found is not None
    assert found.section == "AzureAdB2C"
    several = _sections("AzureAd", "AzureAdReports", "AzureAdB2C", "AzureAdGov")
    assert Book.of(several, schemes).for_scheme("Customers") is None
    told = [*schemes, _failure("Customers", iss="https://2.example/x")]
    by_host = Book.of(several, told).for_scheme("Customers")
    assert by_host is not None
    assert by_host.section == "AzureAdB2C"
    assert Book.of(several, [*told, _failure("Webhook")]).for_scheme("Webhook") is None


def test_messages_without_a_scheme_do_not_mix_what_is_configured() -> None:
    """With several schemes configured, a nameless refusal may be any of theirs."""
    book = Book.of([A, B], [_failure(None, valid_audience="x")])
    assert book.for_scheme(None) is None
    assert book.for_failure(_failure(None, valid_audience="b")) == B


def test_the_log_fills_in_what_settings_leave_open() -> None:
    """And never contradicts them."""
    bare = replace(A, audiences=())
    book = Book.of([bare, B], [_failure("A", valid_audience="x"), _failure("B", valid_audience="y")])
    found, other = book.for_scheme("A"), book.for_scheme("B")
    assert found is not None
    assert (found.audiences, found.authority) == (("x",), "https://a.example")
    assert "learnt from the log" in found.source
    assert other == B


def test_without_settings_the_log_is_all_there_is() -> None:
    """Better than nothing, and marked."""
    found = Book.of((), [_failure("A", valid_audience="x")]).for_scheme("A")
    assert found is not None
    assert found.learnt
