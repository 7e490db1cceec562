/** What doctor says of a Vulkan that sees no card, against file systems made up for it. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { mayHaveGpu, vulkanFindings } from '../../host/engine/webgpu/vulkan.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

function findings(files: Readonly<Record<string, string>>, environment: NodeJS.ProcessEnv = {}): string[] {
  const root = temporaryFolder();
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return vulkanFindings(root, environment);
  } finally {
    rmSync(root, { recursive: true });
  }
}

const loader = { '/usr/lib64/libvulkan.so.1': '' };
const icd = (library: string): string =>
  JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path: library } });

test('nothing to say where all is in place', () => {
  const files = {
    ...loader,
    '/etc/vulkan/icd.d/nvidia_icd.json': icd('libGLX_nvidia.so.0'),
    '/usr/lib64/libGLX_nvidia.so.0': '',
  };
  assert.deepEqual(findings({ ...files, '/proc/driver/nvidia/version': 'NVRM' }), []);
  assert.deepEqual(
    findings({ ...loader, '/opt/icd.json': icd('./libvk.so') }, { VK_DRIVER_FILES: '/opt/icd.json' }),
    [],
  );
});

test('names what is missing', () => {
  const one = (files: Readonly<Record<string, string>>, message: RegExp, environment?: NodeJS.ProcessEnv): void => {
    const found = findings(files, environment);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0], message);
  };
  one({}, /loader libvulkan\.so\.1 is missing/);
  one({ ...loader, '/proc/driver/nvidia/version': 'NVRM' }, /nvidia_icd\.json/);
  one(
    { ...loader, '/usr/share/vulkan/icd.d/radeon_icd.json': icd('libvulkan_radeon.so') },
    /names libvulkan_radeon\.so, which is missing/,
  );
  one({ ...loader, '/etc/vulkan/icd.d/broken.json': '{' }, /broken\.json is not there or names no library/);
  one(loader, /\/gone\.json is not there/, { VK_DRIVER_FILES: '/gone.json' });
});

test('without the device file of a GPU, on Linux, there is none to look for', () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'dev/dri'), { recursive: true });
  writeFileSync(join(root, 'dev/dri/card0'), '');
  assert.equal(mayHaveGpu(root, 'linux'), false);
  assert.equal(mayHaveGpu(root, 'darwin'), true);
  for (const name of ['nvidia0', 'dri/renderD128', 'kfd', 'dxg']) {
    writeFileSync(join(root, 'dev', name), '');
    assert.equal(mayHaveGpu(root, 'linux'), true, name);
    rmSync(join(root, 'dev', name));
  }
});
