"""PyTorch's side of scripts/gpu-check.sh.

usage: python3 gpu_pytorch.py model FOLDER EXAMPLES       writes resnet50.pt, resnet50.onnx, resnet50-fp16.onnx and jpegs/
       python3 gpu_pytorch.py rates FOLDER EXAMPLES MOST  features and gradients of images.bin, and rates, into figures.jsonl
EXAMPLES holds export/resnet50.py. ResNet-50 has random weights, its batch norms fitted to random images.
"""
import json, os, subprocess, sys, time
import numpy as np, torch, torchvision

section, folder, examples = sys.argv[1:4]
sys.path.insert(0, f'{examples}/export')
from resnet50 import FeatureModel
cuda = torch.cuda.is_available()
device = torch.device('cuda' if cuda else 'cpu')

def tf32(on):
    torch.backends.cudnn.allow_tf32 = on
    torch.backends.cuda.matmul.allow_tf32 = on

def make_model():
    torch.manual_seed(0)
    tf32(False)
    network = torchvision.models.resnet50().to(device)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        for _ in range(2):
            smooth = torch.nn.functional.interpolate(torch.randn(16, 3, 14, 14), size=224, mode='bilinear')
            network((smooth + 0.3 * torch.randn(16, 3, 224, 224)).to(device))
    torch.save({name: value.cpu() for name, value in network.state_dict().items()}, f'{folder}/resnet50.pt')
    subprocess.run([sys.executable, '-W', 'ignore', f'{examples}/export/resnet50.py', f'{folder}/resnet50.pt', f'{folder}/resnet50.onnx'], check=True)
    print('exported', flush=True)
    try:
        class Half(torch.nn.Module):
            def __init__(self, model):
                super().__init__()
                self.model = model
            def forward(self, image):
                logits, features, feature_map = self.model(image.half())
                return logits.float(), features.float(), feature_map.float()
        half = Half(FeatureModel(network.eval()).half()).to(device)
        outputs = ['logits', 'features', 'feature_map']
        torch.onnx.export(half, torch.rand(2, 3, 224, 224, device=device), f'{folder}/resnet50-fp16.onnx', opset_version=16,
                          input_names=['image'], output_names=outputs,
                          dynamic_axes={name: {0: 'batch'} for name in ['image', *outputs]}, dynamo=False)
        print('exported in fp16', flush=True)
    except Exception as error:
        print('FAILED export in fp16:', str(error).split('\n')[0])

def make_jpegs():
    from PIL import Image
    random = np.random.RandomState(0)
    os.mkdir(f'{folder}/jpegs')
    for index in range(128):
        # As much detail as a photograph has: some 60 KB.
        smooth = Image.fromarray(random.randint(0, 256, (30, 40, 3), np.uint8)).resize((500, 375), Image.BICUBIC)
        noisy = np.clip(np.asarray(smooth) + random.normal(0, 6, (375, 500, 1)), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(f'{folder}/jpegs/{index:04d}.jpg', quality=90)

def record(of, what, batch, value):
    value = float(f'{value:.4g}')
    print(f'{of}: {what}, {batch}: {value}', flush=True)
    with open(f'{folder}/figures.jsonl', 'a') as file:
        file.write(json.dumps(dict(of=of, what=what, batch=batch, value=value)) + '\n')

def seconds(work):
    """The median of as many runs as take a second, at least three, after two that do not count."""
    times = []
    for _ in range(2):
        work()
    start = time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < 0.7:
        before = time.perf_counter()
        work()
        if cuda:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - before)
        if time.perf_counter() - start > 8:
            break
    return sorted(times)[len(times) // 2]

def rates(most):
    network = torchvision.models.resnet50()
    network.load_state_dict(torch.load(f'{folder}/resnet50.pt'))
    network = network.eval().to(device)
    model = FeatureModel(network).eval().to(device)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    images = torch.from_numpy(np.fromfile(f'{folder}/images.bin', np.float32).reshape(-1, 3, 224, 224))
    units = torch.arange(len(images), device=device) * 100 + 5

    def gradient(pixels, units):
        pixels = pixels.detach().requires_grad_()
        features = model(pixels)[1]
        return torch.autograd.grad(features.gather(1, units[:, None]).sum(), pixels)[0]

    def attack(pixels, units, steps, size):
        for _ in range(steps):
            g = gradient(pixels, units)
            g = g * (size / (g.flatten(1).norm(dim=1) + 1e-10))[:, None, None, None]
            pixels = (pixels + g).clamp(0, 1)
        return pixels

    def write(name, tensor):
        tensor.detach().cpu().numpy().astype(np.float32).tofile(f'{folder}/{name}-pytorch.bin')

    def apart(name, tensor, of):
        truth = np.fromfile(f'{folder}/{name}-pytorch.bin', np.float32)
        mine = tensor.detach().float().cpu().numpy().ravel()
        record(of, f'{name}, relative error to pytorch', 0, np.linalg.norm(mine - truth) / np.linalg.norm(truth))

    tf32(False)
    resident = images.to(device)
    with torch.no_grad():
        write('features', model(resident)[1])
    write('gradient', gradient(resident, units))
    write('attacked', attack(resident, units, 5, 3))
    settings = [('PyTorch, TF32 on', True, False), ('PyTorch, TF32 off', False, False)]
    for name, on, _ in settings if cuda else settings[1:]:
        tf32(on)
        if on:
            with torch.no_grad():
                apart('features', model(resident)[1], name)
            apart('gradient', gradient(resident, units), name)
            apart('attacked', attack(resident, units, 5, 3), name)
        for batch in [1, 2, 4, 8, 16, 32, 64, 128, 256]:
            if batch > most:
                continue
            host = torch.rand(batch, 3, 224, 224)
            def forward():
                with torch.no_grad():
                    model(host.to(device))[1].cpu()
            record(name, 'forward, images/s', batch, batch / seconds(forward))
        for batch in [1, 8, 32, 64]:
            if batch > most:
                continue
            pixels, chosen = torch.rand(batch, 3, 224, 224, device=device), torch.full((batch,), 5, device=device)
            record(name, 'attack, steps/s', batch, 4 / seconds(lambda: attack(pixels, chosen, 4, 3)))
    if cuda:
        half = FeatureModel(network).to(device).half()
        name = 'PyTorch, fp16'
        with torch.no_grad():
            apart('features', half(resident.half())[1], name)
            for batch in [1, 8, 64, 256]:
                if batch <= most:
                    host = torch.rand(batch, 3, 224, 224)
                    record(name, 'forward, images/s', batch, batch / seconds(lambda: half(host.to(device).half())[1].cpu()))

print('torch', torch.__version__, torch.cuda.get_device_name() if cuda else 'no GPU', flush=True)
if section == 'model':
    make_model()
    make_jpegs()
else:
    rates(int(sys.argv[4]))
