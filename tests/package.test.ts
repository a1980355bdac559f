import { type ExecFileSyncOptionsWithStringEncoding, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

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
      'LICENSE',
      'README.md',
      'examples',
      'lib',
      'package.json',
      'schemas',
      'templates',
    ]);
    expect(files.filter((file) => file.startsWith('examples/') && !file.startsWith('examples/workflows/'))).toEqual([]);
    expect(files).toContain('lib/bin.js');
    expect(files).toContain('lib/index.d.ts');
    expect(files.filter((file) => /\.ts$/.test(file) && !/\.d\.ts$/.test(file))).toEqual([]);
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
