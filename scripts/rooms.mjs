// The rooms of the project and which may import which. From one table, rooms.json, this script
// generates Biome's lint rules (the overrides of biome.json) and the diagram in
// docs/explanation/architecture.md. `npm run check` fails if either differs from the table, and
// Biome fails if a file imports what its room may not.
//
//   node scripts/rooms.mjs            write both
//   node scripts/rooms.mjs --check    exit 1 unless both agree with the table
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const CONFIGURATION = 'biome.json';
const PAGE = 'docs/explanation/architecture.md';
const MARKS = { begin: '<!-- from rooms.json -->', end: '<!-- end -->' };

/**
 * @typedef {{ path: string, about: string, imports: readonly string[], packages?: readonly string[]
 *   }} Room
 */

/** The last part of a path, as it stands in relative imports. */
const folder = (path) => path.split('/').at(-1);

/**
 * Whether a room may import from another: itself, those of its list, and what lies in a folder of
 * its list.
 */
const allows = (room, other) =>
  [room.path, ...room.imports].some((path) => other.path === path || other.path.startsWith(`${path}/`));

/** Biome's `overrides`: for each room, what it may not import. @param {readonly Room[]} rooms */
export function overridesOf(rooms) {
  const packages = [...new Set(rooms.flatMap((room) => room.packages ?? []))].sort();
  return rooms.flatMap((room) => {
    const others = rooms.filter((other) => !allows(room, other)).map((other) => `**/${folder(other.path)}/**`);
    // Outside of host/ the packages of all rooms are there to be tested and timed.
    const own = room.path.startsWith('host/') ? (room.packages ?? []) : packages;
    const foreign = packages.filter((name) => !own.includes(name)).flatMap((name) => [name, `${name}/**`]);
    const patterns = [
      { group: others, message: `${room.path} may not import from this room: see rooms.json` },
      { group: foreign, message: `${room.path} may not import this package: see rooms.json` },
    ].filter(({ group }) => group.length > 0);
    if (patterns.length === 0) return [];
    const rule = { level: 'error', options: { patterns } };
    return [{ includes: [`${room.path}/**`], linter: { rules: { style: { noRestrictedImports: rule } } } }];
  });
}

/** The picture and the table of the page. @param {readonly Room[]} rooms */
export function pictureOf(rooms) {
  const within = rooms.filter(({ path }) => path.startsWith('host/'));
  const direct = (room) => within.filter((other) => other !== room && allows(room, other));
  // Arrows that follow from others are omitted: the diagram shows the smallest set from which all
  // follow.
  const reach = (room) => new Set(direct(room).flatMap((other) => [other, ...reach(other)]));
  const arrows = within.flatMap((room) => {
    const implied = new Set(direct(room).flatMap((other) => [...reach(other)]));
    return direct(room)
      .filter((other) => !implied.has(other))
      .map((other) => `  ${folder(room.path)} --> ${folder(other.path)}`);
  });
  const list = (room) =>
    room.imports.map((path) => (path.startsWith('host/') ? folder(path) : path)).join(', ') || 'none';
  return [
    MARKS.begin,
    '```mermaid',
    'graph RL',
    ...arrows,
    '```',
    '',
    '| room | what it holds | imports from | packages |',
    '| --- | --- | --- | --- |',
    ...rooms.map((room) => `| ${room.path} | ${room.about} | ${list(room)} | ${room.packages?.join(', ') ?? ''} |`),
    MARKS.end,
  ].join('\n');
}

/**
 * Errors in the table: a room of host/ that it lacks, or one listed before a room that it imports
 * from, as in a cycle.
 */
function faultOf(rooms) {
  const folders = readdirSync(at('host'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const unknown = folders.find(({ name }) => !rooms.some(({ path }) => path === `host/${name}`));
  if (unknown) return `host/${unknown.name} is missing: add it, with what it may import`;
  const within = rooms.filter(({ path }) => path.startsWith('host/'));
  for (const [n, room] of within.entries()) {
    const later = within.slice(n + 1).find((other) => allows(room, other));
    if (later) return `${room.path} imports from ${later.path}: list a room after those it imports from`;
  }
  return undefined;
}

function main(check) {
  const rooms = JSON.parse(readFileSync(at('rooms.json'), 'utf8'));
  const fault = faultOf(rooms);
  if (fault) {
    console.error(`rooms.json: ${fault}`);
    process.exitCode = 1;
    return;
  }
  const configuration = JSON.parse(readFileSync(at(CONFIGURATION), 'utf8'));
  const page = readFileSync(at(PAGE), 'utf8');
  const [first, last] = [page.indexOf(MARKS.begin), page.indexOf(MARKS.end) + MARKS.end.length];
  const drawn = page.slice(0, first) + pictureOf(rooms) + page.slice(last);
  const overrides = overridesOf(rooms);
  const stale = [
    ...(isDeepStrictEqual(configuration.overrides, overrides) ? [] : [CONFIGURATION]),
    ...(page === drawn ? [] : [PAGE]),
  ];
  if (check) {
    for (const path of stale) console.error(`${path} does not agree with rooms.json: run node scripts/rooms.mjs`);
    if (stale.length > 0) process.exitCode = 1;
    return;
  }
  writeFileSync(at(CONFIGURATION), `${JSON.stringify({ ...configuration, overrides }, null, 2)}\n`);
  writeFileSync(at(PAGE), drawn);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes('--check'));
