import type { RunTask } from '../records/threads.ts';
import { fitGumbelTail, gumbelTail } from '../statistics/gumbel.ts';
import { monteCarlo } from '../statistics/monteCarlo.ts';
import { DRAWS_A_BLOCK } from './draws.ts';
import { maximaWorker, type ScoredGroup } from './maxima.ts';

/** The test of a whole run. */
export interface RunTest {
  /** Of the best score of the run: exact, by the draws up to where Besag and Clifford's rule stopped. */
  readonly pValue: number;
  /** The p-value of another score by all draws made, single-step. */
  readonly pValueOf: (score: number) => number;
  /** A score above this is significant by the draws made; null where too few draws were material. */
  readonly critical: number | null;
  readonly draws: number;
}

export interface RunTestInput {
  readonly groups: readonly ScoredGroup[];
  readonly names: readonly string[];
  readonly accepted: number;
  /** The best score of the run; 0 where no region is material. */
  readonly observed: number;
  readonly significance: number;
  readonly draws: number;
  readonly run: RunTask;
  readonly onProgress: (done: number, total: number) => void;
}

/** Draws as good after which to stop. */
const STOP_AFTER = 10;
/** Draws are made in portions of this many: what could have failed the run is told from no fewer. */
const PORTION = 1000;

/**
 * Monte Carlo p-value of the best score of a run against draws of who the candidate is. Portions of draws are made whole, so
 * that nothing depends on how many threads made them.
 */
export async function runTest(input: RunTestInput): Promise<RunTest> {
  const { observed, significance, draws: most } = input;
  const drawn = new Float64Array(Math.ceil(most / DRAWS_A_BLOCK) * DRAWS_A_BLOCK);
  let made = 0;
  for (;;) {
    const draws = Math.min(made + PORTION - (made === 0 ? 1 : 0), most);
    await draw(input, drawn, made, draws);
    made = draws;
    input.onProgress(made, most);
    const result = monteCarlo(observed, (at) => drawn[at], {
      ...{ draws: made, stopAfter: STOP_AFTER },
      clearBelow: significance / 10,
    });
    const isClear = result.asGood === 0 && result.pValue <= significance / 10;
    if (made < most && result.asGood < STOP_AFTER && !isClear) continue;
    return { pValue: result.pValue, draws: made, ...tailOf(drawn.slice(0, made), significance) };
  }
}

/** Fills `drawn` up to `until`, in whole blocks. */
async function draw({ groups, names, accepted, run }: RunTestInput, drawn: Float64Array, from: number, until: number) {
  const first = Math.ceil(from / DRAWS_A_BLOCK);
  const blocks = Array.from({ length: Math.ceil(until / DRAWS_A_BLOCK) - first }, (_, at) => first + at);
  await Promise.all(
    blocks.map(async (block) => {
      drawn.set(await run(maximaWorker, { groups, names, accepted, block }), block * DRAWS_A_BLOCK);
    }),
  );
}

function tailOf(drawn: Float64Array, significance: number): Pick<RunTest, 'pValueOf' | 'critical'> {
  const falling = drawn.toSorted().reverse();
  const fit = fitGumbelTail(drawn);
  const pValueOf = (score: number) => {
    const asGood = falling.findIndex((each) => each < score);
    const plain = (1 + (asGood < 0 ? falling.length : asGood)) / (1 + falling.length);
    return asGood === 0 && fit !== null ? Math.min(plain, gumbelTail(fit, score)) : plain;
  };
  const place = Math.floor(significance * (1 + falling.length)) - 1;
  const critical = falling[place] ?? null;
  return { pValueOf, critical: critical === 0 ? null : critical };
}
