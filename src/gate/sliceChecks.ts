import type { SliceResult } from '../records/slices.ts';
import type { AcceptedEvent, Check, CheckRule } from '../records/verdict.ts';
import { count, counted, percent, pValue } from '../records/words.ts';
import { acceptanceOf } from './acceptance.ts';
import { chosenBy, missing, row, ruleHolds } from './checkRows.ts';
import { compareShare } from './share.ts';

export interface SliceChecksInput {
  readonly slices: readonly SliceResult[];
  readonly accepted: readonly AcceptedEvent[];
  /** UTC, YYYY-MM-DD. */
  readonly today: string;
  /** Whether there is a baseline that the slices were tested against. */
  readonly isCompared: boolean;
}

/** A row for each watched slice that the rule chooses; one that was not compared and has no floor has not passed, and has none. */
export function sliceChecks(rule: CheckRule, { slices, accepted, today, isCompared }: SliceChecksInput): Check[] {
  const { chosen, unmatched } = chosenBy(rule, slices, ({ name }) => name);
  const judged = chosen.map((slice) => {
    const newlyFailed = slice.newlyFailed ?? slice.failures;
    const entry = acceptanceOf({ ids: [slice.name], newlyFailed }, accepted, today);
    const problem = sliceProblem(slice) ?? (entry?.hasEnded ? lapsed(slice) : null);
    const acceptance = problem === null ? null : entry;
    return { slice, problem, acceptance, broken: problem !== null && acceptance?.holds !== true };
  });
  const broken = judged.filter((each) => each.broken).length;
  const passed = ruleHolds(broken, rule.operator, rule.value);
  const held = judged.filter(({ slice, problem }) => isCompared || problem !== null || slice.maxErrorRate !== null);
  const rows = held.map(({ slice, problem, acceptance, broken: isBroken }) =>
    row(
      rule,
      slice.name,
      broken,
      passed || !isBroken,
      `${slice.name}: ${problem ?? sliceText(slice)}${acceptance?.text ?? ''}`,
    ),
  );
  return [
    ...rows,
    ...chosen.flatMap((slice) => shrunk(rule, slice)),
    ...unmatched.map((pattern) => missing(rule, pattern, `${pattern}: there is no such slice`)),
  ];
}

/** What is wrong with a slice, in words; null where nothing is. */
function sliceProblem(slice: SliceResult): string | null {
  const { name, size, failures, uncompared, status, maxErrorRate, adjustedPValue, since } = slice;
  const [all, failing] = [size + uncompared.images, failures + uncompared.failures];
  if (all === 0) return untested(slice, 'is in the eval set any more, so it was not tested: barlow slice drop ends it');
  if (size === 0 && maxErrorRate === null) {
    return untested(
      slice,
      'was judged with this label before, so it was not tested: give it a maxErrorRate, or record a baseline on them',
    );
  }
  const above = maxErrorRate !== null && compareShare({ part: failing, whole: all }, maxErrorRate) > 0;
  const floor = above ? `${sliceText(slice)}, above its floor of ${percent(maxErrorRate)}` : null;
  if (status !== 'worsened') return floor;
  const again = since === null ? 'got worse' : 'broke before, and again';
  if (adjustedPValue === null) throw new Error(`${name} got worse and was not compared`);
  return `${again}: ${sliceText(slice)} (${pValue(adjustedPValue)})${above ? `, above its floor of ${percent(maxErrorRate)}` : ''}`;
}

/** An event that was accepted for a while is in the baselines since then: what it is compared with has it too. Null where most of it is mended. */
function lapsed(slice: SliceResult): string | null {
  const { source, size, failures } = slice;
  return source === 'event' && failures > 0 && 2 * failures >= size ? `is not mended: ${sliceText(slice)}` : null;
}

function untested({ size, uncompared, gone }: SliceResult, why: string): string {
  return `none of its ${counted(size + uncompared.images + gone, 'image')} ${why}`;
}

function sliceText({ size, failures, baselineFailures, uncompared, gone }: SliceResult): string {
  const now = `${failures} of ${count(size)} images fail`;
  return [
    size === 0 && uncompared.images > 0
      ? ''
      : baselineFailures === null
        ? now
        : `${now}, ${baselineFailures} did before`,
    uncompared.images === 0
      ? ''
      : `${uncompared.failures} of ${count(uncompared.images)} fail that were not judged before`,
    gone === 0 ? '' : `${count(gone)} of its images are gone from the eval set`,
  ]
    .filter((part) => part !== '')
    .join('; ');
}

/** A slice that holds fewer of the images than it did may pass for that alone. */
function shrunk(rule: CheckRule, { name, left }: SliceResult): Check[] {
  if (left === 0) return [];
  const message = `${name}: ${counted(left, 'image')} that the newest baseline had in it ${left === 1 ? 'is' : 'are'} evaluated and in it no more: its condition, its list or what they look at has changed`;
  return [{ ...row(rule, name, left, false, message), severity: 'warning' }];
}
