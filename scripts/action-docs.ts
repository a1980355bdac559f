/**
 * Writes the tables of docs/action.md from action.yml: `node scripts/action-docs.ts`. A test fails where they are not current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

const page = new URL('../docs/action.md', import.meta.url);
const actionFile = new URL('../action.yml', import.meta.url);

interface Described {
  readonly description: string;
  readonly default?: string;
}

/** The page with its tables made again. */
export function actionDocs(): string {
  const {
    inputs,
    outputs,
  }: Record<'inputs' | 'outputs', Readonly<Record<string, Described>>> = parse(readFileSync(actionFile, 'utf8'));
  const cell = (text: string) => text.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|');
  const inputRows = Object.entries(inputs).map(
    ([name, { description, default: value = '' }]) =>
      `| \`${name}\` | ${value === '' ? '' : `\`${value}\``} | ${cell(description)} |`,
  );
  const outputRows = Object.entries(outputs).map(([name, { description }]) => `| \`${name}\` | ${cell(description)} |`);
  const tables = {
    inputs: ['| input | default | |', '|---|---|---|', ...inputRows],
    outputs: ['| output | |', '|---|---|', ...outputRows],
  };
  return Object.entries(tables).reduce(
    (text, [name, rows]) =>
      text.replace(
        new RegExp(`(<!-- ${name}:.*-->\n)[\\s\\S]*?(<!-- /${name} -->)`),
        (_, open: string, close: string) => [open.trimEnd(), ...rows, close].join('\n'),
      ),
    readFileSync(page, 'utf8'),
  );
}

if (import.meta.main) writeFileSync(page, actionDocs());
