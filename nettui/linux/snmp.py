"""The counters of the kernel's management information bases: /proc/net/snmp, netstat and snmp6 (linux/snmp.h).

What is no number, or cannot be told which one it is, is left out: a counter that is missing is not known, one that is
taken from the wrong column would be wrong.
"""

import re
from collections.abc import Collection, Mapping

_LONGEST = 20
"""Digits of an unsigned number of 64 bits."""


def numbers(text: bytes, group: bytes, wanted: Collection[bytes]) -> Mapping[bytes, int]:
    """Counters of one group of snmp or netstat by their names.

    They stand in two lines that begin alike: "Udp: InDatagrams NoPorts" and "Udp: 12 0". Empty where there are not
    two such whole lines with as many words.
    """
    heading = group + b":"
    lines = [line.split() for line in text.splitlines(keepends=True) if line.startswith(heading) and b"\n" in line]
    if len(lines) != 2 or len(lines[0]) != len(lines[1]):
        return {}
    words = dict(zip(*lines, strict=True))
    return _numbers({name: words[name] for name in wanted if name in words})


def numbers6(text: bytes, prefix: bytes, wanted: Collection[bytes]) -> Mapping[bytes, int]:
    """Counters of snmp6 by what is left of their names without the prefix: "Udp6InDatagrams   12"."""
    found = re.findall(rb"^%s(%s)[ \t]+(\d+)\n" % (re.escape(prefix), b"|".join(wanted)), text, re.M)
    return _numbers(dict(found))


def _numbers(words: Mapping[bytes, bytes]) -> Mapping[bytes, int]:
    return {name: int(word) for name, word in words.items() if word.isdigit() and len(word) <= _LONGEST}
