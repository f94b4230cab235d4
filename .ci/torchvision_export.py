"""Writes networks of torchvision with seeded random weights, an input and PyTorch's output for each, into a folder.

usage: python3 torchvision_export.py FOLDER [NAME ...]
"""
import sys

import numpy
import torch
import torchvision


def randomise(network):
    """Batch normalisations of a fresh network do nothing; these do."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)


def export(name, folder):
    torch.manual_seed(1)
    network = getattr(torchvision.models, name)(weights=None)
    randomise(network)
    network.eval()
    x = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        y = network(x)
    # An open batch dimension, and batch normalisations left as they are: both are things that users have.
    torch.onnx.export(network, x, f"{folder}/{name}.onnx", opset_version=13, input_names=["input"], output_names=["logits"],
                      dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}} if name != "alexnet" else None,
                      training=torch.onnx.TrainingMode.PRESERVE if name != "alexnet" else torch.onnx.TrainingMode.EVAL,
                      do_constant_folding=name == "alexnet")
    numpy.save(f"{folder}/{name}_in.npy", x.numpy())
    numpy.save(f"{folder}/{name}_out.npy", y.numpy())


def main():
    folder, names = sys.argv[1], sys.argv[2:] or ["alexnet", "resnet18"]
    for name in names:
        export(name, folder)
        print(name)


main()
