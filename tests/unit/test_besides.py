"""What logs show besides refusals: acceptances by their places, in rotated files, near refusals and anywhere else."""

from pathlib import Path

from authlens import pipeline
from authlens.diagnosis.evidence_values import Row
from authlens.options import ScanOptions

ACCEPTED = (
    "2026-03-04 09:{minute:02}:00.000 +00:00 [DBG] AuthenticationScheme: {scheme} was successfully authenticated.\n"
)
REFUSED = (
    "2026-03-04 09:{minute:02}:00.000 +00:00 [INF] Bearer was not authenticated. Failure message: IDX10204: Unable to"
    " validate issuer. validationParameters.ValidIssuer is null or whitespace AND validationParameters.ValidIssuers is"
    " null or empty.\n"
)
FILLER = "2026-03-04 09:10:00.000 +00:00 [INF] Executing endpoint 'HTTP: GET /orders'\n" * 3000


def accepted(minute: int, scheme: str = "Bearer") -> str:
    return ACCEPTED.format(minute=minute, scheme=scheme)


def refused(minute: int) -> str:
    return REFUSED.format(minute=minute)


def rows(folder: Path, **logs: str) -> list[Row]:
    """The evidence of all failures of a folder of logs."""
    found: list[Row] = []
    for name, text in logs.items():
        (folder / f"{name.replace('_', '.')}").write_text(text, "utf-8")
    pipeline.run([folder], ScanOptions(offline=True), witness=lambda table, _: found.extend(table.rows))
    return found


def test_an_acceptance_far_from_any_refusal_is_seen(tmp_path: Path) -> None:
    """A thousand records before and behind the refusals."""
    log = accepted(1) + FILLER + refused(20) + FILLER + accepted(40, "Partner") + accepted(41, "Partner")
    (row,) = rows(tmp_path, app_log=log)
    assert row["log.accepted"] == 3
    assert (row["scheme.accepts"], row["scheme.others_accept"]) == (True, True)
    assert (row["alike.accepted_after"], row["scheme.accepts_meanwhile"]) == (True, False)


def test_an_acceptance_near_a_refusal_is_counted_once(tmp_path: Path) -> None:
    """Its record is cut out as well."""
    found = rows(tmp_path, app_log=refused(1) + accepted(2) + refused(3))
    assert [(r["log.accepted"], r["scheme.accepts_meanwhile"]) for r in found] == [(1, True)] * 2


def test_a_rotated_file_comes_behind_the_older_one(tmp_path: Path) -> None:
    """By their order, not by their names."""
    other = refused(51).replace("Bearer", "Partner")
    found = rows(tmp_path, app_log=accepted(50) + other, app_log_1=refused(1))
    assert [(r["scheme"], r["alike.accepted_after"]) for r in found] == [("Bearer", True), ("Partner", False)]


def test_a_log_without_acceptances_tells_nothing(tmp_path: Path) -> None:
    """Whether the scheme works is not known."""
    (row,) = rows(tmp_path, app_log=refused(1))
    assert row["log.accepted"] == 0
    assert not row.keys() & {"scheme.accepts", "scheme.accepts_meanwhile", "alike.accepted_after"}
