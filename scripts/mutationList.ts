import { spawn } from 'node:child_process';
import type { Mutant } from './mutationSample.ts';

/*
 * All mutants that Stryker would make of some files, by its mutation server protocol (JSON-RPC over standard input and output).
 */
interface Discovered {
  readonly files: Readonly<Record<string, { readonly mutants: readonly Omit<Mutant, 'fileName'>[] }>>;
}

/** `paths`: files, or folders that end in '/'. */
export async function mutantsOf(paths: readonly string[]): Promise<Mutant[]> {
  const server = spawn('stryker', ['serve', 'stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  server.stdin.write(call(1, 'configure', {}));
  server.stdin.write(call(2, 'discover', { files: paths.map((path) => ({ path })) }));
  let said = '';
  for await (const chunk of server.stdout.setEncoding('utf8')) {
    said += chunk;
    const found = answers(said).find(({ id }) => id === 2);
    if (found === undefined) continue;
    server.kill();
    if (found.result === undefined) throw new Error(`Stryker lists no mutants: ${JSON.stringify(found.error)}`);
    return Object.entries(found.result.files).flatMap(([fileName, { mutants }]) =>
      mutants.map(({ location: { start, end }, replacement }) => ({
        ...{ fileName, replacement },
        location: { start: fromZero(start), end: fromZero(end) },
      })),
    );
  }
  throw new Error('Stryker ended before it listed the mutants');
}

/** The protocol counts lines and columns from 1. */
const fromZero = ({ line, column }: { line: number; column: number }) => ({ line: line - 1, column: column - 1 });

function call(id: number, method: string, params: unknown): string {
  const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** The whole messages of what was said so far. */
function answers(said: string): { id: number; result?: Discovered; error?: unknown }[] {
  const bytes = Buffer.from(said);
  const found = [];
  for (let at = 0; ; ) {
    const body = bytes.indexOf('\r\n\r\n', at) + 4;
    const length = Number(/Content-Length: (\d+)/.exec(bytes.toString('utf8', at, body))?.[1]);
    if (!(body + length <= bytes.length)) return found;
    found.push(JSON.parse(bytes.toString('utf8', body, body + length)));
    at = body + length;
  }
}
