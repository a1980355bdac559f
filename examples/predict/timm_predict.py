"""Predictions of a timm model on one folder per class:  timm_predict.py VAL NAME WEIGHTS OUT

Writes OUT.csv (image, prediction, confidence) and OUT.npz (scores of all classes). `barlow compare` takes either.
The preprocessing is the model's own; the classes are those of the folder, as ImageFolder sorts them.
"""
import csv
import os
import sys

import numpy as np
import timm
import torch
from torchvision.datasets import ImageFolder

val, name, weights, out = sys.argv[1:5]
classes = ImageFolder(val).classes
model = timm.create_model(name, num_classes=len(classes), checkpoint_path=weights).eval()
config = timm.data.resolve_data_config({}, model=model)
images = ImageFolder(val, timm.data.create_transform(**config, is_training=False))

with torch.no_grad():
    batches = torch.utils.data.DataLoader(images, batch_size=64)
    scores = torch.cat([model(batch).softmax(dim=1) for batch, _ in batches]).numpy()

names = [os.path.relpath(path, val).replace(os.sep, "/") for path, _ in images.imgs]
np.savez_compressed(f"{out}.npz", scores=scores, images=np.array(names))
with open(f"{out}.csv", "w", newline="", encoding="utf-8") as file:
    rows = csv.writer(file)
    rows.writerow(["image", "prediction", "confidence"])
    rows.writerows((n, classes[s.argmax()], s.max()) for n, s in zip(names, scores))
