"""Predictions of a Hugging Face image classifier on one folder per class:  huggingface_predict.py VAL MODEL OUT

Writes OUT.csv (image, prediction, confidence) and OUT.npz (scores of all classes). `barlow compare` takes either.
MODEL is a folder or a name of the hub; its labels (id2label) are the names of the folders.
"""
import csv
import pathlib
import sys

import numpy as np
from transformers import pipeline

val, model, out = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
classify = pipeline("image-classification", model=model)
classes = sorted(classify.model.config.label2id)
files = sorted(file for file in val.glob("*/**/*") if file.suffix.lower() in {".jpg", ".jpeg", ".png", ".bmp"})

scores = np.zeros((len(files), len(classes)), "float32")
answers = classify([str(file) for file in files], top_k=len(classes), batch_size=16)
for row, answer in enumerate(answers):
    for each in answer:
        scores[row, classes.index(each["label"])] = each["score"]

names = [file.relative_to(val).as_posix() for file in files]
np.savez_compressed(f"{out}.npz", scores=scores, images=np.array(names))
with open(f"{out}.csv", "w", newline="", encoding="utf-8") as file:
    rows = csv.writer(file)
    rows.writerow(["image", "prediction", "confidence"])
    rows.writerows((n, classes[s.argmax()], s.max()) for n, s in zip(names, scores))
