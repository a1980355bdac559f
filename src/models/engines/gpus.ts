import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** An NVIDIA GPU, as `nvidia-smi` tells it. */
export interface Gpu {
  readonly name: string;
  /** MiB. */
  readonly memory: number;
  readonly freeMemory: number;
  /** The driver's version. */
  readonly driver: string;
  /** CUDA compute capability: 9.0 for an H100. */
  readonly computeCapability: string;
}

/** Whether the system shows a GPU that could compute; a graphics card without a render node only draws. */
export function hasGpu(): boolean {
  if (process.platform !== 'linux' || hasNvidiaGpu()) return true;
  return existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
}

/** Whether Linux shows an NVIDIA GPU with its driver; `dxg` is Windows' GPU in WSL. */
export function hasNvidiaGpu(): boolean {
  return ['/dev/nvidiactl', '/dev/dxg'].some((device) => existsSync(device));
}

/** The render nodes of Linux by maker and driver ("AMD, driver amdgpu"): what WebGPU may run on. */
export function renderNodes(): readonly string[] {
  const folder = '/sys/class/drm';
  if (!existsSync(folder)) return [];
  const nodes = readdirSync(folder).filter((name) => name.startsWith('renderD'));
  return nodes.sort().map((name) => {
    const read = (file: string) => {
      const path = join(folder, name, 'device', file);
      return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
    };
    const driver = /^DRIVER=(.*)$/m.exec(read('uevent'))?.[1] ?? 'unknown';
    return `${MAKERS.get(read('vendor')) ?? `vendor ${read('vendor')}`}, driver ${driver}`;
  });
}

/** By PCI vendor. */
const MAKERS: ReadonlyMap<string, string> = new Map([
  ['0x10de', 'NVIDIA'],
  ['0x1002', 'AMD'],
  ['0x8086', 'Intel'],
  ['0x1af4', 'virtual machine'],
]);

const FIELDS = 'name,memory.total,memory.free,driver_version,compute_cap';

/** The machine's NVIDIA GPUs; none where there is no `nvidia-smi` or it finds none. */
export async function nvidiaGpus(): Promise<readonly Gpu[]> {
  const command = ['--format=csv,noheader,nounits', `--query-gpu=${FIELDS}`];
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', command, { timeout: 10_000 });
    return parseNvidiaSmi(stdout);
  } catch {
    return [];
  }
}

/** Parses a line a GPU of `nvidia-smi`'s CSV; lines of another form are left out. */
export function parseNvidiaSmi(csv: string): readonly Gpu[] {
  return csv.split('\n').flatMap((line) => {
    const [name, memory, freeMemory, driver, computeCapability] = line.split(',').map((field) => field.trim());
    if (name === undefined || driver === undefined || computeCapability === undefined) return [];
    if (memory === undefined || !/^\d+$/.test(memory)) return [];
    return [{ name, memory: Number(memory), freeMemory: Number(freeMemory), driver, computeCapability }];
  });
}
