"""Takes the README's picture of the HTML report: ``python .dev/make_report_picture.py`` (needs Chromium).

Run it when the report's look changes. Fonts differ between machines, so no test compares the picture.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
OUT = ROOT / ".dev" / "report.png"
SIZE = "1000,1180"
sys.path.insert(0, str(ROOT))
from tests import readme

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def report(folder: Path) -> Path:
    """The founding sample's report."""
    place = readme.workplace(folder / "repo")
    name = "sample_logs/okta-org-token"
    readme.run(
        f"authlens scan -q {name}.log --settings {name}.appsettings.json --jwks {name}.jwks.json --offline --html report.html",
        place,
    )
    return place / "report.html"


def main() -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"none of {', '.join(BROWSERS)} is installed")
    with tempfile.TemporaryDirectory() as name:
        page = report(Path(name))
        subprocess.run(
            [
                *(browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *(f"--user-data-dir={name}/profile", f"--window-size={SIZE}", f"--screenshot={OUT}", page.as_uri()),
            ],
            env={**os.environ, "HOME": name},
            check=True,
            capture_output=True,
            timeout=60,
        )
    print(f"{OUT}: {OUT.stat().st_size} bytes")


main()
