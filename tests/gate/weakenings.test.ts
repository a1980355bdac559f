import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { weakenings } from '../../src/gate/weakenings.ts';
import { pairedGroup } from './paired.ts';
import { input, inside, ROWS, rows, sample } from './plantedWeakening.ts';

const isChanges = (value: unknown): value is readonly Float64Array[] =>
  Array.isArray(value) && value.every((each) => each instanceof Float64Array);

describe('weakenings', () => {
  it('finds where right answers became less sure, and says by how much', async () => {
    const weaker = input('planted', (row) => (inside(row) ? -1.5 : 0));
    const [found, ...others] = await weakenings(weaker);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ group: 'label:a', rule: [{ feature: 2, op: '>' }] });
    expect(found.rule[0].threshold).toBeGreaterThan(0.7);
    expect(found.pValue).toBeLessThan(0.001);
    const [group] = weaker.groups;
    const steady = rows.filter(
      (row) => sample.at(row, 2) > found.rule[0].threshold && group.outcomes.every((failed) => failed[row] === 0),
    );
    expect(found.size).toBe(steady.length);
    const mean = (side: number) =>
      steady.reduce((sum, row) => sum + (weaker.confidences?.[side][row] ?? 0), 0) / steady.length;
    expect(found.after).toBeCloseTo(mean(0), 12);
    expect(found.before).toBeCloseTo(mean(1), 12);
    expect(found.after).toBeLessThan(found.before);
  });

  it('finds nothing where the candidate is as sure, surer there, or less sure everywhere', async () => {
    for (const shift of [() => 0, (row: number) => (inside(row) ? 1.5 : 0), () => -1]) {
      expect(await weakenings(input('no weakening', shift))).toEqual([]);
    }
  });

  it('says nothing where a confidence is not known', async () => {
    expect(await weakenings({ ...input('planted', () => -1), confidences: null })).toEqual([]);
  });

  it('comes out the same for any number of workers', async () => {
    const weaker = input('planted', (row) => (inside(row) ? -1.5 : 0));
    const alone = await weakenings(weaker);
    for (const threads of [1, 2]) {
      const pool = openPool(threads);
      expect(await weakenings({ ...weaker, run: pool.run })).toEqual(alone);
      await pool.close();
    }
  });
});

describe('what a weakening needs', () => {
  const weaker = input('planted', (row) => (inside(row) ? -1.5 : 0));

  it('comes out the same where a group is read some features at a time', async () => {
    const whole = await weakenings(weaker);
    expect(whole).toHaveLength(1);
    expect(await weakenings(weaker, ROWS * 2)).toEqual(whole);
    expect(await weakenings(weaker, 1)).toEqual(whole);
  });

  it('a group whose mistakes are of its images, and twenty right answers', async () => {
    const [group] = weaker.groups;
    const as = (id: string) => weakenings({ ...weaker, groups: [{ ...group, id }] });
    expect(await as('all')).toHaveLength(1);
    expect(await as('prediction:a')).toEqual([]);
    expect(await as('union:a')).toEqual([]);
    const right = (count: number) => {
      const wrong = Uint8Array.from(rows, (row) => Number(row >= count));
      return weakenings({ ...weaker, groups: [{ ...group, outcomes: [wrong, wrong] }], significance: 1 });
    };
    expect(await right(19)).toEqual([]);
    // Twenty, of which the ten with the greatest feature are less sure: half of them, as many as a region needs.
    const ten = (holds: (row: number) => boolean) => rows.filter(holds).slice(0, 10);
    const twenty = [...ten(inside), ...ten((row) => !inside(row))];
    const fewest = (members: readonly number[]) => {
      const none = new Uint8Array(members.length);
      return weakenings({ ...weaker, groups: [pairedGroup('few', members, [none, none])], significance: 1 });
    };
    expect(await fewest(twenty)).toMatchObject([{ size: 10, rule: [{ feature: 2, op: '>' }] }]);
    expect(await fewest(twenty.slice(0, 19))).toEqual([]);
  });

  it('changes against the mean of the other checkpoints, of each as if it were the candidate', async () => {
    const told: (readonly Float64Array[])[] = [];
    const run: typeof weaker.run = async (worker, task) => {
      if (typeof task === 'object' && task !== null && 'changes' in task && isChanges(task.changes))
        told.push(task.changes);
      return worker.run(task);
    };
    const [group] = weaker.groups;
    const none = new Uint8Array(ROWS);
    // Log-odds 0, 1 and 3 of even rows, 0, 2 and 7 of odd ones: centred they are 0, 0.5 and 2 less and more.
    const odds = [rows.map(() => 0), rows.map((row) => 1 + (row % 2)), rows.map((row) => 3 + 4 * (row % 2))];
    const confidences = odds.map((of) => Float64Array.from(of, (each) => 1 / (1 + Math.exp(-each))));
    await weakenings({ ...weaker, groups: [{ ...group, outcomes: [none, none, none] }], confidences, run });
    const even = [0 - (-0.5 - 2) / 2, -0.5 - (0 - 2) / 2, -2 - (0 - 0.5) / 2];
    expect(told).toHaveLength(1);
    for (const [side, changes] of (told[0] ?? []).entries()) {
      expect(changes[0]).toBeCloseTo(even[side], 9);
      expect(changes[1]).toBeCloseTo(-even[side], 9);
    }
    expect(told[0]).toHaveLength(3);
  });

  it('a fall of the mean confidence that is worth words', async () => {
    // All sure of themselves: what falls in log-odds hardly falls in confidence.
    const sure = input('planted', () => 0);
    const [candidate, accepted] = [0, 1].map((side) =>
      Float64Array.from(rows, (row) => 1 - 0.001 * (side === 0 && inside(row) ? 4 : 1) * (1 + (row % 7) / 7)),
    );
    expect(await weakenings({ ...sure, confidences: [candidate, accepted], significance: 1 })).toEqual([]);
    const less = candidate.map((each, row) => (inside(row) ? each - 0.02 : each));
    const [found] = await weakenings({ ...sure, confidences: [less, accepted] });
    expect(found).toMatchObject({ group: 'label:a', rule: [{ feature: 2, op: '>' }] });
    // Certain answers have log-odds too.
    const certain = [candidate, accepted].map((of, side) => of.map((_, row) => (side === 0 && inside(row) ? 0 : 1)));
    expect(await weakenings({ ...sure, confidences: certain })).toHaveLength(1);
  });

  it('stand by p-value, each group with its best', async () => {
    const [group] = weaker.groups;
    const half = rows.slice(0, 300);
    const some = pairedGroup(
      'b',
      half,
      group.outcomes.map((each) => each.slice(0, 300)),
    );
    const found = await weakenings({ ...weaker, groups: [some, group] });
    expect(found.map((each) => each.group).toSorted()).toEqual(['label:a', 'label:b']);
    expect(found[0].pValue).toBeLessThanOrEqual(found[1].pValue);
    const reversed = await weakenings({ ...weaker, groups: [group, some] });
    expect(reversed.map(({ pValue }) => pValue)).toEqual(found.map(({ pValue }) => pValue));
  });
});
