import { UserError } from '../errors.ts';
import { entry, lookUp } from './entry.ts';
import type { Checkpoint, EvalSet } from './evalSet.ts';

/** A group before anyone's failures are looked up. */
export interface Members {
  readonly id: string;
  readonly value: string;
  /** Eval-set rows, ascending. */
  readonly rows: readonly number[];
  /** Whether an image of the group fails: a property of the image and one checkpoint's prediction. */
  readonly fails: (checkpoint: Checkpoint, row: number) => boolean;
}

/** What is asked for: `spec` as it is written, with what stands after its colon. */
interface Asked {
  readonly spec: string;
  readonly argument: string | null;
  readonly evalSet: EvalSet;
  /** A group holds the images that belong to it under any of them. */
  readonly checkpoints: readonly Checkpoint[];
}

/** A kind of group: all that the project knows of it. */
interface Row {
  readonly name: string;
  /** What `analyse` takes; capitals stand for a name. */
  readonly specs: readonly string[];
  /** Those of them that barlow.yml takes. */
  readonly inConfig: readonly string[];
  /** How ids of its groups read. */
  readonly ids: string;
  /** What gives the group of an id, among others perhaps. */
  readonly specOf: (id: string) => string;
  /** Whether predictions decide who belongs to it: where only failures are known there is none. */
  readonly byPrediction: boolean;
  /** In words; `name` is its value, fit to print. */
  readonly words: (name: string) => string;
  /** What tells of a failing image of it: what it is taken for, or what it is. */
  readonly tells: 'label' | 'prediction';
  /** Whose images there can be more of, before "that show ...". */
  readonly collect: string;
  /**
   * What its failures are mistakes of: taking an image for another class than its label, taking one of another class for the
   * group's class (images of that class cannot fail), or putting one on the other side of the group's class.
   */
  readonly mistake: 'other class' | 'taken for it' | 'either side';
  /** Whether it holds the images of one class and no others, so that shares of it are shares of the class. */
  readonly isClass: boolean;
  readonly members: (asked: Asked) => Members[];
}

/** The kinds of group, a row each. `tests/records/groupKinds.test.ts` holds the schemas and docs to them. */
export const groupKinds = [
  {
    ...{ name: 'label', specs: ['label', 'label:CLASS'], inConfig: ['label'], ids: 'label:CLASS' },
    ...{ specOf: (id) => id, byPrediction: false, tells: 'prediction', collect: 'of the class ', isClass: true },
    mistake: 'other class',
    words: (name) => `images of ${name}`,
    members: (asked) =>
      byClass(asked, {
        classesOf: (row) => [entry(asked.evalSet.labels, row)],
        fails: () => isWrong,
      }),
  },
  {
    ...{ name: 'prediction', specs: ['prediction', 'prediction:CLASS'], inConfig: ['prediction'] },
    ...{ ids: 'prediction:CLASS', specOf: (id) => id, byPrediction: true, tells: 'label', isClass: false },
    ...{ collect: 'of the classes that these are in truth, ', mistake: 'taken for it' },
    words: (name) => `images predicted as ${name}`,
    members: (asked) => {
      const predictions = predictionsOf(asked);
      return byClass(asked, {
        classesOf: (row) => predictions.map((each) => entry(each, row)),
        fails: (k) => (checkpoint, row) => checkpoint.predictions?.[row] === k && asked.evalSet.labels[row] !== k,
      });
    },
  },
  {
    ...{ name: 'all', specs: ['all'], inConfig: ['all'], ids: 'all', specOf: (id) => id, byPrediction: false },
    ...{ tells: 'prediction', collect: '', isClass: false, mistake: 'other class', words: () => 'all images' },
    members: ({ evalSet }) => [{ id: 'all', value: 'all', rows: [...evalSet.images.keys()], fails: isWrong }],
  },
  {
    ...{ name: 'confusion', specs: ['confusion'], inConfig: ['confusion'], ids: 'confusion:A~B' },
    ...{ specOf: () => 'confusion', byPrediction: true, tells: 'prediction', collect: '', isClass: false },
    mistake: 'other class',
    words: (name) => `images of ${name.replace('~', ' and ')}, taken for one of the two`,
    members: byConfusion,
  },
  {
    ...{ name: 'union', specs: ['union', 'union:CLASS'], inConfig: ['union:CLASS'], ids: 'union:CLASS' },
    ...{ specOf: (id) => id, byPrediction: true, tells: 'prediction', collect: '', isClass: false },
    mistake: 'either side',
    words: (name) => `images that are or are taken for ${name}`,
    members: (asked) => {
      const predictions = predictionsOf(asked);
      const { labels } = asked.evalSet;
      return byClass(asked, {
        classesOf: (row) => [entry(labels, row), ...predictions.map((each) => entry(each, row))],
        fails: (k) => (checkpoint, row) => (checkpoint.predictions?.[row] === k) !== (labels[row] === k),
      });
    },
  },
  {
    ...{ name: 'column', specs: ['column:NAME'], inConfig: ['column:NAME'], ids: 'COLUMN:VALUE' },
    ...{ specOf: (id) => `column:${partsOf(id).head}`, byPrediction: false, tells: 'prediction', collect: '' },
    ...{ isClass: false, mistake: 'other class', words: (name) => `images with ${name}` },
    members: byColumn,
  },
] as const satisfies readonly Row[];

export type GroupKind = (typeof groupKinds)[number];
export type Grouping = GroupKind['name'];

/** "all, label:CLASS, ... or COLUMN:VALUE": how groups are named where one is asked for. */
export const groupIds = inWords(['all', ...groupKinds.filter(({ name }) => name !== 'all').map(({ ids }) => ids)]);

/**
 * The groups that a spec names, some of them without images. Their kind comes with them.
 *
 * @throws UserError for a spec, class or column that does not exist, for a column that has the name of a kind, and where
 *   predictions decide and only failures are known
 */
export function membersOf(
  spec: string,
  evalSet: EvalSet,
  checkpoints: readonly Checkpoint[],
): { readonly grouping: Grouping; readonly members: Members[] } {
  const { head, rest: argument } = partsOf(spec);
  const kind = groupKinds.find(
    ({ name, specs }) => name === head && specs.some((form) => form.includes(':') === (argument !== null)),
  );
  if (kind !== undefined) {
    return { grouping: kind.name, members: kind.members({ spec, argument, evalSet, checkpoints }) };
  }
  throw new UserError({
    what: 'no such grouping',
    where: `groups: ${spec}`,
    fix: `Use ${inWords(groupKinds.flatMap(({ specs }) => specs))}`,
  });
}

/** What an id says: the kind of its group, and the value; for a column also which (`colour` of `colour:red`). */
export function groupOfId(id: string): {
  readonly kind: GroupKind;
  readonly value: string;
  readonly column: string | null;
} {
  const { head, rest } = partsOf(id);
  const kind = groupKinds.find(({ name, ids }) => name === head && ids.startsWith(`${name}:`) === (rest !== null));
  if (kind !== undefined && kind.name !== 'column') return { kind, value: rest ?? head, column: null };
  return rest === null
    ? { kind: kindNamed('all'), value: id, column: null }
    : { kind: kindNamed('column'), value: rest, column: head };
}

function kindNamed(name: Grouping): GroupKind {
  const kind = groupKinds.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`no kind of group ${name}`);
  return kind;
}

/** What stands before and after the first colon; `rest` is null where there is none. */
function partsOf(text: string): { readonly head: string; readonly rest: string | null } {
  const colon = text.indexOf(':');
  return colon < 0 ? { head: text, rest: null } : { head: text.slice(0, colon), rest: text.slice(colon + 1) };
}

/** A group a class, or that of the class asked for. */
function byClass(
  { spec, argument, evalSet }: Asked,
  kind: {
    /** Classes whose groups an image belongs to. */
    readonly classesOf: (row: number) => readonly number[];
    readonly fails: (classIndex: number) => Members['fails'];
  },
): Members[] {
  const { classes, labels } = evalSet;
  if (argument !== null && !classes.includes(argument)) {
    throw new UserError({
      what: `there is no class "${argument}"`,
      where: `groups: ${spec}`,
      fix: `Use one of: ${listOf(classes)}`,
    });
  }
  const buckets = bucketsOf(labels.length, kind.classesOf);
  const { head } = partsOf(spec);
  // A class may have no images.
  return classes.flatMap((value, k) =>
    argument === null || value === argument
      ? [{ id: `${head}:${value}`, value, rows: buckets.get(k) ?? [], fails: kind.fails(k) }]
      : [],
  );
}

/** One group for each two classes that some checkpoint takes for one another. */
function byConfusion(asked: Asked): Members[] {
  const { classes, labels } = asked.evalSet;
  const predictions = predictionsOf(asked);
  const cell = (label: number, prediction: number) => label * classes.length + prediction;
  const cells = bucketsOf(labels.length, (row) =>
    predictions.map((each) => cell(entry(labels, row), entry(each, row))),
  );
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
        value,
        rows: [...new Set(rows)].sort((x, y) => x - y),
        fails: (checkpoint, row) => checkpoint.predictions?.[row] === (labels[row] === a ? b : a),
      };
    });
}

function byColumn({ spec, argument, evalSet: { columns } }: Asked): Members[] {
  if (argument === null) throw new Error(`the grouping ${spec} names no column`);
  const name = argument;
  if (groupKinds.some((kind) => kind.name === name && kind.ids.startsWith(`${name}:`))) {
    throw new UserError({
      what: `the column "${name}" has the name of a kind of group, so that reports could not tell the two apart`,
      where: `groups: ${spec}`,
      fix: 'Rename the column in the manifest',
    });
  }
  const texts = columns.get(name);
  if (texts === undefined) {
    throw new UserError({
      what: `the manifest has no column "${name}"`,
      where: `groups: ${spec}`,
      fix: columns.size === 0 ? 'Add the column to the manifest' : `Use one of: ${listOf([...columns.keys()])}`,
    });
  }
  const buckets = bucketsOf(texts.length, (row) => [entry(texts, row)]);
  return [...buckets.keys()].sort().map((value) => ({
    id: `${name}:${value}`,
    value,
    rows: lookUp(buckets, value),
    fails: isWrong,
  }));
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

function predictionsOf({ spec, checkpoints }: Asked): Int32Array[] {
  return checkpoints.map(({ name, predictions }) => {
    if (predictions !== null) return predictions;
    throw new UserError({
      what: `checkpoint "${name}" comes with a "failed" column and no predictions`,
      where: `groups: ${spec}`,
      fix: 'Give its predictions, or group by all, label or column:NAME',
    });
  });
}

function listOf(names: readonly string[]): string {
  return names.length <= 12 ? names.join(', ') : `${names.slice(0, 12).join(', ')} ... (${names.length} in all)`;
}

function inWords(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`;
}
