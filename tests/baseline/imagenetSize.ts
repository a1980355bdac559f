import type { Leaf } from '../../src/records/analysis.ts';
import type { BaselineGroup, BaselineRecord } from '../../src/records/baseline.ts';
import { stream } from '../../src/statistics/random.ts';
import { sampleRecord } from './sampleRecord.ts';

/**
 * A baseline of the size of ImageNet's validation set: 50,000 images in random order of class, 1,000 classes,
 * 24 % failed, and 2,000 groups with trees of depth 3 on 2,048 features, thresholds of full precision.
 */
export function imagenetSizeRecord(): BaselineRecord {
  const random = stream('imagenet');
  const classes = Array.from({ length: 1000 }, (_, i) => `n${String(1440764 + i * 13_177).padStart(8, '0')}`);
  const images = Array.from({ length: 50_000 }, (_, i) => `val/ILSVRC2012_val_${String(i + 1).padStart(8, '0')}.JPEG`);
  const labels = images.map(() => random.below(1000));
  const predictions = labels.map((label) => (random.below(100) < 76 ? label : random.below(1000)));
  const hashes = images.map(() => random.uint32().toString(16).padStart(8, '0').repeat(2));
  const groups = [...classes.map((name) => `label:${name}`), ...classes.map((name) => `prediction:${name}`)];
  return sampleRecord({
    suite: 'imagenet',
    featureModel: { fingerprint: 'f'.repeat(64), dimensions: 2048 },
    evalSet: { fingerprint: 'e'.repeat(64), classes, images, labels, hashes },
    predictions,
    confidences: images.map(() => random.below(1_000_001) / 1e6),
    sketch: null,
    events: [],
    slices: [],
    failed: predictions.map((prediction, i) => Number(prediction !== labels[i])),
    groups: groups.map((id) => group(id, random)),
  });
}

type Random = ReturnType<typeof stream>;

/** 53 random bits: as many digits as a real threshold has. */
function unit(random: Random): number {
  return (random.uint32() * 2 ** 21 + random.below(2 ** 21)) / 2 ** 53;
}

function group(id: string, random: Random): BaselineGroup {
  const failures = 5 + random.below(20);
  const splits = Array.from({ length: 7 }, () => ({ feature: random.below(2048), threshold: 3 * unit(random) }));
  const leaves = Array.from({ length: 8 }, (_, i) => leaf(id, i, splits, failures, random));
  return { id, size: 50, failures, baseErrorRate: failures / 50, aler: unit(random), leaves };
}

function leaf(
  id: string,
  index: number,
  splits: readonly { feature: number; threshold: number }[],
  failures: number,
  random: Random,
): Leaf {
  const size = 1 + random.below(12);
  const failed = random.below(1 + Math.min(size, failures));
  const path = [0, 1 + (index >> 2), 3 + (index >> 1)];
  const rule = path.flatMap((at, depth) => {
    const split = splits[at];
    return split ? [{ ...split, op: (index >> (2 - depth)) & 1 ? ('>' as const) : ('<=' as const) }] : [];
  });
  const hash = random.uint32().toString(16).padStart(8, '0');
  const errorRate = failed / size;
  const errorCoverage = failed / failures;
  const shares = { errorRate, errorCoverage, importanceValue: errorRate * errorCoverage };
  return { id: `${id}#${hash}`, node: 7 + index, rule, size, failures: failed, ...shares, failureMode: failed > 3 };
}
