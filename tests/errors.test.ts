import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const src = join(import.meta.dirname, '..', 'src');

/** The text from a parenthesis to the one that closes it; texts hold them in pairs. */
function call(text: string, open: number): string {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')' && --depth === 0) return text.slice(open, at);
  }
  return text.slice(open);
}

/** What makes a UserError: the class, and functions that are given its parts. */
const makers =
  /\b(?:UserError|badFile|wrongFile|refuseSpecialFile|unusable|unreadable|broken|fix =)\s*(?=\()|\b(?:fix|hint) =[^;]*/g;

it('no part of a UserError ends with a full stop: whoever prints it adds one where it is needed', () => {
  const files = globSync('**/*.ts', { cwd: src });
  let errors = 0;
  const stopped = files.flatMap((file) => {
    const text = readFileSync(join(src, file), 'utf8');
    return [...text.matchAll(makers)].flatMap((match) => {
      const span = match[0].includes('=') ? match[0] : call(text, match.index + match[0].length);
      errors++;
      return [...span.matchAll(/\w\.['"`]\s*(?:[,:;})\n]|$)/g)].map(
        ({ index }) => `${file}: ${span.slice(Math.max(0, index - 50), index + 3)}`,
      );
    });
  });
  expect(errors).toBeGreaterThan(100);
  expect(stopped).toEqual([]);
});
