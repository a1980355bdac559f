import type { BaselineRecord, HistoryRow } from '../records/baseline.ts';
import { groupIdText, nameText, oneLine } from '../records/names.ts';
import { count, counted, percent } from '../records/words.ts';
import { total } from '../statistics/sums.ts';

/** Rows that a screen shows. */
const SHOWN = 20;
const SHOWN_GROUPS = 10;

/** The baselines that are kept, newest first, a line each: as many as a screen shows, and how many more there are. */
export function baselineListLines(rows: readonly (HistoryRow & { readonly replicas: readonly string[] })[]): string[] {
  const lines = rows
    .slice(0, SHOWN)
    .map(
      ({ commit, createdAt, checkpoint, failures, images, replicas }) =>
        `${oneLine(commit.slice(0, 12)).padEnd(12)}  ${createdAt}  ${nameText(checkpoint)}  ${failures} of ${counted(images, 'image')} fail${
          replicas.length === 0 ? '' : `, beside it ${replicas.map((name) => nameText(name)).join(', ')}`
        }`,
    );
  const more = rows.length - lines.length;
  return more > 0 ? [...lines, `and ${counted(more, 'older one')} (--json has all)`] : lines;
}

/** What a baseline holds, as far as a screen shows it; `--json` has all of it. */
export function baselineLines(record: BaselineRecord): string[] {
  const { evalSet, failed, groups, events, slices, featureModel } = record;
  const failures = total(failed);
  const worst = groups.toSorted((a, b) => b.baseErrorRate - a.baseErrorRate).slice(0, SHOWN_GROUPS);
  return [
    `suite ${nameText(record.suite)}, commit ${oneLine(record.commit, 60)}, ${record.createdAt}`,
    `${record.replica ? 'a further training' : 'the accepted checkpoint'}: ${nameText(record.checkpoint)}, recorded by ${record.tool.name} ${record.tool.version}`,
    `eval set: ${counted(evalSet.images.length, 'image')} of ${counted(evalSet.classes.length, 'class', 'classes')}, of which ${failures} ${failures === 1 ? 'fails' : 'fail'} (${percent(failures / evalSet.images.length)})`,
    `features: ${counted(featureModel.dimensions, 'feature')} of the network ${featureModel.fingerprint.slice(0, 12)}`,
    ...(record.predictions === null ? ['predictions: only which images fail is known'] : []),
    '',
    `${counted(groups.length, 'group')}${groups.length > worst.length ? `, the ${worst.length} with the highest error` : ''}:`,
    ...worst.map(
      ({ id, size, failures: of, baseErrorRate, leaves }) =>
        `  ${groupIdText(id)}: ${of} of ${counted(size, 'image')} fail (${percent(baseErrorRate)}), ${counted(leaves.length, 'leaf', 'leaves')}`,
    ),
    ...firstOf(
      'watched since they failed a run:',
      events,
      ({ title, images }) => `${oneLine(title, 100)}: ${counted(images.length, 'image')}`,
    ),
    ...firstOf(
      'slices:',
      slices,
      ({ name, images, failures: of }) => `${nameText(name)}: ${of} of ${counted(images.length, 'image')} fail`,
    ),
    '',
    'barlow baseline show --json prints all of it, the images among it.',
  ];
}

/** A heading and what stands under it, as much as a screen shows. */
function firstOf<Item>(heading: string, items: readonly Item[], text: (item: Item) => string): string[] {
  if (items.length === 0) return [];
  const lines = items.slice(0, SHOWN_GROUPS).map((item) => `  ${text(item)}`);
  const more = items.length - lines.length;
  return ['', heading, ...lines, ...(more > 0 ? [`  and ${count(more)} more`] : [])];
}
