import { Piscina } from 'piscina';
import type { RunTask } from '../records/threads.ts';

/** A pool of worker threads; `close` it, or the process does not end. */
export interface Pool {
  readonly run: RunTask;
  readonly close: () => Promise<void>;
}

/**
 * Opens a pool of `threads` worker threads (0 runs tasks in this thread). Any number of workers gives the
 * same outcomes: a task carries all it needs, its random seed included.
 */
export function openPool(threads: number): Pool {
  if (threads === 0) return { run: async (worker, task) => worker.run(task), close: async () => {} };
  // Threads start when first needed and then stay.
  const piscina = new Piscina({ minThreads: 0, maxThreads: threads, idleTimeout: 600_000 });
  return {
    run: (worker, task) => piscina.run(task, { filename: worker.url }),
    close: () => {
      // What a worker answers while it is being stopped belongs to no task any more: to piscina an error, which would end the process.
      piscina.on('error', () => {});
      return piscina.destroy();
    },
  };
}
