"""Writes images of every kind and what Pillow and torchvision make of them, into this folder.

Debian 12: python3-pil 9.4, python3-torchvision 0.14, python3-numpy. usage: python3 make_fixtures.py CIFAR10_DIR
"""
import hashlib
import json
import os
import struct
import sys
import zlib

import numpy as np
from PIL import Image
from torchvision import transforms

os.chdir(os.path.dirname(os.path.abspath(__file__)))
os.makedirs("images", exist_ok=True)
rng = np.random.RandomState(0)


def smooth(height, width, channels):
    """Noise without sharp edges, as photographs have."""
    coarse = rng.rand(height // 8 + 2, width // 8 + 2, channels) * 255
    planes = [Image.fromarray(coarse[..., c].astype("uint8")).resize((width, height), 3) for c in range(channels)]
    return np.stack([np.asarray(plane) for plane in planes], -1)


def raw_png(name, width, height, colour_type, depth, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def rewritten(name, source, change):
    data = bytearray(open(f"images/{source}", "rb").read())
    with open(f"images/{name}", "wb") as file:
        file.write(change(data))


def ycck(data):
    data[data.find(b"Adobe") + 11] = 2
    return data


rgb = smooth(61, 83, 3)
image = Image.fromarray(rgb)
exif = Image.Exif()
exif[0x112] = 6
image.save("images/base.jpg", quality=90)
image.save("images/progressive.jpg", progressive=True, quality=80)
image.save("images/444.jpg", subsampling=0)
image.save("images/422.jpg", subsampling=1)
image.save("images/rotated-by-exif.jpg", exif=exif)
image.convert("L").save("images/grey.jpg")
cmyk = Image.fromarray(smooth(61, 83, 4), "CMYK")
for name, options in [("", {}), ("-progressive", {"progressive": True}), ("-420", {"subsampling": 2}),
                      ("-420-progressive", {"subsampling": 2, "progressive": True})]:
    cmyk.save(f"images/cmyk{name}.jpg", **options)
    rewritten(f"ycck{name}.jpg", f"cmyk{name}.jpg", ycck)
Image.fromarray(smooth(1, 1, 3)).save("images/one-pixel.jpg")
image.save("images/rgb.png")
image.convert("L").save("images/grey.png")
image.convert("1").save("images/bilevel.png")
image.convert("P", palette=1).save("images/palette.png")
image.convert("P", palette=1, colors=4).save("images/palette-2-bit.png", bits=2)
image.convert("P", palette=1, colors=200).save("images/palette-alpha.png", transparency=bytes(range(200)))
image.save("images/rgb-transparent-colour.png", transparency=tuple(int(v) for v in rgb[0, 0]))
alpha = smooth(61, 83, 4)
Image.fromarray(alpha, "RGBA").save("images/rgba.png")
Image.fromarray(alpha[..., :2].copy(), "LA").save("images/grey-alpha.png")
deep = rng.randint(0, 65536, (20, 30, 4)).astype(">u2")
deep[:10] >>= 8
for name, colour_type, channels in [("grey", 0, 1), ("rgb", 2, 3), ("grey-alpha", 4, 2), ("rgba", 6, 4)]:
    raw_png(f"images/{name}-16-bit.png", 30, 20, colour_type, 16, [row[:, :channels].tobytes() for row in deep])
raw_png("images/grey-4-bit.png", 30, 20, 0, 4, [rng.bytes(15) for _ in range(20)])
raw_png("images/grey-2-bit.png", 32, 20, 0, 2, [rng.bytes(8) for _ in range(20)])
image.save("images/lossy.webp", quality=80)
image.save("images/lossless.webp", lossless=True)
Image.fromarray(alpha, "RGBA").save("images/rgba.webp", lossless=True, exact=True)
Image.fromarray(alpha, "RGBA").save("images/rgba-lossy.webp", quality=70)


def sha(data):
    return hashlib.sha256(data).hexdigest()


decoded, resized, processed = {}, [], []
for name in sorted(os.listdir("images")):
    picture = Image.open(f"images/{name}").convert("RGB")
    decoded[name] = {"width": picture.width, "height": picture.height, "sha256": sha(picture.tobytes())}
picture = Image.open("images/rgb.png").convert("RGB")
for width, height in [(83, 61), (41, 30), (20, 61), (83, 15), (1, 1), (166, 122), (200, 300), (84, 62), (7, 240), (82, 60)]:
    out = picture.resize((width, height), Image.BILINEAR)
    resized.append({"width": width, "height": height, "sha256": sha(out.tobytes())})
mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
for name in ["rgb.png", "base.jpg", "cmyk.jpg", "grey.png", "lossy.webp", "one-pixel.jpg"]:
    for resize, crop in [(None, 32), (40, 32), (32, 33), (64, 64), (None, 100), (37, 25)]:
        steps = [transforms.Resize(resize)] if resize else []
        steps += [transforms.CenterCrop(crop), transforms.ToTensor(), transforms.Normalize(mean, std)]
        values = transforms.Compose(steps)(Image.open(f"images/{name}").convert("RGB")).numpy()
        processed.append({"image": name, "resize": resize, "crop": crop, "sha256": sha(values.tobytes())})
with open("expected.json", "w") as file:
    json.dump({"decoded": decoded, "resized": resized, "processed": processed}, file, indent=1)
    file.write("\n")

# Features by PyTorch of every 60th image of the example.
features = np.load(os.path.join(sys.argv[1], "features.npy"))
names = sorted(os.listdir("../../../examples/cifar10/images"))[::60]
with open("features.json", "w") as file:
    json.dump({name: [float("%.9g" % v) for v in features[int(name[:5])]] for name in names}, file)
    file.write("\n")
