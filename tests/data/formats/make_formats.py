"""Writes small images of many formats, and their pixels as Pillow reads them. Needs Pillow 11.3 or newer and numpy (PyPI).

usage: python make_formats.py    (into this folder: images/ and expected.json, RGB in base64)
"""
import base64
import io
import json
import os
import struct
import zlib

import numpy as np
from PIL import Image

os.chdir(os.path.dirname(os.path.abspath(__file__)))
os.makedirs("images", exist_ok=True)
rng = np.random.RandomState(0)
width, height = 37, 23


def smooth(channels, w=width, h=height):
    coarse = rng.randint(0, 256, (h // 6 + 2, w // 6 + 2, channels)).astype("uint8")
    return np.stack([np.asarray(Image.fromarray(coarse[..., c]).resize((w, h), 3)) for c in range(channels)], -1)


def write(name, data):
    with open(f"images/{name}", "wb") as file:
        file.write(data)


image = Image.fromarray(smooth(3))
grey = image.convert("L")
palette = image.convert("P", palette=1, colors=60)
rgba = Image.fromarray(smooth(4), "RGBA")
deep = rng.randint(0, 65536, (height, width, 3)).astype("uint16")

# BMP
image.save("images/rgb.bmp")
grey.save("images/grey.bmp")
palette.save("images/palette.bmp")
image.convert("1").save("images/bilevel.bmp")
rgba.save("images/rgba.bmp")
rows = np.asarray(image)[::1].astype("uint16")
for name, masks, packed in (
        ("555", (0x7C00, 0x3E0, 0x1F), (rows[..., 0] >> 3 << 10) | (rows[..., 1] >> 3 << 5) | rows[..., 2] >> 3),
        ("565", (0xF800, 0x7E0, 0x1F), (rows[..., 0] >> 3 << 11) | (rows[..., 1] >> 2 << 5) | rows[..., 2] >> 3)):
    lines = np.zeros((height, width + width % 2), "<u2")
    lines[:, :width] = packed
    head = struct.pack("<IiiHHIIiiII", 40, width, -height, 1, 16, 3, lines.nbytes, 0, 0, 0, 0) + struct.pack("<III", *masks)
    write(f"{name}.bmp", b"BM" + struct.pack("<IHHI", 14 + len(head) + lines.nbytes, 0, 0, 14 + len(head)) + head + lines.tobytes())
data = b""
for row in np.asarray(palette)[::-1]:
    for value in row[:20]:
        data += bytes([1, value])
    data += bytes([0, len(row) - 20]) + bytes(row[20:].tolist()) + b"\0" * ((len(row) - 20) % 2) + b"\0\0"
data += b"\0\1"
colours = b"".join(bytes([b, g, r, 0]) for r, g, b in np.asarray(palette.getpalette() + [0] * 768)[:768].reshape(256, 3).tolist())
head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(data), 0, 0, 256, 0) + colours
write("rle8.bmp", b"BM" + struct.pack("<IHHI", 14 + len(head) + len(data), 0, 0, 14 + len(head)) + head + data)

# TIFF
for name, compression in (("raw", None), ("lzw", "tiff_lzw"), ("deflate", "tiff_adobe_deflate"), ("packbits", "packbits"), ("zstd", "zstd")):
    image.save(f"images/{name}.tiff", compression=compression)
image.save("images/predictor.tiff", compression="tiff_lzw", tiffinfo={317: 2})
image.save("images/jpeg.tiff", compression="jpeg", quality=90)
grey.save("images/jpeg-grey.tiff", compression="jpeg")
grey.save("images/grey.tiff")
rgba.save("images/rgba.tiff", compression="tiff_lzw")
palette.save("images/palette.tiff", compression="tiff_lzw")
image.convert("1").save("images/bilevel.tiff")
image.convert("CMYK").save("images/cmyk.tiff")
Image.fromarray(deep[..., 0] % 512).save("images/grey-16-bit.tiff", compression="tiff_lzw")


def tiff(name, samples, photometric, bits, order="<", extra=(), compression=1, body=None):
    """A TIFF of one strip, which Pillow cannot write."""
    h, w = samples.shape[:2]
    count = samples.shape[2] if samples.ndim == 3 else 1
    body = body or samples.astype(f"{order}u{bits // 8}").tobytes()
    if compression == 8:
        body = zlib.compress(body)
    tags = [(256, 3, 1, w), (257, 3, 1, h), (258, 3, count, bits), (259, 3, 1, compression), (262, 3, 1, photometric), (273, 4, 1, 8),
            (277, 3, 1, count), (278, 3, 1, h), (279, 4, 1, len(body)), *extra]
    at = 8 + len(body)
    beyond = at + 2 + 12 * len(tags) + 4
    entries, more = b"", b""
    for tag, kind, number, value in tags:
        if kind == 3 and number > 2:
            entries += struct.pack(f"{order}HHII", tag, kind, number, beyond + len(more))
            more += struct.pack(f"{order}{number}H", *[value] * number)
        elif kind == 3:
            entries += struct.pack(f"{order}HHI", tag, kind, number) + struct.pack(f"{order}HH", value, value if number == 2 else 0)
        else:
            entries += struct.pack(f"{order}HHII", tag, kind, number, value)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    write(name, mark + struct.pack(f"{order}I", at) + body + struct.pack(f"{order}H", len(tags)) + entries + b"\0\0\0\0" + more)


tiff("rgb-16-bit.tiff", deep, 2, 16)
tiff("rgb-16-bit-big-endian.tiff", deep, 2, 16, ">")
tiff("white-is-zero.tiff", np.asarray(grey), 0, 8)

# Netpbm
image.save("images/rgb.ppm")
grey.save("images/grey.pgm")
image.convert("1").save("images/bilevel.pbm")
write("plain.ppm", b"P3\n# by hand\n%d %d\n255\n" % (width, height) + b" ".join(str(v).encode() for v in np.asarray(image).ravel()) + b"\n")
write("shallow.pgm", b"P5 %d %d 100\n" % (width, height) + (np.asarray(grey) * 100 // 255).astype("uint8").tobytes())
write("deep.ppm", b"P6 %d %d 65535\n" % (width, height) + deep.astype(">u2").tobytes())
write("deep.pgm", b"P5 %d %d 65535\n" % (width, height) + deep[..., 0].astype(">u2").tobytes())

# GIF: first frames
palette.save("images/plain.gif")
palette.save("images/interlaced.gif", interlace=1)
palette.save("images/transparent.gif", transparency=5)
palette.save("images/animated.gif", save_all=True, append_images=[palette.rotate(180)], duration=50, loop=0)
small = bytearray(open("images/plain.gif", "rb").read())
small[6:10] = struct.pack("<HH", width + 6, height + 4)
write("frame-inside.gif", small)

# WebP animations, AVIF, PNG cut behind its data
image.save("images/animated.webp", save_all=True, append_images=[image.rotate(180)], lossless=True, duration=50)
rgba.save("images/animated-alpha.webp", save_all=True, append_images=[rgba.rotate(180)], quality=80, duration=50)
for name, options in (("444", {"subsampling": "4:4:4"}), ("420", {"subsampling": "4:2:0"}), ("low", {"quality": 30})):
    image.save(f"images/{name}.avif", **options)
rgba.save("images/rgba.avif")
grey.save("images/grey.avif")
for name, source in (("no-end.png", image), ("no-end-palette.png", palette)):
    whole = io.BytesIO()
    source.save(whole, "PNG")
    write(name, whole.getvalue()[:-12])

# Later finds, drawn from a stream of their own.
rng = np.random.RandomState(1)
little = image.crop((3, 2, 14, 9))
for turn in range(2, 9):
    little.save(f"images/orientation-{turn}.tiff", tiffinfo={274: turn})
little.convert("YCbCr").save("images/ycbcr.tiff")
alpha = smooth(4, 11, 7)
alpha[:2, :5, 3] = 0
tiff("associated-alpha.tiff", alpha, 2, 8, extra=[(338, 3, 1, 1)])
tiff("cmyk-16-bit.tiff", rng.randint(0, 65536, (7, 11, 4)), 5, 16)
tiff("white-is-zero-16-bit.tiff", rng.randint(0, 512, (7, 11)), 0, 16)
twelve = rng.randint(0, 512, (7, 12))
tiff("grey-12-bit.tiff", twelve, 1, 12, body=b"".join(bytes([a >> 4, a % 16 << 4 | b >> 8, b % 256]) for a, b in twelve.reshape(-1, 2).tolist()))
steps = np.diff(deep[:7, :11].astype(int), axis=1, prepend=0) % 65536
tiff("predictor-16-bit-big-endian.tiff", steps, 2, 16, ">", [(317, 3, 1, 2)], 8)


def planes():
    """A TIFF of three JPEG strips, one a colour."""
    strips = []
    for channel in little.split():
        whole = io.BytesIO()
        channel.save(whole, "JPEG", quality=90)
        strips.append(whole.getvalue())
    at, body = 8 + 24, b"".join(strips)
    offsets = [at, at + len(strips[0]), at + len(strips[0]) + len(strips[1])]
    bits = at + len(body)
    tags = [(256, 3, 1, 11), (257, 3, 1, 7), (258, 3, 3, bits), (259, 3, 1, 7), (262, 3, 1, 2), (273, 4, 3, 8), (277, 3, 1, 3),
            (278, 3, 1, 7), (279, 4, 3, 20), (284, 3, 1, 2)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    write("jpeg-planes.tiff", b"II*\0" + struct.pack("<I", bits + 6) + struct.pack("<3I", *offsets) + struct.pack("<3I", *map(len, strips)) + body
          + struct.pack("<3H", 8, 8, 8) + struct.pack("<H", len(tags)) + entries + b"\0\0\0\0")


planes()
rows = np.asarray(little)[::-1, :, ::-1]
body = b"".join(row.tobytes() + b"\0" * (-row.size % 4) for row in rows)
write("os2.bmp", b"BM" + struct.pack("<IHHI", 26 + len(body), 0, 0, 26) + struct.pack("<IHHHH", 12, 11, 7, 1, 24) + body)
few = little.quantize(16)
body = b"".join((bytes([a << 4 | b for a, b in zip(row[::2], row[1::2] + [0])]) + b"\0\0")[:8] for row in np.asarray(few)[::-1].tolist())
colours = np.resize(few.getpalette(), (16, 3))[:, ::-1].astype("uint8").tobytes()
write("os2-palette.bmp", b"BM" + struct.pack("<IHHI", 74 + len(body), 0, 0, 74) + struct.pack("<IHHHH", 12, 11, 7, 1, 4) + colours + body)
small[6:10] = struct.pack("<HH", width - 6, height - 4)
write("frame-larger.gif", small)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


lines = b"".join(b"\0" + row.tobytes() for row in np.asarray(little))
for name, data in (("more-data.png", zlib.compress(lines + bytes(50))), ("no-checksum.png", zlib.compress(lines)[:-4])):
    write(name, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 11, 7, 8, 2, 0, 0, 0)) + chunk(b"IDAT", data) + chunk(b"IEND", b""))

x, y = np.meshgrid(np.arange(32), np.arange(24))
faded = np.stack([x * 8, y * 10, 255 - x * 4, 40 + y * 9], -1).astype("uint8")
Image.fromarray(faded, "RGBA").save("images/444-premultiplied.avif", quality=100, subsampling="4:4:4", alpha_premultiplied=True)

# Not read: libjpeg refuses to make grey, RGB or YCbCr of it.
Image.new("CMYK", (8, 8), (10, 200, 30, 40)).save("cmyk-jpeg.tiff", compression="jpeg")

expected = {}
for name in sorted(os.listdir("images")):
    picture = Image.open(f"images/{name}").convert("RGB")
    expected[name] = {"width": picture.width, "height": picture.height, "rgb": base64.b64encode(zlib.compress(picture.tobytes(), 9)).decode()}
with open("expected.json", "w") as file:
    json.dump(expected, file, indent=1)
    file.write("\n")
print(len(expected), "images")
