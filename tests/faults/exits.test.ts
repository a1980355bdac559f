import { afterAll, describe, expect, it } from 'vitest';
import { systemTrouble, UserError } from '../../src/errors.ts';
import { judge, makeWorld, sources } from './world.ts';

const world = makeWorld();
afterAll(() => world.remove());

describe('exit codes say what the gate says, whatever becomes of what is printed', () => {
  it.each([
    ['standard output full', { shell: '"$@" > /dev/full' }],
    ['standard output closed by its reader', { shell: 'set -o pipefail; "$@" --json | true' }],
    ['standard error full', { shell: '"$@" 2> /dev/full' }],
    ['both full', { shell: '"$@" > /dev/full 2> /dev/full' }],
    ['both closed', { shell: '"$@" >&- 2>&-' }],
    ['40 open files', { shell: 'ulimit -n 40; "$@"', entry: sources }],
  ])(
    '%s',
    (_, around) => {
      expect(judge(world, 'good', [], around).status).toBe(0);
      expect(judge(world, 'bad', [], around).status).toBe(1);
    },
    60_000,
  );

  it('with too few open files it is the machine, neither a failed gate nor a bug', () => {
    const { status, stderr } = judge(world, 'bad', [], { shell: 'ulimit -n 24; "$@"', entry: sources });
    expect(stderr).toMatch(/ulimit -n 1024/);
    expect(stderr).not.toContain('This is a bug');
    expect(status).toBe(2);
  }, 60_000);
});

describe('what hinders the machine', () => {
  it('is told from bugs by the system call that failed, also where a thread has lost its code', () => {
    const failed = Object.assign(new Error("EMFILE: too many open files, open '/a/b'"), {
      code: 'EMFILE',
      syscall: 'open',
    });
    expect(systemTrouble(failed)).toBeInstanceOf(UserError);
    expect(systemTrouble(new Error("ENOSPC: no space left on device, write '/a/b'"))?.where).toBe('/a/b');
    expect(systemTrouble(new Error('ENOSPC in a sentence'))).toBeNull();
    expect(systemTrouble(new TypeError('x is undefined'))).toBeNull();
    expect(systemTrouble(Object.assign(new Error('odd'), { code: 'ERR_ASSERTION' }))).toBeNull();
  });
});
