import { availableParallelism } from 'node:os';
import { compileSchema } from '../adapters/jsonSchema.ts';
import { UserError } from '../errors.ts';
import { defaultOut } from '../records/config.ts';
import type { Request } from './request.ts';

/** What `runGate` takes: the config's path, and what differs from a plain `barlow run` in the working directory. */
export type GateRequest = Pick<Request, 'config'> & Partial<Omit<Request, 'config' | 'shard'>>;

const text = { type: 'string', minLength: 1 };
const textOrNull = { type: ['string', 'null'] };
const schema = compileSchema<object>({
  type: 'object',
  required: ['config'],
  additionalProperties: false,
  properties: {
    config: text,
    out: text,
    workers: { type: 'integer', minimum: 0, maximum: 999 },
    checkpoints: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'path'],
        additionalProperties: false,
        properties: { name: text, path: text },
      },
    },
    baseline: textOrNull,
    commit: textOrNull,
    checkedOut: { type: ['array', 'null'], items: text },
    base: textOrNull,
    parts: { type: 'array', items: text },
    record: { type: 'boolean' },
    recordUnasked: { type: 'boolean' },
    replica: { type: 'boolean' },
    replace: { type: 'boolean' },
    engine: textOrNull,
    commentReserve: { type: 'integer', minimum: 0 },
    // Functions and dates are no JSON; TypeScript sees to them.
    pictureAddress: true,
    now: true,
    onProgress: true,
    onNotice: true,
  },
});

/**
 * A whole request of a library user's.
 * @throws UserError for unknown keys and values of the wrong type
 */
export function completeRequest(given: GateRequest): Request {
  const [problem] = schema.problems(given);
  if (problem !== undefined) {
    const key = [...problem.path, String(problem.params.additionalProperty ?? problem.params.missingProperty ?? '')];
    throw new UserError({
      what: `the request ${problem.message}${key.join('.') === '' ? '' : ` (${key.filter((part) => part !== '').join('.')})`}`,
      where: 'runGate',
      fix: 'Give what the type GateRequest allows',
    });
  }
  return {
    ...{ out: defaultOut, workers: availableParallelism(), checkpoints: [], baseline: null, commit: null },
    ...{ base: null, record: false, shard: null, now: new Date(), onProgress: () => {}, onNotice: () => {} },
    ...given,
  };
}
