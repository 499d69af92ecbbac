"""From what a TOML file, a variable or an option says to typed records, with the exact key path in every error.

msgspec checks each value; this walks the tables around it, because msgspec writes `[...]` for the key of a mapping
and names types where people want to read what they may write.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from types import UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

from nettui.model.text import clean

T = TypeVar("T", bound=Struct)


class ConfigError(Exception):
    """Something the user wrote cannot be used; `str()` is one line, ready to print."""


class Doc(NamedTuple):
    """What people are told of one value; stands in `Annotated` beside its type."""

    expected: str
    """Completes "expected ..., got ..."."""
    help: str = ""
    """What it means, in sentences."""
    env: str = ""
    """Its environment variable."""
    option: str = ""
    """Its option on the command line, with the placeholder of its value, such as `--theme NAME`."""
    check: Callable[[Any], bool] | None = None
    """What the type cannot say: False for a value of the right type that is wrong all the same."""


ANYTHING = Doc("another value")


def unwrap(hint: Any) -> tuple[Any, Doc | None]:
    """A type without its Annotated, and the Doc that stood in it."""
    if get_origin(hint) is not Annotated:
        return hint, None
    kind, *notes = get_args(hint)
    return kind, next((note for note in notes if isinstance(note, Doc)), None)


def key_path(path: Iterable[str]) -> str:
    """A path as TOML writes dotted keys: `rules."tcp.close-wait".warning`."""
    return ".".join(part if _is_bare(part) else f'"{clean(part, 60)}"' for part in path)


def describe(value: object) -> str:
    """A value as people recognise it, on one line of bounded length."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f'"{clean(value, 60)}"'
        case int():
            return str(value) if value.bit_length() <= 64 else "a number far too large"
        case float():
            return repr(value)
        case datetime() | date() | time():
            return value.isoformat()
        case dict():
            return "a table"
        case list() | tuple():
            return "an array"
        case _:
            return f"a {clean(type(value).__name__, 60)}"


def wrong(where: str, path: Iterable[str], expected: str, value: object) -> ConfigError:
    """The one shape of all errors about a value: source, key path, what was expected, what was found."""
    return ConfigError(f"{clean(where)}: {key_path(path)}: expected {expected}, got {describe(value)}")


def build(kind: type[T], table: dict[str, Any], where: str, path: tuple[str, ...] = ()) -> T:
    """A record of `kind` from a table of `where` (a file's name); raises ConfigError for the first thing wrong."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        if key not in fields:
            # [rules.tcp.close-wait] is two tables; its author meant one, with a dot in its name.
            hint = " (a name with a dot in it needs quotes)" if path and isinstance(value, dict) else ""
            expected = f"no such key, expected one of {', '.join(fields)}{hint}"
            raise ConfigError(f"{clean(where)}: {key_path((*path, key))}: {expected}")
    values = {}
    for key, field in fields.items():
        if key in table:
            values[field.name] = value_of(field.type, table[key], where, (*path, key))
        elif field.required:
            _, doc = unwrap(field.type)
            raise wrong(where, (*path, key), (doc or Doc("a table")).expected, None)
    return kind(**values)


def value_of(
    hint: Any, value: object, where: str, path: tuple[str, ...], doc: Doc = ANYTHING, *, text: bool = False
) -> Any:
    """`value` as the type `hint`; with `text` it came as a word, and words for numbers and switches are understood.

    `doc` is what holds around it, for an element without a Doc of its own.
    """
    kind, own = unwrap(hint)
    doc = own or doc
    if isinstance(kind, type) and issubclass(kind, Struct):
        return build(kind, _table(value, where, path), where, path)
    if _is_choice_of_records(kind):
        return _chosen(get_args(kind), _table(value, where, path), where, path)
    if get_origin(kind) is dict:
        item = get_args(kind)[1]
        return {k: value_of(item, v, where, (*path, k), doc) for k, v in _table(value, where, path).items()}
    if get_origin(kind) is tuple and isinstance(value, list):
        item = get_args(kind)[0]
        items = tuple(value_of(item, v, where, (*path, str(i)), doc) for i, v in enumerate(value))
        if doc.check is not None and not doc.check(items):
            raise wrong(where, path, doc.expected, value)
        return items
    try:
        found = msgspec.convert(_switch(kind, value) if text else value, hint, strict=not text)
    except (msgspec.ValidationError, ValueError, OverflowError):
        raise wrong(where, path, doc.expected, value) from None
    if doc.check is not None and not doc.check(found):
        raise wrong(where, path, doc.expected, value)
    return found


_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _is_choice_of_records(kind: Any) -> bool:
    return get_origin(kind) is UnionType and all(isinstance(k, type) and issubclass(k, Struct) for k in get_args(kind))


def _chosen(kinds: tuple[type[Struct], ...], table: dict[str, Any], where: str, path: tuple[str, ...]) -> Struct:
    """One of several records, by the word that its table has in the field that tells them apart."""
    tag = str(kinds[0].__struct_config__.tag_field)
    by_word = {kind.__struct_config__.tag: kind for kind in kinds}
    word = table.get(tag)
    if not isinstance(word, str) or word not in by_word:
        raise wrong(where, (*path, tag), f"one of {', '.join(map(str, by_word))}", word)
    return build(by_word[word], {key: value for key, value in table.items() if key != tag}, where, path)


def _switch(kind: Any, value: object) -> object:
    """yes, no, on, off and their like as a truth value, where one is wanted."""
    if isinstance(value, str) and (kind is bool or bool in get_args(kind)):
        return _WORDS.get(value.lower(), value)
    return value


def _table(value: object, where: str, path: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong(where, path, "a table", value)
    return value


def _is_bare(key: str) -> bool:
    return key != "" and key.isascii() and key.replace("-", "a").replace("_", "a").isalnum()
