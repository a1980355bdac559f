import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { resultJson } from '../src/report/resultJson.ts';
import { summaryJson } from '../src/report/summary.ts';
import { hasPython, PYTHON } from './extras.ts';
import { sampleCheckpoint, sampleEvent, sampleResult } from './report/sampleResult.ts';

const examples = join(import.meta.dirname, '..', 'examples');
const folder = mkdtempSync(join(tmpdir(), 'barlow examples '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function hasCurl(): boolean {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly token: string | string[] | undefined;
  readonly body: string;
}

/** Runs a shell script with a server that answers as told; gives back what the server was asked. */
async function asked(
  script: string,
  answer: string,
  env: (address: string) => Record<string, string>,
): Promise<Asked[]> {
  const seen: Asked[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen.push({ method, url, token: headers['private-token'], body: Buffer.concat(parts).toString() });
      response.setHeader('Content-Type', 'application/json');
      response.end(method === 'GET' ? answer : '{}');
    });
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const path = `${dirname(process.execPath)}:${process.env.PATH}`;
  const options = { cwd: folder, env: { PATH: path, ...env(`http://127.0.0.1:${port}`) } };
  await new Promise<void>((done, failed) => {
    execFile('sh', ['-c', script], options, (error, stdout, stderr) =>
      error ? failed(new Error(`${stdout}${stderr}`)) : done(),
    );
  });
  await new Promise((done) => {
    server.close(done);
  });
  return seen;
}

describe.skipIf(!hasCurl())('examples that post', () => {
  const { 'barlow-note': job }: Record<string, { script: string[] }> = parse(
    readFileSync(join(examples, 'workflows', 'gitlab-note.yml'), 'utf8'),
  );
  const script = job.script.join('\n');
  const report = 'A "report" & more\n+ 100 %, *ünïcode*\n';
  mkdirSync(join(folder, 'report'), { recursive: true });
  writeFileSync(join(folder, 'report', 'report.md'), report);
  const note = (answer: string, token = 'secret') =>
    asked(script, answer, (address) => ({
      ...{ CI_API_V4_URL: `${address}/api/v4`, CI_PROJECT_ID: '7', CI_MERGE_REQUEST_IID: '3' },
      BARLOW_NOTE_TOKEN: token,
    }));
  const notes = '/api/v4/projects/7/merge_requests/3/notes';
  const body = `body=${encodeURIComponent(`<!-- barlow-gate -->\n${report}`)}`;
  const plain = (text: string) =>
    text
      .replaceAll('+', '%20')
      .replace(/%[0-9a-f]{2}|[!'()*]/gi, (part) =>
        part.length === 3 ? part.toUpperCase() : `%${part.charCodeAt(0).toString(16).toUpperCase()}`,
      );

  it('GitLab: a first note is posted, an earlier one written anew', async () => {
    const [list, first] = await note('[{"id": 5, "body": "looks good"}]');
    expect(list).toMatchObject({ method: 'GET', url: `${notes}?per_page=100&sort=asc`, token: 'secret' });
    expect(first).toMatchObject({ method: 'POST', url: notes, token: 'secret' });
    expect(plain(first.body)).toBe(plain(body));
    const [, again] = await note('[{"id": 5, "body": "x"}, {"id": 9, "body": "<!-- barlow-gate -->\\nold"}]');
    expect(again).toMatchObject({ method: 'PUT', url: `${notes}/9` });
    expect(plain(again.body)).toBe(plain(body));
  });

  it('GitLab: without a token nothing is asked', async () => {
    expect(await note('[]', '')).toEqual([]);
  });

  it('Slack: the summary is posted, and no name in it is markup', async () => {
    const hostile = sampleEvent({ title: '<!channel> & <https://example.com|free cars>: 3 of 4' });
    const result = sampleResult({ checkpoints: [sampleCheckpoint({ events: [hostile] })] });
    writeFileSync(join(folder, 'summary.json'), summaryJson(result));
    const command = `sh '${join(examples, 'workflows', 'slack.sh')}' summary.json https://example.com/build/7`;
    const [{ method, body: sent }] = await asked(command, '', (address) => ({ SLACK_WEBHOOK: address }));
    const { text }: { text: string } = JSON.parse(sent);
    expect(method).toBe('POST');
    expect(text).toContain('&lt;!channel&gt; &amp; &lt;https://example.com|free cars&gt;: 3 of 4');
    expect(text.match(/<[^>]*>/g)).toEqual(['<https://example.com/build/7|The report>']);
    expect(text).toMatch(/^FAILED: cifar10\n/);
  });
});

describe("Jenkins' shell lines", () => {
  const jenkinsfile = readFileSync(join(examples, 'workflows', 'Jenkinsfile'), 'utf8');

  it.each([
    [{ CHANGE_TARGET: 'release $(touch x)' }, ['--base', 'release $(touch x)']],
    [{ BRANCH_IS_PRIMARY: 'true' }, ['--record']],
    [{}, []],
  ] as const)('with %j run the gate with %j', (env, expected) => {
    const [, script = ''] = /sh '''\n([\s\S]*?)'''/.exec(jenkinsfile) ?? [];
    const bin = join(folder, 'jenkins');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'npx'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
    // As Jenkins runs it: sh -xe.
    const printed = execFileSync('sh', ['-xec', script], {
      ...{ cwd: bin, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      env: { PATH: `${bin}:${process.env.PATH}`, ...env },
    });
    expect(printed.trimEnd().split('\n')).toEqual([
      'barlow-gate',
      'run',
      '--install',
      'onnx-cpu',
      '--out',
      'report',
      ...expected,
    ]);
    expect(existsSync(join(bin, 'x'))).toBe(false);
  });
});

describe('what the gate is compared with', () => {
  /** The remote of a GitLab pipeline as the job's script leaves it, and what the command is given. */
  function gitlab(env: Readonly<Record<string, string>>): readonly string[] {
    const { 'barlow-gate': job }: Record<string, { script: string[] }> = parse(
      readFileSync(join(examples, 'workflows', 'gitlab-ci.yml'), 'utf8'),
    );
    const at = mkdtempSync(join(folder, 'pipeline-'));
    execFileSync('git', ['init', '--quiet', at]);
    execFileSync('git', ['-C', at, 'remote', 'add', 'origin', 'https://gitlab.test/me/cars.git']);
    const command = 'npx() { git remote get-url origin; git remote get-url --push origin; echo "$*"; }';
    const script = [command, 'set -eu', ...job.script].join('\n');
    const unset = { CI_MERGE_REQUEST_TARGET_BRANCH_NAME: '', CI_MERGE_REQUEST_PROJECT_PATH: '' };
    const of = { CI_PROJECT_PATH: 'me/cars', CI_SERVER_HOST: 'gitlab.test', CI_JOB_TOKEN: 'job', BARLOW_TOKEN: 'own' };
    return execFileSync('sh', ['-c', script], {
      cwd: at,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ...unset, ...of, ...env },
    })
      .trimEnd()
      .split('\n');
  }
  const run = 'barlow-gate run --install onnx-cpu --out report';
  const own = 'https://gitlab.test/me/cars.git';

  it("GitLab: of a merge request it is the target project's, from a fork too; the default branch pushes by its token", () => {
    const request = { CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main', CI_MERGE_REQUEST_PROJECT_PATH: 'me/cars' };
    expect(gitlab(request)).toEqual([own, own, `${run} --base main`]);
    const target = 'https://gitlab-ci-token:job@gitlab.test/octo/cars.git';
    expect(gitlab({ ...request, CI_MERGE_REQUEST_PROJECT_PATH: 'octo/cars' })).toEqual([
      ...[target, target],
      `${run} --base main`,
    ]);
    expect(gitlab({})).toEqual([own, 'https://barlow:own@gitlab.test/me/cars.git', `${run} --record`]);
  });

  it('DVC: is no dependency of the stage, which therefore always runs', () => {
    const { stages } = parse(readFileSync(join(examples, 'workflows', 'dvc.yaml'), 'utf8'));
    expect(stages.gate).toMatchObject({ always_changed: true });
  });
});

describe("GitLab's schema of pipelines, by gitlab-ci-local", () => {
  const tool = createRequire(import.meta.url).resolve('gitlab-ci-local');
  const project = join(folder, 'gitlab');
  const git = (...args: readonly string[]) => {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
    execFileSync('git', [...identity, ...args], { cwd: project, stdio: 'ignore' });
  };
  /** Checks the two files as a pipeline includes them; what was said, and whether it was all right. */
  const checked = (change: (note: string) => string) => {
    for (const [from, to] of [
      ['gitlab-ci.yml', 'barlow-gate.yml'],
      ['gitlab-note.yml', 'barlow-note.yml'],
    ] as const) {
      const text = readFileSync(join(examples, 'workflows', from), 'utf8');
      writeFileSync(join(project, '.gitlab', to), to === 'barlow-note.yml' ? change(text) : text);
    }
    git('add', '--all');
    git('commit', '--quiet', '--message', 'pipeline');
    const { status, stdout, stderr } = spawnSync(process.execPath, [tool, '--preview'], {
      cwd: project,
      encoding: 'utf8',
    });
    return { status, stdout, text: stdout + stderr };
  };

  it('accepts the examples, and would not accept them with a slip', () => {
    mkdirSync(join(project, '.gitlab'), { recursive: true });
    git('init', '--quiet', '--initial-branch=main');
    git('remote', 'add', 'origin', 'https://gitlab.com/owner/cars.git');
    const include = '[.gitlab/barlow-gate.yml, .gitlab/barlow-note.yml]';
    writeFileSync(join(project, '.gitlab-ci.yml'), `include: ${include}\n`);
    const good = checked((note) => note);
    expect(good.status, good.text).toBe(0);
    expect(Object.keys(parse(good.stdout))).toEqual(expect.arrayContaining(['barlow-gate', 'barlow-note']));
    const bad = checked((note) => note.replace('allow_failure: true', 'allow_failure: maybe'));
    expect(bad.status).not.toBe(0);
    expect(bad.text).toContain('barlow-note.allow_failure');
  }, 60_000);
});

describe('the notebook', () => {
  const script = readFileSync(join(examples, 'notebook', 'event_images.py'), 'utf8');
  const cells: { cell_type: string; source: string[] }[] = JSON.parse(
    readFileSync(join(examples, 'notebook', 'event_images.ipynb'), 'utf8'),
  ).cells;

  it('is the script, cell by cell', () => {
    const own = script
      .split(/^# %%/m)
      .slice(1)
      .map((part) => (part.startsWith(' [markdown]\n') ? part.slice(12).replace(/^# ?/gm, '') : part.slice(1)).trim());
    expect(cells.map(({ source }) => source.join('').trim())).toEqual(own);
    expect(cells.map(({ cell_type }) => cell_type)).toEqual([
      'markdown',
      'code',
      'markdown',
      'code',
      'markdown',
      'code',
    ]);
  });

  it.skipIf(!hasPython('pandas'))('reads a result with pandas alone', () => {
    const report = join(folder, 'notebook');
    mkdirSync(report);
    const run = () =>
      execFileSync(PYTHON, [join(examples, 'notebook', 'event_images.py'), report], { encoding: 'utf8' });
    writeFileSync(join(report, 'result.json'), resultJson(sampleResult()));
    expect(run()).toMatch(/Automobiles taken for trucks: 30 of 36/);
    expect(run()).toMatch(/newly failed +automobile +2/);
    expect(run()).toMatch(/still right +automobile +1/);
    expect(run()).toMatch(/images\/00006\.png automobile automobile truck +0\.8/);
    writeFileSync(
      join(report, 'result.json'),
      resultJson(sampleResult({ checkpoints: [sampleCheckpoint({ events: [] })] })),
    );
    expect(run()).toContain('No event');
  });
});
