import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { hardness, marginsOf } from '../../src/analysis/hardness.ts';
import { seenOf } from '../../src/analysis/ridgeGram.ts';
import type { ReadColumns } from '../../src/records/features.ts';
import { stream } from '../../src/statistics/random.ts';

const [n, d, classes] = [40, 5, 3];
const random = stream('hardness');
const features = Float32Array.from({ length: n * d }, () => random.uint32() / 2 ** 32);
const labels = Int32Array.from({ length: n }, (_, row) => (features[row * d] > 0.6 ? 2 : row % 2));
const readColumns: ReadColumns = async (rows, from, to) => {
  const values = new Float32Array(rows.length * (to - from));
  for (let feature = from; feature < to; feature++)
    for (const [at, row] of rows.entries()) values[(feature - from) * rows.length + at] = features[row * d + feature];
  return { rows: rows.length, from, to, values };
};
const input = { classes, dimensions: d, readColumns, run: openPool(0).run };

/** Solves A x = b by elimination with pivoting. */
function solve(matrix: number[][], right: number[]): number[] {
  const a = matrix.map((row, at) => [...row, right[at]]);
  for (let column = 0; column < a.length; column++) {
    const pivot = a.findIndex(
      (row, at) =>
        at >= column && Math.abs(row[column]) === Math.max(...a.slice(column).map((each) => Math.abs(each[column]))),
    );
    [a[column], a[pivot]] = [a[pivot], a[column]];
    for (let row = 0; row < a.length; row++) {
      if (row === column) continue;
      const factor = a[row][column] / a[column][column];
      a[row] = a[row].map((value, at) => value - factor * a[column][at]);
    }
  }
  return a.map((row, at) => row[a.length] / row[at]);
}

describe('hardness', () => {
  it('gives the margins of ridge classifiers that were refitted without the image', async () => {
    const found = await hardness({ ...input, labels });
    if (found === null) throw new Error('there are three classes');
    const { mean, view } = found;
    const every = await readColumns(
      Uint32Array.from({ length: n }, (_, row) => row),
      0,
      d,
    );
    const seen = seenOf(every, view);
    const rowsOf = (left: number) => [...Array(n).keys()].filter((row) => row !== left);
    const design = (row: number) => [1, ...Array.from({ length: d }, (_, at) => seen[row * d + at])];
    let trace = 0;
    for (let row = 0; row < n; row++) for (let at = 0; at < d; at++) trace += (seen[row * d + at] - mean[at]) ** 2;
    const penalty = (0.01 * trace) / d;
    for (const left of [0, 7, 23, 39]) {
      // The intercept is not penalised; scale and penalty stay those of all images.
      const normal = Array.from({ length: d + 1 }, (_, i) =>
        Array.from({ length: d + 1 }, (__, j) =>
          rowsOf(left).reduce((sum, row) => sum + design(row)[i] * design(row)[j], i === j && i > 0 ? penalty : 0),
        ),
      );
      const scores = [0, 1, 2].map((k) => {
        const right = Array.from({ length: d + 1 }, (_, i) =>
          rowsOf(left).reduce((sum, row) => sum + design(row)[i] * Number(labels[row] === k), 0),
        );
        return solve(normal, right).reduce((sum, weight, at) => sum + weight * design(left)[at], 0);
      });
      const asked = [0, 1, 2].map((ofClass) => ({ image: left, ofClass }));
      const margins = await marginsOf(found, asked, labels, readColumns);
      for (const k of [0, 1, 2]) {
        const others = Math.max(...scores.filter((_, other) => other !== k));
        expect(margins[k]).toBeCloseTo(scores[k] - others, 6);
      }
    }
  });

  it('reads no features for margins that it has kept: of the label, and of the best class', async () => {
    const found = await hardness({ ...input, labels });
    if (found === null) throw new Error('there are three classes');
    const { own, best, second, bestClass } = found;
    const refused: ReadColumns = () => Promise.reject(new Error('features were read'));
    const image = labels.findIndex((label, row) => label !== bestClass[row]);
    const kept = [labels[image], bestClass[image]].map((ofClass) => ({ image, ofClass }));
    expect([...(await marginsOf(found, kept, labels, refused))]).toEqual([own[image], best[image] - second[image]]);
    const third = 3 - labels[image] - bestClass[image];
    await expect(marginsOf(found, [{ image, ofClass: third }], labels, refused)).rejects.toThrow('were read');
  });

  it('scores images for the likest of very many classes, and seldom misses the best', async () => {
    const [images, width, many] = [3900, 24, 1300];
    const seed = stream('many classes');
    const uniform = () => seed.uint32() / 2 ** 32;
    const centres = Float32Array.from({ length: many * width }, uniform);
    const own = Int32Array.from({ length: images }, (_, row) => row % many);
    const values = Float32Array.from({ length: images * width }, (_, at) => {
      const [row, feature] = [Math.floor(at / width), at % width];
      return centres[own[row] * width + feature] + 0.3 * (uniform() - 0.5);
    });
    const read: ReadColumns = async (rows, from, to) => ({
      ...{ rows: rows.length, from, to },
      values: Float32Array.from({ length: rows.length * (to - from) }, (_, at) => {
        return values[rows[at % rows.length] * width + from + Math.floor(at / rows.length)];
      }),
    });
    const found = await hardness({ ...input, labels: own, classes: many, dimensions: width, readColumns: read });
    if (found === null) throw new Error('there are many classes');
    const { view, mean, weights, shares, leverage, best, bestClass } = found;
    let missed = 0;
    for (let row = 0; row < images; row += 13) {
      const seen = seenOf(await read(Uint32Array.of(row), 0, width), view);
      const scores = Array.from({ length: many }, (_, of) => {
        const fitted = seen.reduce((sum, each, at) => sum + (each - mean[at]) * weights[of * width + at], shares[of]);
        const target = Number(own[row] === of);
        return target - (target - fitted) / (1 - leverage[row]);
      });
      const greatest = Math.max(...scores);
      expect(best[row]).toBeCloseTo(scores[bestClass[row]], 9);
      if (greatest > best[row] + 1e-9) missed++;
    }
    // With any 256 of the classes in their place 155 of these 300 images are missed.
    expect(missed).toBeLessThanOrEqual(3);
    expect(bestClass.some((of, row) => of !== own[row])).toBe(true);
  });

  it('says nothing where all images have one label', async () => {
    expect(await hardness({ ...input, labels: new Int32Array(n) })).toBeNull();
  });

  it('bears constant features and fewer images than features', async () => {
    const constant: ReadColumns = async (rows, from, to) => ({
      ...{ rows: rows.length, from, to, values: new Float32Array(rows.length * (to - from)).fill(3) },
    });
    const few = await hardness({ ...input, labels: Int32Array.of(0, 1, 0), dimensions: 400, readColumns: constant });
    expect(few?.best.every(Number.isFinite)).toBe(true);
  });
});
