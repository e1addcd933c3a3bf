"""A photograph made on the spot: a sunset, stored on its side, with the place where it was taken in its metadata."""

import pathlib
import struct
import subprocess

WIDTH, HEIGHT = 3000, 2000


def entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
    return struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")


def exif() -> bytes:
    """An EXIF segment: orientation 6 (turn right to see it upright), and GPS coordinates of 54 degrees north."""
    directory = struct.pack("<H", 2) + entry(0x0112, 3, 1, struct.pack("<H", 6)) + entry(0x8825, 4, 1, struct.pack("<I", 38))
    gps = struct.pack("<H", 2) + entry(1, 2, 2, b"N\0") + entry(2, 5, 3, struct.pack("<I", 68))
    degrees = struct.pack("<6I", 54, 1, 19, 1, 7, 1)
    tiff = b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", 0) + gps + struct.pack("<I", 0) + degrees
    data = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data


def take(path: pathlib.Path) -> None:
    """Writes the JPEG: sky from blue to orange, sea below, drawn as a PPM and encoded by vips. It lies on its side: what is
    the right edge of the file is the bottom of the picture."""
    horizon = 2100
    sky = (bytes((60 + 190 * x // WIDTH, 90 + 70 * x // WIDTH, 180 - 120 * x // WIDTH)) for x in range(horizon))
    line = b"".join(sky) + bytes((20, 40, 80)) * (WIDTH - horizon)
    rows = []
    for y in range(HEIGHT):
        row = bytearray(line)
        half = int(max(0, 300**2 - (y - HEIGHT // 2) ** 2) ** 0.5)
        row[(horizon - half) * 3 : horizon * 3] = bytes((255, 220, 120)) * half
        rows.append(bytes(row))
    drawing = path.with_suffix(".ppm")
    drawing.write_bytes(b"P6\n%d %d\n255\n" % (WIDTH, HEIGHT) + b"".join(rows))
    subprocess.run(["vips", "jpegsave", drawing, path], check=True)
    drawing.unlink()
    jpeg = path.read_bytes()
    path.write_bytes(jpeg[:2] + exif() + jpeg[2:])


def segments(jpeg: bytes):
    """The marker segments of a JPEG before its image data: (marker, contents)."""
    place = 2
    while jpeg[place] == 0xFF and jpeg[place + 1] != 0xDA:
        length = struct.unpack(">H", jpeg[place + 2 : place + 4])[0]
        yield jpeg[place + 1], jpeg[place + 4 : place + 2 + length]
        place += 2 + length


def size(jpeg: bytes) -> tuple[int, int]:
    """Width and height, from the frame header."""
    for marker, contents in segments(jpeg):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", contents[1:5])
            return width, height
    return 0, 0


def tells_more_than_it_shows(jpeg: bytes) -> bool:
    """Whether any segment carries EXIF, XMP or other metadata (APP1 to APP15 except colour profiles, comments)."""
    return any(
        0xE1 <= marker <= 0xEF and not contents.startswith((b"ICC_PROFILE\0", b"Adobe")) or marker == 0xFE
        for marker, contents in segments(jpeg))
