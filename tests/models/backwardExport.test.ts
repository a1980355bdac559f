import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withGradient } from '../../src/models/onnx/gradient/backward.ts';
import { findLayers, inputGeometry } from '../../src/models/onnx/layers.ts';
import { readGraph } from '../../src/models/onnx/readGraph.ts';
import { hasPython, PYTHON, python } from '../extras.ts';
import { open, runProbe } from './onnxModel.ts';

const script = new URL('../../examples/export/resnet50.py', import.meta.url).pathname;

/** A checkpoint as the robustness library writes it, of random weights, and torchvision's features of two images. */
const checkpoint = `
import json, sys, torch, torchvision
torch.manual_seed(0)
network = torchvision.models.resnet50(num_classes=7)
with torch.no_grad():
    network.train()(torch.rand(8, 3, 64, 64))
network.eval()
state = {}
for name, value in network.state_dict().items():
    state["module.model." + name] = value
    state["module.attacker.model." + name] = value
state["module.normalizer.new_mean"] = torch.zeros(3, 1, 1)
torch.save({"model": state, "epoch": 1}, sys.argv[1])
class Trap:
    def __reduce__(self):
        return (open, (sys.argv[2], "w"))
torch.save({"model": state, "trap": Trap()}, sys.argv[3])
images = torch.rand(2, 3, 64, 64)
normalize = torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
network.fc = torch.nn.Identity()
with torch.no_grad():
    features = network(normalize(images))
print(json.dumps({"images": images.flatten().tolist(), "features": features.flatten().tolist()}))
`;

describe.skipIf(!hasPython('torch', 'torchvision'))(
  "examples/export/resnet50.py (skipped without Debian's python3-torchvision)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'barlow-export-'));
    const at = (name: string) => join(folder, name);
    let truth: { images: number[]; features: number[] };
    beforeAll(() => {
      truth = JSON.parse(python(checkpoint, at('weights.pt'), at('sprung'), at('trap.pt')).toString());
      execFileSync(PYTHON, ['-W', 'ignore', script, at('weights.pt'), at('m.onnx'), '--size', '64']);
    }, 600_000);
    afterAll(() => rmSync(folder, { recursive: true }));

    test('its layers are found, its features are those of torchvision, it has a gradient', async () => {
      const file = at('m.onnx');
      const graph = readGraph(readFileSync(file), file);
      const layers = findLayers(graph);
      expect(layers).toEqual({
        input: { name: 'image', shape: ['batch', 3, 64, 64] },
        features: 'features',
        featureMap: 'feature_map',
        logits: 'logits',
      });
      const session = await open(readFileSync(file));
      const run = await session.run({ image: new Tensor('float32', Float32Array.from(truth.images), [2, 3, 64, 64]) });
      const features = [...run.features.data].map(Number);
      expect(run.feature_map.dims).toEqual([2, 2048, 2, 2]);
      expect(run.logits.dims).toEqual([2, 7]);
      const apart = Math.hypot(...features.map((value, i) => value - truth.features[i]));
      expect(apart / Math.hypot(...truth.features)).toBeLessThan(1e-4);

      const geometry = inputGeometry({ input: layers.input, file }, null);
      const made = await withGradient(graph, { input: 'image', output: 'features', geometry }, runProbe);
      expect(made.units).toBe(2048);
    });

    test('a checkpoint that would run code is refused unless trusted', () => {
      const run = spawnSync(PYTHON, ['-W', 'ignore', script, at('trap.pt'), at('t.onnx')], {
        encoding: 'utf8',
      });
      expect(run.status).toBe(1);
      expect(run.stderr).toContain('--trust');
      expect(() => readFileSync(at('sprung'))).toThrow('ENOENT');
    });
  },
);
