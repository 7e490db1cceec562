/** The warnings a step prints, as lines, kept off the test's own stderr. */
export function warningsOf(step: () => void): string[] {
  const lines: string[] = [];
  const write = process.stderr.write;
  process.stderr.write = (text: string | Uint8Array): boolean => {
    lines.push(String(text).trimEnd());
    return true;
  };
  try {
    step();
  } finally {
    process.stderr.write = write;
  }
  return lines;
}
