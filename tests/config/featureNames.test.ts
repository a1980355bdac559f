import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFeatureNames, writeFeatureName } from '../../src/config/featureNames.ts';
import { UserError } from '../../src/errors.ts';
import { type FeatureName, featureKinds } from '../../src/records/features.ts';
import { HOSTILE_NAMES } from '../report/hostileResult.ts';

const NETWORK = '3f2a'.repeat(16);
const OTHER = '0123'.repeat(16);

let folder = '';
let file = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'barlow-features-'));
  file = join(folder, 'features.yml');
});
afterAll(() => rmSync(folder, { recursive: true }));

const called = (name: string): FeatureName => ({ name, kind: null, note: null });

function read(text: string | Uint8Array) {
  writeFileSync(file, text);
  return readFeatureNames(file);
}

async function written(text: string | null, feature: number, name: FeatureName, network = NETWORK): Promise<string> {
  if (text === null) rmSync(file, { force: true });
  else writeFileSync(file, text);
  await writeFeatureName(file, feature, name, network);
  return readFileSync(file, 'utf8');
}

async function refusal(of: Promise<unknown>): Promise<UserError> {
  const error: unknown = await of.then(
    (value) => new Error(`accepted: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UserError)) throw error;
  return error;
}

const EXAMPLE = `# What the robust network sees.
featureModel: ${NETWORK} # written by barlow

# shoes
features:
  # two people looked at it
  33: {name: buckle, kind: overemphasised, note: "no shoe without it"} # keep

  7: red paint # of cars
  "8":
    name: grass # was: lawn
    # the pictures are all of golf
    kind: unclear
`;

describe('readFeatureNames', () => {
  test('a text is a name; kind and note are optional', async () => {
    expect(await read(EXAMPLE)).toEqual({
      featureModel: NETWORK,
      names: new Map([
        [7, { name: 'red paint', kind: null, note: null }],
        [8, { name: 'grass', kind: 'unclear', note: null }],
        [33, { name: 'buckle', kind: 'overemphasised', note: 'no shoe without it' }],
      ]),
    });
  });

  test.each(['features:\n', 'features: {}\n', 'featureModel:\n', '{}'])('names may be missing: %j', async (text) => {
    expect(await read(text)).toEqual({ featureModel: null, names: new Map() });
  });

  test.each([
    ['an unknown key', 'featuremodel: x\n', 1, '`featuremodel`', 'Did you mean `featureModel`?'],
    ['an unknown key of a feature', 'features:\n  1: {name: a, kinds: unclear}\n', 2, '`features[1].kinds`', '`kind`?'],
    ['an unknown kind', 'features:\n  1:\n    name: a\n    kind: bad\n', 4, '"bad"', '"spurious", "overemphasised"'],
    ['a feature with no name', 'features:\n  1: {note: a}\n', 2, '`features[1].name` is missing', 'Give'],
    ['an empty name', 'features:\n  1: a\n  2: ""\n', 3, '`features[2]` is ""', 'in a word or a few'],
    ['a blank name', 'features: {2: " "}\n', 1, '`features[2]` is " "', 'What the feature looks for'],
    ['a long name', `features: {2: ${'x'.repeat(201)}}\n`, 1, '`features[2]` is', 'at most 200 characters'],
    ['a number for a name', 'features:\n  1: 5\n', 2, '`features[1]` is a number (5)', 'Give text'],
    ['no name at all', 'features:\n  1:\n', 2, '`features[1]` is empty', 'Give text'],
    ['a list of names', 'features: [a, b]\n', 1, '`features` is a list', 'mapping'],
    ['a negative feature', 'features:\n  -1: a\n', 2, '`features.-1` is not a fit name', 'from 0 on'],
    ['a huge feature', 'features:\n  99999999999999999999: a\n', 2, 'not a fit name', 'from 0 on'],
    ['a fraction', 'features:\n  1.5: a\n', 2, 'not a fit name', 'from 0 on'],
    ['another way to write a number', 'features:\n  0x10: a\n', 2, 'not a fit name', 'plain digits'],
    ['leading zeros', 'features:\n  007: a\n', 2, 'not a fit name', 'plain digits'],
    ['a word for a number', 'features:\n  __proto__: a\n', 2, '`features.__proto__`', 'plain digits'],
    ['a fingerprint cut short', 'featureModel: 3f2a\n', 1, '"3f2a"', '64 hexadecimal digits'],
    ['the same feature twice', 'features:\n  1: a\n  1: b\n', 3, 'twice', 'Remove one'],
    ['the same feature twice, quoted', 'features:\n  1: a\n  "1": b\n', 3, 'twice', 'Remove one'],
    ['broken YAML', 'features:\n  1: "a\n', 3, 'broken', 'Mend the line'],
    ['a list for a file', '- a\n', 1, 'the file is a list', 'mapping'],
  ])('refuses %s, with line and remedy', async (_, text, line, what, fix) => {
    const error = await refusal(read(text));
    expect(error.where).toBe(`${file}:${line}`);
    expect(error.what).toContain(what);
    expect(error.fix).toContain(fix);
  });

  test('refuses a missing, an empty, a binary and a huge file', async () => {
    expect((await refusal(readFeatureNames(join(folder, 'none.yml')))).fix).toContain('`barlow feature N --name NAME`');
    expect((await refusal(read('# nothing\n'))).what).toBe('the file is empty');
    expect((await refusal(read(new Uint8Array([0xff, 0xfe, 0])))).what).toBe('the file is not UTF-8 text');
    expect((await refusal(read(`features: {1: a}\n#${'x'.repeat(300_000)}`))).what).toContain('bytes');
  });

  test('refuses YAML bombs at once', async () => {
    const laughs = ['x', ...Array.from({ length: 30 }, (_, i) => `*a${i}`)].map(
      (inner, i) => `&a${i} [${`${inner},`.repeat(9)}]`,
    );
    const start = performance.now();
    await refusal(read(`features: {1: {name: a, note: [${laughs.join(', ')}]}}\n`));
    await refusal(read(`features: ${'{1: '.repeat(20_000)}`));
    await refusal(read(`features: ${'['.repeat(20_000)}${']'.repeat(20_000)}`));
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe('writeFeatureName', () => {
  const NAMED = `featureModel: ${NETWORK}\nfeatures:\n  33: buckle\n`;

  test('makes the file, or fills an empty one', async () => {
    expect(await written(null, 33, called('buckle'))).toBe(NAMED);
    expect(await written('', 33, called('buckle'))).toBe(NAMED);
    expect(await written(NAMED.replace('  33: buckle\n', ''), 33, called('buckle'))).toBe(NAMED);
    expect(await written('# ours\n', 33, called('buckle'))).toBe(`# ours\n\n${NAMED}`);
    expect(readdirSync(folder)).toEqual(['features.yml']);
  });

  test('keeps comments, order and what else is there', async () => {
    const named = { name: 'clasp', kind: 'spurious', note: null } as const;
    expect(await written(EXAMPLE, 33, named)).toBe(
      EXAMPLE.replace(
        '{name: buckle, kind: overemphasised, note: "no shoe without it"}',
        '{name: clasp, kind: spurious}',
      ),
    );
    expect(await written(EXAMPLE, 7, called('red'))).toBe(EXAMPLE.replace('red paint', 'red'));
    expect(await written(EXAMPLE, 7, named)).toBe(EXAMPLE.replace('red paint', '{name: clasp, kind: spurious}'));
    expect(await written(EXAMPLE, 8, { name: 'lawn', kind: 'unclear', note: null })).toBe(
      EXAMPLE.replace('name: grass', 'name: lawn'),
    );
    expect(await written(EXAMPLE, 1, named)).toBe(`${EXAMPLE}  1: {name: clasp, kind: spurious}\n`);
  });

  test('a file of no network is of this one from now on', async () => {
    expect(await written('# ours\n\nfeatures: {1: a}\n', 2, called('b'))).toBe(
      `# ours\n\nfeatureModel: ${NETWORK}\nfeatures: {1: a, 2: b}\n`,
    );
  });

  test('refuses the names of another network, and leaves them as they are', async () => {
    const error = await refusal(written(EXAMPLE, 33, called('clasp'), OTHER));
    expect(error.where).toBe(`${file}:2`);
    expect(error.what).toContain('another network (3f2a3f2a3f2a3f2a; this one is 0123012301230123)');
    expect(readFileSync(file, 'utf8')).toBe(EXAMPLE);
  });

  test.each([
    ['a broken file', 'features: {1: a, 1: b}\n', 2, called('b'), 'twice'],
    ['a file through aliases', 'features: {1: &a {name: x}, 2: *a}\n', 1, called('b'), 'cannot be changed'],
    ['an empty name', EXAMPLE, 1, called(''), 'which is not allowed'],
    ['a blank name in a mapping', EXAMPLE, 1, { ...called('\t'), note: 'x' }, 'which is not allowed'],
    ['a negative feature', EXAMPLE, -1, called('a'), 'not a fit name'],
    ['a huge feature', EXAMPLE, 1e21, called('a'), 'not a fit name'],
    ['no number', EXAMPLE, Number.NaN, called('a'), 'not a fit name'],
    [
      'a file that would be too large',
      `${EXAMPLE}#${'x'.repeat(261_000)}\n`,
      1,
      { ...called('a'), note: 'n'.repeat(2_000) },
      'bytes',
    ],
  ])('refuses %s, and leaves it as it is', async (_, text, feature, name, what) => {
    expect((await refusal(written(text, feature, name))).what).toContain(what);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('hostile names come back as they were given', async () => {
    for (const hostile of HOSTILE_NAMES) {
      const name = hostile.toWellFormed().slice(0, 200);
      for (const text of [null, EXAMPLE, 'features: {1: a}\n']) {
        await written(text, 12, { name, kind: 'spurious', note: name });
        expect((await readFeatureNames(file)).names.get(12)).toEqual({ name, kind: 'spurious', note: name });
      }
    }
  });

  test('any names in any order come back, each the last it was given', async () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).map((each) => each.toWellFormed());
    const name = fc.record({
      name: text.filter((each) => /\S/.test(each)),
      kind: fc.constantFrom('spurious' as const, 'overemphasised' as const, 'unclear' as const, null),
      note: fc.option(text, { nil: null }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat({ max: 4 }), name), { minLength: 1, maxLength: 6 }), async (writes) => {
        rmSync(file, { force: true });
        for (const [feature, given] of writes) await writeFeatureName(file, feature, given, NETWORK);
        const { featureModel, names } = await readFeatureNames(file);
        expect(featureModel).toBe(NETWORK);
        expect(names).toEqual(new Map(writes));
      }),
      { numRuns: 100 },
    );
  });
});

test('the kinds of a feature are those of the schema', () => {
  const schema = readFileSync(join(import.meta.dirname, '..', '..', 'schemas', 'features.schema.json'), 'utf8');
  const { kind } = JSON.parse(schema).properties.features.additionalProperties.else.properties;
  expect(kind.enum).toEqual([...featureKinds, null]);
  for (const each of featureKinds) expect(kind.description).toContain(`\`${each}\``);
});
