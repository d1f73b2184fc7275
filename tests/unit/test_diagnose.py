"""From evidence to a finding: one cause, what stays open, what would decide, what fails next, and an id."""

from datetime import timedelta
from pathlib import Path

import pytest

from authlens.diagnosis import causes, diagnose, ruleset, schema
from authlens.diagnosis.causes import CAUSES, MOST_ALTERNATIVES
from authlens.diagnosis.diagnose_words import OWN_SPOKEN, decided_by, evidence_rows
from authlens.diagnosis.evidence import OWN
from authlens.diagnosis.rule import Ruleset
from authlens.model import Confidence, Expectations, Failure, Finding, Library, Origin, Outcome, Severity
from authlens.trust.documents import Documents
from tests.unit.helpers.refusals import (
    CLIENT,
    ENTRA,
    ISSUER,
    NOW,
    ORG,
    OTHER,
    TENANT,
    bundle,
    decoded,
    failure,
    provider,
    scheme,
    table,
)
from tests.unit.helpers.shared import changed

PACK = ruleset.load()
GRAPH = "00000003-0000-0000-c000-000000000000"


def find(
    failures: list[Failure], documents: Documents | None = None, *schemes: Expectations, pack: Ruleset = PACK
) -> tuple[Finding, ...]:
    return diagnose.diagnose(table(failures, documents, *schemes), pack)


def one(failure_: Failure, documents: Documents | None = None, *schemes: Expectations) -> Finding:
    return find([failure_], documents, *schemes)[0]


def listed(finding: Finding) -> list[str]:
    return [finding.cause, *(a.cause for a in finding.alternatives)]


# --------------------------------------------------------------------------- the founding case


def org_token(**more: object) -> Failure:
    """A token of an Okta organization's own authorization server: its audience is the organization."""
    claims = {"iss": ORG, "aud": ORG, "exp": NOW.timestamp() + 600, "nbf": NOW.timestamp() - 60, "cid": "0oa1"}
    token = decoded(claims, {"alg": "RS256", "kid": "unseen"})
    fields = {"iss": ORG, "aud": (ORG,), "kid": "unseen", "alg": "RS256"}
    values = {"text": "Signature validation failed. Unable to match key.", "fields": fields, "token": token, **more}
    return failure(str(values.pop("code", "IDX10501")), **values)  # type: ignore[arg-type]  # as the case gives them


@pytest.mark.parametrize("expected", [ORG, f"{ORG}/oauth2/default"])
def test_a_token_of_an_organizations_own_server_is_meant_for_that_organization(tmp_path: Path, expected: str) -> None:
    """Whatever key signed it, and whichever of the two servers the API believes in."""
    documents = bundle(tmp_path, provider(expected, "seen"))
    found = one(org_token(), documents, scheme(issuer=expected, audience="api://orders"))
    assert (found.cause, found.confidence) == ("sig.opaque-access-token", Confidence.CERTAIN)
    assert found.alternatives == ()
    assert {r.stack for r in found.remediation} >= {"identity-provider", "aspnetcore"}
    assert any("authorization server" in step for r in found.remediation for step in r.steps)


def test_repairing_the_signature_alone_would_bring_the_audience_to_light(tmp_path: Path) -> None:
    """What the library reports next is foretold."""
    documents = bundle(tmp_path, provider(ORG, "seen"))
    found = one(org_token(), documents, scheme(issuer=ORG, audience="api://orders"))
    assert found.next is not None
    assert (found.next.code, found.next.cause) == ("IDX10214", "aud.other-api")
    assert "api://orders" in found.next.why
    assert ORG in found.next.why


def test_where_the_signature_was_let_pass_the_audience_shows_the_same_cause() -> None:
    """The number is another one; what is really the case is not."""
    found = one(org_token(code="IDX10214", text="Audience validation failed."), None, scheme(issuer=ORG))
    assert (found.cause, found.confidence) == ("sig.opaque-access-token", Confidence.CERTAIN)


def test_a_token_that_is_hidden_leaves_open_whose_it_was(tmp_path: Path) -> None:
    """The API trusts an organization's server; the log shows no more than a number."""
    documents = bundle(tmp_path, provider(ORG, "seen"))
    found = one(failure("IDX10501", hidden=True), documents, scheme(issuer=ORG, audience="api://orders"))
    assert found.confidence is not Confidence.CERTAIN
    assert "sig.opaque-access-token" in listed(found)
    assert len(found.alternatives) >= 2


# --------------------------------------------------------------------------- certainty and what is open


def test_a_certain_cause_has_no_alternatives() -> None:
    """The times that the message prints decide."""
    fields = {"valid_to": NOW - timedelta(hours=5, minutes=7, seconds=3), "current_time": NOW}
    found = one(failure("IDX10223", fields=fields), None, scheme())
    assert (found.cause, found.confidence, found.alternatives) == ("life.expired", Confidence.CERTAIN, ())


def test_what_is_open_is_listed_once_each_and_never_more_than_six() -> None:
    """A reader can act on six; each has a reason of its own."""
    found = one(failure("IDX10501", hidden=True))
    assert 1 <= len(found.alternatives) <= MOST_ALTERNATIVES
    assert len(set(listed(found))) == len(listed(found))
    assert all(a.why for a in found.alternatives)
    assert set(listed(found)) <= set(causes.CAUSES)


def test_each_open_cause_says_what_would_decide() -> None:
    """The cheapest first: settings and keys cost nothing, a token is work."""
    found = one(failure("IDX10501", hidden=True))
    deciders = {d for a in found.alternatives for d in a.decided_by}
    assert any("ShowPII" in d for d in deciders)
    assert any("--bundle" in d for d in deciders)
    assert any("authlens token" in d for d in deciders)


def test_a_scrubbed_audience_names_the_switch_that_shows_it() -> None:
    """Version 8 hides audiences even where ShowPII is on."""
    text = (
        "Audience validation failed. Audiences: '[PII of type 'System.String' is hidden.]'. Did not match: "
        "validationParameters.ValidAudience: 'null' or validationParameters.ValidAudiences: '(0)'."
    )
    found = one(failure("IDX10214", text=text, hidden=True, library=Library(low=(8, 0))), None, scheme())
    assert found.confidence is not Confidence.CERTAIN
    assert any(d for a in found.alternatives for d in a.decided_by)


def test_keys_at_hand_are_not_asked_for(tmp_path: Path) -> None:
    """With the published keys known, looking them up decides nothing more."""
    documents = bundle(tmp_path, provider(ISSUER, "k1"))
    shown = failure("IDX10501", fields={"kid": "k9"})
    found = one(shown, documents, scheme())
    assert not any("--bundle" in d for a in found.alternatives for d in a.decided_by)


def test_a_failure_that_no_rule_knows_is_undetermined() -> None:
    """It is shown as it stands, with low confidence and no advice."""
    found = find([failure("IDX19999")], pack=Ruleset())[0]
    assert (found.cause, found.confidence) == (causes.UNDETERMINED, Confidence.POSSIBLE)
    assert found.rule is None
    assert found.alternatives == ()
    assert found.title


def test_where_no_rule_tells_more_the_catalogue_names_the_causes() -> None:
    """What a code can stand for is known before any rule: each with what would decide it, six at most."""
    found = find([failure("IDX10501")], pack=Ruleset())[0]
    assert found.cause == causes.UNDETERMINED
    assert "sig.key-rotated" in listed(found)
    assert 0 < len(found.alternatives) <= 6
    assert all(a.decided_by for a in found.alternatives)


def test_a_response_header_alone_names_a_check_and_no_cause() -> None:
    """What the client was told of the issuer leaves open what is wrong with it; that a token expired is told."""
    said = 'WWW-Authenticate: Bearer error="invalid_token", error_description="The issuer \'(null)\' is invalid"'
    found = one(failure(None, said))
    assert found.cause == causes.UNDETERMINED
    assert {"iss.other-environment", "iss.url-form"} <= set(listed(found))
    expired = said.replace("The issuer '(null)' is invalid", "The token expired at '01/02/2024 10:00:00'")
    assert one(failure(None, expired)).cause == "life.expired"


def test_an_error_of_the_sign_in_that_is_not_the_clients_is_left_open() -> None:
    """The user pressed No: nothing is wrong with the client's secret."""
    assert one(failure(None, "Message contains error: 'access_denied'")).cause == causes.UNDETERMINED
    assert one(failure(None, "Message contains error: 'invalid_client'")).cause == "flow.wrong-client-config"
    assert one(failure(None, "Message contains error: 'invalid_grant'")).cause == "flow.nonce-state"


@pytest.mark.parametrize("code", ["IDX10223", "IDX10501", "IDX10214", "IDX10205", "IDX20803", "IDX14100", None])
def test_a_bare_number_is_never_certain_of_more_than_it_says(code: str | None) -> None:
    """Without a single value, only those whose number itself decides are sure."""
    found = one(failure(code, hidden=True))
    sure = {"life.expired"}
    assert found.confidence is not Confidence.CERTAIN or found.cause in sure
    assert found.explanation


# --------------------------------------------------------------------------- words


def test_the_explanation_is_filled_from_the_evidence() -> None:
    """No placeholder survives, and the values of this failure stand in it."""
    fields = {"aud": ("billing",), "valid_audience": "orders", "iss": ISSUER}
    found = one(failure("IDX10214", fields=fields), None, scheme())
    text = " ".join((found.explanation, *(step for r in found.remediation for step in r.steps)))
    assert "{" not in text
    assert "}" not in text
    assert "billing" in found.explanation


def test_evidence_rows_put_expected_beside_found() -> None:
    """With the difference in words, so that a slash is not overlooked."""
    fields = {"iss": ISSUER, "configuration_issuer": f"{ISSUER}/"}
    found = one(failure("IDX10205", fields=fields))
    (row,) = (e for e in found.evidence if e.name == "issuer")
    assert (row.expected, row.found) == (f"{ISSUER}/", ISSUER)
    assert row.difference


def test_hidden_values_are_said_to_be_hidden() -> None:
    """Unknown is a value with a reason."""
    found = one(failure("IDX10214", hidden=True), None, scheme())
    (row,) = (e for e in found.evidence if e.name == "audience")
    assert (row.expected, row.found) == ("orders", "hidden by the library")


def test_a_scheme_that_accepted_makes_the_refusal_informational() -> None:
    """Nobody was turned away."""
    refused = failure("IDX10501", scheme="Shop", outcome=Outcome(status=200, accepted_by="Partner"))
    found = one(refused)
    assert (found.cause, found.severity) == ("flow.other-scheme", Severity.INFORMATIONAL)
    assert "Partner" in found.explanation


def test_a_shorter_rule_borrows_the_advice_of_its_cause() -> None:
    """Every cause has steps and references, however it was found."""
    for rule in PACK.rules:
        fellow = [r for r in PACK.rules if r.cause == rule.cause]
        assert any(r.remediation for r in fellow), rule.cause
        assert any(r.references for r in fellow), rule.cause
    shown = failure("IDX10501", hidden=True)
    assert one(shown).remediation
    assert one(shown).references


# --------------------------------------------------------------------------- further faults


def test_further_faults_of_the_token_stand_beside_the_cause() -> None:
    """An old token for another API: the library stops at the first fault, the report does not."""
    claims = {"iss": ISSUER, "aud": "billing", "exp": NOW.timestamp() - 7200, "nbf": NOW.timestamp() - 9000}
    fields = {"valid_to": NOW - timedelta(hours=2), "current_time": NOW, "iss": ISSUER, "aud": ("billing",)}
    old = failure("IDX10223", fields=fields, token=decoded(claims))
    found = one(old, None, scheme(issuers=(ISSUER,)))
    assert found.cause == "life.expired"
    assert "aud.other-api" in {a.cause for a in found.also}
    assert found.next is not None
    assert found.next.code == "IDX10214"
    assert found.cause not in {a.cause for a in found.also}


def test_without_a_token_nothing_is_foretold() -> None:
    """A prediction needs claims."""
    found = one(failure("IDX10223"), None, scheme())
    assert (found.also, found.next, found.checks) == ((), None, ())


def test_a_graph_token_is_known_by_its_audience() -> None:
    """Microsoft Graph's tokens are signed over another header; nobody else can check them."""
    claims = {"iss": f"https://sts.windows.net/{TENANT}/", "aud": GRAPH, "ver": "1.0", "tid": TENANT}
    header = {"alg": "RS256", "kid": "k1", "nonce": "n"}
    fields = {"iss": claims["iss"], "aud": (GRAPH,), "kid": "k1"}
    graph = failure("IDX10511", fields=fields, token=decoded(claims, header))
    found = one(graph, None, scheme(issuer=ENTRA, audience=CLIENT))
    assert (found.cause, found.confidence) == ("sig.graph-token", Confidence.CERTAIN)


# --------------------------------------------------------------------------- neighbours


def test_a_refusal_that_shows_its_values_speaks_for_those_that_hide_them(tmp_path: Path) -> None:
    """It makes their cause likelier, and is named; it does not make it certain."""
    documents = bundle(tmp_path, provider(ORG, "seen"))
    expected = scheme(issuer=ORG, audience="api://orders")
    hidden = failure("IDX10501", hidden=True, line=2)
    found = find([org_token(), hidden], documents, expected)[1]
    assert found.confidence is not Confidence.CERTAIN
    assert "sig.opaque-access-token" in listed(found)
    (note,) = (e for e in found.evidence if e.name == "neighbours")
    assert "sig.opaque-access-token" in str(note.found)


def test_neighbours_that_disagree_say_nothing() -> None:
    """Two causes under one claim leave the hidden one as open as it was."""
    old = failure("IDX10223", fields={"valid_to": NOW - timedelta(hours=2), "current_time": NOW})
    far = {"valid_to": NOW - timedelta(seconds=310), "current_time": NOW}
    hidden = failure("IDX10501", hidden=True, line=3)
    found = find([old, old._replace(scheme="Other"), failure("IDX10223", fields=far, line=2), hidden], None, scheme())
    assert not [e for e in found[3].evidence if e.name == "neighbours"]


def test_neighbours_of_two_causes_make_neither_likelier(tmp_path: Path) -> None:
    """Only where all that show their values have one cause does that speak for the one that hides them."""
    documents = bundle(tmp_path, provider(ORG, "seen"))
    expected = scheme(issuer=ORG, audience="api://orders")
    claims = {"iss": ENTRA, "aud": GRAPH, "exp": NOW.timestamp() + 600}
    fields = {"iss": ENTRA, "aud": (GRAPH,), "kid": "k1"}
    header = {"alg": "RS256", "kid": "k1", "nonce": "n"}
    graph = failure("IDX10501", "Unable to match key.", fields=fields, token=decoded(claims, header), line=2)
    hidden = failure("IDX10501", hidden=True, line=9)
    alone = find([org_token(), hidden], documents, expected)
    both = find([org_token(), graph, hidden], documents, expected)
    certain = {f.cause for f in both[:2] if f.confidence is Confidence.CERTAIN}
    assert len(certain) == 2
    assert [e.name for e in alone[-1].evidence].count("neighbours") == 1
    assert "neighbours" not in [e.name for e in both[-1].evidence]


# --------------------------------------------------------------------------- ids


def test_ids_come_from_evidence_and_not_from_the_place() -> None:
    """The same log with a line in front of it, or read from another folder, gives the same ids."""
    here = failure("IDX10223", request_id="r1")
    there = here._replace(origin=Origin(path="elsewhere/app.log", offset=77_000, line=800))
    assert diagnose.identities([here]) == diagnose.identities([there])


@pytest.mark.parametrize(
    "change",
    [
        {"code": "IDX10222"},
        {"request_id": "r2"},
        {"time": NOW + timedelta(seconds=1)},
        {"scheme": "Partner"},
        {"fields": {"kid": "k2"}},
    ],
)
def test_different_evidence_has_different_ids(change: dict[str, object]) -> None:
    """By code, request, time, scheme and values."""
    base = failure("IDX10223", request_id="r1", fields={"kid": "k1"})
    assert len(set(diagnose.identities([base, changed(base, **change)]))) == 2


def test_equal_evidence_is_numbered() -> None:
    """Three records that cannot be told apart are still three failures."""
    first, second, third = diagnose.identities([failure(line=n) for n in (1, 2, 3)])
    assert (second, third) == (f"{first}-2", f"{first}-3")


def test_an_id_does_not_depend_on_what_else_is_in_the_log() -> None:
    """Other failures in front of one leave its id as it is."""
    mine = failure("IDX10501", request_id="r1")
    alone = one(mine).id
    assert find([failure("IDX10223"), failure("IDX10214"), mine])[2].id == alone


# --------------------------------------------------------------------------- group keys


def test_old_tokens_of_many_users_are_one_group() -> None:
    """Who sent them and when they ended is no difference in the remedy."""
    ends = [NOW - timedelta(hours=n) for n in (1, 2, 3)]
    old = [
        failure("IDX10223", fields={"valid_to": e, "current_time": NOW, "sub": str(e)}, line=n)
        for n, e in enumerate(ends)
    ]
    assert len({f.group_key for f in find(old, None, scheme())}) == 1


def test_one_cause_at_two_issuers_is_two_groups() -> None:
    """Each has to be repaired on its own."""
    schemes = (scheme("Shop", issuers=(ISSUER,)), scheme("Partner", OTHER, issuers=(OTHER,)))
    fields = {"aud": ("billing",), "valid_audience": "orders"}
    both = [
        failure("IDX10214", fields={**fields, "iss": ISSUER}, scheme="Shop"),
        failure("IDX10214", fields={**fields, "iss": OTHER}, scheme="Partner", line=2),
    ]
    found = find(both, None, *schemes)
    assert found[0].cause == found[1].cause
    assert found[0].group_key != found[1].group_key


def test_diagnosing_twice_gives_the_same() -> None:
    """Same input, same findings."""
    many = [
        failure(c, hidden=h, line=n)
        for n, (c, h) in enumerate([("IDX10223", False), ("IDX10501", True), (None, False)])
    ]
    assert find(many, None, scheme()) == find(many, None, scheme())


# --------------------------------------------------------------------------- failures of one kind


def test_each_refusal_of_one_token_is_judged_at_its_own_time() -> None:
    """A token that expires between two refusals was good for the first and is not for the second."""
    token = decoded({"iss": ISSUER, "aud": "orders", "exp": int(NOW.timestamp()) + 600})
    first = failure("IDX10501", "kid", fields={"iss": ISSUER}, token=token)
    times = (NOW, NOW + timedelta(seconds=1), NOW + timedelta(hours=1))
    early, next_, late = find([first._replace(time=time) for time in times])
    lifetimes = [{c.name: str(c.verdict) for c in f.checks}["lifetime.not-expired"] for f in (early, next_, late)]
    assert lifetimes == ["pass", "pass", "fail"]
    assert [a.cause for a in late.also] == ["life.expired"]
    assert early.also == next_.also == ()
    assert len({early.id, next_.id, late.id}) == 3


def test_the_distance_of_clocks_is_each_refusals_own() -> None:
    """The same words, a minute after exp and a day after: two explanations."""
    first = failure("IDX10223", fields={"exp": int(NOW.timestamp())})
    near, far = find([first._replace(time=NOW + timedelta(seconds=s)) for s in (330, 86_400)])
    assert near.evidence != far.evidence
    assert "5 min 30 s after exp" in str(near.evidence)
    assert "1 d after exp" in str(far.evidence)


def test_what_no_word_tells_makes_no_other_words() -> None:
    """Users with tokens of their own who are refused for one reason share what is said, and keep their tokens."""
    tokens = [decoded({"iss": ISSUER, "aud": "orders", "sub": f"user-{n}"}) for n in range(3)]
    found = find([failure("IDX10501", "kid", fields={"iss": ISSUER, "sub": t.claims["sub"]}, token=t) for t in tokens])
    assert len({id(f.alternatives) for f in found}) == 1
    assert len({f.id for f in found}) == 3


def test_what_a_word_tells_makes_other_words() -> None:
    """The issuer is told: two issuers, two explanations, although the same rule matches."""
    found = find([failure("IDX10205", fields={"iss": iss, "valid_issuer": ISSUER}) for iss in (OTHER, f"{OTHER}/b")])
    assert OTHER in str(found[0].evidence)
    assert f"{OTHER}/b" in str(found[1].evidence)


class Heard(dict[str, object]):
    """A row that notes what is asked of it."""

    def __init__(self, values: dict[str, object]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: object = None) -> object:
        self.names.add(name)
        return super().get(name, default)


def test_of_what_is_each_failures_own_the_words_tell_what_they_say_they_tell() -> None:
    """A name that is told and not listed would put one failure's words beside another."""
    value = {"string": "x", "strings": ("x",), "integer": 1, "number": 1.0, "boolean": True, "time": NOW}
    row = Heard({f.name: value[f.type] for f in schema.FIELDS} | {"says": "expired"})
    for cause in CAUSES:
        evidence_rows(cause, row)
        decided_by(cause, row)
    assert row.names & OWN == OWN_SPOKEN


@pytest.mark.parametrize(
    ("cause", "row", "decider"),
    [
        ("life.clock-skew", {}, "date -u"),
        ("meta.tls", {"meta.address": "https://a.example/x"}, "curl -v https://a.example/x"),
        ("meta.tls", {}, "curl -v the metadata address"),
        ("lib.mixed-packages", {}, "dotnet list package"),
        ("sig.wrong-key", {"keys_tried.symmetric": True}, "--secret-file"),
        ("sig.key-rotated", {"idp.keys_url": "https://a.example/keys"}, "publishes: https://a.example/keys)"),
        ("flow.wrong-client-config", {"says": "grant", "hidden": ("iss",)}, "error_description"),
        ("flow.wrong-client-config", {"says": "missing-claim"}, "authlens token"),
        ("flow.other-scheme", {}, "authlens token"),
    ],
)
def test_what_would_decide_is_named_for_the_cause(cause: str, row: dict[str, object], decider: str) -> None:
    """A look at the host where that tells it, and where the keys are published."""
    said = decided_by(cause, row)
    assert sum(decider in one for one in said) == 1
    assert len(said) <= 4


def test_what_a_token_shows_decides_nothing_of_a_sign_in() -> None:
    """A code that was refused is no token."""
    assert not any("token" in one for one in decided_by("flow.nonce-state", {"says": "grant", "hidden": ("iss",)}))
