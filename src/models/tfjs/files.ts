import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { compileSchema } from '../../adapters/jsonSchema.ts';
import { messageOf, UserError } from '../../errors.ts';
import { entry } from '../../records/entry.ts';

/** One weight of a TF.js model, as `model.json` declares it. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool' | 'string' | 'complex64';
  /** How it is stored, where that is not as `dtype`. */
  readonly quantization?: { readonly dtype: 'uint8' | 'uint16' | 'float16'; readonly [key: string]: unknown };
}

/** A TF.js model as it lies on disk, read whole. */
export interface TfjsFiles {
  /** The `model.json`. */
  readonly file: string;
  /** `modelTopology`: a Keras config, or a TensorFlow graph. */
  readonly topology: Readonly<Record<string, unknown>>;
  /** Inputs and outputs of a graph model; null where the file says nothing. */
  readonly signature: unknown;
  readonly weights: readonly WeightSpec[];
  /** The weights' values, one after the other. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** SHA-256 (hex) over `model.json` and the weights. */
  readonly fingerprint: string;
}

interface ModelJson {
  readonly modelTopology: Readonly<Record<string, unknown>>;
  readonly weightsManifest: readonly { readonly paths: readonly string[]; readonly weights: readonly WeightSpec[] }[];
  readonly signature?: unknown;
}

const modelJson = compileSchema<ModelJson>({
  type: 'object',
  required: ['modelTopology', 'weightsManifest'],
  properties: {
    modelTopology: { type: 'object' },
    weightsManifest: {
      type: 'array',
      items: {
        type: 'object',
        required: ['paths', 'weights'],
        properties: {
          paths: { type: 'array', items: { type: 'string' } },
          weights: {
            type: 'array',
            items: {
              type: 'object',
              required: ['name', 'shape', 'dtype'],
              properties: {
                name: { type: 'string' },
                shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
                dtype: { enum: ['float32', 'int32', 'bool', 'string', 'complex64'] },
                quantization: {
                  type: 'object',
                  required: ['dtype'],
                  properties: { dtype: { enum: ['uint8', 'uint16', 'float16'] } },
                },
              },
            },
          },
        },
      },
    },
  },
});

/** Bytes of a value as it is stored. */
export const BYTES = {
  float32: 4,
  int32: 4,
  bool: 1,
  complex64: 8,
  string: 0,
  uint8: 1,
  uint16: 2,
  float16: 2,
} as const;

/** As for ONNX: no feature model comes near this. */
const MAX_BYTES = 2 ** 31;

/**
 * Reads `model.json` and the weight files that it names, which must lie in its folder.
 * @throws UserError where a file is missing, outside the folder or too short, or `model.json` is no TF.js model.
 */
export function readTfjsFiles(file: string): TfjsFiles {
  const text = read(file, 'the path of the model in the config');
  const parsed = parse(text, file);
  const hash = createHash('sha256').update(text);
  const groups = parsed.weightsManifest.map(({ paths, weights }) => {
    const needed = weights.reduce((sum, spec) => sum + bytesOf(spec), 0);
    const files = paths.map((path) => weightFile(path, file));
    const size = files.reduce((sum, path) => sum + statSync(path).size, 0);
    // Checked before anything is read: a model that declares gigabytes must not take them.
    if (needed > MAX_BYTES || size > MAX_BYTES) throw damaged('its weights exceed 2 GiB', file);
    if (size < needed) {
      throw damaged(`the weights need ${needed} bytes, and ${paths.join(', ')} hold ${size}`, file);
    }
    return Buffer.concat(files.map((path) => read(path, `that it was copied with ${file}`)));
  });
  const data = new Uint8Array(groups.reduce((sum, { length }) => sum + length, 0));
  groups.reduce((at, bytes) => {
    data.set(bytes, at);
    return at + bytes.length;
  }, 0);
  return {
    file,
    topology: parsed.modelTopology,
    signature: parsed.signature ?? null,
    weights: parsed.weightsManifest.flatMap(({ weights }) => weights),
    data,
    fingerprint: hash.update(data).digest('hex'),
  };
}

function parse(text: Uint8Array, file: string): ModelJson {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(text));
  } catch (thrown) {
    throw noModel(messageOf(thrown), file);
  }
  if (modelJson.accepts(parsed)) return parsed;
  const { path, message } = entry(modelJson.problems(parsed), 0);
  throw noModel(path.length > 0 ? `${path.join('.')} ${message}` : message, file);
}

function bytesOf({ shape, dtype, quantization }: WeightSpec): number {
  return shape.reduce((product, length) => product * length, BYTES[quantization?.dtype ?? dtype]);
}

/** The real path of a weight file; only files really inside the model's folder may be read for a model. */
function weightFile(path: string, file: string): string {
  const folder = realpathSync(dirname(file));
  const outside = (full: string) => {
    const from = relative(folder, full);
    return isAbsolute(from) || from.split(/[\\/]/)[0] === '..';
  };
  const shown = JSON.stringify(path);
  const stray = new UserError({
    what: `its weight file ${shown} lies outside its folder`,
    where: file,
    fix: 'Save the model with its weights beside it, or do not trust it',
  });
  if (path === '' || path.includes('\0') || isAbsolute(path) || outside(join(folder, path))) throw stray;
  let real: string;
  try {
    real = realpathSync(join(folder, path));
  } catch (cause) {
    throw new UserError({
      what: `its weight file ${shown} is missing`,
      where: file,
      fix: 'Copy the weight files beside model.json too',
      cause,
    });
  }
  if (outside(real)) throw stray;
  if (!statSync(real).isFile()) throw damaged(`its weight file ${shown} is no file`, file);
  return real;
}

function read(path: string, check: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UserError({
      what: `the model cannot be read (${messageOf(cause)})`,
      where: path,
      fix: `Check ${check}`,
      cause,
    });
  }
}

function noModel(why: string, file: string): UserError {
  return new UserError({
    what: `this is no TF.js model (${why})`,
    where: file,
    fix: 'Give the model.json that tensorflowjs_converter or model.save wrote',
  });
}

function damaged(what: string, file: string): UserError {
  return new UserError({ what, where: file, fix: 'The files do not fit together: export or copy the model again' });
}
