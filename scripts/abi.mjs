// Writes what the host takes from `assembly/` as TypeScript. `--check` compares instead, and fails
// on a difference.
// - `host/abi/abi.generated.ts` from `assembly/abi.ts`: for each record its size and the offset and
//   type of every field, as the AssemblyScript compiler lays them out, and all constants.
// - `host/phantom/digest.generated.ts` from `assembly/digest.ts`: the compiled module, small enough
//   to be embedded.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { ElementKind, NodeKind } from 'assemblyscript/dist/assemblyscript.js';
import { Transform } from 'assemblyscript/transform';

const root = fileURLToPath(new URL('..', import.meta.url));
const ENTRY = 'assembly/abi.ts';
/** WebAssembly's types as a DataView names them; addresses have 32 bits. */
const TYPES = { usize: 'u32', u32: 'u32', i32: 'i32', f32: 'f32', f64: 'f64' };

let text = '';

/** Reads the classes and constants of the entry once the compiler has laid them out. */
class Describe extends Transform {
  afterCompile() {
    const { program } = this;
    const source = program.sources.find(({ normalizedPath }) => normalizedPath === ENTRY);
    const parts = [
      '/** Written by `scripts/abi.mjs` from `assembly/abi.ts`: do not edit. Fields are [type, byte offset]. */',
    ];
    const elements = program.filesByName.get(ENTRY.replace(/\.ts$/, '')).exports;
    for (const { kind, name, members, declarations } of source.statements.map(readStatement)) {
      if (kind === 'class') parts.push(describeClass(program, elements.get(name.text)));
      if (kind === 'namespace') {
        const lines = members.flatMap(constantsOf).map(([key, value]) => `  ${key}: ${value},\n`);
        parts.push(`export const ${name.text} = {\n${lines.join('')}} as const;`);
      }
      if (kind === 'constant')
        for (const [key, value] of constantsOf({ declarations })) parts.push(`export const ${key} = ${value};`);
    }
    text = `${parts.join('\n')}\n`;
  }
}

function readStatement(statement) {
  const kind = {
    [NodeKind.ClassDeclaration]: 'class',
    [NodeKind.NamespaceDeclaration]: 'namespace',
    [NodeKind.Variable]: 'constant',
  }[statement.kind];
  return { kind, name: statement.name, members: statement.members, declarations: statement.declarations };
}

const constantsOf = ({ declarations }) =>
  declarations.map(({ name, initializer }) => [name.text, Number(initializer.range.toString())]);

function describeClass(program, prototype) {
  const instance = program.resolver.resolveClass(prototype, null);
  const fields = [...instance.members.values()]
    .filter(({ kind }) => kind === ElementKind.Field || kind === ElementKind.PropertyPrototype)
    .map((member) => (member.kind === ElementKind.Field ? member : member.instance))
    .map(({ name, type, memoryOffset }) => `${name}: ['${TYPES[type.toString()]}', ${memoryOffset}]`);
  return `export const ${prototype.name} = {\n  bytes: ${instance.nextMemoryOffset},\n  fields: {\n${fields.map((field) => `    ${field},\n`).join('')}  },\n} as const;`;
}

/** The kernels' own configuration would compile all of them. */
const readFile = (name, folder) => (name === 'asconfig.json' ? null : read(join(folder, name)));
const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : null);

async function compile(entry, options, host = {}) {
  const { error, stderr } = await asc.main(
    [entry, '--runtime', 'stub', '--baseDir', root, '--disableWarning', '235', ...options],
    { readFile, ...host },
  );
  if (!error) return;
  process.stderr.write(stderr.toString());
  throw error;
}

function generate(path, from, text) {
  const target = join(root, path);
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (read(target) !== text) {
    console.error(`${target} does not match ${from}; run \`npm run abi\``);
    process.exitCode = 1;
  }
}

await compile(ENTRY, ['--noEmit'], { transforms: [Describe] });
generate('host/abi/abi.generated.ts', ENTRY, text);

const DIGEST = 'assembly/digest.ts';
let module;
const writeFile = (_name, contents) => {
  module = Buffer.from(contents).toString('base64');
};
const digestOptions = ['--enable', 'simd', '--optimizeLevel', '3', '--noAssert', '--initialMemory', '3'];
await compile(DIGEST, [...digestOptions, '--outFile', 'digest.wasm'], { writeFile });
generate(
  'host/phantom/digest.generated.ts',
  DIGEST,
  `/** Written by \`scripts/abi.mjs\` from \`${DIGEST}\`: do not edit. The compiled module, in base64. */\nexport const DIGEST_MODULE =\n  '${module}';\n`,
);
