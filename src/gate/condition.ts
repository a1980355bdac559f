import { nearestWord } from '../adapters/nearestWord.ts';
import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';

/** A condition on images, as people write it: `camera = B and (time = night or "feature 32" > 0.5)`. */
export type ImageCondition =
  | { readonly kind: 'and' | 'or'; readonly sides: readonly [ImageCondition, ImageCondition] }
  | { readonly kind: 'not'; readonly side: ImageCondition }
  | { readonly kind: 'compare'; readonly operand: Operand; readonly operator: Comparator; readonly value: string };

/** What is compared: a column of the manifest (its label among them), or a feature by number or name. */
type Operand = { readonly column: string } | { readonly feature: number };
type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** What conditions may speak of. */
export interface ConditionTerms {
  /** Columns of metadata by name: one text per row. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** Features, from 0 to one less. */
  readonly dimensions: number;
  /** Names of features. */
  readonly names: ReadonlyMap<string, number>;
}

interface Token {
  readonly text: string;
  /** A quoted text is never a keyword nor an operator. */
  readonly quoted: boolean;
}

const comparators = new Map<string, Comparator>([
  ...(['=', '!=', '<', '<=', '>', '>='] as const).map((comparator) => [comparator, comparator] as const),
  ['==', '='], // what programmers write
]);

/**
 * Reads a condition: `OPERAND OPERATOR VALUE`, joined by `and`, `or`, `not` and parentheses. An operand is a column, a
 * feature's name, or `feature N`; names and values with spaces or signs stand in quotes.
 * @param where of the text, for messages.
 * @throws UserError where it cannot be read, or speaks of a column or a feature that is not there.
 */
export function parseCondition(text: string, terms: ConditionTerms, where: string): ImageCondition {
  const tokens = tokensOf(text, where);
  let at = 0;
  const isWord = (word: string) => tokens[at]?.quoted === false && tokens[at]?.text.toLowerCase() === word;
  const take = (expected: string): Token => {
    const token = tokens[at++];
    if (token === undefined) throw unreadable(text, `it ends where ${expected} should follow`, where);
    return token;
  };
  const either = (): ImageCondition => {
    let left = both();
    while (isWord('or')) {
      at++;
      left = { kind: 'or', sides: [left, both()] };
    }
    return left;
  };
  const both = (): ImageCondition => {
    let left = single();
    while (isWord('and')) {
      at++;
      left = { kind: 'and', sides: [left, single()] };
    }
    return left;
  };
  const single = (): ImageCondition => {
    if (isWord('not')) {
      at++;
      return { kind: 'not', side: single() };
    }
    if (isWord('(')) {
      at++;
      const inner = either();
      if (take('a closing parenthesis').text !== ')') throw unreadable(text, 'a parenthesis is not closed', where);
      return inner;
    }
    return comparison();
  };
  const comparison = (): ImageCondition => {
    const operand = operandOf(take('a column or a feature'), () => take('the number of a feature'), terms, where);
    const sign = take('an operator');
    const operator = sign.quoted ? undefined : comparators.get(sign.text);
    if (operator === undefined) {
      throw unreadable(text, `${JSON.stringify(sign.text)} is none of ${[...comparators.keys()].join(' ')}`, where);
    }
    const { text: value, quoted } = take('a value');
    if (!quoted && (comparators.has(value) || value === '(' || value === ')')) {
      throw unreadable(text, `${JSON.stringify(value)} stands where a value should`, where);
    }
    if (!('column' in operand) || !['=', '!='].includes(operator)) {
      if (numberIn(value) === null) throw unreadable(text, `${JSON.stringify(value)} is no number`, where);
    }
    return { kind: 'compare', operand, operator, value };
  };
  const condition = either();
  const rest = tokens[at];
  if (rest !== undefined)
    throw unreadable(text, `nothing joins ${JSON.stringify(rest.text)} to what stands before it`, where);
  return condition;
}

/** The features that a condition speaks of, ascending. */
export function featuresIn(condition: ImageCondition): number[] {
  const found = (each: ImageCondition): number[] => {
    if (each.kind === 'compare') return 'feature' in each.operand ? [each.operand.feature] : [];
    return each.kind === 'not' ? found(each.side) : each.sides.flatMap(found);
  };
  return [...new Set(found(condition))].sort((a, b) => a - b);
}

/**
 * Whether a condition holds for each row.
 * @param features values by feature, for those that `featuresIn` names; aligned with the rows, as the columns are.
 */
export function holdsFor(
  condition: ImageCondition,
  rows: number,
  columns: ConditionTerms['columns'],
  features: ReadonlyMap<number, Float32Array>,
): Uint8Array {
  if (condition.kind === 'not') {
    return holdsFor(condition.side, rows, columns, features).map((holds) => 1 - holds);
  }
  if (condition.kind !== 'compare') {
    const [first, second] = condition.sides;
    const right = holdsFor(second, rows, columns, features);
    const together = condition.kind === 'and' ? Math.min : Math.max;
    return holdsFor(first, rows, columns, features).map((holds, row) => together(holds, entry(right, row)));
  }
  const { operand, operator, value } = condition;
  if ('feature' in operand) {
    const values = features.get(operand.feature);
    const number = numberIn(value);
    if (values === undefined || number === null) throw new Error('a feature of the condition was not read');
    return Uint8Array.from({ length: rows }, (_, row) => Number(compareNumbers(entry(values, row), operator, number)));
  }
  const texts = columns.get(operand.column);
  if (texts === undefined) throw new Error('a column of the condition is not there');
  return Uint8Array.from({ length: rows }, (_, row) => Number(compareTexts(entry(texts, row), operator, value)));
}

function compareTexts(cell: string, operator: Comparator, value: string): boolean {
  const [a, b] = [numberIn(cell), numberIn(value)];
  // 3.0 is 3 in a column that pandas wrote.
  if (a !== null && b !== null) return compareNumbers(a, operator, b);
  const same = cell.normalize('NFC') === value.normalize('NFC');
  return operator === '=' ? same : operator === '!=' && !same;
}

function compareNumbers(a: number, operator: Comparator, b: number): boolean {
  switch (operator) {
    case '=':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

/** A decimal number; null for any other text. */
function numberIn(text: string): number | null {
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : null;
}

function operandOf({ text, quoted }: Token, next: () => Token, terms: ConditionTerms, where: string): Operand {
  const { columns, dimensions, names } = terms;
  if (columns.has(text)) return { column: text };
  const named = names.get(text);
  if (named !== undefined) return { feature: named };
  if (quoted || text.toLowerCase() !== 'feature') {
    const near = nearestWord(text, [...columns.keys(), ...names.keys()]);
    throw new UserError({
      what: `there is no column and no feature called ${JSON.stringify(text)}`,
      where,
      fix:
        near === null
          ? 'Name a column of the manifest, or a feature as `feature 32`'
          : `Did you mean ${JSON.stringify(near)}?`,
    });
  }
  const digits = next().text;
  if (/^\d{1,9}$/.test(digits) && Number(digits) < dimensions) return { feature: Number(digits) };
  throw new UserError({
    what: `there is no feature ${JSON.stringify(digits)}: the features are numbered from 0 to ${dimensions - 1}`,
    where,
    fix: 'Take a number from a rule in the report',
  });
}

function tokensOf(text: string, where: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s*(?:"([^"]*)"|'([^']*)'|([()])|(!=|<=|>=|==|[=<>])|([^\s()=<>!"']+))/y;
  while (text.slice(pattern.lastIndex).trim() !== '') {
    const from = pattern.lastIndex;
    const found = pattern.exec(text);
    if (found === null)
      throw unreadable(text, `there is nothing to make of ${JSON.stringify(text.slice(from).trim())}`, where);
    const [, double, single, ...plain] = found;
    const word = [double, single, ...plain].filter((each) => each !== undefined);
    tokens.push({ text: entry(word, 0), quoted: double !== undefined || single !== undefined });
  }
  return tokens;
}

function unreadable(text: string, why: string, where: string): UserError {
  return new UserError({
    what: `the condition ${JSON.stringify(text)} cannot be read: ${why}`,
    where,
    fix: 'Write conditions such as `camera = B and (time = night or feature 32 > 0.5)`; quote what has spaces or signs',
  });
}
