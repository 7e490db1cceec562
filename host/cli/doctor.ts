/**
 * `larmor doctor`: what this machine offers, and for each thing that is missing, how to install it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { resolve } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { assetPath } from '../base/assets.ts';
import { allowedCpus, grantedThreads } from '../base/environment.ts';
import { LarmorError } from '../base/errors.ts';
import { warnings } from '../base/log.ts';
import { wasmBuild } from '../engine/wasm/module.ts';
import { listAdapters, probeAdapter, vulkanFindings } from '../engine/webgpu/index.ts';
import { printJson, printLines } from './output.ts';

interface Check {
  readonly what: string;
  readonly found: string;
  /** How to get it, when it is missing. */
  readonly fix?: string;
}

export async function doctor(options: { json?: boolean }): Promise<void> {
  const checks = [node(), threads(), kernels(), memory(), ...mpi(), ...(await gpus())];
  if (options.json) {
    printJson('doctor', { version: packageJson.version, checks, warnings: warnings() });
    return;
  }
  const lines = checks.flatMap(({ what, found, fix }) => [
    `${what.padEnd(10)}${found}`,
    ...(fix === undefined ? [] : [`${' '.repeat(10)}→ ${fix}`]),
  ]);
  printLines(lines);
}

function node(): Check {
  const major = Number(process.versions.node.split('.')[0]);
  return {
    what: 'Node',
    found: `${process.version} on ${process.platform} ${process.arch}`,
    ...(major < 20 ? { fix: 'install Node 20 or newer' } : {}),
  };
}

function threads(): Check {
  const grant = grantedThreads();
  return {
    what: 'threads',
    found: `${grant.threads} by default (${grant.reason}; ${allowedCpus().length} processors allowed)`,
  };
}

function kernels(): Check {
  const build = wasmBuild();
  const plain = build.startsWith('simd');
  return {
    what: 'kernels',
    found: build,
    ...(plain ? { fix: 'a newer Node runs the relaxed-SIMD build, which is faster' } : {}),
  };
}

function memory(): Check {
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return { what: 'memory', found: `${gib(freemem())} free of ${gib(totalmem())}` };
}

/** In a clone and where the package is installed. */
const BUILD_ADDON = `npm run --prefix ${resolve(assetPath('wasm'), '../..')} addon`;

/**
 * For each MPI family: whether the addon is built, and if not, whether there is a compiler to build
 * it.
 */
function mpi(): Check[] {
  return (['openmpi', 'mpich'] as const).map((family) => {
    const title = family === 'openmpi' ? 'Open MPI' : 'MPICH';
    const packages = family === 'openmpi' ? 'openmpi-bin libopenmpi-dev' : 'mpich libmpich-dev';
    const built = existsSync(assetPath(`mpi/mpi-${family}.node`));
    const compiler = [`mpicc.${family}`, 'mpicc'].find((name) => answers(name, family));
    if (built) return { what: title, found: 'binding built: mpirun and srun runs of several ranks work' };
    if (compiler === undefined) {
      return {
        what: title,
        found: 'none here: runs have one rank',
        fix: `for several ranks load the site's MPI module (or apt install ${packages}), then ${BUILD_ADDON}`,
      };
    }
    return {
      what: title,
      found: `${compiler} is here, its binding is not built`,
      fix: `${BUILD_ADDON} (needs a C compiler)`,
    };
  });
}

/** Whether this MPI compiler wrapper is of the family. */
function answers(compiler: string, family: 'openmpi' | 'mpich'): boolean {
  const { stdout, status } = spawnSync(compiler, ['-show'], { encoding: 'utf8' });
  return status === 0 && /openmpi|open-mpi/.test(stdout) === (family === 'openmpi');
}

/**
 * Every adapter that WebGPU lists, with a test of speed and accuracy of about a second, or the
 * reason why there is none.
 */
async function gpus(): Promise<Check[]> {
  try {
    const adapters = await listAdapters();
    const checks: Check[] = [];
    for (const adapter of adapters) {
      const { rate, sine, decay } = await probeAdapter(adapter);
      const gib = (adapter.limits.maxStorageBufferBindingSize / 2 ** 30).toFixed(1);
      const kind = adapter.software ? 'software, for tests alone' : adapter.backend;
      const tested = `${rate.toExponential(1)} f32 multiply-adds/s, errors ${Math.max(sine, decay).toExponential(0)}`;
      checks.push({
        what: `GPU ${adapter.index}`,
        found: `${adapter.name} (${kind}; ${tested}; buffers of ${gib} GiB)`,
      });
    }
    if (adapters.some(({ software }) => !software)) return checks;
    const lacking = vulkanFindings();
    return [
      ...checks,
      {
        what: 'GPU',
        found: 'none: runs use the processor',
        ...(lacking.length > 0 ? { fix: lacking.join('; ') } : {}),
      },
    ];
  } catch (error) {
    if (!(error instanceof LarmorError)) throw error;
    return [{ what: 'GPU', found: 'not used', fix: error.message }];
  }
}
