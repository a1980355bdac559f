import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeName } from '../../src/baseline/safeName.ts';

test('short lower-case names and hashes stay as they are', () => {
  for (const name of ['cifar10', 'my-suite_2.1', 'a', 'a'.repeat(64), '0123456789abcdef0123456789abcdef01234567']) {
    expect(safeName(name)).toBe(name);
  }
});

test('what is legible of another stands before the start of its hash', () => {
  const of = (name: string, legible: string) =>
    expect(safeName(name)).toBe(`${legible}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`);
  of('Model V1/final', 'model-v1-final');
  of('--x--', 'x');
  of('.git', 'git');
  of('..', 'name');
  of('', 'name');
  of('x.', 'x');
  of('A'.repeat(50), 'a'.repeat(40));
  of('a'.repeat(65), 'a'.repeat(40));
  of('com1.txt', 'com1-txt');
  for (const device of ['con', 'prn', 'aux', 'nul', 'com9', 'lpt0']) of(device, device);
  for (const name of ['console', 'com', 'com10', 'acon', 'x.con', `a${'.'.repeat(62)}b`])
    expect(safeName(name)).toBe(name);
});

test('anything is one file name on any system', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('.', '/', '\\', 'a', 'A', '-', ' ', '\0', '\n', '~') }),
    fc.constantFrom('con', 'nul.txt', 'com1', '.git', '..', '-x', 'x.', ''),
  );
  fc.assert(
    fc.property(hostile, (name) => {
      expect(safeName(name)).toMatch(/^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/);
      expect(safeName(name)).not.toMatch(/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/);
    }),
  );
});

test('two names never share one, not even where the file system ignores case', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      fc.pre(a !== b);
      expect(safeName(a).toLowerCase()).not.toBe(safeName(b).toLowerCase());
    }),
  );
  expect(safeName('CIFAR')).not.toBe(safeName('cifar'));
  expect(safeName('a/b')).not.toBe(safeName('a b'));
});
