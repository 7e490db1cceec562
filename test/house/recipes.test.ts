/**
 * The recipes for sites stay true: their version is the package's, the files, scripts and commands
 * that they name are there, and each is read by the language it is written in. What Spack and
 * EasyBuild provide is stood in for, since neither can be installed everywhere.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Copy, DockerfileParser } from 'dockerfile-ast';
import { larmorSync } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython, requireTool, runTool } from '../../testing/tools.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'recipes');
const { version, scripts, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const packed = `larmor-${version}.tgz`;
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

const recipes = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !/^README|\.dockerignore$/.test(entry.name))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1));

test('each recipe says how far it was tried, in its head and in the table', () => {
  const table = read('README.md');
  for (const name of recipes) {
    assert.match(read(name), /^# Tried: \S/m, name);
    assert.ok(
      [name, `${name.split('/')[0]}/`].some((link) => table.includes(`](${link.replace(/\/$/, '')})`)),
      name,
    );
  }
});

test('versions, scripts and commands are those of the package', () => {
  for (const name of recipes) {
    const text = read(name);
    // Versions of Larmor: of the packed file, of variables, of the file itself.
    for (const [, found] of `${name}\n${text}`.matchAll(/\blarmor[-/](\d+\.\d+\.\d+)/gi))
      assert.equal(found, version, name);
    for (const [, found] of text.matchAll(/^\s*version\s*[(=]\s*["'](\d[^"']*)/gim)) assert.equal(found, version, name);
    for (const [, script] of text.matchAll(/npm run (\S+?)[`'"]?(?:\s|$)/gm))
      assert.ok(scripts[script!], `${name}: ${script}`);
    for (const [, path] of text.matchAll(/\b(recipes\/[\w./-]+)/g))
      assert.ok(existsSync(join(root, path!)), `${name}: ${path}`);
    assert.ok(!/dist\/(?!larmor\.js|mpi|man)/.test(text), name);
  }
  assert.equal(bin.larmor, 'dist/larmor.js');
});

/** The commands of a shell script are understood, and those that call larmor are run. */
function checkShell(what: string, script: string): void {
  const { status, stderr } = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' });
  assert.equal(status, 0, `${what}: ${stderr}`);
  const at = temporaryFolder();
  for (const [, args] of script.matchAll(/(?:^|&&)\s*larmor ([^&|\n]+?)\s*(?=$|&&)/gm)) {
    if (args!.startsWith('"$@"')) continue;
    larmorSync(args!.replaceAll('/tmp/', `${at}/`).split(/\s+/), at);
  }
}

test('the Dockerfile is one: stages, files and commands', () => {
  const instructions = DockerfileParser.parse(read('Dockerfile')).getInstructions();
  const stages = new Set<string>();
  const KNOWN = ['ARG', 'FROM', 'RUN', 'WORKDIR', 'COPY', 'ENTRYPOINT'];
  for (const instruction of instructions) {
    const [keyword, args] = [instruction.getKeyword(), instruction.getArguments().map(String)];
    assert.ok(KNOWN.includes(keyword), keyword);
    if (keyword === 'FROM' && args.length === 3) stages.add(args[2]);
    if (keyword === 'COPY') {
      const from = (instruction as Copy).getFromFlag()?.getValue();
      if (from === undefined || from === null) assert.equal(args[0], packed);
      else assert.ok(stages.has(from), `${from} is no stage before`);
    }
    if (keyword === 'RUN') checkShell('RUN', instruction.getRawArgumentsContent()!.replaceAll('\\\n', ' '));
  }
  assert.deepEqual([...stages], ['build']);
});

test('the Apptainer definition is one: sections, files and commands', () => {
  const [head, ...rest] = read('larmor.def').split(/^%/m);
  assert.match(head!, /^Bootstrap: docker\nFrom: debian:/m);
  const sections = new Map(rest.map((text) => [text.split(/\s/, 1)[0], text.slice(text.indexOf('\n') + 1)]));
  const scriptsOf = ['post', 'test', 'runscript'];
  assert.deepEqual([...sections.keys()].sort(), ['files', 'labels', ...scriptsOf].sort());
  for (const name of scriptsOf) checkShell(name, sections.get(name)!);
  const [from, to] = sections.get('files')!.trim().split(/\s+/);
  assert.equal(from, packed);
  assert.ok(sections.get('post')!.includes(`tar -xzf ${to} -C /opt/larmor --strip-components 1`));
  assert.match(sections.get('labels')!, new RegExp(`Version ${version.replaceAll('.', '\\.')}`));
});

/**
 * Runs a package.py with what Spack gives it, and prints the version, where it comes from and the
 * calls that it makes.
 */
const SPACK = `
import json, sys, types
said = []
class Prefix(str):
    def __getattr__(self, name): return Prefix(self + '/' + name)
class Spec(dict):
    def __missing__(self, name): return types.SimpleNamespace(prefix=Prefix('/' + name), mpicc='/mpi/bin/mpicc')
names = dict(Package=object, version=lambda *a, **k: said.append(['version', *a]), depends_on=lambda *a, **k: said.append(['depends_on', *a]),
    which=lambda name, required=False: lambda *a: said.append([name, *map(str, a)]), run_after=lambda _: lambda f: f,
    on_package_attributes=lambda **_: lambda f: f, join_path=lambda *a: '/'.join(a), Executable=lambda path: lambda *a: said.append([path, *a]))
module = types.ModuleType('spack.package'); module.__dict__.update(names)
sys.modules['spack'] = types.ModuleType('spack'); sys.modules['spack.package'] = module
space = {}
exec(compile(open(sys.argv[1]).read(), sys.argv[1], 'exec'), space)
package = space['Larmor']()
package.spec, package.prefix = Spec(), Prefix('/prefix')
url = package.url_for_version('VERSION')
package.stage = types.SimpleNamespace(archive_file='FILE')
package.setup_build_environment(types.SimpleNamespace(set=lambda *a: said.append(['set', *map(str, a)])))
package.install(package.spec, package.prefix)
package.check_install()
print(json.dumps(dict(said=said, url=url)))
`;

test('the Spack package installs the packed file with the MPI of the site', (t) => {
  const python = requirePython(t, ['json'], 'python3');
  if (!python) return;
  const { said, url } = JSON.parse(runTool(python, ['-c', SPACK, join(folder, 'spack/larmor/package.py')]));
  assert.equal(url, `file://${process.cwd()}/${packed.replace(version, 'VERSION')}`);
  assert.deepEqual(said, [
    ['version', version],
    ...['c', 'npm', 'node-js@20:', 'mpi'].map((name) => ['depends_on', name]),
    ['set', 'npm_config_nodedir', '/node-js'],
    ['set', 'MPICC', '/mpi/bin/mpicc'],
    ['npm', 'install', '--global', '--offline', '--prefix=/prefix', 'FILE'],
    ['/prefix/bin/larmor', 'list'],
  ]);
});

test('the EasyBuild recipe names its file, its parts and commands', (t) => {
  const python = requirePython(t, ['json'], 'python3');
  if (!python) return;
  const name = recipes.find((path) => path.startsWith('easybuild/'))!;
  const program =
    'import json, sys; space = {}; exec(open(sys.argv[1]).read(), space); del space["__builtins__"]; print(json.dumps(space))';
  const recipe = JSON.parse(runTool(python, ['-c', program, join(folder, name)]));
  const { toolchain, install_cmd, sources, sanity_check_commands } = recipe;
  const filled = (text: string): string =>
    text.replaceAll('%(version)s', version).replaceAll('%(installdir)s', '/prefix');
  assert.equal(name, `easybuild/${recipe.name}-${recipe.version}-${toolchain.name}-${toolchain.version}.eb`);
  assert.deepEqual(sources.map(filled), [packed]);
  assert.ok(filled(install_cmd).endsWith(`npm install --global --offline --prefix=/prefix ${packed}`));
  checkShell('sanity_check_commands', sanity_check_commands.join('\n'));
  for (const key of ['easyblock', 'homepage', 'description', 'moduleclass'])
    assert.equal(typeof recipe[key], 'string', key);
});

test('the modulefile is Tcl, and names folders of the package', (t) => {
  const tclsh = requireTool(t, 'tclsh', 'tcl');
  if (!tclsh) return;
  const program = `foreach command {module-whatis conflict} { proc $command args {} }
    proc prepend-path {name path} { puts "$name $path" }
    source ${join(folder, 'modulefile')}`;
  const said = spawnSync(tclsh, { input: program, encoding: 'utf8' });
  assert.equal(said.status, 0, said.stderr);
  assert.deepEqual(said.stdout.trim().split('\n'), [
    'PATH /opt/larmor/bin',
    'MANPATH /opt/larmor/man',
    'PYTHONPATH /opt/larmor/python',
  ]);
});
