import { type ExecFileSyncOptionsWithStringEncoding, execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSmallSuite, predictAs } from './action/smallSuite.ts';

const { version: onnxruntimeVersion } = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'node_modules', 'onnxruntime-node', 'package.json'), 'utf8'),
);
const root = join(import.meta.dirname, '..');
const quiet: ExecFileSyncOptionsWithStringEncoding = { cwd: root, encoding: 'utf8', stdio: 'pipe' };

describe('the lockfile', () => {
  it('names no registry', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const entries: object[] = Object.values(lock.packages);
    expect(entries.length).toBeGreaterThan(50);
    expect(entries.filter((entry) => 'resolved' in entry)).toEqual([]);
  });
});

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'barlow package '));
const bin = join(folder, 'package', 'lib', 'bin.js');
let files: string[] = [];
let tarball = '';

beforeAll(() => {
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', folder], quiet));
  files = packed.files.map((file: { path: string }) => file.path);
  tarball = join(folder, packed.filename);
  execFileSync('tar', ['-xzf', tarball, '-C', folder]);
  // What npm would install, and no more.
  for (const name of Object.keys(manifest.dependencies)) linkPackage(name);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function linkPackage(name: string): void {
  const at = join(folder, 'package', 'node_modules', name);
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(join(root, 'node_modules', name), at);
}

describe('the npm package', () => {
  it('holds what a user needs and nothing else', () => {
    const tops = new Set(files.map((file) => file.split('/')[0]));
    expect([...tops].toSorted()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'docs',
      'examples',
      'lib',
      'models',
      'package.json',
      'schemas',
      'templates',
    ]);
    expect(files.filter((file) => file.startsWith('examples/') && !file.startsWith('examples/workflows/'))).toEqual([]);
    expect(files).toContain('lib/bin.js');
    expect(files).toContain('lib/index.d.ts');
    expect(files.filter((file) => /\.ts$/.test(file) && !/\.d\.ts$/.test(file))).toEqual([]);
  });

  it('has no part of the action, whose packages are none of its dependencies', () => {
    expect(
      Object.keys(manifest.dependencies).filter((name) => /^@(actions|octokit)\/|^onnxruntime|^@tensorflow/.test(name)),
    ).toEqual([]);
    expect(files.filter((file) => file.startsWith('lib/forge'))).toEqual([]);
  });

  it('runs', () => {
    expect(execFileSync(process.execPath, [bin, '--version'], quiet).trim()).toBe(manifest.version);
  });

  it('does to the byte as the sources do, with what it holds of other packages', () => {
    linkPackage('onnxruntime-node');
    const images = join(root, 'tests', 'data', 'formats', 'images');
    const env = { ...process.env, SOURCE_DATE_EPOCH: '1790000000' };
    /** Features of images of all formats, and the report of a run with trees and charts. */
    const made = (command: string, name: string) => {
      const cwd = join(folder, name);
      addSmallSuite(cwd);
      for (const state of ['accepted', 'bad'] as const) predictAs(cwd, state, `${state}.csv`);
      const rows = readdirSync(images).map((file) => `${file},any`);
      writeFileSync(join(cwd, 'formats.csv'), ['image,label', ...rows].join('\n'));
      const model = join(root, 'models', 'robust-32.onnx');
      writeFileSync(
        join(cwd, 'formats.yml'),
        `{version: 1, evalSet: {images: ${JSON.stringify(images)}, manifest: formats.csv}, featureModel: {path: ${JSON.stringify(model)}, preprocess: {resize: [32, 32]}}, engine: onnx-cpu}`,
      );
      const baseline = ['--baseline', 'none'];
      const barlow = (...words: string[]) => spawnSync(process.execPath, [command, ...words], { ...quiet, cwd, env });
      const extracted = barlow('extract', '--config', 'formats.yml', '--quiet');
      expect(extracted.status, String(extracted.stderr)).toBe(0);
      const run = barlow('run', '--checkpoint', 'a=bad.csv', ...baseline, '--commit', 'one', '--quiet');
      expect(run.status, String(run.stderr)).toBe(0);
      const store = join(cwd, '.barlow');
      const stored = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.npy'));
      const features = stored.map((file) => readFileSync(join(store, file)).toString('base64')).toSorted();
      return { features, page: readFileSync(join(cwd, 'barlow-report', 'report.html'), 'utf8') };
    };
    const [packed, plain] = [made(bin, 'packed'), made(join(root, 'src', 'bin.ts'), 'plain')];
    expect(plain.features.length).toBeGreaterThan(1);
    expect(plain.page).toContain('<svg');
    expect(packed).toEqual(plain);
  }, 120_000);

  it('says in one message that Node is too old', () => {
    const old = `Object.defineProperty(process.versions, 'node', { value: '20.19.0' }); await import(${JSON.stringify(bin)})`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', old], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: barlow needs Node 22\.18 or newer.*\n {3}in: .*\n {2}fix: .*\n$/);
  });

  it('sets a project up', () => {
    const project = join(folder, 'project');
    mkdirSync(project);
    execFileSync(process.execPath, [bin, 'init', '--workflow', 'gitlab-ci'], { ...quiet, cwd: project });
    expect(readFileSync(join(project, '.gitlab', 'barlow-gate.yml'), 'utf8')).toBe(
      readFileSync(join(root, 'examples', 'workflows', 'gitlab-ci.yml'), 'utf8'),
    );
  });
});

/** The README's first command, where nothing is but what was installed: what stops it, and what it asks for then. */
function expectFirstVerdict(folder: string, barlow: string): void {
  const example = join(root, 'examples', 'cifar10');
  const all = readFileSync(join(example, 'eval.csv'), 'utf8').trimEnd().split('\n').slice(1);
  const rows = all
    .filter((row) => /,(cat|ship)$/.test(row))
    .slice(0, 60)
    .map((row) => row.split(','));
  for (const [image = '', label = ''] of rows) {
    mkdirSync(join(folder, 'val', label), { recursive: true });
    copyFileSync(join(example, 'images', image), join(folder, 'val', label, image));
  }
  for (const name of ['old', 'new']) {
    const lines = rows.map(([image, label], index) => `${image},${index === 7 && name === 'new' ? 'cat' : label}`);
    writeFileSync(join(folder, `${name}.csv`), ['image,prediction', ...lines, ''].join('\n'));
  }
  const env = { ...process.env, RUNNER_TOOL_CACHE: '', XDG_CACHE_HOME: join(folder, 'cache') };
  const compare = (...given: readonly string[]) =>
    spawnSync(barlow, ['compare', 'old.csv', 'new.csv', '--images', 'val', ...given], {
      cwd: folder,
      encoding: 'utf8',
      env,
    });
  const bare = compare();
  expect(bare.status).toBe(2);
  expect(bare.stderr).toContain('error: nothing that runs ONNX models is installed (onnx-cuda: ');
  expect(bare.stderr).toContain(
    'fix: Install an engine, once: add --install onnx-cpu to the command, or run `npx barlow-gate doctor --install onnx-cpu`',
  );
  const unknown = compare('--install', 'onnx-gpu');
  expect([unknown.status, unknown.stderr]).toEqual([
    2,
    expect.stringContaining('there is no engine "onnx-gpu" to install'),
  ]);
  // As npm would leave it there; it is not fetched for this.
  const place = join(folder, 'cache', 'barlow-gate', `onnxruntime-node@${onnxruntimeVersion}`);
  mkdirSync(place, { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
  const installed = compare('--install', 'onnx-cpu');
  expect([installed.status, installed.stderr]).toEqual([0, expect.stringContaining('Engine: onnx-')]);
  expect(installed.stdout).toMatch(/^PASSED: new: /);
}

describe('in an empty folder, from the registry (skipped where that cannot be reached)', () => {
  const consumer = mkdtempSync(join(tmpdir(), 'barlow consumer '));
  const inFolder = { ...quiet, cwd: consumer };
  const reached = spawnSync('npm', ['ping'], { timeout: 20_000 }).status === 0;
  const npm = (...args: readonly string[]) => execFileSync('npm', [...args, '--no-audit', '--no-fund'], inFolder);
  afterAll(() => rmSync(consumer, { recursive: true, force: true }));

  it.skipIf(!reached)('installs small, imports, runs, and type-checks for TypeScript 5.9 and 7', () => {
    writeFileSync(join(consumer, 'package.json'), '{"private": true, "type": "module"}');
    npm('install', tarball);
    const kilobytes = Number.parseInt(execFileSync('du', ['-sk', 'node_modules'], inFolder), 10);
    expect(kilobytes).toBeLessThan(40 * 1024);
    const { packages } = JSON.parse(readFileSync(join(consumer, 'package-lock.json'), 'utf8'));
    const installed = Object.keys(packages);
    expect(installed).toContain('node_modules/barlow-gate');
    expect(installed.filter((path) => /@actions\/|octokit|onnxruntime|@tensorflow/.test(path))).toEqual([]);
    const timed = `const before = process.cpuUsage(); await import('barlow-gate');
      const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000);`;
    // By the processor's clock: a busy machine makes it no longer.
    const milliseconds = Number(execFileSync(process.execPath, ['--input-type=module', '-e', timed], inFolder));
    console.log(`installed: ${Math.round(kilobytes / 1024)} MB, import: ${Math.round(milliseconds)} ms`);
    expect(milliseconds).toBeLessThan(1000);
    const barlow = join(consumer, 'node_modules', '.bin', 'barlow');
    expect(execFileSync(barlow, ['--version'], inFolder).trim()).toBe(manifest.version);
    const refused = spawnSync(barlow, ['run', '--config', 'none.yml'], { cwd: consumer, encoding: 'utf8' });
    expect(refused.status, refused.stderr).toBe(2);
    expectFirstVerdict(consumer, barlow);
    const loads = `const { analyse, runGate, defaultAnalysisOptions } = await import('barlow-gate');
      const features = Float32Array.from({ length: 60 }, (_, i) => i);
      const labels = Array(60).fill('a');
      const predictions = labels.map((label, i) => (i > 50 ? 'b' : label));
      const [group] = await analyse({ features, dimensions: 1, labels, predictions, groups: ['label'] });
      const refused = await runGate({ config: 'none.yml', wrong: 1 }).catch((error) => error.what);
      console.log(group.failures, defaultAnalysisOptions.shuffles, refused);`;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', loads], inFolder)).toBe(
      '9 999 the request must NOT have additional properties (wrong)\n',
    );
    npm('install', 'typescript@5.9', '@types/node@24');
    writeFileSync(
      join(consumer, 'use.ts'),
      `import { analyse, type Config, type GateOutcome, type Result, runGate, type Verdict } from 'barlow-gate';
      const outcome: GateOutcome = await runGate({ config: 'barlow.yml' });
      const result: Result = outcome.result;
      const verdict: Verdict | null | undefined = result.checkpoints[0]?.verdict;
      export const said: [string, Config | null, string | undefined] = [outcome.outcome, null, verdict?.outcome];
      export const groups = analyse({ features: new Float32Array(2), dimensions: 1, labels: ['a', 'b'], predictions: ['a', 'a'] });`,
    );
    // The older from the registry; the newer is this project's own.
    for (const compiler of [join(consumer, 'node_modules', 'typescript'), join(root, 'node_modules', 'typescript')]) {
      for (const [module, resolution] of [
        ['nodenext', 'nodenext'],
        ['esnext', 'bundler'],
      ]) {
        const tsc = join(compiler, 'bin', 'tsc');
        const options = [
          '--noEmit',
          '--strict',
          '--skipLibCheck',
          'false',
          '--target',
          'es2024',
          '--lib',
          'es2024,esnext.collection',
        ];
        const checked = spawnSync(
          process.execPath,
          [tsc, ...options, '--types', 'node', '--module', module, '--moduleResolution', resolution, 'use.ts'],
          { cwd: consumer, encoding: 'utf8' },
        );
        expect(checked.stdout, `${compiler}, ${resolution}`).toBe('');
      }
    }
  });
});
