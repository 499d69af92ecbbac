"""The pictures of the README show the program as it is."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "screenshots"


def test_the_screenshots_are_what_the_program_draws_now(tmp_path: Path) -> None:
    """In a process of its own: what other tests have done to the environment is not in the pictures."""
    subprocess.run([sys.executable, "-m", "screenshots.make", tmp_path], cwd=FOLDER.parent, check=True, timeout=60)
    made = {path.name: path.read_text() for path in tmp_path.glob("*.svg")}
    kept = {path.name: path.read_text() for path in FOLDER.glob("*.svg")}
    stale = sorted(name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))
    assert not stale, f"not as the program draws them: {', '.join(stale)}; run: python -m screenshots.make"
