#!/usr/bin/env node
// The command's first file: plain enough for any Node, so that one too old is told so and not by a stack trace.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  await import('./cli.ts');
} else {
  process.stderr.write(
    `error: barlow needs Node 22.18 or newer, and this is ${process.version}\n   in: ${process.execPath}\n  fix: Install a newer Node, such as the one of https://nodejs.org\n`,
  );
  process.exitCode = 2;
}
