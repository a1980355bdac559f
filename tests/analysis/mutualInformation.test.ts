import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { mutualInformation, selectFeatures } from '../../src/analysis/mutualInformation.ts';

/** Draws awkward matrices and prints them with scikit-learn's estimates. */
const script = `
import json, sys
import numpy as np, sklearn
from sklearn.feature_selection import mutual_info_classif
assert sklearn.__version__ == '1.2.1'
random, cases = np.random.RandomState(7), []
for failures in (1, 2, 3, 4, 5, 6, 7, 8, 9, 30, 100):
    for n in (131, 258, 400):
        x = random.standard_normal((n, 9))
        y = np.zeros(n, bool)
        y[random.permutation(n)[:failures]] = True
        x[:, 0] += y
        x[:, 1] *= 1e6
        x[:, 2] *= 1e-9
        if failures > 7:
            x[:, 3] = np.maximum(0, x[:, 3])
            x[:, 4] = np.round(2 * x[:, 4])
            x[:, 5] = 0
            x[:, 6] = 3.7
            x[:, 7] = x[:, 7] < 0.3
            x[:, 8] = np.round(4 * x[:, 8]) / 4 + 100
        x = x.astype(np.float32)
        for neighbours in (3, 1, 5):
            cases.append(dict(x=x.T.astype(float).tolist(), y=y.astype(int).tolist(), neighbours=neighbours,
                              information=mutual_info_classif(x, y, random_state=0, n_neighbors=neighbours).tolist()))
json.dump(cases, sys.stdout)
`;

import { PYTHON } from '../extras.ts';

const { status, stdout } = spawnSync(PYTHON, ['-c', script], { encoding: 'utf8', maxBuffer: 2 ** 28 });

interface Case {
  readonly x: number[][];
  readonly y: number[];
  readonly neighbours: number;
  readonly information: number[];
}

describe('mutualInformation', () => {
  it.skipIf(status !== 0)(
    'agrees with scikit-learn on ties, constants, scales and tiny classes (skipped where /usr/bin/python3 has no scikit-learn 1.2.1)',
    () => {
      // Tied values in a class of 7 or fewer are left out: there the last bit of NumPy's logarithm decides.
      const cases: Case[] = JSON.parse(stdout);
      for (const { x, y, neighbours, information } of cases) {
        const columns = { rows: y.length, from: 0, to: x.length, values: Float32Array.from(x.flat()) };
        const ours = mutualInformation(columns, x.length, Uint8Array.from(y), neighbours);
        for (const [j, value] of ours.entries()) expect(Math.abs(value - information[j])).toBeLessThan(1e-9);
      }
    },
  );

  /** Columns that any language makes the same: noise, noise that failures shift, few values, one, large, cut off, mixed and tiny ones. */
  function columnOf(kind: number, rows: number, failed: Uint8Array): number[] {
    return Array.from({ length: rows }, (_, row) => {
      const noise = ((row * 7919 + kind * 104_729) % 1009) / 64;
      const isFailed = failed[row] === 1;
      switch (kind) {
        case 1:
          return noise + (isFailed ? 4 : 0);
        case 2:
          return row % 3;
        case 3:
          return 3.75;
        case 4:
          return (noise - 8) * 2 ** 20;
        case 5:
          return Math.max(0, noise - 9);
        case 6:
          return Math.floor(noise / 4) + (isFailed ? row % 2 : 0);
        case 7:
          return (isFailed ? noise : 16 - noise) / 2 ** 20;
        default:
          return noise;
      }
    });
  }

  // By scikit-learn 1.2.1: mutual_info_classif(x, y, random_state=0, n_neighbors=k), x float32.
  it.each<[number, number, number, number[]]>([
    [40, 3, 3, [0.0, 0.127379174168047, 0.6601234090997818, 0.0, 0.0, 0.0, 0.0, 0.0]],
    [300, 4, 3, [0.0, 0.0643522291842551, 0.0, 0.0, 0.0, 0.0, 0.004510072424431133, 0.0]],
    [
      300,
      60,
      3,
      [
        0.0020022511003809917, 0.009977186902582424, 0.0144650212379126, 0.07277921587412306, 0.0,
        0.0006981473852383235, 0.0, 0.0005336995480229589,
      ],
    ],
    [170, 2, 1, [0.0, 0.0, 0.012665634850894045, 0.09599896818422737, 0.0, 0.0, 0.0289821614615383, 0.0]],
    [
      90,
      45,
      5,
      [
        0.015032774032109009, 0.0800301641605583, 0.09331499661205744, 0.0, 0.0023280539836860736, 0.0,
        0.030504626802737356, 0.0,
      ],
    ],
    [
      20,
      20,
      3,
      [
        1.1102230246251565e-16, 1.1102230246251565e-16, 1.1102230246251565e-16, 1.1102230246251565e-16,
        1.1102230246251565e-16, 1.1102230246251565e-16, 1.1102230246251565e-16, 1.1102230246251565e-16,
      ],
    ],
    [
      60,
      7,
      30,
      [
        0.0, 0.07332335060990758, 0.0, 2.5554136254542823, 0.024873295185947608, 0.05036001491859432,
        0.0033555530743032413, 0.0007180088480822633,
      ],
    ],
  ])('is that of scikit-learn: %i rows, every %ith fails, %i neighbours', (rows, every, neighbours, expected) => {
    const failed = Uint8Array.from({ length: rows }, (_, row) => Number(row % every === 0));
    const values = Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7].flatMap((kind) => columnOf(kind, rows, failed)));
    const found = mutualInformation({ rows, from: 0, to: 8, values }, 8, failed, neighbours);
    for (const [at, value] of found.entries()) expect(Math.abs(value - expected[at])).toBeLessThan(1e-9);
  });

  it('gives a block of columns what it gives them in the whole matrix', () => {
    const rows = 60;
    const values = Float32Array.from({ length: rows * 10 }, (_, i) => Math.max(0, Math.sin(i * i)));
    const failed = Uint8Array.from({ length: rows }, (_, row) => Number(row % 5 === 0));
    const whole = mutualInformation({ rows, from: 0, to: 10, values }, 10, failed, 3);
    const block = { rows, from: 4, to: 9, values: values.slice(4 * rows, 9 * rows) };
    expect(mutualInformation(block, 10, failed, 3)).toEqual(whole.slice(4, 9));
  });
});

describe('selectFeatures', () => {
  it('takes the most informative first, equal ones by the smaller feature', () => {
    const selected = selectFeatures(Float64Array.of(0, 0.5, 0.2, 0.5, 0.7, 0.2), 5);
    expect(selected.map(({ feature }) => feature)).toEqual([4, 1, 3, 2, 5]);
    expect(selected[0].mutualInformation).toBe(0.7);
    expect(selectFeatures(Float64Array.of(1, 2), 50)).toHaveLength(2);
  });
});
