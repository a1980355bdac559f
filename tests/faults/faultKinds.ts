import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, systemTrouble, UserError } from '../../src/errors.ts';
import { listBaselines, recordBaseline } from '../../src/pipeline/baseline.ts';
import type { Request } from '../../src/pipeline/request.ts';
import { runGate } from '../../src/pipeline/run.ts';
import { examplePayload, git, runStep } from '../action/runner.ts';
import * as linked from '../linked.ts';
import { type SmallDisk, smallDisk } from '../smallDisk.ts';
import {
  barlow,
  type Ended,
  features,
  images,
  labelOf,
  makeWorld,
  nameOf,
  predictions,
  seeded,
  sources,
  type World,
} from './world.ts';

/** What became of a fault. `held`: both checkpoints were judged as they must; `refused`: one of them was, with a message, exit 2. */
export interface Finding {
  readonly found: 'held' | 'refused' | 'wrong green' | 'wrong red' | 'bug' | 'lost';
  readonly detail: string;
}

export interface Fault {
  readonly kind: string;
  readonly name: string;
  readonly run: () => Promise<Finding>;
}

/** How a run ended; 0 splits into passed and not compared. */
interface Judged {
  readonly code: number | null;
  readonly compared: boolean;
  readonly said: string;
}

interface Allowed {
  /** The store is empty for all that can be known: what was never recorded, or is named otherwise. */
  readonly uncompared?: boolean;
  /** The fault makes the good checkpoint fail, rightly. */
  readonly red?: boolean;
}

type Kind = 'good' | 'bad';
type Judge = (world: World, kind: Kind) => Judged | Promise<Judged>;

/** All faults, the same for the same seed; `end` removes what they were made from. */
export async function allFaults(seed: number): Promise<{ faults: readonly Fault[]; end: () => void }> {
  process.env.GIT_CEILING_DIRECTORIES = tmpdir();
  const random = seeded(seed);
  const template = makeWorld();
  const repository = gitTemplate();
  const modelled = await modelTemplate();
  const disk = smallDisk(4096);
  const faults = [
    ...tampering(template, random),
    ...slips(template),
    ...storeDamage(template, random),
    ...hostileStrings(template),
    ...clocks(template),
    ...resources(template),
    ...gitStates(repository, random),
    ...outputs(template),
    ...fewFiles(template),
    ...fullDisks(template),
    ...(disk === null ? [] : realFullDisks(template, disk)),
    ...featureStoreDamage(modelled, random),
    ...githubStates(repository),
    ...kills(template, random),
  ];
  const end = () => {
    template.remove();
    modelled.remove();
    disk?.remove();
    rmSync(repository, { recursive: true, force: true });
  };
  return { faults, end };
}

function worldIn(folder: string): World {
  const path = (...names: readonly string[]) => join(folder, ...names);
  return {
    ...{ folder, path, remove: () => {} },
    write: (name, text) => writeFileSync(path(name), text),
    text: (name) => readFileSync(path(name), 'utf8'),
  };
}

/** A copy of a world that is removed afterwards. */
async function inCopy(of: string, use: (world: World) => Promise<Finding>): Promise<Finding> {
  const top = mkdtempSync(join(tmpdir(), 'barlow-fault-'));
  const folder = join(top, 'world');
  cpSync(of, folder, { recursive: true });
  try {
    return await use(worldIn(folder));
  } catch (thrown) {
    return { found: 'bug', detail: `the fault itself: ${thrown instanceof Error ? thrown.stack : String(thrown)}` };
  } finally {
    spawnSync('chmod', ['-R', 'u+rwX', top]);
    rmSync(top, { recursive: true, force: true });
  }
}

function requestIn(world: World, change: Partial<Request> = {}): Request {
  return {
    ...{
      config: world.path('barlow.yml'),
      out: world.path('barlow-report'),
      workers: 0,
      checkpoints: [],
      baseline: null,
    },
    ...{ commit: 'second', base: null, record: false, shard: null, now: new Date('2026-06-01T12:00:00Z') },
    ...{ onProgress: () => {}, onNotice: () => {} },
    ...change,
  };
}

/** Judges in this process, as the command does. */
async function inProcess(world: World, kind: Kind, change: Partial<Request> = {}): Promise<Judged> {
  const checkpoints = [{ name: 'candidate', path: world.path(`${kind}.csv`) }];
  try {
    const { outcome, lines, problem } = await runGate(requestIn(world, { checkpoints, ...change }));
    return {
      code: outcome === 'failed' ? 1 : problem === null ? 0 : 2,
      compared: outcome !== 'not compared',
      said: lines.join(' | '),
    };
  } catch (thrown) {
    return {
      code: exitOf(thrown),
      compared: false,
      said: thrown instanceof UserError ? thrown.message : stackOf(thrown),
    };
  }
}

const exitOf = (thrown: unknown) => (thrown instanceof UserError || systemTrouble(thrown) !== null ? 2 : 3);
const stackOf = (thrown: unknown) =>
  thrown instanceof Error ? (thrown.stack ?? messageOf(thrown)) : messageOf(thrown);

/** Judges by the command, in a process of its own. */
const byCommand =
  (around: Parameters<typeof barlow>[2] = {}, args: readonly string[] = []): Judge =>
  (world, kind) => {
    const ended = barlow(
      world,
      ['run', '--checkpoint', `candidate=${kind}.csv`, '--commit', 'second', ...args],
      around,
    );
    return judgedOf(world, ended);
  };

function judgedOf(world: World, { status, signal, stdout, stderr }: Ended): Judged {
  const said = `${signal ?? ''} ${stdout} ${stderr}`;
  if (status !== 0) return { code: status, compared: status === 1, said };
  const result = world.path('barlow-report', 'result.json');
  const text = existsSync(result) ? readFileSync(result, 'utf8') : '';
  return { code: 0, compared: !text.includes('"outcome": "not compared"'), said };
}

/** Judges both checkpoints under a fault. */
async function bothJudged(
  world: World,
  judge: Judge,
  { uncompared = false, red = false }: Allowed = {},
): Promise<Finding> {
  const bad = await judge(world, 'bad');
  const good = await judge(world, 'good');
  for (const [kind, { code, compared, said }] of [
    ['bad', bad],
    ['good', good],
  ] as const) {
    const detail = `${kind}: exit ${code}: ${said.slice(0, 600)}`;
    if (code !== 0 && code !== 1 && code !== 2) return { found: 'bug', detail };
    if (code === 0 && !compared && !uncompared)
      return { found: 'wrong green', detail: `compared with nothing: ${detail}` };
    if (kind === 'bad' && code === 0 && compared) return { found: 'wrong green', detail };
    if (kind === 'good' && code === 1 && !red) return { found: 'wrong red', detail };
  }
  return { found: [bad.code, good.code].includes(2) ? 'refused' : 'held', detail: '' };
}

/** Whether, the fault being over, the baseline is there and fails the bad checkpoint. */
async function nothingLost(world: World): Promise<Finding | null> {
  const { code, compared, said } = await inProcess(world, 'bad');
  return code === 1 && compared ? null : { found: 'lost', detail: `afterwards: exit ${code}: ${said.slice(0, 600)}` };
}

const whole = (random: () => number, below: number) => Math.floor(random() * below);

const mutations = ['flip', 'cut', 'zeros', 'insert', 'remove', 'repeat'] as const;

/** One mutation of bytes, at places that the random stream chooses. */
function mutated(bytes: Uint8Array, how: (typeof mutations)[number], random: () => number): Uint8Array {
  const copy = Buffer.from(bytes);
  const at = whole(random, copy.length);
  const to = Math.min(copy.length, at + 1 + whole(random, 60));
  if (how === 'cut') return copy.subarray(0, at);
  if (how === 'remove') return Buffer.concat([copy.subarray(0, at), copy.subarray(to)]);
  if (how === 'repeat') return Buffer.concat([copy.subarray(0, to), copy.subarray(at, to), copy.subarray(to)]);
  if (how === 'insert') {
    const noise = Buffer.from(Array.from({ length: 1 + whole(random, 9) }, () => whole(random, 256)));
    return Buffer.concat([copy.subarray(0, at), noise, copy.subarray(at)]);
  }
  if (how === 'zeros') copy.fill(0, at, to);
  else copy.writeUInt8(copy.readUInt8(at) ^ (1 << whole(random, 8)), at);
  return copy;
}

/** Files that the user gives, damaged or changed. */
function tampering(template: World, random: () => number): Fault[] {
  const files = ['bad.csv', 'eval.csv', 'features.npy', 'barlow.yml'];
  return files.flatMap((file) =>
    mutations.flatMap((how) =>
      Array.from({ length: 8 }, (_, i): Fault => {
        const bytes = mutated(readFileSync(template.path(file)), how, random);
        return {
          kind: 'tampering',
          name: `${file}: ${how} ${i}`,
          run: () =>
            inCopy(template.folder, async (world) => {
              world.write(file, bytes);
              // A config may come to name another suite or store, or a manifest other images: both checkpoints are then judged by that.
              const config = file === 'barlow.yml';
              const found = await bothJudged(world, inProcess, {
                uncompared: config,
                red: config || file === 'eval.csv',
              });
              if (found.found !== 'held' && found.found !== 'refused') return found;
              world.write(file, readFileSync(template.path(file)));
              return (await nothingLost(world)) ?? found;
            }),
        };
      }),
    ),
  );
}

/** Lines of a table in another order, its header first. */
function shuffled(text: string, random: () => number): string {
  const [head = '', ...rows] = text.trimEnd().split('\n');
  for (let last = rows.length - 1; last > 0; last--) {
    const at = whole(random, last + 1);
    [rows[at], rows[last]] = [rows[last] ?? '', rows[at] ?? ''];
  }
  return `${[head, ...rows].join('\n')}\n`;
}

/** Slips of people who write tables and configs: what is still said of each image is judged, all else is refused. */
function slips(template: World): Fault[] {
  const random = () => seeded(11);
  const candidates = (world: World, change: (text: string) => string | Uint8Array) => {
    for (const file of ['good.csv', 'bad.csv']) world.write(file, change(world.text(file)));
  };
  const cells = (text: string, change: (cell: string) => string) =>
    text.replace(/,(.*)$/gm, (_, cell) => `,${change(cell)}`);
  const scores = (text: string, columns: string, of: (cell: string) => string) =>
    cells(text, (cell) => (cell === 'prediction' ? columns : of(cell)));
  const inConfig = (world: World, from: string, to: string) =>
    world.write('barlow.yml', world.text('barlow.yml').replace(from, to));
  const done: readonly (readonly [name: string, change: (world: World) => unknown, allowed?: Allowed])[] = [
    ['predictions in another order', (world) => candidates(world, (text) => shuffled(text, random()))],
    ['the manifest in another order', (world) => world.write('eval.csv', shuffled(world.text('eval.csv'), random()))],
    [
      'the manifest backwards',
      (world) =>
        world.write(
          'eval.csv',
          world
            .text('eval.csv')
            .replace(/(?<=label\n)[\s\S]*/, (rows) => `${rows.trimEnd().split('\n').reverse().join('\n')}\n`),
        ),
    ],
    ['a row twice', (world) => candidates(world, (text) => `${text}${text.split('\n')[9]}\n`)],
    ['a row twice that says otherwise', (world) => candidates(world, (text) => `${text}${nameOf(0)},car\n`)],
    ['a row left out', (world) => candidates(world, (text) => text.replace(/^car-016.*\n/m, ''))],
    ['rows of images that are not there', (world) => candidates(world, (text) => `${text}more.png,car\n`)],
    [
      'classes in capitals',
      (world) =>
        candidates(world, (text) => cells(text, (cell) => (cell === 'prediction' ? cell : cell.toUpperCase()))),
    ],
    ['one class in capitals', (world) => candidates(world, (text) => text.replace(/,car$/m, ',Car'))],
    ['a class with a space behind', (world) => candidates(world, (text) => text.replace(/,car$/gm, ',car '))],
    ['a class that is empty', (world) => candidates(world, (text) => text.replace(/,car$/m, ','))],
    [
      'indices of classes',
      (world) =>
        candidates(world, (text) => cells(text, (cell) => (cell === 'prediction' ? cell : cell === 'car' ? '1' : '0'))),
    ],
    [
      'indices of classes that are named',
      (world) => {
        inConfig(world, 'manifest: eval.csv', 'manifest: eval.csv, classes: [bus, car]');
        candidates(world, (text) => cells(text, (cell) => (cell === 'prediction' ? cell : cell === 'car' ? '1' : '0')));
      },
    ],
    [
      'scores a class',
      (world) =>
        candidates(world, (text) => scores(text, 'car,bus', (cell) => (cell === 'car' ? '0.8,0.2' : '0.4,0.6'))),
    ],
    [
      'logits a class',
      (world) => candidates(world, (text) => scores(text, 'bus,car', (cell) => (cell === 'car' ? '-9,2.5' : '30,-4'))),
    ],
    [
      'scores of a class that no label has',
      (world) =>
        candidates(world, (text) =>
          scores(text, 'p_bus,p_car,p_van', (cell) => (cell === 'car' ? '0.2,0.7,0.1' : '0.3,0.1,0.6')),
        ),
    ],
    [
      'scores that are no numbers',
      (world) => candidates(world, (text) => scores(text, 'bus,car', (cell) => (cell === 'car' ? 'nan,1' : '1,nan'))),
    ],
    [
      'confidences of some rows only',
      (world) =>
        candidates(world, (text) =>
          cells(text, (cell) =>
            cell === 'prediction' ? 'prediction,confidence' : `${cell},${cell === 'car' ? 0.9 : ''}`,
          ),
        ),
    ],
    ['predictions under another name', (world) => candidates(world, (text) => text.replace('prediction', 'pred'))],
    [
      'predictions under two names',
      (world) =>
        candidates(world, (text) => cells(text, (cell) => (cell === 'prediction' ? 'pred,prediction' : `bus,${cell}`))),
    ],
    [
      'labels that are the predictions',
      (world) => inConfig(world, 'manifest: eval.csv', 'manifest: eval.csv, columns: {prediction: label}'),
    ],
    ['semicolons', (world) => candidates(world, (text) => text.replaceAll(',', ';'))],
    ['CRLF and a byte order mark', (world) => candidates(world, (text) => `\ufeff${text.replaceAll('\n', '\r\n')}`)],
    ['UTF-16', (world) => candidates(world, (text) => Buffer.from(`\ufeff${text}`, 'utf16le'))],
    [
      'a pointer of Git LFS in place of predictions',
      (world) => candidates(world, () => 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
    ],
    [
      'a pointer of Git LFS in place of features',
      (world) =>
        world.write('features.npy', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
    ],
    ['features in another order', (world) => world.write('features.npy', features(2))],
    [
      'labels exchanged for good',
      (world) =>
        world.write(
          'eval.csv',
          world.text('eval.csv').replace(/,(car|bus)$/gm, (_, label) => (label === 'car' ? ',bus' : ',car')),
        ),
    ],
    [
      'a class renamed in the manifest',
      (world) => world.write('eval.csv', world.text('eval.csv').replace(/,car$/gm, ',Car')),
    ],
    [
      'the newest baseline mended what an older one had wrong',
      async (world) => {
        const record = (file: string, commit: string) =>
          recordBaseline(requestIn(world, { checkpoints: [{ name: 'accepted', path: world.path(file) }], commit }));
        await record('bad.csv', 'before');
        world.write('accepted.csv', `${world.text('accepted.csv')}\n`);
        await record('accepted.csv', 'newest');
      },
    ],
    ['groups that nothing is in', (world) => inConfig(world, 'groups: [label]', 'groups: ["union:car"]')],
    [
      'a link in place of a table',
      (world) => {
        for (const file of ['good.csv', 'bad.csv']) {
          world.write(`real-${file}`, world.text(file));
          instead(world.path(file), () => symlinkSync(`real-${file}`, world.path(file)));
        }
      },
    ],
  ];
  return done.map(([name, change, allowed]) => ({
    kind: 'slips',
    name,
    run: () =>
      inCopy(template.folder, async (world) => {
        await change(world);
        return bothJudged(world, inProcess, allowed);
      }),
  }));
}

/** Puts something in the place of a file. */
function instead(path: string, make: () => void): void {
  rmSync(path);
  make();
}

/** The store of baselines, damaged. */
function storeDamage(template: World, random: () => number): Fault[] {
  const folder = template.path('baselines', 'small');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(baseline|json)$/.test(name),
  );
  const damages = files.flatMap((file) =>
    mutations.flatMap((how) =>
      Array.from({ length: 8 }, (_, i) => {
        const bytes = mutated(readFileSync(join(folder, file)), how, random);
        return { name: `${file}: ${how} ${i}`, file, change: (path: string) => writeFileSync(path, bytes) };
      }),
    ),
  );
  const others = files.flatMap((file) => [
    { name: `${file}: gone`, file, change: (path: string) => rmSync(path) },
    { name: `${file}: empty`, file, change: (path: string) => writeFileSync(path, '') },
    { name: `${file}: a folder`, file, change: (path: string) => instead(path, () => mkdirSync(path)) },
    {
      name: `${file}: a link to nowhere`,
      file,
      change: (path: string) => instead(path, () => symlinkSync('nowhere', path)),
    },
    {
      name: `${file}: a link in a circle`,
      file,
      change: (path: string) => instead(path, () => symlinkSync(path, path)),
    },
    {
      name: `${file}: another version`,
      file,
      change: (path: string) => writeFileSync(path, 'barlow-baseline 99 sha256:'.padEnd(91, '0')),
    },
  ]);
  return [...damages, ...others].map(({ name, file, change }) => ({
    kind: 'store damage',
    name,
    run: () =>
      inCopy(template.folder, async (world) => {
        const path = world.path('baselines', 'small', file);
        change(path);
        const found = await bothJudged(world, inProcess);
        if (found.found !== 'held' && found.found !== 'refused') return found;
        rmSync(path, { recursive: true, force: true });
        writeFileSync(path, readFileSync(join(folder, file)));
        return (await nothingLost(world)) ?? found;
      }),
  }));
}

const hostile = [
  ...[
    '../../etc/passwd',
    '.',
    '..',
    '/',
    'con',
    '-rf',
    '--help',
    '%s%n',
    '$(id)',
    '`id`',
    '; rm x',
    '| cat',
    '&& true',
  ],
  ...[
    '<script>alert(1)</script>',
    '"><img src=x>',
    '{{7*7}}',
    '{{{this}}}',
    '</style>',
    '::error::x',
    '##[error]x',
    '%0A::add-mask::x',
  ],
  ...[
    'a,b',
    'a"b',
    "a'b",
    'a\\b',
    'a:b',
    'a~b',
    'a#b',
    'a*b',
    'label:car',
    'all',
    'null',
    'true',
    'NaN',
    '1e9',
    '__proto__',
    'constructor',
  ],
  ...[
    '\u202egood',
    '\u200b',
    'é',
    'e\u0301',
    '名前',
    '🚗',
    '\u001b[31m',
    '\t',
    ' lead',
    'trail ',
    'x'.repeat(300),
    '\ufeff',
    '\u2028',
  ],
];

/** Names that mean something to a shell, a path, a page, a log, a table or YAML. */
function hostileStrings(template: World): Fault[] {
  const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const places: readonly [string, (world: World, text: string) => Partial<Request>][] = [
    [
      'class',
      (world, text) => {
        for (const file of ['eval', 'accepted', 'good', 'bad']) {
          const [head = '', ...rows] = readFileSync(world.path(`${file}.csv`), 'utf8')
            .trimEnd()
            .split('\n');
          const renamed = rows.map((row) => row.replace(/,car$/, () => `,${quoted(text)}`));
          world.write(`${file}.csv`, `${[head, ...renamed].join('\n')}\n`);
        }
        return {};
      },
    ],
    [
      'suite',
      (world, text) => {
        const config = readFileSync(world.path('barlow.yml'), 'utf8');
        world.write(
          'barlow.yml',
          config.replace('name: small', () => `name: ${JSON.stringify(text)}`),
        );
        return {};
      },
    ],
    ['commit', (_, text) => ({ commit: text })],
  ];
  return places.flatMap(([place, change]) =>
    hostile.map((text) => ({
      kind: 'hostile strings',
      name: `${place}: ${JSON.stringify(text).slice(0, 40)}`,
      run: () =>
        inCopy(template.folder, async (world) => {
          rmSync(world.path('baselines'), { recursive: true });
          const changed = change(world, text);
          const record = { checkpoints: [{ name: 'accepted', path: world.path('accepted.csv') }], ...changed };
          const recorded = await recordBaseline(requestIn(world, record)).then(
            () => 0,
            (thrown: unknown) => exitOf(thrown),
          );
          if (recorded === 3) return { found: 'bug', detail: 'recording' };
          const finding = await bothJudged(world, inProcess, { uncompared: recorded === 2 });
          const result = world.path('barlow-report', 'result.json');
          if (existsSync(result)) JSON.parse(readFileSync(result, 'utf8'));
          return finding;
        }),
    })),
  );
}

/** Clocks that are wrong, and dates that are none. */
function clocks(template: World): Fault[] {
  const days = ['1970-01-01', '1999-12-31', '2026-06-01', '2038-01-20', '2099-01-01', '9999-12-31'];
  const recordedAt = days.map((day) => ({
    kind: 'clocks',
    name: `recorded on ${day}`,
    run: () =>
      inCopy(template.folder, async (world) => {
        const checkpoints = [{ name: 'accepted', path: world.path('accepted.csv') }];
        await recordBaseline(requestIn(world, { checkpoints, commit: 'zeroth', now: new Date(`${day}T00:00:00Z`) }));
        const judged = await bothJudged(world, inProcess);
        const { lines } = await listBaselines(requestIn(world));
        return lines.length === 2 ? judged : { found: 'lost' as const, detail: lines.join(' | ') };
      }),
  }));
  const epochs = [
    '0',
    '-1',
    '1790000000',
    '1790000000000',
    '99999999999999999999',
    'yesterday',
    '',
    ' 1',
    '1e9',
    '253402300800',
  ];
  const judgedAt = epochs.map((epoch) => ({
    kind: 'clocks',
    name: `SOURCE_DATE_EPOCH=${epoch}`,
    run: () => inCopy(template.folder, (world) => bothJudged(world, byCommand({ env: { SOURCE_DATE_EPOCH: epoch } }))),
  }));
  const accepted = ['0', '1000000000'].map((epoch) => ({
    kind: 'clocks',
    name: `an acceptance that expired, at SOURCE_DATE_EPOCH=${epoch}`,
    run: () =>
      inCopy(template.folder, async (world) => {
        const first = await inProcess(world, 'bad');
        const result: { checkpoints: { events: { id: string }[] }[] } = JSON.parse(
          readFileSync(world.path('barlow-report', 'result.json'), 'utf8'),
        );
        const events = result.checkpoints.flatMap((each) => each.events);
        const entries = events.map(({ id }) => `{event: ${JSON.stringify(id)}, reason: x, until: 2001-01-01}`);
        world.write(
          'barlow.yml',
          `${readFileSync(world.path('barlow.yml'), 'utf8')}gate: {accepted: [${entries.join(', ')}]}\n`,
        );
        if (first.code !== 1) return { found: 'bug' as const, detail: first.said };
        return bothJudged(world, byCommand({ env: { SOURCE_DATE_EPOCH: epoch } }));
      }),
  }));
  const zones = ['UTC', 'Pacific/Kiritimati', 'America/St_Johns', 'nowhere'].map((zone) => ({
    kind: 'clocks',
    name: `TZ=${zone}`,
    run: () => inCopy(template.folder, (world) => bothJudged(world, byCommand({ env: { TZ: zone } }))),
  }));
  return [...recordedAt, ...judgedAt, ...accepted, ...zones];
}

/** Inputs that would take all memory, all day or never end. */
function resources(template: World): Fault[] {
  const cells = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i)).join(',');
  const header = (shape: string) => {
    const bytes = Buffer.from(features());
    bytes.write(bytes.toString('latin1', 10, 127).replace('(240, 8)', shape).slice(0, 117).padEnd(117), 10, 'latin1');
    return bytes;
  };
  const spoiled: readonly [string, (world: World) => void][] = [
    [
      '80,000 columns',
      (w) => w.write('bad.csv', `image,prediction,${cells(80_000, (i) => `c${i}`)}\n${cells(80_002, () => '1')}\n`),
    ],
    ['a line of 50 MB', (w) => w.write('bad.csv', `image,prediction\n${'x'.repeat(50_000_000)},car\n`)],
    ['a quote never closed', (w) => w.write('bad.csv', `${predictions('bad')}"`)],
    ['a NUL', (w) => w.write('bad.csv', `${predictions('bad')}\0`)],
    [
      'not UTF-8',
      (w) => w.write('bad.csv', Buffer.concat([Buffer.from(predictions('bad')), Buffer.from([0xff, 0xfe])])),
    ],
    [
      'a billion laughs',
      (w) =>
        w.write(
          'barlow.yml',
          `a: &a [x]\n${Array.from({ length: 30 }, (_, i) => `k${i}: &k${i} [*${i === 0 ? 'a' : `k${i - 1}`}, *${i === 0 ? 'a' : `k${i - 1}`}]`).join('\n')}\n`,
        ),
    ],
    ['a deep config', (w) => w.write('barlow.yml', `evalSet: ${'['.repeat(5_000)}`)],
    [
      'a config of 1 MB',
      (w) => w.write('barlow.yml', `# ${'x'.repeat(1_000_000)}\n${readFileSync(w.path('barlow.yml'), 'utf8')}`),
    ],
    ...[
      '(240, -1)',
      '(-240, 8)',
      '(240, 99999999999)',
      '(240, 1e9)',
      '(240,)',
      '()',
      '(240, 8, 1)',
      '(0, 8)',
      '(240, 0)',
      '(99999999, 8)',
    ].map((shape): [string, (world: World) => void] => [
      `features of shape ${shape}`,
      (w) => w.write('features.npy', header(shape)),
    ]),
    ['features of NaN', (w) => w.write('features.npy', Buffer.from(features()).fill(0xff, 128))],
    ['a model in place of predictions', (w) => instead(w.path('bad.csv'), () => mkdirSync(w.path('bad.csv')))],
    ['no predictions', (w) => w.write('bad.csv', '')],
    ['predictions without rows', (w) => w.write('bad.csv', 'image,prediction\n')],
    ['every prediction empty', (w) => w.write('bad.csv', predictions('bad').replace(/,(car|bus)$/gm, ','))],
    [
      'predictions of indices',
      (w) => w.write('bad.csv', predictions('bad').replace(/,car$/gm, ',1').replace(/,bus$/gm, ',0')),
    ],
    ['predictions twice', (w) => w.write('bad.csv', predictions('bad') + predictions('bad').replace(/^.*\n/, ''))],
    [
      'images taken out',
      (w) => {
        const fewer = (text: string) =>
          text
            .split('\n')
            .filter((row, i) => i === 0 || !/^car-0[0-9][02468]/.test(row))
            .join('\n');
        for (const file of ['eval.csv', 'good.csv', 'bad.csv'])
          w.write(file, fewer(readFileSync(w.path(file), 'utf8')));
      },
    ],
    [
      'labels made to fit',
      (w) => {
        const of = new Map(
          predictions('bad')
            .trimEnd()
            .split('\n')
            .slice(1)
            .map((row) => [row.split(',')[0], row.split(',')[1]]),
        );
        const rows = Array.from(
          { length: images },
          (_, row) => `${nameOf(row)},${of.get(nameOf(row)) ?? labelOf(row)}`,
        );
        w.write('eval.csv', `image,label\n${rows.join('\n')}\n`);
      },
    ],
  ];
  const tampered = spoiled.map(([name, change]) => ({
    kind: 'resources',
    name,
    run: () =>
      inCopy(template.folder, async (world) => {
        change(world);
        return bothJudged(world, inProcess, { red: /taken out|made to fit/.test(name) });
      }),
  }));
  const pipes = ['bad.csv', 'eval.csv', 'features.npy', 'barlow.yml', 'features.yml'].map((file) => ({
    kind: 'resources',
    name: `${file}: a pipe`,
    run: () =>
      inCopy(template.folder, async (world) => {
        rmSync(world.path(file), { force: true });
        spawnSync('mkfifo', [world.path(file)]);
        return bothJudged(world, byCommand());
      }),
  }));
  return [...tampered, ...pipes];
}

/** Where what is printed goes. */
function outputs(template: World): Fault[] {
  const shells = [
    ...[
      '"$@" > /dev/full',
      '"$@" 2> /dev/full',
      '"$@" > /dev/full 2>&1',
      '"$@" >&-',
      '"$@" 2>&-',
      '"$@" >&- 2>&-',
      '"$@" <&-',
    ],
    ...[
      'set -o pipefail; "$@" --json | true',
      'set -o pipefail; "$@" --json | head -c 10',
      '"$@" 2> >(true)',
      'cd / && "$@"',
    ],
  ];
  return shells.flatMap((shell) =>
    ['2', '0'].map((workers) => ({
      kind: 'outputs',
      name: `${shell} (${workers} workers)`,
      run: () => inCopy(template.folder, (world) => bothJudged(world, byCommand({ shell }, ['--workers', workers]))),
    })),
  );
}

/** Few open files; under 24 Node itself cannot start. */
function fewFiles(template: World): Fault[] {
  return Array.from({ length: 20 }, (_, i) => 24 + 2 * i).map((limit) => ({
    kind: 'few files',
    name: `ulimit -n ${limit}`,
    run: () =>
      inCopy(template.folder, async (world) => {
        const found = await bothJudged(world, byCommand({ shell: `ulimit -n ${limit}; "$@"`, entry: sources }));
        return (await nothingLost(world)) ?? found;
      }),
  }));
}

/** Files may grow to so many KiB only, in judging and in recording. */
function fullDisks(template: World): Fault[] {
  const sizes = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96];
  return sizes.flatMap((size) => [
    {
      kind: 'full disks',
      name: `judging, files of at most ${size} KiB`,
      run: () =>
        inCopy(template.folder, async (world) => {
          const found = await bothJudged(world, byCommand({ shell: `ulimit -f ${size}; "$@"` }));
          return (await nothingLost(world)) ?? found;
        }),
    },
    {
      kind: 'full disks',
      name: `recording over a baseline, files of at most ${size} KiB`,
      run: () =>
        inCopy(template.folder, async (world) => {
          const args = ['baseline', 'record', '--checkpoint', 'again=accepted.csv', '--commit', 'first', '--replace'];
          const ended = barlow(world, args, { shell: `ulimit -f ${size}; "$@"` });
          if (ended.status !== 0 && ended.status !== 2)
            return { found: 'bug', detail: `${ended.status} ${ended.stderr}` };
          return (await nothingLost(world)) ?? { found: ended.status === 0 ? 'held' : 'refused', detail: '' };
        }),
    },
  ]);
}

/** Killed at any moment, in judging and in recording. */
function kills(template: World, random: () => number): Fault[] {
  const commands = [
    ['run', '--checkpoint', 'candidate=bad.csv', '--commit', 'second'],
    ['run', '--checkpoint', 'candidate=good.csv', '--commit', 'second', '--record'],
    ['baseline', 'record', '--checkpoint', 'accepted=accepted.csv', '--commit', 'first', '--replace'],
  ];
  return commands.flatMap((args) =>
    Array.from({ length: 14 }, (_, i) => {
      const delay = 150 + whole(random, 1_200);
      return {
        kind: 'kills',
        name: `${args.slice(0, 2).join(' ')} ${i}, after ${delay} ms`,
        run: () =>
          inCopy(template.folder, async (world) => {
            const child = spawn(process.execPath, [sources, ...args, '--workers', '0'], {
              cwd: world.folder,
              stdio: 'ignore',
            });
            const timer = setTimeout(() => child.kill('SIGKILL'), delay);
            await new Promise((resolve) => child.once('exit', resolve));
            clearTimeout(timer);
            const result = world.path('barlow-report', 'result.json');
            if (existsSync(result)) JSON.parse(readFileSync(result, 'utf8'));
            return (await nothingLost(world)) ?? bothJudged(world, inProcess);
          }),
      };
    }),
  );
}

/** A repository with a remote, and a baseline of its first commit in the branch there; `work` is at the second. */
function gitTemplate(): string {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-repository-'));
  const world = makeWorld({ accepted: false });
  cpSync(world.folder, join(folder, 'work'), { recursive: true });
  world.remove();
  const config = readFileSync(join(folder, 'work', 'barlow.yml'), 'utf8');
  writeFileSync(join(folder, 'work', 'barlow.yml'), config.replace('{store: folder, path: baselines}', '{store: git}'));
  const script = `set -e
    git init -q --bare -b main remote.git
    cd work; git init -q -b main; git config user.email a@b; git config user.name a; git remote add origin ../remote.git
    git add -A; git commit -qm first; git push -q origin main`;
  shell(folder, script);
  const args = ['baseline', 'record', '--checkpoint', 'accepted=accepted.csv'];
  const ended = barlow({ folder: join(folder, 'work') }, args);
  if (ended.status !== 0) throw new Error(ended.stderr);
  shell(folder, 'cd work; echo >> eval.csv; git commit -qam second; git push -q origin main');
  return folder;
}

function shell(folder: string, script: string): void {
  const { status, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}: ${stderr}`);
}

/** States of a repository and of its remote. The fault is done in the work tree. */
function gitStates(template: string, random: () => number): Fault[] {
  const states: readonly [name: string, script: string, allowed?: Allowed][] = [
    ['a detached HEAD', 'git checkout -q --detach'],
    ['a tag named like the branch', 'git tag barlow-baselines HEAD'],
    ['a local branch of its name', 'git branch barlow-baselines HEAD'],
    ['a stale tracking ref', 'git update-ref refs/remotes/origin/barlow-baselines HEAD'],
    ['no remote folder', 'rm -rf ../remote.git'],
    ['an unreachable remote', 'git remote set-url origin https://127.0.0.1:1/x.git'],
    ['the remote under another name', 'git remote rename origin other'],
    [
      'a branch that was deleted',
      'git -C ../remote.git update-ref -d refs/heads/barlow-baselines',
      { uncompared: true },
    ],
    ['an empty ref', ': > ../remote.git/refs/heads/barlow-baselines'],
    ['a ref of garbage', 'echo garbage > ../remote.git/refs/heads/barlow-baselines'],
    ['a ref to nothing', 'echo 0123456789012345678901234567890123456789 > ../remote.git/refs/heads/barlow-baselines'],
    ['index.lock', 'touch .git/index.lock'],
    ['config.lock', 'touch .git/config.lock'],
    ['shallow.lock', 'touch .git/shallow.lock'],
    ['a lock of the branch', 'touch ../remote.git/refs/heads/barlow-baselines.lock'],
    ['a broken HEAD', 'echo broken > .git/HEAD'],
    ['no HEAD', 'rm .git/HEAD'],
    ['a broken config', "printf '[' >> .git/config"],
    ['an amended commit', 'git commit -q --amend -m other'],
    ['the commit of the baseline itself', 'git reset -q --hard HEAD~1'],
    [
      'a shallow clone',
      'cd ..; rm -rf work/.git; git clone -q --depth 1 "file://$PWD/remote.git" c; mv c/.git work/.git',
    ],
    [
      'a partial clone',
      'cd ..; rm -rf work/.git; git -C remote.git config uploadpack.allowFilter true; git clone -q --filter=blob:none "file://$PWD/remote.git" c; mv c/.git work/.git',
    ],
    ['a dirty work tree', 'echo >> good.csv; echo >> bad.csv'],
    ['packed refs and objects', 'git -C ../remote.git gc -q; git gc -q'],
    [
      'a hook that fails',
      "mkdir -p .git/hooks; printf '#!/bin/sh\\nexit 1\\n' > .git/hooks/post-checkout; chmod +x .git/hooks/*",
    ],
    ['autocrlf', 'git config core.autocrlf true'],
    ['a commit.gpgsign that cannot', 'git config commit.gpgsign true; git config user.signingkey none'],
    ['an alias named fetch', "git config alias.fetch '!false'"],
    ['a marker that is not ours', 'git push -q -f origin main:barlow-baselines'],
  ];
  const objects = readdirSync(join(template, 'remote.git', 'objects'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => /^[0-9a-f]{2}.[0-9a-f]{38}$/.test(name),
  );
  const damaged = Array.from({ length: 24 }, (_, i): [string, string] => {
    const path = `../remote.git/objects/${objects[whole(random, objects.length)]}`;
    const scripts = [
      `rm -f ${path}`,
      `chmod u+w ${path}; : > ${path}`,
      `chmod u+w ${path}; printf x | dd of=${path} bs=1 seek=12 conv=notrunc status=none`,
    ];
    return [`an object of the remote, damaged ${i}`, scripts[i % scripts.length] ?? ''];
  });
  const all: readonly (readonly [string, string, Allowed?])[] = [...states, ...damaged];
  return all.map(([name, script, allowed]) => ({
    kind: 'git states',
    name,
    run: () =>
      inCopy(template, async ({ folder }) => {
        const work = join(folder, 'work');
        const world = worldIn(work);
        shell(work, script);
        return bothJudged(world, (of, kind) => inProcess(of, kind, { commit: null }), allowed);
      }),
  }));
}

/** A disk of its own that is full but for so many pages, in judging and in recording. */
function realFullDisks(template: World, disk: SmallDisk): Fault[] {
  return [0, 1, 2, 3, 4, 6, 8, 12, 16, 24].flatMap((pages) => [
    {
      kind: 'real full disks',
      name: `judging, ${pages} pages left for reports`,
      run: () =>
        inCopy(template.folder, async (world) => {
          const out = join(disk.folder, 'out');
          rmSync(out, { recursive: true, force: true });
          mkdirSync(out);
          disk.fill(4096 * pages);
          const judged = (kind: Kind) => inProcess(world, kind, { out });
          const found = await bothJudged(world, (_, kind) => judged(kind));
          disk.free();
          return (await nothingLost(world)) ?? found;
        }),
    },
    {
      kind: 'real full disks',
      name: `recording over a baseline, ${pages} pages left`,
      run: () =>
        inCopy(template.folder, async (world) => {
          const place = join(disk.folder, 'baselines');
          rmSync(place, { recursive: true, force: true });
          cpSync(world.path('baselines'), place, { recursive: true });
          const baseline = place;
          disk.fill(4096 * pages);
          const checkpoints = [{ name: 'again', path: world.path('accepted.csv') }];
          const request = requestIn(world, { checkpoints, baseline, commit: 'first', replace: true });
          const code = await recordBaseline(request).then(() => 0, exitOf);
          disk.free();
          if (code === 3) return { found: 'bug', detail: 'recording' };
          const { code: after, compared, said } = await inProcess(world, 'bad', { baseline });
          if (after !== 1 || !compared) return { found: 'lost', detail: `afterwards: exit ${after}: ${said}` };
          return { found: code === 0 ? 'held' : 'refused', detail: '' };
        }),
    },
  ]);
}

/** Images of the example in whose features, by the built-in network, the bad checkpoint newly fails on all airplanes; all is extracted. */
async function modelTemplate(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-modelled-'));
  const world = { ...worldIn(folder), remove: () => rmSync(folder, { recursive: true, force: true }) };
  const example = join(import.meta.dirname, '..', '..', 'examples', 'cifar10');
  const [head = '', ...rows] = readFileSync(join(example, 'eval.csv'), 'utf8').trimEnd().split('\n').slice(0, 301);
  world.write('eval.csv', `${[head, ...rows].join('\n')}\n`);
  const predicted = (isWrong: (label: string, row: number) => boolean) =>
    rows.map((line, row) => {
      const [name, label = ''] = line.split(',');
      return `${name},${isWrong(label, row) ? (label === 'ship' ? 'truck' : 'ship') : label}`;
    });
  const table = (lines: readonly string[]) => `image,prediction\n${lines.join('\n')}\n`;
  const usual = (_: string, row: number) => row % 20 === 3;
  world.write('accepted.csv', table(predicted(usual)));
  world.write('good.csv', table(predicted((label, row) => usual(label, row) || row % 90 === 7)));
  world.write('bad.csv', table(predicted((label, row) => usual(label, row) || label === 'airplane')));
  world.write(
    'barlow.yml',
    `version: 1\nname: small\nevalSet: {images: ${join(example, 'images')}, manifest: eval.csv}\nengine: onnx-cpu\ngroups: [label]\nanalysis: {shuffles: 0}\nreport: {clusters: 0, attack: {steps: 0}}\nbaseline: {store: folder, path: baselines}\n`,
  );
  const checkpoints = [{ name: 'accepted', path: world.path('accepted.csv') }];
  await recordBaseline(requestIn(world, { checkpoints, commit: 'first' }));
  return world;
}

/** The store of features and image properties, damaged: what was extracted is computed again, or told, never believed. */
function featureStoreDamage(template: World, random: () => number): Fault[] {
  const folder = template.path('.barlow', 'features');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(npy|index)$/.test(name),
  );
  return files.flatMap((file) => [
    ...mutations.flatMap((how) =>
      Array.from({ length: 3 }, (_, i) => {
        const bytes = mutated(readFileSync(join(folder, file)), how, random);
        return damaged(`${file.slice(-12)}: ${how} ${i}`, (path) => writeFileSync(path, bytes), file);
      }),
    ),
    damaged(`${file.slice(-12)}: gone`, (path) => rmSync(path), file),
    damaged(`${file.slice(-12)}: empty`, (path) => writeFileSync(path, ''), file),
    damaged(`${file.slice(-12)}: a folder`, (path) => instead(path, () => mkdirSync(path)), file),
    damaged(`${file.slice(-12)}: a link to nowhere`, (path) => instead(path, () => symlinkSync('nowhere', path)), file),
  ]);

  function damaged(name: string, change: (path: string) => void, file: string): Fault {
    return {
      kind: 'feature store',
      name,
      run: () =>
        inCopy(template.folder, async (world) => {
          change(world.path('.barlow', 'features', file));
          return bothJudged(world, inProcess);
        }),
    };
  }
}

type Answer = (response: ServerResponse) => void;

/** What GitHub's API may answer in place of what it should: no verdict depends on it. */
function githubStates(template: string): Fault[] {
  const status =
    (code: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer =>
    (response) =>
      response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(body);
  const said = '{"message": "said"}';
  const html = { 'content-type': 'text/html' };
  const answers: readonly (readonly [string, Answer])[] = [
    ['a page with 200', status(200, '<html><body>Sign in</body></html>', html)],
    ['nothing with 200', status(200, '')],
    ['JSON that is no list', status(200, '{"a": 1}')],
    ['a list of something else', status(200, '[1, null, {"body": 5}]')],
    ['half of its JSON', status(200, '[{"id": 1, "bo')],
    ...[301, 400, 401, 403, 404, 409, 410, 422, 429, 451, 500, 501, 503].map(
      (code) => [`${code}`, status(code, said)] as const,
    ),
    ['a page with 502', status(502, '<html>Bad gateway</html>', html)],
    ['429, to be asked again in ten minutes', status(429, said, { 'retry-after': '600' })],
    [
      '403, its rate limit used up',
      status(403, said, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9999999999' }),
    ],
    ['a circle of redirections', status(302, '', { location: '/again' })],
    ['a connection that it closes', (response) => response.destroy()],
    [
      'a connection that it closes half-way',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('[{"id":', () => response.destroy());
      },
    ],
  ];
  const nobody: readonly (readonly [string, Answer | null])[] = [...answers, ['nobody listens', null]];
  return nobody.map(([name, answer]) => ({
    kind: 'GitHub answers',
    name,
    run: () =>
      inCopy(template, async ({ folder }) => {
        const server =
          answer &&
          createServer((request, response) => {
            request.resume();
            answer(response);
          });
        const apiUrl = await addressOf(server);
        try {
          return await bothJudged(worldIn(join(folder, 'work')), (world, kind) => byAction(world, kind, apiUrl));
        } finally {
          server?.closeAllConnections();
          server?.close();
        }
      }),
  }));
}

async function addressOf(server: Server | null): Promise<string> {
  if (server === null) return 'http://127.0.0.1:9';
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

/** Judges as the action on a pull request. */
async function byAction(world: World, kind: Kind, apiUrl: string): Promise<Judged> {
  const sha = git(world.folder, 'rev-parse', 'HEAD');
  const repository = { default_branch: 'main', full_name: 'octo/cars' };
  const payload = examplePayload('pull_request', (example) => {
    Object.assign(example.repository ?? {}, repository);
    const base = { ref: 'main', repo: { full_name: 'octo/cars' } };
    Object.assign(example.pull_request ?? {}, { number: 7, base, head: { sha, repo: { full_name: 'octo/cars' } } });
  });
  const ended = await runStep({
    ...{ action: join(import.meta.dirname, '..', '..'), entry: linked.action, workspace: world.folder, apiUrl },
    ...{ event: 'pull_request', payload, sha: 'e'.repeat(40), ref: 'refs/pull/7/merge', run: 1, token: 'ghs_job' },
    inputs: { checkpoint: `candidate=${kind}.csv` },
  });
  const { outcome } = ended.outputs;
  const isBug = ended.log.includes('This is a bug');
  const code = isBug ? 3 : outcome === 'failed' ? 1 : outcome === undefined ? 2 : ended.status;
  return { code, compared: outcome === 'passed' || outcome === 'failed', said: ended.log.slice(-900) };
}
