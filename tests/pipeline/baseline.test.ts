import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git } from '../action/runner.ts';
import { addSmallSuite, predictAs } from '../action/smallSuite.ts';

const cli = join(import.meta.dirname, '..', '..', 'src', 'cli.ts');
let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'barlow baselines '));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A repository with the small suite and three files of predictions. */
function suite(name: string): string {
  const folder = join(root, name);
  addSmallSuite(folder);
  for (const state of ['accepted', 'good', 'bad'] as const) predictAs(folder, state, `${state}.csv`);
  git(folder, 'init', '--quiet', '--initial-branch=main');
  commit(folder);
  return folder;
}

function commit(folder: string): string {
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--allow-empty', '--message', 'work');
  return git(folder, 'rev-parse', 'HEAD');
}

function barlow(folder: string, args: string, env: Readonly<Record<string, string>> = {}) {
  const options = { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args.split(' ')], options);
  return { status, said: stdout + stderr };
}

describe('a folder that is named and is not there', () => {
  it('is a slip, and no first run; recording makes it', () => {
    const folder = suite('folder');
    for (const command of [
      'run --checkpoint a=bad.csv',
      'baseline list',
      `baseline show ${git(folder, 'rev-parse', 'HEAD')}`,
    ]) {
      const { status, said } = barlow(folder, `${command} --baseline nosuchfolder`);
      expect(said).toMatch(/there is no such folder of baselines\n {3}in: .*nosuchfolder\n {2}fix: Check --baseline/);
      expect(status).toBe(2);
    }
    expect(existsSync(join(folder, 'nosuchfolder'))).toBe(false);
    expect(barlow(folder, 'baseline record --checkpoint a=accepted.csv --baseline made').status).toBe(0);
    expect(barlow(folder, 'run --checkpoint a=bad.csv --baseline made').status).toBe(1);
    mkdirSync(join(folder, 'empty'));
    const empty = barlow(folder, 'run --checkpoint a=bad.csv --baseline empty');
    expect(empty.status).toBe(0);
    expect(empty.said).toMatch(/^NOT COMPARED/m);
  });
});

describe('a commit with an accepted checkpoint', () => {
  it('keeps it whatever a run records, until --replace; --replica goes beside it', () => {
    const folder = suite('accepted');
    const head = git(folder, 'rev-parse', 'HEAD');
    const list = () => JSON.parse(barlow(folder, 'baseline list --json').said);
    const record = (args: string) => barlow(folder, `baseline record ${args}`);
    expect(record(`--checkpoint one=accepted.csv --commit ${head.slice(0, 7).toUpperCase()}`).status).toBe(0);
    expect(list()).toMatchObject([{ commit: head, checkpoint: 'one', replicas: [] }]);

    const run = barlow(folder, 'run --record --checkpoint two=good.csv');
    expect(run.status).toBe(0);
    expect(run.said).toMatch(/^Not recorded: "one" is the accepted checkpoint of .* already/m);
    const refused = record('--checkpoint two=good.csv');
    expect(refused.status).toBe(2);
    expect(refused.said).toMatch(/fix: .*--replace.*--replica/);
    expect(list()).toMatchObject([{ checkpoint: 'one' }]);

    expect(record('--replica --checkpoint seed2=good.csv').said).toContain('as a replica beside the baseline');
    expect(list()).toMatchObject([{ checkpoint: 'one', replicas: ['seed2'] }]);
    expect(barlow(folder, 'baseline list').said).toContain('beside it seed2');
    expect(record('--replace --checkpoint two=good.csv').status).toBe(0);
    expect(list()).toMatchObject([{ checkpoint: 'two' }]);
  });

  it('is compared with by every other, and never with itself', () => {
    const folder = suite('own');
    barlow(folder, 'baseline record --checkpoint one=accepted.csv');
    expect(barlow(folder, 'run --checkpoint one=accepted.csv').said).toMatch(
      /^NOT COMPARED[\s\S]*accepted checkpoint of/m,
    );
    expect(barlow(folder, 'run --checkpoint one=good.csv').said).toMatch(/^PASSED/m);
    expect(barlow(folder, 'run --checkpoint one=bad.csv').status).toBe(1);
    commit(folder);
    expect(barlow(folder, 'run --checkpoint one=accepted.csv').said).toMatch(/^PASSED/m);
    expect(barlow(folder, 'run --checkpoint one=bad.csv').status).toBe(1);
  });
});

describe('what would pass for a first run', () => {
  it('a suite that was renamed names the one that has baselines', () => {
    const folder = suite('renamed');
    barlow(folder, 'baseline record --checkpoint one=accepted.csv');
    addSmallSuite(folder, { name: 'pests' });
    const { status, said } = barlow(folder, 'run --checkpoint one=bad.csv');
    expect(status).toBe(0);
    expect(said).toMatch(/No baseline of suite "pests" was ever recorded; others have some: pets/);
    expect(said).toMatch(/^NOT COMPARED/m);
  });

  it('baselines on a line that is no more end in exit 2 with the reason and the way out', () => {
    const folder = suite('rewritten');
    barlow(folder, 'baseline record --checkpoint one=accepted.csv');
    expect(barlow(folder, 'run --checkpoint one=good.csv').status).toBe(0);
    git(folder, 'checkout', '--quiet', '--orphan', 'anew');
    commit(folder);
    const { status, said } = barlow(folder, 'run --checkpoint one=bad.csv');
    expect(status).toBe(2);
    expect(said).toMatch(/baselines exist and none can be used: 1 baseline\(s\)[\s\S]*fix: .*barlow baseline record/);
  });
});

describe('the clock', () => {
  it.each(['1764115200000', '9'.repeat(40)])(
    'of SOURCE_DATE_EPOCH=%s is refused before anything is written',
    (epoch) => {
      const folder = suite(`clock ${epoch.slice(0, 3)}`);
      const { status, said } = barlow(folder, 'baseline record --checkpoint one=accepted.csv', {
        SOURCE_DATE_EPOCH: epoch,
      });
      expect(said).toMatch(/beyond the year 9999[\s\S]*Give seconds, not milliseconds/);
      expect(status).toBe(2);
      expect(git(folder, 'branch', '--list')).toBe('* main');
    },
  );
});
