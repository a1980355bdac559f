import { UserError } from '../../errors.ts';
import { type EngineName, enginesFor, modelKinds, type RunnableEngine } from '../../records/engines.ts';
import type { ModelDescription, Session, SessionOptions } from '../engine.ts';
import { brief } from './installedPackage.ts';

/**
 * Opens a model on the engine asked for; `auto` and a kind of model take the best that loads.
 * @param onNotice told which engine was taken and why not each better one.
 * @throws UserError where the engine asked for cannot load (it says how to install it), is not for this kind of model,
 *   or where no engine takes the model.
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
  for (const engine of candidates) {
    try {
      const session = await model.open(engine, side, options);
      if (!named) onNotice(taken(engine, reasons));
      return session;
    } catch (thrown) {
      if (named) throw thrown instanceof UserError ? thrown : refused(model, engine, brief(thrown));
      reasons.push(`${engine}: ${thrown instanceof UserError ? thrown.what : brief(thrown)}`);
    }
  }
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

function refused(model: ModelDescription, engine: EngineName, why: string): UserError {
  return new UserError({
    what: `the engine ${engine} cannot run the model (${why})`,
    where: model.file,
    fix: 'Run `barlow doctor` to see which engines load, or export the model again',
  });
}
