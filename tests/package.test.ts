import { type ExecFileSyncOptionsWithStringEncoding, execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

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

describe('the npm package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'barlow package '));
  let files: string[] = [];

  beforeAll(() => {
    const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', folder], quiet));
    files = packed.files.map((file: { path: string }) => file.path);
    execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(
      Object.keys(dependencies).filter((name) => /^@(actions|octokit)\/|^onnxruntime|^@tensorflow/.test(name)),
    ).toEqual([]);
    expect(files.filter((file) => file.startsWith('lib/forge'))).toEqual([]);
  });

  it('runs', () => {
    execFileSync('ln', ['-s', join(root, 'node_modules'), join(folder, 'package', 'node_modules')]);
    const cli = join(folder, 'package', 'lib', 'bin.js');
    expect(execFileSync(process.execPath, [cli, '--version'], quiet).trim()).toBe(
      JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
    );
  });

  it('says in one message that Node is too old', () => {
    const bin = join(folder, 'package', 'lib', 'bin.js');
    const old = `Object.defineProperty(process.versions, 'node', { value: '20.19.0' }); await import(${JSON.stringify(bin)})`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', old], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: barlow needs Node 22\.18 or newer.*\n {3}in: .*\n {2}fix: .*\n$/);
  });

  it('sets a project up', () => {
    const project = join(folder, 'project');
    mkdirSync(project);
    const cli = join(folder, 'package', 'lib', 'bin.js');
    execFileSync(process.execPath, [cli, 'init', '--workflow', 'gitlab-ci'], { ...quiet, cwd: project });
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
  const folder = mkdtempSync(join(tmpdir(), 'barlow consumer '));
  const inFolder = { ...quiet, cwd: folder };
  const reached = spawnSync('npm', ['ping'], { timeout: 20_000 }).status === 0;
  const npm = (...args: readonly string[]) => execFileSync('npm', [...args, '--no-audit', '--no-fund'], inFolder);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.skipIf(!reached)('installs small, imports, runs, and type-checks for TypeScript 5.9 and 7', () => {
    const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', folder], quiet));
    writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}');
    npm('install', `./${packed.filename}`);
    const kilobytes = Number.parseInt(execFileSync('du', ['-sk', 'node_modules'], inFolder), 10);
    expect(kilobytes).toBeLessThan(64 * 1024);
    const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
    const installed = Object.keys(packages);
    expect(installed).toContain('node_modules/barlow-gate');
    expect(installed.filter((path) => /@actions\/|octokit|onnxruntime|@tensorflow/.test(path))).toEqual([]);
    const timed = `const before = process.cpuUsage(); await import('barlow-gate');
      const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000);`;
    // By the processor's clock: a busy machine makes it no longer.
    const milliseconds = Number(execFileSync(process.execPath, ['--input-type=module', '-e', timed], inFolder));
    console.log(`installed: ${Math.round(kilobytes / 1024)} MB, import: ${Math.round(milliseconds)} ms`);
    expect(milliseconds).toBeLessThan(1000);
    const barlow = join(folder, 'node_modules', '.bin', 'barlow');
    expect(execFileSync(barlow, ['--version'], inFolder).trim()).toBe(packed.version);
    const refused = spawnSync(barlow, ['run', '--config', 'none.yml'], { cwd: folder, encoding: 'utf8' });
    expect(refused.status, refused.stderr).toBe(2);
    expectFirstVerdict(folder, barlow);
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
    npm('install', 'typescript@5.9', 'typescript7@npm:typescript@7', '@types/node@24');
    writeFileSync(
      join(folder, 'use.ts'),
      `import { analyse, type Config, type GateOutcome, type Result, runGate, type Verdict } from 'barlow-gate';
      const outcome: GateOutcome = await runGate({ config: 'barlow.yml' });
      const result: Result = outcome.result;
      const verdict: Verdict | null | undefined = result.checkpoints[0]?.verdict;
      export const said: [string, Config | null, string | undefined] = [outcome.outcome, null, verdict?.outcome];
      export const groups = analyse({ features: new Float32Array(2), dimensions: 1, labels: ['a', 'b'], predictions: ['a', 'a'] });`,
    );
    for (const compiler of ['typescript', 'typescript7']) {
      for (const [module, resolution] of [
        ['nodenext', 'nodenext'],
        ['esnext', 'bundler'],
      ]) {
        const tsc = join(folder, 'node_modules', compiler, 'bin', 'tsc');
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
          { cwd: folder, encoding: 'utf8' },
        );
        expect(checked.stdout, `${compiler}, ${resolution}`).toBe('');
      }
    }
  });
});
