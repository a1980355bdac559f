/** What the gate asks for, and what it finds. */

export type Severity = 'error' | 'warning' | 'off';

export type Operator = '<' | '<=' | '>' | '>=' | '==';

/** One rule of the gate, judged. */
export interface Check {
  readonly id: string;
  /** What it judges: an event's or a cluster's id, a group's id or `all`. */
  readonly subject: string;
  readonly expected: number | null;
  readonly operator: Operator;
  /** Null where the value is missing; the check then fails. */
  readonly actual: number | null;
  readonly passed: boolean;
  readonly severity: Severity;
  readonly message: string;
}

/** What comes of a run: three, never two. What was not compared has not passed. */
export type Outcome = 'passed' | 'failed' | 'not compared';

export interface Verdict {
  /**
   * `failed`: a check of severity `error` failed; else `not compared`: a comparison was asked for and none was made, or
   * nothing was checked at all; else `passed`.
   */
  readonly outcome: Outcome;
  /** `outcome` is `passed`. */
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

export interface AcceptedEvent {
  /** Id of an event, or of a cluster. */
  readonly event: string;
  readonly reason: string;
  /** Last day (UTC, YYYY-MM-DD) on which the entry holds. */
  readonly until: string;
  /** Newly failed images that it may have at most; left out: any number. */
  readonly images?: number;
}

/** Kinds of regions in which new clusters are sought. */
export type RegionKind = 'boxes' | 'neighbours';

export interface GateOptions {
  readonly significance: number;
  readonly conditions: number;
  readonly minErrorRateIncrease: number;
  readonly minNewFailures: number;
  readonly regions: readonly RegionKind[];
  readonly checks: readonly CheckRule[];
  readonly accepted: readonly AcceptedEvent[];
}

/** The outcome of several: the worst decides. Of none: nothing was compared. */
export function worstOutcome(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('failed')) return 'failed';
  return outcomes.length === 0 || outcomes.includes('not compared') ? 'not compared' : 'passed';
}
