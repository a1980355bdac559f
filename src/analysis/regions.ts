import type { Condition, Region } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';

/** The region inside `region` where one more condition holds; of two conditions alike on a feature, the stricter stays. */
export function narrow(region: Region, condition: Condition): Region {
  const { feature, op, threshold } = condition;
  const at = region.findIndex((other) => other.feature === feature && other.op === op);
  if (at < 0) return [...region, condition];
  const stricter = op === '<=' ? threshold < entry(region, at).threshold : threshold > entry(region, at).threshold;
  return stricter ? region.with(at, condition) : region;
}
