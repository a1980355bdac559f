import type { FeatureNames } from '../records/features.ts';
import type { Result } from '../records/result.ts';
import { counted, odds, percent } from '../records/words.ts';
import { clusterView } from './clusterView.ts';
import { failureModeViews } from './groupView.ts';
import { nameText } from './names.ts';

/**
 * Three lines for the end of a run: the verdict, the worst thing found, and where the report is. No line starts with
 * text from data, so that none can be taken for a command by a runner that reads the log.
 */
export function closingLines(result: Result, featureNames: FeatureNames, reportPath: string): string[] {
  const lines = [verdictLine(result), worstLine(result, featureNames), `Report: ${reportPath}`];
  // `##[` is a runner's command wherever in a line it stands.
  return lines.map((line) => line.replaceAll('##[', '# #['));
}

function verdictLine({ checkpoints }: Result): string {
  const failed = checkpoints.filter((checkpoint) => checkpoint.verdict?.passed === false);
  const judged = checkpoints.filter((checkpoint) => checkpoint.verdict !== null);
  const word = failed.length > 0 ? 'FAILED' : judged.length > 0 ? 'PASSED' : 'NOT JUDGED';
  const of = (failed.length > 0 ? failed : checkpoints).map((checkpoint) => nameText(checkpoint.name)).slice(0, 3);
  const shown = (failed.length > 0 ? failed : checkpoints).length > 3 ? [...of, '...'] : of;
  const clusters = checkpoints.flatMap((checkpoint) => checkpoint.comparison?.clusters ?? []);
  const fresh = clusters.filter((cluster) => cluster.status === 'new').length;
  const worse = clusters.filter((cluster) => cluster.status === 'worsened').length;
  const compared = checkpoints.some((checkpoint) => checkpoint.comparison !== null);
  const found = `${counted(fresh, 'new failure cluster')}, ${counted(worse, 'known failure mode')} worse`;
  return `${word}: ${shown.join(', ')}: ${compared ? found : 'no baseline to compare with'}`;
}

function worstLine(result: Result, names: FeatureNames): string {
  const clusters = result.checkpoints.flatMap((checkpoint) => checkpoint.comparison?.clusters ?? []);
  const worst = [...clusters]
    .filter((cluster) => cluster.status === 'new' || cluster.status === 'worsened')
    .sort((a, b) => b.newlyFailed - b.newlyFixed - (a.newlyFailed - a.newlyFixed) || (a.id < b.id ? -1 : 1))[0];
  if (worst !== undefined) {
    const view = clusterView(worst, names);
    return `Worst: ${view.group}, ${view.rule.text}: ${view.what} (${view.before} -> ${view.after}; by chance in ${odds(worst.adjustedPValue)})`;
  }
  const mode = failureModeViews(
    result.checkpoints.flatMap((checkpoint) => checkpoint.groups),
    names,
  )[0];
  if (mode !== undefined) return `Worst failure mode: ${mode.group}, ${mode.rule.text}: ${mode.what}, ${mode.muchMore}`;
  const rates = result.checkpoints.map((checkpoint) => percent(checkpoint.baseErrorRate)).slice(0, 3);
  return `No failure mode found; error rate ${rates.join(', ')}`;
}
