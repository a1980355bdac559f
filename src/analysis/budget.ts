import { type SharedBuffers, sharedBuffers } from '../adapters/sharedBuffers.ts';
import { type Limiter, limiter } from './limiter.ts';

/** What jobs wait for: that there is room, and a buffer. */
interface Budget {
  readonly limit: Limiter;
  readonly buffers: SharedBuffers;
}

/** What the groups of an analysis and the blocks of large ones wait for. */
export interface Budgets {
  readonly columns: Budget;
  /** A block's jitter is twice its size, so a block that waits for a worker has none. */
  readonly jitter: Budget;
}

/** Blocks of columns in flight, whatever the number of workers. */
const BLOCKS = 3;

/** Budgets for at most `concurrency` tasks in flight and blocks of `values` values. */
export function budgetsFor(concurrency: number, values: number): Budgets {
  const block = matrixBytes(values, 1);
  return {
    columns: { limit: limiter(concurrency, BLOCKS * block), buffers: sharedBuffers() },
    jitter: { limit: limiter(Math.max(1, concurrency - 1), (BLOCKS - 1) * 2 * block), buffers: sharedBuffers() },
  };
}

/** Does a job once there is room for it, with a buffer of so many bytes. */
export function withinBudget<Outcome>(
  { limit, buffers }: Budget,
  bytes: number,
  job: (buffer: SharedArrayBuffer) => Promise<Outcome>,
): Promise<Outcome> {
  return limit(bytes, async () => {
    const buffer = buffers.take(bytes);
    try {
      return await job(buffer);
    } finally {
      buffers.giveBack(buffer);
    }
  });
}

/** Bytes of a matrix of float32. */
export function matrixBytes(rows: number, columns: number): number {
  return rows * columns * Float32Array.BYTES_PER_ELEMENT;
}
