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
