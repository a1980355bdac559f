import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** PyTorch in a process of its own that waits for work, with ResNet-50 and images to give to others. */
export interface Pytorch {
  /** Holds `resnet50.onnx`, random weights, and `images`. */
  readonly folder: string;
  /** Seconds for the features of so many images of 224 x 224, or for the gradient of one of them by the pixels. */
  readonly seconds: (work: 'forward' | 'gradient', images: number) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Starts Debian's PyTorch on as many threads as there are cores; null where python3-torch or python3-torchvision is missing. */
export async function openPytorch(images: number): Promise<Pytorch | null> {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-bench-'));
  const script = join(import.meta.dirname, 'pytorch_reference.py');
  const args = ['-W', 'ignore', script, String(availableParallelism()), String(images), folder];
  const python = spawn('/usr/bin/python3', args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const closed = Promise.race([once(python, 'close'), once(python, 'error')]).catch(() => {});
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const close = async () => {
    python.stdin.end();
    await closed;
    rmSync(folder, { recursive: true });
  };
  python.on('error', () => python.stdout.destroy());
  if ((await lines.next()).done) {
    await close();
    return null;
  }
  const seconds: Pytorch['seconds'] = async (work, count) => {
    python.stdin.write(`${work} ${count}\n`);
    return Number((await lines.next()).value);
  };
  return { folder, seconds, close };
}
