/**
 * Cuts the requests that the action makes out of GitHub's own OpenAPI description, for the API server of the tests:
 * the whole description is 385 MB of package. Run it again when the action makes another request:
 *
 *     npm i --no-save @octokit/openapi && node scripts/github-openapi.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'node_modules', '@octokit', 'openapi');
const wanted: Readonly<Record<string, readonly string[]>> = {
  '/repos/{owner}/{repo}/issues/{issue_number}/comments': ['get', 'post'],
  '/repos/{owner}/{repo}/issues/comments/{comment_id}': ['patch', 'delete'],
  '/user': ['get'],
};

type Json = Readonly<Record<string, unknown>>;

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce((each: unknown, key) => (isJson(each) ? each[key] : undefined), value);
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
const description = read(join('generated', 'api.github.com.deref.json'));

/** What says how a value looks, without what explains it. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (!isJson(value)) return value;
  const kept = Object.entries(value).filter(
    ([key, each]) =>
      !(['description', 'example', 'examples', 'summary'].includes(key) && !(isJson(each) && 'type' in each)),
  );
  return Object.fromEntries(kept.map(([key, each]) => [key, bare(each)]));
}

const paths = Object.fromEntries(
  Object.entries(wanted).map(([path, methods]) => [
    path,
    Object.fromEntries(
      methods.map((method) => {
        const operation = at(description, 'paths', path, method);
        const { parameters, requestBody, responses } = isJson(operation) ? operation : {};
        return [method, bare({ parameters, requestBody, responses })];
      }),
    ),
  ]),
);
const source = `@octokit/openapi ${String(at(read('package.json'), 'version'))}, api.github.com, MIT`;
writeFileSync(join(root, 'tests', 'data', 'github-api.json'), `${JSON.stringify({ source, paths })}\n`);
