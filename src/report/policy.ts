import { createHash } from 'node:crypto';

/**
 * The Content-Security-Policy of a page that holds all it needs: it lets in this style and this script, told by their hashes,
 * and pictures that stand in the page; nothing else. With no script, none runs.
 */
export function pagePolicy(style: string, script: string | null): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const scripts = script === null ? [] : [`script-src ${hash(script)}`];
  const allowed = [`style-src ${hash(style)}`, ...scripts, 'img-src data:'];
  return ["default-src 'none'", ...allowed, "base-uri 'none'", "form-action 'none'"].join('; ');
}
