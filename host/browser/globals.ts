/**
 * Node's globals, as far as the host uses them, for browsers. A build adds them to every file that
 * refers to them.
 */

/**
 * A process object without contents, in particular without `versions.node`, by which packages would
 * mistake the browser for Node.
 */
export const process = {
  ...{ env: {}, versions: {}, version: 'a browser', arch: '', platform: '', pid: 0 },
  resourceUsage: () => ({ maxRSS: 0 }),
};

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()!();

/** Runs after the events that are already queued: timers of browsers would add 4 ms each. */
export function setImmediate(work: () => void): void {
  waiting.push(work);
  channel.port2.postMessage(undefined);
}

/**
 * Bytes as keys of a map, and text of one byte per character: all that the host needs of Buffer
 * here.
 */
class Bytes extends Uint8Array<ArrayBuffer> {
  override toString(): string {
    let text = '';
    for (let at = 0; at < this.length; at += 4096) text += String.fromCharCode(...this.subarray(at, at + 4096));
    return text;
  }
}

export const Buffer = {
  from(source: ArrayBuffer | ArrayLike<number> | string, offset?: number | string, length?: number): Bytes {
    if (typeof source === 'string') {
      const letters = offset === 'base64' ? atob(source) : source;
      return Bytes.from(Array.from(letters, (letter) => letter.charCodeAt(0))) as Bytes;
    }
    if (source instanceof ArrayBuffer) return new Bytes(source, Number(offset ?? 0), length);
    return Bytes.from(source) as Bytes;
  },
  alloc: (length: number): Bytes => new Bytes(new ArrayBuffer(length)),
  concat: (parts: readonly Uint8Array[]): Bytes => Buffer.from(parts.flatMap((part) => [...part])),
};
