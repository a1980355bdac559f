/**
 * The scan beside tools that look for slices: Domino, PlaneSpot's recipe, SliceLine and Barlow's trees, on regressions planted in classes
 * of CIFAR-10's test set as `bench:gate` plants them, on the network trained without red cars, and on plain retrainings. Needs Python
 * 3.9 (or 3.8) and 3.11 (or later) on the path, and PyPI at first; exits 2 where these are missing. No aim was set: it prints what is.
 * Answers are kept in bench/out/peers, so that a bench that was stopped goes on, and methods can be run apart: the table is of all of them.
 * usage: node bench/peers/run.ts [--trials N] [--tuning N] [METHOD...]   (trials a cell to judge by, 20; others to choose settings by, 3;
 * methods: trials scan trees domino planespot sliceline table)
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openPool } from '../../src/adapters/threadPool.ts';
import { formatNpyHeader, parseNpyHeader } from '../../src/features/npy.ts';
import type { Columns } from '../../src/records/features.ts';
import { type Bench, readCifar10 } from '../gateData.ts';
import { environment, Unavailable } from './environment.ts';
import { mean, met, type Told } from './judged.ts';
import { scanOf, tellByTree } from './ours.ts';
import { cellNames, judgedTrials, type Trial, tuningTrials } from './trials.ts';

type Setting = Readonly<Record<string, number | string | boolean>>;

/** An answer as it is kept: a line of `METHOD.jsonl`. */
interface Kept extends Told {
  readonly id: string;
  readonly setting: Setting;
}

/** Trials of one use, with how many of the features are the network's. */
interface Given {
  readonly model: number;
  readonly trials: readonly Trial[];
}

/** Every combination of the values given, the first of each before. */
function grid(values: Readonly<Record<string, readonly (number | string | boolean)[]>>): Setting[] {
  return Object.entries(values).reduce<Setting[]>(
    (settings, [name, each]) => settings.flatMap((setting) => each.map((value) => ({ ...setting, [name]: value }))),
    [{}],
  );
}

const properties = [false, true];
/** What peers are run with; first the defaults of its library or paper, but where a comment says otherwise. */
const grids = {
  trees: grid({ depth: [3, 2, 1], properties }),
  domino: grid({ components: [25, 10], gamma: [1, 10], pca: [128, 16], members: ['labels', 'embedding'], properties }),
  // The paper's plane is by scvis, which needs TensorFlow 1; its confidence is a probability, and here right or wrong.
  planespot: grid({ plane: ['tsne', 'pca'], weight: [0.025, 0.002], properties }),
  // Two levels, not four, with which a group takes minutes. Of more than 22 attributes of four values the library's ids of slices (sums of
  // powers, as floats) are not distinct, and slices whose ids meet are dropped.
  sliceline: grid({
    alpha: [0.6, 0.8, 0.95],
    bins: [4, 3],
    levels: [2],
    support: [10, 30],
    attributes: [20],
    properties,
  }),
};
type Method = keyof typeof grids;
const methods: readonly Method[] = ['trees', 'domino', 'planespot', 'sliceline'];
const names = {
  trees: 'Barlow tree of what newly failed',
  domino: 'Domino',
  planespot: "PlaneSpot's recipe",
  sliceline: 'SliceLine',
};
const scanNames = { failing: 'barlow-gate: what fails the run', best: "the scan's best, failing or not" };

const data = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'cifar10');
const asked = process.argv.slice(2);
const option = (name: string, otherwise: number) => {
  const at = asked.indexOf(name);
  return at < 0 ? otherwise : Number(asked.splice(at, 2)[1]);
};
const [each, tuningEach] = [option('--trials', 20), option('--tuning', 3)];
const out = join(import.meta.dirname, '..', 'out', 'peers', `${each}-${tuningEach}`);
const inUse = (name: string) => asked.length === 0 || asked.includes(name);

const pool = openPool(2);
let bench: Bench | null = null;
try {
  if (!existsSync(data))
    throw new Unavailable(`${data} is needed: the CIFAR-10 test set, features.npy and predictions`);
  mkdirSync(out, { recursive: true });
  if (inUse('trials')) await makeTrials();
  if (inUse('scan')) await runScan();
  for (const method of methods) if (inUse(method)) await runMethod(method);
  if (inUse('table')) print();
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  console.error(`Not run: ${error.message}`);
  process.exitCode = 2;
} finally {
  await pool.close();
}

async function cifar10(): Promise<Bench> {
  bench ??= await readCifar10(data, pool.run);
  return bench;
}

/** features.npy (all images, features of the network and properties of the pixels), tuning.json and judged.json. */
async function makeTrials(): Promise<void> {
  if (existsSync(join(out, 'judged.json'))) return;
  const all = await cifar10();
  const { evalSet, dimensions, model } = all;
  const { values } = await all.readColumns(Uint32Array.from(evalSet.labels.keys()), 0, dimensions);
  const n = evalSet.labels.length;
  const matrix = Float32Array.from(values, (_, at) => values[(at % dimensions) * n + Math.floor(at / dimensions)]);
  const file = openSync(join(out, 'features.npy'), 'w');
  writeSync(file, formatNpyHeader(n, dimensions));
  writeSync(file, new Uint8Array(matrix.buffer));
  closeSync(file);
  const write = (name: string, trials: readonly Trial[]) =>
    writeFileSync(join(out, name), JSON.stringify({ model, trials }));
  write('tuning.json', await tuningTrials(all, data, tuningEach));
  write('judged.json', await judgedTrials(all, data, each));
}

function given(use: 'tuning' | 'judged'): Given {
  return JSON.parse(readFileSync(join(out, `${use}.json`), 'utf8'));
}

/** Answers that are kept; of two on one trial with one setting, from runs at the same time, the later. */
function kept(method: string, use: string): Kept[] {
  const file = join(out, `${method}-${use}.jsonl`);
  if (!existsSync(file)) return [];
  const answers: Kept[] = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return [...new Map(answers.map((answer) => [`${answer.id} ${JSON.stringify(answer.setting)}`, answer])).values()];
}

function keep(method: string, use: string, answers: readonly Kept[]): void {
  appendFileSync(join(out, `${method}-${use}.jsonl`), answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
}

async function runScan(): Promise<void> {
  const tell = scanOf(await cifar10(), data, pool.run);
  const done = new Set(kept('scan', 'judged').map(({ id }) => id));
  for (const trial of given('judged').trials.filter(({ id }) => !done.has(id))) {
    const told = await tell(trial);
    const answers = (['failing', 'best'] as const).map((shown) => ({
      id: trial.id,
      setting: { shown },
      ...told[shown],
    }));
    keep('scan', 'judged', answers);
  }
}

/** By its defaults, and by the setting whose best of three meets the regions of the tuning trials best. */
async function runMethod(method: Method): Promise<void> {
  await answer(method, 'tuning', grids[method]);
  const { first, best, settings } = chosen(method);
  const words = `${JSON.stringify(first.setting)} (F1 ${first.f1.toFixed(2)}); best of ${settings}: ${JSON.stringify(best.setting)} (${best.f1.toFixed(2)})`;
  console.log(`${names[method]}: as it comes ${words}`);
  await answer(method, 'judged', [first.setting, best.setting]);
}

/** The default setting and the best, each with the mean F1 of the best of three slices on the tuning trials. */
function chosen(method: Method) {
  const { trials } = given('tuning');
  const answers = kept(method, 'tuning');
  const scored = grids[method].map((setting) => {
    const own = new Map(
      answers
        .filter((answer) => JSON.stringify(answer.setting) === JSON.stringify(setting))
        .map((answer) => [answer.id, answer]),
    );
    const f1 = trials.flatMap(({ id, region, failed }) => {
      const told = own.get(id);
      return told === undefined ? [] : [met(told, region, failed).f1];
    });
    return { setting, f1: mean(f1) };
  });
  const best = scored.reduce((one, other) => (other.f1 > one.f1 ? other : one));
  return { first: scored[0], best, settings: scored.length };
}

async function answer(method: Method, use: 'tuning' | 'judged', settings: readonly Setting[]): Promise<void> {
  if (method !== 'trees') return answerByPython(method, use, settings);
  const { model, trials } = given(use);
  const bytes = readFileSync(join(out, 'features.npy'));
  const { offset, columns: dimensions } = parseNpyHeader(bytes);
  const features = new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + bytes.length));
  const done = new Set(kept('trees', use).map(({ id, setting }) => `${id} ${JSON.stringify(setting)}`));
  for (const trial of trials) {
    for (const setting of new Set(settings)) {
      if (done.has(`${trial.id} ${JSON.stringify(setting)}`)) continue;
      const columns = columnsOf(features, dimensions, trial.rows, setting.properties === true ? dimensions : model);
      keep('trees', use, [{ id: trial.id, setting, ...tellByTree(columns, trial, Number(setting.depth)) }]);
    }
  }
}

function columnsOf(features: Float32Array, dimensions: number, rows: readonly number[], to: number): Columns {
  const values = new Float32Array(rows.length * to);
  for (let feature = 0; feature < to; feature++)
    for (const [at, row] of rows.entries()) values[feature * rows.length + at] = features[row * dimensions + feature];
  return { rows: rows.length, from: 0, to, values };
}

async function answerByPython(method: Method, use: 'tuning' | 'judged', settings: readonly Setting[]): Promise<void> {
  const [pythons, pins] =
    method === 'domino'
      ? [['python3.9', 'python3.8'], 'requirements-domino.txt']
      : [['python3.13', 'python3.12', 'python3.11', 'python3'], 'requirements.txt'];
  const interpreter = environment(pythons, join(import.meta.dirname, pins));
  const files = [join(out, 'features.npy'), join(out, `${use}.json`)];
  const script = ['-W', 'ignore', join(import.meta.dirname, 'peers.py'), method, ...files];
  const child = spawn(
    interpreter,
    [...script, JSON.stringify([...new Set(settings)]), join(out, `${method}-${use}.jsonl`)],
    {
      env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [version, said, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`${method} ended with ${code}:\n${said.slice(-3000)}`);
  console.log(`${names[method]}: ${version.trim().split('\n')[0]}`);
}

/** What a method told, by trial. */
interface Row {
  readonly name: string;
  readonly told: ReadonlyMap<string, Told>;
}

function rowsOf(): Row[] {
  const rowOf = (name: string, method: string, setting: Setting): Row => ({
    name,
    told: new Map(
      kept(method, 'judged')
        .filter((answer) => JSON.stringify(answer.setting) === JSON.stringify(setting))
        .map((answer) => [answer.id, answer]),
    ),
  });
  return [
    ...(['failing', 'best'] as const).map((shown) => rowOf(scanNames[shown], 'scan', { shown })),
    ...methods.flatMap((method) => {
      const { first, best } = chosen(method);
      const tuned = best === first ? [] : [rowOf(`${names[method]}, tuned`, method, best.setting)];
      return [rowOf(`${names[method]}, as it comes`, method, first.setting), ...tuned];
    }),
  ];
}

/** One table a cell, then what each method says of plain retrainings. A trial that some method has not answered is left out for all. */
function print(): void {
  const { trials } = given('judged');
  const rows = rowsOf();
  const answered = trials.filter(({ id }) => rows.every(({ told }) => told.has(id)));
  const width = Math.max(...rows.map(({ name }) => name.length));
  const line = (name: string, ...columns: readonly string[]) =>
    console.log(`  ${name.padEnd(width)}  ${columns.map((column) => column.padStart(14)).join('')}`);
  const percent = (values: readonly boolean[]) => `${Math.round(100 * mean(values.map(Number)))} %`;
  const toldOf = ({ told }: Row, some: readonly Trial[]) => some.flatMap(({ id }) => told.get(id) ?? []);
  const retrainings = answered.filter(({ cell }) => cell === 'retraining');
  if (answered.length < trials.length)
    console.log(`${trials.length - answered.length} of ${trials.length} groups were not answered by all`);
  for (const cell of cellNames) {
    const own = answered.filter((trial) => trial.cell === cell);
    console.log(`\n${cell}, ${own.length} groups`);
    line('', 'among three', 'precision', 'recall', 'newly failed', 'told of some', 'stands out', 's of CPU');
    for (const row of rows) {
      const told = toldOf(row, own);
      const best = told.map((answer, at) => met(answer, own[at].region, own[at].failed));
      const noise = Math.max(0, ...toldOf(row, retrainings).map(({ scores }) => scores[0] ?? 0));
      const seconds = told.flatMap((answer) => answer.seconds ?? []);
      line(
        row.name,
        percent(best.map(({ located }) => located)),
        mean(best.map(({ precision }) => precision)).toFixed(2),
        mean(best.map(({ recall }) => recall)).toFixed(2),
        percent(best.map(({ gathered }) => gathered)),
        percent(told.map(({ alarm }) => alarm)),
        percent(told.map(({ scores }) => (scores[0] ?? 0) > noise)),
        seconds.length === 0 ? '' : mean(seconds).toFixed(2),
      );
    }
  }
  console.log(
    `\nplain retrainings, ${retrainings.length} classes of three pairs: told of some, which are false alarms`,
  );
  for (const row of rows) line(row.name, percent(toldOf(row, retrainings).map(({ alarm }) => alarm)));
  console.log(`
among three: one of the first three slices has precision and recall of at least 0.6 against the region that broke, half of whose images
newly fail. precision, recall: of the best of three by F1; 0 where nothing was told. newly failed: as among three, but of the images that
newly fail alone, since slices of Domino and PlaneSpot may hold no others. told of some: it returned a slice (a tree: has a failure mode).
stands out: the first slice's own score is greater than any on the plain retrainings, a threshold that the peers do not have.
s of CPU: without the draws of the scan, which a run makes once for all groups.
None of the peers was made for this: they describe where one model fails, and none asks whether anything changed at all. All but the gate
are given the right class; the gate's verdict is over 21 groups. The scan was designed on regressions planted in this way. No aim was set.`);
}
