import type { Check, CheckRule, Operator } from '../records/verdict.ts';
import { compareShare, type Share } from './share.ts';

// ---------------------------------------------------------------- what a rule is about, and whether it holds

/** The subjects that a rule names or its patterns match, all where it names none; and the names and patterns that match nothing. */
export function chosenBy<Subject>(
  rule: CheckRule,
  subjects: readonly Subject[],
  nameOf: (subject: Subject) => string,
): { chosen: Subject[]; unmatched: string[] } {
  if (rule.groups.length === 0) return { chosen: [...subjects], unmatched: [] };
  const patterns = rule.groups.map((text) => ({ text, matches: matcher(text) }));
  return {
    chosen: subjects.filter((subject) => patterns.some(({ matches }) => matches(nameOf(subject)))),
    unmatched: patterns
      .filter(({ matches }) => !subjects.some((each) => matches(nameOf(each))))
      .map(({ text }) => text),
  };
}

/** `*` stands for any text, everything else for itself. */
function matcher(pattern: string): (id: string) => boolean {
  if (!pattern.includes('*')) return (id) => id === pattern;
  const [first, last] = [pattern.slice(0, pattern.indexOf('*')), pattern.slice(pattern.lastIndexOf('*') + 1)];
  const rest = pattern.split('*').slice(1, -1);
  return (id) => {
    if (id.length < first.length + last.length || !id.startsWith(first) || !id.endsWith(last)) return false;
    const end = id.length - last.length;
    let from = first.length;
    for (const part of rest) {
      const at = id.indexOf(part, from);
      if (at < 0 || at + part.length > end) return false;
      from = at + part.length;
    }
    return true;
  };
}

export const fraction = (value: number | Share) => (typeof value === 'number' ? value : value.part / value.whole);

/** Whether `actual operator expected` holds; shares are compared in whole numbers. */
export function ruleHolds(actual: number | Share, operator: Operator, expected: number): boolean {
  const side = typeof actual === 'number' ? Math.sign(actual - expected) : compareShare(actual, expected);
  return { '<': side < 0, '<=': side <= 0, '>': side > 0, '>=': side >= 0, '==': side === 0 }[operator];
}

// ---------------------------------------------------------------- rows of a verdict

/** A warning about something in the config that has no effect. */
export function warning(subject: string, message: string): Check {
  return {
    ...{ id: 'config', subject, expected: null, operator: '==', actual: null, passed: false, severity: 'warning' },
    message: `${subject}: ${message}`,
  };
}

/** A row that says how a subject fares by the rule. */
export function row(
  { id, severity, operator, value }: CheckRule,
  subject: string,
  actual: number,
  passed: boolean,
  message: string,
): Check {
  return { id, subject, expected: value, operator, actual, passed, severity, message };
}

/** A failed row for something that a rule asks for and that does not exist. */
export function missing({ id, severity, operator, value }: CheckRule, subject: string, message: string): Check {
  return { id, subject, expected: value, operator, actual: null, passed: false, severity, message };
}
