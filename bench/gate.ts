/**
 * Whether the gate is right: what it must find and what it must let pass, on CIFAR-10 with real networks, and how long
 * ImageNet's size takes. Exits 1 if any figure is not as it must be.
 * usage: node bench/gate.ts [SECTION...]   (sections: demonstration retrained published null gumbel planted workers large imagenet)
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPool } from '../src/adapters/threadPool.ts';
import { pairedGroupsOf } from '../src/analysis/groups.ts';
import { positionsIn } from '../src/gate/region.ts';
import type { Cluster } from '../src/records/comparison.ts';
import type { Checkpoint } from '../src/records/evalSet.ts';
import { fitGumbelTail, gumbelTail } from '../src/statistics/gumbel.ts';
import { type RandomStream, stream } from '../src/statistics/random.ts';
import { discordance, drawSigns } from './firstVersion/discordance.ts';
import { RegionSearch } from './firstVersion/regionSearch.ts';
import { searchTable } from './firstVersion/searchTable.ts';
import {
  accuracy,
  checkpoint,
  compareOn,
  options,
  readCifar10,
  readPredictions,
  redCars,
  rowsOfClass,
} from './gateData.ts';
import { compareImagenetSize } from './gateImagenet.ts';

/** Planted clusters of one size. */
const PLANTED_RUNS = 20;

const published = [
  'published-alexnet_tf_ben',
  'published-cudaconvnet',
  'published-densenet_BC_100_12',
  'published-resnet_basic_32',
  'published-resnet_basic_56',
  'published-shake_shake_26_2x64d_SSI',
  'published-vgg_15_BN_64',
  'published-wrn_28_10',
];
const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'shared', 'data', 'cifar10');
if (!existsSync(folder)) throw new Error(`${folder} is needed: the CIFAR-10 test set, features.npy and predictions`);
const bench = readCifar10(folder);
const named = (name: string) => readPredictions(bench, name);
const pool = openPool(2);

const sections = {
  demonstration,
  retrained,
  published: declines,
  null: exactNull,
  gumbel,
  planted,
  workers,
  large,
  imagenet,
};
const asked = process.argv.slice(2);
for (const [name, section] of Object.entries(sections)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const started = performance.now();
  console.log(`\n${name}`);
  await section();
  console.log(`  (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}
await pool.close();

function must(holds: boolean, what: string): void {
  console.log(`  ${holds ? 'pass' : 'FAIL'}  ${what}`);
  if (!holds) process.exitCode = 1;
}

function newOnes(clusters: readonly Cluster[]): Cluster[] {
  return clusters.filter(({ status }) => status === 'new');
}

function clusterText({ group, rule, size, newlyFailed, newlyFixed, ...cluster }: Cluster): string {
  const where = rule.map(({ feature, op, threshold }) => `f${feature} ${op} ${threshold.toPrecision(3)}`).join(', ');
  const p = `p ${cluster.pValue.toExponential(1)}, adjusted ${cluster.adjustedPValue.toExponential(1)}`;
  return `${group} [${where}] ${newlyFailed} newly failed, ${newlyFixed} fixed of ${size}, ${p}, ${cluster.scope} (${cluster.specificPValue?.toPrecision(2)})`;
}

/** The positions of a cluster's images in a class's rows. */
async function rowsOfCluster({ group, rule }: Cluster, of: Checkpoint): Promise<Uint32Array> {
  const rows = rowsOfClass(bench, group.slice('label:'.length), of);
  return positionsIn(rule, await bench.readColumns(rows, 0, bench.dimensions)).map((position) => rows[position]);
}

/** A network trained without red cars, and the baseline against itself. */
async function demonstration(): Promise<void> {
  const [baseline, candidate] = ['baseline', 'candidate-red-cars-missing'].map(named);
  const red = await redCars(bench, baseline);
  const rate = ({ failed }: Checkpoint) => [...red].filter((row) => failed[row]).length / red.size;
  const missed = [...red].filter((row) => candidate.failed[row] > baseline.failed[row]);
  must(red.size === 198 && missed.length === 42, `${red.size} red cars, ${missed.length} newly fail (198, 42)`);
  must(
    rate(baseline).toFixed(3) === '0.045' && rate(candidate).toFixed(3) === '0.253',
    `their error ${rate(baseline).toFixed(3)} -> ${rate(candidate).toFixed(3)} (0.045 -> 0.253)`,
  );
  const found = newOnes((await compareOn(bench, candidate, [baseline], pool.run)).clusters);
  for (const cluster of found) console.log(`        ${clusterText(cluster)}`);
  const cars = found.find(({ group }) => group === 'label:automobile');
  const rows = cars === undefined ? new Uint32Array(0) : await rowsOfCluster(cars, baseline);
  const held = missed.filter((row) => rows.includes(row)).length;
  const share = rows.filter((row) => red.has(row)).length / rows.length;
  must(cars !== undefined, 'red cars missing against baseline fails, in label:automobile');
  must(2 * held >= missed.length, `the cluster holds ${held} of the ${missed.length} red cars that newly fail (half)`);
  must(share >= 0.3, `${(100 * share).toFixed(1)} % of its images are red cars (30 %)`);
  const itself = await compareOn(bench, baseline, [baseline], pool.run);
  must(
    newOnes(itself.clusters).length === 0 && itself.groups.every(({ pValue }) => pValue === 1),
    'baseline against itself passes, p = 1',
  );
}

/** Two trainings of one recipe, each against the other. */
async function retrained(): Promise<void> {
  for (const [candidate, baseline] of [
    ['retrained', 'baseline'],
    ['baseline', 'retrained'],
  ]) {
    const found = newOnes((await compareOn(bench, named(candidate), [named(baseline)], pool.run)).clusters);
    must(found.length === 0, `${candidate} against ${baseline} passes (${found.length} new clusters)`);
    for (const cluster of found) console.log(`        ${clusterText(cluster)}`);
  }
}

/** Every ordered pair of published networks whose accuracy falls by four points or more. */
async function declines(): Promise<void> {
  const networks = published.map(named);
  const pairs = networks.flatMap((candidate) =>
    networks.map((baseline) => ({ candidate, baseline, fall: accuracy(baseline) - accuracy(candidate) })),
  );
  // 0.04 in counts: accuracies are of 10,000 images.
  const falling = pairs.filter(({ fall }) => Math.round(10_000 * fall) >= 400).sort((a, b) => a.fall - b.fall);
  let failed = 0;
  for (const { candidate, baseline, fall } of falling) {
    const started = performance.now();
    const found = newOnes((await compareOn(bench, candidate, [baseline], pool.run)).clusters);
    if (found.length > 0) failed++;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const least = found[0]?.adjustedPValue.toExponential(1) ?? '-';
    console.log(
      `        ${candidate.name} against ${baseline.name}: -${(100 * fall).toFixed(1)} points, ${found.length} new clusters, least adjusted p ${least} (${seconds} s)`,
    );
  }
  must(failed === falling.length, `${failed} of ${falling.length} pairs whose accuracy falls by 4 points or more fail`);
}

/** Each image's two predictions swapped by a coin: nothing but chance is left between candidate and baseline. */
async function exactNull(): Promise<void> {
  const pairs = [
    ['candidate-red-cars-missing', 'baseline'],
    ['retrained', 'baseline'],
    ['published-alexnet_tf_ben', 'published-cudaconvnet'],
    ['published-resnet_basic_32', 'published-resnet_basic_56'],
    ['published-vgg_15_BN_64', 'published-wrn_28_10'],
  ];
  const draws = 400;
  const least: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const [some, other] = pairs[draw % pairs.length].map(named);
    const [candidate, baseline] = swapped(some, other, stream(`exact null ${draw}`));
    const found = newOnes((await compareOn(bench, candidate, [baseline], pool.run, { significance: 0.05 })).clusters);
    least.push(found[0]?.adjustedPValue ?? 1);
  }
  for (const alpha of [0.01, 0.05]) {
    const red = least.filter((p) => p <= alpha).length;
    const chance = upperTail(red, draws, alpha);
    must(
      chance > 0.025,
      `${red} of ${draws} runs fail at ${alpha} (${((100 * red) / draws).toFixed(2)} %; as many or more by chance: ${chance.toFixed(3)})`,
    );
  }
}

function swapped(some: Checkpoint, other: Checkpoint, random: RandomStream): [Checkpoint, Checkpoint] {
  const a = Int32Array.from(some.predictions ?? []);
  const b = Int32Array.from(other.predictions ?? []);
  for (let row = 0; row < a.length; row++) if (random.below(2) === 1) [a[row], b[row]] = [b[row], a[row]];
  return [checkpoint(bench.evalSet, 'heads', a), checkpoint(bench.evalSet, 'tails', b)];
}

/** P(X >= count) for X binomial(draws, chance). */
function upperTail(count: number, draws: number, chance: number): number {
  let term = (1 - chance) ** draws;
  let below = 0;
  for (let k = 0; k < count; k++) {
    below += term;
    term *= ((draws - k) / (k + 1)) * (chance / (1 - chance));
  }
  return 1 - below;
}

/** Tails fitted to few draws, beside the share of many other draws. */
async function gumbel(): Promise<void> {
  const cases = [
    ['candidate-red-cars-missing', 'baseline', 'label:automobile'],
    ['candidate-red-cars-missing', 'baseline', 'prediction:truck'],
    ['retrained', 'baseline', 'label:cat'],
    ['retrained', 'baseline', 'label:ship'],
    ['published-alexnet_tf_ben', 'published-cudaconvnet', 'label:dog'],
    ['published-resnet_basic_32', 'published-resnet_basic_56', 'label:dog'],
  ];
  const ratios: number[][] = [];
  for (const [candidate, baseline, id] of cases) {
    const maxima = await drawnMaxima(named(candidate), named(baseline), id, 40_000);
    const fitted = fitGumbelTail(maxima.subarray(0, 9999));
    const others = maxima.subarray(9999);
    const falling = others.toSorted().reverse();
    const compared = [0.01, 0.003, 0.001, 0.0003].map((level) => {
      const value = falling[Math.round(level * others.length) - 1];
      const empirical = others.filter((each) => each >= value).length / others.length;
      return { empirical, ratio: fitted === null ? 0 : gumbelTail(fitted, value) / empirical };
    });
    ratios.push(compared.map(({ ratio }) => ratio));
    console.log(
      `        ${id}, ${candidate}: ${compared.map(({ empirical, ratio }) => `${empirical.toExponential(1)} x ${ratio.toFixed(2)}`).join(', ')}`,
    );
  }
  const mean = (values: number[]) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
  for (const [at, level] of [0.01, 0.003, 0.001, 0.0003].entries()) {
    const here = ratios.map((each) => each[at]);
    const text = `fitted / empirical p at ${level}: ${mean(here).toFixed(2)} on average, ${Math.min(...here).toFixed(2)} to ${Math.max(...here).toFixed(2)}`;
    must(mean(here) > 2 / 3 && mean(here) < 1.5 && here.every((ratio) => ratio > 1 / 3 && ratio < 3), text);
  }
}

async function drawnMaxima(
  candidate: Checkpoint,
  baseline: Checkpoint,
  id: string,
  draws: number,
): Promise<Float64Array> {
  const [group] = pairedGroupsOf([id], bench.evalSet, [candidate, baseline]);
  const observed = discordance(group.outcomes);
  const search = new RegionSearch(
    searchTable(await bench.readColumns(group.rows, 0, bench.dimensions), observed.live),
    observed.baselines,
    options,
  );
  const random = stream(`gumbel ${candidate.name} ${id}`);
  const signs = new Int8Array(observed.signs.length);
  return Float64Array.from({ length: draws }, () => {
    drawSigns(observed, random, signs);
    return search.find(signs)?.score ?? 0;
  });
}

/** Half the right images of a region of two features made to fail, on top of a retraining's differences dealt by a coin. */
async function planted(): Promise<void> {
  const trainings = [named('baseline'), named('retrained')];
  const found: { share: number; power: number }[] = [];
  let wrong = 0;
  const shares = [0.03, 0.04, 0.05, 0.06, 0.08, 0.1];
  for (const share of shares) {
    const runs = [];
    for (let run = 0; run < PLANTED_RUNS; run++) runs.push(await plant(share, run, trainings));
    const hits = runs.filter(({ hit }) => hit);
    const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    const percent = (value: number) => `${(100 * value).toFixed(0)} %`;
    found.push({ share, power: hits.length / runs.length });
    wrong += runs.filter((run) => run.wrong > 0).length;
    console.log(
      `        ${percent(share)} of the class, ${average(runs.map(({ broken }) => broken)).toFixed(0)} images made to fail: found ${percent(hits.length / runs.length)}; ` +
        `of them in the region found ${percent(average(hits.map(({ recall }) => recall)))}, of the planted region's images ${percent(average(hits.map(({ held }) => held)))}, ` +
        `planted images among those that newly fail there ${percent(average(hits.map(({ precision }) => precision)))}; false clusters in ${runs.filter((run) => run.wrong > 0).length} of ${runs.length} runs`,
    );
  }
  const half = found.find(({ power }) => power >= 0.5);
  console.log(
    `        half of them are found from ${half === undefined ? 'no size tried' : `${100 * half.share} % of a class`} on`,
  );
  must((found.at(-1)?.power ?? 0) >= 0.8, 'four planted clusters in five are found at 10 % of a class');
  // The two trainings differ by more than chance themselves: the exact level is the matter of `null`.
  const all = shares.length * PLANTED_RUNS;
  must(upperTail(wrong, all, 0.05) > 0.025, `false clusters in ${wrong} of ${all} runs (5 % within binomial error)`);
}

async function plant(share: number, run: number, trainings: readonly Checkpoint[]) {
  const random = stream(`planted ${share} ${run}`);
  const [other, baseline] = swapped(trainings[0], trainings[1], random);
  const { classes, labels } = bench.evalSet;
  const value = run % classes.length;
  const rows = rowsOfClass(bench, classes[value], other);
  const region = await plantedRegion(rows, share, random);
  const predictions = Int32Array.from(other.predictions ?? []);
  const broken = new Set<number>();
  for (const row of region) {
    if (predictions[row] !== labels[row] || random.below(2) === 1) continue;
    predictions[row] = (value + 1 + random.below(classes.length - 1)) % classes.length;
    broken.add(row);
  }
  const candidate = checkpoint(bench.evalSet, 'planted', predictions);
  const clusters = newOnes((await compareOn(bench, candidate, [baseline], pool.run)).clusters);
  const inGroup = clusters.filter(({ group }) => group === `label:${classes[value]}`);
  const images = new Set([...broken].map((row) => bench.evalSet.images[row]));
  const sharePlanted = ({ images: failing }: Cluster) =>
    failing.filter((image) => images.has(image)).length / failing.length;
  const hit = inGroup.find((cluster) => sharePlanted(cluster) >= 0.3);
  const held = hit === undefined ? new Uint32Array(0) : await rowsOfCluster(hit, baseline);
  return {
    broken: broken.size,
    hit: hit !== undefined,
    recall: [...broken].filter((row) => held.includes(row)).length / broken.size,
    held: region.filter((row) => held.includes(row)).length / region.length,
    precision: hit === undefined ? 0 : sharePlanted(hit),
    wrong: clusters.filter((cluster) => sharePlanted(cluster) < 0.3).length,
  };
}

/** The images of a class that lie high or low on two features at once, as near to the share wanted as can be. */
async function plantedRegion(rows: Uint32Array, share: number, random: RandomStream): Promise<number[]> {
  const wanted = Math.round(share * rows.length);
  for (;;) {
    const [one, two] = [random.below(bench.dimensions), random.below(bench.dimensions)];
    if (one === two) continue;
    const [first, second] = await Promise.all(
      [one, two].map((feature) => ranksOf(rows, feature, random.below(2) === 1)),
    );
    // Both cuts at the same quantile; widen it until the corner is large enough.
    for (let cut = wanted; cut < rows.length; cut++) {
      const region = [...rows].filter((_, at) => first[at] < cut && second[at] < cut);
      if (region.length > 1.1 * wanted) break;
      if (region.length >= wanted && cut > 1.5 * wanted) return region;
    }
  }
}

/** Rank of each row's feature from the low or the high end; equal values share the greatest. */
async function ranksOf(rows: Uint32Array, feature: number, high: boolean): Promise<number[]> {
  const { values } = await bench.readColumns(rows, feature, feature + 1);
  return Array.from(values, (value) => values.filter((each) => (high ? each >= value : each <= value)).length - 1);
}

/** The same comparison in this thread, in one worker and in two. */
async function workers(): Promise<void> {
  const texts: string[] = [];
  for (const threads of [0, 1, 2]) {
    const threadsPool = openPool(threads);
    texts.push(
      JSON.stringify(await compareOn(bench, named('candidate-red-cars-missing'), [named('baseline')], threadsPool.run)),
    );
    await threadsPool.close();
  }
  must(
    texts.every((text) => text === texts[0]),
    `0, 1 and 2 workers give the same ${texts[0].length} bytes`,
  );
}

/** All 10,000 images as one group: the slowest search there is at this size, as all draws are made where the best is significant. */
async function large(): Promise<void> {
  const [candidate, baseline] = [named('candidate-red-cars-missing'), named('baseline')];
  const start = performance.now();
  const found = newOnes((await compareOn(bench, candidate, [baseline], pool.run, {}, ['all'])).clusters);
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `        one group of 10,000 images: ${found.length} new clusters, ${seconds.toFixed(0)} s in one thread`,
  );
}

/** 1,000 classes of 50 images with 2,048 features, 4 % of images discordant, by label and by prediction. */
async function imagenet(): Promise<void> {
  for (const spread of ['even', 'uneven'] as const) {
    const { seconds, discordant, found, tested } = await compareImagenetSize(spread, pool.run);
    const text = `${spread}: ${(100 * discordant).toFixed(1)} % discordant, ${tested} groups searched, ${found} new clusters, ${seconds.toFixed(1)} s`;
    must(seconds < 60, `${text} (60 s)`);
  }
}
