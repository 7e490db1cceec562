/**
 * HDF5 files that ask for more than they hold: chunks that inflate to gigabytes, extents of 10⁹,
 * data that lies in other files, a list without end. Written by h5py, read by the whole command:
 * each ends in one line with exit 65 and below a gigabyte.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { writeTable } from '../../testing/phantom-files.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython, runTool } from '../../testing/tools.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
/** Loaded by each run: leaves the most memory that it held [KiB]. */
const reporter = at('report.cjs');
writeFileSync(
  reporter,
  "process.on('exit', () => require('fs').writeFileSync(process.env.RSS, String(process.resourceUsage().maxRSS)))",
);
const tissues = writeTable(at('tissues.json'), [1], { voxelSize: 0.001 });

const program = `
import h5py, numpy as np, os, sys, zlib
os.chdir(sys.argv[1])
H = h5py.h5p
def koma(name, make, n=100, paths=('position/x', 'contrast/T1', 'contrast/T2')):
    with h5py.File(name + '.phantom', 'w') as f:
        for path in paths: make(f, path, n)
def direct(chunk, filters, stored):
    def make(f, path, n):
        p = H.create(H.DATASET_CREATE); p.set_chunk((chunk,)); p.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        filters(p)
        space = h5py.h5s.create_simple((n,), (h5py.h5s.UNLIMITED,))
        parent = f.require_group(path.split('/')[0])
        h5py.h5d.create(parent.id, path.split('/')[1].encode(), h5py.h5t.IEEE_F64LE, space, dcpl=p).write_direct_chunk((0,), stored)
    return make
def zeros(mebibytes):
    c = zlib.compressobj(6)
    return b''.join(c.compress(b'\\0' * 2**20) for _ in range(mebibytes)) + c.flush()
twice = lambda p: (p.set_deflate(9), p.set_deflate(9))
koma('chunk', direct(2**27, lambda p: (p.set_shuffle(), p.set_deflate(9)), b'\\0' * 4096), 2**17, ['position/x'])
koma('inflates', direct(1000, lambda p: p.set_deflate(9), zeros(256)), 1000, ['position/x'])
koma('twice', direct(1000, twice, zlib.compress(zeros(256), 9)), 1000, ['position/x'])
koma('extent', lambda f, path, n: f.create_dataset(path, (n,), 'f8', chunks=(2**20,), compression='gzip', fillvalue=1.), 10**9)
external = lambda file: lambda f, path, n: f.create_dataset(path, (n,), 'f8', external=[(file, 0, 8 * n)])
np.full(100, .05).tofile('data.raw')
for name, file in (('raw', os.path.abspath('data.raw')), ('raw-here', 'data.raw'), ('raw-proc', '/proc/self/environ'),
                   ('raw-zero', '/dev/zero'), ('raw-none', '/nowhere/x'), ('raw-itself', os.path.abspath('raw-itself.phantom'))):
    koma(name, external(file))
koma('plain', lambda f, path, n: f.create_dataset(path, data=np.full(n, .05)))
def link(to): return lambda f, path, n: f.require_group(path.split('/')[0]) and f.__setitem__(path, to)
for name, to in (('link', h5py.ExternalLink(os.path.abspath('plain.phantom'), '/position/x')),
                 ('link-here', h5py.ExternalLink('plain.phantom', '/position/x')),
                 ('link-proc', h5py.ExternalLink('/proc/self/environ', '/x')),
                 ('link-none', h5py.ExternalLink('nothing.h5', '/x')),
                 ('link-itself', h5py.ExternalLink('link-itself.phantom', '/contrast/T1')),
                 ('soft-proc', h5py.SoftLink('/proc/self/environ')), ('soft-loop', h5py.SoftLink('/position/x'))):
    koma(name, link(to), paths=['position/x'])
def virtual(file):
    def make(f, path, n):
        layout = h5py.VirtualLayout((n,), 'f8'); layout[:] = h5py.VirtualSource(file, 'position/x', (n,))
        f.create_virtual_dataset(path, layout, fillvalue=1)
    return make
for name, file in (('virtual', 'plain.phantom'), ('virtual-proc', '/proc/self/environ'), ('virtual-none', '/nowhere/a.h5')):
    koma(name, virtual(file))
with h5py.File('labels.mat', 'w') as f: f.create_dataset('labels', (10**4, 10**4), 'u1', chunks=(1000, 1000), compression='gzip', fillvalue=1)
with h5py.File('jemris.h5', 'w') as f: f.create_dataset('sample/data', (1000, 1000, 1000, 5), 'f8', chunks=(1, 100, 100, 5), compression='gzip', fillvalue=1.)
def raw(name, fill):
    with h5py.File('base.mrd') as b, h5py.File(name + '.mrd', 'w') as f:
        fill(f, b['dataset/data'], b['dataset/xml'][0])
text = h5py.string_dtype()
def rows(f, data, xml):
    f.create_dataset('dataset/xml', data=[xml], dtype=text)
    f.create_dataset('dataset/data', (10**6,), data.dtype, chunks=(1000,), compression='gzip')
def header(f, data, xml):
    f.create_dataset('dataset/xml', (1,), 'S500000000', chunks=(1,), compression='gzip'); f['dataset/data'] = data[:1]
def nested(f, data, xml):
    f.create_dataset('dataset/xml', data=[b'<a>' * 10**5], dtype=text); f['dataset/data'] = data[:1]
raw('rows', rows); raw('header', header); raw('nested', nested)
# Where the first readout's samples should lie, a free object of 0 bytes: the library walks its list of objects for ever.
def sound(f, data, xml):
    f.create_dataset('dataset/data', data=data); f.create_dataset('dataset/xml', data=[xml], dtype=text)
raw('endless', sound)
with open('endless.mrd', 'r+b') as f:
    heap = f.read().index(b'GCOL')
    f.seek(heap + 16); f.write(bytes(16))
with h5py.File('group.mrd', 'w') as f: f['dataset'] = h5py.ExternalLink('base.mrd', '/dataset')
`;

const OTHER = /refers to another file, '.*'; copy its data into this file/;
const BOUNDLESS = /claims \d+ (numbers|records) in \d+ bytes; check that it was copied whole/;
const EXPECTED: readonly (readonly [file: string, line: RegExp])[] = [
  ['inflates.phantom', /its data in memory would take .*, the limit for a file of .* is 192 MiB; .*LARMOR_MEMORY/],
  ['twice.phantom', /its data in memory would take .*, the limit for a file of .* is 192 MiB; .*LARMOR_MEMORY/],
  ['chunk.phantom', /a chunk of 1073741824 bytes would take 1 GiB, the limit for a file of .* is 192 MiB/],
  ['extent.phantom', BOUNDLESS],
  ['jemris.h5', BOUNDLESS],
  ['labels.mat', BOUNDLESS],
  ['rows.mrd', BOUNDLESS],
  ...['raw', 'raw-here', 'raw-proc', 'raw-zero', 'raw-none', 'raw-itself'].map(
    (name) => [`${name}.phantom`, OTHER] as const,
  ),
  ...['link', 'link-here', 'link-proc', 'link-none', 'link-itself'].map((name) => [`${name}.phantom`, OTHER] as const),
  ...['virtual', 'virtual-proc', 'virtual-none'].map((name) => [`${name}.phantom`, OTHER] as const),
  ['group.mrd', OTHER],
  ['soft-proc.phantom', /HDF5 cannot read it \(component not found\)/],
  ['soft-loop.phantom', /HDF5 cannot read it \(too many links\)/],
  ['header.mrd', /a text of 500000000 bytes would take 477 MiB, the limit/],
  ['nested.mrd', /not well-formed XML/],
  ['endless.mrd', /dataset\/data: HDF5 did not end reading it within 15 s; check that the file was copied whole/],
];

test('HDF5 that claims gigabytes, points elsewhere or never ends: one line, exit 65, no gigabyte', {
  timeout: 600_000,
}, async (t) => {
  const python = requirePython(t, ['h5py', 'numpy'], 'python3-h5py');
  if (!python) return;
  assert.equal((await larmor(['simulate', 'epi', 'column', '-o', at('base.mrd'), '-q'])).code, 0);
  runTool(python, ['-c', program, folder]);
  for (const [name, line] of some(EXPECTED, 3)) {
    const rss = at(`${name}.rss`);
    const mat = name.endsWith('.mat') ? ['--set', `tissues=${tissues}`] : [];
    const args = name.endsWith('.mrd')
      ? ['reconstruct', at(name), '-o', 'out.png']
      : ['simulate', 'fid', at(name), '-o', 'out.npy', ...mat];
    const outcome = await larmor(args, { environment: { NODE_OPTIONS: `--require ${reporter}`, RSS: rss } });
    assert.equal(outcome.code, 65, `${name}: ${outcome.stderr}`);
    const lines = errorLines(outcome);
    assert.equal(lines.length, 1, `${name}: ${outcome.stderr.slice(0, 2000)}`);
    assert.match(lines[0], line, name);
    assert.deepEqual(outcome.left, [], name);
    assert.ok(Number(readFileSync(rss, 'utf8')) < 2 ** 20, `${name}: ${readFileSync(rss, 'utf8')} KiB`);
  }
});
