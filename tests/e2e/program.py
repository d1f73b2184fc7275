"""The program as a shell runs it, in a folder of its own."""

import os
import subprocess
import sys
from pathlib import Path

from tests import samples

ONE_CAUSE = samples.LOGS / "life.expired.log"
"""Three failures, all of severity low."""
PRESENT = samples.NOW.isoformat()


def run(folder: Path, *args: str, text: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Runs ``authlens`` offline, with a narrow terminal and no settings but those given."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AUTHLENS_", "COV_"))}
    return subprocess.run(
        [sys.executable, "-m", "authlens", *args],
        cwd=folder,
        env={
            **inherited,
            "PYTHONPATH": str(samples.ROOT),
            "COLUMNS": "80",
            "AUTHLENS_OFFLINE": "true",
            "AUTHLENS_NOW": PRESENT,
        }
        | env,
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
