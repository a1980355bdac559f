import { placesOf } from '../../src/models/engines/installedPackage.ts';
import type { RunnableEngine } from '../../src/records/engines.ts';

const native = placesOf('@tensorflow/tfjs-node', 'tfjs-node').length > 0;
if (!native)
  console.warn('skipped: the tests on tfjs-node, which is not here (scripts/tfjs-node-from-pypi.sh builds it)');

/** The engines of TF.js models that these tests run on. */
export const tfjsEngines: readonly RunnableEngine[] = native ? ['tfjs-wasm', 'tfjs-node'] : ['tfjs-wasm'];
