"""A folder a class of a few images and a small untrained model of a library, with what it predicts of each image alone.

    make_model.py LIBRARY FOLDER -> prints JSON: arguments for the script, and by image its class and probability
"""
import json, pathlib, sys
import numpy as np
from PIL import Image

library, folder = sys.argv[1], pathlib.Path(sys.argv[2])
classes = ["cat", "dog", "ibex"]
rng = np.random.RandomState(3)
files = []
for index, name in enumerate(["cat/a.png", "cat/deep/b.png", "dog/c.png", "dog/d.png", "ibex/e.png"]):
    file = folder / "val" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((rng.rand(40 + index, 50, 3) * 255 * rng.rand(3)).astype("uint8")).save(file)
    files.append(name)

def normalised(image, resize, size):
    """Pillow and NumPy alone: shorter side to `resize`, centre crop, ImageNet's mean and deviation."""
    w, h = image.size
    scale = resize / min(w, h)
    image = image.resize((int(w * scale) if w > h else resize, resize if w > h else int(h * scale)), Image.BILINEAR)
    left, top = int(round((image.width - size) / 2)), int(round((image.height - size) / 2))
    pixels = np.asarray(image.crop((left, top, left + size, top + size)), "float32") / 255
    return ((pixels - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).transpose(2, 0, 1).astype("float32")

def told(arguments, probabilities):
    expected = {name: [classes[int(p.argmax())], float(p.max())] for name, p in zip(files, probabilities)}
    print(json.dumps({"arguments": [str(folder / "val"), *map(str, arguments), str(folder / "out")], "expected": expected}))

def images():
    return [Image.open(folder / "val" / name).convert("RGB") for name in files]

if library == "torchvision":
    import torch, torchvision
    torch.manual_seed(1)
    model = torchvision.models.resnet18(num_classes=3).eval()
    torch.save(model.state_dict(), folder / "weights.pth")
    with torch.no_grad():
        told([folder / "weights.pth"], [model(torch.from_numpy(normalised(i, 256, 224)[None])).softmax(1)[0].numpy() for i in images()])
elif library == "timm":
    import timm, torch
    torch.manual_seed(1)
    model = timm.create_model("resnet18", num_classes=3).eval()
    torch.save(model.state_dict(), folder / "weights.pth")
    transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model), is_training=False)
    with torch.no_grad():
        told(["resnet18", folder / "weights.pth"], [model(transform(i)[None]).softmax(1)[0].numpy() for i in images()])
elif library == "keras":
    import keras
    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential([layers.Input((32, 32, 3)), layers.Rescaling(1 / 255), layers.Conv2D(8, 3), layers.ReLU(),
                              layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax")])
    model.save(folder / "model.keras")
    told([folder / "model.keras"],
         [keras.ops.convert_to_numpy(model(np.asarray(i.resize((32, 32), Image.NEAREST), "float32")[None]))[0]
          for i in images()])
elif library == "huggingface":
    import torch
    from transformers import AutoModelForImageClassification, ViTConfig, ViTImageProcessor
    torch.manual_seed(1)
    labels = {0: "ibex", 1: "cat", 2: "dog"}
    config = ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32,
                       patch_size=8, id2label=labels, label2id={name: index for index, name in labels.items()})
    model = AutoModelForImageClassification.from_config(config).eval()
    processor = ViTImageProcessor(size={"height": 32, "width": 32})
    model.save_pretrained(folder / "model")
    processor.save_pretrained(folder / "model")
    with torch.no_grad():
        each = [model(**processor(i, return_tensors="pt")).logits.softmax(1)[0].numpy() for i in images()]
    told([folder / "model"], [p[[1, 2, 0]] for p in each])
