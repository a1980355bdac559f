import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DefaultArtifactClient } from '@actions/artifact';
import { messageOf } from '../errors.ts';
import type { StepEvent } from './event.ts';

/** Where the report of a run can be read: itself, or the run that has it in its summary. */
export interface Published {
  readonly url: string;
  readonly isReport: boolean;
}

/** Where a browser finds the run: its summary holds the report as Markdown. */
export function runAddress({ serverUrl, owner, repository, run }: StepEvent): string {
  return `${serverUrl}/${owner}/${repository}/actions/runs/${run.id}`;
}

/**
 * Uploads report.html as it is, not packed, as an artifact of the run, so that a browser opens it from a link. A name that the run
 * has already (a job of the same suite, an earlier attempt) is told apart by a number. Where nothing can be uploaded, as on GitHub
 * Enterprise Server, the run is what is linked, and `onNotice` says why.
 */
export async function publishReport(
  event: StepEvent,
  reportHtml: string,
  suite: string,
  onNotice: (line: string) => void,
): Promise<Published> {
  if (isEnterpriseServer(event.serverUrl)) {
    onNotice(
      'The report is not uploaded as an artifact, the run is linked instead: GitHub Enterprise Server takes none.',
    );
    return { url: runAddress(event), isReport: false };
  }
  const folder = mkdtempSync(join(tmpdir(), 'barlow-report-'));
  try {
    // Loaded where it is used: it is as large as the rest of the action.
    const { DefaultArtifactClient: Client } = await import('@actions/artifact');
    const id = await uploadAs(new Client(), folder, reportHtml, `barlow-${fileName(suite)}`);
    return { url: `${runAddress(event)}/artifacts/${id}`, isReport: true };
  } catch (thrown) {
    onNotice(`The report is not uploaded as an artifact, the run is linked instead: ${messageOf(thrown)}`);
    return { url: runAddress(event), isReport: false };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As `@actions/artifact` tells it, which would refuse with a warning on every run. */
function isEnterpriseServer(serverUrl: string): boolean {
  return !/^(?:github\.com|.*\.ghe\.com|.*\.localhost)$/i.test(new URL(serverUrl).hostname);
}

const tries = 5;

async function uploadAs(client: DefaultArtifactClient, folder: string, file: string, name: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    // The artifact has the file's name.
    const named = join(folder, attempt === 1 ? `${name}.html` : `${name}-${attempt}.html`);
    copyFileSync(file, named);
    try {
      const { id } = await client.uploadArtifact(named, [named], folder, { skipArchive: true });
      if (id === undefined) throw new Error('GitHub gave the artifact no id');
      return id;
    } catch (thrown) {
      if (attempt === tries || !/\(409\)|already exists/i.test(messageOf(thrown))) throw thrown;
    }
  }
}

/** What may stand in the name of a file and of an artifact anywhere. */
function fileName(suite: string): string {
  return (
    suite
      .replace(/[^\p{L}\p{N}._-]+/gu, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 60) || 'report'
  );
}
