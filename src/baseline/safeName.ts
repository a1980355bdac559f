import { createHash } from 'node:crypto';

const plain = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
/** Names Windows keeps for devices, with or without an extension. */
const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/;

/**
 * A name of the user's as the name of one file or folder on any system. Short lower-case names stay as they
 * are; any other becomes what is legible of it and twelve hex digits of its hash, so that two names never
 * meet, on file systems that ignore case either.
 */
export function safeName(name: string): string {
  if (plain.test(name) && !reserved.test(name)) return name;
  const legible = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  return `${legible || 'name'}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;
}
