"""The page for people: one static file that loads nothing and runs at most one script of its own.

Everything that came from a log is escaped by the templates and has its control and direction characters
written out. What the page shows is what the document holds, cut to a size that opens anywhere.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Final, TextIO

import jinja2

from authlens.reports import accounting, charts, wording
from authlens.reports.document import Document
from authlens.reports.html import markup
from authlens.reports.html.page import Limits, Page

LARGEST: Final = 500_000
"""Bytes of a page, whatever the log."""
TYPICAL: Final = 150_000
"""Bytes beyond which lists are shortened."""

_TIGHTER: Final = (
    (TYPICAL, Limits()),
    (LARGEST, Limits(failures=5, rows=20, text=800)),
    (LARGEST, Limits(causes=25, brief=120, failures=5, rows=15, text=600, steps=8)),
    (LARGEST, Limits(causes=12, brief=60, failures=3, rows=10, text=300, steps=6)),
    (LARGEST, Limits(causes=5, told=5, brief=25, failures=2, rows=6, text=120, steps=4, charts=False)),
)
"""Bytes that a page may have, and what it then shows; the first that fits is taken."""


def write(parts: Document, out: TextIO) -> None:
    """Writes the page; equal results give equal bytes."""
    out.write(render(parts))


def render(parts: Document) -> str:
    """The page as text, below ``LARGEST`` bytes whatever the input."""
    told = Page(parts, samples=max(limits.failures for _, limits in _TIGHTER))
    page = _template()
    data = b""
    for most, limits in _TIGHTER:
        data = page.render(limits=limits, **told.view(limits)).encode("utf-8", "replace")
        if len(data) <= most:
            break
    return data.decode("utf-8")


def _template() -> jinja2.Template:
    """The page with all that is the same in every one, compiled once for all limits."""
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    ours = {"style": markup.ours(style), "script": markup.ours(script), "policy": policy}
    return _environment().get_template("report.html.jinja", globals=ours)


def _asset(name: str) -> str:
    text = resources.files("authlens.reports").joinpath("templates", name).read_text("utf-8")
    return "\n" + text.replace("\r\n", "\n").strip() + "\n"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("authlens.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters |= {
        "causes": wording.causes,
        "count": wording.count,
        "gist": wording.gist,
        "marked": markup.marked,
        "moment": wording.moment,
        "number": lambda number: f"{number:,}",
        "place": wording.place,
        "prose": _prose,
        "size": wording.size,
        "span": wording.span,
        "some": wording.some,
        "stack": wording.stack,
        "web": markup.is_web,
    }
    environment.globals |= {
        "CONFIDENCE": wording.CONFIDENCE,
        "WEEKDAYS": charts.WEEKDAYS,
        "SHOW": accounting.SHOW_AUTHENTICATION,
    }
    return environment


@jinja2.pass_context
def _shown(context: jinja2.runtime.Context, value: object) -> object:
    return markup.shown(value, longest=context["limits"].text)


@jinja2.pass_context
def _prose(context: jinja2.runtime.Context, text: str) -> str:
    return markup.prose(text, longest=context["limits"].text)
