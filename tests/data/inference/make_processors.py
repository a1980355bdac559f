"""Writes what the image processors of Hugging Face's transformers (those on Pillow) make of images/rgb.png: processors.json.
Where a crop leaves an odd number of pixels those on torchvision, now the default, round as torchvision does, so none does here.

Needs transformers, Pillow, torch, torchvision and numpy from PyPI. usage: python make_processors.py
"""
import json
import os

import numpy as np
import transformers
from PIL import Image

os.chdir(os.path.dirname(os.path.abspath(__file__)))
image = Image.open("images/rgb.png").convert("RGB")
mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
square, short, crop = {"height": 32, "width": 32}, {"shortest_edge": 40}, {"height": 32, "width": 32}
#: The class, what its file says besides the class, and the key that names the class (with another ending perhaps).
configs = [
    # As google/vit-base-patch16-224, openai/clip-vit-base-patch32 and others of 2021 have it.
    ("ViT", {"do_normalize": True, "do_resize": True, "size": 32}, {"feature_extractor_type": "ViTFeatureExtractor"}),
    ("CLIP", {"crop_size": 32, "do_center_crop": True, "do_normalize": True, "do_resize": True, "resample": 3, "size": 34},
     {"feature_extractor_type": "CLIPFeatureExtractor"}),
    ("CLIP", {"crop_size": 32, "size": 40}, {"image_processor_type": "CLIPImageProcessorFast"}),
    ("ConvNext", {"size": 32, "crop_pct": 0.875, "image_mean": mean, "image_std": std}, {"feature_extractor_type": "ConvNextFeatureExtractor"}),
    ("ConvNext", {"size": {"shortest_edge": 32}, "do_resize": True, "image_mean": mean, "image_std": std}, {"image_processor_type": "ConvNextImageProcessor"}),
    ("ConvNext", {"size": {"shortest_edge": 384}, "crop_pct": 0.875, "image_mean": mean, "image_std": std, "do_center_crop": True, "crop_size": 32},
     {"image_processor_type": "ConvNextImageProcessor"}),
    ("DeiT", {"size": 40, "crop_size": 32, "image_mean": mean, "image_std": std}, {"feature_extractor_type": "DeiTFeatureExtractor"}),
    ("Beit", {"size": square, "do_center_crop": False, "crop_size": crop, "do_reduce_labels": False}, {"image_processor_type": "BeitImageProcessor"}),
    ("Bit", {"size": short, "crop_size": crop, "image_mean": mean, "image_std": std}, {"image_processor_type": "BitImageProcessor"}),
    ("Levit", {"size": {"shortest_edge": 32}, "crop_size": crop}, {"image_processor_type": "LevitImageProcessor"}),
    ("PoolFormer", {"size": 36, "crop_size": 32, "crop_pct": 0.9}, {"feature_extractor_type": "PoolFormerFeatureExtractor"}),
    ("PoolFormer", {"size": square, "crop_size": crop, "crop_pct": 0.95}, {"image_processor_type": "PoolFormerImageProcessor"}),
    ("MobileNetV1", {"size": 40, "crop_size": 32}, {"feature_extractor_type": "MobileNetV1FeatureExtractor"}),
    ("MobileNetV2", {"size": short, "crop_size": crop, "resample": 2}, {"image_processor_type": "MobileNetV2ImageProcessor"}),
    ("MobileViT", {"size": 36, "crop_size": 32, "do_center_crop": True, "do_flip_channel_order": True, "resample": 2}, {"feature_extractor_type": "MobileViTFeatureExtractor"}),
    ("MobileViT", {"size": short, "crop_size": crop, "do_flip_channel_order": False}, {"image_processor_type": "MobileViTImageProcessor"}),
    ("EfficientNet", {"size": square, "include_top": True, "rescale_offset": False, "image_mean": mean, "image_std": [0.47853944, 0.4732864, 0.47434163]},
     {"image_processor_type": "EfficientNetImageProcessor"}),
    ("EfficientNet", {"size": square, "include_top": False, "rescale_offset": True, "rescale_factor": 0.00784313725490196, "do_normalize": False},
     {"image_processor_type": "EfficientNetImageProcessor"}),
    ("Pvt", {"size": square}, {"image_processor_type": "PvtImageProcessor"}),
    ("Siglip", {"size": square, "resample": 3}, {"image_processor_type": "SiglipImageProcessor"}),
    ("Segformer", {"size": square}, {"image_processor_type": "SegformerImageProcessor"}),
    ("ViT", {"size": square, "do_rescale": True, "rescale_factor": 1 / 127.5, "image_mean": [1, 1, 1], "image_std": [1, 1, 1]}, {"image_processor_type": "ViTImageProcessorFast"}),
    ("ViT", {"size": square, "do_normalize": False, "do_convert_rgb": None, "resample": 1}, {"image_processor_type": "ViTImageProcessor"}),
]
rows = []
for name, config, key in configs:
    processor = getattr(transformers, f"{name}ImageProcessorPil")(**config)
    values = np.asarray(processor(image)["pixel_values"][0], dtype="float32")
    assert values.shape == (3, 32, 32), (name, values.shape)
    rows.append({"config": {**config, **key}, "every61": [float("%.6g" % v) for v in values.ravel()[::61]]})
with open("processors.json", "w") as file:
    json.dump(rows, file)
    file.write("\n")
