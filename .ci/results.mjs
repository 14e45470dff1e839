/**
 * Reads the runs' results (`results-NAME.json`, and `results-NAME-again.json` of a second run).
 *
 *   node .ci/results.mjs failed NAME     the files of that run in which something failed, a line each
 *   node .ci/results.mjs report NAME...  what failed and what was unsteady, then the closing line that counts all
 */
import { existsSync, readFileSync } from 'node:fs';

const read = (name) => JSON.parse(readFileSync(new URL(`results-${name}.json`, import.meta.url), 'utf8'));
const failedFiles = (run) => run.testResults.filter((file) => file.status === 'failed');

/** A file that fails before its first test, as by an import, has no test that could say so. */
const failures = (file) => {
  const tests = file.assertionResults.filter((test) => test.status === 'failed');
  const whole = [{ fullName: '(the file itself)', failureMessages: [file.message] }];
  return (tests.length > 0 ? tests : whole).map(
    (test) => `${file.name}: ${test.fullName}\n${test.failureMessages.join('\n').slice(0, 4_000)}`,
  );
};

const [what, ...names] = process.argv.slice(2);
if (what === 'failed') {
  for (const file of failedFiles(read(names[0]))) console.log(file.name);
} else {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const name of names) {
    const first = read(name);
    const second = existsSync(new URL(`results-${name}-again.json`, import.meta.url)) ? read(`${name}-again`) : undefined;
    const last = second ?? first;
    for (const file of failedFiles(first)) {
      const verdict = failedFiles(last).some(({ name: path }) => path === file.name) ? 'FAILED' : 'UNSTEADY, passed alone';
      for (const text of failures(file)) console.log(`${verdict} (${name}): ${text}`);
    }
    const recovered = second === undefined ? 0 : first.numFailedTests - second.numFailedTests;
    total.passed += first.numPassedTests + recovered;
    total.failed += first.numFailedTests - recovered;
    total.skipped += first.numPendingTests;
    if (failedFiles(last).length > 0) process.exitCode = 1;
  }
  if (total.skipped > 0) {
    console.error('in CI nothing may be skipped');
    process.exitCode = 1;
  }
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
}
