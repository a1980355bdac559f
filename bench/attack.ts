/**
 * A step of the feature attack on ResNet-50 (8 images of 224 x 224) on onnxruntime-node beside PyTorch's autograd on
 * the same weights, in turns in one run and on the same threads. Needs Debian's python3-torch and python3-torchvision.
 * usage: node bench/attack.ts [ROUNDS]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describeOnnxModel } from '../src/inference/onnxModel.ts';
import { openSession } from '../src/inference/selectEngine.ts';

const BATCH = 8;
const UNIT = 5;
const rounds = Number(process.argv[2] ?? 7);
const threads = availableParallelism();

/** Exports the network, then answers each line on its input with the seconds of a forward pass and of a gradient. */
const pytorch = `
import sys, time, torch, torchvision
torch.set_num_threads(${threads})
torch.manual_seed(0)
network = torchvision.models.resnet50().eval()
images = torch.rand(${BATCH}, 3, 224, 224)
torch.onnx.export(network, images, sys.argv[1], opset_version=16, input_names=["image"], dynamic_axes={"image": {0: "batch"}})
network.fc = torch.nn.Identity()
for parameter in network.parameters():
    parameter.requires_grad_(False)
def forward():
    with torch.no_grad():
        network(images)
def gradient():
    pixels = images.clone().requires_grad_()
    torch.autograd.grad(network(pixels)[:, ${UNIT}].sum(), pixels)
def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
seconds(gradient)
print("ready", flush=True)
for line in sys.stdin:
    print(seconds(forward), seconds(gradient), flush=True)
`;

const folder = mkdtempSync(join(tmpdir(), 'barlow-bench-'));
const file = join(folder, 'resnet50.onnx');
const python = spawn('/usr/bin/python3', ['-W', 'ignore', '-c', pytorch, file], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const { done } = await lines.next();
if (done) throw new Error('PyTorch did not start; install python3-torch and python3-torchvision');

const model = await describeOnnxModel(file);
const layer = model.featuresLayer(null);
const session = await openSession(model, 'onnx-cpu', null, { threads }, () => {});
const images = {
  count: BATCH,
  values: Float32Array.from({ length: BATCH * 3 * 224 * 224 }, (_, i) => (i % 255) / 255),
};
const units = new Int32Array(BATCH).fill(UNIT);

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function ours(): Promise<[number, number]> {
  const forward = await seconds(() => session.run(images, [layer]));
  return [forward, await seconds(() => session.gradient(images, layer, units))];
}

async function theirs(): Promise<[number, number]> {
  python.stdin.write('again\n');
  const [forward, gradient] = String((await lines.next()).value)
    .split(' ')
    .map(Number);
  return [forward, gradient];
}

const build = await seconds(ours);
const taken: { ours: [number, number]; theirs: [number, number] }[] = [];
for (let round = 0; round < rounds; round++) taken.push({ ours: await ours(), theirs: await theirs() });
python.stdin.end();
await once(python, 'close');
await session.close();
rmSync(folder, { recursive: true });

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const show = (name: string, at: 0 | 1) => {
  const [a, b] = [taken.map((round) => round.ours[at]), taken.map((round) => round.theirs[at])];
  const ratio = median(taken.map((round) => round.theirs[at] / round.ours[at]));
  console.log(
    `${name.padEnd(12)}${median(a).toFixed(3)} s   PyTorch ${median(b).toFixed(3)} s   ${ratio.toFixed(1)} times as fast`,
  );
};
console.log(`ResNet-50, ${BATCH} images of 224 x 224, onnx-cpu, ${threads} threads, median of ${rounds} rounds`);
console.log(`backward graph built and first run in ${build.toFixed(1)} s`);
show('forward', 0);
show('attack step', 1);
