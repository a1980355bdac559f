/** barlow-gate as a library: the analysis on arrays, the gate as the command runs it, and the types of what they return. */
export { UserError } from './errors.ts';
export { type AnalyseInput, analyse, type Request, runGate, type Said } from './pipeline.ts';
export type {
  AnalysisOptions,
  Check,
  Cluster,
  Comparison,
  Condition,
  GroupAnalysis,
  Leaf,
  Region,
  Result,
  TreeNode,
  Verdict,
} from './records.ts';
