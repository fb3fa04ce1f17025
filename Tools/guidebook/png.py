"""Makes a browser's picture small: 255 colours and maximal compression, in plain Python."""

import struct
import zlib
from collections import Counter

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def with_palette(picture: bytes) -> bytes:
    """The same picture with at most 256 colours: the most frequent ones, and for all others the nearest of them. Takes
    eight-bit RGB or RGBA without interlacing, which is what browsers write; alpha is dropped."""
    width, height, pixels = _read(picture)
    counts = Counter(pixels)
    palette = [colour for colour, _ in counts.most_common(256)]
    index = {colour: number for number, colour in enumerate(palette)}
    for colour in counts:
        if colour not in index:
            index[colour] = index[min(palette, key=lambda other: sum((a - b) ** 2 for a, b in zip(colour, other)))]
    rows = b"".join(b"\0" + bytes(index[pixel] for pixel in pixels[at:at + width])
                    for at in range(0, width * height, width))
    return SIGNATURE + b"".join([
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        _chunk(b"PLTE", b"".join(palette)),
        _chunk(b"IDAT", zlib.compress(rows, 9)),
        _chunk(b"IEND", b""),
    ])


def _read(picture: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and every pixel as three bytes."""
    assert picture[:8] == SIGNATURE
    place, data = 8, b""
    while place < len(picture):
        length, kind = struct.unpack(">I4s", picture[place:place + 8])
        content = picture[place + 8:place + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", content)
            assert depth == 8 and colours in (2, 6) and not interlaced, "not a browser's picture"
        elif kind == b"IDAT":
            data += content
        place += 12 + length
    size = 3 if colours == 2 else 4
    raw, stride = zlib.decompress(data), width * size
    above = bytes(stride)
    pixels: list[bytes] = []
    for row in range(height):
        start = row * (stride + 1)
        above = _unfiltered(raw[start], raw[start + 1:start + 1 + stride], above, size)
        pixels += [above[at:at + 3] for at in range(0, stride, size)]
    return width, height, pixels


def _unfiltered(kind: int, line: bytes, above: bytes, size: int) -> bytes:
    """One row without the PNG filter that was laid over it."""
    if kind == 0:
        return line
    if kind == 2:
        return bytes((a + b) & 255 for a, b in zip(line, above))
    row = bytearray(line)
    for at in range(len(row)):
        left, up = row[at - size] if at >= size else 0, above[at]
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + up) // 2
        else:
            corner = above[at - size] if at >= size else 0
            guess = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
        row[at] = (row[at] + guess) & 255
    return bytes(row)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
