/**
 * Formulas in phantom files, such as `x - 440` or `0.5 * (x - x_min)`: numbers, names, + − * / and
 * parentheses, nothing else. They are parsed, never executed as a program.
 */

/** A formula of values by name. */
export type Formula = (names: Readonly<Record<string, number>>) => number;

const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|([A-Za-z_]\w*)|([-+*/()]))/y;

/** @throws SyntaxError naming what cannot be read, or the name that is not known */
export function parseFormula(text: string, names: readonly string[]): Formula {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (!found) throw new SyntaxError(`'${text.slice(at).trim()}' cannot be read`);
    const [, number, name, sign] = found;
    if (name !== undefined && !names.includes(name)) throw new SyntaxError(`'${name}' is unknown`);
    tokens.push((number ?? name ?? sign)!);
  }
  let next = 0;
  const take = (...expected: string[]): string | undefined =>
    tokens[next] !== undefined && expected.includes(tokens[next]) ? tokens[next++] : undefined;

  const sum = (): Formula => {
    let left = product();
    for (let sign = take('+', '-'); sign !== undefined; sign = take('+', '-')) {
      const [before, after] = [left, product()];
      left = sign === '+' ? (of) => before(of) + after(of) : (of) => before(of) - after(of);
    }
    return left;
  };
  const product = (): Formula => {
    let left = factor();
    for (let sign = take('*', '/'); sign !== undefined; sign = take('*', '/')) {
      const [before, after] = [left, factor()];
      left = sign === '*' ? (of) => before(of) * after(of) : (of) => before(of) / after(of);
    }
    return left;
  };
  const factor = (): Formula => {
    const sign = take('+', '-');
    if (sign !== undefined) {
      const value = factor();
      return sign === '-' ? (of) => -value(of) : value;
    }
    if (take('(') !== undefined) {
      const value = sum();
      if (take(')') === undefined) throw new SyntaxError("a ')' is missing");
      return value;
    }
    const token = tokens[next++];
    if (token === undefined) throw new SyntaxError('the formula ends too early');
    if (/^[\d.]/.test(token)) {
      const value = Number(token);
      return () => value;
    }
    if (!names.includes(token)) throw new SyntaxError(`'${token}' is not expected`);
    return (of) => of[token];
  };

  const formula = sum();
  if (next < tokens.length) throw new SyntaxError(`'${tokens[next]}' is not expected`);
  return formula;
}
