import { createHash } from 'node:crypto';
import type { GroupAnalysis } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import { nameText } from '../records/names.ts';
import type { CheckpointResult } from '../records/result.ts';
import { count, counted } from '../records/words.ts';
import { mean } from '../statistics/sums.ts';
import { boundedPictures } from './boundedPictures.ts';
import { type Card, clusterCard, failureModeCard } from './card.ts';
import type { CheckpointView, EventView } from './checkpointView.ts';
import { confusionView } from './confusionMatrix.ts';
import { type EventCard, eventCard } from './eventCard.ts';
import { eventLead } from './eventLead.ts';
import { modeCards } from './modeCard.ts';
import { keyOf, type Pictures } from './pictures.ts';
import { scatterPlot } from './plots/scatterPlot.ts';
import { trendPlot } from './plots/trendPlot.ts';
import { MOST_SHOWN, rankedTrees } from './shown.ts';
import { renderTemplate, type Templates, templateText } from './template.ts';
import { trailsOf } from './trails.ts';
import { treeView } from './tree.ts';
import type { ReportView } from './view.ts';

/** The most rows of a table, rows of the table of groups, events beside the verdict, pictures of each, and failure modes shown in short. */
const MOST = { rows: 200, groups: 5_000, worst: 3, glimpse: 6, minis: 9 };

/**
 * report.html: one self-contained page. Its security policy lets nothing in but its own style and script, named by their
 * hashes, and pictures that stand in the page; every text from data is escaped.
 */
export function renderHtml(view: ReportView, templates: Templates): string {
  const style = templateText(templates, 'report.css');
  const script = templateText(templates, 'client.js');
  const { history, configText, result } = view.input;
  const leaves = result.checkpoints.flatMap((each) =>
    drawnTrees(each).flatMap((group) => group.leaves.map(({ id }) => keyOf(each.name, id))),
  );
  const bounded = view.input.pictures && boundedPictures(view.input.pictures, new Set(leaves));
  const within = { ...view, input: { ...view.input, pictures: bounded?.pictures ?? null } };
  // What a feature looks for is shown once; later cards point to it.
  const seen = new Map<number, string>();
  const data = {
    ...{ style, script, policy: pagePolicy(style, script) },
    ...{
      suite: view.suite,
      verdict: view.outcome === 'not compared' ? 'none' : view.outcome,
      headline: view.brief,
      skipped: view.skipped,
      commit: view.commit,
      createdAt: view.createdAt,
    },
    title: `${view.suite}: ${view.outcome}`,
    several: view.checkpoints.length > 1,
    checkpoints: view.checkpoints.map((_, index) => checkpointData(within, index, seen)),
    trend: trend(view),
    recorded: counted(history.length, 'recorded checkpoint'),
    made: view.made,
    configText,
    noPictures: bounded === null || isEmpty(bounded.pictures),
    full: bounded?.full ? fullText(bounded.ofLeaf) : null,
  };
  return renderTemplate(templates, 'report.html', { ...data, checkpoints: keptTogether(data.checkpoints) }, 'html');
}

/** Long texts are pictures and names; no sentence with a figure is as long. */
const LONGEST_SENTENCE = 2_000;

/** Plain data in which a line never ends between a figure and its percent sign, nor within "p = 0.01". */
function keptTogether(value: unknown): unknown {
  if (typeof value === 'string')
    return value.length > LONGEST_SENTENCE
      ? value
      : value.replace(/(\d) %/g, '$1\u00a0%').replace(/\bp ([=<]) (?=\d)/g, 'p\u00a0$1\u00a0');
  if (Array.isArray(value)) return value.map(keptTogether);
  if (typeof value !== 'object' || value === null || value instanceof Map || value instanceof Set) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, keptTogether(each)]));
}

function isEmpty({ events, clusters, features, leaves }: Pictures): boolean {
  return (
    ![...events.values()].some(({ failing, right }) => failing.length + right.length > 0) &&
    ![...clusters.values(), ...leaves.values()].some(({ failing, right }) => failing.length + right.length > 0) &&
    ![...features.values()].some(({ mostActivating }) => mostActivating.length > 0)
  );
}

function fullText(ofLeaf: number): string {
  const leaves =
    ofLeaf === 0
      ? 'no leaf of a tree shows any'
      : `a leaf of a tree shows ${counted(ofLeaf, 'image')} of each kind at most`;
  return `To stay light this page leaves pictures out: ${leaves}.`;
}

/** @param seen where in the page features are shown, by number; grows */
function checkpointData(view: ReportView, index: number, seen: Map<number, string>) {
  const checkpoint = entry(view.checkpoints, index);
  const result = entry(view.input.result.checkpoints, index);
  const prefix = `c${index}`;
  const ground = { input: view.input, result, shown: seen };
  const card = (cluster: CheckpointView['known'][number], at: string) =>
    clusterCard(cluster, ground, `${prefix}-${at}`);
  const byId = new Map(checkpoint.newClusters.map((cluster) => [cluster.id, cluster]));
  const clustersOf = (event: EventView) => event.clusters.flatMap((id) => byId.get(id) ?? []);
  const newCards = checkpoint.events
    .slice(0, MOST_SHOWN.cards)
    .map((each, i) => eventCard(entry(result.events, i), each, clustersOf(each), ground, `${prefix}-new${i}`));
  const worseCards = checkpoint.worsened.slice(0, MOST_SHOWN.cards).map((each, i) => card(each, `worse${i}`));
  const modes = checkpoint.failureModes;
  const ownCards =
    result.comparison === null
      ? modes.slice(0, MOST_SHOWN.cards).map((each, i) => failureModeCard(each, ground, `${prefix}-mode${i}`))
      : [];
  const minis = modeCards(modes.slice(ownCards.length), result, view.input, prefix);
  return {
    ...checkpoint,
    prefix,
    ...{ newCards, worseCards },
    modeCards: ownCards,
    minis: minis.slice(0, MOST.minis),
    newRows: cutAs(checkpoint.events.slice(MOST_SHOWN.cards), MOST.rows, (event) => {
      const lead = eventLead(clustersOf(event));
      return { ...event, before: lead?.before ?? '', after: lead?.after ?? '', sure: lead?.cluster.sure ?? '' };
    }),
    worseRows: cut(checkpoint.worsened.slice(MOST_SHOWN.cards), MOST.rows),
    knownRows: cut(checkpoint.known, MOST.rows),
    weakenings: cut(checkpoint.weakenings, MOST.rows),
    modeRows: cut(minis.slice(MOST.minis), MOST.rows),
    moreModes: ownCards.length + minis.length > 0,
    groupRows: cut(
      checkpoint.groups.toSorted((a, b) => (b.rise ?? 0) - (a.rise ?? 0)),
      MOST.groups,
    ),
    skippedRows: cut(checkpoint.skipped, MOST.rows),
    checks: [...checkpoint.failedChecks, ...checkpoint.warnings].slice(0, MOST.rows).map((check) => ({
      ...check,
      error: check.severity === 'error',
    })),
    passedChecks: cut(checkpoint.otherChecks, MOST.rows),
    compared: result.comparison !== null,
    newCount: count(checkpoint.events.length),
    ...worst(newCards, worseCards, checkpoint),
    trees: trees(view, result, prefix),
    scatter: scatter(result),
    trails: view.input.past.length === 0 ? [] : trailsOf(result, view.input.past),
    confusion: confusionView(view.input.matrices.get(result.name)),
  };
}

/** The first few events and clusters that got worse, told beside the verdict with a glimpse of their images; and how many there are besides. */
function worst(newCards: readonly EventCard[], worseCards: readonly Card[], { events, worsened }: CheckpointView) {
  const shown = [
    ...newCards.map(({ anchor, title, rates, failing }) => ({
      ...{ anchor, title, failing },
      rates: rates && { before: rates.before, after: rates.after, of: `error ${rates.among}` },
    })),
    ...worseCards.map(({ anchor, group, before, after, what, failing }) => ({
      ...{ anchor, title: `A known failure mode of ${group} got worse`, failing },
      rates: { before, after, of: `error: ${what}` },
    })),
  ].slice(0, MOST.worst);
  const more = events.length + worsened.length - shown.length;
  return {
    worst: shown.map((card) => ({ ...card, glimpse: card.failing?.pictures.slice(0, MOST.glimpse) ?? [] })),
    moreWorst: more > 0 ? `${count(more)} more below` : null,
    moreAt: newCards.length > 0 ? 'new' : 'worse',
  };
}

function cutAs<Item, Shown>(items: readonly Item[], most: number, shown: (item: Item) => Shown) {
  return { ...cut(items, most), shown: items.slice(0, most).map(shown) };
}

function cut<Item>(items: readonly Item[], most: number) {
  const more = items.length > most ? count(items.length - most) : null;
  return { shown: items.slice(0, most), more, total: count(items.length) };
}

/** Trees of the groups that clusters and failure modes are in, the most important first. */
function trees({ input }: ReportView, result: CheckpointResult, prefix: string) {
  const grown = result.groups.filter((group) => group.tree !== null).length;
  const shown = drawnTrees(result).flatMap(
    (group, index) => treeView(group, result.name, input.featureNames, input.pictures, `${prefix}-t${index}`) ?? [],
  );
  return { shown, more: grown > MOST_SHOWN.trees ? count(grown - MOST_SHOWN.trees) : null };
}

function drawnTrees(result: CheckpointResult): readonly GroupAnalysis[] {
  return rankedTrees(result).slice(0, MOST_SHOWN.trees);
}

function scatter(result: CheckpointResult): string | null {
  const points = result.groups.flatMap((group) =>
    group.aler === null
      ? []
      : [
          {
            name: nameText(group.value),
            baseErrorRate: group.baseErrorRate,
            aler: group.aler,
            failureMode: group.leaves.some((leaf) => leaf.failureMode),
          },
        ],
  );
  if (points.length === 0) return null;
  return scatterPlot(points, `ALER against error rate of ${counted(points.length, 'group')}`);
}

function trend(view: ReportView): string | null {
  const { history, result } = view.input;
  if (history.length === 0) return null;
  const past = history.map((row) => ({
    name: nameText(row.commit.slice(0, 7)),
    errorRate: row.failures / row.images,
    aler: row.meanAler,
    judged: false,
  }));
  const now = result.checkpoints.map((checkpoint) => ({
    name: nameText(checkpoint.name.slice(0, 12)),
    errorRate: checkpoint.baseErrorRate,
    aler: mean(checkpoint.groups.map(({ aler }) => aler)),
    judged: true,
  }));
  return trendPlot(
    [...past, ...now],
    `Error rate and mean ALER over ${counted(past.length + now.length, 'checkpoint')}`,
  );
}

/**
 * The Content-Security-Policy of a page that holds all it needs: it lets in this style and this script, named by their hashes,
 * and pictures that stand in the page; nothing else. With no script, none runs.
 */
export function pagePolicy(style: string, script: string | null): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const scripts = script === null ? [] : [`script-src ${hash(script)}`];
  const allowed = [`style-src ${hash(style)}`, ...scripts, 'img-src data:'];
  return ["default-src 'none'", ...allowed, "base-uri 'none'", "form-action 'none'"].join('; ');
}
