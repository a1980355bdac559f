"""Writes properties.json: image properties of the fixtures by NumPy and Pillow, with scikit-image's rgb2lab in its own formula.

usage: python3 tests/images/propertiesReference.py
"""
import json, os, sys
import numpy as np
from PIL import Image

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'data', 'inference')


def lab(rgb):
    """skimage.color.rgb2lab: sRGB, D65, 2 degrees."""
    v = rgb.astype(np.float64) / 255
    linear = np.where(v > 0.04045, ((v + 0.055) / 1.055) ** 2.4, v / 12.92)
    matrix = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
    xyz = linear @ matrix.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def moments(part):
    flat = part.reshape(-1, 3)
    return [*flat.mean(0), *flat.std(0), np.hypot(flat[:, 1], flat[:, 2]).mean()]


def properties(path):
    image = Image.open(path)
    rgb = np.asarray(image.convert('RGB'))
    h, w = rgb.shape[:2]
    values = lab(rgb)
    centre = values[h // 4 : h - h // 4, w // 4 : w - w // 4]
    padded = np.pad(values[..., 0], 1, mode='symmetric')  # scipy.ndimage's "reflect"
    part = lambda y, x: padded[1 + y : 1 + y + h, 1 + x : 1 + x + w]
    laplacian = part(-1, 0) + part(1, 0) + part(0, -1) + part(0, 1) - 4 * part(0, 0)
    across = sum(k * (part(y, 1) - part(y, -1)) for y, k in [(-1, 1), (0, 2), (1, 1)]) / 8
    down = sum(k * (part(1, x) - part(-1, x)) for x, k in [(-1, 1), (0, 2), (1, 1)]) / 8
    edges = (np.hypot(across, down) > 5).mean()
    return [*moments(values), *moments(centre), laplacian.var(), edges, w / h, w * h, os.path.getsize(path) / (w * h)]


if __name__ == '__main__':
    names = sorted(n for n in os.listdir(os.path.join(root, 'images')) if n.split('.')[-1] in ('png', 'jpg', 'webp'))
    found = {}
    for name in names:
        try:
            found[name] = [round(float(v), 6) for v in properties(os.path.join(root, 'images', name))]
        except Exception as why:
            print(f'{name}: {why}', file=sys.stderr)
    with open(os.path.join(root, 'properties.json'), 'w') as file:
        file.write(json.dumps(found, indent=1) + '\n')
