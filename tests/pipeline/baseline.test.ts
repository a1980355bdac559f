import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git } from '../action/runner.ts';
import { addSmallSuite, predictAs } from '../action/smallSuite.ts';
import { runHere } from '../inProcess.ts';

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

async function barlow(folder: string, args: string, env: Readonly<Record<string, string>> = {}) {
  const { status, text } = await runHere(folder, args.split(' '), env);
  return { status, said: text };
}

describe('a folder that is named and is not there', () => {
  it('is a slip, and no first run; recording makes it', async () => {
    const folder = suite('folder');
    for (const command of [
      'run --checkpoint a=bad.csv',
      'baseline list',
      `baseline show ${git(folder, 'rev-parse', 'HEAD')}`,
    ]) {
      const { status, said } = await barlow(folder, `${command} --baseline nosuchfolder`);
      expect(said).toMatch(/there is no such folder of baselines\n {3}in: .*nosuchfolder\n {2}fix: Check --baseline/);
      expect(status).toBe(2);
    }
    expect(existsSync(join(folder, 'nosuchfolder'))).toBe(false);
    expect((await barlow(folder, 'baseline record --checkpoint a=accepted.csv --baseline made')).status).toBe(0);
    expect((await barlow(folder, 'run --checkpoint a=bad.csv --baseline made')).status).toBe(1);
    mkdirSync(join(folder, 'empty'));
    const empty = await barlow(folder, 'run --checkpoint a=bad.csv --baseline empty');
    expect(empty.status).toBe(0);
    expect(empty.said).toMatch(/^NOT COMPARED/m);
  });
});

describe('a commit with an accepted checkpoint', () => {
  it('keeps it whatever a run records, until --replace; --replica goes beside it', async () => {
    const folder = suite('accepted');
    const head = git(folder, 'rev-parse', 'HEAD');
    const list = async () => JSON.parse((await barlow(folder, 'baseline list --json')).said);
    const record = (args: string) => barlow(folder, `baseline record ${args}`);
    expect((await record(`--checkpoint one=accepted.csv --commit ${head.slice(0, 7).toUpperCase()}`)).status).toBe(0);
    expect(await list()).toMatchObject([{ commit: head, checkpoint: 'one', replicas: [] }]);

    const run = await barlow(folder, 'run --record --checkpoint two=good.csv');
    expect(run.status).toBe(0);
    expect(run.said).toMatch(/^Not recorded: "one" is the accepted checkpoint of .* already/m);
    const refused = await record('--checkpoint two=good.csv');
    expect(refused.status).toBe(2);
    expect(refused.said).toMatch(/fix: .*--replace.*--replica/);
    expect(await list()).toMatchObject([{ checkpoint: 'one' }]);

    expect((await record('--replica --checkpoint seed2=good.csv')).said).toContain('as a replica beside the baseline');
    expect(await list()).toMatchObject([{ checkpoint: 'one', replicas: ['seed2'] }]);
    expect((await barlow(folder, 'baseline list')).said).toContain('beside it seed2');
    expect((await record('--replace --checkpoint two=good.csv')).status).toBe(0);
    expect(await list()).toMatchObject([{ checkpoint: 'two' }]);
  });

  it('is compared with by every other, and never with itself', async () => {
    const folder = suite('own');
    await barlow(folder, 'baseline record --checkpoint one=accepted.csv');
    expect((await barlow(folder, 'run --checkpoint one=accepted.csv')).said).toMatch(
      /^NOT COMPARED[\s\S]*accepted checkpoint of/m,
    );
    expect((await barlow(folder, 'run --checkpoint one=good.csv')).said).toMatch(/^PASSED/m);
    expect((await barlow(folder, 'run --checkpoint one=bad.csv')).status).toBe(1);
    commit(folder);
    expect((await barlow(folder, 'run --checkpoint one=accepted.csv')).said).toMatch(/^PASSED/m);
    expect((await barlow(folder, 'run --checkpoint one=bad.csv')).status).toBe(1);
  });
});

describe('what would pass for a first run', () => {
  it('a suite that was renamed names the one that has baselines', async () => {
    const folder = suite('renamed');
    await barlow(folder, 'baseline record --checkpoint one=accepted.csv');
    addSmallSuite(folder, { name: 'pests' });
    const { status, said } = await barlow(folder, 'run --checkpoint one=bad.csv');
    expect(status).toBe(0);
    expect(said).toMatch(/No baseline of suite "pests" was ever recorded; others have some: pets/);
    expect(said).toMatch(/^NOT COMPARED/m);
  });

  it('baselines on a line that is no more end in exit 2 with the reason and the way out', async () => {
    const folder = suite('rewritten');
    await barlow(folder, 'baseline record --checkpoint one=accepted.csv');
    expect((await barlow(folder, 'run --checkpoint one=good.csv')).status).toBe(0);
    git(folder, 'checkout', '--quiet', '--orphan', 'anew');
    commit(folder);
    const { status, said } = await barlow(folder, 'run --checkpoint one=bad.csv');
    expect(status).toBe(2);
    expect(said).toMatch(/baselines exist and none can be used: 1 baseline\(s\)[\s\S]*fix: .*barlow baseline record/);
  });
});

describe('the clock', () => {
  it.each(['1764115200000', '9'.repeat(40)])(
    'of SOURCE_DATE_EPOCH=%s is refused before anything is written',
    async (epoch) => {
      const folder = suite(`clock ${epoch.slice(0, 3)}`);
      const { status, said } = await barlow(folder, 'baseline record --checkpoint one=accepted.csv', {
        SOURCE_DATE_EPOCH: epoch,
      });
      expect(said).toMatch(/beyond the year 9999[\s\S]*Give seconds, not milliseconds/);
      expect(status).toBe(2);
      expect(git(folder, 'branch', '--list')).toBe('* main');
    },
  );
});
