/**
 * What is said of the causes of the demonstration, a network that was trained without red cars: `npm run bench:causes`. Needs the
 * data of ../shared. Prints, for the training set with and without the red cars, how many images lie where the event is; and how
 * many of its images mend, and right ones break, beside as many changed along random features.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { FailureEvent } from '../src/records/comparison.ts';
import type { Result } from '../src/records/result.ts';
import { causesText } from '../src/report/causes.ts';

const root = join(import.meta.dirname, '..');
const data = resolve(root, '..', 'shared', 'data', 'cifar10');
const folder = mkdtempSync(join(tmpdir(), 'barlow-causes-'));
const lines = (file: string) => readFileSync(join(data, file), 'utf8').trim().split(/\r?\n/);

const config = (training: string) => `version: 1
evalSet: {images: ${join(data, 'images')}, manifest: ${join(data, 'eval.csv')}}
featureModel: {path: ${join(data, 'models', 'robust.onnx')}}
trainingSet: {images: ${join(data, 'train-automobile')}, manifest: ${training}}
analysis: {shuffles: 0}
baseline: {store: folder, path: baselines}
report: {images: 0}
`;

function barlow(...args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'src', 'cli.ts'), ...args, '--quiet'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0 && status !== 1) throw new Error(stderr);
}

function eventsWith(training: string): readonly FailureEvent[] {
  writeFileSync(join(folder, 'barlow.yml'), config(training));
  const candidate = join(data, 'models', 'candidate-red-cars-missing.onnx');
  barlow('run', '--commit', 'two', '--checkpoint', `candidate=${candidate}`);
  const result: Result = JSON.parse(readFileSync(join(folder, 'barlow-report', 'result.json'), 'utf8'));
  return result.checkpoints.flatMap(({ events }) => events);
}

try {
  const [head, ...trained] = lines('train-automobile.csv');
  const without = trained.filter((row) => row.endsWith(',no'));
  writeFileSync(join(folder, 'without.csv'), `${[head, ...without].join('\n')}\n`);
  writeFileSync(join(folder, 'barlow.yml'), config(join(data, 'train-automobile.csv')));
  barlow('baseline', 'record', '--commit', 'one', '--checkpoint', `baseline=${join(data, 'models', 'baseline.onnx')}`);
  for (const [what, training] of [
    ['without red cars', 'without.csv'],
    ['with them', join(data, 'train-automobile.csv')],
  ] as const) {
    console.log(`Training set ${what}:`);
    for (const event of eventsWith(training)) {
      console.log(`  ${event.title}`);
      for (const text of causesText(event)) console.log(`    ${text}`);
      console.log(`    ${JSON.stringify(event.counterfactual)}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
