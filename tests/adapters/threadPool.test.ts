import { expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { answer } from './poolChild.ts';

/** Keeps this thread busy, so that what the workers say meanwhile waits in the queue. */
function busy(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

it('a pool that is closed leaves unheard what its workers still say', async () => {
  const uncaught: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  try {
    const pool = openPool(2);
    expect(await Promise.all([pool.run(answer, 1), pool.run(answer, 2)])).toEqual([2, 3]);
    const outcomes = Promise.allSettled([pool.run(answer, 3), pool.run(answer, 4)]);
    busy(200);
    await pool.close();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(uncaught).toEqual([]);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
});
