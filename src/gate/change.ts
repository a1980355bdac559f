import { entry } from '../records/entry.ts';

/** How some images of a group fared under the newest baseline and under the candidate. */
export interface ErrorChange {
  readonly size: number;
  readonly baselineFailures: number;
  readonly failures: number;
  readonly newlyFailed: number;
  readonly newlyFixed: number;
  readonly baselineErrorRate: number;
  readonly errorRate: number;
}

/** `outcomes` as in `PairedGroup`; error rates of no images are 0. */
export function changeIn(outcomes: readonly Uint8Array[], positions: Uint32Array): ErrorChange {
  const [candidate, baseline] = [entry(outcomes, 0), entry(outcomes, 1)];
  let failures = 0;
  let baselineFailures = 0;
  let newlyFailed = 0;
  for (const at of positions) {
    const [now, before] = [entry(candidate, at), entry(baseline, at)];
    failures += now;
    baselineFailures += before;
    newlyFailed += now > before ? 1 : 0;
  }
  const size = positions.length;
  return {
    size,
    baselineFailures,
    failures,
    newlyFailed,
    newlyFixed: baselineFailures - (failures - newlyFailed),
    baselineErrorRate: size === 0 ? 0 : baselineFailures / size,
    errorRate: size === 0 ? 0 : failures / size,
  };
}

/** Positions of all images of a group. */
export function everyPosition(size: number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, position) => position);
}
