import type { Cluster, ClusterStatus } from '../records/comparison.ts';
import type { CheckpointResult } from '../records/result.ts';
import { percent } from '../records/words.ts';
import type { FailureModeView } from './groupView.ts';
import { type ImageBrowser, modeBrowser } from './imageBrowser.ts';
import { keyOf } from './pictures.ts';
import { failingCaption, type Strip, strip } from './strip.ts';
import type { ReportInput } from './view.ts';

/** A failure mode in short, with its pictures and what became of it since the accepted checkpoint. */
export interface ModeCard extends FailureModeView {
  readonly anchor: string;
  readonly failing: Strip | null;
  /** Its failing images by name; null where they are not known. */
  readonly browser: ImageBrowser | null;
  /** The failure mode of the accepted checkpoint that it has most images in common with; null where none matches. */
  readonly since: { readonly status: ClusterStatus; readonly before: string; readonly after: string } | null;
}

/** Failure modes beside what they were: the most worsened first, then those that are like no known one, by importance. */
export function modeCards(
  modes: readonly FailureModeView[],
  { name, comparison }: CheckpointResult,
  { pictures, modes: known }: Pick<ReportInput, 'pictures' | 'modes'>,
  prefix: string,
): ModeCard[] {
  const before = new Map<string, Cluster>();
  for (const cluster of comparison?.clusters ?? []) {
    if (cluster.status !== 'new' && cluster.match !== null) before.set(cluster.match.leaf, cluster);
  }
  const rise = ({ id }: FailureModeView) => {
    const cluster = before.get(id);
    return cluster === undefined ? 0 : cluster.errorRate - cluster.baselineErrorRate;
  };
  return modes
    .toSorted((a, b) => rise(b) - rise(a))
    .map((mode, index) => {
      const cluster = before.get(mode.id);
      const anchor = `${prefix}-mode${index}`;
      const shown = pictures?.leaves.get(keyOf(name, mode.id))?.failing ?? [];
      return {
        ...mode,
        anchor,
        browser: modeBrowser(known.get(keyOf(name, mode.id)), anchor),
        failing: strip('Fail', shown, failingCaption(mode.groupId)),
        since: cluster === undefined ? null : sinceThen(cluster),
      };
    });
}

function sinceThen({ status, baselineErrorRate, errorRate }: Cluster): ModeCard['since'] {
  return { status, before: percent(baselineErrorRate), after: percent(errorRate) };
}
