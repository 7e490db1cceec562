/**
 * Shell completion in real shells, and the man page through real formatters; both name what
 * commander was told.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeProgram } from '../../host/cli/program.ts';
import { larmorSync } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requireTool } from '../../testing/tools.ts';

const where = temporaryFolder();
mkdirSync(join(where, 'folder'));
for (const name of ['scan.seq', 'scanner.json', 'my *[1].seq', 'my own.seq']) writeFileSync(join(where, name), '');
for (const shell of ['bash', 'zsh', 'fish']) {
  const { code, stdout, stderr } = larmorSync(['completion', shell], where);
  assert.equal(code, 0, stderr);
  writeFileSync(join(where, `completion.${shell}`), stdout);
}

/** What bash offers for the last word of each line, as Tab would: one bash for all of them. */
function bashOffers(lines: readonly string[]): string[][] {
  const presses = lines.map((line) => {
    const words = line.split(' ');
    return `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; COMPREPLY=()
"$complete"
printf '%s\\n' "\${COMPREPLY[@]}"
printf '\\f'`;
  });
  const script = `source completion.bash
complete=$(complete -p larmor | sed 's/.*-F \\([^ ]*\\).*/\\1/')
${presses.join('\n')}`;
  const { stdout, stderr } = spawnSync('bash', ['-s'], { cwd: where, encoding: 'utf8', input: script });
  assert.equal(stderr, '');
  const offers = stdout.split('\f').slice(0, -1);
  assert.equal(offers.length, lines.length);
  return offers.map((offered) => offered.split('\n').filter(Boolean).sort());
}

const bash = (line: string): string[] => bashOffers([line])[0];

test('bash completes commands, options, words, built-in names and files', (t) => {
  if (requireTool(t, 'bash', 'bash') === undefined) return;
  const program = makeProgram();
  assert.deepEqual(bash('larmor '), program.commands.map((each) => each.name()).sort());
  assert.deepEqual(bash('larmor simu'), ['simulate']);
  assert.deepEqual(bash('larmor plot s'), ['scan.seq', 'scanner.json', 'sequence', 'signal']);
  assert.deepEqual(bash('larmor simulate --prec'), ['--precision']);
  assert.deepEqual(bash('larmor simulate gre head2d --precision '), ['f32', 'f64']);
  assert.deepEqual(bash('larmor simulate --scanner sc'), ['scan.seq', 'scanner.json']);
  assert.deepEqual(bash('larmor simulate --seed '), []);
  assert.deepEqual(bash('larmor simulate my'), ['my *[1].seq', 'my own.seq']);
  assert.deepEqual(bash('larmor simulate gr'), ['gre', 'grid']);
  const made = bash('larmor sequence make ');
  for (const name of ['epi', 'gre', 'scan.seq']) assert.ok(made.includes(name), `${made}`);
  assert.ok(!made.includes('sphere'));
  assert.deepEqual(bash('larmor completion '), ['bash', 'fish', 'zsh']);
  const lines = program.commands
    .filter(({ commands }) => commands.length === 0)
    .flatMap((command) => command.options.map(({ long }) => `larmor ${command.name()} ${long}`));
  for (const [n, offers] of bashOffers(lines).entries()) {
    const option = lines[n].slice(lines[n].lastIndexOf(' ') + 1);
    assert.ok(offers.includes(option), lines[n]);
  }
});

test('zsh and fish read theirs, and fish offers the same', (t) => {
  const zsh = requireTool(t, 'zsh', 'zsh');
  if (zsh !== undefined) {
    const { status, stderr } = spawnSync(zsh, ['-f', '-c', 'source completion.zsh && (( $+functions[_larmor] ))'], {
      cwd: where,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  }
  const fish = requireTool(t, 'fish', 'fish');
  if (fish === undefined) return;
  const offered = (line: string): string[] => {
    const script = `source completion.fish; complete -C '${line}'`;
    const { stdout, stderr } = spawnSync(fish, ['--no-config', '-c', script], { cwd: where, encoding: 'utf8' });
    assert.equal(stderr, '');
    return stdout
      .split('\n')
      .map((text) => text.split('\t')[0])
      .filter(Boolean)
      .sort();
  };
  assert.deepEqual(offered('larmor simu'), ['simulate']);
  assert.deepEqual(offered('larmor simulate --precision '), ['f32', 'f64']);
  assert.ok(offered('larmor simulate gr').includes('gre'));
});

const page = fileURLToPath(new URL('../../dist/man/larmor.1', import.meta.url));

test('the man page has every command and option, and formatters have nothing to say of it', (t) => {
  const groff = requireTool(t, 'groff', 'groff-base');
  if (groff === undefined) return;
  const { stdout, stderr } = spawnSync(groff, ['-man', '-Tutf8', '-Kutf8', '-ww', '-P-c', '-P-b', '-P-u', page], {
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  const text = stdout.replaceAll('‐\n', '-');
  const flat = text.replace(/\s+/g, ' ');
  for (const command of makeProgram().commands.flatMap((each) => [each, ...each.commands])) {
    if (command.commands.length > 0) continue;
    assert.ok(flat.includes(command.description().slice(0, 20)), command.name());
    for (const { long } of command.options) assert.ok(flat.includes(long!), `${command.name()} ${long}`);
  }
  const mandoc = requireTool(t, 'mandoc', 'mandoc');
  if (mandoc === undefined) return;
  const lint = spawnSync(mandoc, ['-Tlint', '-Werror', page], { encoding: 'utf8' });
  assert.equal(lint.stdout, '');
  const { man } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.deepEqual(man, ['./dist/man/larmor.1'], 'npm links none that is not in a list');
});
