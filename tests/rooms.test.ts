import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = join(dirname(fileURLToPath(import.meta.url)), '..', 'src');
const edges = ['evalset', 'inference', 'baseline', 'forge'];
const pure = ['analysis', 'gate', 'report'];
const rooms = [...edges, ...pure];
/** What any room may import of the project besides its own files. */
const common = [
  'records.ts',
  'errors.ts',
  'ajv.ts',
  'fastestLevenshtein.ts',
  'piscina.ts',
  'regionId.ts',
  'writeFileAtomic.ts',
];
/** What Node offers that touches the world; `node:crypto` is allowed for hashing. */
const allowedInPureRooms = ['node:crypto'];

interface Import {
  readonly file: string;
  readonly target: string;
}

const specifiers = /(?:\b(?:import|export)\b[^'"`;]*?\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)['"]([^'"]+)['"]/g;

function importsOf(text: string): string[] {
  return [...text.matchAll(specifiers)].map((match) => match[1] ?? '');
}

/** Every import of src/, project targets as paths below src/ ('/'-separated). */
const imports: Import[] = globSync('**/*.ts', { cwd: src })
  .toSorted()
  .flatMap((name) => {
    const file = name.split(sep).join('/');
    return importsOf(readFileSync(join(src, name), 'utf8')).map((specifier) => ({
      file,
      target: specifier.startsWith('.')
        ? relative(src, join(src, dirname(name), specifier))
            .split(sep)
            .join('/')
        : specifier,
    }));
  });
const isProject = (target: string) => target.endsWith('.ts') || target.endsWith('.json');
const roomOf = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');
const packageOf = (target: string) =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');

describe('imports', () => {
  it('finds the imports it judges', () => {
    expect(imports.length).toBeGreaterThan(50);
    expect(
      importsOf(`import a, { type B } from './a.ts';\nexport * from "b";\nawait import('c');\nimport 'd';`),
    ).toEqual(['./a.ts', 'b', 'c', 'd']);
  });

  it('a room imports its own files, the records, the errors and root adapters; pure rooms the statistics too', () => {
    const wrong = imports.filter(({ file, target }) => {
      const room = roomOf(file);
      if (!rooms.includes(room) || !isProject(target)) return false;
      const allowed = roomOf(target) === room || common.includes(target);
      return !(allowed || (pure.includes(room) && roomOf(target) === 'statistics'));
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

  it('only the pipeline imports rooms; doors import the pipeline', () => {
    const isPipeline = (file: string) => file === 'pipeline.ts' || roomOf(file) === 'pipeline';
    const outside = imports.filter(({ file }) => roomOf(file) === '' && !isPipeline(file));
    expect(outside.filter(({ target }) => rooms.includes(roomOf(target)) || roomOf(target) === 'pipeline')).toEqual([]);
    expect(imports.filter(({ file, target }) => isPipeline(target) && rooms.includes(roomOf(file)))).toEqual([]);
  });

  it('pure rooms and statistics do no I/O, read no clock and no environment', () => {
    const pureFiles = [...pure, 'statistics'];
    expect(
      imports.filter(
        ({ file, target }) =>
          pureFiles.includes(roomOf(file)) && target.startsWith('node:') && !allowedInPureRooms.includes(target),
      ),
    ).toEqual([]);
    const impure = /\b(Date\.now|new Date\(\)|Math\.random|process\.|performance\.now|fetch\(|console\.)/;
    const texts = globSync('**/*.ts', { cwd: src }).filter((name) => pureFiles.includes(name.split(sep)[0] ?? ''));
    expect(texts.filter((name) => impure.test(readFileSync(join(src, name), 'utf8')))).toEqual([]);
  });

  it('a third-party library is imported in one file', () => {
    const files = new Map<string, Set<string>>();
    for (const { file, target } of imports) {
      if (isProject(target) || target.startsWith('node:')) continue;
      const name = packageOf(target);
      files.set(name, (files.get(name) ?? new Set()).add(file));
    }
    expect([...files].filter(([, importers]) => importers.size > 1).map(([name, set]) => [name, ...set])).toEqual([]);
  });
});
