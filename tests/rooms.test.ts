import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { common, house } from './house.ts';

const src = join(dirname(fileURLToPath(import.meta.url)), '..', 'src');

const commonFiles = ['errors.ts', 'packageFolder.ts'];
/** The files of `src/` itself: doors, and what is common. */
const doors = ['bin.ts', 'cli.ts', 'index.ts'];
/** What Node offers that touches the world; `node:crypto` is allowed for hashing. */
const allowedInPureRooms = ['node:crypto'];
const pure = Object.keys(house).filter((room) => house[room]?.floor === 'pure' || room === 'statistics');

interface Import {
  readonly file: string;
  readonly target: string;
}

const specifiers = /(?:\b(?:import|export)\b[^'"`;]*?\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)['"]([^'"]+)['"]/g;

function importsOf(text: string): string[] {
  return [...text.matchAll(specifiers)].map((match) => match[1] ?? '');
}

const files = globSync('**/*.ts', { cwd: src })
  .map((name) => name.split(sep).join('/'))
  .toSorted();

/** Every import of src/, types included; project targets as paths below src/ ('/'-separated). */
const imports: Import[] = files.flatMap((file) =>
  importsOf(readFileSync(join(src, file), 'utf8')).map((specifier) => ({
    file,
    target: specifier.startsWith('.')
      ? relative(src, join(src, dirname(file), specifier))
          .split(sep)
          .join('/')
      : specifier,
  })),
);
const isProject = (target: string) => target.endsWith('.ts') || target.endsWith('.json');
const roomOf = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');
const packageOf = (target: string) =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');

/** A cycle of files, or null. Depth first, each file once. */
function cycleIn(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const target of graph.get(file) ?? []) {
      const found = visit(target, [...path, file]);
      if (found !== null) return found;
    }
    done.add(file);
    return null;
  };
  for (const file of graph.keys()) {
    const found = visit(file, []);
    if (found !== null) return found;
  }
  return null;
}

describe('the house', () => {
  it('finds the imports it judges', () => {
    expect(imports.length).toBeGreaterThan(50);
    expect(
      importsOf(`import a, { type B } from './a.ts';\nexport * from "b";\nawait import('c');\nimport 'd';`),
    ).toEqual(['./a.ts', 'b', 'c', 'd']);
    const cycle = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]);
    expect(cycleIn(cycle)).toEqual(['b', 'c', 'b']);
  });

  it('has every folder of src/ in its table, and no other', () => {
    const folders = new Set(files.map(roomOf).filter((room) => room !== ''));
    expect([...folders].toSorted()).toEqual(Object.keys(house).toSorted());
    expect(files.filter((file) => roomOf(file) === '')).toEqual([...doors, ...commonFiles].toSorted());
  });

  it('has no cycle of files, types included', () => {
    const graph = new Map(files.map((file): [string, string[]] => [file, []]));
    for (const { file, target } of imports) if (isProject(target)) graph.get(file)?.push(target);
    expect(cycleIn(graph)).toBeNull();
  });

  it('a room imports its own files, the rooms that the table names, and what is common', () => {
    const wrong = imports.filter(({ file, target }) => {
      const room = roomOf(file);
      if (room === '' || !isProject(target)) return false;
      const to = roomOf(target);
      const named = house[room]?.imports ?? [];
      const ground = house[room]?.floor === 'ground' ? ['records'] : common;
      return !(to === room || named.includes(to) || ground.includes(to) || commonFiles.includes(target));
    });
    expect(wrong).toEqual([]);
  });

  it('statistics imports nothing else of the project', () => {
    expect(
      imports.filter(
        ({ file, target }) => roomOf(file) === 'statistics' && isProject(target) && roomOf(target) !== 'statistics',
      ),
    ).toEqual([]);
  });

  it('doors import the pipeline, adapters and types, and no room', () => {
    const allowed = ['pipeline', 'adapters', 'records', ''];
    const wrong = imports.filter(
      ({ file, target }) => doors.includes(file) && isProject(target) && !allowed.includes(roomOf(target)),
    );
    expect(wrong).toEqual([]);
  });

  it('pure rooms and statistics do no I/O, read no clock and no environment', () => {
    expect(
      imports.filter(
        ({ file, target }) =>
          pure.includes(roomOf(file)) && target.startsWith('node:') && !allowedInPureRooms.includes(target),
      ),
    ).toEqual([]);
    const impure = /\b(Date\.now|new Date\(\)|Math\.random|process\.|performance\.now|fetch\(|console\.)/;
    const texts = files.filter((name) => pure.includes(roomOf(name)));
    expect(texts.filter((name) => impure.test(readFileSync(join(src, name), 'utf8')))).toEqual([]);
  });

  it('a third-party library is imported in one file', () => {
    const importers = new Map<string, Set<string>>();
    for (const { file, target } of imports) {
      if (isProject(target) || target.startsWith('node:')) continue;
      const name = packageOf(target);
      importers.set(name, (importers.get(name) ?? new Set()).add(file));
    }
    expect([...importers].filter(([, files]) => files.size > 1).map(([name, set]) => [name, ...set])).toEqual([]);
  });
});
