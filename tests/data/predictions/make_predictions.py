"""Writes what people save of predictions, by pandas, NumPy, PyTorch, h5py and openpyxl (Debian 12), and what they mean.

    make_predictions.py FOLDER

expected.json: by pandas' and NumPy's own reading, each image's prediction and confidence. foreign/: what is no table.
"""
import gzip, json, pathlib, pickle, sys
import numpy as np
import pandas as pd

out = pathlib.Path(sys.argv[1])
foreign = out / "foreign"
foreign.mkdir(parents=True, exist_ok=True)
classes = ["cat", "dog", "ibex"]
n = 12
rng = np.random.RandomState(7)
images = [f"{classes[i % 3]}/{i:02d}, ü.png" for i in range(n)]
labels = [classes[i % 3] for i in range(n)]
logits = (rng.randn(n, 3) * 2).astype("float32")
chosen = logits.argmax(axis=1)
exp = np.exp(logits.astype("float64") - logits.max(axis=1, keepdims=True))
probabilities = exp / exp.sum(axis=1, keepdims=True)
frame = pd.DataFrame({
    "image": images,
    "prediction": [classes[k] for k in chosen],
    "confidence": probabilities.max(axis=1).round(6),
})

pd.DataFrame({"image": images, "label": labels}).to_csv(out / "manifest.csv", index=False)
frame.to_csv(out / "plain.csv", index=False)
frame.to_csv(out / "index.csv")
frame.to_csv(out / "packed.csv.gz", index=False, compression={"method": "gzip", "mtime": 1})
frame.to_csv(out / "plain.tsv", index=False, sep="\t")
for orient in ["records", "columns", "index", "split", "table"]:
    frame.to_json(out / f"{orient}.json", orient=orient)
(out / "lists.json").write_text(json.dumps(frame.to_dict(orient="list")))
frame.to_json(out / "lines.jsonl", orient="records", lines=True)
frame.to_json(out / "packed.jsonl.gz", orient="records", lines=True, compression={"method": "gzip", "mtime": 1})

np.save(out / "float32.npy", logits)
np.save(out / "float64.npy", logits.astype("float64"))
np.save(out / "fortran.npy", np.asfortranarray(logits))
np.save(out / "probabilities.npy", probabilities)
np.savez(out / "one.npz", logits)
np.savez_compressed(out / "packed.npz", logits)
np.savez(out / "named.npz", scores=logits, labels=np.array([classes.index(label) for label in labels]))
order = rng.permutation(n)
np.savez_compressed(out / "shuffled.npz", scores=logits[order], images=np.array(images)[order])
half = logits.astype("float16")
np.save(out / "float16.npy", half)
np.save(out / "indices.npy", chosen)
np.save(out / "bytes.npy", chosen.astype("uint8"))
np.save(out / "names.npy", np.array([classes[k] for k in chosen]))

def softmax_of(scores):
    e = np.exp(scores.astype("float64") - scores.astype("float64").max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True)).max(axis=1)

expected = {}
def table(name, read):
    expected[name] = {"prediction": list(read.set_index("image").loc[images].prediction),
                      "confidence": [float(x) for x in read.set_index("image").loc[images].confidence]}
table("plain.csv", pd.read_csv(out / "plain.csv"))
table("index.csv", pd.read_csv(out / "index.csv", index_col=0))
table("packed.csv.gz", pd.read_csv(out / "packed.csv.gz"))
table("plain.tsv", pd.read_csv(out / "plain.tsv", sep="\t"))
for orient in ["records", "columns", "index", "split", "table"]:
    table(f"{orient}.json", pd.read_json(out / f"{orient}.json", orient=orient))
table("lists.json", pd.DataFrame(json.loads((out / "lists.json").read_text())))
table("lines.jsonl", pd.read_json(out / "lines.jsonl", lines=True))
table("packed.jsonl.gz", pd.read_json(out / "packed.jsonl.gz", lines=True))
def scores(name, array):
    expected[name] = {"prediction": [classes[k] for k in array.argmax(axis=1)],
                      "confidence": [float(x) for x in (array if name == "probabilities.npy" else softmax_of(array)[:, None]).max(axis=1)]}
for name in ["float32", "float64", "fortran", "float16", "probabilities"]:
    scores(f"{name}.npy", np.load(out / f"{name}.npy"))
for name, key in [("one", "arr_0"), ("packed", "arr_0"), ("named", "scores")]:
    scores(f"{name}.npz", np.load(out / f"{name}.npz")[key])
scores("shuffled.npz", logits)
for name in ["indices", "bytes"]:
    expected[f"{name}.npy"] = {"prediction": [classes[k] for k in np.load(out / f"{name}.npy")], "confidence": None}
expected["names.npy"] = {"prediction": [str(x) for x in np.load(out / "names.npy")], "confidence": None}

# Later finds.
np.save(out / "big-endian.npy", logits.astype(">f4"))
np.save(out / "big-endian-half.npy", np.asfortranarray(logits.astype(">f2")))
np.save(out / "names-of-octets.npy", np.array([classes[k] for k in chosen], dtype="S"))
np.savez_compressed(out / "filenames.npz", logits=logits[order], filenames=np.array(images)[order])
np.savez_compressed(out / "paths-of-octets.npz", logits=logits[order], paths=np.array([name.encode() for name in images])[order])
np.savez(out / "outputs.npz", y_true=np.array([classes.index(label) for label in labels]), y_prob=probabilities)
rounded = probabilities.round(4)
np.save(out / "half-probabilities.npy", probabilities.astype("float16"))
columns = pd.DataFrame({"image": images, **{f"prob_{name}": rounded[:, k] for k, name in enumerate(classes)}}).iloc[order]
columns.to_csv(out / "prob-columns.csv", index=False)
columns.rename(columns=lambda name: name.removeprefix("prob_")).to_csv(out / "class-columns.csv", index=False)
columns.rename(columns={f"prob_{name}": f"score.{k}" for k, name in enumerate(classes)}).to_json(out / "columns-of-indices.jsonl", orient="records", lines=True)
(out / "wrapped.json").write_text(json.dumps({"predictions": frame.to_dict(orient="records")}))
best = probabilities.max(axis=1).astype("float32")
named = np.array([classes[k] for k in chosen])
np.savez(out / "with-confidences.npz", predictions=named[order], confidences=best[order], images=np.array(images)[order])
np.savez(out / "pair.npz", y_true=np.array(labels), y_pred=named, y_prob=best)
np.savez(out / "class-order.npz", scores=logits[:, ::-1], classes=np.array(classes[::-1]))
for name, array in [("big-endian.npy", logits), ("big-endian-half.npy", half.astype("float32")), ("filenames.npz", logits), ("paths-of-octets.npz", logits)]:
    scores(name, array)
scores("class-order.npz", logits)
for name in ["with-confidences.npz", "pair.npz"]:
    expected[name] = {"prediction": list(map(str, named)), "confidence": [float(x) for x in best]}
expected["names-of-octets.npy"] = expected["names.npy"]
expected["wrapped.json"] = expected["records.json"]
for name, array in [("outputs.npz", probabilities), ("half-probabilities.npy", probabilities.astype("float16").astype("float64")), ("prob-columns.csv", rounded), ("class-columns.csv", rounded), ("columns-of-indices.jsonl", rounded)]:
    expected[name] = {"prediction": [classes[k] for k in array.argmax(axis=1)], "confidence": [float(x) for x in array.max(axis=1)]}
(out / "expected.json").write_text(json.dumps({"images": images, "classes": classes, "of": expected}, indent=1))

np.save(foreign / "objects.npy", np.array([[1, "a"]] * n, dtype=object), allow_pickle=True)
np.save(foreign / "booleans.npy", chosen == 0)
np.save(foreign / "records.npy", np.zeros(n, dtype=[("a", "f4"), ("b", "i4")]))
np.save(foreign / "cube.npy", np.zeros((n, 3, 2), "float32"))
np.save(foreign / "column.npy", probabilities[:, :1])
np.save(foreign / "fewer-rows.npy", logits[:-1])
np.save(foreign / "fewer-classes.npy", logits[:, :2])
bad = logits.copy(); bad[4, 1] = np.nan
np.save(foreign / "nan.npy", bad)
(foreign / "cut.npy").write_bytes((out / "float32.npy").read_bytes()[:-5])
np.savez(foreign / "several.npz", a=logits, b=logits)
one_hot = np.eye(3)[[classes.index(label) for label in labels]]
np.save(foreign / "one-hot.npy", one_hot.astype("float32"))
np.save(foreign / "one-hot-integers.npy", one_hot.astype("int64"))
np.savez(foreign / "one-hot.npz", scores=one_hot, images=np.array(images))
np.savez(foreign / "labels.npz", labels=np.array(labels), images=np.array(images))
np.savez(foreign / "other-confidences.npz", predictions=named, confidences=best[:-1])
np.savez(foreign / "other-places.npz", scores=logits, indices=np.arange(len(images))[::-1])
whole = bytearray((out / "packed.npz").read_bytes()); whole[60] ^= 255
(foreign / "damaged.npz").write_bytes(whole)
(foreign / "pickle.npz").write_bytes(pickle.dumps({"scores": 1}, protocol=4))
(foreign / "array.csv").write_bytes((out / "float32.npy").read_bytes())
(foreign / "frame.pkl").write_bytes(pickle.dumps(frame.head(2), protocol=5))
(foreign / "old.pkl").write_bytes(pickle.dumps([1, 2], protocol=2))
(foreign / "utf-16.csv").write_text(frame.to_csv(index=False), encoding="utf-16")
(foreign / "pickle.csv.gz").write_bytes(gzip.compress(pickle.dumps([1], protocol=4), mtime=1))
(foreign / "plain.csv.gz").write_text("image,prediction\na,b\n")
(foreign / "cut.csv.gz").write_bytes((out / "packed.csv.gz").read_bytes()[:60])
(foreign / "lfs.csv").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
(foreign / "page.csv").write_text("<!DOCTYPE html>\n<html><body>404</body></html>\n")
(foreign / "python.json").write_text(json.dumps([{"image": "a", "confidence": float("nan")}]))
(foreign / "pipeline.json").write_text(json.dumps([[{"label": "cat", "score": 0.5}, {"label": "dog", "score": 0.5}]]))
(foreign / "table.txt").write_text(frame.to_csv(index=False))
(foreign / "lines.json").write_text('{"image": "a"}\n{"image": "b"}\n')
(foreign / "one.json").write_text('{"image": "a", "prediction": "cat"}')
(foreign / "uneven.json").write_text('{"image": ["a", "b"], "prediction": ["cat"]}')
try:
    import torch
    torch.save(torch.from_numpy(logits), foreign / "scores.pt")
    torch.save(torch.from_numpy(logits), foreign / "old.pt", _use_new_zipfile_serialization=False)
except ImportError:
    print("no torch")
try:
    import h5py
    with h5py.File(foreign / "scores.h5", "w", track_order=False) as file:
        file.create_dataset("scores", data=logits)
except ImportError:
    print("no h5py")
try:
    import openpyxl
    frame.head(2).to_excel(foreign / "sheet.xlsx", index=False)
except ImportError:
    print("no openpyxl")
