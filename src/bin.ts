#!/usr/bin/env node
// The command's first file: plain enough for any Node, so that one too old is told so and not by a stack trace.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  try {
    const { startCommand } = await import('./cli.ts');
    await startCommand();
  } catch (thrown) {
    // The command's own files cannot be read: by far most often for too few open files.
    const message = String(thrown);
    const isFew = /EMFILE|ENFILE|too many open files/.test(message);
    const fix = isFew ? 'Allow more (ulimit -n 1024), then run again' : 'Install barlow-gate again, or report this';
    process.stderr.write(`error: the command cannot be loaded (${message})\n   in: barlow\n  fix: ${fix}\n`);
    process.exitCode = isFew ? 2 : 3;
  }
} else {
  process.stderr.write(
    `error: barlow needs Node 22.18 or newer, and this is ${process.version}\n   in: ${process.execPath}\n  fix: Install a newer Node, such as the one of https://nodejs.org\n`,
  );
  process.exitCode = 2;
}
