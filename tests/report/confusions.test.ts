import { expect, it } from 'vitest';
import type { Checkpoint, EvalSet } from '../../src/records/evalSet.ts';
import { confusionsOf } from '../../src/report/confusions.ts';
import { keyOf } from '../../src/report/pictures.ts';
import { sampleCheckpoint, sampleCluster, sampleResult } from './sampleResult.ts';

const classes = ['automobile', 'cat', 'ship', 'truck'];
const images = ['a', 'b', 'c', 'd'];
const labels = Int32Array.of(0, 0, 1, 0);
const evalSet: EvalSet = { images, folder: null, classes, labels, columns: new Map(), fingerprint: '' };

const checkpoint = (name: string, predictions: Int32Array | null): Checkpoint => ({
  name,
  predictions,
  failed: Uint8Array.of(1, 1, 1, 1),
  confidence: null,
});

it('counts what failing images are taken for or, where they are taken for one class, what they are; a checkpoint each', () => {
  const sample = sampleCheckpoint();
  const comparison = sample.comparison && {
    ...sample.comparison,
    clusters: [
      sampleCluster({ id: 'label', group: 'label:automobile', images: ['a', 'b', 'd', 'gone'] }),
      sampleCluster({ id: 'prediction', group: 'prediction:truck', images: ['a', 'b', 'c'] }),
    ],
  };
  const names = ['one', 'other', 'untold'];
  const result = sampleResult({ checkpoints: names.map((name) => ({ ...sample, name, comparison })) });
  const found = confusionsOf(result, evalSet, [
    checkpoint('one', Int32Array.of(3, 3, 3, 2)),
    checkpoint('other', Int32Array.of(1, 2, 3, 1)),
    checkpoint('untold', null),
  ]);
  const known = [
    { className: 'automobile', images: 2 },
    { className: 'cat', images: 1 },
  ];
  expect(found).toEqual(
    new Map([
      [
        keyOf('one', 'label'),
        [
          { className: 'truck', images: 2 },
          { className: 'ship', images: 1 },
        ],
      ],
      [keyOf('one', 'prediction'), known],
      [
        keyOf('other', 'label'),
        [
          { className: 'cat', images: 2 },
          { className: 'ship', images: 1 },
        ],
      ],
      [keyOf('other', 'prediction'), known],
    ]),
  );
});
