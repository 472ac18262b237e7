import { brotliCompressSync, constants } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { maxPayloadBytes } from '../../src/cache/codec/payload.ts';
import { createSignedSeal } from '../../src/cache/codec/signed-seal.ts';
import type { Entry } from '../../src/cache/index.ts';
import { encrypting, keysNamed, plain, sample, signing } from './codec-samples.ts';

const codec = signing();
const withBody = (body: Buffer): Entry => ({ ...sample, body: new Uint8Array(body) });
const storedBytes = async (body: Buffer) =>
  Buffer.byteLength((await codec.encode('acme', 'k', withBody(body)))?.b ?? '', 'base64');

/** What somebody writes who has the secret, or where there is none. */
const forged = (size: number, compressed: Buffer) => {
  const head = Buffer.alloc(5, 1);
  head.writeUInt32BE(size, 1);
  const sealed = createSignedSeal('secret').seal({ tenant: 'acme', key: 'k' }, Buffer.concat([head, compressed]));
  return codec.decode('acme', 'k', { b: sealed.toString('base64') });
};

describe('compression in a remote store', () => {
  it('makes text of some length much shorter', async () => {
    const body = Buffer.from(JSON.stringify(Array.from({ length: 200 }, (_, id) => ({ id, title: `Ticket ${id}` }))));
    expect(await storedBytes(body)).toBeLessThan(body.byteLength / 4);
  });

  it('leaves alone what is short, and what gets no shorter', async () => {
    const short = Buffer.from('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
    const added = (await storedBytes(short)) - short.byteLength;
    const random = Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * index * 2_654_435_761) >>> 13));
    expect(await storedBytes(random)).toBeLessThanOrEqual(random.byteLength + added);
  });

  it.each([0, 500, 1_023, 1_024, 1_025, 128 * 1024 - 200, 128 * 1024, 3_000_000])(
    'gives back %i bytes as they were',
    async (size) => {
      const entry = withBody(Buffer.alloc(size, '{"title":"Printer"}'));
      for (const codecs of [codec, encrypting(...keysNamed('one'))]) {
        const back = await codecs.decode('acme', 'k', await codecs.encode('acme', 'k', entry));
        expect(plain(back)).toEqual(plain(entry));
      }
    },
  );

  it('lets others go on while something large is on its way', async () => {
    const entry = withBody(Buffer.alloc(20_000_000, '{"title":"Printer"}'));
    let turns = 0;
    let isDone = false;
    const turn = () => {
      turns += 1;
      if (!isDone) setImmediate(turn);
    };
    turn();
    const blob = await codec.encode('acme', 'k', entry);
    const turnsToEncode = turns;
    await codec.decode('acme', 'k', blob);
    isDone = true;
    expect(turnsToEncode).toBeGreaterThan(2);
    expect(turns - turnsToEncode).toBeGreaterThan(2);
  });

  it('does not open a bomb: a little that becomes more than it said', async () => {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 4 };
    const bomb = brotliCompressSync(Buffer.alloc(100_000_000), { params });
    expect(bomb.byteLength).toBeLessThan(1_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(await forged(1_000, bomb)).toBe('too-large');
    expect(await forged(200_000, bomb)).toBe('too-large');
    expect(await forged(100_000_000, bomb)).toBe('too-large');
    expect(await forged(0xffff_ffff, bomb)).toBe('too-large');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  it('is refused when it becomes less than it said, or is no compression at all', async () => {
    expect(await forged(1_001, brotliCompressSync(Buffer.alloc(1_000)))).toBe('damaged');
    expect(await forged(200_001, brotliCompressSync(Buffer.alloc(200_000)))).toBe('damaged');
    expect(await forged(1_000, Buffer.from('not compressed'))).toBe('damaged');
    expect(await forged(200_000, Buffer.from('not compressed'))).toBe('damaged');
    expect(await forged(0, Buffer.alloc(0))).not.toBeTypeOf('object');
  });

  it('keeps to itself what is larger than anybody could read', async () => {
    expect(await codec.encode('acme', 'k', withBody(Buffer.alloc(maxPayloadBytes)))).toBeNull();
    expect(await codec.decode('acme', 'k', { b: 'A'.repeat(maxPayloadBytes * 2) })).toBe('too-large');
  });
});
