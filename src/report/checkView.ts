import { groupIdText, oneLine, sentence } from '../records/names.ts';
import type { Check } from '../records/verdict.ts';
import { number } from '../records/words.ts';

export interface CheckView {
  readonly id: string;
  readonly subject: string;
  readonly severity: Check['severity'];
  readonly passed: boolean;
  readonly message: string;
  /** "expected <= 0, found 1". */
  readonly expectation: string;
}

/** A check in words. */
export function checkView(check: Check): CheckView {
  const expected = check.expected === null ? 'nothing to compare with' : number(check.expected, 4);
  const actual = check.actual === null ? 'no value' : number(check.actual, 4);
  return {
    id: oneLine(check.id),
    subject: check.subject.includes('#') ? oneLine(check.subject) : groupIdText(check.subject),
    severity: check.severity,
    passed: check.passed,
    message: sentence(check.message, 300),
    expectation: `expected ${check.operator} ${expected}, found ${actual}`,
  };
}
