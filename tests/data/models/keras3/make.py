"""Writes the Keras 3 models of this folder as tensorflowjs 4.22 exports them, and what Keras says of two images.
Needs PyPI's tensorflow-cpu, keras 3, and tensorflowjs (installed with --no-deps); run in this folder."""
import json, sys, types

import keras
import numpy as np
import tensorflow as tf
from keras import layers as L

# Of no use here, but imported.
for name in ["tensorflow_decision_forests", "jax", "jax.experimental", "jax.experimental.jax2tf"]:
    sys.modules.setdefault(name, types.ModuleType(name))
sys.modules["tf_keras"] = keras
sys.modules["jax"].experimental = sys.modules["jax.experimental"]
sys.modules["jax.experimental"].jax2tf = sys.modules["jax.experimental.jax2tf"]
from tensorflowjs.converters import converter

keras.utils.set_random_seed(3)
SIDE = (8, 8, 3)


def sequential():
    image = [keras.Input(SIDE), L.RandomFlip("horizontal"), L.Rescaling(1 / 127.5, offset=-1)]
    body = [L.Conv2D(6, 3, activation="relu", name="conv"), L.BatchNormalization(name="norm", scale=False)]
    more = [L.DepthwiseConv2D(3, padding="same", name="depthwise"), L.ReLU(6.0, name="map")]
    return keras.Sequential([*image, *body, *more, L.GlobalAveragePooling2D(name="pool"), L.Dense(4, "softmax", name="scores")]), "pool"


def functional():
    image = keras.Input(SIDE, name="image")
    x = L.Conv2D(5, 3, padding="same", name="first")(image)
    x = L.Add(name="sum")([x, L.Conv2D(5, 1, name="second")(x)])
    x = L.SeparableConv2D(6, 3, name="separable")(L.Activation("relu", name="act")(x))
    x = L.GlobalMaxPooling2D(name="pool")(x)
    return keras.Model(image, L.Dense(3, name="scores")(x)), "pool"


def nested():
    inside = keras.Input(SIDE, name="inside")
    x = L.BatchNormalization(name="norm")(L.Conv2D(6, 3, name="conv")(inside))
    backbone = keras.Model(inside, L.ReLU(name="map")(x), name="backbone")
    image = keras.Input(SIDE, name="image")
    x = keras.Sequential([L.RandomFlip("horizontal"), L.RandomRotation(0.1)], name="augment")(image)
    x = L.GlobalAveragePooling2D(name="pool")(backbone(L.Rescaling(1 / 255.0)(x), training=False))
    return keras.Model(image, keras.Sequential([L.Dense(3, "softmax", name="scores")], name="head")(x)), "pool"


images = np.random.default_rng(0).integers(0, 256, (2, *SIDE)).astype("float32")
truth = {}
for make in [sequential, functional, nested]:
    model, features = make()
    flat = {layer.name: layer for layer in model._flatten_layers()}
    if "norm" in flat:
        flat["norm"].moving_mean.assign(np.linspace(-0.5, 0.5, 6))
        flat["norm"].moving_variance.assign(np.linspace(0.5, 2, 6))
    pixels = tf.Variable(images)
    with tf.GradientTape() as tape:
        given = {}
        call = flat[features].call
        flat[features].call = lambda x: given.setdefault("features", call(x))
        scores = model(pixels, training=False)
        unit = given["features"][0, 0] + given["features"][1, 1]
    gradient = tape.gradient(unit, pixels).numpy()
    name = make.__name__
    truth[name] = {
        "scores": scores.numpy().tolist(),
        "features": given["features"].numpy().tolist(),
        "gradient": gradient.ravel().tolist(),
    }
    del flat[features].call
    for ending, kind in [("h5", "keras"), ("keras", "keras_keras")]:
        model.save(f"/tmp/{name}.{ending}")
        flags = [f"--input_format={kind}", "--output_format=tfjs_layers_model"]
        converter.convert([*flags, f"/tmp/{name}.{ending}", f"{name}-{ending}"])
with open("truth.json", "w") as file:
    rounded = lambda values: json.loads(json.dumps(values), parse_float=lambda text: float(f"{float(text):.7g}"))
    json.dump(rounded({"images": images.ravel().tolist(), "models": truth}), file)
