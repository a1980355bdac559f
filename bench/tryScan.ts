import { openPool } from '../src/adapters/threadPool.ts';
import { difficultyOf } from '../src/analysis/difficulty.ts';
import { pairedGroupsOf } from '../src/analysis/groups.ts';
import { hardness } from '../src/analysis/hardness.ts';
import { scan } from '../src/gate/scan.ts';
import { readCifar10, readPredictions } from './gateData.ts';

const bench = readCifar10('../shared/data/cifar10');
const pool = openPool(2);
const t0 = performance.now();
const hard = await hardness({
  labels: bench.evalSet.labels,
  classes: 10,
  dimensions: bench.dimensions,
  readColumns: bench.readColumns,
  run: pool.run,
});
console.log(
  'hardness',
  (performance.now() - t0).toFixed(0),
  'ms; right',
  hard && [...hard.bestClass].filter((c, i) => c === bench.evalSet.labels[i]).length,
);
for (const names of process.argv.slice(2)) {
  const sides = names.split(',').map((n) => readPredictions(bench, n));
  const t = performance.now();
  const groups = pairedGroupsOf(['label', 'prediction', 'all'], bench.evalSet, sides);
  let last = '';
  const result = await scan({
    groups,
    images: bench.evalSet.images,
    dimensions: bench.dimensions,
    options: { significance: 0.01, conditions: 2, minErrorRateIncrease: 0.1, minNewFailures: 5 },
    readColumns: bench.readColumns,
    difficultyOf: (g) => hard && difficultyOf(hard, g, bench.evalSet, (r) => r),
    draws: 9999,
    run: pool.run,
    onProgress: (s, d, n) => {
      if (s === 'scan' && d === n) last = `prepared ${(performance.now() - t).toFixed(0)} ms`;
    },
  });
  console.log(
    names,
    last,
    'all',
    (performance.now() - t).toFixed(0),
    'ms',
    'p',
    result.test.pValue,
    'draws',
    result.test.draws,
    'critical',
    result.test.critical,
    'regions',
    result.prepared.map((p) => p.scored.family.regions).join(' '),
  );
  for (const c of result.clusters)
    console.log(
      '   ',
      c.prepared.group.id,
      c.score.toFixed(2),
      c.pValue.toExponential(1),
      c.newlyFailed.length,
      'of',
      c.prepared.scored.family.size[c.region],
      JSON.stringify(c.rule.map((r) => `${r.feature}${r.op}${r.threshold.toPrecision(3)}`)),
    );
}
await pool.close();
