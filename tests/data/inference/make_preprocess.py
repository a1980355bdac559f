"""Writes what Pillow, torchvision, timm and PyTorch make of images/rgb.png by other filters, sizes and presets: preprocess.json.

Needs Pillow, torch, torchvision, timm and numpy from PyPI. usage: python make_preprocess.py
"""
import base64
import hashlib
import json
import os
import zlib

import numpy as np
import timm.data
import torch
from PIL import Image
from torchvision import transforms

os.chdir(os.path.dirname(os.path.abspath(__file__)))
image = Image.open("images/rgb.png").convert("RGB")
mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def sha(data):
    return hashlib.sha256(data).hexdigest()


filters = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS}
resized = [{"interpolation": name, "width": w, "height": h, "sha256": sha(image.resize((w, h), kind).tobytes())}
           for name, kind in filters.items() for w, h in [(41, 30), (20, 61), (83, 15), (1, 1), (166, 122), (200, 300), (7, 240)]]
plain = []
pixels = torch.tensor(np.asarray(image)).permute(2, 0, 1)[None].float()
for name in ("bilinear", "bicubic"):
    for w, h in [(41, 30), (20, 61), (200, 150), (5, 90)]:
        out = torch.nn.functional.interpolate(pixels, (h, w), mode=name, antialias=False).round().clamp(0, 255)
        rgb = out[0].permute(1, 2, 0).numpy().astype("uint8").tobytes()
        plain.append({"interpolation": name, "width": w, "height": h, "rgb": base64.b64encode(zlib.compress(rgb, 9)).decode()})


def values(steps, grey=False):
    source = image.convert("L") if grey else image
    return sha(np.ascontiguousarray(transforms.Compose(steps)(source).numpy()).tobytes())


bicubic = transforms.InterpolationMode.BICUBIC
pipelines = [
    {"options": {"resize": 40, "crop": 32, "interpolation": "bicubic", "mean": mean, "std": std},
     "sha256": values([transforms.Resize(40, bicubic), transforms.CenterCrop(32), transforms.ToTensor(), transforms.Normalize(mean, std)])},
    {"options": {"resize": [32, 32], "crop": None, "mean": mean, "std": std},
     "sha256": values([transforms.Resize((32, 32)), transforms.ToTensor(), transforms.Normalize(mean, std)])},
    {"options": {"resize": 48, "resizeSide": "longer", "crop": 32, "mean": mean, "std": std},
     "sha256": values([transforms.Resize((int(48 * 61 / 83), 48)), transforms.CenterCrop(32), transforms.ToTensor(), transforms.Normalize(mean, std)])},
    {"options": {"resize": 40, "crop": 32, "channels": "bgr", "mean": mean, "std": std},
     "sha256": values([transforms.Resize(40), transforms.CenterCrop(32), transforms.ToTensor(), transforms.Normalize(mean, std), transforms.Lambda(lambda t: t.flip(0))])},
    {"options": {"resize": 40, "crop": 32, "channels": "grey", "mean": [0.5] * 3, "std": [0.25] * 3},
     "sha256": values([transforms.Resize(40), transforms.CenterCrop(32), transforms.ToTensor(), transforms.Normalize([0.5], [0.25])], True)},
]
presets = []
for config in ({"input_size": [3, 32, 32], "interpolation": "bicubic", "crop_pct": 0.9, "mean": mean, "std": std},
               {"input_size": [3, 32, 32], "interpolation": "bilinear", "crop_pct": 1.0, "mean": [0.5] * 3, "std": [0.5] * 3},
               {"input_size": [3, 32, 32], "interpolation": "bicubic", "crop_pct": 0.95, "crop_mode": "squash", "mean": mean, "std": std}):
    settings = {"input_size": tuple(config["input_size"]), **{k: config[k] for k in ("interpolation", "crop_pct", "mean", "std")},
                "crop_mode": config.get("crop_mode", "center")}
    out = timm.data.create_transform(**settings, is_training=False)(image)
    presets.append({"preset": "timm", "file": "config.json", "config": {"architecture": "any", "pretrained_cfg": config},
                    "sha256": sha(np.ascontiguousarray(out.numpy()).tobytes())})
vit = {"do_resize": True, "size": {"height": 32, "width": 32}, "resample": 2, "do_rescale": True, "rescale_factor": 1 / 255,
       "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
convnext = {"do_resize": True, "size": {"shortest_edge": 32}, "crop_pct": 0.875, "resample": 3, "image_mean": mean, "image_std": std}
clip = {"do_resize": True, "size": {"shortest_edge": 40}, "do_center_crop": True, "crop_size": {"height": 32, "width": 32}, "resample": 3,
        "image_mean": mean, "image_std": std}
norm = transforms.Normalize
for config, steps in ((vit, [transforms.Resize((32, 32)), transforms.ToTensor(), norm([0.5] * 3, [0.5] * 3)]),
                      (convnext, [transforms.Resize(int(32 / 0.875), bicubic), transforms.CenterCrop(32), transforms.ToTensor(), norm(mean, std)]),
                      (clip, [transforms.Resize(40, bicubic), transforms.CenterCrop(32), transforms.ToTensor(), norm(mean, std)])):
    presets.append({"preset": "huggingface", "file": "preprocessor_config.json", "config": config, "sha256": values(steps)})
presets.append({"preset": "torchvision", "file": None, "config": None,
                "sha256": values([transforms.Resize(round(32 * 256 / 224)), transforms.CenterCrop(32), transforms.ToTensor(), norm(mean, std)])})
# keras.applications.imagenet_utils.preprocess_input(mode="caffe") of the image squeezed without smoothing.
squeezed = torch.nn.functional.interpolate(pixels, (32, 32), mode="bilinear", antialias=False)[0]
caffe = squeezed.flip(0) - torch.tensor([103.939, 116.779, 123.68])[:, None, None]
near = [{"preset": "keras:caffe", "values": [float("%.6g" % v) for v in caffe.flatten()]}]
with open("preprocess.json", "w") as file:
    json.dump({"resized": resized, "plain": plain, "pipelines": pipelines, "presets": presets, "near": near}, file)
    file.write("\n")
