import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StepEvent } from '../../src/forge/event.ts';
import { publishReport } from '../../src/forge/publishReport.ts';

/**
 * The service that a runner uploads artifacts to, as far as `@actions/artifact` asks: a name is made once a run (409 else), its bytes
 * are put at an address of a blob store, and then it is finished.
 */
interface Service {
  readonly server: Server;
  readonly origin: string;
  readonly artifacts: Map<string, { bytes: Buffer; id: number | null; mimeType: string }>;
}

async function startService(): Promise<Service> {
  const artifacts: Service['artifacts'] = new Map();
  let origin = '';
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const body = await bodyOf(request);
    const json = (status: number, value: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (pathname.endsWith('ArtifactService/CreateArtifact')) {
      const { name, mime_type: mimeType } = JSON.parse(body.toString());
      if (artifacts.has(name))
        return json(409, { code: 'already_exists', msg: `an artifact with this name already exists` });
      artifacts.set(name, { bytes: Buffer.alloc(0), id: null, mimeType: String(mimeType?.value ?? mimeType) });
      return json(200, { ok: true, signed_upload_url: `${origin}/store/blob?name=${encodeURIComponent(name)}&sig=x` });
    }
    if (pathname === '/store/blob') {
      const artifact = artifacts.get(searchParams.get('name') ?? '');
      if (artifact && searchParams.get('comp') !== 'blocklist') artifact.bytes = Buffer.concat([artifact.bytes, body]);
      response.writeHead(201, { 'x-ms-request-id': 'r', 'x-ms-version': '2020-10-02', etag: '"1"' }).end();
      return undefined;
    }
    const { name, size } = JSON.parse(body.toString());
    const artifact = artifacts.get(name);
    if (!artifact || Number(size) !== artifact.bytes.length) return json(200, { ok: false });
    artifact.id = 70 + artifacts.size;
    return json(200, { ok: true, artifact_id: String(artifact.id) });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  origin = `http://127.0.0.1:${address.port}`;
  return { server, origin, artifacts };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const event: StepEvent = {
  ...{ name: 'pull_request', owner: 'octo', repository: 'cars', commit: 'a'.repeat(40), base: 'main', pullRequest: 2 },
  ...{ checkedOut: [], readOnly: null, doubtful: null, pushToDefaultBranch: false, warnings: [] },
  ...{ run: { id: 9, attempt: 1 }, apiUrl: 'https://api.github.com', serverUrl: 'https://github.com' },
};
/** As a runner gives one: unsigned here, with the claim that names run and job. */
const token = [{ alg: 'none' }, { scp: 'Actions.Results:run-id:job-id' }]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .concat('x')
  .join('.');

let service: Service;
let folder = '';
const notices: string[] = [];
beforeEach(async () => {
  service = await startService();
  folder = mkdtempSync(join(tmpdir(), 'barlow-publish-'));
  writeFileSync(join(folder, 'report.html'), '<!doctype html><p>Red cars');
  notices.length = 0;
  vi.stubEnv('ACTIONS_RUNTIME_TOKEN', token);
  vi.stubEnv('ACTIONS_RESULTS_URL', service.origin);
  vi.stubEnv('GITHUB_SERVER_URL', 'https://github.com');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await new Promise((done) => service.server.close(done));
  rmSync(folder, { recursive: true });
});
const publish = (suite: string) =>
  publishReport(event, join(folder, 'report.html'), suite, (line) => void notices.push(line));

it('uploads the page as it is and links it', async () => {
  expect(await publish('cars')).toEqual({
    url: 'https://github.com/octo/cars/actions/runs/9/artifacts/71',
    isReport: true,
  });
  const artifact = service.artifacts.get('barlow-cars.html');
  expect(artifact?.bytes.toString()).toBe('<!doctype html><p>Red cars');
  expect(artifact?.mimeType).toBe('text/html');
  expect(notices).toEqual([]);
});

it('takes another name where the run has one of that name, and makes any suite a name', async () => {
  await publish('cars');
  expect(await publish('cars')).toMatchObject({ isReport: true });
  for (const suite of ['../../etc/passwd', '..', 'a:b*c?"<>|\r\n', 'שלום', '', 'x'.repeat(1_000)]) {
    expect(await publish(suite)).toMatchObject({ isReport: true });
  }
  expect([...service.artifacts.keys()]).toEqual([
    ...['barlow-cars.html', 'barlow-cars-2.html', 'barlow-etc-passwd.html', 'barlow-report.html', 'barlow-a-b-c-.html'],
    ...['barlow-שלום.html', 'barlow-report-2.html', `barlow-${'x'.repeat(60)}.html`],
  ]);
});

it('links the run where nothing can be uploaded, and says why', async () => {
  const onServer = { ...event, serverUrl: 'https://github.example.org' };
  expect(await publishReport(onServer, join(folder, 'report.html'), 'cars', (line) => void notices.push(line))).toEqual(
    { url: 'https://github.example.org/octo/cars/actions/runs/9', isReport: false },
  );
  expect(notices).toEqual([expect.stringMatching(/linked instead: GitHub Enterprise Server/)]);
  vi.stubEnv('ACTIONS_RUNTIME_TOKEN', '');
  expect(await publish('cars')).toMatchObject({ isReport: false });
  expect(notices[1]).toContain('ACTIONS_RUNTIME_TOKEN');
});
