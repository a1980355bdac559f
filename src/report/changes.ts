import type { Comparison, FailureEvent, NewlyFailed } from '../records/comparison.ts';
import { groupIdText, nameText, oneLine, sentence } from '../records/names.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import { count, counted, percent, pValue } from '../records/words.ts';
import { csvCell } from './exportFormats.ts';

/** What changed, be it enough to fail or not: what a pass tells too. */
export interface ChangesView {
  /** "Error rate 16 % -> 16.8 %: 610 images newly fail, 530 are newly right (p = 0.02, McNemar)". */
  readonly error: string;
  /** "610 images newly fail (all in newly-failed.csv), the most confident first"; null where none does. */
  readonly newlyFailed: string | null;
  /** Of them the first: "images/6.png (automobile, now truck, confidence 0.9)". */
  readonly images: readonly string[];
  readonly more: string | null;
  /** Titles of what was mended. */
  readonly mended: readonly string[];
  /** "a new cluster of about 12 to 40 newly failed images, by group, could have failed the gate"; null where nothing could. */
  readonly visible: string | null;
  /** Of each group, about how many images the smallest cluster has that could have failed the gate: "images of automobile: 12". */
  readonly visibleGroups: readonly string[];
  /** "all 10,000 images, with baseline at commit fedcba987654". */
  readonly compared: string;
}

/** Where all newly failed images of a run are listed. */
export const NEWLY_FAILED_FILE = 'newly-failed.csv';

const SHOWN = 20;

/** Null where nothing was compared. */
export function changesView({ comparison, images }: CheckpointResult): ChangesView | null {
  if (comparison === null) return null;
  const { newlyFailed, mended, groups } = comparison;
  const order = newlyFailed.some(({ confidence }) => confidence !== null) ? ', the most confident first' : '';
  const visible = groups.filter(({ smallestVisible }) => smallestVisible !== null);
  return {
    error: errorText(comparison),
    newlyFailed:
      newlyFailed.length === 0 ? null : `${newlyFail(newlyFailed.length)}${order} (all in ${NEWLY_FAILED_FILE})`,
    images: newlyFailed.slice(0, SHOWN).map(imageText),
    more: newlyFailed.length > SHOWN ? count(newlyFailed.length - SHOWN) : null,
    mended: mended.slice(0, SHOWN).map(mendedText),
    visible: visibleText(comparison),
    visibleGroups: visible.map(({ id, smallestVisible }) => `${groupIdText(id)}: ${count(smallestVisible ?? 0)}`),
    compared: comparedText(comparison, images),
  };
}

/** The same for a terminal, a line each; no line starts with text from data. */
export function changesLines(checkpoint: CheckpointResult): string[] {
  const view = changesView(checkpoint);
  if (view === null) return [];
  const first = view.images.slice(0, 3).join(', ');
  const newly = view.newlyFailed === null ? 'No image newly fails' : `${view.newlyFailed}: ${first}`;
  const visible = view.visible === null ? 'no cluster of any size could have failed the gate' : view.visible;
  return [
    `${view.error}.`,
    `${newly}${view.images.length > 3 || view.more !== null ? ', ...' : ''}`,
    ...(view.mended.length === 0 ? [] : [`Mended: ${view.mended.slice(0, 3).join('. ')}`]),
    `Compared: ${view.compared}; ${visible}`,
  ];
}

/** newly-failed.csv: every image that newly fails, of all checkpoints that were compared; null where none was. */
export function newlyFailedCsv({ checkpoints }: Result): string | null {
  const compared = checkpoints.flatMap(({ name, comparison }) => (comparison === null ? [] : [{ name, comparison }]));
  if (compared.length === 0) return null;
  const rows = compared.flatMap(({ name, comparison }) =>
    comparison.newlyFailed.map((image) => [
      ...[name, image.name, image.label, image.before, image.after],
      ...[image.confidence, image.confidenceBefore, image.event],
    ]),
  );
  const head = ['checkpoint', 'image', 'label', 'before', 'after', 'confidence', 'confidenceBefore', 'event'];
  return [head, ...rows].map((row) => `${row.map((cell) => csvCell(cell)).join(',')}\n`).join('');
}

function errorText({ groups }: Comparison): string {
  const all = groups.find(({ id }) => id === 'all');
  if (all === undefined) return 'Error rate not known';
  const { baselineErrorRate, errorRate, newlyFailed, newlyFixed } = all;
  const counts = `${newlyFail(newlyFailed)}, ${count(newlyFixed)} ${newlyFixed === 1 ? 'is' : 'are'} newly right`;
  return `Error rate ${percent(baselineErrorRate)} -> ${percent(errorRate)}: ${counts} (${pValue(all.pValue)}, McNemar)`;
}

function newlyFail(images: number): string {
  return `${counted(images, 'image')} newly ${images === 1 ? 'fails' : 'fail'}`;
}

function imageText({ name, label, before, after, confidence }: NewlyFailed): string {
  const answer = after === null ? '' : `, ${before === null ? '' : 'now '}${nameText(after, 40)}`;
  const sure = confidence === null ? '' : `, confidence ${Number(confidence.toPrecision(3))}`;
  return `${nameText(name)} (${nameText(label, 40)}${answer}${sure})`;
}

function mendedText({ title }: FailureEvent): string {
  return sentence(title, 400);
}

function visibleText({ groups }: Comparison): string | null {
  const sizes = groups.flatMap(({ smallestVisible }) => smallestVisible ?? []);
  if (sizes.length === 0) return null;
  // Not spread over arguments: there may be more groups than those have room.
  const least = sizes.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
  const most = sizes.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
  const range = least === most ? count(least) : `${count(least)} to ${count(most)}`;
  return `a new cluster of about ${range} newly failed images, by group, could have failed the gate`;
}

function comparedText({ images, baseline, baselines }: Comparison, all: number): string {
  const commit = baseline.commit === '' ? '' : ` at commit ${oneLine(baseline.commit).slice(0, 12)}`;
  const others = baselines.length > 1 ? ` and ${counted(baselines.length - 1, 'older checkpoint')}` : '';
  const which = images === all ? `all ${counted(images, 'image')}` : `${count(images)} of ${counted(all, 'image')}`;
  return `${which}, with ${nameText(baseline.checkpoint)}${commit}${others}`;
}
