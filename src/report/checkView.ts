import { expectation } from '../records/expectation.ts';
import { groupIdText, oneLine, sentence } from '../records/names.ts';
import type { Check } from '../records/verdict.ts';

export interface CheckView {
  readonly id: string;
  readonly subject: string;
  readonly severity: Check['severity'];
  readonly passed: boolean;
  readonly message: string;
  /** "expected at most 0, found 1"; null of a check without figures. */
  readonly expectation: string | null;
}

/** A check in words. */
export function checkView(check: Check): CheckView {
  return {
    id: oneLine(check.id),
    subject: check.subject.includes('#') ? oneLine(check.subject) : groupIdText(check.subject),
    severity: check.severity,
    passed: check.passed,
    message: sentence(check.message, 300),
    expectation: expectation(check),
  };
}
