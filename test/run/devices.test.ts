/** Ranks to GPUs, with lists of GPUs that do not exist. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceBinding } from '../../host/base/environment.ts';
import { chooseDevice, sharedDevices } from '../../host/run/devices.ts';

const four = ['A100', 'A100', 'A100', 'L4'].map((name) => ({ name }));
const bound = (text: string) => deviceBinding({ CUDA_VISIBLE_DEVICES: text });
const indexOf = (localRank: number, asked?: string, binding?: string) =>
  chooseDevice(four, { localRank }, asked, binding === undefined ? deviceBinding({}) : bound(binding)).index;

test('without a binding ranks of a node go round its GPUs', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((rank) => indexOf(rank)),
    [0, 1, 2, 3, 0],
  );
});

test('a binding of one GPU is taken, one of several is dealt out by local rank', () => {
  assert.equal(indexOf(0, undefined, '2'), 2);
  assert.deepEqual(
    [0, 1, 2].map((rank) => indexOf(rank, undefined, '2,3')),
    [2, 3, 2],
  );
  assert.equal(deviceBinding({ ZE_AFFINITY_MASK: ' 1 ' })?.devices[0], '1');
  assert.equal(deviceBinding({ DRI_PRIME: 'pci-0000_41_00_0!' })?.variable, 'DRI_PRIME');
  assert.equal(deviceBinding({ DRI_PRIME: '1' }), undefined, 'but changes the order');
});

test('a binding by UUID finds its GPU; one that names none here falls back and says so', () => {
  const devices = [
    { name: 'A', id: 'GPU-a' },
    { name: 'B', id: 'GPU-b' },
  ];
  assert.equal(chooseDevice(devices, { localRank: 0 }, undefined, bound('GPU-b')).name, 'B');
  const lost = chooseDevice(devices, { localRank: 1 }, undefined, bound('GPU-c'));
  assert.equal(lost.index, 1);
  assert.match(lost.reason, /names none/);
});

test('--gpu by number and by name; a wrong one lists what there is, exit 2', () => {
  assert.equal(indexOf(1, '3', '0'), 3);
  assert.equal(indexOf(1, 'l4'), 3);
  assert.throws(() => indexOf(0, '7'), { exitCode: 2, message: /0: A100.*3: L4/ });
});

test('ranks that share a GPU are told, those on two hosts or under a constraining scheduler are not', () => {
  const on = (host: string, localRank: number, count: number, binding?: string) => ({
    host,
    ...chooseDevice(four.slice(0, count), { localRank }, undefined, binding === undefined ? undefined : bound(binding)),
  });
  const warnings = sharedDevices([on('n1', 0, 2), on('n1', 1, 2), on('n1', 2, 2), on('n2', 0, 2)]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /ranks 0, 2 share one GPU of n1 \(A100\)/);
  assert.deepEqual(sharedDevices([on('n1', 0, 1, '0'), on('n1', 1, 1, '0')]), []);
  assert.equal(sharedDevices([on('n1', 0, 1), on('n1', 1, 1)]).length, 1);
});
