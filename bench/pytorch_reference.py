"""Times PyTorch on ResNet-50 with random weights, on request, after writing the same network and images for others.

usage: /usr/bin/python3 pytorch_reference.py THREADS IMAGES FOLDER
Writes FOLDER/resnet50.onnx and IMAGES JPEG files of 500 x 375 below FOLDER/images, prints "ready", then answers each line
"forward N" or "gradient N" (of unit 5 of the features, by the pixels of N images of 224 x 224) with the seconds it took.
"""
import os, sys, time
import numpy as np, torch, torchvision
from PIL import Image

threads, count, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(threads)
torch.manual_seed(0)
network = torchvision.models.resnet50().eval()
torch.onnx.export(network, torch.rand(2, 3, 224, 224), f'{folder}/resnet50.onnx', opset_version=16,
                  input_names=['image'], dynamic_axes={'image': {0: 'batch'}})
network.fc = torch.nn.Identity()
for parameter in network.parameters():
    parameter.requires_grad_(False)

random = np.random.RandomState(0)
os.mkdir(f'{folder}/images')
for index in range(count):
    # As much detail as a photograph has: some 60 KB.
    smooth = Image.fromarray(random.randint(0, 256, (30, 40, 3), np.uint8)).resize((500, 375), Image.BICUBIC)
    pixels = np.clip(np.asarray(smooth) + random.normal(0, 6, (375, 500, 1)), 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(f'{folder}/images/{index:04d}.jpg', quality=90)

def forward(images):
    with torch.no_grad():
        network(images)

def gradient(images):
    pixels = images.clone().requires_grad_()
    torch.autograd.grad(network(pixels)[:, 5].sum(), pixels)

work = dict(forward=forward, gradient=gradient)
gradient(torch.rand(8, 3, 224, 224))
print('ready', flush=True)
for line in sys.stdin:
    name, size = line.split()
    images = torch.rand(int(size), 3, 224, 224)
    start = time.perf_counter()
    work[name](images)
    print(time.perf_counter() - start, flush=True)
