// Prepares a fresh clone for building and testing: installs the npm packages and, for the tests,
// the programs they use (two MPI libraries, SLURM, readers of our formats, software Vulkan). The
// demo needs the npm packages only. Only missing packages are installed. If one is not available, a
// message names it; the tests that need it are then skipped, or fail with CI=true.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Where SwiftShader, a software Vulkan, is unpacked: it replaces a GPU in tests. */
export const swiftShader = join(root, 'build', 'swiftshader', 'vk_swiftshader_icd.json');

/** What the tests run: each name that a test gives to `requireTool` and the like is here. */
export const debianPackages = [
  ...['openmpi-bin', 'libopenmpi-dev', 'mpich', 'libmpich-dev', 'gcc', 'g++', 'make', 'python3'],
  ...['slurm-wlm', 'munge', 'iproute2'],
  ...['hdf5-tools', 'ismrmrd-tools', 'bart', 'python3-numpy', 'python3-h5py', 'python3-scipy', 'python3-nibabel'],
  ...['ismrmrd-schema', 'libxml2-utils'],
  ...['libismrmrd-dev', 'python3-pip', 'python3-setuptools', 'python3-wheel'],
  ...['zsh', 'fish', 'tcl', 'mandoc', 'groff-base'],
  'libvulkan1',
  ...['chromium', 'poppler-utils'],
];

const say = (text) => console.log(`setup: ${text}`);

function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options }).status === 0;
}

function output(command, args) {
  return spawnSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).stdout ?? '';
}

/**
 * Installs npm's packages of a folder unless they are there in the versions that its lock file
 * names.
 */
export function setupPackages(folder = root) {
  const wanted = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages;
  const record = join(folder, 'node_modules', '.package-lock.json');
  const found = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')).packages : undefined;
  const isThere = ([path, entry]) =>
    !path.startsWith('node_modules/') ||
    entry.optional ||
    entry.peer ||
    (found[path] && found[path].version === entry.version);
  if (found && Object.entries(wanted).every(isThere)) return;
  // `npm ci` empties node_modules first, even while a program uses it: therefore only for a clone
  // that has none.
  const how = found ? ['install', '--no-save'] : ['ci'];
  say(`npm ${how.join(' ')}`);
  // No package here needs its install script, and newer npm refuses to run them.
  if (!run('npm', [...how, '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder }))
    throw new Error('npm could not install the packages');
}

/** Installs what the tests run against: Debian packages and SwiftShader. */
export function setupTestPrograms() {
  const hasApt = output('sh', ['-c', 'command -v apt-get']) !== '';
  const missing = hasApt ? absent(debianPackages) : debianPackages;
  const wantsMesa = hasApt && installedMesa() < oldestMesa;
  const wantsSwiftShader = !existsSync(swiftShader);
  if (missing.length === 0 && !wantsMesa && !wantsSwiftShader) return;
  if (!hasApt || process.getuid?.() !== 0) {
    const how = hasApt ? 'as root: apt-get install' : 'your system may have them under other names than Debian:';
    if (missing.length > 0) say(`some tests will be skipped; ${how} ${missing.join(' ')}`);
    return;
  }

  if (!run('apt-get', ['update', '-qq'])) say('apt-get update failed; going on with what apt knows');
  if (missing.length > 0) installPackages(missing);
  if (wantsMesa) installMesa();
  if (wantsSwiftShader) unpackSwiftShader();
}

function absent(packages) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const installed = output('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n', ...packages]);
  return packages.filter((name) => !installed.split('\n').includes(`installed ${name}`));
}

function installPackages(names, options = []) {
  const known = names.filter((name) => run('apt-cache', ['show', name], { stdio: 'ignore' }));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) say(`apt does not know ${unknown.join(' ')}; their tests will be skipped`);
  if (known.length === 0) return;
  say(`apt-get install ${known.join(' ')}`);
  withoutStartingDaemons(() => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const all = ['install', '-y', '-qq', '--no-install-recommends', ...options, ...known];
    if (!run('apt-get', all, { env, stdio: ['ignore', 'ignore', 'inherit'] }))
      say('apt-get install failed; some tests will be skipped');
  });
}

/**
 * Debian starts a service as soon as it is installed, unless this file forbids it; SLURM's are
 * started by its tests, in a corner.
 */
function withoutStartingDaemons(action) {
  const policy = '/usr/sbin/policy-rc.d';
  const own = !existsSync(policy);
  if (own) {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n');
    chmodSync(policy, 0o755);
  }
  try {
    action();
  } finally {
    if (own) rmSync(policy);
  }
}

/**
 * Mesa's Vulkan in software is a second stand-in for a GPU. Dawn refuses what is older than this,
 * Debian 12's own 22.3 among it.
 */
const oldestMesa = 25;

function installedMesa() {
  return Number(output('apt-cache', ['policy', 'mesa-vulkan-drivers']).match(/Installed: (\d+)/)?.[1] ?? 0);
}

/**
 * The releases of the distribution that hold a Mesa new enough, as `apt-get -t` names them, of
 * those that apt knows.
 */
function releasesWithMesa() {
  return output('apt-cache', ['madison', 'mesa-vulkan-drivers'])
    .split('\n')
    .filter((line) => Number(line.match(/\| *(\d+)/)?.[1] ?? 0) >= oldestMesa)
    .flatMap((line) => line.match(/ (\S+)\/main /)?.[1] ?? []);
}

function installMesa() {
  if (releasesWithMesa().length === 0) offerBackports();
  const [release] = releasesWithMesa();
  if (release) installPackages(['mesa-vulkan-drivers'], ['-t', release]);
  else say(`no Mesa ${oldestMesa} or newer for this system: SwiftShader alone stands in for a GPU`);
}

/** Adds the backports of the Debian mirror that apt uses already, if it has them. */
function offerBackports() {
  const main = output('apt-get', ['indextargets', '--format', '$(REPO_URI) $(CODENAME) $(LABEL)'])
    .split('\n')
    .find((line) => /^\S+ bookworm Debian$/.test(line));
  if (!main) return;
  const file = '/etc/apt/sources.list.d/larmor-backports.sources';
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const fields = ['Types: deb', `URIs: ${main.split(' ')[0]}`, 'Suites: bookworm-backports', 'Components: main'];
  writeFileSync(file, `${[...fields, ...(existsSync(keys) ? [`Signed-By: ${keys}`] : [])].join('\n')}\n`);
  // This source alone, and without clearing away what apt knows of the others.
  const alone = [`Dir::Etc::SourceList=${file}`, 'Dir::Etc::SourceParts=-', 'APT::Get::List-Cleanup=0'];
  const options = ['APT::Update::Error-Mode=any', ...alone].flatMap((option) => ['-o', option]);
  if (run('apt-get', ['update', '-qq', ...options])) return;
  say('bookworm-backports cannot be reached');
  rmSync(file);
}

/** Takes SwiftShader out of Debian's Chromium without installing the browser. */
function unpackSwiftShader() {
  const work = mkdtempSync(join(tmpdir(), 'swiftshader-'));
  try {
    chmodSync(work, 0o777);
    const fetched = run('apt-get', ['download', '-qq', 'chromium-common'], { cwd: work });
    const archive = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (!fetched || !archive || !run('dpkg-deb', ['-x', archive, 'tree'], { cwd: work })) {
      say('SwiftShader cannot be had from the package chromium-common; tests of WebGPU may be skipped');
      return;
    }
    const target = join(swiftShader, '..');
    mkdirSync(target, { recursive: true });
    for (const name of ['libvk_swiftshader.so', 'vk_swiftshader_icd.json'])
      cpSync(join(work, 'tree/usr/lib/chromium', name), join(target, name));
  } finally {
    rmSync(work, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setupPackages();
  setupTestPrograms();
}
