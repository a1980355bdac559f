/**
 * Which networks of torchvision and timm, exported by the current PyTorch, run here: layers found, features against
 * PyTorch's, the gradient against autograd's. Needs a Python with torch, torchvision, timm, onnx and onnxscript:
 * PYTHON=... npm run models [-- NAME ...]. Exits 1 where one that PyTorch exports does not run.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, UserError } from '../src/errors.ts';
import { describeOnnxModel } from '../src/models/onnx/model.ts';

/** With the opsets that exports are asked for: each of 18 to 23 several times; weights beside the file for even ones. */
const networks = [
  'torchvision.resnet50:18', 'torchvision.vit_b_16:20', 'torchvision.efficientnet_b0:19', 'torchvision.mobilenet_v3_large:21',
  'torchvision.convnext_tiny:22', 'torchvision.swin_t:18', 'torchvision.swin_v2_t:23', 'torchvision.densenet121:20',
  'torchvision.vgg16_bn:18', 'torchvision.squeezenet1_1:19', 'torchvision.shufflenet_v2_x1_0:21', 'torchvision.regnet_y_400mf:22',
  'torchvision.efficientnet_v2_s:23', 'torchvision.maxvit_t:18', 'timm.resnetv2_50:18', 'timm.mobilenetv4_conv_small:19',
  'timm.convnextv2_atto:20', 'timm.deit3_small_patch16_224:21', 'timm.beit_base_patch16_224:22', 'timm.eva02_tiny_patch14_224:23',
  'timm.vit_small_patch14_reg4_dinov2:18', 'timm.ghostnet_100:19', 'timm.repvgg_a0:20', 'timm.nfnet_f0:21', 'timm.edgenext_x_small:22',
  'timm.swin_tiny_patch4_window7_224:23', 'timm.maxvit_rmlp_pico_rw_256:18', 'timm.regnety_004:20',
]; // biome-ignore format: a list

interface Exported {
  readonly error?: string;
  readonly opset: number;
  readonly external: boolean;
  readonly side: number;
  readonly unit: number;
  readonly images: readonly number[];
  readonly features: readonly number[];
  readonly gradient: readonly number[];
}

interface Row {
  readonly network: string;
  readonly opset: string;
  readonly features: string;
  readonly map: string;
  readonly featuresError: string;
  readonly gradientError: string;
  readonly why: string;
}

/** Length of the difference over the length of what is expected. */
function apart(ours: ArrayLike<number>, theirs: readonly number[]): number {
  if (ours.length !== theirs.length) return Number.NaN;
  const [error, size] = theirs.reduce<[number, number]>(
    ([e, s], value, i) => [e + (ours[i] - value) ** 2, s + value ** 2],
    [0, 0],
  );
  return Math.sqrt(error / size);
}

async function measure(file: string, exported: Exported): Promise<Omit<Row, 'network' | 'opset'>> {
  const row = { features: '-', map: '-', featuresError: '-', gradientError: '-', why: '' };
  try {
    const model = await describeOnnxModel(file);
    const features = model.featuresLayer(null);
    Object.assign(row, { features, map: model.featureMapOf(features) ?? 'none' });
    const session = await model.open('onnx-cpu', null, { threads: null });
    const images = { count: 3, values: Float32Array.from(exported.images) };
    const found = (await session.run(images, [features])).get(features)?.values ?? [];
    row.featuresError = apart(found, exported.features).toExponential(1);
    const units = new Int32Array(3).fill(exported.unit);
    row.gradientError = apart(await session.gradient(images, features, units), exported.gradient).toExponential(1);
    await session.close();
  } catch (thrown) {
    row.why = thrown instanceof UserError ? `${thrown.what}` : messageOf(thrown);
  }
  return row;
}

/** Of gradients more is lost: single precision, through the kinks of networks that no training has smoothed. */
const limits = { features: 1e-4, gradient: 3e-2 };
const python = process.env.PYTHON ?? 'python3';
const asked = process.argv.slice(2);
const jobs = networks.filter((job) => asked.length === 0 || asked.some((name) => job.includes(name)));
const kept = process.env.MODELS_FOLDER;
const folder = kept ?? mkdtempSync(join(tmpdir(), 'barlow-models-'));
if (jobs.length === 0) throw new Error(`no network is called ${asked.join(' or ')}; there are ${networks.join(', ')}`);
let failed = 0;
let unexported = 0;
console.log('| network | opset | features | map | features off by | gradient off by | |');
console.log('|---|---|---|---|---|---|---|');
for (const job of jobs) {
  const [network, opset] = job.split(':');
  const file = join(folder, `${network}.onnx`);
  if (!existsSync(join(folder, `${network}.json`))) {
    execFileSync(python, ['-W', 'ignore', join(import.meta.dirname, 'models.py'), folder, job], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  const exported: Exported = JSON.parse(readFileSync(join(folder, `${network}.json`), 'utf8'));
  if (exported.error !== undefined) {
    unexported++;
    console.log(`| ${network} | ${opset} | - | - | - | - | PyTorch does not export it: ${exported.error} |`);
    continue;
  }
  const row = await measure(file, exported);
  const isRight = Number(row.featuresError) < limits.features && Number(row.gradientError) < limits.gradient;
  if (!isRight) failed++;
  const cells = [
    network,
    `${opset}${exported.external ? ', external' : ''}`,
    row.features,
    row.map,
    row.featuresError,
    row.gradientError,
  ];
  console.log(`| ${[...cells, isRight ? 'runs' : row.why.slice(0, 160) || 'differs'].join(' | ')} |`);
  if (kept === undefined) for (const each of [file, `${file}.data`]) rmSync(each, { force: true });
}
if (kept === undefined) rmSync(folder, { recursive: true });
console.log(
  `${jobs.length - failed - unexported} of ${jobs.length} networks run${unexported > 0 ? `, ${unexported} are not exported` : ''}; features within ${limits.features}, gradients within ${limits.gradient} of PyTorch's.`,
);
process.exitCode = failed > 0 ? 1 : 0;
