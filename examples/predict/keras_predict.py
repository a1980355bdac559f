"""Predictions of a Keras model on one folder per class:  keras_predict.py VAL MODEL.keras OUT

Writes OUT.csv (image, prediction, confidence) and OUT.npz (scores of all classes). `barlow compare` takes either.
MODEL ends in a softmax and preprocesses within itself; its classes are the folder's, sorted.
"""
import csv
import pathlib
import sys

import keras
import numpy as np

val, path, out = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
model = keras.saving.load_model(path)
_, height, width, _ = model.input_shape
classes = sorted(folder.name for folder in val.iterdir() if folder.is_dir())
files = sorted(file for file in val.glob("*/**/*") if file.suffix.lower() in {".jpg", ".jpeg", ".png", ".bmp"})


def pixels(file):
    return keras.utils.img_to_array(keras.utils.load_img(file, target_size=(height, width)))


starts = range(0, len(files), 64)
scores = np.concatenate([model.predict(np.stack([pixels(f) for f in files[i:i + 64]]), verbose=0) for i in starts])
names = [file.relative_to(val).as_posix() for file in files]
np.savez_compressed(f"{out}.npz", scores=scores, images=np.array(names))
with open(f"{out}.csv", "w", newline="", encoding="utf-8") as file:
    rows = csv.writer(file)
    rows.writerow(["image", "prediction", "confidence"])
    rows.writerows((n, classes[s.argmax()], s.max()) for n, s in zip(names, scores))
