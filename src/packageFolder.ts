/**
 * The folder that holds what the package brings beside its code: schemas, templates, examples, package.json. All code finds it
 * through this file, which lies one folder below it in `src/`, `lib/` and `dist/` alike.
 */
export const packageFolder = new URL('../', import.meta.url);

/** The feature network that the package brings. */
export const robust32 = new URL('models/robust-32.onnx', packageFolder);
