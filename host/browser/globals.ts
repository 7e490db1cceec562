/**
 * Node's globals as code of the host uses them, for browsers. A build puts them into every file
 * that names them.
 */

/** Nothing of a process, and no `versions.node`, by which packages would take this for Node. */
export const process = {
  ...{ env: {}, versions: {}, version: 'a browser', arch: '', platform: '', pid: 0 },
  resourceUsage: () => ({ maxRSS: 0 }),
};

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()!();

/** After the events that wait already: timers of browsers would add 4 ms each. */
export function setImmediate(work: () => void): void {
  waiting.push(work);
  channel.port2.postMessage(undefined);
}

/** Bytes as keys of a map, and texts of one byte a letter: all that is asked of a Buffer here. */
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
