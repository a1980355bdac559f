import { createHash } from 'node:crypto';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { readSchema, type Schema } from '../adapters/jsonSchema.ts';
import { messageOf, UserError } from '../errors.ts';
import type { Leaf } from '../records/analysis.ts';
import type { BaselineGroup, BaselineRecord } from '../records/baseline.ts';

const schemaVersion = 1;
/** One line of text before the compressed body, so that version and checksum can be judged before anything is unpacked. */
const header = /^barlow-baseline (\d{1,9}) sha256:([0-9a-f]{64})\n/;
const headerLimit = 128;
/** A body that unpacks to more is not a baseline (50,000 images and 2,000 groups take 8 MB). */
const unpackedLimit = 2 ** 29;

let schema: Schema<BaselineRecord> | null = null;

/** A baseline as bytes: a header line with schema version and SHA-256, then JSON in Brotli. The same record gives the same bytes. */
export function encodeBaseline(record: BaselineRecord): Buffer {
  const json = Buffer.from(JSON.stringify(inOrder(record)));
  const body = brotliCompressSync(json, {
    params: {
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      // 9 packs ImageNet's size in a second; 11 saves a fifth and takes twenty.
      [constants.BROTLI_PARAM_QUALITY]: 9,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: json.length,
    },
  });
  return Buffer.concat([Buffer.from(`barlow-baseline ${schemaVersion} sha256:${sha256(body)}\n`), body]);
}

/**
 * Reads what `encodeBaseline` wrote. `where` names the place in messages, `fix` says how to be rid of a damaged one.
 *
 * @throws UserError where the bytes are empty, cut off, garbled, of a newer schema or against the schema
 */
export function decodeBaseline(bytes: Uint8Array, where: string, fix: string): BaselineRecord {
  const damaged = (what: string, cause?: unknown) => new UserError({ what, where, fix, cause });
  if (bytes.length === 0) throw damaged('the baseline is empty (0 bytes)');
  const match = header.exec(Buffer.from(bytes.subarray(0, headerLimit)).toString('latin1'));
  if (!match) throw damaged('this is no baseline: it does not start with the line "barlow-baseline ..."');
  const version = Number(match[1]);
  if (version !== schemaVersion) throw otherVersion(version, where);
  const body = bytes.subarray(match[0].length);
  if (sha256(body) !== match[2]) {
    throw damaged(`the baseline is cut off or garbled: its checksum does not match its ${body.length} bytes`);
  }
  const value = unpack(body, damaged);
  if (isNewer(value)) throw otherVersion(value.schemaVersion, where);
  schema ??= readSchema<BaselineRecord>('baseline');
  if (!schema.accepts(value)) {
    const problem = schema.problems(value)[0];
    throw damaged(
      `the baseline breaks its schema: ${problem?.path.join('.') || 'the whole'} ${problem?.message ?? ''}`,
    );
  }
  const misfit = misalignment(value);
  if (misfit) throw damaged(`the baseline contradicts itself: ${misfit}`);
  return value;
}

function otherVersion(version: number, where: string): UserError {
  return new UserError({
    what: `the baseline has schema version ${version}; this barlow-gate reads version ${schemaVersion}`,
    where,
    fix: 'Use the version of barlow-gate that recorded it, or a newer one',
  });
}

function unpack(body: Uint8Array, damaged: (what: string, cause: unknown) => UserError): unknown {
  try {
    return JSON.parse(brotliDecompressSync(body, { maxOutputLength: unpackedLimit }).toString());
  } catch (cause) {
    throw damaged(`the baseline cannot be unpacked (${messageOf(cause)})`, cause);
  }
}

function isNewer(value: unknown): value is { schemaVersion: number } {
  if (typeof value !== 'object' || value === null || !('schemaVersion' in value)) return false;
  return typeof value.schemaVersion === 'number' && value.schemaVersion > schemaVersion;
}

/** What the schema cannot say: lists that must be aligned, indices that must exist. */
function misalignment({ evalSet, predictions, failed }: BaselineRecord): string | null {
  const { classes, images, labels } = evalSet;
  if (labels.length !== images.length) return `${images.length} images and ${labels.length} labels`;
  if (failed.length !== images.length) return `${images.length} images and ${failed.length} failures`;
  if (predictions && predictions.length !== images.length) {
    return `${images.length} images and ${predictions.length} predictions`;
  }
  if (labels.some((label) => label >= classes.length)) return `a label beyond its ${classes.length} classes`;
  if (predictions?.some((index) => index >= classes.length)) return `a prediction beyond its ${classes.length} classes`;
  if (new Set(images).size !== images.length) return 'an image is listed twice';
  return null;
}

/** The record with its keys in one order and none beside them, so that equal records give equal bytes. */
function inOrder(record: BaselineRecord): BaselineRecord {
  const { suite, commit, checkpoint, createdAt, tool, featureModel, evalSet, predictions, failed, groups } = record;
  const { fingerprint, classes, images, labels } = evalSet;
  return {
    schemaVersion,
    suite,
    commit,
    checkpoint,
    createdAt,
    tool: { name: tool.name, version: tool.version },
    featureModel: { fingerprint: featureModel.fingerprint, dimensions: featureModel.dimensions },
    evalSet: { fingerprint, classes, images, labels },
    predictions,
    failed,
    groups: groups.map(groupInOrder),
  };
}

function groupInOrder({ id, size, failures, baseErrorRate, aler, leaves }: BaselineGroup): BaselineGroup {
  return { id, size, failures, baseErrorRate, aler, leaves: leaves.map(leafInOrder) };
}

function leafInOrder(leaf: Leaf): Leaf {
  const { id, node, size, failures, errorRate, errorCoverage, importanceValue, failureMode } = leaf;
  const rule = leaf.rule.map(({ feature, op, threshold }) => ({ feature, op, threshold }));
  return { id, node, rule, size, failures, errorRate, errorCoverage, importanceValue, failureMode };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
