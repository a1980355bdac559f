import { describe, expect, test } from 'vitest';
import { compileSchema, firstProblem } from '../../src/adapters/jsonSchema.ts';

const point = compileSchema<{ x: number; label?: string }>({
  type: 'object',
  additionalProperties: false,
  required: ['x'],
  properties: { x: { type: 'number', minimum: 0 }, label: { enum: ['a', 'b'] } },
});

describe('compileSchema', () => {
  test('accepts what the schema allows, with no problems', () => {
    expect(point.accepts({ x: 1, label: 'a' })).toBe(true);
    expect(point.problems({ x: 1, label: 'a' })).toEqual([]);
  });

  test('names every problem: where, which keyword, the schema and the value', () => {
    expect(point.accepts({ x: -1, label: 'c', y: 2 })).toBe(false);
    const problems = point.problems({ x: -1, label: 'c', y: 2 });
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: ['x'], keyword: 'minimum', schema: { type: 'number', minimum: 0 }, value: -1 }),
        expect.objectContaining({ path: ['label'], keyword: 'enum', schema: { enum: ['a', 'b'] }, value: 'c' }),
        expect.objectContaining({ path: [], keyword: 'additionalProperties' }),
      ]),
    );
    expect(problems).toHaveLength(3);
    expect(problems.find(({ keyword }) => keyword === 'additionalProperties')?.params).toEqual({
      additionalProperty: 'y',
    });
  });

  test('says the first problem in words', () => {
    expect(firstProblem(point, { x: -1 })).toBe('x must be >= 0');
    expect(firstProblem(point, {})).toBe("the whole must have required property 'x'");
  });

  test('unescapes JSON pointers, so that keys with slashes and tildes come back whole', () => {
    const map = compileSchema({ type: 'object', additionalProperties: { type: 'string' } });
    expect(map.problems({ 'a/b~c': 1 }).map(({ path }) => path)).toEqual([['a/b~c']]);
  });

  test('NaN and infinities are no numbers', () => {
    expect(point.accepts({ x: Number.NaN })).toBe(false);
    expect(point.accepts({ x: Number.POSITIVE_INFINITY })).toBe(false);
  });

  test('fills defaults in only when asked, nested ones too', () => {
    const schema = {
      type: 'object',
      properties: { tree: { type: 'object', default: {}, properties: { maxDepth: { type: 'integer', default: 3 } } } },
    };
    const left = {};
    expect(compileSchema(schema).accepts(left)).toBe(true);
    expect(left).toEqual({});
    const filled = {};
    expect(compileSchema(schema, { fillDefaults: true }).accepts(filled)).toBe(true);
    expect(filled).toEqual({ tree: { maxDepth: 3 } });
  });

  test('a wrong schema is a bug, not a verdict', () => {
    expect(() => compileSchema('string')).toThrow('a JSON schema is an object');
    const wrong = compileSchema({ type: 'object', propertys: {} });
    expect(() => wrong.accepts({})).toThrow('unknown keyword: "propertys"');
    expect(() => wrong.problems({})).toThrow('unknown keyword: "propertys"');
    expect(() => compileSchema({ type: 'objekt' }).accepts({})).toThrow('type must be JSONType');
  });

  test('schemas of one $id are told apart', () => {
    const [words, numbers] = ['string', 'number'].map((type) => compileSchema({ $id: 'https://same.test', type }));
    expect([words?.accepts('a'), words?.accepts(1), numbers?.accepts('a'), numbers?.accepts(1)]).toEqual([
      ...[true, false],
      ...[false, true],
    ]);
  });
});
