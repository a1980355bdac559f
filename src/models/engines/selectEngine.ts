import { UserError } from '../../errors.ts';
import { type EngineName, enginesFor, modelKinds, type RunnableEngine } from '../../records/engines.ts';
import type { ModelDescription, Session, SessionOptions } from '../engine.ts';
import { brief } from './installedPackage.ts';

/**
 * Opens a model on the engine asked for; `auto` and a kind of model take the best that loads.
 * @param onNotice told which engine was taken and why not each better one.
 * @throws UserError where the engine asked for cannot load (it says how to install it), is not for this kind of model,
 *   or where none is installed, or none takes the model.
 */
export async function openSession(
  model: ModelDescription,
  wanted: EngineName,
  side: number | null,
  options: SessionOptions,
  onNotice: (line: string) => void,
): Promise<Session> {
  const named = wanted !== 'auto' && !modelKinds.some((kind) => kind === wanted);
  const candidates = enginesFor(model.kind).filter((engine) => !named || engine === wanted);
  if (candidates.length === 0 || (!named && wanted !== 'auto' && wanted !== model.kind)) throw wrongKind(model, wanted);
  const reasons: string[] = [];
  let loads = false;
  for (const engine of candidates) {
    try {
      const session = await model.open(engine, side, options);
      if (!named) onNotice(taken(engine, reasons));
      return session;
    } catch (thrown) {
      if (named) throw thrown instanceof UserError ? thrown : refused(model, engine, brief(thrown));
      // What an engine says of itself, and not of the model.
      loads ||= !(thrown instanceof UserError && thrown.where === `engine ${engine}`);
      reasons.push(`${engine}: ${thrown instanceof UserError ? thrown.what : brief(thrown)}`);
    }
  }
  if (!loads) throw noEngine(model, reasons.join('; '));
  throw refused(model, wanted, reasons.join('; '));
}

/** One line: which engine, and why no better one. */
function taken(engine: RunnableEngine, reasons: readonly string[]): string {
  if (reasons.length === 0) return `Engine: ${engine}.`;
  return `Engine: ${engine} (${reasons.join('; ')}). Run \`barlow doctor\` for more.`;
}

function wrongKind(model: ModelDescription, wanted: EngineName): UserError {
  const fitting = ['auto', model.kind, ...enginesFor(model.kind)].join(', ');
  return new UserError({
    what: `the engine ${wanted} does not run ${model.kind === 'onnx' ? 'ONNX' : 'TF.js'} models`,
    where: model.file,
    fix: `Set engine to one of: ${fitting}`,
  });
}

function noEngine({ kind }: ModelDescription, why: string): UserError {
  const [name, first] = kind === 'onnx' ? ['ONNX', 'onnx-cpu'] : ['TF.js', 'tfjs-wasm'];
  return new UserError({
    what: `nothing that runs ${name} models is installed (${why})`,
    where: 'engine',
    fix: `Install an engine, once: add --install ${first} to the command, or run \`npx barlow-gate doctor --install ${first}\` (the action: install-engine)`,
  });
}

function refused(model: ModelDescription, engine: EngineName, why: string): UserError {
  return new UserError({
    what: `the engine ${engine} cannot run the model (${why})`,
    where: model.file,
    fix: 'Run `barlow doctor` to see which engines load, or export the model again',
  });
}
