"""What a cgroup's path says of who runs there: paths as systemd and the container engines make them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.linux.units import NAME_LIMIT, unit_at, unit_in
from nettui.model.text import LIMIT

ID = "3f2a9c1b0d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd"
POD = "0c5f1a3e-7d1b-4c52-9f6e-2b8f5d1c9a77"
SLICE = f"kubepods-burstable-pod{POD.replace('-', '_')}.slice"
MANAGER = "/user.slice/user-1000.slice/user@1000.service"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/system.slice/nginx.service", "nginx.service"),
        ("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"),
        ("/system.slice/postgresql.service/worker/3", "postgresql.service"),
        (r"/system.slice/system-serial\x2dgetty.slice/serial\x2dgetty@ttyS0.service", "serial-getty@ttyS0.service"),
        (r"/system.slice/caf\xc3\xa9.service", "café.service"),
        ("/system.slice/cups.socket", "cups.socket"),
        ("/system.slice", "system.slice"),
        ("/init.scope", "init.scope"),
        ("/user.slice/user-1000.slice/session-3.scope", "session-3.scope"),
        (f"{MANAGER}/app.slice/firefox.scope", "firefox.scope"),
        (f"{MANAGER}/init.scope", "user@1000.service"),
        ("/user.slice/user-1000.slice", "user 1000"),
        (r"/machine.slice/machine-qemu\x2d1\x2dvm.scope/libvirt", "machine-qemu-1-vm.scope"),
        (f"/machine.slice/libpod-conmon-{ID}.scope", f"libpod-conmon-{ID}.scope"),
        ("/batch/jobs/17", "/batch/jobs/17"),
        ("/lxc.monitor.web", "/lxc.monitor.web"),
    ],
)
def test_units(path: str, name: str) -> None:
    unit = unit_at(path)
    assert unit is not None
    assert (unit.name, unit.path, unit.container) == (name, path, False)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"/system.slice/docker-{ID}.scope", "docker 3f2a9c1b0d4e"),
        (f"/docker/{ID}", "docker 3f2a9c1b0d4e"),
        (f"/system.slice/docker-{ID}.scope/system.slice/nginx.service", "docker 3f2a9c1b0d4e"),
        (f"/machine.slice/libpod-{ID}.scope/container", "podman 3f2a9c1b0d4e"),
        (f"{MANAGER}/user.slice/libpod-{ID}.scope", "podman 3f2a9c1b0d4e"),
        (f"/libpod_parent/libpod-{ID}", "podman 3f2a9c1b0d4e"),
        (f"/kubepods.slice/kubepods-burstable.slice/{SLICE}/cri-containerd-{ID}.scope", "containerd 3f2a9c1b0d4e"),
        (f"/system.slice/containerd.service/{SLICE}:cri-containerd:{ID}", "containerd 3f2a9c1b0d4e"),
        (f"/kubepods.slice/{SLICE}/crio-{ID}.scope/container", "cri-o 3f2a9c1b0d4e"),
        (f"/kubepods/besteffort/pod{POD}/{ID}", "kubernetes 3f2a9c1b0d4e"),
        (f"/kubepods/pod{POD}", f"pod {POD}"),
        (f"/kubepods.slice/kubepods-burstable.slice/{SLICE}", f"pod {POD}"),
        (f"/ecs/task/{ID}", "container 3f2a9c1b0d4e"),
        (f"/docker/{'a' * 64}/docker/{ID}", "docker 3f2a9c1b0d4e"),
        ("/lxc.payload.web/system.slice/nginx.service", "lxc web"),
        ("/lxc.payload/web", "lxc web"),
        ("/lxc/101/ns/system.slice/cron.service", "lxc 101"),
        (r"/machine.slice/systemd-nspawn@build\x2d7.service/payload", "machine build-7"),
        ("/machine.slice/machine-build.scope", "machine build"),
    ],
)
def test_containers(path: str, name: str) -> None:
    unit = unit_at(path)
    assert unit is not None
    assert (unit.name, unit.container) == (name, True)


@pytest.mark.parametrize("path", ["/", "", "//"])
def test_the_root_is_nobodys(path: str) -> None:
    assert unit_at(path) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"0::/system.slice/nginx.service\n", "nginx.service"),
        (b"0::/system.slice/nginx.service (deleted)\n", "nginx.service"),
        (b"4:memory:/jobs/1\n1:name=systemd:/system.slice/cron.service\n0::/\n", "cron.service"),
        (b"1:name=systemd:/user.slice/user-0.slice\n0::/system.slice/nginx.service\n", "nginx.service"),
        (b"0::/a:b/c::d\n", "/a:b/c::d"),
        (b"4:memory:/jobs/1\n0::/\n", None),
        (b"nonsense\n::\n\n", None),
        (b"", None),
    ],
)
def test_of_a_process(text: bytes, name: str | None) -> None:
    unit = unit_in(text)
    assert (unit and unit.name) == name


@given(st.text("abc/\\x1b.slicevm-\x1b\u202e\udcff" + ID[:4]) | st.text(max_size=2_000))
def test_whatever_a_directory_is_called_it_is_safe_to_show(path: str) -> None:
    unit = unit_at(path)
    if unit is not None:
        assert unit.name.isprintable() and len(unit.name) <= NAME_LIMIT
        assert unit.path.isprintable() and len(unit.path) <= LIMIT


def test_an_escape_of_systemd_cannot_become_one_of_the_terminal() -> None:
    unit = unit_at(r"/system.slice/evil\x1b]0;title\x07.service")
    assert unit is not None
    assert unit.name == r"evil\x1b]0;title\x07.service"
