"""Sockets in recordings: what is written comes back, and is answered from as from a live host."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettui.engine.recorded_sockets import RecordedSockets
from nettui.engine.recording import Recording, RecordingWriter
from nettui.engine.replay import Replay
from nettui.engine.socket_watch import SocketWatch
from nettui.model.snapshot import Snapshot
from nettui.model.socket import Socket, Transport
from nettui.model.socket_filter import Is
from nettui.model.socket_table import SocketRequest
from nettui.sockets.frame import SocketQuery
from tests.recordings.make import web_03
from tests.recordings.sockets import sockets
from tests.strategies import structs


def written(path: Path, *snapshots: Snapshot) -> Recording:
    path.unlink(missing_ok=True)
    writer = RecordingWriter(path)
    for snapshot in snapshots:
        writer.append(snapshot)
    writer.close()
    return Recording(path)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(structs(Socket), max_size=4), min_size=1, max_size=3))
def test_whatever_is_known_of_a_socket_comes_back(
    tmp_path_factory: pytest.TempPathFactory, read: list[list[Socket]]
) -> None:
    snapshots = [Snapshot(taken_at=1e9 + at, sockets=tuple(each)) for at, each in enumerate(read)]
    recording = written(tmp_path_factory.mktemp("r") / "r.jsonl", *snapshots)
    assert [recording.snapshot(at) for at in range(len(recording))] == snapshots and recording.problem is None


def test_sockets_that_have_not_changed_take_no_room(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    recording = written(path, *(Snapshot(taken_at=1e9 + at, sockets=sockets(170)) for at in range(30)))
    lines = path.read_bytes().splitlines()
    assert len(lines[1]) > 50_000 and max(map(len, lines[2:])) < 100
    assert recording.snapshot(29).sockets == sockets(170)


@pytest.mark.parametrize("text", ["\\u001b[31m", "[/]", "\\u202e"])
def test_text_in_a_recording_is_made_safe(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.jsonl"
    written(path, Snapshot(taken_at=1e9, sockets=sockets(170)[:1]))
    path.write_text(path.read_text().replace("sshd", f"x{text}"))
    [socket] = Recording(path).snapshot(0).sockets or ()
    assert socket.owners and not {"\x1b", "\u202e"} & set(socket.owners[0].name)


async def test_a_replay_answers_a_query_with_the_moment_that_it_shows(tmp_path: Path) -> None:
    replay = Replay(written(tmp_path / "r.jsonl", web_03(165), web_03(166)))
    watch = SocketWatch(replay.sockets())
    query = SocketQuery(wanted=Is("state", "=", "CLOSE_WAIT"), sort="idle", reverse=True)
    first = await watch.read(query)
    assert len(first.order) == 38 + 2 * 165 and first.taken_at == web_03(165).taken_at
    assert first.socket(first.order[0]).key == 2000, "TcpInfo is there for all of them"
    replay.step(1)
    assert len((await watch.read(query)).order) == 38 + 2 * 166
    found = await watch.read(SocketQuery(wanted=Is("process", "=", "restic")))
    [backup] = [found.socket(place) for place in found.order]
    assert backup.unit is not None and backup.unit.name == "backup.service"


async def test_what_a_recording_cannot_tell_it_says() -> None:
    held = web_03(170)
    backend = RecordedSockets(lambda: held)
    table = await backend.table(SocketRequest(transports=frozenset({Transport.UDP})))
    assert len(table) == 8 and table.note == f"the recording holds {len(held.sockets or ()):,}"
    for refused in (backend.destroy(table.socket(0)), backend.process(1), anext(backend.endings())):
        with pytest.raises(OSError, match="recording"):
            await refused
    with pytest.raises(OSError, match="no sockets were recorded at this moment: nettui record --sockets"):
        await RecordedSockets(lambda: Snapshot(taken_at=1e9)).table(SocketRequest())


async def test_the_ends_of_recorded_sockets_are_found_by_comparing() -> None:
    second = 165
    watch = SocketWatch(RecordedSockets(lambda: web_03(second)), interval=0.01)
    running = asyncio.create_task(watch.run(lambda: None))
    async with asyncio.timeout(20):
        while watch.frame is None or not watch.frame.closed_note:
            await asyncio.sleep(0.01)
        for second in (166, 167):
            while watch.frame.taken_at < web_03(second).taken_at:
                await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [(each.socket.owners or ())[0].name for each in watch.frame.closed] == ["nginx", "nginx"]
    assert [each.closed_at for each in watch.frame.closed] == [web_03(167).taken_at, web_03(166).taken_at]
