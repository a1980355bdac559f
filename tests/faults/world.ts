import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatNpyHeader } from '../../src/features/npy.ts';
import * as linked from '../linked.ts';

/*
 * A small world for faults: 240 images of two classes, features that are given, an accepted checkpoint, one as good, and one that
 * newly fails on all cars with a high feature 0 (30 of 120). A run of it takes half a second.
 */
/** The command file by file, for what tests how it is loaded. */
export const sources = join(import.meta.dirname, '..', '..', 'src', 'bin.ts');

export const images = 240;
const dimensions = 8;

export interface World {
  readonly folder: string;
  readonly path: (...names: readonly string[]) => string;
  readonly write: (name: string, text: string | Uint8Array) => void;
  readonly text: (name: string) => string;
  readonly remove: () => void;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Values in [0, 1) that depend on the seed only (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Row i of the world: a car where even, its feature 0 high where i % 8 is 0. */
export const nameOf = (row: number) => `${row % 2 === 0 ? 'car' : 'bus'}-${String(row).padStart(3, '0')}.png`;
export const labelOf = (row: number) => (row % 2 === 0 ? 'car' : 'bus');
const isRed = (row: number) => row % 8 === 0;
const other = (label: string) => (label === 'car' ? 'bus' : 'car');

export function features(seed = 1): Uint8Array {
  const random = seeded(seed);
  const values = Float32Array.from({ length: images * dimensions }, (_, at) => {
    const value = random();
    return at % dimensions === 0 && isRed(Math.floor(at / dimensions)) ? 2 + value : value;
  });
  return Buffer.concat([formatNpyHeader(images, dimensions), Buffer.from(values.buffer)]);
}

/** Predictions: every 20th image is wrong under each; `bad` is wrong on the red cars too. */
export function predictions(kind: 'accepted' | 'good' | 'bad'): string {
  const rows = Array.from({ length: images }, (_, row) => {
    const wrong = row % 20 === 3 || (kind !== 'accepted' && row % 120 === 7) || (kind === 'bad' && isRed(row));
    return `${nameOf(row)},${wrong ? other(labelOf(row)) : labelOf(row)}`;
  });
  return `image,prediction\n${rows.join('\n')}\n`;
}

const manifest = () =>
  `image,label\n${Array.from({ length: images }, (_, row) => `${nameOf(row)},${labelOf(row)}`).join('\n')}\n`;

const config = `version: 1
name: small
evalSet: {manifest: eval.csv}
checkpoints: {candidate: good.csv}
features: features.npy
groups: [label]
analysis: {shuffles: 0}
baseline: {store: folder, path: baselines}
`;

let template = '';

/** A world whose baseline is recorded, for others to be copies of; it goes when this process ends. */
function acceptedWorld(): string {
  if (template !== '') return template;
  const world = makeWorld({ accepted: false });
  process.once('exit', world.remove);
  const record = ['baseline', 'record', '--checkpoint', 'accepted=accepted.csv', '--commit', 'first'];
  const { status, stderr } = barlow(world, record);
  if (status !== 0) throw new Error(`the world cannot be made: ${stderr}`);
  template = world.folder;
  return template;
}

/** A world of its own; with `accepted`, its baseline is recorded. */
export function makeWorld({ accepted = true, at = tmpdir() } = {}): World {
  mkdirSync(at, { recursive: true });
  const folder = mkdtempSync(join(at, 'barlow-world-'));
  if (accepted) cpSync(acceptedWorld(), folder, { recursive: true });
  const path = (...names: readonly string[]) => join(folder, ...names);
  const write = (name: string, text: string | Uint8Array) => writeFileSync(path(name), text);
  if (!accepted) {
    write('barlow.yml', config);
    write('eval.csv', manifest());
    write('features.npy', features());
    for (const kind of ['accepted', 'good', 'bad'] as const) write(`${kind}.csv`, predictions(kind));
  }
  const text = (name: string) => readFileSync(path(name), 'utf8');
  return { folder, path, write, text, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Around {
  readonly env?: Readonly<Record<string, string>>;
  /** A line of bash in which `"$@"` is the command: `"$@" > /dev/full`. */
  readonly shell?: string;
  readonly input?: string;
  /** The file that is started, `sources` or what is linked of them, which is the default. */
  readonly entry?: string;
  readonly seconds?: number;
}

/** Runs the command in the world as a process of its own, in this thread's place (no worker threads). */
export function barlow(world: Pick<World, 'folder'>, args: readonly string[], around: Around = {}): Ended {
  const command = [
    process.execPath,
    around.entry ?? linked.command,
    ...args,
    ...(args.includes('--workers') ? [] : ['--workers', '0']),
  ];
  const [file = '', ...rest] = around.shell === undefined ? command : ['bash', '-c', around.shell, 'bash', ...command];
  const { status, signal, stdout, stderr } = spawnSync(file, rest, {
    cwd: world.folder,
    encoding: 'utf8',
    env: { ...process.env, GIT_CEILING_DIRECTORIES: join(world.folder, '..'), ...around.env },
    input: around.input ?? '',
    timeout: (around.seconds ?? 240) * 1000,
    killSignal: 'SIGKILL',
    maxBuffer: 64 << 20,
  });
  return { status, signal, stdout: stdout ?? '', stderr: stderr ?? '' };
}

/** Judges a checkpoint in the world, at another commit than the baseline's. */
export function judge(
  world: Pick<World, 'folder'>,
  kind: 'good' | 'bad',
  args: readonly string[] = [],
  around: Around = {},
): Ended {
  return barlow(world, ['run', '--checkpoint', `candidate=${kind}.csv`, '--commit', 'second', ...args], around);
}
