import { messageOf, UserError } from '../errors.ts';
import { erredJunitXml } from '../report/junit.ts';
import { erredSummaryJson } from '../report/summary.ts';
import { tool } from './tool.ts';

/** The reports of a run that could not judge, by their names. */
export function errorReports(thrown: unknown, suite: string, now: Date): readonly (readonly [string, string])[] {
  const said = saidOf(thrown).join(' ');
  return [
    ['report.md', errorReport(thrown, suite)],
    ['junit.xml', erredJunitXml(suite, said, now.toISOString())],
    ['summary.json', erredSummaryJson(suite, said, now.toISOString())],
  ];
}

/** What a summary and a comment say of a run that could not judge: no check has passed. */
export function errorReport(thrown: unknown, suite: string): string {
  return [
    '## barlow-gate: not judged',
    '',
    'This run ended in an error, so nothing is known of the checkpoint: it has **not** passed.',
    '',
    fenced([`suite ${suite}`, ...saidOf(thrown)].join('\n')),
    '',
  ].join('\n');
}

function saidOf(thrown: unknown): readonly string[] {
  return thrown instanceof UserError
    ? [`${thrown.where}: ${thrown.what}.`, `${thrown.fix}.`]
    : [messageOf(thrown), `This is a bug in ${tool.name} ${tool.version}; please report it with the log of the job.`];
}

/** Nothing means anything in a fenced block but a fence as long as its own. */
function fenced(text: string): string {
  const plain = text.replace(/[^\P{C}\n]/gu, ' ').slice(0, 4000);
  const longest = Math.max(2, ...[...plain.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${plain}\n${fence}`;
}
