/**
 * barlow-gate as a library: the analysis on arrays, the gate as the command runs it, and the types of what they return. What a
 * call needs is loaded when it is made.
 */
import type { AnalyseInput } from './pipeline/analyse.ts';
import type { GateRequest } from './pipeline/library.ts';
import type { GateOutcome } from './pipeline/run.ts';
import type { GroupAnalysis } from './records/analysis.ts';

/** Grows and tests the trees of groups of images, given as arrays; `AnalyseInput` says what it takes. */
export async function analyse(input: AnalyseInput): Promise<GroupAnalysis[]> {
  return (await import('./pipeline/analyse.ts')).analyse(input);
}

/**
 * The whole of `barlow run`; all but the config has a default.
 * @throws UserError for what the command ends with exit code 2
 */
export async function runGate(request: GateRequest): Promise<GateOutcome> {
  const [{ completeRequest }, gate] = await Promise.all([import('./pipeline/library.ts'), import('./pipeline/run.ts')]);
  return gate.runGate(completeRequest(request));
}

export { UserError } from './errors.ts';
export type { AnalyseInput } from './pipeline/analyse.ts';
export { defaultAnalysisOptions } from './pipeline/defaults.ts';
export type { GateRequest } from './pipeline/library.ts';
export type { Request, Said } from './pipeline/request.ts';
export type { GateOutcome } from './pipeline/run.ts';
export type * from './records/analysis.ts';
export type * from './records/causes.ts';
export type * from './records/comparison.ts';
export type * from './records/config.ts';
export type * from './records/result.ts';
export type * from './records/slices.ts';
export type * from './records/verdict.ts';
