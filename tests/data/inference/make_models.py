"""Writes tiny ONNX models of every input this tool meets, into models/. Debian 12: python3-onnx, python3-numpy."""
import os

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

os.chdir(os.path.dirname(os.path.abspath(__file__)))
os.makedirs("models", exist_ok=True)
rng = np.random.RandomState(0)


def model(name, shape, nodes, outputs, weights, kind=TensorProto.FLOAT):
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info(o, TensorProto.FLOAT, [shape[0], 2]) for o in outputs],
        [numpy_helper.from_array(value.astype("float32"), key) for key, value in weights.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(made)
    save(made, f"models/{name}.onnx")


weights = {"w": rng.randn(4, 3, 3, 3), "fc": rng.randn(4, 2), "bias": rng.randn(2)}
head = [
    helper.make_node("Conv", ["x", "w"], ["conv"], pads=[1, 1, 1, 1]),
    helper.make_node("Relu", ["conv"], ["map"]),
    helper.make_node("GlobalAveragePool", ["map"], ["pool"]),
    helper.make_node("Flatten", ["pool"], ["features"]),
    helper.make_node("Gemm", ["features", "fc", "bias"], ["logits"]),
]
first = [helper.make_node("Identity", ["image"], ["x"])]
last = [helper.make_node("Transpose", ["image"], ["x"], perm=[0, 3, 1, 2])]
model("fixed-batch", [4, 3, 32, 32], first + head, ["logits"], weights)
model("open-size", ["n", 3, "h", "w"], first + head, ["logits"], weights)
model("wide", ["n", 3, 16, 32], first + head, ["logits"], weights)
model("channels-last", ["n", 32, 32, 3], last + head, ["logits"], weights)
model("vector", ["n", 10], [helper.make_node("Gemm", ["image", "v"], ["logits"])], ["logits"], {"v": rng.randn(10, 2)})
model("grey", ["n", 1, 32, 32], first + head, ["logits"], {**weights, "w": rng.randn(4, 1, 3, 3)})
logs = [
    helper.make_node("Sub", ["features", "big"], ["negative"]),
    helper.make_node("Log", ["negative"], ["logs"]),
    helper.make_node("Gemm", ["logs", "fc", "bias"], ["logits"]),
]
model("not-a-number", ["n", 3, 32, 32], first + head[:4] + logs, ["logits"], {**weights, "big": np.array([1e6])})
