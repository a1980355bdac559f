"""Exports torchvision networks with random weights, and PyTorch's own gradients of one feature in float64.

Usage: backwardModels.py FOLDER NAME[:OPSET] ...
Writes FOLDER/NAME.onnx (float32, batch open) and FOLDER/NAME.json: {shape, images, unit, features, gradient}.
"""
import json
import os
import sys
import warnings

import torch
import torchvision

warnings.filterwarnings("ignore")
torch.set_num_threads(2)


def build(name):
    """The network in eval mode and the side of its images."""
    side = 64
    if name == "vit":
        # vit_b_16 but for its size.
        network = torchvision.models.VisionTransformer(side, 16, num_layers=4, num_heads=4, hidden_dim=96, mlp_dim=192)
    elif name == "vit_b_16":
        network = torchvision.models.vit_b_16(image_size=side)
    else:
        network = getattr(torchvision.models, name)()
    if name == "vgg16_bn":
        # The adaptive pooling to 7 x 7 cannot be exported for small images; the classifier is cut to fit them.
        network.avgpool = torch.nn.Identity()
        network.classifier[0] = torch.nn.Linear(512 * 2 * 2, 512)
        network.classifier[3] = torch.nn.Linear(512, 512)
        network.classifier[6] = torch.nn.Linear(512, 10)
    settle(network, torch.rand(8, 3, side, side))
    return network.eval(), side


def settle(network, images):
    """Gives batch norms the statistics of some images, so that activations stay in range as in a trained network."""
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0
        if isinstance(module, torchvision.models.resnet.Bottleneck):
            # As trained ones: at full scale a random one is so rough that float32 and float64 gradients differ by 4 %.
            torch.nn.init.constant_(module.bn3.weight, 0.2)
        if isinstance(module, torchvision.models.convnext.CNBlock):
            torch.nn.init.normal_(module.layer_scale, std=0.3)
        if isinstance(module, torchvision.models.VisionTransformer):
            torch.nn.init.normal_(module.class_token, std=0.5)
    if norms:
        for norm in norms:
            norm.momentum = None
        with torch.no_grad():
            network.train()(images)


def last_linear(network):
    return [m for m in network.modules() if isinstance(m, torch.nn.Linear)][-1]


def reference(network, images, unit):
    """The features, and d features[unit] / d images, in float64."""
    seen = {}
    hook = last_linear(network).register_forward_pre_hook(lambda _, inputs: seen.update(x=inputs[0]))
    double = network.double()
    pixels = images.double().requires_grad_()
    double(pixels)
    hook.remove()
    gradient, = torch.autograd.grad(seen["x"][:, unit].sum(), pixels)
    return seen["x"].detach(), gradient


def main(folder, *jobs):
    for job in jobs:
        name, _, opset = job.partition(":")
        torch.manual_seed(0)
        network, side = build(name)
        images = torch.rand(2, 3, side, side)
        torch.onnx.export(network, images, os.path.join(folder, name + ".onnx"), opset_version=int(opset or 16),
                          input_names=["image"], output_names=["logits"],
                          dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}})
        unit = 5
        features, gradient = reference(network, images, unit)
        with open(os.path.join(folder, name + ".json"), "w") as file:
            json.dump({"shape": list(images.shape), "images": images.flatten().tolist(), "unit": unit,
                       "features": features.flatten().tolist(), "gradient": gradient.flatten().tolist()}, file)


main(*sys.argv[1:])
