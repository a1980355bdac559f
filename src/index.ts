/** barlow-gate as a library: the analysis on arrays, the gate as the command runs it, and the types of what they return. */
export { UserError } from './errors.ts';
export { type AnalyseInput, analyse, defaultAnalysisOptions } from './pipeline/analyse.ts';
export type { Request, Said } from './pipeline/request.ts';
export { runGate } from './pipeline/run.ts';
export type {
  AnalysisOptions,
  Condition,
  GroupAnalysis,
  Leaf,
  Region,
  TreeNode,
} from './records/analysis.ts';
export type { Cluster, Comparison } from './records/comparison.ts';
export type { Result } from './records/result.ts';
export type { Check, Verdict } from './records/verdict.ts';
