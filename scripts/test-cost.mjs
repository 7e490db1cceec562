// Cost of a test file: processor time of its process and of all processes that it started and
// waited for, and its duration. The runner loads this module into the process of each test file
// (`--import`); at exit it appends one line to the file that LARMOR_TEST_COSTS names. On a shared
// machine processor time is the measure, because durations depend on other jobs.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

const path = process.env.LARMOR_TEST_COSTS;
// Programs that the tests start are counted with the test that waited for them.
delete process.env.LARMOR_TEST_COSTS;

/** Clock ticks of /proc in a second: 100 on every Linux that Node runs on. */
const ticks = 100;

/** This process and its ended children [s]; without /proc, this process alone. */
function processorSeconds() {
  if (!existsSync('/proc/self/stat')) {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }
  const stat = readFileSync('/proc/self/stat', 'latin1');
  // utime, stime, cutime, cstime: fields 14 to 17, counted from the name in parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / ticks;
}

// The process of a test file has the file as its last argument; the test runner's own process does
// not.
const file = process.argv[1];
if (path && /\.test\.[jt]s$/.test(file ?? ''))
  process.on('exit', () => {
    const cost = { file, processor: processorSeconds(), seconds: performance.now() / 1e3 };
    appendFileSync(path, `${JSON.stringify(cost)}\n`);
  });
