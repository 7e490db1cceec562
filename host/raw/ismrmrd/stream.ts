/**
 * Writes the MRD stream to standard output: the messages by which ISMRMRD's tools and Gadgetron
 * hand raw data to a reconstruction. Each is a u16 that says what it is, and its body,
 * little-endian (ISMRMRD's documentation, "Message Types"):
 *
 *     3     header: u32 length, XML
 *     1008  acquisition: head of 340 bytes, trajectory and samples as f32; in the order played
 *     4     close: nothing more; the end of the stream
 */
import { printBytes } from '../../base/log.ts';
import { acquisitions } from '../acquisitions.ts';
import { bytesOf } from '../signal.ts';
import type { RawData } from '../types.ts';
import { warnOfCounters, writeHead } from './head.ts';
import { headerXml } from './header.ts';
import { HEAD_TYPE } from './schema.ts';
import { timeStampUnit } from './time.ts';

const MESSAGE = { header: 3, close: 4, acquisition: 1008 } as const;

/** @throws LarmorError 73 if it does not get there */
export function writeStream(path: string, raw: RawData): void {
  warnOfCounters(path, raw);
  for (const message of messages(raw)) printBytes(message);
}

function* messages(raw: RawData): Generator<Uint8Array> {
  const xml = Buffer.from(headerXml(raw), 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(xml.length);
  yield Buffer.concat([idOf('header'), length, xml]);
  const id = idOf('acquisition');
  const unit = timeStampUnit(raw.encoding);
  let number = 0;
  for (const acquisition of acquisitions(raw)) {
    const head = Buffer.alloc(HEAD_TYPE.size);
    writeHead(head, number++, acquisition, raw, unit);
    yield Buffer.concat([id, head, bytesOf(acquisition.trajectory!), bytesOf(acquisition.data)]);
  }
  yield idOf('close');
}

function idOf(message: keyof typeof MESSAGE): Buffer {
  const id = Buffer.alloc(2);
  id.writeUInt16LE(MESSAGE[message]);
  return id;
}
