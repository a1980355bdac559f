"""Exports a (robust) ResNet-50 from PyTorch to an ONNX file that barlow takes as its feature model.

  python3 resnet50.py imagenet_l2_3_0.pt robust-resnet50.onnx

CHECKPOINT is a state dict of torchvision's resnet50 as torch.save writes it, or a checkpoint of the `robustness`
library (github.com/MadryLab/robustness, github.com/microsoft/robust-models-transfer). The number of classes is read
from it. The model takes `image`, N x 3 x SIZE x SIZE, RGB in [0, 1] (it normalises within, so leave mean and std of
featureModel.preprocess at 0 and 1), and gives `logits`, `features` (N x 2048) and `feature_map` (N x 2048 x h x w).
Needs torch 1.13 or newer and torchvision.
"""
import argparse
import inspect
import sys

import torch
import torchvision

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class FeatureModel(torch.nn.Module):
    """ResNet-50 that normalises its images and shows its last layers."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))

    def forward(self, image):
        net = self.network
        x = net.maxpool(net.relu(net.bn1(net.conv1((image - self.mean) / self.std))))
        feature_map = net.layer4(net.layer3(net.layer2(net.layer1(x))))
        features = torch.flatten(net.avgpool(feature_map), 1)
        return net.fc(features), features, feature_map


def read_checkpoint(path, trust):
    """The state dict of the network, whatever it is wrapped in."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=not trust)
    except Exception as error:
        if trust:
            raise
        sys.exit(f"{path}: holds more than weights ({error}).\n"
                 "Loading it would run code that its author wrote; if you trust them, add --trust.")
    for key in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    names = {}
    for name, value in state.items():
        if "attacker." in name or "normalizer." in name or not isinstance(value, torch.Tensor):
            continue
        for prefix in ("module.", "model."):
            name = name[len(prefix):] if name.startswith(prefix) else name
        names[name] = value
    return names


def load_network(path, trust):
    state = read_checkpoint(path, trust)
    if "fc.weight" not in state:
        sys.exit(f"{path}: no fc.weight, so it is no ResNet-50 of torchvision; it has {', '.join(list(state)[:5])} ...")
    network = torchvision.models.resnet50(num_classes=state["fc.weight"].shape[0])
    network.load_state_dict(state)
    return network


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("onnx")
    parser.add_argument("--size", type=int, default=224, help="side of the images in pixels (default: 224)")
    parser.add_argument("--trust", action="store_true", help="load a checkpoint that holds more than weights")
    arguments = parser.parse_args()

    model = FeatureModel(load_network(arguments.checkpoint, arguments.trust)).eval()
    outputs = ["logits", "features", "feature_map"]
    # Since torch 2.9 another exporter is the default; it needs the package onnxscript.
    classic = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    torch.onnx.export(model, torch.rand(2, 3, arguments.size, arguments.size), arguments.onnx, opset_version=16,
                      input_names=["image"], output_names=outputs,
                      dynamic_axes={name: {0: "batch"} for name in ["image", *outputs]}, **classic)
    print(f"{arguments.onnx}: {model.network.fc.in_features} features, {model.network.fc.out_features} classes")


if __name__ == "__main__":
    main()
