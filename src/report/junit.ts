import { expectation, messageWithFigures } from '../records/expectation.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import type { Check } from '../records/verdict.ts';
import { xml } from './xmlText.ts';

/**
 * junit.xml: a test suite per checkpoint and a test case per check, valid by Ant's schema and by Jenkins' alike. A failed
 * check of severity `error` is a failure; a failed warning is named in its suite's output; a check that is off is
 * skipped, and so is a comparison that was not made, asked for or not. Names are shown whole: only what XML 1.0 cannot hold is replaced.
 */
export function junitXml(result: Result): string {
  return documentXml(result.checkpoints.map((checkpoint, index) => suiteXml(result, checkpoint, index)).join(''));
}

function documentXml(suites: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites}</testsuites>\n`;
}

function suiteXml(result: Result, checkpoint: CheckpointResult, index: number): string {
  const checks = checkpoint.verdict?.checks ?? [];
  const skipped = checks.filter(isSkipped).length;
  // A suite without a test may well be shown as a success.
  const untold = (checkpoint.verdict?.outcome ?? 'not compared') === 'not compared' && skipped === 0;
  const classname = `${result.suite}.${checkpoint.name}`;
  const warnings = checks.filter((check) => !check.passed && check.severity === 'warning');
  const said = warnings.map((check) => `Warning: ${check.id}: ${messageWithFigures(check)}`).join('\n');
  // Ant's schema wants a host and seconds; a pure function knows neither, and nobody needs them.
  const attributes = [
    `id="${index}" package="${xml(result.suite)}" name="${xml(checkpoint.name)}"`,
    `timestamp="${xml(result.createdAt.slice(0, 19))}" hostname="localhost" tests="${checks.length + Number(untold)}"`,
    `failures="${checks.filter(isFailure).length}" errors="0" skipped="${skipped + Number(untold)}" time="0"`,
  ].join(' ');
  const none = untold ? skippedXml('comparison: none was asked for', classname) : '';
  const cases = none + checks.map((check) => caseXml(classname, check)).join('');
  const output = `    <system-out>${xml(said)}</system-out>\n    <system-err/>\n`;
  return `  <testsuite ${attributes}>\n    <properties/>\n${cases}${output}  </testsuite>\n`;
}

/**
 * junit.xml of a run that ended in an error: one test, which could not be run. A CI that finds no test results at all may well
 * show none as a success.
 * @param now ISO 8601, UTC.
 */
export function erredJunitXml(suite: string, said: string, now: string): string {
  const error = `<error message="${xml(said)}" type="error"/>`;
  const attributes = [
    `id="0" package="${xml(suite)}" name="barlow-gate" timestamp="${xml(now.slice(0, 19))}" hostname="localhost"`,
    'tests="1" failures="0" errors="1" skipped="0" time="0"',
  ].join(' ');
  const test = `    <testcase name="the run" classname="${xml(suite)}" time="0">\n      ${error}\n    </testcase>\n`;
  const body = `    <properties/>\n${test}    <system-out/>\n    <system-err/>\n`;
  return documentXml(`  <testsuite ${attributes}>\n${body}  </testsuite>\n`);
}

function isFailure(check: Check): boolean {
  return !check.passed && check.severity === 'error';
}

/** What was not compared has not passed: a test that was not run. */
function isSkipped(check: Check): boolean {
  return check.severity === 'off' || (check.id === 'baseline' && check.severity === 'warning' && !check.passed);
}

function testcase(name: string, classname: string): string {
  return `    <testcase name="${xml(name)}" classname="${xml(classname)}" time="0"`;
}

function skippedXml(name: string, classname: string): string {
  return `${testcase(name, classname)}>\n      <skipped/>\n    </testcase>\n`;
}

function caseXml(classname: string, check: Check): string {
  const name = `${check.id}: ${check.subject}`;
  if (isSkipped(check)) return skippedXml(name, classname);
  const head = testcase(name, classname);
  if (!isFailure(check)) return `${head}/>\n`;
  const failure = `<failure message="${xml(check.message)}" type="${xml(check.id)}">${xml(expectation(check) ?? '')}</failure>`;
  return `${head}>\n      ${failure}\n    </testcase>\n`;
}
