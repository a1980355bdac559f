"""Exports torchvision's and timm's networks, of random weights, by PyTorch's current exporter, with PyTorch's own values.

usage: python models.py FOLDER NAME[:OPSET] ...    NAME as torchvision.resnet50 or timm.convnext_pico
Needs torch, torchvision, timm, onnx and onnxscript from PyPI. Writes FOLDER/NAME.onnx (opset 18 where none is given,
weights in a file beside it for even opsets) and FOLDER/NAME.json: {opset, external, images, features, unit, gradient},
or {error} where PyTorch cannot export it.
"""
import json
import os
import sys
import warnings

import torch

warnings.filterwarnings("ignore")
torch.set_num_threads(2)


def build(name):
    """The network in eval mode and the side of its images: as small as it takes."""
    library, _, network = name.partition(".")
    if library == "torchvision":
        import torchvision
        model, side = getattr(torchvision.models, network)(weights=None, **({"image_size": 64} if network.startswith("vit") else {})), 64
        if network in ("vgg16_bn", "maxvit_t"):
            side = 224
    else:
        import timm
        try:
            model, side = timm.create_model(network, num_classes=100, img_size=64), 64
        except Exception:
            model = timm.create_model(network, num_classes=100)
            side = model.default_cfg["input_size"][1] if any(word in network for word in ("swin", "maxvit")) else 64
    settle(model, side)
    return model.eval(), side


def settle(model, side):
    """Gives batch norms the statistics of some images, and scales that begin near zero a size, as training would."""
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = None
        if isinstance(module, torch.nn.Dropout):
            module.p = 0
    for name, parameter in model.named_parameters():
        if parameter.ndim <= 3 and "norm" not in name and parameter.abs().max() < 1e-3:
            torch.nn.init.normal_(parameter, std=0.1)
    with torch.no_grad():
        model.train()(torch.rand(4, 3, side, side))


def reference(model, images):
    """What the last linear layer reads, and the gradient of one of its values by the images, in float64."""
    seen = {}
    hooks = [module.register_forward_pre_hook(lambda _, inputs: seen.update(x=inputs[0]))
             for name, module in model.named_modules() if isinstance(module, torch.nn.Linear) or name == "head.fc"]
    pixels = images.double().requires_grad_()
    model = model.double()
    model(pixels)
    features = seen["x"].flatten(1) if hooks else model.features(pixels).mean((2, 3))
    for hook in hooks:
        hook.remove()
    unit = int(features.abs().sum(0).argmax())
    gradient, = torch.autograd.grad(features[:, unit].sum(), pixels)
    return features.detach(), unit, gradient


def export(folder, job):
    name, _, opset = job.partition(":")
    opset = int(opset or 18)
    external = opset % 2 == 0
    torch.manual_seed(0)
    model, side = build(name)
    images = torch.rand(3, 3, side, side)
    batch = torch.export.Dim("batch", min=1, max=256)
    options = {"dynamo": True, "opset_version": opset, "external_data": external, "verbose": False}
    file = os.path.join(folder, name + ".onnx")
    try:
        torch.onnx.export(model, (images,), file, dynamic_shapes=({0: batch},), **options)
    except Exception:
        # Some views PyTorch follows only where the batch is fixed.
        torch.onnx.export(model, (images,), file, **options)
    features, unit, gradient = reference(model, images)
    lists = {"images": images, "features": features, "gradient": gradient}
    return {"opset": opset, "external": external, "unit": unit, "side": side,
            **{key: value.flatten().tolist() for key, value in lists.items()}}


def main(folder, *jobs):
    os.makedirs(folder, exist_ok=True)
    for job in jobs:
        try:
            result = export(folder, job)
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
        with open(os.path.join(folder, job.partition(":")[0] + ".json"), "w") as file:
            json.dump(result, file)
        print(job, result.get("error", "exported"), flush=True)


main(*sys.argv[1:])
