import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Order, ready } from './recordChild.ts';

const script = fileURLToPath(new URL('recordChild.ts', import.meta.url));

function start(order: Order): ChildProcess {
  // A process group of its own, so that a kill takes the git it has started along.
  return spawn(process.execPath, [script, JSON.stringify(order)], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs one process an order, all at once; throws with what a process said where one fails. */
export async function runAtOnce(orders: readonly Order[]): Promise<void> {
  await Promise.all(
    orders.map(async (order) => {
      const child = start(order);
      const said: string[] = [];
      child.stderr?.on('data', (chunk) => said.push(String(chunk)));
      child.stdout?.resume();
      const [code] = await once(child, 'close');
      if (code !== 0) throw new Error(`a recording process ended with ${code}: ${said.join('')}`);
    }),
  );
}

/** Starts a process that records without end and kills it and all it has started, `delay` ms after it is ready. */
export async function killAfter(order: Order, delay: number): Promise<void> {
  const child = start(order);
  const ended = once(child, 'close');
  const said: string[] = [];
  child.stderr?.on('data', (chunk) => said.push(String(chunk)));
  if (child.stdout === null || child.pid === undefined) throw new Error('a process with a pipe');
  const first = await Promise.race([once(child.stdout, 'data'), ended]);
  if (String(first[0]) !== ready) throw new Error(`the recording process did not start: ${said.join('')}`);
  await new Promise((resolve) => setTimeout(resolve, delay));
  process.kill(-child.pid, 'SIGKILL');
  const [, signal] = await ended;
  if (signal !== 'SIGKILL') throw new Error(`the recording process ended by itself: ${said.join('')}`);
}
