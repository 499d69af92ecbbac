"""The same resolv.conf for glibc and for nettui: both ask the same servers for the same names, in the same order."""

import json
import subprocess
import sys

import pytest

from tests.lab_support import Lab, lab

__all__ = ["lab"]

ALL = "nameserver 127.0.0.1\nnameserver 127.0.0.2\nnameserver 127.0.0.3\n"
ONE = "nameserver 127.0.0.1\n"
ONCE = "options attempts:1\n"

CASES = [
    # The search list: what is appended to which names, and when.
    (ONE + "search a.test b.test", "web", "NXDOMAIN"),
    (ONE + "search a.test b.test", "web.", "NXDOMAIN"),
    (ONE + "search a.test b.test", "web.lan", "NXDOMAIN"),
    (ONE + "search a.test b.test", "web.lan.", "NXDOMAIN"),
    (ONE + "search a.test. b.test\noptions ndots:2", "web.lan", "NXDOMAIN"),
    (ONE + "search a.test\noptions ndots:0", "web", "NXDOMAIN"),
    (ONE + "search .", "web", "NXDOMAIN"),
    (ONE + "search . a.test", "web", "NXDOMAIN"),
    (ONE + "search a.test .", "web", "NXDOMAIN"),
    (ONE + "search a.test\ndomain b.test other.test", "web", "NXDOMAIN"),
    (ONE + "domain b.test\nsearch a.test\tc.test", "web", "NXDOMAIN"),
    (ONE, "web.lan", "NXDOMAIN"),
    (ONE + "search a.test b.test", "web", "NOERROR"),
    # The servers: which lines count, and who is asked after a failure.
    (ONCE + ALL, "web.lan.", "NXDOMAIN"),
    (ONCE + ALL, "web.lan.", "SERVFAIL"),
    (ONCE + ALL, "web.lan.", "REFUSED"),
    (ONCE + ALL + "nameserver 127.0.0.4\n", "web.lan.", "NXDOMAIN"),
    (ONCE + "nameserver\t127.0.0.2 # second\nnameserver ::1\n nameserver 127.0.0.1\n", "web.lan.", "SERVFAIL"),
    (ONCE + "Nameserver 127.0.0.1\nnameserver 127.3\n;nameserver 127.0.0.1\n", "web.lan.", "SERVFAIL"),
    (ONCE + "nameserver dns.test\nnameserver 127.0.0.1;x\nnameserver 0x7f.2\n", "web.lan.", "SERVFAIL"),
    (ONCE + "nameserver 127.0.0.1\r\nnameserver 127.0.0.2\n", "web.lan.", "SERVFAIL"),
    (ONCE + "nameserver 127.0.0.1 #\r\nnameserver ::1\r\nnameserver 127.0.0.2\n", "web.lan.", "SERVFAIL"),
]


@pytest.mark.lab
def test_who_is_asked_for_what(lab: Lab) -> None:
    done = subprocess.run(
        lab.command("unshare", "-m", sys.executable, "-m", "tests.dns.glibc_inside"),
        input=json.dumps(CASES), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert len(results) == len(CASES)
    assert [(case, ours) for case, (_, ours) in zip(CASES, results, strict=True)] == [
        (case, theirs) for case, (theirs, _) in zip(CASES, results, strict=True)
    ]
    assert all(theirs for theirs, _ in results)
