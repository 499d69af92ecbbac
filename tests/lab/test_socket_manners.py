"""`nettui sockets` among other programs: its documents and groups, its exit codes, in a pipe and interrupted."""

import json
import os
import signal
import subprocess
from collections import Counter
from typing import Any

import jsonschema
import pytest

from nettui.sockets.frame import GROUPS
from tests.lab.socket_shots import SCHEMA, environment, nettui, nettui_command, shot
from tests.lab.socket_town import CLERK, Town, while_still
from tests.lab.socket_truth import Told
from tests.lab_support import PATIENCE

pytestmark = pytest.mark.lab


def test_groups_add_up_and_every_document_keeps_the_schema(place: Town) -> None:
    def documents() -> list[Any]:
        found = []
        for words in ([], *(["--group-by", by] for by in GROUPS)):
            ran = shot(*place.kinds, "--json", *words)
            assert ran.code == 0, ran.err
            found.append(json.loads(ran.out))
        return found

    def unlike(found: list[Any], before: dict[int, Told], after: dict[int, Told]) -> list[Any]:
        whole, *groups = found
        states = Counter(told.state for told in after.values())
        wrong: list[Any] = [] if whole["count"] == len(after) else [whole["count"]]
        for document in groups:
            each = [group["states"] for group in document["groups"]]
            summed = {state: sum(states[state] for states in each) for state in each[0]}
            totals = [group["total"] for group in document["groups"]]
            if +Counter(summed) != states or sum(totals) != len(after) or totals != [sum(s.values()) for s in each]:
                wrong.append(document)
            if document["count"] != len(after) or len({group["name"] for group in document["groups"]}) != len(each):
                wrong.append(document)
        return wrong

    found: list[Any] = []

    def read() -> list[Any]:
        found[:] = place.lab.call(documents)
        return found

    assert while_still(place, read, unlike) == []
    for document in found:
        jsonschema.validate(document, SCHEMA)
    by_user = {group["name"]: group["total"] for group in found[1 + GROUPS.index("user")]["groups"]}
    assert by_user[str(CLERK)] == sum(told.uid == CLERK for told in place.told().values())
    few = json.loads(nettui(place.lab, *place.kinds, "--json", "--group-by", "user", "--limit", "1").stdout)
    assert few["count"] == few["groups"][0]["total"] and len(few["groups"]) == 1
    shown = json.loads(nettui(place.lab, "--schema").stdout)
    assert shown == SCHEMA


def test_a_wrong_filter_is_marked_and_exits_2(place: Town) -> None:
    ran = nettui(place.lab, "state:listen", "rtt>fast")
    assert (ran.returncode, ran.stdout) == (2, "")
    typed, mark = ran.stderr.splitlines()
    assert typed.endswith("state:listen rtt>fast") and mark.index("^") == typed.index("fast")


def test_head_is_served_quietly(place: Town) -> None:
    words = nettui_command(place.lab, "--watch", "--interval", "0.2")
    with subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None and running.stderr is not None
        subprocess.run(["head", "-n1"], stdin=running.stdout, stdout=subprocess.DEVNULL, check=True, timeout=PATIENCE)
        running.stdout.close()
        assert (running.wait(PATIENCE), running.stderr.read()) == (0, b"")


def test_a_watch_in_a_pipe_writes_documents_until_it_is_interrupted(place: Town) -> None:
    words = nettui_command(place.lab, "proto:udp", "--watch", "--json", "--interval", "0.2")
    with subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None and running.stderr is not None
        try:
            documents = [json.loads(running.stdout.readline()) for _ in range(3)]
            os.kill(running.pid, signal.SIGINT)
            assert running.wait(PATIENCE) == 130
        finally:
            running.kill()
        rest, said = running.stdout.read(), running.stderr.read()
    assert said == b"" and (not rest or rest.endswith(b"\n"))
    for document in documents:
        jsonschema.validate(document, SCHEMA)
        assert document["count"] == len(document["sockets"]) == 5
    assert len({document["taken_at"] for document in documents}) == 3
