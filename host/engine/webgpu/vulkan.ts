/**
 * Why Vulkan does not see an installed card, on Linux: what `larmor doctor` prints if there are no
 * GPUs. On clusters there is nearly always one reason: the driver was installed without its Vulkan
 * part, or the container lacks the driver's files.
 */
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

const ICD_FOLDERS = [
  '/etc/vulkan/icd.d',
  '/usr/share/vulkan/icd.d',
  '/usr/local/share/vulkan/icd.d',
  '/usr/local/etc/vulkan/icd.d',
];
const LIBRARY_FOLDERS = [
  ...['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib', '/usr/local/lib'],
  ...['/lib/x86_64-linux-gnu', '/lib/aarch64-linux-gnu', '/lib64', '/usr/local/nvidia/lib64', '/.singularity.d/libs'],
];

/** The drivers' own files that replace or join the folders. */
const FILE_VARIABLES = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'VK_ADD_DRIVER_FILES'];

/**
 * @param root of the file system, and the environment: for tests
 * @returns one line per missing thing, with what to do about it; empty if nothing is found wrong
 */
export function vulkanFindings(root = '/', environment: NodeJS.ProcessEnv = process.env): string[] {
  const at = (path: string): string => join(root, path);
  const libraries = [...(environment.LD_LIBRARY_PATH ?? '').split(delimiter).filter(isAbsolute), ...LIBRARY_FOLDERS];
  const hasLibrary = (name: string): boolean =>
    isAbsolute(name) ? existsSync(at(name)) : libraries.some((folder) => existsSync(at(join(folder, name))));
  const findings: string[] = [];

  if (!hasLibrary('libvulkan.so.1'))
    findings.push(
      'the Vulkan loader libvulkan.so.1 is missing: install libvulkan1 (Debian) or vulkan-loader (Red Hat)',
    );

  const named = FILE_VARIABLES.flatMap((name) => (environment[name] ?? '').split(delimiter).filter(Boolean));
  const files = [...named, ...ICD_FOLDERS.flatMap((folder) => list(at(folder)).map((name) => join(folder, name)))];
  const drivers = files
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ file, library: libraryOf(at(file)) }));
  for (const { file, library } of drivers) {
    if (library === undefined) findings.push(`${file} is not there or names no library: correct it`);
    // A relative path that contains a folder is relative to the ICD file: the loader itself finds
    // such a library, and it is not checked.
    else if ((isAbsolute(library) || !library.includes('/')) && !hasLibrary(library))
      findings.push(`${file} names ${library}, which is missing: in a container, let the driver's libraries in`);
  }

  if (existsSync(at('/proc/driver/nvidia/version')) && !drivers.some(({ library }) => library?.includes('nvidia')))
    findings.push(
      'there is an NVIDIA driver, but no ICD file that brings it to Vulkan (nvidia_icd.json): install the Vulkan part of ' +
        'the driver, or start the container with NVIDIA_DRIVER_CAPABILITIES=all or `apptainer --nv`',
    );
  for (const node of list(at('/dev/dri')).filter((name) => name.startsWith('renderD'))) {
    try {
      accessSync(at(join('/dev/dri', node)), constants.R_OK | constants.W_OK);
    } catch {
      findings.push(`/dev/dri/${node} may not be opened by this user: join the groups render and video`);
    }
  }
  return findings;
}

/**
 * Whether there is a GPU's device file, or the system is not Linux. Without one there are at most
 * software drivers, and Dawn would write its warnings about these to stderr.
 * @param root of the file system: for tests
 */
export function mayHaveGpu(root = '/', platform: NodeJS.Platform = process.platform): boolean {
  if (platform !== 'linux') return true;
  const devices = [...list(join(root, '/dev')), ...list(join(root, '/dev/dri'))];
  return devices.some((name) => /^(nvidia\d+|kfd|dxg|renderD\d+)$/.test(name));
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The library an ICD description names, or undefined if there is none to read. */
function libraryOf(file: string): string | undefined {
  try {
    const library: unknown = JSON.parse(readFileSync(file, 'utf8')).ICD?.library_path;
    return typeof library === 'string' ? library : undefined;
  } catch {
    return undefined;
  }
}
