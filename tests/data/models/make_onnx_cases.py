"""Writes tiny ONNX models of every kind that people have, and what Python's onnxruntime and PyTorch make of them.

Needs onnx, onnxruntime, numpy and torch from PyPI. usage: python make_onnx_cases.py [FOLDER]
Writes FOLDER/onnx/*.onnx and FOLDER/onnx.json (default: this folder).
"""
import json
import os
import sys

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static)

folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
os.makedirs(f"{folder}/onnx", exist_ok=True)
rng = np.random.RandomState(0)
side, channels, classes = 12, 8, 5
weights = {
    "W": rng.randn(channels, 3, 3, 3) * 0.3, "b": rng.randn(channels) * 0.1,
    "F": rng.randn(classes, channels) * 0.5, "c": rng.randn(classes) * 0.1,
}
weights = {name: value.astype("float32") for name, value in weights.items()}
# As the tests make them: value i of all.
images = (np.arange(3 * 3 * side * side) * 7919 % 256).astype("float32").reshape(3, 3, side, side)
cases = {}


def node(op, inputs, outputs, domain="", **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), domain=domain, **attributes)


body = [
    node("Conv", "x W b", "conv", pads=[1, 1, 1, 1]), node("Relu", "conv", "map"),
    node("GlobalAveragePool", "map", "pool"),
]
flat = [node("Flatten", "pool", "f")]
head = [node("Gemm", "f F c", "y", transB=1)]


def save(name, model):
    onnx.save(model, f"{folder}/onnx/{name}.onnx")
    return model


def build(nodes, fixed=weights, shape=("N", 3, side, side), outputs=(("y", ("N", classes)),), kind=TensorProto.FLOAT,
          out=TensorProto.FLOAT, opset=17, ir=8, domains=(), functions=(), inits=None, as_inputs=False):
    used = {name for each in nodes for name in each.input} - {name for each in nodes for name in each.output}
    tensors = inits if inits is not None else [
        numpy_helper.from_array(np.asarray(value), name) for name, value in fixed.items() if name in used]
    inputs = [helper.make_tensor_value_info("x", kind, shape)]
    if as_inputs:
        inputs += [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in tensors]
    graph = helper.make_graph(nodes, "case", inputs,
                              [helper.make_tensor_value_info(o, out, dims) for o, dims in outputs], tensors)
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir, functions=list(functions))


def truth(model, inputs, tensor):
    """A tensor of the model for each image, by onnxruntime, image by image."""
    copy = onnx.ModelProto.FromString(model.SerializeToString())
    if tensor not in [o.name for o in copy.graph.output]:
        copy.graph.output.append(helper.make_empty_tensor_value_info(tensor))
    session = onnxruntime.InferenceSession(copy.SerializeToString(), providers=["CPUExecutionProvider"])
    rows = [session.run([tensor], {"x": row[None]})[0].astype("float32") for row in inputs]
    return np.concatenate([row.reshape(1, -1) for row in rows])


def gradient():
    """The pooled feature that most places see, and its gradient by the images in [0, 1], by PyTorch in float64."""
    x = torch.tensor(images / 255, dtype=torch.float64, requires_grad=True)
    conv = torch.nn.functional.conv2d(x, torch.tensor(weights["W"]).double(), torch.tensor(weights["b"]).double(), padding=1)
    unit = int((conv > 0).double().mean((0, 2, 3)).argmax())
    conv.relu().mean((2, 3))[:, unit].sum().backward()
    return unit, x.grad.numpy()


def digits(values):
    return [float("%.7g" % v) for v in np.asarray(values).ravel()]


def runs(name, model, features="f", logits="y", map="map", feed=None, grad=1e-4, read=None, dequantized=None, by=None):
    """`by` is a model of the same values where onnxruntime cannot run this one; `read` is the tensor that holds the features in the file where ours is one that is added to it."""
    save(name, model)
    inputs = images / np.float32(255) if feed is None else feed
    values = truth(by or model, inputs, read or features)
    if dequantized:
        values = (values - dequantized[1]) * dequantized[0]
    cases[name] = {"features": features, "featureMap": map, "logits": logits, "values": digits(values), "gradient": grad}
    if logits:
        cases[name]["scores"] = digits(truth(by or model, inputs, logits))


def refused(name, model, says, step):
    """`step`: describe, features, logits, run or gradient: where it is refused."""
    save(name, model)
    cases[name] = {"refused": says, "at": step}


plain = build(body + flat + head)
# Initializers as lists of numbers, as onnx.helper and onnxruntime's quantiser write them.
runs("float-data", build(body + flat + head, inits=[
    helper.make_tensor(n, TensorProto.FLOAT, v.shape, v.ravel().tolist()) for n, v in weights.items()]))
shape = helper.make_tensor("s", TensorProto.INT64, [2], [-1, channels])
plainWeights = [numpy_helper.from_array(v, n) for n, v in weights.items()]
runs("int64-data", build(body + [node("Reshape", "pool s", "f")] + head, inits=plainWeights + [shape]))
order = helper.make_tensor("o", TensorProto.INT32, [channels], list(range(channels)))
runs("int32-data", build(body + flat + [node("Gather", "f o", "g", axis=1), node("Gemm", "g F c", "y", transB=1)],
                         inits=plainWeights + [order]), features="g", map=None)
doubles = [helper.make_tensor(n + "64", TensorProto.DOUBLE, v.shape, v.ravel().tolist()) for n, v in weights.items()]
runs("double-data", build([node("Cast", n + "64", n, to=1) for n in weights] + body + flat + head, inits=doubles))
halves = [helper.make_tensor(n + "16", TensorProto.FLOAT16, v.shape, v.astype("float16").ravel().tolist()) for n, v in weights.items()]
runs("half-data-cast", build([node("Cast", n + "16", n, to=1) for n in weights] + body + flat + head, inits=halves), grad=2e-3)
# Old exports: weights among the inputs, and operators as they were.
for opset in (7, 9, 11):
    runs(f"ir3-opset-{opset}", build(body + flat + head, ir=3, opset=opset, as_inputs=True))
old = [node("Pad", "x", "padded", pads=[0, 0, 1, 1, 0, 0, 1, 1]), node("Conv", "padded W b", "conv"),
       node("Clip", "conv", "map", min=0.0, max=1e6), node("GlobalAveragePool", "map", "pool"),
       node("Squeeze", "pool", "f", axes=[2, 3]), node("Dropout", "f", "d", ratio=0.5), node("Gemm", "d F c", "l", transB=1),
       node("Softmax", "l", "y")]
runs("opset-10-attributes", build(old, ir=5, opset=10), features="d", logits="l")
# A batch of one fixed inside a graph that says it takes any.
one = {**weights, "s": np.array([1, channels]), "rest": np.array([1, -1])}
runs("reshape-to-one", build(body + [node("Reshape", "pool s", "f")] + head, one))
runs("reshape-to-one-rest", build(body + [node("Reshape", "pool rest", "f")] + head, one))
token = {**weights, "token": rng.randn(1, channels).astype("float32")}
runs("token-of-one", build(body + flat + [node("Concat", "f token", "g", axis=1), node("Gemm", "g T c", "y", transB=1)],
                           {**token, "T": rng.randn(classes, 2 * channels).astype("float32")}), features="g", map=None)
# Types.
half = {name: value.astype("float16") for name, value in weights.items()}
runs("half-inside", build([node("Cast", "x", "x16", to=10), node("Conv", "x16 W b", "conv", pads=[1, 1, 1, 1])] + body[1:]
                          + flat + [node("Gemm", "f F c", "y16", transB=1), node("Cast", "y16", "y", to=1)], half), grad=2e-3)
runs("half", build(body + flat + head, half, kind=TensorProto.FLOAT16, out=TensorProto.FLOAT16),
     feed=(images / 255).astype("float16"), grad=2e-3)
wide = {name: value.astype("float64") for name, value in weights.items()}
runs("double", build(body + flat + head, wide, kind=TensorProto.DOUBLE, out=TensorProto.DOUBLE), by=build(body + flat + head))
runs("double-images", build([node("Cast", "x", "xf", to=1), node("Conv", "xf W b", "conv", pads=[1, 1, 1, 1])] + body[1:] + flat + head, kind=TensorProto.DOUBLE),
     feed=images / np.float64(255))
byte = [node("Cast", "x", "xf", to=1), node("Div", "xf n", "scaled"), node("Conv", "scaled W b", "conv", pads=[1, 1, 1, 1])]
scale = {**weights, "n": np.float32(255)}
for name, kind, dtype in (("bytes", TensorProto.UINT8, "uint8"), ("int32", TensorProto.INT32, "int32")):
    runs(name, build(byte + body[1:] + flat + head, scale, kind=kind), feed=images.astype(dtype))
last = [node("Transpose", "x", "t", perm=[0, 3, 1, 2])]
runs("bytes-channels-last", build(last + [node("Cast", "t", "xf", to=1)] + byte[1:] + body[1:] + flat + head, scale,
                                  shape=("N", side, side, 3), kind=TensorProto.UINT8),
     feed=images.astype("uint8").transpose(0, 2, 3, 1))
# Channels last.
inner = [node("Conv", "t W b", "conv", pads=[1, 1, 1, 1]), node("Relu", "conv", "map")]
nhwc = (images / np.float32(255)).transpose(0, 2, 3, 1)
runs("channels-last", build(last + inner + body[2:] + flat + head, shape=("N", side, side, 3)), feed=nhwc)
pooled = [node("Transpose", "map", "maps", perm=[0, 2, 3, 1]), node("ReduceMean", "maps", "f", axes=[1, 2], keepdims=0)]
runs("pooled-channels-last", build(last + inner + pooled + head, shape=("N", side, side, 3)), feed=nhwc, map="maps as NCHW")
runs("pooled-negative-axes", build(body[:2] + [node("ReduceMean", "map", "f", axes=[-1, -2], keepdims=0)] + head))
# Heads.
conv = {**weights, "F4": weights["F"].reshape(classes, channels, 1, 1), "one": np.array([2, 3])}
runs("conv-head", build(body + [node("Conv", "pool F4 c", "h"), node("Flatten", "h", "y")], conv), features="pool")
runs("conv-head-squeezed", build(body + [node("Conv", "pool F4 c", "h", kernel_shape=[1, 1]), node("Squeeze", "h one", "l"),
                                         node("Softmax", "l", "y")], conv), features="pool", logits="l")
mixing = {**conv, "M": rng.randn(channels, channels, 1, 1).astype("float32")}
runs("conv-head-hidden", build(body + [node("Conv", "pool M", "m"), node("HardSwish", "m", "hidden"), node("Conv", "hidden F4 c", "h"),
                                       node("Flatten", "h", "y")], mixing), features="hidden", map=None, grad=None)
squeeze = [node("Conv", "map F4 c", "h"), node("Relu", "h", "hr")]
for name, pool, opset in (("squeezenet", node("GlobalAveragePool", "hr", "p"), 17),
                          ("squeezenet-average", node("AveragePool", "hr", "p", kernel_shape=[side, side]), 11)):
    model = build(body[:2] + squeeze + [pool, node("Flatten", "p", "l"), node("Softmax", "l", "y", axis=1)], conv, opset=opset)
    spy = build(body + flat + squeeze + [pool, node("Flatten", "p", "l"), node("Softmax", "l", "y", axis=1)], conv, opset=opset)
    runs(name, model, features="mean of map", logits="l", read="map")
    cases[name]["values"] = digits(truth(spy, images / np.float32(255), "f"))
runs("temperature", build(body + flat + [node("Gemm", "f F c", "l", transB=1), node("Div", "l T", "y")], {**weights, "T": np.float32(1.7)}))
runs("temperature-softmax", build(body + flat + [node("Gemm", "f F c", "l", transB=1), node("Mul", "T l", "t"), node("Softmax", "t", "y")],
                                  {**weights, "T": np.float32(0.4)}), logits="t")
runs("capped", build(body + flat + [node("MatMul", "f Ft", "m"), node("Add", "c m", "l"), node("Clip", "l low high", "y")],
                     {**weights, "Ft": weights["F"].T.copy(), "low": np.float32(-9), "high": np.float32(9)}))
cosine = [node("ReduceL2", "f", "length", axes=[1], keepdims=1), node("Clip", "length e", "safe"), node("Shape", "f", "fs"),
          node("Expand", "safe fs", "wide"), node("Div", "f wide", "unit"),
          node("ReduceL2", "F", "lengths", axes=[1], keepdims=1), node("Div", "F lengths", "units"),
          node("Transpose", "units", "ut", perm=[1, 0]), node("MatMul", "unit ut", "cos"), node("Mul", "cos s", "y")]
runs("cosine", build(body + flat + cosine, {**weights, "e": np.float32(1e-12), "s": np.float32(16)}), features="unit", grad=None)
runs("cosine-lp", build(body + flat + [node("LpNormalization", "f", "unit", axis=1, p=2), node("LpNormalization", "F", "units", axis=1),
                                       node("Gemm", "unit units", "y", transB=1)]), features="unit", grad=None)
# Quantised weights and quantised everything.
levels = np.abs(weights["F"]).max(1) / 127
stored = np.round(weights["F"] / levels[:, None]).astype("int8")
runs("dequantized-weights", build([node("DequantizeLinear", "Fq Fs", "F", axis=0)] + body + flat + head,
                                  {**weights, "Fq": stored, "Fs": levels.astype("float32")}))
source = save("plain", plain)
path = f"{folder}/onnx/plain.onnx"


class Calibration(CalibrationDataReader):
    def __init__(self):
        self.rows = iter([{"x": images / np.float32(255)}])

    def get_next(self):
        return next(self.rows, None)


# Pooled scores of another size a batch: their scale hangs on the batch.
quantize_dynamic(path, f"{folder}/onnx/dynamic-int8.onnx", weight_type=QuantType.QInt8)
runs("dynamic-int8", onnx.load(f"{folder}/onnx/dynamic-int8.onnx"), grad=None, map="map")
for name, format, axis in (("qdq", QuantFormat.QDQ, False), ("qdq-channels", QuantFormat.QDQ, True), ("qoperator", QuantFormat.QOperator, False)):
    target = f"{folder}/onnx/{name}.onnx"
    quantize_static(path, target, Calibration(), quant_format=format, per_channel=axis, activation_type=QuantType.QUInt8)
    model = onnx.load(target)
    if format == QuantFormat.QDQ:
        runs(name, model, features="f_DequantizeLinear_Output", map=[n for n in model.graph.node if n.op_type == "GlobalAveragePool"][0].input[0], grad=0.1)
    else:
        gemm = [n for n in model.graph.node if n.op_type in ("QGemm", "QLinearMatMul")][0]
        fixed = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        pool = [n for n in model.graph.node if n.op_type in ("QLinearGlobalAveragePool", "GlobalAveragePool")][0]
        runs(name, model, features=f"{gemm.input[0]} as float32", read=gemm.input[0], map=f"{pool.input[0]} as float32", grad=None,
             dequantized=(fixed[gemm.input[1]].item(), fixed[gemm.input[2]].item()))
os.remove(path)
# Local functions.
inside = helper.make_function("pkg", "Head", ["v", "w", "c"], ["s"], [node("Gemm", "v w c", "g", transB=1), node("Identity", "g", "s")],
                              [helper.make_opsetid("", 17)])
runs("function-head", build(body + flat + [node("Head", "f F c", "y", "pkg", name="head")], domains=["pkg"], functions=[inside], ir=9))
act = helper.make_function("pkg", "Act", ["v"], ["s"], [helper.make_node("LeakyRelu", ["v"], ["s"])],
                           [helper.make_opsetid("", 17)], ["slope"])
act.node[0].attribute.append(onnx.AttributeProto(name="alpha", type=onnx.AttributeProto.FLOAT, ref_attr_name="slope"))
stem = helper.make_function("pkg", "Stem", ["i", "w", "b"], ["o", "m"],
                            [node("Conv", "i w b", "t", pads=[1, 1, 1, 1]), node("Act", "t", "m", "pkg", slope=0.0),
                             node("GlobalAveragePool", "m", "q"), node("Flatten", "q", "o")],
                            [helper.make_opsetid("", 17), helper.make_opsetid("pkg", 1)])
runs("functions-nested", build([node("Stem", "x W b", "f map", "pkg", name="stem")] + head, domains=["pkg"], functions=[act, stem], ir=9))
# Several outputs that end in dense layers.
aux = {**weights, "G": rng.randn(3, channels).astype("float32")}
two = (("aux", ("N", 3)), ("y", ("N", classes)))
runs("aux-first", build(body + flat + head + [node("Gemm", "f G", "aux", transB=1)], aux, outputs=two), logits=None)
other = {**aux, "H": rng.randn(channels, channels).astype("float32")}
refused("two-features", build(body + flat + head + [node("Gemm", "f H", "h"), node("Relu", "h", "g"), node("Gemm", "g G", "aux", transB=1)],
                              other, outputs=two), '2 outputs that end in a dense layer ("aux", "y")', "features")
refused("two-scores", build(body + flat + head + [node("Gemm", "f G", "aux", transB=1)], aux, outputs=two),
        '2 outputs that end in a dense layer ("aux", "y")', "logits")
runs("embedding", build(body + flat + [node("Gemm", "f H", "e"), node("Gemm", "e F c", "y", transB=1)], other,
                        outputs=(("e", ("N", channels)), ("y", ("N", classes)))), features="e", map=None, grad=None)
runs("probabilities-too", build(body + flat + head + [node("Softmax", "y", "p")],
                                outputs=(("p", ("N", classes)), ("y", ("N", classes)))))
# What cannot run.
refused("ir-99", build(body + flat + head, ir=99), "Unsupported model IR version: 99", "run")
refused("custom-operator", build(body[:1] + [node("MyAct", "conv", "map", "com.acme")] + body[2:] + flat + head, domains=["com.acme"]),
        "com.acme:MyAct", "run")
refused("bad-shapes", build(body + flat + head, {**weights, "F": rng.randn(classes, channels + 1).astype("float32")}), "Dimension mismatch", "run")
refused("opset-99", build(body + flat + head, opset=99), "opset", "run")
words = build([node("Gather", "E x", "y", axis=0)], {"E": weights["F"]}, shape=("N", 128), kind=TensorProto.INT64)
refused("words", words, 'does not take one batch of images; its inputs: "x" [N, 128]', "describe")
refused("not-differentiable", build(body[:1] + [node("Det", "conv", "d"), node("Unsqueeze", "d a", "u"), node("Relu", "u", "map")] + body[2:] + flat + head,
                                    {**weights, "a": np.array([2, 3])}), 'no gradient rule for "Det"', "gradient")
# Later finds. Nodes in any order, as converters to float16 leave them, and a batch of -1, which engines take.
backwards = build(body + flat + head)
nodes = list(backwards.graph.node)[::-1]
del backwards.graph.node[:]
backwards.graph.node.extend(nodes)
runs("unsorted", backwards, by=plain)
runs("batch-of-minus-one", build(body + flat + head, shape=(-1, 3, side, side)), by=plain)
scored = [node("Gemm", "f F c", "l", transB=1)]
runs("log-softmax-exp", build(body + flat + scored + [node("LogSoftmax", "l", "p", axis=1), node("Exp", "p", "y")]), logits="l")
runs("einsum-head", build(body + flat + [node("Einsum", "f F", "m", equation="nc,kc->nk"), node("Add", "m c", "y")]))
zipped = build(body + flat + scored + [node("Softmax", "l", "y")], domains=["ai.onnx.ml"])
zipped.graph.node.append(node("ZipMap", "y", "z", "ai.onnx.ml", classlabels_int64s=list(range(classes))))
del zipped.graph.output[:]
zipped.graph.output.add().name = "z"
pair = zipped.graph.output[0].type.sequence_type.elem_type.map_type
pair.key_type, pair.value_type.tensor_type.elem_type = TensorProto.INT64, TensorProto.FLOAT
runs("zip-map", zipped, logits="l", by=build(body + flat + scored + [node("Softmax", "l", "y")]))
save("plain", build(body + flat + scored + [node("Softmax", "l", "y")]))
quantize_static(path, f"{folder}/onnx/qoperator-softmax.onnx", Calibration(), quant_format=QuantFormat.QOperator, activation_type=QuantType.QUInt8, per_channel=True)
model = onnx.load(f"{folder}/onnx/qoperator-softmax.onnx")
gemm = [n for n in model.graph.node if n.op_type in ("QGemm", "QLinearMatMul")][0]
fixed = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
pool = [n for n in model.graph.node if n.op_type in ("QLinearGlobalAveragePool", "GlobalAveragePool")][0]
softmax = [n for n in model.graph.node if n.op_type in ("QLinearSoftmax", "Softmax")][0]
runs("qoperator-softmax", model, features=f"{gemm.input[0]} as float32", read=gemm.input[0], map=f"{pool.input[0]} as float32", grad=None,
     dequantized=(fixed[gemm.input[1]].item(), fixed[gemm.input[2]].item()), logits=softmax.input[0])
raw = np.array(cases["qoperator-softmax"]["scores"])
cases["qoperator-softmax"].update(logits=f"{softmax.input[0]} as float32", scores=digits((raw - fixed[softmax.input[2]].item()) * fixed[softmax.input[1]].item()))
save("plain", build(body + [node("Conv", "pool F4 c", "h"), node("Flatten", "h", "y")], conv))
quantize_dynamic(path, f"{folder}/onnx/dynamic-int8-conv.onnx", weight_type=QuantType.QUInt8)
runs("dynamic-int8-conv", onnx.load(f"{folder}/onnx/dynamic-int8-conv.onnx"), features="pool", grad=None)
os.remove(path)
brains = [helper.make_tensor(n, TensorProto.BFLOAT16, v.shape, v.ravel().tolist()) for n, v in weights.items()]
refused("bfloat16", build(body + flat + head, inits=brains, kind=TensorProto.BFLOAT16, out=TensorProto.BFLOAT16), "bfloat16", "run")
chance = {**weights, "r": np.float32(0.5), "on": np.array(True)}
refused("dropout-in-training", build(body + flat + [node("Dropout", "f r on", "d"), node("Gemm", "d F c", "y", transB=1)], chance),
        'answers by chance: its node "d" is a Dropout in training mode', "describe")
refused("noise", build(body + flat + [node("RandomNormalLike", "f", "n"), node("Add", "f n", "g"), node("Gemm", "g F c", "y", transB=1)]),
        'answers by chance: its node "n" is a RandomNormalLike', "describe")
# Pixels from 0 to 255 in floats, which the model brings to its own range; and images in [0, 1] that look a little alike.
means, widths = (np.array(v, "float32").reshape(1, 3, 1, 1) for v in ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375]))
fixed = {**weights, "n": np.float32(255), "m": means, "s": widths, "k": np.float32(1 / 127.5), "half": np.float32(0.5), "bgr": np.array([2, 1, 0]),
         "one": np.ones(3, "float32"), "zero": np.zeros(3, "float32"), "m1": means.ravel(), "v1": widths.ravel() ** 2,
         "mu": means / 255, "su": widths / 255}
conv = [node("Conv", "z W b", "conv", pads=[1, 1, 1, 1])] + body[1:] + flat + head
for name, nodes, isPixels in (
        ("pixels-divided", [node("Div", "x n", "z")], True),
        ("pixels-keras", [node("Mul", "x k", "t"), node("Add", "t half", "z")], True),
        ("pixels-caffe", [node("Gather", "x bgr", "g", axis=1), node("Sub", "g m", "z")], True),
        ("pixels-standardised", [node("Sub", "x m", "t"), node("Div", "t s", "z")], True),
        ("pixels-batch-norm", [node("BatchNormalization", "x one zero m1 v1", "z")], True),
        ("images-standardised", [node("Sub", "x mu", "t"), node("Div", "t su", "z")], False),
        ("images-times-255", [node("Mul", "x n", "p"), node("Sub", "p m", "t"), node("Div", "t s", "z")], False)):
    runs(name, build(nodes + conv, fixed), feed=images if isPixels else None, grad=None)
# Heads whose scores are joined, and one behind a normalisation.
more = np.random.RandomState(1)
heads = {**weights, "G": more.randn(classes, channels).astype("float32"), "H": more.randn(2, channels).astype("float32"), "two": np.float32(2),
         **{n: more.rand(classes).astype("float32") for n in ("bs", "bb", "bm", "bv")}}
runs("ensemble", build(body + flat + [node("Gemm", "f F c", "l", transB=1), node("Gemm", "f G", "k", transB=1), node("Add", "l k", "s"), node("Div", "s two", "y")], heads))
runs("hierarchy", build(body + flat + [node("Gemm", "f F c", "l", transB=1), node("Gemm", "f H", "k", transB=1), node("Concat", "l k", "y", axis=1)], heads,
                        outputs=(("y", ("N", classes + 2)),)))
runs("normalised-scores", build(body + flat + [node("Gemm", "f F c", "l", transB=1), node("BatchNormalization", "l bs bb bm bv", "y")], heads))
branches = [helper.make_graph([node("Gemm", "f F c", n, transB=1)], n, [], [helper.make_tensor_value_info(n, TensorProto.FLOAT, None)]) for n in ("then", "else")]
branch = node("If", "bright", "y", then_branch=branches[0], else_branch=branches[1])
inside = build(body + flat + [node("ReduceMean", "x", "mean", keepdims=0), node("Greater", "mean two", "bright"), branch], heads, inits=[
    numpy_helper.from_array(np.asarray(v), n) for n, v in heads.items() if n in ("W", "b", "F", "c", "two")])
refused("branch-head", inside, "no dense layer was found, so the features are not known", "features")
# Weights of half a byte in a file of their own, as of quantisers of large models.
stored = np.clip(np.round(weights["F"] / (np.abs(weights["F"]).max(1) / 7)[:, None]), -8, 7)
steps = (np.abs(weights["F"]).max(1) / 7).astype("float32")
nibbles = numpy_helper.from_array(numpy_helper.to_array(helper.make_tensor("Fq", TensorProto.INT4, stored.shape, stored.astype(int).ravel())), "Fq")
plainWeights = [numpy_helper.from_array(v, n) for n, v in {**weights, "Fs": steps}.items() if n != "F"]
small = build([node("DequantizeLinear", "Fq Fs", "F", axis=0)] + body + flat + head, inits=plainWeights + [nibbles], opset=21, ir=10)
runs("int4-external", small, by=build(body + flat + head, {**weights, "F": (stored * steps[:, None]).astype("float32")}))
onnx.save(small, f"{folder}/onnx/int4-external.onnx", save_as_external_data=True, location="int4-external.bin", size_threshold=0)
with open(f"{folder}/onnx.json", "w") as file:
    unit, slopes = gradient()
    made = {"side": side, "unit": unit, "gradient": digits(slopes), "cases": cases}
    json.dump(made, file)
    file.write("\n")
print(len(cases), "cases")
