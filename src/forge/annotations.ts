import { existsSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import type { UserError } from '../errors.ts';
import { messageWithFigures } from '../records/expectation.ts';
import type { Result } from '../records/result.ts';
import type { Annotation } from './runner.ts';

/** GitHub shows ten annotations a step of each severity: the last tells how many more there are. */
const most = 9;

/** Failed checks as annotations at the first line of barlow.yml; `file` is its path. */
export function checkAnnotations({ checkpoints }: Result, file: string, workspace: string): Annotation[] {
  const place = { file: inside(resolve(file), workspace), line: 1 };
  const all = checkpoints.flatMap(({ name, verdict }) =>
    (verdict?.checks ?? []).filter(({ passed }) => !passed).map((check) => ({ name, check })),
  );
  return (['error', 'warning'] as const).flatMap((severity) => {
    const failed = all.filter(({ check }) => check.severity === severity);
    const shown = failed.slice(0, most).map(({ name, check }) => ({
      ...place,
      severity,
      title: `barlow-gate: ${check.id} on ${check.subject}`,
      message: `${cut(name)}: ${messageWithFigures(check)}`,
    }));
    const more = failed.length - shown.length;
    if (more === 0) return shown;
    return [
      ...shown,
      { ...place, severity, title: 'barlow-gate', message: `${more} more checks: see the job summary` },
    ];
  });
}

/** What the user can mend, at the line of the file it is in. */
export function errorAnnotation({ what, where, fix }: UserError, workspace: string): Annotation {
  const [, path = where, line] = /^(.*?):(\d+)$/.exec(where) ?? [];
  const absolute = resolve(path);
  const file = existsSync(absolute) ? inside(absolute, workspace) : null;
  const place = file === null ? `${where}: ` : '';
  return {
    severity: 'error',
    title: 'barlow-gate',
    message: `${place}${what}. ${fix}.`,
    file,
    line: line === undefined || file === null ? null : Number(line),
  };
}

const longestName = 100;
const cut = (name: string) => (name.length > longestName ? `${name.slice(0, longestName)}…` : name);

/** Relative to the workspace, '/'-separated; null outside it. */
function inside(absolute: string, workspace: string): string | null {
  const path = relative(workspace === '' ? process.cwd() : workspace, absolute);
  return path.startsWith('..') || resolve(path) === path || path === '' ? null : path.split(sep).join('/');
}
