from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from authlens.model import Alternative, Evidence, InputReport, Result
from authlens.reports import charts, diff
from authlens.reports.document import Document
from authlens.reports.html import LARGEST, render
from tests.unit.helpers import results
from tests.unit.helpers.shared import changed

VOID = {"meta", "link", "br", "img", "input", "hr"}
OURS = {"html", "head", "title", "style", "body", "script", "header", "main", "footer", "section", "article", "details"}


class Page(HTMLParser):
    """What a browser would see: tags with attributes, texts, and whether all is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.text.setdefault(self.open[-1], []).append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module", params=["typical", "hostile", "healthy"])
def page(request: pytest.FixtureRequest) -> str:
    return render(Document(getattr(results, request.param)()))


def test_every_tag_is_closed_and_none_comes_from_the_log(page: str) -> None:
    """A hostile log adds no element: tags nest, and there is one style and one script."""
    seen = Page(page)
    assert seen.open == []
    assert len(seen.named("style")) == len(seen.named("script")) == 1
    assert not seen.named("img")
    assert not seen.named("iframe")


def test_the_policy_allows_the_one_style_and_the_one_script(page: str) -> None:
    """Their hashes are those of the text between the tags; everything else is forbidden."""
    metas = Page(page).named("meta")
    policy = next(m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy") or ""
    for tag in ("style", "script"):
        text = page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    for way_out in ("base-uri", "form-action"):  # default-src does not stand for these
        assert f"{way_out} 'none'" in policy
    assert "unsafe" not in policy


def test_nothing_is_loaded_and_nothing_runs(page: str) -> None:
    """No ``style=``, no ``on…=``, no address but in links, and those lead to the web only."""
    for tag, attributes in Page(page).tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        assert not {"src", "srcset", "background", "action", "formaction", "data", "ping"} & set(attributes)
        address = attributes.get("href")
        assert address is None or address.startswith(("#", "https://", "http://"))
        assert tag != "link"
    assert "@import" not in page
    assert "url(" not in page


def test_what_steers_is_written_out(page: str) -> None:
    """No control character but line feeds, no character that turns the direction or hides."""
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]", page)


def test_hostile_texts_can_still_be_read() -> None:
    """Escaped, not dropped."""
    page = render(Document(results.hostile()))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\\u{202e}gnp.exe" in page
    assert "\\x1b[31mred" in page
    assert "{{ 7*7 }}" in page


def test_the_page_can_be_used_without_eyes(page: str) -> None:
    """A language, one ``h1``, headings without gaps, landmarks, and tables with caption and scope."""
    seen = Page(page)
    assert seen.named("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in seen.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert len(seen.named("main")) == len(seen.named("header")) == len(seen.named("footer")) == 1
    assert len(seen.named("caption")) == len(seen.named("table"))
    assert all(th.get("scope") in {"row", "col"} for th in seen.named("th"))
    ids = [a["id"] for _, a in seen.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in seen.tags:
        for name in ("aria-labelledby",):
            assert set((attributes.get(name) or "").split()) <= set(ids)


def test_links_inside_the_page_lead_somewhere(page: str) -> None:
    """Each ``#…`` has its target."""
    seen = Page(page)
    ids = {a["id"] for _, a in seen.tags if "id" in a}
    assert {(a["href"] or "")[1:] for a in seen.named("a") if (a.get("href") or "").startswith("#")} <= ids


def test_equal_results_give_equal_bytes() -> None:
    """The page carries no time but the log's and the given present."""
    assert render(Document(results.typical())) == render(Document(results.typical()))


def test_the_page_answers_first() -> None:
    """What is wrong, how often, since when, what to do, what fails next, what would decide."""
    page = render(Document(results.typical()))
    answer = page[page.index('id="answer"') : page.index('id="time"')]
    for text in (
        "The issuer rotated its signing key and the API still holds the old set",
        "<strong>40 requests</strong> refused 09:22:11–09:49:29, then no more",
        "82 % of all failures",
        "going on at the end of the log",
        "Restart the API to load the current keys now.",
        "IDX10214: the audience is Okta itself",
    ):
        assert text in answer
    assert answer.index("rotated its signing key") < answer.index("org authorization server")
    assert "<code>Authority</code>" in page
    assert "DoNotScrubExceptions" in page
    assert "alice@example.org" not in page


def test_equal_steps_are_told_once() -> None:
    """A second group with the same remedy refers to the first; its explanation tells what is its own."""
    one, other = results.rotated(2)
    other = changed(other, explanation="Another scheme: 1 request refused at 2026-11-24 10:00:00 UTC.")
    groups = (results.group([one]), results.group([other], id="g2"))
    page = render(Document(replace(results.typical(), findings=(one, other), groups=groups)))
    assert 'The same as for <a href="#sig.key-rotated">' in page
    assert "Another scheme: 1 request refused" in page
    assert page.count("Set <code>RefreshOnIssuerKeyNotFound</code>") == 1


def test_no_line_breaks_a_date_apart() -> None:
    """It stands in an element of its own; what the log says around it is text."""
    result = results.typical()
    told = replace(result.groups[0], explanation="<b> was refused at 2026-11-24 10:00:00 UTC, 2 times")
    page = render(Document(replace(result, groups=(told, *result.groups[1:]))))
    assert '&lt;b&gt; was refused at <span class="t">2026-11-24 10:00:00 UTC</span>, 2 times' in page


def test_an_unread_log_is_no_healthy_log() -> None:
    """Where nothing was read, no page says that no refused token was found."""
    page = render(Document(Result(version="0.1.0", now=results.NOW, unusable=("a.log: no such file",))))
    assert "No refused token" not in page
    assert "Nothing was read" in page
    assert "a.log: no such file" in page


def test_differences_are_marked_and_said() -> None:
    """Expected and found stand side by side; what differs is marked, and named in words."""
    page = render(Document(results.typical()))
    assert "https://dev-606497.oktapreview.com<mark>/oauth2/default</mark>" in page


def test_a_page_stays_small_whatever_the_log() -> None:
    """A typical one is below 150 KB; thousands of causes with long texts stay below the limit, and it says so."""
    assert len(render(Document(results.typical())).encode()) < 150_000
    text = "<&>\u202e" * 400
    found = [
        changed(f, title=text + str(i), explanation=text, cause="sig.wrong-key")
        for i, f in enumerate(results.rotated(700))
    ]
    groups = tuple(results.group([f], id=f"g{i}", issuers=(text,) * 9) for i, f in enumerate(found))
    page = render(Document(replace(results.typical(), findings=tuple(found), groups=groups)))
    assert len(page.encode()) <= LARGEST
    assert "of 700 groups shown; the rest in the JSON" in page


def test_long_values_of_the_evidence_are_cut() -> None:
    """Expected and found are as hostile as the rest: eight kilobytes each in every row of every group."""
    rows = tuple(Evidence(name=f"row {i}", expected="&" * 8000 + "a", found="&" * 8000 + "b") for i in range(40))
    found = [replace(f, id=f"id{i}") for i, f in enumerate(results.okta() * 4)]
    groups = tuple(results.group([f], id=f"g{i}", evidence=rows) for i, f in enumerate(found))
    assert len(render(Document(replace(results.typical(), findings=tuple(found), groups=groups))).encode()) <= LARGEST


def test_cut_lists_say_how_much_is_missing() -> None:
    """Of many failures of a cause the first twenty are shown."""
    assert "20 of 40 failures shown; the rest in the JSON." in render(Document(results.typical()))


# --------------------------------------------------------------------------- parts


@pytest.mark.parametrize("seconds", [0, 1, 59, 3600, 86_400, 10**7, 10**9])
def test_a_timeline_has_few_round_steps(seconds: int) -> None:
    """Whatever the period, no more bins than fit, and every time lies in one."""
    start = 1_795_510_931
    axis = charts.Axis.over(start, start + seconds)
    assert 1 <= axis.bins <= charts.MOST_BINS
    assert axis.start % axis.step == 0
    assert axis.counts([start, start + seconds]) == axis.counts([start + seconds, start])
    assert sum(axis.counts([start, start + seconds / 2, start + seconds])) == 3
    assert axis.start <= start
    assert start + seconds < axis.start + axis.step * axis.bins


def test_times_beyond_the_calendar_do_no_harm() -> None:
    """A log may claim the year 1 or 9999."""
    axis = charts.Axis.over(-62_135_596_800, 253_402_300_799)
    assert axis.full_label(0)
    assert axis.full_label(axis.bins)


def test_the_heights_of_a_stack_add_up() -> None:
    """The fullest step reaches the top; each part has its share."""
    axis = charts.Axis(0, 60, 3)
    bars, top = charts.stacked(axis, [[3, 0, 1], [1, 0, 0]], ["a", "b"])
    assert top == 4
    assert [(b.series, b.height) for b in bars] == [(0, 75.0), (1, 25.0), (0, 25.0)]


def test_weekdays_are_those_of_the_calendar() -> None:
    """24 November 2026 is a Tuesday."""
    table = charts.by_hour([1_795_512_000.0])
    assert table[1][10] == 1 or table[1][9] == 1
    assert sum(map(sum, table)) == 1


@pytest.mark.parametrize(
    ("expected", "found", "words"),
    [
        ("https://a/x", "https://a/x/", "differs only by a final slash"),
        ("https://a/X", "https://a/x", "differs only by case"),
        ("api://orders", "api://orders ", "differs only by white space"),
        ("https://a/x", "http://a/x", "differs only in its scheme"),
        ("https://a/x", "https://b/x", "differs only in its host"),
        ("https://a/x", "https://a/y", "differs only in its path"),
        ("https://a/x", "http://b/x", ""),
        ("http://[", "http://a", ""),
    ],
)
def test_differences_in_words(expected: str, found: str, words: str) -> None:
    """The kind of near miss is said, and nothing where there is none."""
    assert diff.words(expected, found) == words


def test_pieces_join_to_what_they_were() -> None:
    """Marking changes no text, however long."""
    one, other = "https://idp.example/realms/a" + "x" * 500, "https://idp.example/realms/b" + "x" * 400
    left, right = diff.pieces(one, other)
    assert "".join(t for t, _ in left) == one
    assert "".join(t for t, _ in right) == other
    assert ("a", True) in left
    assert ("b", True) in right


def test_what_two_spellings_share_stays_unmarked() -> None:
    """However little stands between the letters that differ."""
    left, right = diff.pieces("shop-api", "Shop-Api")
    assert left == [("s", True), ("hop-", False), ("a", True), ("pi", False)]
    assert right == [("S", True), ("hop-", False), ("A", True), ("pi", False)]


def test_a_sentence_is_not_compared_with_an_address() -> None:
    """Marking letters that a remark happens to share with a value would mislead."""
    left, right = diff.pieces("https://idp.example.org", "https of idp.example.org: not known")
    assert not any(differs for _, differs in (*left, *right))


def test_letters_that_two_ids_share_by_chance_are_no_likeness() -> None:
    """Of two tenants each group of digits is marked as a whole, not in crumbs."""
    one, other = (f"https://a.example/{tenant}/v2.0" for tenant in ("6f72127c-3bfc-9235", "0fe502b8-8b8d-59e2"))
    for pieces, tenant in zip(diff.pieces(one, other), ("6f72127c-3bfc-9235", "0fe502b8-8b8d-59e2"), strict=True):
        assert pieces[0] == ("https://a.example/", False)
        assert pieces[-1] == ("/v2.0", False)
        assert {text for text, differs in pieces[1:-1] if not differs} <= {"-"}
        assert "".join(text for text, _ in pieces[1:-1]) == tenant


def many(causes: int, groups: int) -> Result:
    """A result of so many groups, their causes and schemes taken in turn."""
    found = [
        changed(f, id=f"id{i}", cause=f"sig.cause-{i % causes}", title=f"Cause {i % causes}")
        for i, f in zip(range(groups), itertools.cycle(results.okta()), strict=False)
    ]
    told = [results.group([f], id=f"g{i}", schemes=(f"Scheme{i}",)) for i, f in enumerate(found)]
    return replace(results.typical(), findings=tuple(found), groups=tuple(told))


def test_many_groups_are_a_table_after_the_worst() -> None:
    """Each leads to its detail; no group is in neither, and the heading counts causes and groups."""
    page = render(Document(many(causes=15, groups=20)))
    assert ">20 tokens refused, 15 causes in 20 groups</h1>" in page
    assert page.count('<li class="answer') == 8
    rows = re.findall(r'<tr><th scope="row"><a href="#([^"]+)">Cause \d+</a></th>', page)
    assert len(rows) == 12
    assert all(f'id="{anchor}"' in page for anchor in rows)


@pytest.mark.parametrize(("groups", "folded"), [(3, False), (20, True)])
def test_the_details_of_many_groups_are_folded(groups: int, folded: bool) -> None:
    """Few are open to be read on; of many each shows what is the matter, and its evidence on demand."""
    page = render(Document(many(causes=3, groups=groups)))
    assert page.count('<details class="more">') == (groups if folded else 0)
    assert page.count('<article class="cause') == groups
    for article in page.split("<article ")[1:]:
        assert '<p class="meta">' in article.partition("<details")[0]  # never folded away


def test_every_part_of_the_page_can_be_jumped_to(page: str) -> None:
    """The parts that the navigation names are those that are there, in their order."""
    seen = Page(page)
    parts = re.findall(r'<section aria-labelledby="([^"]+)"', page)
    nav = re.search("<nav .*?</nav>", page, re.DOTALL)
    named = re.findall('href="#([^"]+)"', nav.group()) if nav else []
    assert named in ([], parts)
    assert bool(named) is bool(seen.named("article"))


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(scheme: str) -> None:
    """4.5:1 for text on all grounds that it stands on, 3:1 for the colours of charts, in both schemes."""
    page = render(Document(results.typical()))
    light, dark = re.findall(r":root \{(.*?)\}", page, re.DOTALL)[:2]
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", light if scheme == "light" else light + dark))
    texts = ("ink", "soft", "link", "yes", "no", "dunno", "critical", "high", "medium", "low", "informational")
    pairs = {(text, ground): 4.5 for text in texts for ground in ("page", "card")}
    pairs |= {("ink", "faint"): 4.5, ("mark-ink", "mark"): 4.5, ("card", "critical"): 4.5}
    pairs |= {(f"s{number}", "card"): 3.0 for number in range(6)}
    assert {pair: _contrast(*(colours[c] for c in pair)) for pair in pairs} == pytest.approx(
        {pair: max(least, _contrast(*(colours[c] for c in pair))) for pair, least in pairs.items()}
    )


def test_where_there_are_many_the_answer_tells_each_cause_once() -> None:
    """Eleven issuers with the same fault must not hide the next cause; the card counts the others."""
    page = render(Document(many(causes=3, groups=20)))
    answer = page[page.index('<ol class="answers">') : page.index("</ol>\n<div")]
    assert re.findall(r'<a href="#[^"]+">(Cause \d)</a>', answer) == ["Cause 0", "Cause 1", "Cause 2"]
    assert re.findall(r'<a href="#brief">(.*?)</a> of (.*?)</span>', answer) == [
        ("6 further groups", "6 requests"),
        ("6 further groups", "6 requests"),
        ("5 further groups", "5 requests"),
    ]


def test_the_sum_over_causes_closes() -> None:
    """The commonest are listed, the failures of the rest are counted."""
    page = render(Document(many(causes=15, groups=20)))
    (line,) = re.findall(r"20 failures = (.*?).</p>", page)
    assert sum(map(int, re.findall(r"(?:^|\+ )(\d+) ", line))) == 20
    assert line.endswith("of 3 further causes")


def test_groups_of_one_cause_are_one_series() -> None:
    """A legend that names a cause twice tells nothing; its numbers add up to all failures."""
    page = render(Document(many(causes=3, groups=20)))
    legend = page[page.index('<ul class="legend">') :]
    named = re.findall(r'</span> (.*?) <span class="soft">\((\d+)\)', legend[: legend.index("</ul>")])
    assert [name for name, _ in named] == ["Cause 0", "Cause 1", "Cause 2"]
    assert sum(int(number) for _, number in named) == 20


def test_what_would_decide_is_said_once() -> None:
    """For all open causes together; what concerns only some names them."""
    open_causes = (
        Alternative(cause="aud.missing", why="It may be so.", decided_by=("the switch", "one token")),
        Alternative(cause="aud.url-form", why="Or so.", decided_by=("the switch",)),
    )
    found = tuple(changed(f, alternatives=open_causes) for f in results.okta())
    groups = (results.group(list(found), alternatives=open_causes),)
    page = render(Document(replace(results.typical(), findings=found, groups=groups)))
    details = page[page.index('id="causes"') :]
    assert details.count("the switch") == 1
    assert re.search(r'one token <span class="soft">\(aud\.missing\)</span>', page)


def test_a_file_that_could_not_be_read_is_no_row_of_zeros() -> None:
    """Nor is it said that authentication is not visible in it."""
    broken = InputReport(path="broken.gz", layout=None, error="broken off")
    page = render(Document(replace(results.typical(), inputs=(*results.typical().inputs, broken))))
    row = next(line for line in page.splitlines() if "broken.gz</code></th>" in line)
    assert "broken off" in row
    assert "visible" not in row
