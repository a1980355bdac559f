import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** A tenth of `npm run faults`, another each day of the month; all of them take some ten minutes. */
it('no single fault of the tenth of today is a wrong verdict, a bug or a loss', () => {
  const part = `${(new Date().getUTCDate() % 10) + 1}/10`;
  const args = [join(import.meta.dirname, 'campaign.ts'), '--part', part];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 580_000 });
  expect({ status, said: status === 0 ? '' : `${stdout}\n${stderr}` }).toEqual({ status: 0, said: '' });
  expect(stdout).toMatch(/^all +\d{2,3} /m);
}, 600_000);
