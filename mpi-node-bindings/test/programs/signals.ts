/**
 * After MPI is up: does WebAssembly still trap, do the process's own signal handlers still run,
 * those installed before load as well as after? With the argument 'ucx' the environment invites UCX
 * to take SIGSEGV. Started by signals.serial.test.ts.
 */
import assert from 'node:assert/strict';
import { abortOnUncaught, load } from '../../index.ts';

const heard: string[] = [];
const SIGNALS = ['SIGUSR1', 'SIGUSR2', 'SIGTERM'] as const;
for (const signal of SIGNALS) process.on(signal, () => heard.push(`${signal} before`));

const mpi = load();
abortOnUncaught(mpi.world);
for (const signal of SIGNALS) process.on(signal, () => heard.push(`${signal} after`));

// (module (memory 1) (func (export "f") (result i32) (i32.load (i32.const 1000000))))
const bytes = Uint8Array.from([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1, 0x66, 0, 0, 10, 11,
  1, 9, 0, 0x41, 0xc0, 0x84, 0x3d, 0x28, 2, 0, 0x0b,
]);
const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { f: () => number };
for (let i = 0; i < 3; i++) assert.throws(f, /memory access out of bounds/);

for (const signal of SIGNALS) process.kill(process.pid, signal);
const until = performance.now() + 2000;
while (heard.length < 6 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
assert.deepEqual(heard.sort(), SIGNALS.flatMap((signal) => [`${signal} after`, `${signal} before`]).sort());

mpi.world.barrier();
mpi.finalize();
console.log(`rank ${mpi.world.rank} done`);
