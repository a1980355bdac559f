import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { checkAnnotations, errorAnnotation } from '../../src/forge/annotations.ts';
import { plainLine } from '../../src/forge/runner.ts';
import type { Result } from '../../src/records/result.ts';
import type { Check } from '../../src/records/verdict.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the runner takes for commands in a log: `ActionCommand.TryParseV2` and `TryParse` of github.com/actions/runner, in words. */
function obeyed(log: string): string[] {
  return log.split(/\r?\n|\r/).flatMap((line) => {
    const text = line.trimStart();
    if (text.startsWith('::') && text.indexOf('::', 2) >= 0) return [text];
    const start = line.indexOf('##[');
    return start >= 0 && line.indexOf(']', start) >= 0 ? [line] : [];
  });
}

/** Runs statements on a log in a process of its own, as a step; gives standard output and the runner's files. */
function step(
  statements: string,
  env: Record<string, string> = {},
): { log: string; files: Record<string, string>; status: number | null } {
  const files = Object.fromEntries(['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY'].map((name) => [name, join(folder, name)]));
  for (const file of Object.values(files)) writeFileSync(file, '');
  const module = join(import.meta.dirname, '..', '..', 'src', 'forge', 'runner.ts');
  const script = `import { openLog, readInput } from ${JSON.stringify(module)};
    const log = openLog(() => '/home/runner/work/repo'); ${statements}`;
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...files, ...env },
  });
  expect(ran.stderr).toBe('');
  const read = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, readFileSync(file, 'utf8')]));
  return { log: ran.stdout, files: read, status: ran.status };
}

const hostile = [
  '::error::evil',
  '  ::set-output name=passed::true',
  '##[command]evil',
  'a\n::stop-commands::x',
  'a\r::error::b',
  'x ##[error]y',
  '\u2028::error::z',
  ':::error::',
  '\t::add-mask::a',
  '%0A::error::q',
];

describe('a log', () => {
  it('lets no text be a command, and shows every text', () => {
    const { log } = step(`for (const text of ${JSON.stringify(hostile)}) log.line(text);`);
    expect(obeyed(log)).toEqual([]);
    expect(log.split('\n').filter((line) => line.includes('evil'))).toHaveLength(2);
    expect(obeyed(hostile.join('\n')).length).toBeGreaterThan(5);
  });

  it('so for any text', () => {
    const parts = fc.array(fc.constantFrom(':', '::', '##[', ']', '#', ' ', '\n', '\r', '\t', 'error', 'x', '\u2028'));
    fc.assert(
      fc.property(parts, (texts) => obeyed(plainLine(texts.join(''))).length === 0),
      { numRuns: 5000 },
    );
  });

  it('annotates with one command each, whatever the texts', () => {
    const given = {
      severity: 'error',
      title: 'a,b::c\n::error::d',
      message: 'm\n::error::e',
      file: 'barlow.yml',
      line: 3,
    };
    const { log } = step(`log.annotate(${JSON.stringify(given)}); log.group('::error::g').end();`);
    expect(obeyed(log)).toHaveLength(3);
    expect(log).toMatch(/^::error title=a%2Cb%3A%3Ac %3A%3Aerror%3A%3Ad,file=barlow.yml,line=3::m ::error::e$/m);
  });

  it('says what the runner gives no room for', () => {
    const nowhere = { GITHUB_STEP_SUMMARY: '/nowhere/summary', GITHUB_OUTPUT: '/nowhere/output' };
    const { log, status } = step(
      `console.log(await log.summary('# ok'));
       try { log.output('passed', 'true'); } catch (thrown) { console.log(thrown.name, thrown.where, thrown.what); }`,
      nowhere,
    );
    expect(log).toMatch(/^The job summary cannot be written: .*\/nowhere\/summary/m);
    expect(log).toMatch(/^UserError GITHUB_OUTPUT the outputs of the step cannot be written/m);
    expect(status).toBe(0);
  });

  it('hides secrets and the workspace, writes outputs and a summary, and fails', () => {
    const { log, files, status } = step(
      `log.hide('s3cret'); log.line('/home/runner/work/repo/out/report.html'); log.output('passed', 'true\\nx=1');
       await log.summary('# ok\\n'); log.fail('no'); console.log(readInput('fail-on'));`,
      { 'INPUT_FAIL-ON': ' warning ' },
    );
    expect(log).toContain('::add-mask::s3cret\nout/report.html\n');
    expect(log).toContain('::error::no\nwarning\n');
    expect(files.GITHUB_OUTPUT).toMatch(/^passed<<(ghadelimiter_\S+)\ntrue\nx=1\n\1\n$/);
    expect(files.GITHUB_STEP_SUMMARY).toBe('# ok\n\n');
    expect(status).toBe(1);
  });
});

describe('annotations', () => {
  const check = (severity: Check['severity'], passed = false): Check => ({
    ...{
      id: 'new-cluster',
      subject: 'label:car',
      expected: 0,
      operator: '<=',
      actual: 1,
      passed,
      severity,
      message: 'it broke',
    },
  });
  const resultOf = (checks: readonly Check[]): Result => ({
    ...{ schemaVersion: 2, suite: 's', commit: null, createdAt: '', tool: { name: '', version: '' } },
    evalSet: { images: 0, classes: [], fingerprint: '', skipped: [] },
    featureModel: { fingerprint: '', dimensions: 0, engine: '' },
    properties: [],
    trainingSet: null,
    options: {
      analysis: {
        features: { select: 1, neighbours: 1 },
        tree: { maxDepth: 1 },
        failureMode: { minErrorCoverage: 0, minErrorRateIncrease: 0 },
        minGroupSize: 1,
        shuffles: 0,
      },
      gate: {
        significance: 0,
        conditions: 1,
        minErrorRateIncrease: 0,
        minNewFailures: 1,
        regions: ['boxes'],
        checks: [],
        accepted: [],
      },
    },
    checkpoints: [
      {
        name: 'c',
        images: 1,
        failures: 0,
        baseErrorRate: 0,
        groups: [],
        comparison: null,
        events: [],
        slices: [],
        verdict: { outcome: 'failed', passed: false, checks },
      },
    ],
  });

  it('stand at the config, failed checks only, at most ten of a severity', () => {
    const checks = [
      check('error', true),
      check('off'),
      ...Array.from({ length: 30 }, () => check('error')),
      check('warning'),
    ];
    const made = checkAnnotations(resultOf(checks), join(folder, 'sub', 'barlow.yml'), folder);
    expect(made.map(({ severity }) => severity)).toEqual([...Array(10).fill('error'), 'warning']);
    expect(made[0]).toMatchObject({ file: 'sub/barlow.yml', message: 'c: it broke (expected at most 0, found 1)' });
    expect(made[9]?.message).toContain('21 more');
  });

  it('put what the user can mend at its line, and nowhere where that is no file of the repository', () => {
    writeFileSync(join(folder, 'eval.csv'), '');
    const at = (where: string) => errorAnnotation(new UserError({ what: 'w', where, fix: 'F' }), folder);
    expect(at(`${join(folder, 'eval.csv')}:17`)).toMatchObject({ file: 'eval.csv', line: 17, message: 'w. F.' });
    expect(at('input record')).toMatchObject({ file: null, line: null, message: 'input record: w. F.' });
    expect(at('/etc/passwd:1')).toMatchObject({ file: null, line: null });
  });
});
