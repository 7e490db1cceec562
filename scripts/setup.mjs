// Brings a bare clone to where it builds and tests: npm packages for everything, and for the tests the real programs that they run against
// (two MPIs, SLURM, readers of our files, software Vulkan). The demo asks for the first alone, so it needs nothing but Node.
// Only what is missing is installed. What cannot be had is named in one line and left to the tests, which skip aloud, or fail with CI=true.
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
/** Where SwiftShader, a Vulkan in software, is unpacked: the double that stands in for a GPU in tests. */
export const swiftShader = join(root, 'build', 'swiftshader', 'vk_swiftshader_icd.json');

const debianPackages = [
  ...['openmpi-bin', 'libopenmpi-dev', 'mpich', 'libmpich-dev', 'g++', 'make', 'python3'],
  ...['slurm-wlm', 'munge', 'iproute2'],
  ...['hdf5-tools', 'ismrmrd-tools', 'bart', 'python3-h5py', 'python3-scipy', 'python3-nibabel'],
  ...['libvulkan1', 'mesa-vulkan-drivers'],
];

const say = (text) => console.log(`setup: ${text}`);

function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options }).status === 0;
}

function output(command, args) {
  return spawnSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).stdout ?? '';
}

/** Installs npm's packages unless they are there in the versions that the lock file names. */
export function setupPackages() {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const record = join(root, 'node_modules', '.package-lock.json');
  const found = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')).packages : undefined;
  const isThere = ([path, entry]) =>
    !path.startsWith('node_modules/') ||
    entry.optional ||
    entry.peer ||
    (found[path] && found[path].version === entry.version);
  if (found && Object.entries(wanted).every(isThere)) return;
  // `npm ci` empties node_modules first, also under the feet of a program that runs: only for a clone that has none.
  const how = found ? ['install', '--no-save'] : ['ci'];
  say(`npm ${how.join(' ')}`);
  // No package here needs its install script, and newer npm refuses to run them.
  if (!run('npm', [...how, '--ignore-scripts', '--no-audit', '--no-fund']))
    throw new Error('npm could not install the packages');
}

/** Installs what the tests run against: Debian packages and SwiftShader. */
export function setupTestPrograms() {
  const hasApt = output('sh', ['-c', 'command -v apt-get']) !== '';
  const missing = hasApt ? absent(debianPackages) : debianPackages;
  const wantsMesa = hasApt && !mesaIsRecent('Installed');
  const wantsSwiftShader = !existsSync(swiftShader);
  if (missing.length === 0 && !wantsMesa && !wantsSwiftShader) return;
  if (!hasApt || process.getuid?.() !== 0) {
    const packages = hasApt ? missing : ["your system's packages for", ...missing];
    if (packages.length > 0) say(`some tests will be skipped; as root: apt-get install ${packages.join(' ')}`);
    return;
  }

  if (!run('apt-get', ['update', '-qq'])) say('apt-get update failed; going on with what apt knows');
  if (wantsMesa) offerBackports();
  installPackages(missing);
  if (!mesaIsRecent('Installed'))
    say('Mesa is older than 25: its Vulkan in software is refused by Dawn, SwiftShader alone will do');
  if (wantsSwiftShader) unpackSwiftShader();
}

function absent(packages) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const installed = output('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n', ...packages]);
  return packages.filter((name) => !installed.split('\n').includes(`installed ${name}`));
}

function installPackages(names) {
  const known = names.filter((name) => run('apt-cache', ['show', name], { stdio: 'ignore' }));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) say(`apt does not know ${unknown.join(' ')}; their tests will be skipped`);
  if (known.length === 0) return;
  say(`apt-get install ${known.join(' ')}`);
  withoutStartingDaemons(() => {
    const options = ['install', '-y', '-qq', '--no-install-recommends', ...known];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    if (!run('apt-get', options, { env })) say('apt-get install failed; some tests will be skipped');
  });
}

/** Debian starts a service as soon as it is installed, unless this file forbids it; SLURM's are started by its tests, in a corner. */
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

/** Whether Mesa (as installed, or as apt would install it) is 25 or newer: Dawn refuses Debian 12's own 22.3. */
function mesaIsRecent(field) {
  const policy = output('apt-cache', ['policy', 'mesa-vulkan-drivers']);
  return Number(policy.match(new RegExp(`${field}: (\\d+)`))?.[1] ?? 0) >= 25;
}

/** Adds the backports of the Debian mirror that apt uses already, if it has them, for Mesa alone. */
function offerBackports() {
  if (!mesaIsRecent('Candidate')) {
    const main = output('apt-get', ['indextargets', '--format', '$(REPO_URI) $(CODENAME) $(LABEL)'])
      .split('\n')
      .find((line) => /^\S+ bookworm Debian$/.test(line));
    if (!main) return;
    const file = '/etc/apt/sources.list.d/larmor-backports.sources';
    const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
    const fields = ['Types: deb', `URIs: ${main.split(' ')[0]}`, 'Suites: bookworm-backports', 'Components: main'];
    writeFileSync(file, `${[...fields, ...(existsSync(keys) ? [`Signed-By: ${keys}`] : [])].join('\n')}\n`);
    const options = [
      '-o',
      'APT::Update::Error-Mode=any',
      '-o',
      `Dir::Etc::SourceList=${file}`,
      '-o',
      'Dir::Etc::SourceParts=-',
    ];
    if (!run('apt-get', ['update', '-qq', ...options])) {
      say('bookworm-backports cannot be reached');
      rmSync(file);
      return;
    }
  }
  installPackages(['mesa-vulkan-drivers/bookworm-backports']);
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
