import { UserError } from '../errors.ts';
import type { Group, Grouping } from '../records/analysis.ts';
import type { PairedGroup } from '../records/comparison.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';

/** A group before anyone's failures are looked up. */
interface Members {
  readonly id: string;
  readonly grouping: Grouping;
  readonly value: string;
  /** Ascending. */
  readonly rows: readonly number[];
  readonly fails: (checkpoint: Checkpoint, row: number) => boolean;
}

/**
 * The groups that specs name, in the order of the specs and without repeats: `all`, `label`, `prediction`,
 * `confusion`, `union`, `label:CLASS`, `prediction:CLASS`, `union:CLASS`, `column:NAME`. A group may be empty. Throws a UserError for
 * a spec, class or column that does not exist, and for groupings by prediction where only failures are known.
 */
export function groupsOf(specs: readonly string[], evalSet: EvalSet, checkpoint: Checkpoint): Group[] {
  return membersOf(specs, evalSet, [checkpoint]).map(({ id, grouping, value, rows, fails }) => ({
    id,
    grouping,
    value,
    rows: Uint32Array.from(rows),
    failed: Uint8Array.from(rows, (row) => Number(fails(checkpoint, row))),
  }));
}

/**
 * The same groups for several checkpoints, candidate first: a group's rows are those that belong to it under any of
 * them (for `prediction:k`, the images that any predicts as k), and each checkpoint has its own failures there.
 */
export function pairedGroupsOf(
  specs: readonly string[],
  evalSet: EvalSet,
  checkpoints: readonly Checkpoint[],
): PairedGroup[] {
  return membersOf(specs, evalSet, checkpoints).map(({ id, grouping, value, rows, fails }) => ({
    id,
    grouping,
    value,
    rows: Uint32Array.from(rows),
    outcomes: checkpoints.map((checkpoint) => Uint8Array.from(rows, (row) => Number(fails(checkpoint, row)))),
  }));
}

function membersOf(specs: readonly string[], evalSet: EvalSet, checkpoints: readonly Checkpoint[]): Members[] {
  const groups = new Map<string, Members>();
  for (const spec of specs)
    for (const members of membersOfSpec(spec, evalSet, checkpoints))
      if (!groups.has(members.id)) groups.set(members.id, members);
  return [...groups.values()];
}

function membersOfSpec(spec: string, evalSet: EvalSet, checkpoints: readonly Checkpoint[]): Members[] {
  const colon = spec.indexOf(':');
  const name = colon < 0 ? spec : spec.slice(0, colon);
  const argument = colon < 0 ? null : spec.slice(colon + 1);
  if (name === 'all' && argument === null) return [wholeSet(evalSet)];
  if (name === 'column' && argument !== null) return byColumn(argument, evalSet);
  if (name === 'confusion' && argument === null) return byConfusion(spec, evalSet, checkpoints);
  if (name === 'label' || name === 'prediction' || name === 'union') {
    const chosen = argument === null ? evalSet.classes : [knownClass(argument, spec, evalSet)];
    const groups = byClass(name, spec, evalSet, checkpoints);
    return groups.filter(({ value }) => chosen.includes(value));
  }
  throw new UserError({
    what: 'no such grouping',
    where: `groups: ${spec}`,
    fix: 'Use all, label, prediction, confusion, union, union:CLASS or column:NAME',
  });
}

function wholeSet({ images }: EvalSet): Members {
  return { id: 'all', grouping: 'all', value: 'all', rows: [...images.keys()], fails: isWrong };
}

function byColumn(name: string, { columns }: EvalSet): Members[] {
  const texts = columns.get(name);
  if (texts === undefined)
    throw new UserError({
      what: `the manifest has no column "${name}"`,
      where: `groups: column:${name}`,
      fix: columns.size === 0 ? 'Add the column to the manifest' : `Use one of: ${listOf([...columns.keys()])}`,
    });
  const buckets = bucketsOf(texts.length, (row) => [texts[row]]);
  return [...buckets.keys()].sort().map((value) => ({
    id: `${name}:${value}`,
    grouping: 'column',
    value,
    rows: buckets.get(value) ?? [],
    fails: isWrong,
  }));
}

function byClass(
  grouping: 'label' | 'prediction' | 'union',
  spec: string,
  { classes, labels }: EvalSet,
  checkpoints: readonly Checkpoint[],
): Members[] {
  const predictions = grouping === 'label' ? [] : checkpoints.map((checkpoint) => predictionsOf(checkpoint, spec));
  const buckets = bucketsOf(labels.length, (row) => {
    const predicted = predictions.map((each) => each[row]);
    return grouping === 'prediction' ? predicted : [labels[row], ...predicted];
  });
  return classes.map((value, k) => ({
    id: `${grouping}:${value}`,
    grouping,
    value,
    rows: buckets.get(k) ?? [],
    fails:
      grouping === 'label'
        ? isWrong
        : (checkpoint, row) => {
            const predicted = checkpoint.predictions?.[row] === k;
            const labelled = labels[row] === k;
            return grouping === 'prediction' ? predicted && !labelled : predicted !== labelled;
          },
  }));
}

/** One group for each two classes that some checkpoint takes for one another. */
function byConfusion(spec: string, { classes, labels }: EvalSet, checkpoints: readonly Checkpoint[]): Members[] {
  const predictions = checkpoints.map((checkpoint) => predictionsOf(checkpoint, spec));
  const cell = (label: number, prediction: number) => label * classes.length + prediction;
  const cells = bucketsOf(labels.length, (row) => predictions.map((each) => cell(labels[row], each[row])));
  const pairs = new Set<number>();
  for (const at of cells.keys()) {
    const [label, prediction] = [Math.floor(at / classes.length), at % classes.length];
    if (label !== prediction) pairs.add(cell(Math.min(label, prediction), Math.max(label, prediction)));
  }
  return [...pairs]
    .sort((a, b) => a - b)
    .map((pair) => {
      const [a, b] = [Math.floor(pair / classes.length), pair % classes.length];
      const rows = [cell(a, a), cell(a, b), cell(b, a), cell(b, b)].flatMap((at) => cells.get(at) ?? []);
      const value = `${classes[a]}~${classes[b]}`;
      return {
        id: `confusion:${value}`,
        grouping: 'confusion',
        value,
        rows: [...new Set(rows)].sort((x, y) => x - y),
        fails: (checkpoint, row) => checkpoint.predictions?.[row] === (labels[row] === a ? b : a),
      };
    });
}

/** Rows, ascending and without repeats, under each of their keys. */
function bucketsOf<Key>(rows: number, keysOf: (row: number) => readonly Key[]): Map<Key, number[]> {
  const buckets = new Map<Key, number[]>();
  for (let row = 0; row < rows; row++) {
    for (const key of keysOf(row)) {
      const bucket = buckets.get(key);
      if (bucket === undefined) buckets.set(key, [row]);
      else if (bucket[bucket.length - 1] !== row) bucket.push(row);
    }
  }
  return buckets;
}

function isWrong({ failed }: Checkpoint, row: number): boolean {
  return failed[row] === 1;
}

function predictionsOf({ name, predictions }: Checkpoint, spec: string): Int32Array {
  if (predictions !== null) return predictions;
  throw new UserError({
    what: `checkpoint "${name}" comes with a "failed" column and no predictions`,
    where: `groups: ${spec}`,
    fix: 'Give its predictions, or group by all, label or column:NAME',
  });
}

function knownClass(name: string, spec: string, { classes }: EvalSet): string {
  if (classes.includes(name)) return name;
  throw new UserError({
    what: `there is no class "${name}"`,
    where: `groups: ${spec}`,
    fix: `Use one of: ${listOf(classes)}`,
  });
}

function listOf(names: readonly string[]): string {
  return names.length <= 12 ? names.join(', ') : `${names.slice(0, 12).join(', ')} ... (${names.length} in all)`;
}
