"""Permissions and quotas for the test that runs as root, whom they would not stop."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION_3 = 0x20080522
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@contextmanager
def without_root_powers() -> Iterator[None]:
    """Have file permissions apply to this thread, root's too (capabilities(7))."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(_VERSION_3, 0), (_Sets * 2)()
    if libc.capget(ctypes.byref(header), sets):
        raise OSError(ctypes.get_errno(), "capget")
    before = sets[0].effective
    _set_effective(libc, header, sets, before & ~(1 << _DAC_OVERRIDE | 1 << _DAC_READ_SEARCH))
    try:
        yield
    finally:
        _set_effective(libc, header, sets, before)


def _set_effective(libc: ctypes.CDLL, header: _Header, sets: ctypes.Array[_Sets], effective: int) -> None:
    sets[0].effective = effective
    if libc.capset(ctypes.byref(header), sets):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
