import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../images/fixtures.ts';

/** When a program that does nothing but check an engine says what it found, and when it ends, in ms. */
function timesOf(engine: string): Promise<{ said: string; saidAt: number; endedAt: number }> {
  const module = join(root, 'src', 'models', 'engines', 'engineCheck.ts');
  const program = `import { checkEngine } from ${JSON.stringify(module)};
    console.log(JSON.stringify(await checkEngine(${JSON.stringify(engine)})));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve) => {
    let said = '';
    let saidAt = 0;
    child.stdout.on('data', (bytes) => {
      said += bytes;
      saidAt = performance.now();
    });
    child.on('close', () => resolve({ said, saidAt, endedAt: performance.now() }));
  });
}

it.each(['onnx-cpu', 'onnx-cuda'])(
  'the check of %s, whether it loads or not, leaves nothing that keeps a program alive',
  async (engine) => {
    const { said, saidAt, endedAt } = await timesOf(engine);
    expect(JSON.parse(said)).toMatchObject({ engine });
    // An engine has 60 s to answer.
    expect(endedAt - saidAt).toBeLessThan(20_000);
  },
);
