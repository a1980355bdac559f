import type { Check, Operator } from './verdict.ts';
import { number } from './words.ts';

/** Operators as they are said before what they compare with: "at most 5". */
export const operatorWords: Readonly<Record<Operator, string>> = {
  '<': 'less than',
  '<=': 'at most',
  '>': 'more than',
  '>=': 'at least',
  '==': 'exactly',
};

/** A check in figures: "expected at most 0, found 1"; null where it has none, since it says something about the config. */
export function expectation({ operator, expected, actual }: Check): string | null {
  if (expected === null) return null;
  return `expected ${operatorWords[operator]} ${number(expected, 4)}, found ${actual === null ? 'nothing' : number(actual, 4)}`;
}

/** What a check says, with its figures. */
export function messageWithFigures(check: Check): string {
  const figures = expectation(check);
  return figures === null ? check.message : `${check.message} (${figures})`;
}
