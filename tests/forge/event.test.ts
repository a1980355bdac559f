import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { readEvent } from '../../src/forge/event.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow-event-'));
afterAll(() => rmSync(folder, { recursive: true }));
const sha = 'c'.repeat(40);
const require = createRequire(import.meta.url);
const examples: readonly { readonly name: string; readonly examples: readonly object[] }[] = JSON.parse(
  readFileSync(require.resolve('@octokit/webhooks-examples/api.github.com/index.json'), 'utf8'),
);

function payloads(name: string): readonly Record<string, unknown>[] {
  const found = examples.find((each) => each.name === name)?.examples ?? [];
  expect(found.length).toBeGreaterThan(0);
  return found.map((each) => ({ ...each }));
}

function environment(name: string, payload: unknown, more: Record<string, string> = {}): Record<string, string> {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, typeof payload === 'string' ? payload : JSON.stringify(payload));
  return {
    ...{
      GITHUB_EVENT_NAME: name,
      GITHUB_EVENT_PATH: file,
      GITHUB_REPOSITORY: 'Codertocat/Hello-World',
      GITHUB_SHA: sha,
    },
    ...{
      GITHUB_REF: 'refs/heads/main',
      GITHUB_RUN_ID: '12',
      GITHUB_RUN_ATTEMPT: '3',
      GITHUB_ACTOR: 'octocat',
      ...more,
    },
  };
}

const read = (name: string, payload: unknown, more?: Record<string, string>) =>
  readEvent(environment(name, payload, more));

/** A pull request whose head lies in `head`, in Codertocat/Hello-World. */
function pullRequest(head: string | null): unknown {
  return {
    repository: { full_name: 'Codertocat/Hello-World' },
    pull_request: {
      number: 7,
      base: { ref: 'main' },
      head: { sha: 'd'.repeat(40), repo: head === null ? null : { full_name: head } },
    },
  };
}

describe("GitHub's own example payloads", () => {
  it('pull_request: head and base as the payload says, never a push', () => {
    for (const payload of payloads('pull_request')) {
      const event = read('pull_request', payload);
      const { pull_request: request } = JSON.parse(JSON.stringify(payload));
      expect(event).toMatchObject({ commit: request.head.sha, base: request.base.ref, pullRequest: request.number });
      expect(event.readOnly === null).toBe(request.head.repo.full_name === request.base.repo.full_name);
      expect(event.pushToDefaultBranch).toBe(false);
    }
  });

  it('push: only one to the default branch is', () => {
    const defaults = payloads('push').map((payload) => {
      const event = read('push', payload);
      const { ref, repository } = JSON.parse(JSON.stringify(payload));
      expect(event).toMatchObject({ commit: sha, base: null, pullRequest: null, readOnly: null });
      expect(event.pushToDefaultBranch).toBe(ref === `refs/heads/${repository.default_branch}`);
      return event.pushToDefaultBranch;
    });
    expect(new Set(defaults).size).toBe(2);
  });

  it('merge_group, workflow_dispatch, repository_dispatch', () => {
    for (const payload of payloads('merge_group')) {
      const { merge_group: group } = JSON.parse(JSON.stringify(payload));
      expect(read('merge_group', payload)).toMatchObject({
        commit: group.head_sha,
        base: group.base_ref.replace('refs/heads/', ''),
      });
    }
    for (const name of ['workflow_dispatch', 'repository_dispatch']) {
      for (const payload of payloads(name)) {
        expect(read(name, payload)).toMatchObject({
          commit: sha,
          base: null,
          pullRequest: null,
          pushToDefaultBranch: false,
        });
      }
    }
  });
});

describe('an event', () => {
  it('schedule has no more than its cron line', () => {
    expect(read('schedule', { schedule: '0 3 * * *' })).toMatchObject({ commit: sha, base: null, pullRequest: null });
  });

  it('from a fork, a deleted fork is read-only, what Dependabot sets off may be, and both say why', () => {
    expect(read('pull_request', pullRequest('Codertocat/Hello-World')).readOnly).toBeNull();
    expect(read('pull_request', pullRequest('mallory/Hello-World')).readOnly).toContain('fork');
    expect(read('pull_request', pullRequest(null)).readOnly).toContain('fork');
    const byDependabot = { GITHUB_ACTOR: 'dependabot[bot]' };
    const mine = read('pull_request', pullRequest('Codertocat/Hello-World'), byDependabot);
    expect([mine.readOnly, mine.doubtful]).toEqual([null, expect.stringContaining('Dependabot')]);
    const [pushed] = payloads('push');
    const push = read('push', pushed, byDependabot);
    expect([push.readOnly, push.doubtful]).toEqual([null, expect.stringContaining('Dependabot')]);
  });

  it('pull_request_target may write, and is warned of', () => {
    const event = read('pull_request_target', pullRequest('mallory/Hello-World'));
    expect(event.readOnly).toBeNull();
    expect(event.warnings.join()).toContain('pull_request_target');
  });

  it('takes Enterprise addresses from the runner, and github.com without them', () => {
    const there = { GITHUB_API_URL: 'https://ghe.test/api/v3', GITHUB_SERVER_URL: 'https://ghe.test' };
    expect(read('schedule', {}, there)).toMatchObject({
      apiUrl: there.GITHUB_API_URL,
      serverUrl: there.GITHUB_SERVER_URL,
    });
    expect(read('schedule', {})).toMatchObject({ apiUrl: 'https://api.github.com', run: { id: 12, attempt: 3 } });
  });

  it('that is none is refused in words', () => {
    expect(() => readEvent({})).toThrow(/GITHUB_EVENT_NAME is not set.*barlow/);
    expect(() => read('push', '{')).toThrow(UserError);
    expect(() => read('pull_request', {})).toThrow(/not GitHub's.*pull_request/);
    expect(() => read('schedule', {}, { GITHUB_SHA: '--upload-pack=evil' })).toThrow(UserError);
    expect(() => read('schedule', {}, { GITHUB_REPOSITORY: 'a/../../b' })).toThrow(/owner\/name|is not/);
    const evil = {
      repository: { full_name: 'a/b' },
      pull_request: { number: 7, base: { ref: 'main' }, head: { sha: '$(rm -rf /)', repo: null } },
    };
    expect(() => read('pull_request', evil)).toThrow(UserError);
  });
});
