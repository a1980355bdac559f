import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe('the README', () => {
  it('has a library example that runs and finds what it planted', () => {
    const [, code] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(code).toBeDefined();
    const folder = mkdtempSync(join(tmpdir(), 'barlow readme '));
    const file = join(folder, 'example.ts');
    const index = new URL('../src/index.ts', import.meta.url).href;
    writeFileSync(file, String(code).replace("'barlow-gate'", `'${index}'`));
    const printed = execFileSync(process.execPath, [file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(printed).toMatch(/^label:cat 0\.1\d* /);
    expect(printed).toMatch(/feature: 1, op: '>', threshold: 90\.5/);
    expect(printed.trimEnd()).toMatch(/1 1$/);
  });

  it('promises commands that exist', () => {
    const scripts = [...readme.matchAll(/npm run (?:--silent )?([a-z:]+)|npm (test)\b/g)].map(
      ([, run, test]) => run ?? test,
    );
    expect(scripts).toEqual(expect.arrayContaining(['example', 'test']));
    expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  it('names every dependency in its table', () => {
    const dependencies = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies ?? {})];
    expect(dependencies.filter((name) => !readme.includes(`| \`${name}\` |`))).toEqual([]);
  });

  it('links to files that exist', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1]);
    for (const link of links) expect(() => readFileSync(join(root, String(link)))).not.toThrow();
  });
});
