import { oneLine, sentence } from '../records/names.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import { worstOutcome } from '../records/verdict.ts';
import { counted, percent } from '../records/words.ts';

/** Events and failed checks that are named; a webhook's message is for a glance. */
const MOST = 5;
/** Characters of a text from data. */
const LONGEST = 200;

/**
 * summary.json (schemas/summary.schema.json): the run in a few kilobytes, for a webhook. `text` says it in plain lines; texts
 * are raw, so that whoever posts them escapes them for where they go.
 */
export function summaryJson(result: Result): string {
  const outcome = worstOutcome(result.checkpoints.map(({ verdict }) => verdict?.outcome ?? 'not compared'));
  const checkpoints = result.checkpoints.slice(0, MOST).map(checkpointSummary);
  const suite = cut(result.suite);
  const head = `${outcome.toUpperCase()}: ${suite}`;
  const summary = {
    schemaVersion: 1,
    suite,
    commit: result.commit === null ? null : cut(result.commit),
    createdAt: result.createdAt,
    outcome,
    text: [head, ...checkpoints.flatMap(linesOf)].join('\n'),
    checkpoints,
    checkpointsLeftOut: result.checkpoints.length - checkpoints.length,
  };
  return `${JSON.stringify(summary, null, 2)}\n`;
}

/**
 * summary.json of a run that ended in an error, which says why: whoever waits for the verdict is told that there is none.
 * @param now ISO 8601, UTC.
 */
export function erredSummaryJson(suite: string, said: string, now: string): string {
  const summary = {
    schemaVersion: 1,
    suite: cut(suite),
    commit: null,
    createdAt: now,
    outcome: 'not judged',
    text: `NOT JUDGED: ${cut(suite)}\n${oneLine(said, LONGEST * MOST)}`,
    checkpoints: [],
    checkpointsLeftOut: 0,
  };
  return `${JSON.stringify(summary, null, 2)}\n`;
}

function checkpointSummary({ name, images, failures, baseErrorRate, comparison, events, verdict }: CheckpointResult) {
  const failed = (verdict?.checks ?? []).filter(({ passed, severity }) => !passed && severity === 'error');
  return {
    name: cut(name),
    outcome: verdict?.outcome ?? 'not compared',
    ...{ images, failures, errorRate: baseErrorRate },
    baselineErrorRate: comparison?.baseline.baseErrorRate ?? null,
    events: events.slice(0, MOST).map(({ id, title, images: fresh }) => ({
      id: cut(id),
      title: cut(title),
      newlyFailed: fresh.length,
    })),
    eventsLeftOut: Math.max(0, events.length - MOST),
    failedChecks: failed.slice(0, MOST).map(({ id, message }) => ({ id: cut(id), message: cut(message) })),
    failedChecksLeftOut: Math.max(0, failed.length - MOST),
  };
}

function linesOf(checkpoint: ReturnType<typeof checkpointSummary>): string[] {
  const { name, errorRate, baselineErrorRate, events, eventsLeftOut } = checkpoint;
  const before = baselineErrorRate === null ? '' : `${percent(baselineErrorRate)} -> `;
  return [
    `${name}: error ${before}${percent(errorRate)}`,
    ...events.map(({ title }) => `- ${title}`),
    ...(eventsLeftOut > 0 ? [`- and ${counted(eventsLeftOut, 'more event')}`] : []),
  ];
}

function cut(text: string): string {
  return sentence(text, LONGEST);
}
