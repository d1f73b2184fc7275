"""Writes sample_logs/<cause>.log, with its settings and documents, from .dev/samples/<cause>.yml.

Run from anywhere: ``python .dev/make_samples.py [CAUSE…]``. The same bytes come out each time.

A story says what an API lived through, step by step; loggers.py says what a logger makes of it. The library's own
messages stand in the stories word for word. Identity providers, tenants, people, tokens and keys are made up:
what is published is public halves alone, and no private key is kept anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from loggers import Event, write

HERE = Path(__file__).parent
STORIES = HERE / "samples"
OUT = HERE.parent / "sample_logs"
HOST = "orders.contoso.com"
BEARER = "Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler"
OIDC = "Microsoft.AspNetCore.Authentication.OpenIdConnect.OpenIdConnectHandler"
WSFED = "Microsoft.AspNetCore.Authentication.WsFederation.WsFederationHandler"
HOSTING = "Microsoft.AspNetCore.Hosting.Diagnostics"
BAIT = (
    "Feature flag idx10501-workaround is off",
    "Part IDX10223 has no price list",
    "Cookie eyJhbGciOiJub25lIn0 received, token=none",
    "Runbook: on IDX10503 look at the key set first, then restart",
)


def segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def encoded(token: dict[str, Any]) -> str:
    """A whole token whose signature is a digest: no key has signed it."""
    unsigned = f"{segment(token['header'])}.{segment(token['claims'])}"
    digest = b"".join(hashlib.sha256(f"{unsigned}{i}".encode()).digest() for i in range(8))
    return f"{unsigned}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


class Story:
    """Turns steps into events, one request after the other."""

    def __init__(self, story: dict[str, Any], name: str) -> None:
        self.clock = datetime.fromisoformat(story["start"]).replace(tzinfo=None)
        self.connection = "0HN" + hashlib.sha256(name.encode()).hexdigest().upper()[:10]
        self.requests = 0
        self.baits = 0
        self.request: dict[str, str] = {}

    def events(self, steps: list[dict[str, Any]]) -> Iterator[Event]:
        for step in steps:
            ((kind, told),) = step.items()
            told = told if isinstance(told, dict) else {"value": told}
            self.clock += timedelta(seconds=float(told.get("after", 3.917)))
            if "at" in told:
                self.clock = datetime.fromisoformat(told["at"]).replace(tzinfo=None)
            for n in range(told.get("times", 1)):
                self.clock += timedelta(seconds=told["every"] if n else 0)
                yield from getattr(self, kind)(told)

    def event(self, template: str, **known: Any) -> Event:
        self.clock += timedelta(microseconds=1300 + 137 * (len(template) % 11))
        return Event(time=self.clock, template=template, **{**self.request, **known})

    # ------------------------------------------------------------------ steps

    def start(self, _told: dict[str, Any]) -> Iterator[Event]:
        source = "Microsoft.Hosting.Lifetime"
        yield self.event(
            "Now listening on: {address}",
            props={"address": "http://[::]:8080"},
            source=source,
            id=14,
            name="ListeningOnAddress",
        )
        yield self.event("Application started. Press Ctrl+C to shut down.", source=source)
        yield self.event("Hosting environment: {EnvName}", props={"EnvName": "Production"}, source=source)

    def stop(self, _told: dict[str, Any]) -> Iterator[Event]:
        yield self.event("Application is shutting down...", source="Microsoft.Hosting.Lifetime")

    def bait(self, told: dict[str, Any]) -> Iterator[Event]:
        for _ in range(int(told.get("value") or 1)):
            yield self.event(BAIT[self.baits % len(BAIT)])
            self.baits += 1

    def record(self, told: dict[str, Any]) -> Iterator[Event]:
        known = {k: v for k, v in told.items() if k in {"props", "level", "source", "id", "name"}}
        yield self.event(told["text"], exception=self.words(told.get("exception", "")), **known)

    def fine(self, told: dict[str, Any]) -> Iterator[Event]:
        """A request that is served."""

        def inside() -> Iterator[Event]:
            if "scheme" in told:
                yield self.event(
                    "Successfully validated the token.", source=BEARER, id=2, name="TokenValidationSucceeded"
                )
            yield from self.served(told)

        yield from self.exchange(told, inside, 200)

    def anonymous(self, told: dict[str, Any]) -> Iterator[Event]:
        """A request without a token: challenged, and no failure."""
        yield from self.exchange(told, lambda: self.challenged(told), 401)

    def refused(self, told: dict[str, Any]) -> Iterator[Event]:
        """JwtBearer's events 1 (where it threw) and 7; ``accepted`` where another scheme then lets the request in."""
        exception = self.words(told.get("exception", ""))

        def inside() -> Iterator[Event]:
            yield from self.library(told)
            template, props = "Failed to validate the token.", {}
            if "token" in told:  # ASP.NET Core 1 and 2.0 print it
                template, props = "Failed to validate the token {Token}.", {"Token": encoded(told["token"])}
            if exception:
                yield self.event(
                    template, props=props, source=BEARER, id=1, name="TokenValidationFailed", exception=exception
                )
            yield self.event(
                "{AuthenticationScheme} was not authenticated. Failure message: {FailureMessage}",
                props={
                    "AuthenticationScheme": told["scheme"],
                    "FailureMessage": told.get("failure") or message(exception),
                },
                source=BEARER,
                id=7,
                name="AuthenticationSchemeNotAuthenticatedWithFailure",
            )
            yield from self.served(told) if told.get("accepted") else self.challenged(told)

        yield from self.exchange(told, inside, 200 if told.get("accepted") else 401)

    def thrown(self, told: dict[str, Any]) -> Iterator[Event]:
        """The handler could not even begin: the exception reaches the server's last resort."""
        exception = self.words(told["exception"])
        source = {True: OIDC, "wsfed": WSFED}.get(told.get("signin", False), BEARER)

        def inside() -> Iterator[Event]:
            yield from self.library(told)
            if not told.get("elsewhere"):
                yield self.event(
                    "Exception occurred while processing message.",
                    level="Error",
                    source=source,
                    id=3,
                    name="ProcessingMessageFailed",
                    exception=exception,
                )
            if told.get("signin"):
                remote = {"ErrorMessage": message(exception)}
                yield self.event(
                    "Error from RemoteAuthentication: {ErrorMessage}.",
                    props=remote,
                    source=source,
                    id=4,
                    name="RemoteAuthenticationError",
                )
                wrapped = "Microsoft.AspNetCore.Authentication.AuthenticationFailureException: An error was encountered while handling the remote login."
                last = f"{wrapped}\n ---> {exception}\n   --- End of inner exception stack trace ---\n{REMOTE}"
            else:
                last = f"{exception}\n{PIPELINE}"
            yield self.event(
                "An unhandled exception has occurred while executing the request.",
                level="Error",
                source="Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware",
                id=1,
                name="UnhandledException",
                exception=last,
            )

        yield from self.exchange(told, inside, 500)

    # ------------------------------------------------------------------ parts of steps

    def words(self, text: str) -> str:
        """The library's own words, with its current time filled in."""
        return text.rstrip("\n").replace("@NOW@", f"{self.clock:%m/%d/%Y %H:%M:%S}")

    def library(self, told: dict[str, Any]) -> Iterator[Event]:
        """What the library's own logger, where it is on, says first."""
        adapter = "Microsoft.IdentityModel.LoggingExtensions.IdentityLoggerAdapter"
        for said in told.get("library", []):
            ((level, text),) = said.items()
            yield self.event("{Text}", props={"Text": self.words(text)}, level=level, source=adapter)

    def exchange(self, told: dict[str, Any], inside: Callable[[], Iterator[Event]], status: int) -> Iterator[Event]:
        """A request's first and last record around what happens in between."""
        self.requests += 1
        path, method = told["path"], told.get("method", "GET")
        self.request = {"request": f"{self.connection}:{self.requests:08X}", "path": path}
        began = self.clock
        asked = {
            "Protocol": "HTTP/1.1",
            "Method": method,
            "ContentType": None,
            "ContentLength": None,
            "Scheme": "https",
            "Host": HOST,
            "PathBase": "",
            "Path": path,
            "QueryString": "",
        }
        where = f"HTTP/1.1 {method} https://{HOST}{path}"
        template = "{Protocol} {Method} {Scheme}://{Host}{PathBase}{Path}{QueryString} - "
        yield self.event(
            "Request starting " + template + "{ContentType} {ContentLength}",
            props=asked,
            source=HOSTING,
            id=1,
            plain=f"Request starting {where} - - -",
        )
        yield from inside()
        took = round((self.clock - began) / timedelta(milliseconds=1) + 0.2071, 4)
        kind, length = ("application/json; charset=utf-8", None) if status == 200 else (None, 0)
        answer = {
            "ElapsedMilliseconds": took,
            "StatusCode": status,
            **asked,
            "ContentType": kind,
            "ContentLength": length,
        }
        mel_kind = kind.replace("; ", ";+") if kind else "-"
        yield self.event(
            "Request finished " + template + "{StatusCode} {ContentLength} {ContentType} {ElapsedMilliseconds}ms",
            props=answer,
            source=HOSTING,
            id=2,
            plain=f"Request finished {where} - {status} {'-' if length is None else length} {mel_kind} {took}ms",
        )
        self.request = {}

    def served(self, told: dict[str, Any]) -> Iterator[Event]:
        number = told["path"].rsplit("/", 1)[-1]
        yield self.event(
            "Executing endpoint '{EndpointName}'",
            props={"EndpointName": "HTTP: GET /orders/{id:int}"},
            source="Microsoft.AspNetCore.Routing.EndpointMiddleware",
            name="ExecutingEndpoint",
        )
        yield self.event(
            "Order {OrderId} loaded in {Elapsed} ms",
            props={"OrderId": int(number) if number.isdigit() else 0, "Elapsed": 12},
        )

    def challenged(self, told: dict[str, Any]) -> Iterator[Event]:
        reason = (
            "These requirements were not met:\nDenyAnonymousAuthorizationRequirement: Requires an authenticated user."
        )
        yield self.event(
            "Authorization failed. {Reason}",
            props={"Reason": reason},
            source="Microsoft.AspNetCore.Authorization.DefaultAuthorizationService",
            id=2,
            name="UserAuthorizationFailed",
        )
        scheme = {"AuthenticationScheme": told.get("scheme", "Bearer")}
        yield self.event(
            "AuthenticationScheme: {AuthenticationScheme} was challenged.",
            props=scheme,
            source=BEARER,
            id=12,
            name="AuthenticationSchemeChallenged",
        )


PIPELINE = """\
   at Microsoft.AspNetCore.Authentication.AuthenticationHandler`1.AuthenticateAsync()
   at Microsoft.AspNetCore.Authentication.AuthenticationService.AuthenticateAsync(HttpContext context, String scheme)
   at Microsoft.AspNetCore.Authentication.AuthenticationMiddleware.Invoke(HttpContext context)
   at Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddlewareImpl.<Invoke>g__Awaited|10_0(ExceptionHandlerMiddlewareImpl middleware, HttpContext context, Task task)"""
REMOTE = """\
   at Microsoft.AspNetCore.Authentication.RemoteAuthenticationHandler`1.HandleRequestAsync()
   at Microsoft.AspNetCore.Authentication.AuthenticationMiddleware.Invoke(HttpContext context)
   at Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddlewareImpl.<Invoke>g__Awaited|10_0(ExceptionHandlerMiddlewareImpl middleware, HttpContext context, Task task)"""


def message(exception: str) -> str:
    """``Exception.Message`` of the outermost exception, of what ``ToString()`` printed."""
    kept = []
    for line in exception.split("\n"):
        if line.startswith(("   at ", " ---> ")):
            break
        kept.append(line)
    return "\n".join(kept).partition(": ")[2]


def documents(told: list[dict[str, Any]]) -> dict[str, Any]:
    """A bundle; a body that is data is written as compact JSON."""
    out = []
    for document in told:
        body = document["body"]
        out.append({**document, "body": body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))})
    return {"schema": "authlens.bundle/1", "documents": out}


def save(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def make(path: Path, out: Path = OUT) -> None:
    story = yaml.safe_load(path.read_text(encoding="utf-8"))
    name = path.stem
    events = list(Story(story, name).events(story["log"]))
    save(out / f"{name}.log", write(story["logger"], events, story.get("envelope")))
    if "settings" in story:
        save(out / f"{name}.appsettings.json", json.dumps(story["settings"], indent=2) + "\n")
    if "documents" in story:
        save(out / f"{name}.bundle.json", json.dumps(documents(story["documents"]), indent=1) + "\n")


def main() -> None:
    for path in sorted(STORIES.glob("*.yml")):
        if not sys.argv[1:] or path.stem in sys.argv[1:]:
            make(path)


if __name__ == "__main__":
    main()
