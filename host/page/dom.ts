/** Elements in one expression. Texts become text nodes, so nothing out of a file is ever markup. */

type Attribute = string | number | boolean | ((event: never) => void) | undefined;
type Child = Node | string | undefined | false;

/**
 * @param attributes `on…` are listeners; true is an attribute without a value; false and
 *   undefined are none
 */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) made.setAttribute(name, '');
    else if (value !== undefined && value !== false) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return made;
}

/** A part of the page with a heading. */
export function section(id: string, title: string, about: string, ...children: readonly Child[]): HTMLElement {
  const heading = el('h2', { id: `${id}-title` }, title);
  return el(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    heading,
    el('p', { class: 'about' }, about),
    ...children,
  );
}

export function button(text: string, title: string, onclick: () => void): HTMLButtonElement {
  return el('button', { type: 'button', title, onclick }, text);
}

/** One of several words: buttons of which one is pressed. */
export function choice<Word extends string>(
  label: string,
  words: readonly Word[],
  chosen: Word,
  onchoice: (word: Word) => void,
): HTMLElement {
  const group = el('div', { class: 'choice', role: 'radiogroup', 'aria-label': label });
  const name = `choice-${label}`.replaceAll(' ', '-');
  for (const word of words)
    group.append(
      el(
        'label',
        {},
        el('input', { type: 'radio', name, value: word, checked: word === chosen, onchange: () => onchoice(word) }),
        el('span', {}, word),
      ),
    );
  return group;
}

export interface Slider {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  /** Shows a value without calling back. */
  set(value: number): void;
}

/** @param text of a value, beside the slider */
export function slider(
  label: string,
  range: { readonly min: number; readonly max: number; readonly step: number; readonly value: number },
  text: (value: number) => string,
  onvalue: (value: number) => void,
): Slider {
  const shown = el('output', {}, text(range.value));
  const input = el('input', {
    ...{ type: 'range', ...range, 'aria-valuetext': text(range.value) },
    oninput: () => {
      show(input.valueAsNumber);
      onvalue(input.valueAsNumber);
    },
  });
  const show = (value: number): void => {
    shown.textContent = text(value);
    input.setAttribute('aria-valuetext', text(value));
  };
  return {
    element: el('label', { class: 'slider' }, el('span', { class: 'slider-name' }, label), input, shown),
    input,
    set: (value) => {
      input.value = String(value);
      show(value);
    },
  };
}

/** Colours by name, until they change: a frame of zooming asks a hundred times. */
const colours = new Map<string, string>();

/** A colour of the style sheet, which differs in light and dark. */
export function colour(name: string): string {
  const known = colours.get(name);
  if (known !== undefined) return known;
  const value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  colours.set(name, value);
  return value;
}

const COLOURS = 'colours';

/** Draws now, and again whenever the colours change, for as long as the element is on the page. */
export function drawnInColours(owner: HTMLElement, draw: () => void): void {
  owner.dataset.drawn = '';
  owner.addEventListener(COLOURS, draw);
}

/** Follows the reader's choice of light and dark; paper is light. */
export function followColours(): void {
  const redraw = (): void => {
    colours.clear();
    for (const owner of document.querySelectorAll('[data-drawn]')) owner.dispatchEvent(new Event(COLOURS));
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  const paper = (isPaper: boolean) => () => {
    document.documentElement.classList.toggle('paper', isPaper);
    redraw();
  };
  addEventListener('beforeprint', paper(true));
  addEventListener('afterprint', paper(false));
}
