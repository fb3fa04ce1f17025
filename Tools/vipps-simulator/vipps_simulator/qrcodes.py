"""Draws QR codes with libqrencode."""

import ctypes
import ctypes.util
import struct
import zlib
from functools import lru_cache

QUIET_ZONE = 4
LEVEL_MEDIUM = 1
EIGHT_BIT = 2


class NoQrLibrary(RuntimeError):
    """libqrencode is not installed."""


class _QRcode(ctypes.Structure):
    _fields_ = [("version", ctypes.c_int), ("width", ctypes.c_int), ("data", ctypes.POINTER(ctypes.c_ubyte))]


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(ctypes.util.find_library("qrencode") or "libqrencode.so.4")
    except OSError as error:
        raise NoQrLibrary("QR images need libqrencode: apt-get install libqrencode4") from error
    library.QRcode_encodeString.restype = ctypes.POINTER(_QRcode)
    library.QRcode_encodeString.argtypes = [
        ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int,
    ]
    library.QRcode_free.argtypes = [ctypes.POINTER(_QRcode)]
    return library


@lru_cache(maxsize=256)
def modules(content: str) -> tuple[tuple[bool, ...], ...]:
    """Rows of dark (True) and light modules, without the quiet zone."""
    library = _library()
    code = library.QRcode_encodeString(content.encode(), 0, LEVEL_MEDIUM, EIGHT_BIT, 1)
    if not code:
        raise ValueError("the text does not fit into a QR code")
    try:
        width, data = code.contents.width, code.contents.data
        return tuple(tuple(bool(data[row * width + column] & 1) for column in range(width)) for row in range(width))
    finally:
        library.QRcode_free(code)


def svg(content: str) -> bytes:
    rows = modules(content)
    side = len(rows) + 2 * QUIET_ZONE
    path = "".join(
        f"M{column + QUIET_ZONE},{row + QUIET_ZONE}h1v1h-1z"
        for row, line in enumerate(rows) for column, dark in enumerate(line) if dark
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    ).encode()


def png(content: str, size: int) -> bytes:
    """A square of `size` pixels; modules are whole pixels, the rest is margin."""
    rows = modules(content)
    scale = max(1, size // (len(rows) + 2 * QUIET_ZONE))
    side = max(size, scale * len(rows))
    before = (side - scale * len(rows)) // 2
    after = side - scale * len(rows) - before
    white = b"\x00" + b"\xff" * side
    image = [white * before]
    for line in rows:
        pixels = b"".join((b"\x00" if dark else b"\xff") * scale for dark in line)
        image.append((b"\x00" + b"\xff" * before + pixels + b"\xff" * after) * scale)
    image.append(white * after)
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    packed = zlib.compress(b"".join(image), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
