import { UserError } from '../errors.ts';

/** A request that GitHub did not grant. */
export interface Refused {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A request that GitHub did not grant as a message for the user: what to change, down to the line of the workflow. */
export function refusal(refused: Refused, doing: string): UserError {
  const { what, fix } = meaning(refused);
  return new UserError({ what: `${what}, while ${doing}`, where: 'GitHub API', fix, cause: refused });
}

function meaning({ status, message, headers }: Refused): { what: string; fix: string } {
  const said = `${status}: ${message.replace(/ - https?:\S+$/, '').slice(0, 200)}`;
  if (status === 429 || headers['x-ratelimit-remaining'] === '0' || /rate limit/i.test(message)) {
    return { what: `GitHub's rate limit is used up (${said})`, fix: `Run the job again ${when(headers)}` };
  }
  if (status === 401) {
    return {
      what: `GitHub does not accept the token (${said})`,
      fix: 'Leave the input github-token out (the job then uses its own), or give one that has not expired',
    };
  }
  if (status === 403 && /locked/i.test(message)) {
    return { what: `the conversation is locked (${said})`, fix: 'Unlock it, or set comment: never' };
  }
  if (status === 403 || status === 404) {
    return {
      what: `the token may not do that (${said})`,
      fix: 'Add to the job in the workflow: permissions: {contents: write, pull-requests: write}',
    };
  }
  if (status === 410) {
    return {
      what: `the conversation is gone or takes no comments (${said})`,
      fix: 'See the job summary, or set comment: never',
    };
  }
  if (status === 413 || status === 422) {
    return {
      what: `GitHub does not take the text (${said})`,
      fix: 'See the job summary for the report, or set comment: never',
    };
  }
  if (status >= 500) {
    return { what: `GitHub does not answer (${said})`, fix: 'See githubstatus.com, and run the job again later' };
  }
  return { what: `GitHub refuses the request (${said})`, fix: "Please report this, with the job's log" };
}

function when(headers: Refused['headers']): string {
  const reset = Number(headers['x-ratelimit-reset']);
  const after = Number(headers['retry-after']);
  if (after > 0) return `in ${Math.ceil(after / 60)} minutes`;
  return reset > 0 ? `after ${new Date(reset * 1000).toISOString().slice(11, 16)} UTC` : 'later';
}
