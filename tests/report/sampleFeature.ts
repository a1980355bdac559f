import type { FeaturePage } from '../../src/report/featurePage.ts';
import { picture } from './manyClasses.ts';
import { sampleResult } from './sampleResult.ts';

/** The page of feature 33 over eight images told by hand; three of them are pictured. */
export function sampleFeature(change: Partial<FeaturePage> = {}): FeaturePage {
  const shown = ['d.png', 'b.png', 'h.png'].map(picture);
  return {
    suite: 'cifar10',
    feature: 33,
    names: new Map([[33, { name: 'buckle', kind: 'overemphasised', note: 'Shoes without it fail.' }]]),
    featureModel: { fingerprint: 'f'.repeat(64), dimensions: 128, engine: 'onnx-cpu' },
    group: 'label:automobile',
    images: ['a.png', 'b.png', 'c.png', 'd.png', 'e.png', 'f.png', 'g.png', 'h.png'],
    values: Float32Array.of(0, 0.75, 0, 1.5, 0.125, 0.25, 0, 0.5),
    pictures: { mostActivating: shown, heatmaps: shown, attacks: shown },
    result: sampleResult(),
    ...change,
  };
}
