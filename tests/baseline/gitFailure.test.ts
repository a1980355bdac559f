import { describe, expect, it } from 'vitest';
import { gitFailure } from '../../src/baseline/gitFailure.ts';

const outcome = (stderr: string, more: { timedOut?: boolean; code?: number; stdout?: string } = {}) => ({
  ...{ code: more.code ?? 128, timedOut: more.timedOut ?? false, stderr, stdout: Buffer.from(more.stdout ?? '') },
});
const told = (stderr: string) => gitFailure(outcome(stderr), 'fetching', 'branch b of origin').what;

describe('what git says, without what must not be told', () => {
  it.each([
    "fatal: unable to access 'https://user:hunter2@example.org/x.git/': Could not resolve host: example.org",
    "fatal: unable to access 'https://hunter2@example.org/x.git/': The requested URL returned error: 500",
    "remote: denied\nfatal: Authentication failed for 'https://x-access-token:hunter2@example.org/a/b.git/'",
    "error: failed to push some refs to 'ssh://git:hunter2@example.org:22/x.git'",
    "fatal: repository 'https://a:hunter2@one.org/x' and 'https://b:hunter2@two.org/y' are not found",
  ])('%s', (stderr) => {
    expect(told(stderr)).not.toContain('hunter2');
    expect(told(stderr)).toMatch(/example\.org|one\.org/);
  });

  it('an address without a password stays as it is', () => {
    expect(told("fatal: unable to access 'https://example.org/a@b/x.git/': timed out")).toContain(
      'https://example.org/a@b/x.git',
    );
  });

  it('no control characters, each line once, 400 characters at most, and only lines that tell something', () => {
    const said = told('From origin\nerror: one\u001b[31m\nremote:\nremote: two\rerror: one\u001b[31m\n');
    expect(said).toBe('git failed (error: one [31m; remote: two), while fetching');
    expect(told(`fatal: ${'x'.repeat(1000)}`)).toHaveLength('git failed (), while fetching'.length + 400);
  });

  it('the exit code where git says nothing', () => {
    expect(told('')).toBe('git failed (exit 128), while fetching');
  });

  it('that it did not end in time, whatever it said', () => {
    const { what } = gitFailure(outcome('fatal: x', { timedOut: true }), 'fetching', 'w');
    expect(what).toBe('git did not finish in time while fetching');
  });
});
