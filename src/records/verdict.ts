/** What the gate asks for, and what it finds. */

export type Severity = 'error' | 'warning' | 'off';

export type Operator = '<' | '<=' | '>' | '>=' | '==';

/** One rule of the gate, judged. */
export interface Check {
  readonly id: string;
  /** What it judges: a cluster's id, a group's id or `all`. */
  readonly subject: string;
  readonly expected: number | null;
  readonly operator: Operator;
  /** Null where the value is missing; the check then fails. */
  readonly actual: number | null;
  readonly passed: boolean;
  readonly severity: Severity;
  readonly message: string;
}

export interface Verdict {
  /** No check of severity `error` failed. */
  readonly passed: boolean;
  readonly checks: readonly Check[];
}

/** A check as data: what is measured, on which groups, operator, value, severity. */
export interface CheckRule {
  readonly id: string;
  readonly severity: Severity;
  readonly measure: string;
  /** Group ids or patterns with `*`; empty means all that the measure applies to. */
  readonly groups: readonly string[];
  readonly operator: Operator;
  readonly value: number;
}

export interface AcceptedCluster {
  readonly cluster: string;
  readonly reason: string;
  /** Last day (UTC, YYYY-MM-DD) on which the entry holds. */
  readonly until: string;
}

export interface GateOptions {
  readonly significance: number;
  readonly conditions: number;
  readonly minErrorRateIncrease: number;
  readonly minNewFailures: number;
  readonly checks: readonly CheckRule[];
  readonly accepted: readonly AcceptedCluster[];
}
