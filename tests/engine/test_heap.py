"""Memory is given back, and the garbage collector waits for those who are busy."""

import gc
import subprocess
import sys

import pytest

from nettui.engine.heap import undisturbed

MEASURED = """
import ctypes
from nettui.engine.heap import give_large_pieces_back

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]

mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Info
give_large_pieces_back()
bytearray(16 << 20)  # glibc would from now on keep whatever is smaller in its heap
before = mallinfo().hblkhd
piece = bytearray(4 << 20)
assert mallinfo().hblkhd - before >= len(piece)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt(3) is glibc's")
def test_a_large_piece_stays_out_of_the_heap_whatever_was_freed_before() -> None:
    run = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=False)
    if "mallinfo2" in run.stderr:
        pytest.skip("this libc has no mallinfo2")
    assert run.returncode == 0, run.stderr


def test_the_collector_comes_back_when_the_last_is_done() -> None:
    one, other = undisturbed(), undisturbed()
    assert gc.isenabled()
    with one:
        assert not gc.isenabled()
        other.__enter__()
    assert not gc.isenabled(), "the one that began first has ended first"
    other.__exit__(None, None, None)
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with undisturbed():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
