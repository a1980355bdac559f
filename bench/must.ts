/** Prints whether a figure is as it must be, and has the bench exit with 1 where it is not. */
export function must(holds: boolean, what: string): void {
  console.log(`  ${holds ? 'pass  ' : 'MISSED'}  ${what}`);
  if (!holds) process.exitCode = 1;
}
