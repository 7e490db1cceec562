// Writes `host/abi/abi.generated.ts` from `assembly/abi.ts`: for each record its size and the offset and type of every field, as the
// AssemblyScript compiler lays them out, and all constants. `--check` compares instead, and fails on a difference.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { ElementKind, NodeKind } from 'assemblyscript/dist/assemblyscript.js';
import { Transform } from 'assemblyscript/transform';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'host/abi/abi.generated.ts');
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
const { error, stderr } = await asc.main(
  [ENTRY, '--noEmit', '--runtime', 'stub', '--baseDir', root, '--disableWarning', '235'],
  {
    readFile,
    transforms: [Describe],
  },
);
if (error) {
  process.stderr.write(stderr.toString());
  throw error;
}
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error(`${target} does not match ${ENTRY}; run \`npm run abi\``);
  process.exitCode = 1;
}
