"""Writes networks of torchvision with seeded random weights, an input and PyTorch's output for each, into a folder: those
named, of classification or segmentation, or alexnet and resnet18.

usage: python3 torchvision_export.py FOLDER [NAME ...]
"""
import sys

import numpy
import torch
import torchvision


class Main(torch.nn.Module):
    """The main output of a network that has several."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        y = self.network(x)
        return y["out"] if isinstance(y, dict) else y


def make(name):
    """A network without downloaded weights, whatever its constructor calls them."""
    models = torchvision.models
    if hasattr(models.segmentation, name):
        return getattr(models.segmentation, name)(weights=None, weights_backbone=None)
    extra = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return getattr(models, name)(weights=None, **extra)


def randomise(network, x):
    """Batch normalisations of a fresh network do nothing, and the last layer of some is 0. Here they do something: the
    statistics are those of a few inputs, so that the output depends on the input, whatever the depth."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
            module.momentum = None  # the mean of all batches, of which there is one
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    network.train()
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    with torch.no_grad():
        network(torch.cat([x, torch.rand(3, *x.shape[1:])]))
    network.eval()


def export(name, folder):
    torch.manual_seed(1)
    network = make(name)
    x = torch.rand(1, 3, 299, 299) if name == "inception_v3" else torch.rand(1, 3, 224, 224)
    randomise(network, x)
    network = Main(network).eval()
    with torch.no_grad():
        y = network(x)
    # An open batch dimension, and batch normalisations left as they are: both are things that users have. Those whose
    # shapes are computed from the input are exported for one frame.
    some = name == "alexnet" or len(y.shape) > 2 or name.startswith(("vit", "swin", "maxvit"))
    torch.onnx.export(network, x, f"{folder}/{name}.onnx", opset_version=14, input_names=["input"], output_names=["logits"],
                      dynamic_axes=None if some else {"input": {0: "batch"}, "logits": {0: "batch"}},
                      training=torch.onnx.TrainingMode.EVAL if name == "alexnet" else torch.onnx.TrainingMode.PRESERVE,
                      do_constant_folding=name == "alexnet")
    numpy.save(f"{folder}/{name}_in.npy", x.numpy())
    numpy.save(f"{folder}/{name}_out.npy", y.numpy())


def main():
    folder, names = sys.argv[1], sys.argv[2:] or ["alexnet", "resnet18"]
    for name in names:
        export(name, folder)
        print(name)


main()
