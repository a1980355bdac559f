import { messageOf, UserError } from '../../errors.ts';
import { brief, firstLine } from '../engines/installedPackage.ts';

/** What an engine says of a model that it does not take, and the way on; the first that fits. */
const ways: readonly (readonly [RegExp, string])[] = [
  [/IR version/i, 'Export it with an older onnx package, or lower ir_version with onnx.save'],
  [/bfloat16/i, 'Export it in float32: call model.float() first'],
  [/opset|domain_version/i, 'Export it with an opset_version that the engine knows, such as 17'],
  [/not a registered (function|op)|No Op registered|unsupported domain/i, 'Export it without custom operators'],
  [/ShapeInference|dimension|shape/i, 'Its shapes contradict one another or the images: export the model again'],
  [
    /NOT_IMPLEMENTED|could not find an implementation|not implemented/i,
    'Set engine to onnx-cpu, or export it in float32',
  ],
  [/alloc|memory/i, 'Use a smaller model, or a machine with more memory'],
];

/**
 * Runs what an engine does with a model. @throws UserError, with the engine's reason in a line, for whatever it throws:
 * what goes wrong there is nearly always the model's.
 */
export async function refusedBy<Outcome>(
  does: 'load' | 'run',
  { file, engine }: { readonly file: string; readonly engine: string },
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    const reason = reasonOf(thrown);
    throw new UserError({
      what: `the engine ${engine} cannot ${does} the model (${brief(reason)})`,
      where: file,
      fix:
        ways.find(([pattern]) => pattern.test(reason))?.[1] ?? 'Export the model again, or set engine to another one',
      cause: thrown,
    });
  }
}

/** The engine's message without the place in its source, the node's status and the function that it begins with. */
function reasonOf(thrown: unknown): string {
  return firstLine(messageOf(thrown))
    .replace(/^.*Status Message: /, '')
    .replace(/^.* was false\. /, '')
    .replace(/^\S*\.(cc|h):\d+ (?:.*\) )?/, '')
    .replace(/^Fatal error: /, '');
}
