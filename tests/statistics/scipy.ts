import { hasPython, python } from '../extras.ts';

export const hasScipy = hasPython('scipy.stats');

/** Runs a script that prints one JSON list of numbers. */
export function numbersFromPython(script: string): number[] {
  const printed: unknown = JSON.parse(python(script).toString('utf8'));
  if (!Array.isArray(printed)) throw new Error('the script printed no list');
  return printed.map(Number);
}
