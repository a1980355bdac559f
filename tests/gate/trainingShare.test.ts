import { describe, expect, it } from 'vitest';
import { type CountedClass, classesOfEvent, clusterFor, trainingEvidence } from '../../src/gate/trainingShare.ts';
import { sampleCluster, sampleEvent } from '../report/sampleResult.ts';

const counted = (own: readonly [number, number], trained: readonly [number, number]): CountedClass => ({
  ...{ className: 'car', cluster: 'label:car#1' },
  evalSet: { inside: own[0], images: own[1] },
  trainingSet: { inside: trained[0], images: trained[1] },
});
const findings = (classes: readonly CountedClass[]) =>
  trainingEvidence([{ classes, untested: null }], 0.01).flatMap((each) => each.classes);

describe('trainingEvidence', () => {
  it('is Fisher’s exact test, worked by hand', () => {
    // Of 10 images 3 lie inside, all in the eval set of 4: C(4, 3) / C(10, 3) = 4 / 120.
    expect(findings([counted([3, 4], [0, 6])])[0].pValue).toBeCloseTo(4 / 120, 12);
  });

  it.each([
    ['missing', [69, 1000], [54, 4008]],
    ['present', [69, 1000], [341, 5000]],
    // A share of exactly half, as counts, is missing; one image more is not.
    ['missing', [200, 1000], [1000, 10_000]],
    ['fewer', [200, 1000], [1001, 10_000]],
    ['unclear', [3, 100], [0, 20]],
    ['present', [0, 100], [5, 20]],
  ] as const)('finds %s: %j of the eval set, %j of the training set', (finding, own, trained) => {
    expect(findings([counted(own, trained)])[0].finding).toBe(finding);
  });

  it('adjusts by Holm over all events and classes of a run', () => {
    const [first, second] = trainingEvidence(
      [
        { classes: [counted([3, 4], [0, 6])], untested: null },
        { classes: [counted([3, 4], [0, 6]), counted([1, 2], [1, 2])], untested: 'so' },
      ],
      0.01,
    );
    expect(first.classes[0].adjustedPValue).toBeCloseTo((3 * 4) / 120, 12);
    expect(second.classes[1].adjustedPValue).toBeCloseTo(5 / 6, 12);
    expect(second.untested).toBe('so');
  });
});

describe('what of an event is counted', () => {
  const [image] = sampleEvent().images;
  const of = (...labels: readonly string[]) => ({ images: labels.map((label) => ({ ...image, label })) });

  it('are classes of a fifth of its images or more, the most frequent first', () => {
    expect(classesOfEvent(of('b', 'a', 'a', 'a', 'a'))).toEqual(['a', 'b']);
    expect(classesOfEvent(of('b', 'a', 'a', 'a', 'a', 'a'))).toEqual(['a']);
    expect(classesOfEvent(of('a', 'b', 'c', 'd', 'e', 'f'))).toEqual([]);
    expect(classesOfEvent(of('b', 'a'))).toEqual(['a', 'b']);
    expect(classesOfEvent(of('a', 'b'))).toEqual(['a', 'b']);
    expect(() => clusterFor({ clusters: ['no longer there'] }, 'a', [])).toThrow('no longer there');
  });

  it('is by the rule of the class’s own group, else of the first cluster that has one', () => {
    const clusters = [
      sampleCluster({ id: 'all#1', group: 'all', rule: [] }),
      sampleCluster({ id: 'prediction:truck#1', group: 'prediction:truck' }),
      sampleCluster({ id: 'label:automobile#1', group: 'label:automobile' }),
      sampleCluster({ id: 'label:automobile#2', group: 'label:automobile' }),
    ];
    const ids = ['all#1', 'prediction:truck#1', 'label:automobile#1'];
    expect(clusterFor({ clusters: ids }, 'automobile', clusters)?.id).toBe('label:automobile#1');
    expect(clusterFor({ clusters: ids }, 'cat', clusters)?.id).toBe('prediction:truck#1');
    expect(clusterFor({ clusters: ['all#1'] }, 'automobile', clusters)).toBeNull();
  });
});
