/** Text and code as Markdown that VitePress, which reads pages as Vue templates, shows as it is. */
const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '{': '&#123;', '}': '&#125;' },
  ...{ '*': '&#42;', _: '&#95;', '[': '&#91;', ']': '&#93;', '`': '&#96;' },
};

export const plain = (text: string): string => text.replace(/[&<>{}*_[\]`]/g, (letter) => ENTITIES[letter]);

/** In a table's cell. */
export const cell = (text: string): string => plain(text).replaceAll('|', '\\|').replaceAll('\n', ' ');

/** In a cell too. */
export const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

/** The anchor of a heading, as GitHub makes it, so that a link holds in both. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
