/**
 * A plugin of TypeDoc. The library's `design` checks arguments and then calls the functions of
 * host/sequence/designer.ts, which have the docstrings: the page `design` shows those, as many as
 * the library has.
 */
import { Converter } from 'typedoc';

export function load({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const library = project.children.find(({ name }) => name !== 'design');
    const design = project.children.find(({ name }) => name === 'design');
    const checked = library.children.find(({ name }) => name === 'design');
    const names = new Set(checked.children.map(({ name }) => name));
    for (const one of [...design.children]) if (!names.has(one.name)) project.removeReflection(one);
    for (const name of names)
      if (!design.children.some((one) => one.name === name)) throw new Error(`design.${name} has no docstring`);
    project.removeReflection(checked);
  });
}
