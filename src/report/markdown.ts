import { entry } from '../records/entry.ts';
import { oneLine } from '../records/names.ts';
import { count } from '../records/words.ts';
import type { CheckpointView, EventView } from './checkpointView.ts';
import type { ClusterView } from './clusterView.ts';
import { eventLead } from './eventLead.ts';
import { escapeForMarkdown, isWebAddress, type KnownTexts, waysToShow } from './markdownEscape.ts';
import { type EventSheets, keyOf } from './pictures.ts';
import { type Detail, FULL_DETAIL, SHEDDING_STEPS } from './shedding.ts';
import { renderTemplate, type Templates } from './template.ts';
import type { ReportView } from './view.ts';

/** How long a text may be: UTF-16 code units (never fewer than characters) or UTF-8 bytes. */
export interface SizeLimit {
  readonly size: number;
  readonly unit: 'characters' | 'bytes';
}

/** GitHub's limit of a comment's body. */
export const COMMENT_LIMIT: SizeLimit = { size: 65_536, unit: 'characters' };

/** GitHub's limit of a step's job summary. */
export const SUMMARY_LIMIT: SizeLimit = { size: 1_048_576, unit: 'bytes' };

/**
 * The report as GitHub-flavoured Markdown, at most `limit` long: details are shed by `SHEDDING_STEPS` until it fits,
 * and the text names what was. Throws where even the last step is too long.
 */
export function renderMarkdown(view: ReportView, templates: Templates, limit: SizeLimit = SUMMARY_LIMIT): string {
  let detail = FULL_DETAIL;
  const shed: string[] = [];
  const known: KnownTexts = new Map();
  const render = () => {
    const data = escapeForMarkdown(markdownData(view, detail, shed, limit), known);
    return renderTemplate(templates, 'report.md', data, 'none', waysToShow);
  };
  let text = render();
  for (const step of SHEDDING_STEPS) {
    if (length(text, limit.unit) <= limit.size) return text;
    detail = { ...detail, ...step.detail };
    shed.push(step.says);
    text = render();
  }
  if (length(text, limit.unit) > limit.size)
    throw new Error(`a report cannot be made to fit ${limit.size} ${limit.unit}`);
  return text;
}

function length(text: string, unit: SizeLimit['unit']): number {
  return unit === 'bytes' ? Buffer.byteLength(text) : text.length;
}

/** An id is there to be copied, so it is shown whole or not at all. */
const LONGEST_ID = 300;
const LONGEST_COPIED = 700;

/** What the template shows: the view cut to `detail`. */
function markdownData(view: ReportView, detail: Detail, shed: readonly string[], limit: SizeLimit): object {
  return {
    brief: view.brief,
    link: addressOf(view.input.link?.url),
    isReport: view.input.link?.isReport ?? false,
    skipped: view.skipped,
    mark: { passed: '✅', failed: '❌', 'not compared': '⚠️' }[view.outcome],
    suite: view.suite,
    commit: view.commit,
    checkpoints: view.checkpoints.slice(0, detail.checkpoints).map((each, index) => {
      const { name } = entry(view.input.result.checkpoints, index);
      const sheetsOf = (id: string) => view.input.sheets.get(keyOf(name, id));
      return checkpointData(each, sheetsOf, detail, view.checkpoints.length > 1);
    }),
    moreCheckpoints: more(view.checkpoints, detail.checkpoints),
    made: detail.howMade === 0 ? [] : view.made,
    shed: shed.length === 0 ? null : `${count(limit.size)} ${limit.unit}: ${shed.join('; ')}`,
  };
}

function checkpointData(
  checkpoint: CheckpointView,
  sheetsOf: (event: string) => EventSheets | undefined,
  detail: Detail,
  several: boolean,
) {
  const cut = <Item>(items: readonly Item[], most: number) => ({
    shown: items.slice(0, most),
    more: more(items, most),
    total: count(items.length),
  });
  const { newClusters, ...rest } = checkpoint;
  const { events, worsened, known, weakenings } = rest;
  const { failedChecks, warnings, otherChecks, failureModes, groups, skipped } = checkpoint;
  const byId = new Map(newClusters.map((cluster) => [cluster.id, cluster]));
  // The tables tell of these already.
  const told = new Set([...newClusters, ...worsened].map(({ id }) => oneLine(id)));
  return {
    ...rest,
    title: several ? `${checkpoint.name}: ${checkpoint.outcome}` : null,
    failedChecks: cut(
      failedChecks.filter((check) => !told.has(check.subject)),
      detail.failedChecks,
    ),
    clusterChecks: cut(
      failedChecks.filter((check) => told.has(check.subject)),
      detail.failedChecks,
    ),
    warnings: cut(warnings, detail.failedChecks),
    otherChecks: cut(otherChecks, detail.otherChecks),
    events: {
      ...cut(events, detail.newClusters),
      shown: events
        .slice(0, detail.newClusters)
        .map((event, index) => eventData(event, byId, index < detail.contactSheets ? sheetsOf(event.id) : undefined)),
    },
    clusterDetails: {
      ...cut(newClusters, detail.newClusters),
      shown: newClusters.slice(0, detail.newClusters).map((cluster) => clusterData(cluster, detail)),
    },
    changes: checkpoint.changes && {
      ...checkpoint.changes,
      images: checkpoint.changes.images.slice(0, detail.imageNames),
      mended: checkpoint.changes.mended.slice(0, detail.imageNames),
    },
    worsened: cut(worsened, detail.newClusters),
    known: cut(known, detail.knownClusters),
    weakenings: cut(weakenings, detail.knownClusters),
    failureModes: cut(failureModes, detail.failureModes),
    groups: cut(groups, detail.groups),
    skipped: cut(skipped, detail.groups),
  };
}

/** An event: its title, what happened, and where its contact sheets are. */
function eventData(event: EventView, clusters: ReadonlyMap<string, ClusterView>, sheets: EventSheets | undefined) {
  const lead = eventLead(event.clusters.flatMap((id) => clusters.get(id) ?? []));
  const [first, ...others] = event.actions.map((action) => ({
    ...action,
    copied: action.copied !== null && action.copied.length > LONGEST_COPIED ? null : action.copied,
  }));
  return {
    ...event,
    // Of a thousand events, what no template shows would take seconds to escape.
    lead: lead && { before: lead.before, after: lead.after, among: lead.among, what: lead.what },
    failing: addressOf(sheets?.failing?.url),
    right: addressOf(sheets?.right?.url),
    first: first ?? null,
    actions: others,
  };
}

function addressOf(url: string | undefined): string | null {
  return url !== undefined && isWebAddress(url) ? url : null;
}

function clusterData(cluster: ClusterView, detail: Detail) {
  const names = cluster.imageNames.slice(0, detail.imageNames);
  return {
    ...cluster,
    id: cluster.id.length > LONGEST_ID ? null : cluster.id,
    imageNames: names.length === 0 ? null : names.join(', '),
    moreImages: more(cluster.imageNames, detail.imageNames),
  };
}

/** How many are not shown, in digits; null where all are. */
function more(items: readonly unknown[], shown: number): string | null {
  return items.length > shown ? count(items.length - shown) : null;
}
