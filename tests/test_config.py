"""Settings: who beats whom, what is refused and how it is said, files that are no config files."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import msgspec
import platformdirs
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nettui.config import ConfigError, Settings, add_options, load, locate
from nettui.config import files as config_files
from nettui.config.template import settings as all_settings
from nettui.config.template import template, toml_value

NOWHERE = {"NETTUI_CONFIG": os.devnull}
THEMES = "auto, beacon, dusk, ember, fog, kelp, paper, plum, sixteen"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def refused(path: Path, text: str | bytes, **environ: str) -> str:
    """The one line with which a file of this content is refused, without the file's name."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load({}, environ, path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert line.isprintable()
    return line.removeprefix(f"{path}: ")


# Who beats whom


def test_defaults_hold_where_nothing_is_said() -> None:
    found = load({}, NOWHERE)
    assert found == Settings()
    assert (found.theme, found.interval, found.mouse, found.ascii) == ("auto", 1.0, True, "auto")
    assert (found.backend, found.units, found.dns.servers, found.dns.timeout) == ("auto", "bits", (), 2.0)


@pytest.mark.parametrize(
    ("name", "in_file", "in_environment", "on_command_line", "values"),
    [
        ("theme", '"paper"', "ember", "kelp", ("paper", "ember", "kelp")),
        ("interval", "3", "4.5", "0.2", (3.0, 4.5, 0.2)),
        ("mouse", "false", "yes", False, (False, True, False)),
        ("ascii", '"auto"', "off", True, ("auto", False, True)),
        ("backend", '"linux"', "portable", "auto", ("linux", "portable", "auto")),
        ("units", '"bytes"', "bits", "bytes", ("bytes", "bits", "bytes")),
        ("read_only", "true", "0", True, (True, False, True)),
    ],
)
def test_command_line_beats_environment_beats_file(
    file: Path, name: str, in_file: str, in_environment: str, on_command_line: object, values: tuple[object, ...]
) -> None:
    file.write_text(f"{name} = {in_file}")
    environ = {f"NETTUI_{name.upper()}": in_environment}
    found = [
        load({name: None}, {}, file),
        load({}, environ, file),
        load({name: on_command_line, "command": "snapshot"}, environ, file),
    ]
    assert tuple(getattr(settings, name) for settings in found) == values
    assert getattr(load({}, {f"NETTUI_{name.upper()}": ""}, file), name) == values[0]


def test_options_are_those_of_the_settings_and_reach_them() -> None:
    parser = ArgumentParser()
    add_options(parser)
    nothing = vars(parser.parse_args([]))
    assert nothing == dict.fromkeys(("theme", "interval", "mouse", "ascii", "backend", "units", "read_only"))
    line = ["--theme", "fog", "--interval", "5", "--no-mouse", "--ascii", "--backend", "portable", "--units", "bytes"]
    found = load(vars(parser.parse_args([*line, "--read-only"])), NOWHERE)
    assert found == Settings(
        theme="fog", interval=5.0, mouse=False, ascii=True, backend="portable", units="bytes", read_only=True
    )


def test_tables_reach_the_settings(file: Path) -> None:
    file.write_text(
        '[dns]\nservers = ["192.0.2.53", "fd00::53#5353"]\n[rules."tcp.close-wait"]\nwarning = 7\nenabled = true\n'
        '[rules."tcp.close-wait-leak"]\nlasting = 120\ncritical = 50\n[keys]\npause = "space,p"\n'
    )
    found = load({}, {}, file)
    assert found.dns.servers == ("192.0.2.53", "fd00::53#5353")
    assert (found.rules["tcp.close-wait"].warning, found.rules["tcp.close-wait"].critical) == (7.0, None)
    assert (found.rules["tcp.close-wait-leak"].lasting, found.rules["tcp.close-wait-leak"].critical) == (120.0, 50.0)
    assert found.keys == {"pause": "space,p"}
    file.write_text('[filters]\nleaks = "state:close-wait"\ndb-2 = "dport:5432 (("\n')
    assert load({}, {}, file).filters == {"leaks": "state:close-wait", "db-2": "dport:5432 (("}, "not parsed here"


def test_names_and_gauges_reach_the_collectors(file: Path) -> None:
    from nettui.collectors.wanted import GaugeWanted
    from nettui.commands.live import wanted
    from nettui.model.selector import parse_selector

    assert wanted(Settings()) == wanted(load({}, NOWHERE))
    assert (wanted(Settings()).names, wanted(Settings()).gauges) == ((), ())
    file.write_text(
        '[dns]\ncheck = ["api.example.com"]\ntimeout = 3\n[gauges.orders]\nurl = "http://127.0.0.1:8080/active"\n'
        'value = "measurements.0.value"\nmaximum = 20\nwaiting = \'waiting{pool="main"}\'\n'
        'authorization_env = "TOKEN"\n'
    )
    found = wanted(load({}, {}, file))
    assert (found.names, found.dns_timeout) == (("api.example.com",), 3.0)
    assert found.gauges == (GaugeWanted(
        name="orders", url="http://127.0.0.1:8080/active", value=parse_selector("measurements.0.value"), maximum=20.0,
        waiting=parse_selector('waiting{pool="main"}'), authorization_env="TOKEN",
    ),)  # fmt: skip


# What is refused


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("interval = 0.1", "interval: expected a number of seconds from 0.2 to 60, got 0.1"),
        ("interval = 61", "interval: expected a number of seconds from 0.2 to 60, got 61"),
        ("interval = nan", "interval: expected a number of seconds from 0.2 to 60, got nan"),
        ("interval = true", "interval: expected a number of seconds from 0.2 to 60, got true"),
        ("interval = 2024-02-29", "interval: expected a number of seconds from 0.2 to 60, got 2024-02-29"),
        (f"interval = 0x{'f' * 9000}",
         "interval: expected a number of seconds from 0.2 to 60, got a number far too large"),
        ("mouse = 1", "mouse: expected true or false, got 1"),
        ('ascii = "maybe"', 'ascii: expected true, false or "auto", got "maybe"'),
        ('backend = "bsd"', 'backend: expected "auto", "linux" or "portable", got "bsd"'),
        ("units = []", 'units: expected "bits" or "bytes", got an array'),
        ("dns = 1", "dns: expected a table, got 1"),
        ("[[dns]]", "dns: expected a table, got an array"),
        ('dns.servers = ["192.0.2.53", "ns.example#53"]',
         'dns.servers.1: expected an address such as 192.0.2.53 or fd00::53#5353, got "ns.example#53"'),
        ('dns.servers = ["192.0.2.53#65536"]',
         'dns.servers.0: expected an address such as 192.0.2.53 or fd00::53#5353, got "192.0.2.53#65536"'),
        ('dns.check = ["api.example.com", "192.0.2.7"]',
         'dns.check.1: expected a host\'s name such as api.example.com, got "192.0.2.7"'),
        ('dns.check = ["a..b"]', 'dns.check.0: expected a host\'s name such as api.example.com, got "a..b"'),
        (f"dns.check = {['x.example'] * 17}",
         'dns.check: expected an array of at most 16 names such as ["api.example.com"], got an array'),
        ('[gauges.a]\nvalue = "x"\nmaximum = 1',
         "gauges.a.url: expected a URL that begins with http:// or https://, without a password in it, got nothing"),
        ('[gauges.a]\nurl = "http://u:p@h/"\nvalue = "x"\nmaximum = 1',
         "gauges.a.url: expected a URL that begins with http:// or https://, without a password in it, got "
         '"http://u:p@h/"'),
        ('[gauges.a]\nurl = "file:///etc/passwd"\nvalue = "x"\nmaximum = 1',
         "gauges.a.url: expected a URL that begins with http:// or https://, without a password in it, got "
         '"file:///etc/passwd"'),
        ('[gauges.a]\nurl = "http://h"\nvalue = "x{"\nmaximum = 1',
         'gauges.a.value: expected a path into JSON such as "measurements.0.value" or a metric such as'
         ' "hikaricp_connections_active", got "x{"'),
        ('[gauges.a]\nurl = "http://h"\nvalue = "x"\nmaximum = 0',
         "gauges.a.maximum: expected a number above zero, a path into JSON or a metric, as value takes it, got 0"),
        ('[gauges."a b"]\nurl = "http://h"\nvalue = "x"\nmaximum = 1',
         'gauges."a b": expected a name of letters, digits, - and _, got "a b"'),
        ('[gauges.a]\nurl = "http://h"\nvalue = "x"\nmaximum = 1\nwaiting_url = "http://h/w"',
         "gauges.a.waiting: expected what to find at waiting_url, got nothing"),
        ('[gauges.a]\nurl = "http://h"\nvalue = "x"\nmaximum = 1\nauthorization_env = "A"\n'
         'authorization_file = "b"',
         "gauges.a: expected authorization_env or authorization_file, got both"),
        ('dns.servers = "192.0.2.53"',
         'dns.servers: expected an array of addresses such as ["192.0.2.53", "fd00::53#5353"], got "192.0.2.53"'),
        ('[rules."tcp.close-wait"]\nwarning = "many"',
         'rules."tcp.close-wait".warning: expected a number, zero or more, got "many"'),
        ('[rules."tcp.close-wait"]\nlasting = -1',
         'rules."tcp.close-wait".lasting: expected a number of seconds, zero or more, got -1'),
        ("[rules.tcp.close-wait]\nwarning = 1",
         "rules.tcp.close-wait: no such key, expected one of enabled, notice, warning, critical, lasting, process,"
         " port, peer, interface, server, name, gauge (a name with a dot in it needs quotes)"),
        ("keys.pause = 1", 'keys.pause: expected keys with commas between them, such as "j,down", got 1'),
        ("filters.db = 5432",
         'filters.db: expected a filter such as "state:close-wait and idle>1h", got 5432'),
        ('filters.db = "a\\nb"',
         r'filters.db: expected a filter such as "state:close-wait and idle>1h", got "a\x0ab"'),
        ('filters."a b" = "dport:5432"',
         'filters."a b": expected a name of letters, digits, - and _, got "a b"'),
        ("intervall = 1", f"intervall: no such key, expected one of {', '.join(Settings.__struct_fields__)}"),
        ('"\\u001b[31m\\nred" = 1',
         r'"\x1b[31m\x0ared": no such key, expected one of ' + ", ".join(Settings.__struct_fields__)),
        ('theme = "\\u001b]0;x\\u0007\\u202e"', rf'theme: expected one of {THEMES}, got "\x1b]0;x\x07\u202e"'),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_one_line_with_key_path_expectation_and_value(file: Path, text: str, line: str) -> None:
    assert refused(file, text) == line


def test_an_unknown_rule_is_refused_with_the_known_ones(file: Path) -> None:
    from nettui.diagnosis.thresholds import RULE_IDS

    line = refused(file, '[rules."tcp.close_wait"]\nwarning = 1')
    assert line.startswith('rules."tcp.close_wait": ')
    assert all(rule in line for rule in RULE_IDS)


def test_a_warning_above_critical_is_refused(file: Path) -> None:
    line = refused(file, '[rules."tcp.time-wait"]\nwarning = 90000')
    assert line == 'rules."tcp.time-wait": warning 90,000 is above critical 15,000; set both'


@pytest.mark.parametrize(
    ("arguments", "environ", "line"),
    [
        ({}, {"NETTUI_INTERVAL": "fast"},
         'NETTUI_INTERVAL: interval: expected a number of seconds from 0.2 to 60, got "fast"'),
        ({}, {"NETTUI_MOUSE": "maybe"}, 'NETTUI_MOUSE: mouse: expected true or false, got "maybe"'),
        ({"interval": "0"}, {}, '--interval: interval: expected a number of seconds from 0.2 to 60, got "0"'),
        ({"units": "furlongs\x1b[0m"}, {}, r'--units: units: expected "bits" or "bytes", got "furlongs\x1b[0m"'),
        ({"theme": "solarised"}, {"NETTUI_THEME": "fog"},
         f'--theme: theme: expected one of {THEMES}, got "solarised"'),
        ({}, {"NETTUI_THEME": "\udcff"}, rf'NETTUI_THEME: theme: expected one of {THEMES}, got "\xff"'),
    ],
)  # fmt: skip
def test_a_wrong_word_names_its_option_or_variable(
    arguments: dict[str, object], environ: dict[str, str], line: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(arguments, NOWHERE | environ)
    assert str(caught.value) == line


def test_themes_beside_the_config_file_may_be_named(file: Path) -> None:
    assert refused(file, 'theme = "mine"').startswith("theme: expected one of auto, beacon,")
    (file.parent / "themes").mkdir()
    (file.parent / "themes" / "mine.toml").touch()
    assert load({}, {}, file).theme == "mine"


# Files that may be anything


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("interval = \n", "line 1, column 12: "),
        ('theme = "a"\ninterval 2', "line 2, column 10: "),
        ('theme = "abc', "line 1, column 13: "),
        ("theme = 'a'\ntheme = 'b'", "line 2, column "),
        ("a = " + "[" * 60_000, "expected TOML, got arrays or tables nested too deeply"),
        (b"theme = 1\nx = '\xff'", "line 2: expected text in UTF-8, got other bytes"),
        (bytes(range(256)) * 4, "line 2: expected text in UTF-8, got other bytes"),
        (b"\x00" * 300, "line 1, column 1: "),
        (b"#" * 300_000, "cannot be read: larger than 256 KiB"),
    ],
)
def test_what_is_not_toml_is_refused_with_its_place(file: Path, text: str | bytes, start: str) -> None:
    assert refused(file, text).startswith(start)


def test_a_byte_order_mark_is_no_mistake(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfinterval = 2\r\n")
    assert load({}, {}, file).interval == 2.0


def _directory(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _absent(path: Path) -> None:
    assert not path.exists()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_directory, "a directory"), (_loop, "too many levels of symbolic links"), (_fifo, "not a regular file"),
        (_absent, "no such file or directory"),
    ],
)  # fmt: skip
def test_what_is_no_file_is_said_in_one_sentence(file: Path, make: object, reason: str) -> None:
    assert callable(make)
    make(file)
    with pytest.raises(ConfigError) as caught:
        load({}, {"NETTUI_CONFIG": str(file)})
    assert str(caught.value) == f"{file}: cannot be read: {reason}"


def test_a_file_that_may_not_be_read_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("interval = 2")

    def denied(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "open", denied)  # root may read anything, so permissions would prove nothing
    with pytest.raises(ConfigError, match=r"cannot be read: permission denied$"):
        load({}, {}, file)


def test_a_file_of_a_hostile_name_is_named_safely(tmp_path: Path) -> None:
    path = tmp_path / "a\n\x1b[31m\udcff.toml"
    path.write_text("interval = 0")
    with pytest.raises(ConfigError) as caught:
        load({}, {}, path)
    assert str(caught.value).startswith(f"{tmp_path}/a\\x0a\\x1b[31m\\xff.toml: interval: expected ")


@pytest.mark.parametrize("home", [None, "", " ", "/a/b"])
def test_the_usual_file_is_where_platformdirs_has_it(home: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if home is None:
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CONFIG_HOME", home)
    assert locate({}) == platformdirs.user_config_path("nettui", appauthor=False) / "config.toml"


def test_the_usual_file_need_not_be_there_nor_its_folder_be_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = locate({})
    assert path == tmp_path / "nettui" / "config.toml"
    assert load({}, {}) == Settings()
    path.parent.mkdir()
    path.write_text("interval = 9")
    assert load({}, {}).interval == 9.0

    def denied(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", denied)
    assert load({}, {}) == Settings()


def test_themes_are_found_in_a_checkout_and_once_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_files.shipped_themes() == Path(__file__).parent.parent / "themes"
    package = tmp_path / "site-packages" / "nettui"
    (package / "themes").mkdir(parents=True)
    (package.parent / "themes").mkdir()
    monkeypatch.setattr(config_files, "__file__", str(package / "config" / "files.py"))
    assert config_files.shipped_themes() == package / "themes"


# Whatever is written


_scalars = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.text(), st.datetimes(), st.dates(), st.times(),
    st.just(10**400), st.sampled_from(["auto", "dusk", "bits", "linux", "192.0.2.1", "fe80::1%\n"]),
)  # fmt: skip
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6
)
_keys = st.one_of(st.sampled_from([setting.name for setting in all_settings()]), st.text())
_tables = st.dictionaries(_keys, _values, max_size=4) | st.fixed_dictionaries(
    {},
    optional={
        "dns": st.dictionaries(st.sampled_from(["servers", "timeout", "check"]), _values),
        "gauges": st.dictionaries(
            st.text("ab-_ .", max_size=3),
            st.fixed_dictionaries(
                {"url": st.text() | st.just("http://[::1]:8/x"), "value": _values, "maximum": _values},
                optional={"waiting": _values, "maximum_url": st.text(), "authorization_env": st.text()},
            ),
        ),
        "rules": st.dictionaries(
            st.sampled_from(["tcp.close-wait", "link.down"]),
            st.dictionaries(st.sampled_from(["enabled", "warning", "critical", "lasting"]), _values),
        ),
        "keys": st.dictionaries(st.text(), _values),
        "filters": st.dictionaries(st.text("ab-_ .é\n", max_size=4), _values),
        "theme": st.text(),
    },
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=_tables)
@example(table={"rules": {"\n": {}}})
@example(table={"theme": "\x00"})
def test_any_table_is_taken_or_refused_in_one_line(table: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nettui.config.layers.read_toml", lambda path, must_exist: table)
    _taken_or_refused({}, NOWHERE)


@settings(max_examples=200, deadline=None)
@given(
    arguments=st.dictionaries(st.sampled_from(["theme", "interval", "mouse", "ascii", "units"]), st.none() | _scalars),
    environ=st.dictionaries(
        st.sampled_from(["NETTUI_THEME", "NETTUI_INTERVAL", "NETTUI_MOUSE", "NETTUI_ASCII", "NETTUI_UNITS"]), st.text()
    ),
)
def test_any_word_is_taken_or_refused_in_one_line(arguments: dict[str, object], environ: dict[str, str]) -> None:
    _taken_or_refused(arguments, NOWHERE | environ)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=99) | st.text("[]{}='.,#\n\r\x00\\-+ aeft012é\"", max_size=60).map(str.encode))
def test_any_file_is_taken_or_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    _taken_or_refused({}, {"NETTUI_CONFIG": str(tmp_path / "config.toml")})


def _taken_or_refused(arguments: dict[str, object], environ: dict[str, str]) -> None:
    try:
        found = load(arguments, environ)
    except ConfigError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 1000
    else:
        assert msgspec.convert(msgspec.to_builtins(found), Settings) == found
        assert 0.2 <= found.interval <= 60


# Written once


def test_the_template_says_the_defaults_and_explains_every_key(file: Path) -> None:
    text = template()
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 100
    file.write_text(text)
    assert load({}, {}, file) == Settings()
    for setting in all_settings():
        for said in (setting.doc.env, setting.doc.option, setting.doc.expected):
            assert said in text, setting.key


def test_the_examples_of_the_template_hold_too(file: Path) -> None:
    from nettui.diagnosis.thresholds import DEFAULTS, Thresholds

    file.write_text("\n".join(line.removeprefix("#") if line[1:2] != " " else line for line in template().splitlines()))
    found = load({}, {}, file)
    assert Thresholds.from_settings(found.rules).limits == DEFAULTS
    assert list(found.rules) == list(DEFAULTS)
    assert found.keys
    assert found.filters


def test_the_documentation_has_every_key_with_its_default_and_its_meaning() -> None:
    from nettui.diagnosis.thresholds import DEFAULTS, RULE_IDS

    text = (Path(__file__).parent.parent / "docs" / "configuration.md").read_text()
    for setting in all_settings():
        env, option = (f"`{way}`" if way else "" for way in (setting.doc.env, setting.doc.option))
        row = f"| `{setting.key}` | `{toml_value(setting.default)}` | {env} | {option} | {setting.doc.help} |"
        assert row in text.splitlines()
    for rule in RULE_IDS:
        limits = DEFAULTS[rule]
        marks = (limits.notice, limits.warning, limits.critical, limits.lasting)
        figures = " | ".join("" if mark is None else f"{mark:.10g}" for mark in marks)
        row = f"| `{rule}` | {limits.unit} | {figures} | {', '.join(limits.kinds)} |"
        assert row in text.splitlines()


def test_nothing_is_imported_that_settings_do_not_need() -> None:
    program = (
        "import sys, nettui.config; nettui.config.load({}, {'NETTUI_CONFIG': '/dev/null'}); "
        "heavy = {'tomllib', 'platformdirs', 'textual', 'rich', 'nettui.diagnosis'}; "
        "print(*heavy & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.split() == []
