import type { Timing } from './extract.ts';

/** A share of the time in which an engine works that is good enough. */
const BUSY = 0.95;
/** Fewer images say little. */
const LEAST_IMAGES = 64;

/**
 * A sentence, where decoding keeps an engine waiting that shares no cores with it: how many threads would keep it busy. A thread decodes
 * on without pause, since the ring has a batch more than there are threads; so as many are needed as decoding takes times as long
 * as the engine. Null where the engine is busy, or more threads would not help.
 *
 * @param threads that decoded
 */
export function decodingLimit(
  { images, decodeSeconds, engineSeconds, waitedSeconds }: Timing,
  threads: number,
): string | null {
  const busy = engineSeconds / (engineSeconds + waitedSeconds);
  if (images < LEAST_IMAGES || !(busy < BUSY)) return null;
  const needed = Math.ceil(decodeSeconds / engineSeconds);
  if (needed <= threads) return null;
  const [came, takes] = [images / (engineSeconds + waitedSeconds), images / engineSeconds].map(Math.round);
  return `Decoding limits: ${came} images/s came through where the engine takes ${takes}/s; ${needed} cores in place of ${threads} would keep it busy.`;
}
