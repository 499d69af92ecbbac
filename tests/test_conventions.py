"""What a reader of the code may rely on: types, lint, docstrings, small files, and nothing of anybody's machine."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "nettui").rglob("*.py"))


TOOLS = {"mypy": ["--strict"], "ruff": ["check", "nettui", "tests", "benchmarks", "screenshots"]}


@pytest.mark.parametrize("tool", TOOLS)
def test_tools_have_nothing_to_say(tool: str) -> None:
    ran = subprocess.run([sys.executable, "-m", tool, *TOOLS[tool]], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_what_it_is_for_and_is_one_thing(path: Path) -> None:
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert len(text.splitlines()) <= 400, "more than one thing in it"


def test_every_type_ignore_and_noqa_has_its_reason() -> None:
    for path in SOURCES:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            mark = re.search(r"# (type: ignore(\[[\w, -]+\])?|noqa: [A-Z0-9, ]+)(.*)", line)
            assert mark is None or len(mark.group(3).strip(" #-")) > 10, f"{path.name}:{number} gives no reason"


def test_nobody_uses_what_may_lose_a_cancellation() -> None:
    """Before Python 3.12 asyncio.wait_for swallows one that comes as it ends: asyncio.timeout does not."""
    assert [path.name for path in SOURCES if "asyncio.wait_for" in path.read_text()] == []
