"""What the documentation says of the filter language is what the completion and the help say."""

from pathlib import Path

from nettui.sockets.completion import FIELD_HELP

DOCS = Path(__file__).parent.parent.parent / "docs" / "sockets.md"


def test_every_field_is_told_as_the_completion_tells_it() -> None:
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    start = lines.index("<!-- fields -->") + 3
    table = lines[start : lines.index("", start)]
    assert table == [f"| `{name}` | {field.words} | `{field.example}` |" for name, field in FIELD_HELP.items()]
