import type { AnalysisOptions, TreeNode } from './analysis.ts';

/** Rates in which counts that meet a limit exactly fall short by a rounding are taken to meet it. */
const ROUNDING = 1e-12;

/**
 * Whether images are a failure mode of their group (Barlow, section 7): they cover enough of its failures, and fail well above it.
 *
 * @param rates of the images. @param baseErrorRate of the group
 */
export function isFailureMode(
  { errorRate, errorCoverage }: Pick<TreeNode, 'errorRate' | 'errorCoverage'>,
  baseErrorRate: number,
  { minErrorCoverage, minErrorRateIncrease }: AnalysisOptions['failureMode'],
): boolean {
  return errorCoverage >= minErrorCoverage - ROUNDING && errorRate - baseErrorRate >= minErrorRateIncrease - ROUNDING;
}
