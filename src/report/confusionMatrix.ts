import { nameText } from '../records/names.ts';
import { count } from '../records/words.ts';

/** How many images of a class are taken for another, by the accepted checkpoint and by this one, on the images that both have. */
export interface ConfusionCell {
  readonly label: string;
  readonly prediction: string;
  readonly before: number;
  readonly after: number;
}

/** The most classes of a matrix; for more of them, the most pairs of the list that is shown instead. */
const MOST = { classes: 30, pairs: 200 };

/** Counts pairs of label and prediction. Names are aligned with `labels`; `before` has null for an image that the accepted checkpoint was not judged on, which is then not counted. */
export function confusionCells(
  labels: readonly string[],
  before: readonly (string | null)[],
  after: readonly string[],
): ConfusionCell[] {
  const cells = new Map<string, { label: string; prediction: string; before: number; after: number }>();
  const add = (label: string, prediction: string, side: 'before' | 'after') => {
    const key = JSON.stringify([label, prediction]);
    const cell = cells.get(key) ?? { label, prediction, before: 0, after: 0 };
    cell[side]++;
    cells.set(key, cell);
  };
  for (const [at, label] of labels.entries()) {
    const [then, now] = [before[at] ?? null, after[at]];
    // An image that only one of them has tells of no change.
    if (then === null || now === undefined) continue;
    add(label, then, 'before');
    add(label, now, 'after');
  }
  return [...cells.values()];
}

/** A matrix or a list for a page. */
export interface ConfusionView {
  readonly classes: readonly string[] | null;
  readonly tables: readonly {
    readonly title: string;
    readonly rows: readonly {
      readonly label: string;
      readonly cells: readonly { readonly text: string; readonly kind: string }[];
    }[];
  }[];
  /** "automobile taken for truck: 12 -> 40 (+28)", what changed most first. */
  readonly pairs: readonly string[];
  readonly more: string | null;
}

/** The confusion matrix before, after and their difference for up to 30 classes; beyond, the pairs that changed. Null where nothing is known. */
export function confusionView(cells: readonly ConfusionCell[] | undefined): ConfusionView | null {
  if (cells === undefined || cells.length === 0) return null;
  const classes = [...new Set(cells.flatMap(({ label, prediction }) => [label, prediction]))].sort();
  const wrong = cells
    .filter(({ label, prediction, before, after }) => label !== prediction && before !== after)
    .toSorted((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before) || b.after - a.after);
  const pairs = wrong.slice(0, MOST.pairs).map(pairText);
  const more = wrong.length > MOST.pairs ? count(wrong.length - MOST.pairs) : null;
  if (classes.length > MOST.classes) return { classes: null, tables: [], pairs, more };
  const of = new Map(cells.map((cell) => [JSON.stringify([cell.label, cell.prediction]), cell]));
  const table = (title: string, value: (cell: ConfusionCell) => number, isDifference: boolean) => ({
    title,
    rows: classes.map((label) => ({
      label: nameText(label),
      cells: classes.map((prediction) => {
        const cell = of.get(JSON.stringify([label, prediction]));
        return cellView(cell === undefined ? 0 : value(cell), label === prediction, isDifference);
      }),
    })),
  });
  return {
    classes: classes.map((name) => nameText(name)),
    tables: [
      table('Difference', ({ before, after }) => after - before, true),
      table('Accepted checkpoint', ({ before }) => before, false),
      table('This checkpoint', ({ after }) => after, false),
    ],
    pairs,
    more,
  };
}

function cellView(value: number, isRight: boolean, isDifference: boolean) {
  const text =
    value === 0 ? '' : `${isDifference && value > 0 ? '+' : ''}${value < 0 ? '-' : ''}${count(Math.abs(value))}`;
  const worse = isDifference && value !== 0 && value > 0 !== isRight;
  const better = isDifference && value !== 0 && value > 0 === isRight;
  return { text, kind: worse ? 'worse' : better ? 'better' : isRight ? 'diagonal' : 'plain' };
}

function pairText({ label, prediction, before, after }: ConfusionCell): string {
  const change = after - before;
  return `${nameText(label)} taken for ${nameText(prediction)}: ${count(before)} → ${count(after)} (${change > 0 ? '+' : '-'}${count(Math.abs(change))})`;
}
