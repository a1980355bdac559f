import type { Result } from '../records/result.ts';

/** Values whose JSON is no longer than this stand on one line. */
const LINE = 160;

/**
 * result.json: equal results give equal bytes. The top level keeps the order of `Result`, deeper keys are sorted by code
 * unit, and what is short stands on one line, so that a diff shows one line per node or leaf. Throws where a number is not finite.
 */
export function resultJson(result: Result): string {
  const top: Record<keyof Result, unknown> = {
    schemaVersion: result.schemaVersion,
    suite: result.suite,
    commit: result.commit,
    createdAt: result.createdAt,
    tool: result.tool,
    evalSet: result.evalSet,
    featureModel: result.featureModel,
    properties: result.properties,
    options: result.options,
    checkpoints: result.checkpoints,
    trainingSet: result.trainingSet,
  };
  const lines = Object.entries(top).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${layOut(sorted(value, key), '  ')}`,
  );
  return `{\n${lines.join(',\n')}\n}\n`;
}

/** A copy with every object's keys sorted. */
function sorted(value: unknown, where: string): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Error(`${where} is ${value}, which JSON cannot hold`);
  if (Array.isArray(value)) return value.map((item, index) => sorted(item, `${where}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each, `${where}.${key}`)]));
}

function layOut(value: unknown, indent: string): string {
  const flat = JSON.stringify(value);
  if (flat.length <= LINE || typeof value !== 'object' || value === null) return flat;
  const deeper = `${indent}  `;
  const items = Array.isArray(value)
    ? value.map((item) => layOut(item, deeper))
    : Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${layOut(each, deeper)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${deeper}${items.join(`,\n${deeper}`)}\n${indent}${close}`;
}
