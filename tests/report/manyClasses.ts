import { readFileSync } from 'node:fs';
import type { GroupAnalysis } from '../../src/records/analysis.ts';
import type { Cluster } from '../../src/records/comparison.ts';
import type { ConfusionCell } from '../../src/report/confusionMatrix.ts';
import { type EventPictures, keyOf, type LabelledPicture } from '../../src/report/pictures.ts';
import type { ReportInput } from '../../src/report/view.ts';
import {
  sampleCheckpoint,
  sampleCluster,
  sampleEvent,
  sampleGroup,
  sampleInput,
  sampleResult,
} from './sampleResult.ts';

const png = readFileSync(new URL('../../examples/cifar10/images/00081.png', import.meta.url)).toString('base64');
const uri = `data:image/png;base64,${png}`;

/** A small picture of that name. */
export function picture(image: string): LabelledPicture {
  return { image, uri, width: 32, height: 32, label: 'automobile', prediction: 'truck' };
}

const pictures = (count: number) => Array.from({ length: count }, (_, i) => picture(`images/${i}.png`));

/** Forty images of an event, each with three neighbours. */
function eventPictures(): EventPictures {
  const failing = pictures(40);
  const neighbours = new Map(pictures(50).map((each) => [each.image, { ...each, prediction: 'automobile' }]));
  const near = ['images/41.png', 'images/42.png', 'images/43.png'];
  return {
    failing,
    right: pictures(6),
    unlabelled: pictures(8),
    neighbours,
    alike: new Map(failing.map(({ image }) => [image, near])),
  };
}

/** A run over `classes` classes, two groupings, with `clusters` new clusters, everything that a report shows filled in. */
export function manyClasses(classes: number, clusters: number, pad = ''): ReportInput {
  const names = Array.from({ length: classes }, (_, i) => `class ${i}${pad}`);
  const grown = (grouping: 'label' | 'prediction'): GroupAnalysis[] =>
    names.map((value, i) => {
      const baseErrorRate = ((i * 37) % 100) / 250;
      return sampleGroup({
        id: `${grouping}:${value}`,
        grouping,
        value,
        baseErrorRate,
        failures: i,
        aler: baseErrorRate + ((i * 53) % 60) / 100,
      });
    });
  const groups = [...grown('label'), ...grown('prediction')];
  const found: Cluster[] = Array.from({ length: clusters }, (_, i) =>
    sampleCluster({
      id: `${groups[i % groups.length].id}#${i}`,
      group: groups[i % groups.length].id,
      rule: [
        { feature: 2 * i, op: '>', threshold: 0.4 },
        { feature: 2 * i + 1, op: '<=', threshold: 0.2 },
      ],
      status: i % 4 === 3 ? 'worsened' : 'new',
      scope: i % 2 === 0 ? 'specific' : 'general',
      images: Array.from({ length: 36 }, (_, image) => `images/${image}.png`),
    }),
  );
  const sample = sampleCheckpoint();
  const comparison = sample.comparison && { ...sample.comparison, clusters: [...found, ...sample.comparison.clusters] };
  const features = Array.from({ length: 2 * clusters }, (_, feature) => {
    const six = pictures(6);
    return [feature, { mostActivating: six, heatmaps: six, attacks: six }] as const;
  });
  const events = found.filter(({ status }) => status === 'new').map(({ id }) => sampleEvent({ id, clusters: [id] }));
  return sampleInput(sampleResult({ checkpoints: [{ ...sample, groups, comparison, events }] }), {
    featureNames: new Map([[0, { name: `buckle${pad}`, kind: 'spurious', note: 'A note.' }]]),
    pictures: {
      events: new Map(events.slice(0, 100).map(({ id }) => [keyOf(sample.name, id), eventPictures()])),
      clusters: new Map(
        found.map((cluster) => [keyOf(sample.name, cluster.id), { failing: pictures(12), right: pictures(6) }]),
      ),
      leaves: new Map(
        groups
          .slice(0, 100)
          .flatMap((group) =>
            group.leaves.map((leaf) => [keyOf(sample.name, leaf.id), { failing: pictures(6), right: pictures(6) }]),
          ),
      ),
      features: new Map(features),
    },
    confusions: new Map(
      found.map((cluster) => [keyOf(sample.name, cluster.id), [{ className: `truck${pad}`, images: 20 }]]),
    ),
    matrices: new Map([[sample.name, cellsOf(names)]]),
    history: Array.from({ length: 30 }, (_, i) => ({
      ...{ commit: `${i}a2b3c4d5e6f`, checkpoint: `run ${i}`, createdAt: '2026-01-01T00:00:00.000Z' },
      ...{ images: 10_000, failures: 1_600 + 10 * i, meanAler: 0.4 },
    })),
    configText: 'version: 1\nname: cifar10\n',
  });
}

/** Every class taken for itself and for the next. */
function cellsOf(names: readonly string[]): ConfusionCell[] {
  return names.flatMap((label, at) => [
    { label, prediction: label, before: 90, after: 80 },
    { label, prediction: names[(at + 1) % names.length], before: 10, after: 20 + at },
  ]);
}
