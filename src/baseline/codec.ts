import { createHash } from 'node:crypto';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { firstProblem, readSchema } from '../adapters/jsonSchema.ts';
import { messageOf, UserError } from '../errors.ts';
import type { Leaf } from '../records/analysis.ts';
import type {
  BaselineEvent,
  BaselineGroup,
  BaselineRecord,
  BaselineSlice,
  FeatureSketch,
} from '../records/baseline.ts';
import { isJsonObject } from '../records/json.ts';

const schemaVersion = 2;
/** One line of text before the compressed body, so that version and checksum can be judged before anything is unpacked. */
const header = /^barlow-baseline (\d{1,9}) sha256:([0-9a-f]{64})\n/;
const headerLimit = 128;
/** A body that unpacks to more is not a baseline (50,000 images and 2,000 groups take 8 MB). */
const unpackedLimit = 2 ** 29;

const schema = readSchema<BaselineRecord>('baseline');

/**
 * A baseline as bytes: a header line with schema version and SHA-256, then JSON in Brotli. The same record gives the same bytes.
 *
 * @throws Error where the record is one that `decodeBaseline` would refuse
 */
export function encodeBaseline(record: BaselineRecord): Buffer {
  const ordered = inOrder(record);
  const problem = problemOf(ordered);
  if (problem) throw new Error(`this baseline could not be read again: it ${problem}`);
  const json = Buffer.from(JSON.stringify(ordered));
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
 * Reads what `encodeBaseline` wrote, and records of schema 1. `where` names the place in messages, `fix` says how to be rid of a damaged one.
 *
 * @throws UserError where the bytes are empty, cut off, garbled, of a newer schema or against the schema
 */
export function decodeBaseline(bytes: Uint8Array, where: string, fix: string): BaselineRecord {
  const damaged = (what: string, cause?: unknown) => new UserError({ what, where, fix, cause });
  if (bytes.length === 0) throw damaged('the baseline is empty (0 bytes)');
  const match = header.exec(Buffer.from(bytes.subarray(0, headerLimit)).toString('latin1'));
  if (!match) throw damaged('this is no baseline: it does not start with the line "barlow-baseline ..."');
  const version = Number(match[1]);
  if (version < 1 || version > schemaVersion) throw otherVersion(version, where);
  const body = bytes.subarray(match[0].length);
  if (sha256(body) !== match[2]) {
    throw damaged(`the baseline is cut off or garbled: its checksum does not match its ${body.length} bytes`);
  }
  const value = unpack(body, damaged);
  if (isNewer(value)) throw otherVersion(value.schemaVersion, where);
  const record = version === 1 ? upgraded(value) : value;
  if (schema.accepts(record)) {
    const misfit = misalignment(record);
    if (misfit === null) return record;
  }
  throw damaged(`the baseline ${problemOf(record)}`);
}

/** A record of schema 1 as one of schema 2; anything else as it is. */
function upgraded(value: unknown): unknown {
  if (!isJsonObject(value) || value.schemaVersion !== 1) return value;
  const evalSet = isJsonObject(value.evalSet) ? { hashes: null, ...value.evalSet } : value.evalSet;
  const unknown = { replica: false, config: null, confidences: null, sketch: null, events: [], slices: [] };
  return { ...unknown, ...value, schemaVersion, evalSet };
}

/** What is wrong with a record, in words that follow "the baseline"; null where nothing is. */
function problemOf(value: unknown): string | null {
  if (schema.accepts(value)) {
    const misfit = misalignment(value);
    return misfit && `contradicts itself: ${misfit}`;
  }
  return `breaks its schema: ${firstProblem(schema, value)}`;
}

function otherVersion(version: number, where: string): UserError {
  return new UserError({
    what: `the baseline has schema version ${version}; this barlow-gate reads up to version ${schemaVersion}`,
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
function misalignment({ evalSet, predictions, confidences, failed, sketch }: BaselineRecord): string | null {
  const { classes, images, labels, hashes } = evalSet;
  const lists = { labels, failures: failed, predictions, confidences, hashes };
  for (const [name, list] of Object.entries(lists)) {
    if (list && list.length !== images.length) return `${images.length} images and ${list.length} ${name}`;
  }
  if (sketch && sketch.values.length !== sketch.images.length * sketch.features.length) {
    return `a sketch of ${sketch.images.length} images and ${sketch.features.length} features with ${sketch.values.length} values`;
  }
  if (labels.some((label) => label >= classes.length)) return `a label beyond its ${classes.length} classes`;
  if (predictions?.some((index) => index >= classes.length)) return `a prediction beyond its ${classes.length} classes`;
  if (new Set(images).size !== images.length) return 'an image is listed twice';
  return null;
}

/** The record with its keys in one order and none beside them, so that equal records give equal bytes. */
function inOrder(record: BaselineRecord): BaselineRecord {
  const { suite, commit, checkpoint, replica, createdAt, tool, config, featureModel, evalSet } = record;
  const { fingerprint, classes, images, labels, hashes } = evalSet;
  return {
    schemaVersion,
    suite,
    commit,
    checkpoint,
    replica,
    createdAt,
    tool: { name: tool.name, version: tool.version },
    config,
    featureModel: { fingerprint: featureModel.fingerprint, dimensions: featureModel.dimensions },
    evalSet: { fingerprint, classes, images, labels, hashes },
    predictions: record.predictions,
    confidences: record.confidences,
    failed: record.failed,
    sketch: record.sketch && sketchInOrder(record.sketch),
    groups: record.groups.map(groupInOrder),
    events: record.events.map(eventInOrder),
    slices: record.slices.map(sliceInOrder),
  };
}

function sketchInOrder({ images, features, values }: FeatureSketch): FeatureSketch {
  return { images, features, values };
}

function eventInOrder({ id, title, images, since }: BaselineEvent): BaselineEvent {
  return { id, title, images, since };
}

function sliceInOrder({ name, images, failures }: BaselineSlice): BaselineSlice {
  return { name, images, failures };
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
