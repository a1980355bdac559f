"""Predictions of a torchvision model on one folder per class:  torchvision_predict.py VAL WEIGHTS OUT

Writes OUT.csv (image, prediction, confidence) and OUT.npz (scores of all classes). `barlow compare` takes either.
WEIGHTS is a state dict of the network below; the classes are those of the folder, as ImageFolder sorts them.
"""
import csv
import os
import sys

import numpy as np
import torch
from torchvision import datasets, models, transforms

val, weights, out = sys.argv[1:4]
images = datasets.ImageFolder(val, transforms.Compose([
    transforms.Resize(256),
    transforms.CenterCrop(224),
    transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
]))
model = models.resnet18(num_classes=len(images.classes))
model.load_state_dict(torch.load(weights, map_location="cpu"))
model.eval()

with torch.no_grad():
    batches = torch.utils.data.DataLoader(images, batch_size=64)
    scores = torch.cat([model(batch).softmax(dim=1) for batch, _ in batches]).numpy()

names = [os.path.relpath(path, val).replace(os.sep, "/") for path, _ in images.imgs]
np.savez_compressed(f"{out}.npz", scores=scores, images=np.array(names))
with open(f"{out}.csv", "w", newline="", encoding="utf-8") as file:
    rows = csv.writer(file)
    rows.writerow(["image", "prediction", "confidence"])
    rows.writerows((n, images.classes[s.argmax()], s.max()) for n, s in zip(names, scores))
